"""`python -m bot check-config`: prove the desk's files before they go live."""

import sys
from pathlib import Path
from typing import TextIO

from bot.config.load import load_book
from bot.errors import ConfigError, Fault

EXIT_FAULTY = 2


def check_config(
    folder: Path, channels: frozenset[str] = frozenset({"teams", "mail"}), out: TextIO | None = None
) -> int:
    """Print every fault of the desk's files and a summary; returns the exit code, 2 if one is fatal."""
    stream = out if out is not None else sys.stdout
    try:
        book, faults = load_book(folder, channels)
    except ConfigError as error:
        for fault in error.faults:
            stream.write(f"{fault}\n")
        stream.write(f"{folder}: {_counted(error.faults)}; the desk would not start\n")
        return EXIT_FAULTY
    for fault in faults:
        stream.write(f"{fault}\n")
    stream.write(
        f"{folder}: {_counted(faults)}; desk {book.desk.id}, policy {book.policy.content_hash()}, "
        f"{len(book.roster.people)} people, {len(book.customers.customers)} customers\n"
    )
    return 0


def _counted(faults: list[Fault]) -> str:
    errors = sum(fault.fatal for fault in faults)
    warnings = len(faults) - errors
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
