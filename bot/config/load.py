"""The desk's folder becomes a Book, or the list of everything that is wrong with it."""

from pathlib import Path

from bot.config.files import read_source, validate
from bot.config.reach import prove_reach
from bot.config.written import prove_files
from bot.config.years import FiledDays, prove_years, read_years
from bot.errors import ConfigError, Fault
from bot.sla.book import Book, Customers, Desk
from bot.sla.calendar import calendar_of
from bot.sla.policy import Policy
from bot.sla.roster import Roster

FILES = ("policy.yaml", "desk.yaml", "roster.yaml", "customers.yaml")


def load_book(folder: Path, channels: frozenset[str]) -> tuple[Book, list[Fault]]:
    """Read and prove the desk's files together; returns the book and the warnings.

    `channels`: which of teams, mail and phone this installation can send by. Raises ConfigError with every
    fault of every file, warnings included, if any is fatal.
    """
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
    if any(fault.fatal for source in every for fault in source.faults):
        raise ConfigError(_sorted([fault for source in every for fault in source.faults]))
    if policy is None or desk is None or roster is None or customers is None:
        raise AssertionError("a file that is no value has a fatal fault")
    prove_reach(sources, policy, desk, roster, channels)
    prove_years(year_sources, desk.country, policy.hours)
    faults = _sorted([fault for source in every for fault in source.faults])
    if any(fault.fatal for fault in faults):
        raise ConfigError(faults)
    days = FiledDays(years, desk.country)
    calendars = {name: calendar_of(hours, desk.zone, days, name) for name, hours in policy.hours.items()}
    return Book(policy, desk, roster, customers, calendars, channels, days), faults


def _sorted(faults: list[Fault]) -> list[Fault]:
    """Return each fault once: errors first, then by place."""
    return sorted(dict.fromkeys(faults), key=lambda fault: (not fault.fatal, fault.file, fault.line or 0))
