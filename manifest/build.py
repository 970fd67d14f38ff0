"""Makes the zip that is uploaded to Teams: fills in the ids, proves what can be proved, packs.

`python -m manifest.build --app-id ID --domain HOST --out truc-ban.zip`. Needs nothing but Python. The same input gives
the same bytes.
"""

import argparse
import json
import re
import struct
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

FOLDER: Final = Path(__file__).parent
ICON_SIZES_PX: Final = {"color": 192, "outline": 32}
_ID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_DOMAIN: Final = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_VERSION: Final = re.compile(r"(?:0|[1-9]\d{0,4})(?:\.(?:0|[1-9]\d{0,4})){2}")
_BLANK: Final = re.compile(r"\{([A-Z_]+)\}")
_LONGEST: Final = {
    "name.short": 30,
    "name.full": 100,
    "description.short": 80,
    "description.full": 4000,
    "developer.name": 32,
    "commands.title": 32,
    "commands.description": 128,
}
"""Characters. For commands Teams' client cuts off earlier than the schema does."""
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The package cannot be built; every fault stands on its own line."""


def main(arguments: list[str] | None = None) -> int:
    """Build the zip; return 0, or 2 with every fault on stderr."""
    options = _parser().parse_args(arguments)
    website = options.website or f"https://{options.domain}"
    try:
        files = package(
            {
                "APP_ID": options.app_id.strip().lower(),
                "DOMAIN": options.domain,
                "VERSION": options.version,
                "DEVELOPER": options.developer,
                "WEBSITE": website,
                "PRIVACY": options.privacy or f"{website.rstrip('/')}/privacy",
                "TERMS": options.terms or f"{website.rstrip('/')}/terms",
            }
        )
        pack(files, options.out)
    except (PackageError, OSError) as error:
        print(error, file=sys.stderr)
        print("nothing was built", file=sys.stderr)
        return 2
    developer = json.loads(files["manifest.json"])["developer"]
    print(f"{options.out}: version {options.version} for bot {options.app_id.strip().lower()}")
    print("Teams shows these pages beside the app; make sure they answer:")
    for name in ("websiteUrl", "privacyUrl", "termsOfUseUrl"):
        print(f"  {developer[name]}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m manifest.build", description="Build the app package that is uploaded to Teams."
    )
    parser.add_argument("--app-id", required=True, metavar="ID", help="application (client) id of the bot, from Entra")
    parser.add_argument("--domain", required=True, metavar="HOST", help="public host name of the bot: bot.example.com")
    parser.add_argument("--version", default="1.0.0", help="version of the package; a new upload needs a higher one")
    parser.add_argument("--developer", default="Trực Ban", metavar="NAME", help="who answers for the app")
    parser.add_argument("--website", default="", metavar="URL", help="the desk's site (default: https://HOST)")
    parser.add_argument("--privacy", default="", metavar="URL", help="privacy page (default: /privacy of the site)")
    parser.add_argument("--terms", default="", metavar="URL", help="terms of use (default: /terms of the site)")
    parser.add_argument("--out", type=Path, default=Path("truc-ban.zip"), metavar="FILE", help="default: truc-ban.zip")
    return parser


def package(values: Mapping[str, str]) -> dict[str, bytes]:
    """Return the files of the package by name. Raises PackageError that lists every fault."""
    faults = list(_faults_of_values(values))
    template = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    manifest = _filled(template, values)
    files = {"manifest.json": _json(manifest)}
    for language in manifest["localizationInfo"]["additionalLanguages"]:
        texts = json.loads((FOLDER / language["file"]).read_text(encoding="utf-8"))
        faults += _faults_of_texts(manifest, texts, language["file"])
        files[language["file"]] = _json(texts)
    faults += _too_long("manifest.json", _told(manifest))
    for kind, name in manifest["icons"].items():
        files[name] = (FOLDER / name).read_bytes()
        if size_of_png(files[name]) != (ICON_SIZES_PX[kind],) * 2:
            faults.append(f"{name}: Teams wants a PNG of {ICON_SIZES_PX[kind]}x{ICON_SIZES_PX[kind]}")
    if faults:
        raise PackageError("\n".join(faults))
    return files


def pack(files: Mapping[str, bytes], out: Path) -> None:
    """Write the zip in one move. No times and no packing: the same files give the same bytes everywhere."""
    fresh = out.with_name(f".{out.name}.new")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            archive.writestr(entry, files[name])
    fresh.replace(out)


def size_of_png(content: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if it is no PNG."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _faults_of_values(values: Mapping[str, str]) -> Iterator[str]:
    if not _ID.fullmatch(values["APP_ID"]) or values["APP_ID"] == str(UUID(int=0)):
        yield (
            f"--app-id {values['APP_ID']!r} is not an id such as 0f8fad5b-d9cb-469f-a165-70867728950e: take "
            "“Application (client) ID” of the app registration, not the object id or the secret id"
        )
    if not _DOMAIN.fullmatch(values["DOMAIN"]):
        yield f"--domain {values['DOMAIN']!r} is not a host name such as bot.example.com (no https://, port or path)"
    if not _VERSION.fullmatch(values["VERSION"]):
        yield f"--version {values['VERSION']!r} is not three numbers such as 1.0.0"
    if not values["DEVELOPER"].strip():
        yield "--developer is empty"
    for name in ("WEBSITE", "PRIVACY", "TERMS"):
        url = urlsplit(values[name])
        if url.scheme != "https" or not url.hostname or re.search(r"\s", values[name]):
            yield f"--{name.lower()} {values[name]!r} is not an https:// address"


def _filled(template: Any, values: Mapping[str, str]) -> Any:
    """Return the template with every {NAME} in its strings replaced; an unknown NAME is a mistake in the template."""
    if isinstance(template, dict):
        return {key: _filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, values) for value in template]
    if isinstance(template, str):
        return _BLANK.sub(lambda blank: values[blank[1]], template)
    return template


def _faults_of_texts(manifest: dict[str, Any], texts: dict[str, str], file: str) -> Iterator[str]:
    """Yield what is untranslated, what translates nothing, and what is too long."""
    texts = {path: text for path, text in texts.items() if path != "$schema"}
    wanted = {path for path in _told(manifest) if not path.startswith("developer.")}
    yield from (f"{file}: {path} is missing" for path in sorted(wanted - texts.keys()))
    yield from (f"{file}: {path} is not in manifest.json" for path in sorted(texts.keys() - wanted))
    yield from _too_long(file, texts)


def _told(manifest: dict[str, Any]) -> dict[str, str]:
    """Return every text that people see, by its path."""
    told = {f"{part}.{name}": text for part in ("name", "description") for name, text in manifest[part].items()}
    told["developer.name"] = manifest["developer"]["name"]
    for n, commands in enumerate(manifest["bots"][0]["commandLists"]):
        for m, command in enumerate(commands["commands"]):
            path = f"bots[0].commandLists[{n}].commands[{m}]"
            told |= {f"{path}.{name}": text for name, text in command.items()}
    return told


def _too_long(file: str, texts: Mapping[str, str]) -> Iterator[str]:
    for path, text in texts.items():
        most = _LONGEST[re.sub(r"^bots.*\.commands\[\d+\]", "commands", path)]
        if len(text) > most:
            yield f"{file}: {path} has {len(text)} characters, Teams takes {most}"


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


if __name__ == "__main__":
    sys.exit(main())
