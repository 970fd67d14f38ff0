"""What is uploaded to Teams is what Teams takes: official schema, icons, ids, and commands that the bot understands."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from bot.desk.orders import Order, read_order
from bot.teams.grants import ASKED_FOR
from manifest import build
from tests.manifest.png import pixels

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / ".cache" / "manifest" / "node_modules" / "@microsoft" / "app-manifest" / "build" / "json-schemas"
INSTALL = ("npm", "install", "--no-fund", "--no-audit", "--prefix", ".cache/manifest", "@microsoft/app-manifest@1.1.2")
APP_ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
CALL = ("--app-id", APP_ID.upper(), "--domain", "bot.example.com")


def run_build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        (sys.executable, "-m", "manifest.build", *arguments), cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Return the folder of the official schemas, which npm brings once."""
    if not SCHEMAS.exists():
        (ROOT / ".cache" / "manifest").mkdir(parents=True, exist_ok=True)
        done = subprocess.run(INSTALL, cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
        if done.returncode != 0:
            pytest.fail(f"The official schemas are missing. Type: {' '.join(INSTALL)}\n{done.stderr[-500:]}")
    return SCHEMAS / "teams"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what is in a package that the command built."""
    out = tmp_path_factory.mktemp("package") / "truc-ban.zip"
    done = run_build(*CALL, "--out", str(out))
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def manifest(files: dict[str, bytes]) -> dict[str, Any]:
    return dict(json.loads(files["manifest.json"]))


def titles(manifest: dict[str, Any], scope: str) -> list[str]:
    lists = manifest["bots"][0]["commandLists"]
    return [command["title"] for one in lists if scope in one["scopes"] for command in one["commands"]]


@pytest.mark.parametrize(
    ("file", "schema"),
    [("manifest.json", "MicrosoftTeams.schema.json"), ("en.json", "MicrosoftTeams.Localization.schema.json")],
)
def test_the_files_keep_the_official_schema_that_they_name(
    schemas: Path, files: dict[str, bytes], file: str, schema: str
) -> None:
    content = json.loads(files[file])
    assert content["$schema"].endswith(f"/v1.25/{schema}")
    rules = json.loads((schemas / "v1.25" / schema).read_text(encoding="utf-8"))
    validator = Draft4Validator(rules, format_checker=Draft4Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(content)] == []
    assert list(validator.iter_errors({**content, "invented": "text"})) != []


def test_the_zip_holds_the_files_that_the_manifest_names_at_its_root(
    files: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    named = {*manifest["icons"].values(), *(one["file"] for one in manifest["localizationInfo"]["additionalLanguages"])}
    assert set(files) == {"manifest.json", *named}


def test_the_same_call_makes_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one.zip", "two.zip"):
        assert run_build(*CALL, "--out", str(tmp_path / name)).returncode == 0
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.zip", "two.zip"]


def test_ids_and_addresses_are_filled_in_everywhere(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    assert manifest["id"] == manifest["bots"][0]["botId"] == manifest["webApplicationInfo"]["id"] == APP_ID
    assert manifest["validDomains"] == ["bot.example.com"]
    assert manifest["version"] == "1.0.0"
    assert manifest["developer"]["privacyUrl"] == "https://bot.example.com/privacy"
    assert b"{APP_ID}" in (ROOT / "manifest" / "manifest.json").read_bytes()
    for name in ("manifest.json", "en.json"):
        assert build._BLANK.search(files[name].decode()) is None


def test_channel_messages_without_a_mention_rosters_and_grants_are_asked_for_and_nothing_else(
    manifest: dict[str, Any],
) -> None:
    asked = manifest["authorization"]["permissions"]["resourceSpecific"]
    assert asked == [
        {"name": "ChannelMessage.Read.Group", "type": "Application"},
        {"name": "ChannelMember.Read.Group", "type": "Application"},
        {"name": "TeamsAppInstallation.Read.Group", "type": "Application"},
    ]
    assert tuple(one["name"] for one in asked) == ASKED_FOR, "doctor looks for something else than the package asks for"
    explained = (ROOT / "manifest" / "README.md").read_text("utf-8"), (ROOT / "docs" / "tenant.md").read_text("utf-8")
    assert [name for name in ASKED_FOR for page in explained if f"`{name}`" not in page] == []
    assert manifest["webApplicationInfo"]["resource"]
    assert manifest["supportsChannelFeatures"] == "tier1"
    assert set(manifest["bots"][0]["scopes"]) == {"personal", "team", "groupChat"}
    assert "permissions" not in manifest
    assert "devicePermissions" not in manifest


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_command_is_understood_and_means_the_same_in_both_languages(
    files: dict[str, bytes], manifest: dict[str, Any], language: str
) -> None:
    if language == "en":
        texts = json.loads(files["en.json"])
        for n, commands in enumerate(manifest["bots"][0]["commandLists"]):
            for m in range(len(commands["commands"])):
                title = f"bots[0].commandLists[{n}].commands[{m}].title"
                commands["commands"][m] = {"title": texts[title]}
    for scope in ("personal", "groupChat"):
        assert [read_order(title) for title in titles(manifest, scope)] == [Order("help")]
    help_, desk, managers, customer, unbind = titles(manifest, "team")
    assert [read_order(title) for title in (help_, desk, managers, unbind)] == [
        Order("help"), Order("bind", "desk"), Order("bind", "managers"), Order("unbind"),
    ]  # fmt: skip
    assert read_order(customer) == Order("bind_usage"), "sent without a customer it must explain itself"
    assert read_order(f"{customer} an-phu") == Order("bind", "customer", "an-phu")


def test_the_colour_icon_is_full_and_its_mark_keeps_clear_of_the_rounded_corners(files: dict[str, bytes]) -> None:
    icon = files["color.png"]
    assert build.size_of_png(icon) == (192, 192)
    drawn = pixels(icon)
    assert all(len(pixel) == 3 or pixel[3] == 255 for pixel in drawn)
    ground = drawn[0]
    edge = [pixel for n, pixel in enumerate(drawn) if not (24 <= n // 192 < 168 and 24 <= n % 192 < 168)]
    assert set(edge) == {ground}
    assert len(set(drawn)) > 3


def test_the_outline_icon_is_white_on_nothing(files: dict[str, bytes]) -> None:
    icon = files["outline.png"]
    assert build.size_of_png(icon) == (32, 32)
    drawn = pixels(icon)
    assert {pixel[:3] for pixel in drawn if pixel[3] > 0} == {(255, 255, 255)}
    opaque = sum(pixel[3] > 200 for pixel in drawn)
    assert 50 < opaque < 400
    assert drawn[0][3] == drawn[31][3] == drawn[-1][3] == 0


def test_every_fault_of_a_call_is_told_and_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "truc-ban.zip"
    done = run_build(
        *("--app-id", "0f8fad5b", "--domain", "https://bot.example.com", "--version", "1.0"),
        *("--privacy", "http://example.com/privacy", "--developer", "x" * 33, "--out", str(out)),
    )
    assert done.returncode == 2
    for word in ("--app-id", "--domain", "--version", "--privacy", "developer.name has 33", "nothing was built"):
        assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("app_id", ["00000000-0000-0000-0000-000000000000", "", f"{APP_ID} {APP_ID}"])
def test_an_id_that_is_nobodys_is_refused(tmp_path: Path, app_id: str) -> None:
    done = run_build("--app-id", app_id, "--domain", "bot.example.com", "--out", str(tmp_path / "x.zip"))
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])


@pytest.mark.parametrize(
    "domain", ["localhost", "bot.example.com:443", "bot.example.com/x", "-a.example", "a b.example"]
)
def test_a_domain_that_is_no_public_host_name_is_refused(tmp_path: Path, domain: str) -> None:
    done = run_build("--app-id", APP_ID, f"--domain={domain}", "--out", str(tmp_path / "x.zip"))
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])


def test_a_missing_or_stray_translation_is_a_fault(manifest: dict[str, Any]) -> None:
    texts = json.loads((ROOT / "manifest" / "en.json").read_text(encoding="utf-8"))
    assert list(build._faults_of_texts(manifest, texts, "en.json")) == []
    del texts["name.full"]
    texts["bots[0].commandLists[2].commands[0].title"] = "help"
    faults = list(build._faults_of_texts(manifest, texts | {"description.short": "x" * 81}, "en.json"))
    assert [fault.split(": ", 1)[1].split(" ")[0] for fault in faults] == [
        "name.full", "bots[0].commandLists[2].commands[0].title", "description.short",
    ]  # fmt: skip


def test_the_accent_colour_is_the_icons_ground_and_the_drawings_have_the_icons_sizes(manifest: dict[str, Any]) -> None:
    for name, size_px in build.ICON_SIZES_PX.items():
        source = (ROOT / "manifest" / "icons" / f"{name}.svg").read_text(encoding="utf-8")
        assert f'width="{size_px}" height="{size_px}"' in source
    ground = pixels((ROOT / "manifest" / "color.png").read_bytes())[0]
    assert "#{:02X}{:02X}{:02X}".format(*ground[:3]) == manifest["accentColor"]
