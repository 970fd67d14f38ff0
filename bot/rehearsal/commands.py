"""The bodies of `python -m bot due` and `python -m bot simulate`."""

import argparse
import json
import sys
from pathlib import Path

from bot.config.load import load_book
from bot.errors import NoWorkingTime
from bot.rehearsal import due as deadlines
from bot.rehearsal import written
from bot.rehearsal.expect import differences
from bot.rehearsal.moments import parse_wall, wall_instant
from bot.rehearsal.play import EndlessError, play
from bot.rehearsal.stage import set_stage

FAILED, FAULTY = 1, 2
_EVERY_CHANNEL = frozenset({"teams", "mail", "phone"})


def add_due_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `due` understands."""
    parser.description = (
        "Print when a ticket of this priority is due if nothing pauses its clock: the deadline, the instant of each "
        "step of the ladder, and the days in between that do not count, each with its source."
    )
    parser.add_argument("priority", metavar="PRIORITY", help="such as P1")
    parser.add_argument(
        "--at",
        required=True,
        metavar="TIME",
        help="first contact (or the notice that starts the clock): 2026-03-07T16:30 on the desk's clock, or +07:00",
    )
    _add_common(parser)


def add_simulate_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what `simulate` understands."""
    parser.description = (
        "Play the mails, calls, acknowledgements, pauses and the silence of a scenario file through the desk's own "
        "rules, and print the whole time line: who is paged, by what, at which minute and why. Exit 1 if it does not "
        "come as the file expects, 2 if a file has faults. infra/desk/scenarios/README.md tells how to write one."
    )
    parser.add_argument("scenario", type=Path, metavar="SCENARIO.yaml", help="such as infra/desk/scenarios/*.yaml")
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="folder of the desk's files (default: DESK_CONFIG)")
    parser.add_argument("--lang", choices=("vi", "en"), default="vi", help="language of the answer (default: vi)")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def due(options: argparse.Namespace, folder: Path) -> int:
    """Print when a ticket would be due; returns the exit code: 1 where no clock ever runs so long, 2 a wrong call.

    Raises ConfigError if the desk's files have faults.
    """
    book, _ = load_book(options.config or folder, _EVERY_CHANNEL)
    if options.priority not in book.policy.priorities:
        return _wrong(f"{options.priority!r} is no priority of this policy; it has {', '.join(book.policy.priorities)}")
    try:
        first = wall_instant(parse_wall(options.at), book.desk.zone)
    except ValueError:
        return _wrong(f"--at {options.at!r} is no time; write it like 2026-03-07T16:30 (desk time) or with its offset")
    try:
        found = deadlines.due_of(book, options.priority, first)
    except NoWorkingTime as error:
        sys.stderr.write(f"there is no deadline: {error}\n")
        return FAILED
    if options.json:
        _write_json(deadlines.as_data(book, found))
    else:
        sys.stdout.writelines(f"{line}\n" for line in deadlines.on_paper(book, found, options.lang))
    return 0


def simulate(options: argparse.Namespace, folder: Path) -> int:
    """Print a scenario's time line; returns 0, or 1 if it does not come as the scenario expects.

    Raises ConfigError with every fault of the scenario and of the desk's files.
    """
    stage = set_stage(options.scenario, options.config or folder)
    try:
        played = play(stage)
    except EndlessError as error:
        sys.stderr.write(f"{options.scenario.name}: {error}\n")
        return FAILED
    found = differences(stage, played)
    if options.json:
        _write_json(written.as_data(stage, played, found))
    else:
        sys.stdout.writelines(f"{line}\n" for line in written.on_paper(stage, played, found, options.lang))
    return FAILED if found else 0


def _wrong(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return FAULTY


def _write_json(data: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
