"""Who is on duty at an instant, and how each of them is reached.

Contacts are live (D16): a page goes to whoever is on duty when it falls due, not when the ticket came.
"""

from datetime import date, datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.sla.instants import Instant, to_datetime
from bot.sla.shapes import WEEKDAYS, Frozen, Weekday, Window


class Person(Frozen):
    """Somebody who works for the desk. Known in Teams by (home tenant, object id), never by an address (D10)."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    name: str
    level: str
    team: str | None = None
    manager: bool = False
    tenant: str | None = None
    object_id: str | None = None
    email: str | None = None
    extension: str | None = None
    mobile: str | None = None
    language: Literal["vi", "en"] = "vi"
    until: date | None = Field(default=None, description="last day with the desk")


class Queue(Frozen):
    """A team reached as a whole: the desk channel, a mailbox, and extensions in turn."""

    email: str | None = None
    extensions: tuple[str, ...] = ()


class Team(Frozen):
    """A second-line team and the services it answers for (D3)."""

    title: dict[Literal["vi", "en"], str]
    services: tuple[str, ...]
    queue: Queue
    default: bool = False


class Level(Frozen):
    """A rung of people. `stands_in`: the level that answers for one without people of its own (L1)."""

    title: dict[Literal["vi", "en"], str]
    by_team: bool = False
    stands_in: str | None = None


class Shift(Frozen):
    """People of a level (and team) on duty in a weekly window, between two dates if given."""

    level: str
    team: str | None = None
    people: tuple[str, ...]
    days: tuple[Weekday, ...] = WEEKDAYS
    window: Window = (0, 1440)
    since: date | None = None
    until: date | None = None


class Roster(Frozen):
    """The desk's people and shifts, live."""

    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Person]:
        """Return the people by id."""
        return {person.id: person for person in self.people}

    @cached_property
    def by_identity(self) -> dict[tuple[str, str], Person]:
        """Return the people by (home tenant, object id), the only key that authorises (D10)."""
        return {
            (person.tenant.lower(), person.object_id.lower()): person
            for person in self.people
            if person.tenant and person.object_id
        }

    @cached_property
    def by_email(self) -> dict[str, Person]:
        """Return the people by mail address: tells who wrote a mail, never who taps a card."""
        return {person.email.lower(): person for person in self.people if person.email}

    def on_duty(self, level: str, team: str | None, at: Instant, zone: ZoneInfo) -> tuple[Person, ...]:
        """Return the people of `level` (of `team` where the level has teams) on duty at `at`.

        A level without any shift has all its people on duty. Nobody on duty: an empty tuple.
        """
        local = to_datetime(at).astimezone(zone)
        members = [
            person
            for person in self.people
            if person.level == level
            and (team is None or person.team is None or person.team == team)
            and (person.until is None or local.date() <= person.until)
        ]
        shifts = [
            shift
            for shift in self.shifts
            if shift.level == level and (team is None or shift.team is None or shift.team == team)
        ]
        if not shifts:
            return tuple(members)
        present = {name for shift in shifts if _covers(shift, local) for name in shift.people}
        return tuple(person for person in members if person.id in present)


def _covers(shift: Shift, local: datetime) -> bool:
    minute = local.hour * 60 + local.minute
    start, end = shift.window
    if start < end:
        return _on_day(shift, local.date()) and start <= minute < end
    # over midnight: the tail belongs to the day on which the shift started
    if minute >= start:
        return _on_day(shift, local.date())
    return minute < end and _on_day(shift, date.fromordinal(local.date().toordinal() - 1))


def _on_day(shift: Shift, day: date) -> bool:
    if shift.since is not None and day < shift.since:
        return False
    if shift.until is not None and day > shift.until:
        return False
    return WEEKDAYS[day.weekday()] in shift.days
