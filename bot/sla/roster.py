"""Who is on duty at an instant, and how each of them is reached.

Contacts are live (D16): a page goes to whoever is on duty when it falls due, not when the ticket came. Times are
those of the desk's clocks and hold from the minute they are reached (`bot.sla.walls`).
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cached_property
from typing import Annotated, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from bot.sla.days import ORDINARY, Days
from bot.sla.instants import Instant
from bot.sla.shapes import WEEKDAYS, Frozen, MinuteOfDay, Since, Turn, Until, Weekday, Window
from bot.sla.walls import local_date, reached

SpecialDay: TypeAlias = Literal["tet", "holiday", "makeup"]
Interval: TypeAlias = tuple[Instant, Instant]


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
    did: str | None = Field(default=None, description="direct number that can be called from outside")
    mobile: str | None = None
    language: Literal["vi", "en"] = "vi"
    until: date | None = Field(default=None, description="last day with the desk")

    @property
    def numbers(self) -> tuple[str, ...]:
        """Return the numbers to ring, in order: the desk's own line, the direct number, the mobile."""
        known = (self.extension, self.did, self.mobile)
        return tuple(dict.fromkeys(number for number in known if number))


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
    """People of a level (and team) on duty in a weekly window, between two dates if given.

    The day on which a window starts decides about weekday, dates and special days.
    """

    level: str
    team: str | None = None
    people: tuple[str, ...]
    days: tuple[Weekday, ...] = WEEKDAYS
    window: Window = (0, 1440)
    since: date | None = None
    until: date | None = Field(default=None, description="last day")
    only_on: tuple[SpecialDay, ...] = Field(default=(), description="only on such days of the calendar files")
    not_on: tuple[SpecialDay, ...] = Field(default=(), description="not on such days of the calendar files")


class Rotation(Frozen):
    """People of a level (and team) who take turns, within a weekly window if given.

    The first of `people` begins at `handover` on the day `since`; every `every` after that the next one follows.
    A turn goes to nobody else because its person is absent: that is what an override is for.
    """

    level: str
    team: str | None = None
    people: tuple[str, ...] = Field(min_length=1)
    every: Annotated[Turn, Field(gt=0)]
    handover: MinuteOfDay
    since: date = Field(description="day of the first handover")
    until: date | None = Field(default=None, description="last day")
    days: tuple[Weekday, ...] = WEEKDAYS
    window: Window = (0, 1440)
    only_on: tuple[SpecialDay, ...] = Field(default=(), description="only on such days of the calendar files")
    not_on: tuple[SpecialDay, ...] = Field(default=(), description="not on such days of the calendar files")

    def handed_over(self, turn: int, zone: ZoneInfo) -> Instant:
        """Return the instant at which a turn begins, counted from 0."""
        return reached(self.since + timedelta(days=turn * self.every), self.handover, zone)

    def turn_at(self, at: Instant, zone: ZoneInfo) -> int:
        """Return whose turn it is as a number that only grows; negative before the first."""
        turn = (local_date(at, zone) - self.since).days // self.every + 1
        while self.handed_over(turn, zone) > at:
            turn -= 1
        return turn


class Absence(Frozen):
    """Somebody is away, whatever the shifts say."""

    person: str
    since: Since
    until: Until
    reason: str = ""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "Absence":
        _refuse_backwards(self.since, self.until)
        return self


class Override(Frozen):
    """People on duty for a while: wherever one person would be (`instead_of`), or besides those of a level."""

    people: tuple[str, ...] = Field(min_length=1)
    instead_of: str | None = None
    level: str | None = None
    team: str | None = None
    since: Since
    until: Until
    reason: str = ""

    @model_validator(mode="after")
    def _replaces_or_adds(self) -> "Override":
        if (self.instead_of is None) == (self.level is None):
            raise ValueError("an override is 'instead_of' a person, or added to a 'level': one of the two")
        if self.team is not None and self.level is None:
            raise ValueError("'team' goes with 'level'; somebody who is instead of a person has that one's team")
        _refuse_backwards(self.since, self.until)
        return self


Duty: TypeAlias = Shift | Rotation
Spell: TypeAlias = Absence | Override


class Roster(Frozen):
    """The desk's people and when they are on duty, live."""

    people: tuple[Person, ...] = ()
    shifts: tuple[Shift, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    overrides: tuple[Override, ...] = ()
    absences: tuple[Absence, ...] = ()

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

    def on_duty(
        self, level: str, team: str | None, at: Instant, zone: ZoneInfo, days: Days = ORDINARY
    ) -> tuple[Person, ...]:
        """Return the people of `level` (of `team` where the level has teams) on duty at `at`, in the roster's order.

        A level without any shift or rotation has all its people on duty. Overrides speak of what shifts and
        rotations say, not of one another; who is absent or has left is never on duty. Nobody: an empty tuple.
        `days`: the special days that shifts and rotations may hang on.
        """
        present: set[str] = set()
        overrides = [override for override in self.overrides if _goes_on(override, at, zone)]
        for name in self._scheduled(level, team, at, zone, days):
            instead = [override.people for override in overrides if override.instead_of == name]
            present.update(*instead or [(name,)])
        for override in overrides:
            if override.level == level and _of_team(override.team, team):
                present.update(override.people)
        present.difference_update(absence.person for absence in self.absences if _goes_on(absence, at, zone))
        return tuple(person for person in self.people if person.id in present and not _has_left(person, at, zone))

    def breakpoints(self, since: Instant, until: Instant, zone: ZoneInfo, days: Days = ORDINARY) -> tuple[Instant, ...]:
        """Return, sorted, the instants after `since` and before `until` at which who is on duty may change.

        Between two of them nothing does, for any level and team.
        """
        edges = {edge for pair in self._intervals(since, until, zone, days) for edge in pair}
        return tuple(sorted(edge for edge in edges if since < edge < until))

    def _scheduled(self, level: str, team: str | None, at: Instant, zone: ZoneInfo, days: Days) -> set[str]:
        """Return who is on duty by shifts and rotations alone."""
        members = {person.id for person in self.people if person.level == level and _of_team(person.team, team)}
        shifts = [shift for shift in self.shifts if shift.level == level and _of_team(shift.team, team)]
        rotations = [turns for turns in self.rotations if turns.level == level and _of_team(turns.team, team)]
        if not shifts and not rotations:
            return members
        named = {name for shift in shifts if _covers(shift, at, zone, days) for name in shift.people}
        for rotation in rotations:
            turn = rotation.turn_at(at, zone)
            if turn >= 0 and _covers(rotation, at, zone, days):
                named.add(rotation.people[turn % len(rotation.people)])
        return named & members

    def _intervals(self, since: Instant, until: Instant, zone: ZoneInfo, days: Days) -> Iterator[Interval]:
        """Yield what begins and ends between two instants, and some of what lies just outside."""
        first = local_date(since, zone) - timedelta(days=2)
        last = local_date(until, zone) + timedelta(days=2)
        duties: tuple[Duty, ...] = (*self.shifts, *self.rotations)
        for duty in duties:
            for ordinal in range(first.toordinal(), last.toordinal() + 1):
                day = date.fromordinal(ordinal)
                if _on_day(duty, day, days):
                    yield _window_of(duty, day, zone)
        for rotation in self.rotations:
            turn = max(0, (first - rotation.since).days // rotation.every)
            while rotation.since + timedelta(days=turn * rotation.every) <= last:
                handover = rotation.handed_over(turn, zone)
                yield handover, handover
                turn += 1
        spells: tuple[Spell, ...] = (*self.overrides, *self.absences)
        for spell in spells:
            yield reached(*spell.since, zone), reached(*spell.until, zone)
        for person in self.people:
            if person.until is not None:
                left = reached(person.until + timedelta(days=1), 0, zone)
                yield left, left


def queue_turn(extensions: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Return a queue's extensions in the order in which the nth page rings them, from 0: each is first in its turn."""
    if not extensions:
        return ()
    first = n % len(extensions)
    return (*extensions[first:], *extensions[:first])


def _refuse_backwards(since: tuple[date, int], until: tuple[date, int]) -> None:
    if until <= since:
        raise ValueError("'until' comes before 'since'; a date alone is included, a time of day is not")


def _of_team(team: str | None, wanted: str | None) -> bool:
    return team is None or wanted is None or team == wanted


def _covers(duty: Duty, at: Instant, zone: ZoneInfo, days: Days) -> bool:
    """Return whether a window of a duty holds at `at`: today's, last night's, or that of a day a clock took back."""
    today = local_date(at, zone).toordinal()
    for day in map(date.fromordinal, (today - 1, today, today + 1)):
        start, end = _window_of(duty, day, zone)
        if start <= at < end and _on_day(duty, day, days):
            return True
    return False


def _window_of(duty: Duty, day: date, zone: ZoneInfo) -> Interval:
    start, end = duty.window
    return reached(day, start, zone), reached(day, end if end > start else end + 1440, zone)


def _on_day(duty: Duty, day: date, days: Days) -> bool:
    if duty.since is not None and day < duty.since:
        return False
    if duty.until is not None and day > duty.until:
        return False
    if WEEKDAYS[day.weekday()] not in duty.days:
        return False
    if not duty.only_on and not duty.not_on:
        return True
    kinds = {special.kind for special in days.year(day.year).days if special.date == day}
    return not kinds.intersection(duty.not_on) and (not duty.only_on or bool(kinds.intersection(duty.only_on)))


def _goes_on(spell: Spell, at: Instant, zone: ZoneInfo) -> bool:
    return reached(*spell.since, zone) <= at < reached(*spell.until, zone)


def _has_left(person: Person, at: Instant, zone: ZoneInfo) -> bool:
    return person.until is not None and at >= reached(person.until + timedelta(days=1), 0, zone)
