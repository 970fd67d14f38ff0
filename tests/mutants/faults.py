"""What the parts of mutation testing hand to each other: a fault, where to keep things, and what became of a fault."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CACHE_AT = "TRUC_BAN_MUTANTS"
CACHE = Path(os.environ.get(_CACHE_AT, ROOT / ".cache" / "mutants"))
MUTATORS = "mutmut==3.8.1"
"""The faults' maker. It lives in an environment of its own: the product and its tests need none of it."""
TESTS = "tests/rules"


@dataclass(frozen=True)
class Mutant:
    """A module's source with one fault."""

    id: str
    """Follows from the fault and the function that it is in, not from its line."""
    module: str
    """Path from the root of the repository."""
    inside: str
    """The function or class, dotted; empty at the top of the module."""
    first: int
    last: int
    source: str


def in_a_copy(arguments: Sequence[str]) -> int | None:
    """Run the same command in a copy of the repository, so that nobody's work meanwhile is taken for a fault.

    Returns its exit code, or None where this is the copy.
    """
    if _CACHE_AT in os.environ:
        return None
    listing = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    with tempfile.TemporaryDirectory(prefix="mutants-") as place:
        for name in names:
            if name and (ROOT / name).is_file():
                (Path(place) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, Path(place) / name)
        command = [sys.executable, "-m", "tests.mutants", *arguments]
        return subprocess.run(command, cwd=place, env=os.environ | {_CACHE_AT: str(CACHE)}, check=False).returncode


def modules() -> list[str]:
    """Return the modules that are mutated: the pure rules of clock and ladder."""
    folders = ("bot/sla", "bot/ticket")
    found = (path for folder in folders for path in sorted((ROOT / folder).glob("*.py")))
    return [path.relative_to(ROOT).as_posix() for path in found if path.name != "__init__.py"]


def mutants_of(module: str) -> list[Mutant]:
    """Return every mutant of a module, from the cache if its source is the same."""
    kept = CACHE / f"mutants-{digest([ROOT / module, Path(__file__).with_name('generate.py')])}.json"
    if not kept.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [_interpreter(), str(Path(__file__).with_name("generate.py")), module]
        kept.write_text(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    return [Mutant(module=module, **fields) for fields in json.loads(kept.read_text())[module]]


def digest(paths: Iterable[Path]) -> str:
    """Return a name for the content of files."""
    content = hashlib.sha256()
    for path in paths:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:20]


def _interpreter() -> str:
    """Return a Python that has the mutators; makes its environment once."""
    place = CACHE / "venv"
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", MUTATORS], check=True, stdout=sys.stderr)
    return str(python)
