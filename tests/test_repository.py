"""The repository keeps its own promises: locks with hashes, nothing of anybody's machine, a README that is true."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.in": "requirements.txt", "requirements-dev.in": "requirements-dev.txt"}
FOLDERS = {".ci", "bot", "docs", "infra", "manifest", "tests"}
LINES_MAX = 450

PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?==(?P<version>[^ ;\\]+)")
INDEX_HOST = re.compile(
    r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|yarnpkg|artifactory|nexus)[\w.-]*"
    r"|(?:extra-)?index-url\s*[=\s]\s*\S*:/|find-links\s*[=\s]\s*/",
    re.IGNORECASE,
)
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:root|home/(?!bot\b)\w+|Users/\w+)/|\b[A-Z]:\\Users\\")


def tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def texts() -> Iterator[tuple[str, str]]:
    for path in tracked():
        content = path.read_bytes()
        if b"\0" not in content:
            yield str(path.relative_to(ROOT)), content.decode(errors="replace")


def normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text().splitlines()
    return {normal(found["name"]): found["version"] for line in lines if (found := PINNED.match(line))}


@pytest.mark.parametrize("lock", LOCKS.values())
def test_a_lock_holds_pinned_packages_with_hashes_and_nothing_else(lock: str) -> None:
    logical = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in logical if line.strip() and not line.lstrip().startswith("#")]
    assert len(packages) > 20
    assert [line[:60] for line in packages if not PINNED.match(line) or " --hash=sha256:" not in line] == []


@pytest.mark.parametrize(("wanted", "lock"), LOCKS.items())
def test_everything_wanted_is_locked_and_the_list_is_sorted(wanted: str, lock: str) -> None:
    names = [
        normal(re.split(r"[\[=<>;\s]", line)[0])
        for line in (ROOT / wanted).read_text().splitlines()
        if line and not line.startswith(("-", "#"))
    ]
    assert names == sorted(names)
    assert set(names) <= pins(lock).keys()


def test_the_development_set_contains_the_runtime_set_in_the_same_versions() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-dev.txt").items()


def test_no_file_names_a_package_index_or_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{name}: {match.group()}"
        for name, text in texts()
        for pattern in (INDEX_HOST, MACHINE_PATH)
        for match in pattern.finditer(text)
    ]
    own_paths = [
        name for name, text in texts() if len(ROOT.parts) > 2 and re.search(rf"{re.escape(str(ROOT))}\b", text)
    ]
    assert found == []
    assert own_paths == []


@pytest.mark.parametrize(
    "line",
    [
        "resolved https" + "://registry.npmjs" + ".org/x",
        "--index-" + "url https://packages.example/simple",
        "-r /ro" + "ot/requirements.in",
        "see /ho" + "me/lan/notes",
    ],
)
def test_the_search_for_hosts_and_folders_finds_them(line: str) -> None:
    assert INDEX_HOST.search(line) or MACHINE_PATH.search(line)


def test_the_top_level_has_the_agreed_folders_only() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent != ROOT}
    assert folders <= FOLDERS
    assert {"bot", "infra", "tests"} <= folders


@pytest.mark.parametrize("command", ["run", "test", "check", ".ci/run"])
def test_the_commands_can_be_executed(command: str) -> None:
    path = ROOT / command
    assert path.stat().st_mode & 0o111 == 0o111
    assert path.read_text().startswith("#!/usr/bin/env bash\n")


def test_the_help_of_run_names_every_command_that_there_is() -> None:
    told = subprocess.run([ROOT / "run", "--help"], capture_output=True, text=True, check=True).stdout
    program = (ROOT / "bot" / "__main__.py").read_text()
    commands = set(re.findall(r'commands\.add_parser\(\s*"([\w-]+)"', program)) - {"run"}
    about_tickets = set(re.findall(r'\btickets\.add_parser\(\s*"([\w-]+)"', program))
    assert {"due", "schema"} <= commands
    assert {name for name in commands if f"./run {name}" not in told} == set()
    assert about_tickets >= {"receipt", "verify"}
    assert {name for name in about_tickets if f"./run tickets {name}" not in told} == set()


def test_every_module_of_the_bot_opens_with_the_rule_of_its_room() -> None:
    modules = [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / "bot")]
    silent = [str(path.relative_to(ROOT)) for path in modules if not ast.get_docstring(ast.parse(path.read_bytes()))]
    assert len(modules) > 20
    assert silent == []


def test_no_program_file_has_outgrown_what_can_be_read_in_one_go() -> None:
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in tracked()
        if path.suffix in {".py", ".sh", ".lua"}
    }
    assert {name: lines for name, lines in sizes.items() if lines > LINES_MAX} == {}


def test_the_readme_lists_every_setting_with_its_default_and_meaning() -> None:
    expected = []
    for name, setting in Settings.model_fields.items():
        default = setting.default.get_secret_value() if isinstance(setting.default, SecretStr) else setting.default
        shown = f"{default:g}" if isinstance(default, float) else str(default)
        expected.append(f"| `{name.upper()}` | {f'`{shown}`' if shown else '–'} | {setting.description} |")
    lines = (ROOT / "README.md").read_text().splitlines()
    start = lines.index("| Variable | Default | Meaning |") + 2
    table = lines[start : lines.index("", start)]
    assert table == expected


def test_the_readme_points_only_at_what_is_there() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", (ROOT / "README.md").read_text())
    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []
