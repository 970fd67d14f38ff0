"""Working time: when a clock runs, as a sorted table of open intervals in whole milliseconds.

A clock runs while the wall clock of its zone stands inside a window of a day that is not closed. The tail
of a window that goes over midnight belongs to the day on which it started. The table holds whole years and
grows when an instant outside it is asked for, so an answer is never guessed and does not depend on what was
asked before. Source: product.md D4-D6.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import sub
from typing import TypeAlias
from zoneinfo import ZoneInfo

from bot.errors import NoWorkingTime
from bot.sla.days import ORDINARY, Day, Days
from bot.sla.instants import DAY, MINUTE, SECOND, Instant, Span, from_datetime, to_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS, Window

FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Instants outside these years are somebody's mistake (seconds taken for milliseconds, say)."""
HORIZON: Span = 366 * DAY
"""A calendar that stays closed for longer never opens again, as far as a promise goes."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()
_GOES_BEFORE = ("makeup", "holiday", "tet", "override")
"""Which of several days of one date decides: the last."""

Interval: TypeAlias = tuple[Instant, Instant]
_Lists: TypeAlias = tuple[Instant, Instant, list[Instant], list[Instant], list[Span], list[Span], bool]


@dataclass(frozen=True, slots=True)
class _Table:
    """Open intervals of the years `first` to `last`, cut at `since` and `until`, as lists side by side.

    The first interval is empty and stands at `since`, so that one has begun before every instant of the table.
    """

    first: int
    last: int
    since: Instant
    until: Instant
    starts: list[Instant]
    ends: list[Instant]
    zeros: list[Span]
    """At an instant of interval i, instant + zeros[i] is the working time since `since`."""
    used: list[Span]
    """The working time before interval i; the last is that of the whole table."""
    gaps: tuple[Interval, ...]
    """Closed stretches longer than the horizon: no promise reaches across one."""

    def used_at(self, at: Instant) -> Span:
        i = bisect_right(self.starts, at) - 1
        return min(at, self.ends[i]) + self.zeros[i]

    def refuse_gap(self, start: Instant, end: Instant) -> None:
        for closed, opened in self.gaps:
            if min(end, opened) - max(start, closed) > HORIZON:
                raise _closed_for_good("after", max(start, closed))


class Calendar:
    """When a clock runs. Instants are UTC ms, spans are working ms. Unchangeable from outside.

    `name` is what the policy calls the hours; days that override hours name them by it.
    """

    def __init__(self, hours: Hours, zone: ZoneInfo, days: Days = ORDINARY, name: str = "") -> None:
        self._hours = hours
        self._zone = zone
        self._days = days
        self._name = name
        self._special: dict[int, dict[date, Day]] = {}
        self._by_year: dict[int, tuple[Interval, ...]] = {}
        self._table: _Table | None = None
        self._lists: _Lists = (0, 0, [], [], [], [], True)
        """The table once more, in the form that is taken apart fastest; `add` and `between` live by it."""

    def add(self, at: Instant, span: Span) -> Instant:
        """Return the instant at which `span` of working time after `at` is used up.

        Time that runs out exactly at closing is due at closing, or at the next opening where the hours say
        `boundary: next_open` (D6). Nothing to use up is the first open instant from `at` on. Raises
        NoWorkingTime if nothing opens for 366 days before that, ValueError for a negative span.
        """
        since, until, starts, ends, zeros, used, plain = self._lists
        if span > 0 and since <= at < until:
            i = bisect_right(starts, at) - 1
            end = ends[i]
            need = (at if at < end else end) + zeros[i] + span  # noqa: FURB136  min() would be a tenth of the time
            if need <= used[-1]:
                due = need - zeros[bisect_left(used, need) - 1]
                return due if plain else self._settled(at, due)
        return self._add_further(at, span)

    def sub(self, at: Instant, span: Span) -> Instant:
        """Return the last instant from which `span` of working time leads up to `at`; the mirror of `add`.

        Nothing to go back is the last instant up to `at` at which the clock ran or had just stopped. Raises
        NoWorkingTime if nothing was open for 366 days before that, ValueError for a negative span.
        """
        _refuse_negative(span)
        table = self._covering(at, at)
        while (have := table.used_at(at)) < max(span, 1):
            table = self._earlier(table, at)
        if span == 0:
            came = min(at, table.ends[bisect_left(table.starts, at) - 1])
        else:
            came = have - span - table.zeros[bisect_right(table.used, have - span) - 1]
        table.refuse_gap(came, at)
        return came

    def between(self, start: Instant, end: Instant) -> Span:
        """Return the working time from `start` to `end`; 0 if end <= start."""
        since, until, starts, ends, zeros, _, _ = self._lists
        if since <= start < end < until:
            i = bisect_right(starts, start) - 1
            j = bisect_right(starts, end) - 1
            first, last = ends[i], ends[j]
            before = (start if start < first else first) + zeros[i]  # noqa: FURB136  as in add
            return (end if end < last else last) + zeros[j] - before  # noqa: FURB136
        if end <= start:
            return 0
        table = self._covering(start, end)
        return table.used_at(end) - table.used_at(start)

    def is_open(self, at: Instant) -> bool:
        """Return whether the clock runs at `at`; the closing instant itself is closed."""
        table = self._covering(at, at)
        return at < table.ends[bisect_right(table.starts, at) - 1]

    def next_open(self, at: Instant) -> Instant:
        """Return the first instant from `at` on at which the clock runs; raises NoWorkingTime."""
        table = self._covering(at, at)
        while table.ends[-1] <= at:
            table = self._later(table, at)
        opened = max(at, table.starts[bisect_right(table.ends, at)])
        table.refuse_gap(at, opened)
        return opened

    def add_days(self, at: Instant, days: int) -> Instant:
        """Return `at`'s time of day `days` working dates later, or the next opening if that is closed.

        For promises in dates; the desk's own working days are hours (D6) and use `add`. Raises NoWorkingTime
        if no date is worked for 366 days, ValueError for a negative number.
        """
        if days < 0:
            raise ValueError(f"{days} is no number of working days")
        local = self._local(at)
        day = last = local.date()
        while days > 0:
            day += timedelta(days=1)
            if day - last > timedelta(milliseconds=HORIZON):
                raise NoWorkingTime(f"no working day in the 366 days after {last.isoformat()}")
            if day.year > LAST_YEAR:
                raise _no_more_years()
            if self._windows(day):
                last, days = day, days - 1
        return self.next_open(from_datetime(datetime.combine(last, local.time(), self._zone)))

    def closed_days(self, start: Instant, end: Instant) -> tuple[Day, ...]:
        """Return the days of the calendar files between two instants on which this clock stood still.

        Only days on which it would have run otherwise: a holiday on a day off costs nobody anything.
        """
        first, last = self._local(start).date(), self._local(end).date()
        return tuple(
            day
            for number in range(first.year, last.year + 1)
            for when, day in sorted(self._deciding(number).items())
            if first <= when <= last and self._weekly(when) and not self._windows(when)
        )

    def _add_further(self, at: Instant, span: Span) -> Instant:
        """Add where the table does not reach yet: grow it until it does."""
        if span <= 0:
            _refuse_negative(span)
            return self.next_open(at)
        table = self._covering(at, at)
        while table.used_at(at) + span > table.used[-1]:
            table = self._later(table, at)
        return self.add(at, span)

    def _settled(self, at: Instant, due: Instant) -> Instant:
        self._covering(at, due - 1).refuse_gap(at, due)
        return self.next_open(due) if self._hours.boundary == "next_open" else due

    def _covering(self, start: Instant, end: Instant) -> _Table:
        table = self._table
        if table is not None and table.since <= start and end < table.until:
            return table
        first, last = self._local(start).year, self._local(end).year
        return self._build(min(first, table.first) if table else first, max(last, table.last) if table else last)

    def _later(self, table: _Table, at: Instant) -> _Table:
        closed = max(at, table.ends[-1])
        if table.until - closed > HORIZON:
            raise _closed_for_good("after", closed)
        if table.last >= LAST_YEAR:
            raise _no_more_years()
        return self._build(table.first, table.last + 1)

    def _earlier(self, table: _Table, at: Instant) -> _Table:
        opened = min([at, *table.starts[1:]])
        if opened - table.since > HORIZON:
            raise _closed_for_good("before", opened)
        if table.first <= FIRST_YEAR:
            raise _no_more_years()
        return self._build(table.first - 1, table.last)

    def _build(self, first: int, last: int) -> _Table:
        """Put a table together and keep it; two threads that do so at once keep tables that agree."""
        since, until = _midnight(first, self._zone), _midnight(last + 1, self._zone)
        eve = date(first - 1, 12, 31)
        years = [interval for number in range(first, last + 1) for interval in self._year(number)]
        merged = [(since, since), *_merged([*self._intervals(eve, eve), *years], since, until)]
        starts, ends = [start for start, _ in merged], [end for _, end in merged]
        used = list(accumulate((end - start for start, end in merged), initial=0))
        zeros = list(map(sub, used, starts))
        closed = pairwise([*merged, (until, until)])
        gaps = tuple((end, start) for (_, end), (start, _) in closed if start - end > HORIZON)
        self._table = table = _Table(first, last, since, until, starts, ends, zeros, used, gaps)
        self._lists = (since, until, starts, ends, zeros, used, not gaps and self._hours.boundary == "close")
        return table

    def _year(self, number: int) -> tuple[Interval, ...]:
        if number not in self._by_year:
            self._by_year[number] = self._intervals(date(number, 1, 1), date(number, 12, 31))
        return self._by_year[number]

    def _intervals(self, first: date, last: date) -> tuple[Interval, ...]:
        """Return the open intervals of the windows that start on these dates, in UTC."""
        walls: list[Interval] = []
        for ordinal in range(first.toordinal(), last.toordinal() + 1):
            midnight = (ordinal - _EPOCH_DAY) * DAY
            for start, end in self._windows(date.fromordinal(ordinal)):
                length = end - start if end > start else end - start + 24 * 60
                walls.append((midnight + start * MINUTE, midnight + (start + length) * MINUTE))
        return _from_walls(walls, self._zone)

    def _windows(self, day: date) -> tuple[Window, ...]:
        special = self._deciding(day.year).get(day)
        if special is None:
            return self._weekly(day)
        if special.works_like is not None:
            return self._hours.weekly.get(special.works_like, ())
        return special.windows or ()

    def _weekly(self, day: date) -> tuple[Window, ...]:
        return self._hours.weekly.get(WEEKDAYS[day.weekday()], ())

    def _deciding(self, number: int) -> dict[date, Day]:
        """Return the special days of a year that concern this clock, one for a date."""
        if number not in self._special:
            concerning = [day for day in self._days.year(number).days if self._concerns(day)]
            concerning.sort(key=lambda day: _GOES_BEFORE.index(day.kind))
            self._special[number] = {day.date: day for day in concerning}
        return self._special[number]

    def _concerns(self, day: Day) -> bool:
        if day.kind == "override":
            return self._name in day.hours
        return ("holiday" if day.kind == "makeup" else day.kind) in self._hours.closed_on

    def _local(self, at: Instant) -> datetime:
        """Return an instant on the wall clock of the zone; raises ValueError outside the years that are known."""
        try:
            local = to_datetime(at).astimezone(self._zone)
        except OverflowError as error:
            raise ValueError(f"{at} ms is no instant of this calendar") from error
        if not FIRST_YEAR <= local.year <= LAST_YEAR:
            raise ValueError(f"{at} ms is in {local.year}; calendars reach from {FIRST_YEAR} to {LAST_YEAR}")
        return local


def calendar_of(hours: Hours, zone: ZoneInfo, days: Days, name: str = "") -> Calendar:
    """Return the calendar of these hours; equal ones share their table in this process.

    `name` is what the policy calls the hours; it makes a difference only where a day overrides them by it.
    """
    name = name if name in days.overridden else ""
    return _cached(_Plan(f"{hours.model_dump_json()}\n{zone.key}\n{days.digest}\n{name}", hours, zone, days, name))


@dataclass(frozen=True)
class _Plan:
    key: str
    hours: Hours = field(compare=False)
    zone: ZoneInfo = field(compare=False)
    days: Days = field(compare=False)
    name: str = field(compare=False)


@lru_cache(maxsize=64)
def _cached(plan: _Plan) -> Calendar:
    return Calendar(plan.hours, plan.zone, plan.days, plan.name)


def _refuse_negative(span: Span) -> None:
    if span < 0:
        raise ValueError(f"{span} ms is no span of working time")


def _closed_for_good(side: str, at: Instant) -> NoWorkingTime:
    return NoWorkingTime(f"no working time in the 366 days {side} {to_datetime(at).isoformat()}")


def _no_more_years() -> NoWorkingTime:
    return NoWorkingTime(f"calendars reach from {FIRST_YEAR} to {LAST_YEAR}; that much working time leads out of them")


def _midnight(year: int, zone: ZoneInfo) -> Instant:
    return from_datetime(datetime(year, 1, 1, tzinfo=zone))


def _merged(intervals: Iterable[Interval], since: Instant, until: Instant) -> list[Interval]:
    """Return the union of intervals, sorted, inside [since, until)."""
    merged: list[Interval] = []
    for start, end in sorted(intervals):
        low, high = max(start, since), min(end, until)
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return merged


def _from_walls(walls: list[Interval], zone: ZoneInfo) -> tuple[Interval, ...]:
    """Return the instants at which the wall clock stands inside the windows.

    Between two changes of the zone's offset the wall clock is UTC plus a constant. An hour that the zone
    skips is no working time; one that it repeats counts twice, because people sit there twice.
    """
    if not walls:
        return ()
    walls = sorted(walls)
    found: list[Interval] = []
    last = max(end for _, end in walls)
    for since, until, offset in _offsets(walls[0][0] - DAY, last + DAY, zone):  # no offset is as long as a day
        for wall_start, wall_end in walls:
            start, end = max(wall_start - offset, since), min(wall_end - offset, until)
            if start < end:
                found.append((start, end))
    return tuple(found)


def _offsets(since: Instant, until: Instant, zone: ZoneInfo) -> Iterator[tuple[Instant, Instant, Span]]:
    """Yield stretches of one offset to UTC, in ms. No zone changes its offset twice within a day."""
    start, offset = since, _offset(since, zone)
    day = since
    while day < until:
        after = min(day + DAY, until)
        changed = _offset(after, zone)
        if changed != offset:
            low, high = day, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset(middle, zone) == offset else (low, middle)
            yield start, high, offset
            start, offset = high, changed
        day = after
    yield start, until, offset


def _offset(at: Instant, zone: ZoneInfo) -> Span:
    return int((zone.utcoffset(to_datetime(at).astimezone(zone)) or timedelta()).total_seconds()) * SECOND
