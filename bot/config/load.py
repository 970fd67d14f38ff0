"""The desk's folder becomes a Book, or the list of everything that is wrong with it."""

from datetime import date
from pathlib import Path

from bot.config.files import Source, read_source, validate
from bot.config.proof import Proof, prove_year
from bot.config.reach import note_gaps, note_unreachable, prove_reach
from bot.config.written import prove_files
from bot.config.years import FiledDays, prove_years, read_years
from bot.errors import ConfigError, Fault
from bot.sla.book import Book, Customers, Desk
from bot.sla.calendar import calendar_of
from bot.sla.policy import Policy
from bot.sla.roster import Roster

FILES = ("policy.yaml", "desk.yaml", "roster.yaml", "customers.yaml")


def load_book(folder: Path, channels: frozenset[str]) -> tuple[Book, list[Fault]]:
    """Read the desk's files and prove what holds on any day; returns the book and the warnings.

    `channels`: which of teams, mail and phone this installation can send by. Raises ConfigError with every
    fault of every file, warnings included, if any is fatal.
    """
    book, sources, every = _read(folder, channels)
    note_unreachable(sources["policy.yaml"], book)
    return book, _faults(every)


def prove_book(folder: Path, channels: frozenset[str], first_day: date) -> tuple[Book, list[Fault], Proof]:
    """Read the desk's files as load_book does, and prove besides the year that begins with `first_day`."""
    book, sources, every = _read(folder, channels)
    proof = prove_year(book, first_day)
    note_gaps(sources, book, proof)
    return book, _faults(every), proof


def _read(folder: Path, channels: frozenset[str]) -> tuple[Book, dict[str, Source], list[Source]]:
    if not folder.is_dir():
        raise ConfigError([Fault(str(folder), None, "there is no such folder; DESK_CONFIG names the desk's")])
    sources = {name: read_source(folder, name) for name in FILES}
    policy = validate(sources["policy.yaml"], Policy)
    desk = validate(sources["desk.yaml"], Desk)
    roster = validate(sources["roster.yaml"], Roster)
    customers = validate(sources["customers.yaml"], Customers)
    years, year_sources = read_years(folder)
    prove_files(sources)
    every = [*sources.values(), *year_sources]
    _stop_if_fatal(every)
    if policy is None or desk is None or roster is None or customers is None:
        raise AssertionError("a file that is no value has a fatal fault")
    prove_years(year_sources, desk.country, policy.hours)
    prove_reach(sources, policy, desk, roster, channels)
    _stop_if_fatal(every)
    days = FiledDays(years, desk.country)
    calendars = {name: calendar_of(hours, desk.zone, days, name) for name, hours in policy.hours.items()}
    return Book(policy, desk, roster, customers, calendars, channels, days), sources, every


def _stop_if_fatal(sources: list[Source]) -> None:
    if any(fault.fatal for source in sources for fault in source.faults):
        raise ConfigError(_faults(sources))


def _faults(sources: list[Source]) -> list[Fault]:
    """Return each fault once: errors first, then by place."""
    faults = [fault for source in sources for fault in source.faults]
    return sorted(dict.fromkeys(faults), key=lambda fault: (not fault.fatal, fault.file, fault.line or 0))
