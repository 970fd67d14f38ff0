"""A second opinion on working time that is slow and plain: it looks at the wall clock minute by minute.

Written from the rules (product.md D4-D6, infra/desk/README.md), knowing nothing of tables. All windows and all
offsets of the zones used here are whole minutes, so within a minute of UTC the clock runs or it stands.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sla.days import Day, GivenDays, Year
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS

MINUTE = 60_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Window = tuple[int, int]
"""Minutes of the wall clock; an end at or before the start is on the next day."""


@dataclass(frozen=True)
class Plan:
    """A week and the dates that differ from it, as plain data: what both opinions are built from."""

    zone: str
    weekly: dict[int, tuple[Window, ...]]
    """By weekday, Monday is 0."""
    tet: frozenset[date]
    holidays: frozenset[date]
    makeup: dict[date, tuple[Window, ...] | int]
    """Windows of its own, or the weekday that it is worked like."""
    ours: dict[date, tuple[Window, ...]]
    """Overrides that name these hours."""
    others: dict[date, tuple[Window, ...]]
    """Overrides that name other hours."""
    closed_on: tuple[str, ...]
    boundary: str

    def windows(self, day: date) -> tuple[Window, ...]:
        week = self.weekly.get(day.weekday(), ())
        if day in self.ours:
            return self.ours[day]
        if self.closes(day):
            return ()
        if day in self.makeup and "holiday" in self.closed_on:
            instead = self.makeup[day]
            return self.weekly.get(instead, ()) if isinstance(instead, int) else instead
        return week

    def closes(self, day: date) -> bool:
        return ("tet" in self.closed_on and day in self.tet) or ("holiday" in self.closed_on and day in self.holidays)

    def stands_still(self, first: date, last: date) -> list[date]:
        """Return the dates that the calendar files take away from this clock, in order."""
        found, day = [], first
        while day <= last:
            special = day in self.ours or self.closes(day) or (day in self.makeup and "holiday" in self.closed_on)
            if special and self.weekly.get(day.weekday()) and not self.windows(day):
                found.append(day)
            day += timedelta(days=1)
        return found

    def runs_at_wall(self, wall: datetime) -> bool:
        minute = wall.hour * 60 + wall.minute
        for start, end in self.windows(wall.date()):
            if start <= minute and (minute < end or end <= start):
                return True
        yesterday = self.windows(wall.date() - timedelta(days=1))
        return any(end <= start and minute < end for start, end in yesterday)

    def hours(self) -> Hours:
        weekly = {WEEKDAYS[number]: windows for number, windows in self.weekly.items()}
        return Hours.model_validate({"weekly": weekly, "closed_on": self.closed_on, "boundary": self.boundary})

    def days(self) -> GivenDays:
        days = [_day(when, "tet") for when in self.tet] + [_day(when, "holiday") for when in self.holidays]
        for when, instead in self.makeup.items():
            if isinstance(instead, int):
                days.append(_day(when, "makeup", works_like=WEEKDAYS[instead]))
            else:
                days.append(_day(when, "makeup", windows=instead))
        days += [_day(when, "override", windows=windows, hours=["ours"]) for when, windows in self.ours.items()]
        days += [_day(when, "override", windows=windows, hours=["others"]) for when, windows in self.others.items()]
        numbers = {day.date.year for day in days}
        years = {n: Year(status="reviewed", days=tuple(day for day in days if day.date.year == n)) for n in numbers}
        return GivenDays(years, "plan")


class SlowClock:
    """The plan's clock from `base`, an instant on a full minute, for `minutes` minutes; None beyond them."""

    def __init__(self, plan: Plan, base: int, minutes: int) -> None:
        zone = ZoneInfo(plan.zone)
        self.plan, self.base, self.end = plan, base, base + minutes * MINUTE
        first = EPOCH + timedelta(milliseconds=base)
        self.runs = [plan.runs_at_wall((first + timedelta(minutes=n)).astimezone(zone)) for n in range(minutes)]

    def is_open(self, at: int) -> bool:
        return self.runs[(at - self.base) // MINUTE]

    def edges(self) -> list[int]:
        """Return the instants at which the clock begins to run or stops."""
        return [self.base + n * MINUTE for n in range(1, len(self.runs)) if self.runs[n] != self.runs[n - 1]]

    def between(self, start: int, end: int) -> int:
        total, at = 0, start
        while at < end:
            after = min(end, at - at % MINUTE + MINUTE)
            total += (after - at) if self.is_open(at) else 0
            at = after
        return total

    def next_open(self, at: int) -> int | None:
        while at < self.end:
            if self.is_open(at):
                return at
            at = at - at % MINUTE + MINUTE
        return None

    def add(self, at: int, span: int) -> int | None:
        if span == 0:
            return self.next_open(at)
        while at < self.end:
            after = at - at % MINUTE + MINUTE
            if self.is_open(at):
                if after - at >= span:
                    due = at + span
                    return self.next_open(due) if self.plan.boundary == "next_open" else due
                span -= after - at
            at = after
        return None

    def sub(self, at: int, span: int) -> int | None:
        while at > self.base:
            before = (at - 1) - (at - 1) % MINUTE
            if self.is_open(before):
                if span == 0:
                    return at
                if at - before >= span:
                    return at - span
                span -= at - before
            at = before
        return None


def _day(when: date, kind: str, **more: object) -> Day:
    return Day.model_validate({"date": when, "kind": kind, "name": {"en": kind}, "source": "test", **more})
