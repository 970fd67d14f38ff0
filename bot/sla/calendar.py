"""Working time: when a clock runs, as a sorted table of open intervals in whole milliseconds.

A clock runs while the wall clock of its zone stands inside a window of a day that is not closed. The tail
of a window that goes over midnight belongs to the day on which it started. The table holds whole years and
grows when an instant outside it is asked for, so an answer is never guessed. Source: product.md D4-D6.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
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

Interval = tuple[Instant, Instant]


@dataclass(frozen=True)
class _Table:
    """Open intervals of the years `first` to `last`, cut at `since` and `until`; used[i] is the time before i."""

    first: int
    last: int
    since: Instant
    until: Instant
    starts: tuple[Instant, ...]
    ends: tuple[Instant, ...]
    used: tuple[Span, ...]

    def used_at(self, at: Instant) -> Span:
        i = bisect_right(self.starts, at) - 1
        return 0 if i < 0 else self.used[i] + min(at, self.ends[i]) - self.starts[i]


class Calendar:
    """When a clock runs. Instants are UTC ms, spans are working ms. Unchangeable from outside."""

    def __init__(self, hours: Hours, zone: ZoneInfo, days: Days = ORDINARY) -> None:
        self._hours = hours
        self._zone = zone
        self._days = days
        self._by_year: dict[int, tuple[Interval, ...]] = {}
        self._table: _Table | None = None

    def add(self, at: Instant, span: Span) -> Instant:
        """Return the instant at which `span` of working time after `at` is used up.

        Time that runs out exactly at closing is due at closing, or at the next opening where the hours say
        `boundary: next_open` (D6). Nothing to use up is the first open instant from `at` on. Raises
        NoWorkingTime if nothing opens for 366 days before that, ValueError for a negative span.
        """
        if span <= 0:
            _refuse_negative(span)
            return self.next_open(at)
        table = self._covering(at, at)
        while (need := table.used_at(at) + span) > table.used[-1]:
            table = self._later(table, at)
        i = bisect_left(table.used, need) - 1
        end = table.starts[i] + need - table.used[i]
        if end == table.ends[i] and self._hours.boundary == "next_open":
            return self.next_open(end)
        return end

    def sub(self, at: Instant, span: Span) -> Instant:
        """Return the instant from which `span` of working time leads up to `at`; the mirror of `add`.

        Nothing to go back is the last instant up to `at` at which the clock ran or had just stopped.
        """
        _refuse_negative(span)
        table = self._covering(at, at)
        while (have := table.used_at(at)) < max(span, 1):
            table = self._earlier(table, at)
        if span == 0:
            i = bisect_left(table.starts, at) - 1
            return min(at, table.ends[i])
        rest = have - span
        i = bisect_right(table.used, rest) - 1
        return table.starts[i] + rest - table.used[i]

    def between(self, start: Instant, end: Instant) -> Span:
        """Return the working time from `start` to `end`; 0 if end <= start."""
        if end <= start:
            return 0
        table = self._covering(start, end)
        return table.used_at(end) - table.used_at(start)

    def is_open(self, at: Instant) -> bool:
        """Return whether the clock runs at `at`; the closing instant itself is closed."""
        table = self._covering(at, at)
        i = bisect_right(table.starts, at) - 1
        return i >= 0 and at < table.ends[i]

    def next_open(self, at: Instant) -> Instant:
        """Return the first instant from `at` on at which the clock runs; raises NoWorkingTime."""
        table = self._covering(at, at)
        while not table.ends or table.ends[-1] <= at:
            table = self._later(table, at)
        return max(at, table.starts[bisect_right(table.ends, at)])

    def add_days(self, at: Instant, days: int) -> Instant:
        """Return `at`'s time of day `days` working dates later, or the next opening if that is closed.

        For promises in dates; the desk's own working days are hours (D6) and use `add`.
        """
        local = to_datetime(at).astimezone(self._zone)
        day, last = local.date(), local.date()
        while days > 0:
            day += timedelta(days=1)
            if (day - last) > timedelta(milliseconds=HORIZON):
                raise NoWorkingTime(f"no working day in the 366 days after {last.isoformat()}")
            if self._windows(day):
                last, days = day, days - 1
        wall = datetime.combine(last, local.time(), self._zone)
        return self.next_open(from_datetime(wall.astimezone(UTC)))

    def closed_days(self, start: Instant, end: Instant) -> tuple[Day, ...]:
        """Return the days of the calendar files between two instants on which this clock stood still.

        Only days on which it would have run otherwise: a holiday on a day off costs nobody anything.
        """
        first, last = self._local_date(start), self._local_date(end)
        return tuple(
            day
            for number in range(first.year, last.year + 1)
            for day in sorted(self._days.year(number).days, key=lambda day: day.date)
            if first <= day.date <= last and self._closes(day) and self._weekly(day.date)
        )

    def _covering(self, start: Instant, end: Instant) -> _Table:
        table = self._table
        if table is not None and table.since <= start and end < table.until:
            return table
        first, last = self._local_date(start).year, self._local_date(end).year
        return self._build(min(first, table.first) if table else first, max(last, table.last) if table else last)

    def _later(self, table: _Table, at: Instant) -> _Table:
        open_until = max(at, table.ends[-1]) if table.ends else at
        if table.until - open_until > HORIZON or table.last >= LAST_YEAR:
            raise NoWorkingTime(f"no working time in the 366 days after {to_datetime(open_until).isoformat()}")
        return self._build(table.first, table.last + 1)

    def _earlier(self, table: _Table, at: Instant) -> _Table:
        open_since = min(at, table.starts[0]) if table.starts else at
        if open_since - table.since > HORIZON or table.first <= FIRST_YEAR:
            raise NoWorkingTime(f"no working time in the 366 days before {to_datetime(open_since).isoformat()}")
        return self._build(table.first - 1, table.last)

    def _build(self, first: int, last: int) -> _Table:
        """Put a table together and keep it; two threads that do so at once keep equal ones."""
        since, until = _midnight(first, self._zone), _midnight(last + 1, self._zone)
        eve = self._intervals(date(first - 1, 12, 31), date(first - 1, 12, 31))
        years = [interval for number in range(first, last + 1) for interval in self._year(number)]
        merged = tuple(_merged([*eve, *years], since, until))
        table = _Table(
            first=first,
            last=last,
            since=since,
            until=until,
            starts=tuple(start for start, _ in merged),
            ends=tuple(end for _, end in merged),
            used=tuple(accumulate((end - start for start, end in merged), initial=0)),
        )
        self._table = table
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
        for special in self._days.year(day.year).days:
            if special.date != day:
                continue
            if self._closes(special):
                return ()
            if special.kind == "makeup" and "holiday" in self._hours.closed_on:
                if special.windows is not None:
                    return special.windows
                return self._hours.weekly.get(special.works_like or "mon", ())
        return self._weekly(day)

    def _weekly(self, day: date) -> tuple[Window, ...]:
        return self._hours.weekly.get(WEEKDAYS[day.weekday()], ())

    def _closes(self, day: Day) -> bool:
        return day.kind in self._hours.closed_on

    def _local_date(self, at: Instant) -> date:
        try:
            day = to_datetime(at).astimezone(self._zone).date()
        except OverflowError as error:
            raise ValueError(f"{at} ms is no instant of this calendar") from error
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValueError(f"{at} ms is in {day.year}; calendars reach from {FIRST_YEAR} to {LAST_YEAR}")
        return day


def calendar_of(hours: Hours, zone: ZoneInfo, days: Days) -> Calendar:
    """Return the calendar of these hours; equal ones share their table in this process."""
    return _cached(_Plan(f"{hours.model_dump_json()}\n{zone.key}\n{days.digest}", hours, zone, days))


@dataclass(frozen=True)
class _Plan:
    key: str
    hours: Hours = field(compare=False)
    zone: ZoneInfo = field(compare=False)
    days: Days = field(compare=False)


@lru_cache(maxsize=64)
def _cached(plan: _Plan) -> Calendar:
    return Calendar(plan.hours, plan.zone, plan.days)


def _refuse_negative(span: Span) -> None:
    if span < 0:
        raise ValueError(f"{span} ms is no span of working time")


def _midnight(year: int, zone: ZoneInfo) -> Instant:
    return from_datetime(datetime(year, 1, 1, tzinfo=zone).astimezone(UTC))


def _merged(intervals: Iterable[Interval], since: Instant, until: Instant) -> Iterator[Interval]:
    """Yield the union of intervals, sorted, inside [since, until)."""
    start: Instant | None = None
    end: Instant = 0
    for next_start, next_end in sorted(intervals):
        low, high = max(next_start, since), min(next_end, until)
        if low >= high:
            continue
        if start is not None and low <= end:
            end = max(end, high)
            continue
        if start is not None:
            yield start, end
        start, end = low, high
    if start is not None:
        yield start, end


def _from_walls(walls: list[Interval], zone: ZoneInfo) -> tuple[Interval, ...]:
    """Return the instants at which the wall clock stands inside the windows.

    Between two changes of the zone's offset the wall clock is UTC plus a constant. An hour that the zone
    skips is no working time; one that it repeats counts twice, because people sit there twice.
    """
    if not walls:
        return ()
    walls = sorted(walls)
    found: list[Interval] = []
    for since, until, offset in _offsets(walls[0][0] - 2 * DAY, max(end for _, end in walls) + 2 * DAY, zone):
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
