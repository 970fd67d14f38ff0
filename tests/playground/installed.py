"""The pinned Playground below .cache/, put there by npm once and again when its lock file changes."""

import filecmp
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".cache" / "playground"
CLI = FOLDER / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
_FILES = ("package.json", "package-lock.json")
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


class LackingError(Exception):
    """A program that the Playground needs is not on this machine; the text says what to type."""


def install() -> Path:
    """Return the Playground's entry point for node; raises LackingError."""
    for command in ("node", "npm"):
        if shutil.which(command) is None:
            raise LackingError(f"{command} is missing. Type this: sudo apt-get install -y nodejs npm")
    if not _is_current():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            shutil.copyfile(HERE / name, FOLDER / name)
        done = subprocess.run(_INSTALL, cwd=FOLDER, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode:
            raise LackingError(f"npm could not install the Playground:\n{done.stderr.strip()[-1500:]}")
        shutil.copyfile(HERE / _FILES[1], FOLDER / ".installed")  # last: a killed npm leaves half a package
    return CLI


def _is_current() -> bool:
    stamp = FOLDER / ".installed"
    return stamp.is_file() and CLI.is_file() and filecmp.cmp(stamp, HERE / _FILES[1], shallow=False)
