"""Editing an example desk's files, and what the loader then says."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.config.load import load_book
from bot.errors import ConfigError, Fault
from bot.sla.instants import from_datetime

CHANNELS = frozenset({"teams", "mail"})


def edit(folder: Path, name: str, old: str, new: str) -> int:
    """Replace text that is there once; return the line of its start."""
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults_of(folder: Path) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        load_book(folder, CHANNELS)
    return caught.value.faults


def errors_of(folder: Path) -> list[Fault]:
    return [fault for fault in faults_of(folder) if fault.fatal]


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(f"{text}+07:00"))
