"""Where random histories take place: a zone, days off, hours and promises, with every open minute written down.

A minute is open if the wall clock of the zone stands inside a window at its beginning. Nothing of the product's
calendar is used: each minute asks the zone for its wall time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from bot.sla.calendar import Calendar, calendar_of
from bot.sla.days import Day, Days, GivenDays, Year
from bot.sla.instants import HOUR, MINUTE, Instant
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS, Weekday, Window
from tests.rules.ladder import book

SPAN_DAYS = 100
"""How much of each world is written down. Histories start in its first 40 days and last at most 30."""


@dataclass(frozen=True)
class Promised:
    """What a history's priority promises."""

    target: int
    hours: str
    clock_starts: str = "first_contact"


@dataclass(frozen=True)
class World:
    """A place and a season for histories."""

    name: str
    zone: ZoneInfo
    first: date
    days: Days
    hours: Mapping[str, Hours]
    priorities: Mapping[str, Promised]

    @cached_property
    def since(self) -> Instant:
        """Return the first minute that is written down."""
        midnight = datetime(self.first.year, self.first.month, self.first.day, tzinfo=self.zone)
        return int(midnight.timestamp()) // 60 * MINUTE

    @cached_property
    def open_minutes(self) -> Mapping[str, bytes]:
        """Return for each hours one byte per minute since `since`: 1 if the clock runs in it."""
        return {name: _minutes(hours, self.zone, self.days, self.since) for name, hours in self.hours.items()}

    @cached_property
    def calendars(self) -> Mapping[str, Calendar]:
        """Return the product's calendars, for the answers that are judged."""
        return {name: calendar_of(hours, self.zone, self.days) for name, hours in self.hours.items()}


def _minutes(hours: Hours, zone: ZoneInfo, days: Days, since: Instant) -> bytes:
    first = since // 1000
    marks = bytearray()
    open_on: dict[date, bytes] = {}
    for second in range(first, first + SPAN_DAYS * 86_400, 60):
        wall = datetime.fromtimestamp(second, zone)
        day = wall.date()
        if day not in open_on:
            open_on[day] = _wall_minutes(hours, days, day)
        marks.append(open_on[day][wall.hour * 60 + wall.minute])
    return bytes(marks)


def _wall_minutes(hours: Hours, days: Days, day: date) -> bytes:
    """Return which wall-clock minutes of a date are open; a window over midnight belongs to the day it began on."""
    marks = bytearray(24 * 60)
    for start, end in _windows(hours, days, day):
        for minute in range(start, end if end > start else 24 * 60):
            marks[minute] = 1
    for start, end in _windows(hours, days, day - timedelta(days=1)):
        if end <= start:
            for minute in range(end):
                marks[minute] = 1
    return bytes(marks)


def _windows(hours: Hours, days: Days, day: date) -> tuple[Window, ...]:
    special = next((d for d in days.year(day.year).days if d.date == day), None)
    if special is not None and special.kind in hours.closed_on:
        return ()
    if special is not None and special.kind == "makeup" and "holiday" in hours.closed_on:
        if special.windows is not None:
            return special.windows
        assert special.works_like is not None
        return hours.weekly.get(special.works_like, ())
    return hours.weekly.get(WEEKDAYS[day.weekday()], ())


def _week(*windows: str, days: str = "mon tue wed thu fri sat sun", **others: str) -> dict[Weekday, tuple[Window, ...]]:
    read = Hours.model_validate({"weekly": dict.fromkeys(days.split(), windows) | {d: [w] for d, w in others.items()}})
    return read.weekly


def _off(day: str, kind: str = "holiday", **fields: object) -> Day:
    return Day.model_validate({"date": day, "kind": kind, "name": {"vi": "-", "en": "-"}, "source": "-", **fields})


def _year(*days: Day) -> Year:
    return Year(status="reviewed", days=days)


@cache
def worlds() -> tuple[World, ...]:
    """Return every world; their minutes are written down when they are first needed."""
    return (*_shipped(), _make_up_days(), *_with_daylight_saving())


def _shipped() -> tuple[World, ...]:
    """Return the contract as shipped, around Tết, around the spring holidays, and over a New Year."""
    desk = book()
    promised = {
        name: Promised(priority.target, priority.hours, priority.clock_starts)
        for name, priority in desk.policy.priorities.items()
    }
    literal = {name: Promised(p.target, p.hours, "notice" if name != "P4" else "first_contact")
               for name, p in promised.items()}  # fmt: skip
    return tuple(
        World(name, desk.desk.zone, first, desk.days, desk.policy.hours, promises)
        for name, first, promises in (
            ("tet-2026", date(2026, 1, 20), promised),
            ("spring-2026", date(2026, 4, 1), promised),
            ("new-year-2027", date(2026, 12, 15), promised),
            ("tet-2026-notice", date(2026, 1, 20), literal),
        )
    )


def _make_up_days() -> World:
    """Return split shifts, nights, half Saturdays, holidays that follow each other and days worked instead."""
    days = GivenDays(
        {
            2025: _year(
                _off("2025-09-01"), _off("2025-09-02"), _off("2025-09-05", "tet"), _off("2025-09-06", "tet"),
                _off("2025-09-14", "makeup", works_like="mon"), _off("2025-09-21", "makeup", windows=["09:00-11:30"]),
                _off("2025-09-24"), _off("2025-10-05", "makeup", windows=["22:00-02:00"]), _off("2025-10-08"),
            )
        },
        "oracle-make-up",
    )  # fmt: skip
    hours = {
        "day": Hours(weekly=_week("08:00-12:00", "13:00-17:00", days="mon tue wed thu fri", sat="08:00-12:00"),
                     closed_on=("tet", "holiday")),
        "night": Hours(weekly=_week("22:00-06:00", "12:15-12:45"), closed_on=("holiday",)),
        "always": Hours(weekly=_week("00:00-24:00"), closed_on=("tet",)),
    }  # fmt: skip
    priorities = {
        "P1": Promised(30 * MINUTE, "always"),
        "P2": Promised(95 * MINUTE, "night"),
        "P3": Promised(180 * MINUTE, "day"),
        "P4": Promised(16 * HOUR, "day", "notice"),
    }
    return World("make-up-2025", ZoneInfo("Asia/Ho_Chi_Minh"), date(2025, 8, 25), days, hours, priorities)


def _with_daylight_saving() -> tuple[World, ...]:
    """Return hours whose edges lie inside the hour that a zone skips or repeats, and zones with odd offsets."""
    hours = {
        "always": Hours(weekly=_week("00:00-24:00")),
        "office": Hours(weekly=_week("08:30-12:00", "12:30-17:00", days="mon tue wed thu fri")),
        "edge": Hours(weekly=_week("01:30-02:30", "20:00-01:15")),
    }
    priorities = {
        "P1": Promised(30 * MINUTE, "always"),
        "P2": Promised(90 * MINUTE, "edge"),
        "P3": Promised(25 * HOUR, "always", "notice"),
        "P4": Promised(16 * HOUR, "office"),
    }
    days = GivenDays({2026: _year(_off("2026-04-03"))}, "oracle-zones")
    return tuple(
        World(f"{zone}-{first:%m}", ZoneInfo(zone), first, days, hours, priorities)
        for zone, first in (
            ("Europe/Berlin", date(2026, 3, 15)),
            ("America/New_York", date(2026, 10, 15)),
            ("Australia/Lord_Howe", date(2026, 3, 20)),
            ("Asia/Kathmandu", date(2026, 5, 1)),
        )
    )
