"""`python -m bot check-config`: prove the desk's files, and a year of its roster, before they go live."""

import json
import sys
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from bot.config.load import prove_book
from bot.config.proof import Gap, Proof
from bot.errors import ConfigError, Fault
from bot.sla.book import Book
from bot.sla.instants import MINUTE, Instant, to_datetime

EXIT_FAULTY = 2
_STOPPED = "the desk would not start"
_TOLD_MAX = 100
"""So many occurrences of a gap are listed in the JSON; all are counted."""


def check_config(
    folder: Path, channels: frozenset[str], first_day: date, *, as_json: bool = False, out: TextIO | None = None
) -> int:
    """Print every fault of the desk's files and a summary; returns the exit code, 2 if one is fatal.

    `channels`: by which of teams, mail and phone this installation can send. `first_day` begins the 366 days
    for which it is proved that every page reaches somebody.
    """
    stream = out if out is not None else sys.stdout
    try:
        book, faults, proof = prove_book(folder, channels, first_day)
    except ConfigError as error:
        stream.write(_json(error.faults, None, None) if as_json else _lines(folder, error.faults, _STOPPED))
        return EXIT_FAULTY
    stream.write(_json(faults, book, proof) if as_json else _lines(folder, faults, _summary(book, proof)))
    return 0


def _lines(folder: Path, faults: list[Fault], summary: str) -> str:
    return "".join(f"{fault}\n" for fault in faults) + f"{folder}: {_counted(faults)}; {summary}\n"


def _summary(book: Book, proof: Proof) -> str:
    zone = book.desk.zone
    return (
        f"desk {book.desk.id}, policy {book.policy.content_hash()}, {len(book.roster.people)} people, "
        f"{len(book.customers.customers)} customers; proved from {_written(proof.since, zone)} "
        f"to {_written(proof.until, zone)} in {proof.intervals} intervals"
    )


def _json(faults: list[Fault], book: Book | None, proof: Proof | None) -> str:
    told: dict[str, Any] = {
        "starts": book is not None,
        "faults": [_fault(fault) for fault in faults if fault.fatal],
        "warnings": [_fault(fault) for fault in faults if not fault.fatal],
    }
    if book is not None and proof is not None:
        zone = book.desk.zone
        told |= {
            "desk": book.desk.id,
            "policy": book.policy.content_hash(),
            "people": len(book.roster.people),
            "customers": len(book.customers.customers),
            "proved": {
                "from": _written(proof.since, zone),
                "until": _written(proof.until, zone),
                "intervals": proof.intervals,
            },
            "gaps": [_gap(gap, zone) for gap in proof.gaps],
        }
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _fault(fault: Fault) -> dict[str, Any]:
    told = asdict(fault)
    del told["fatal"]
    return told


def _gap(gap: Gap, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "level": gap.cause.level,
        "team": gap.cause.team or None,
        "why": gap.cause.why,
        "by": list(gap.cause.by),
        "pages": list(gap.pages),
        "people": list(gap.people),
        "goes_to": list(gap.goes_to),
        "times": len(gap.spans),
        "minutes": gap.length // MINUTE,
        "spans": [[_written(start, zone), _written(end, zone)] for start, end in gap.spans[:_TOLD_MAX]],
    }


def _written(at: Instant, zone: ZoneInfo) -> str:
    return to_datetime(at).astimezone(zone).isoformat(timespec="minutes")


def _counted(faults: list[Fault]) -> str:
    errors = sum(fault.fatal for fault in faults)
    warnings = len(faults) - errors
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
