"""The receipt of a clock: every stretch from the first contact on, whether it was charged, and by which rule.

It has no clock of its own. The state of a stretch is what `read_clock` says after the events up to it, and its
minutes are the calendar's, so a receipt cannot tell another story than the deadline. Source: product.md D1, D4-D9.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from bot.sla.calendar import Calendar
from bot.sla.clock import ClockEvent, Reading, read_clock
from bot.sla.days import ORDINARY, Day, Days
from bot.sla.instants import DAY, Instant, Span, from_datetime, to_datetime
from bot.sla.policy import Policy
from bot.sla.shapes import WEEKDAYS

RowKind: TypeAlias = Literal["running", "closed", "paused", "suspended", "waiting_for_notice", "resolved"]


@dataclass(frozen=True)
class Rule:
    """What a row rests on: a decision of the product, and the line of the policy or calendar file that has it."""

    decision: str
    key: str = ""
    """Such as `hours.office.closed_on: holiday`; empty where the contract leaves a desk no choice."""


@dataclass(frozen=True)
class Row:
    """A stretch of one kind, from `start` (included) to `end`."""

    start: Instant
    end: Instant
    kind: RowKind
    priority: str
    hours: str
    """Name of the policy's hours that applied."""
    rule: Rule
    charged: Span = 0
    used: Span = 0
    """Of the whole measure, when the row ends."""
    stood: Span = 0
    """Working time that a pause, a suspension or a missing notice kept from the clock."""
    over: bool = False
    """The target was used up before the row began."""
    day: Day | None = None
    """`closed`: the day of the calendar files that closes it; None: outside the weekly hours."""
    pauses: tuple[int, ...] = ()
    """Numbers of the pauses that were open, whatever the kind says."""
    suspensions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """One time that the clock was run from nothing: from the first contact, or from a worsening (D7)."""

    start: Instant
    end: Instant
    began: Literal["first_contact", "worsened"]
    priority: str
    """The last of the measure: a correction applies from its start."""
    target: Span
    rows: tuple[Row, ...]

    @property
    def used(self) -> Span:
        """Return the working time charged."""
        return self.rows[-1].used if self.rows else 0


def measures_of(
    events: tuple[ClockEvent, ...],
    policy: Policy,
    calendars: Mapping[str, Calendar],
    now: Instant,
    *,
    zone: ZoneInfo,
    days: Days = ORDINARY,
) -> tuple[Measure, ...]:
    """Return the measures of a clock up to `now`, or to the resolution or merge that stands; the last one counts.

    The rows of a measure follow each other without gap or overlap; measures too. `now` before the last event is
    taken as that event's time. Raises ValueError if there is no start.
    """
    ordered = tuple(sorted(events, key=attrgetter("at")))
    first = next((i for i, event in enumerate(ordered) if event.kind == "start"), None)
    if first is None:
        raise ValueError("a clock without a start")
    book = _Book(policy, calendars, zone, days)
    starts = [i for i, event in enumerate(ordered) if i == first or (i > first and event.kind == "worsened")]
    ends = [*starts[1:], len(ordered)]
    now = max(now, ordered[-1].at)
    measures = [_measure(book, ordered, i, j, now) for i, j in zip(starts, ends, strict=True)]
    present = read_clock(ordered, policy.priorities, calendars)
    if present.resolved_at is not None or present.merged:
        measures[-1] = _without_afterwards(measures[-1])
    return tuple(measures)


@dataclass(frozen=True)
class _Book:
    policy: Policy
    calendars: Mapping[str, Calendar]
    zone: ZoneInfo
    days: Days


def _measure(book: _Book, ordered: tuple[ClockEvent, ...], first: int, after: int, now: Instant) -> Measure:
    """Return the measure that begins with event `first` and ends before event `after`."""
    pieces: list[Row] = []
    for i in range(first, after):
        start = ordered[i].at
        end = ordered[i + 1].at if i + 1 < len(ordered) else now
        if end > start:
            pieces += _stretch(book, ordered[: i + 1], start, end)
    reading = read_clock(ordered[:after], book.policy.priorities, book.calendars)
    return Measure(
        start=ordered[first].at,
        end=ordered[after].at if after < len(ordered) else now,
        began="first_contact" if ordered[first].kind == "start" else "worsened",
        priority=reading.priority,
        target=reading.target,
        rows=tuple(_counted(_joined(pieces), reading.target)),
    )


def _stretch(book: _Book, until: tuple[ClockEvent, ...], start: Instant, end: Instant) -> list[Row]:
    """Return the rows of a stretch in which nothing happened: `until` are the events up to it."""
    reading = read_clock(until, book.policy.priorities, book.calendars)
    name = book.policy.priorities[reading.priority].hours
    calendar = book.calendars[name]
    kind, rule = _standing(reading)
    row = Row(
        start, end, kind, reading.priority, name, rule,
        pauses=tuple(reading.pauses), suspensions=_suspensions(until),
    )  # fmt: skip
    if kind != "running":
        stood = 0 if kind == "resolved" else calendar.between(start, end)
        return [replace(row, stood=stood)]
    return list(_by_the_calendar(book, row, calendar))


def _standing(reading: Reading) -> tuple[RowKind, Rule]:
    """Return why the clock stands, the weightiest reason; `running` if it does not."""
    if reading.resolved_at is not None or reading.merged:
        return "resolved", Rule("D9")
    if reading.suspended:
        return "suspended", Rule("D8")
    if reading.waits_for_notice:
        return "waiting_for_notice", Rule("D1", f"priorities.{reading.priority}.clock_starts: notice")
    if reading.pauses:
        return "paused", Rule("D8")
    return "running", Rule("")


def _suspensions(until: tuple[ClockEvent, ...]) -> tuple[str, ...]:
    standing: dict[str, None] = {}
    for event in until:
        if event.kind == "suspend":
            standing[event.reason] = None
        elif event.kind == "agree":
            standing.pop(event.reason, None)
    return tuple(standing)


def _by_the_calendar(book: _Book, row: Row, calendar: Calendar) -> Iterator[Row]:
    """Yield the open and closed parts of a stretch in which the clock would run."""
    hours = book.policy.hours[row.hours]
    open_rule = Rule("D6" if "holiday" in hours.closed_on else "D4", f"priorities.{row.priority}.hours: {row.hours}")
    at = row.start
    while at < row.end:
        opened = calendar.next_open(at) if calendar.between(at, row.end) else row.end
        yield from _closed(book, replace(row, start=at, end=opened), calendar)
        at = _closing(calendar, opened, row.end)
        if at > opened:
            yield replace(row, start=opened, end=at, rule=open_rule, charged=at - opened)


def _closing(calendar: Calendar, opened: Instant, end: Instant) -> Instant:
    """Return until when the calendar stays open from `opened` on, at most `end`."""
    moments = range(opened + 1, end + 1)
    return opened + bisect_left(moments, True, key=lambda at: calendar.between(opened, at) < at - opened)


def _closed(book: _Book, row: Row, calendar: Calendar) -> Iterator[Row]:
    """Yield a stretch of closed hours in parts: the days of the calendar files by name, and what lies around them."""
    at = row.start
    if at >= row.end:
        return
    outside = replace(row, kind="closed", rule=Rule("D6", f"hours.{row.hours}.weekly"))
    for start, end, day in _special_days(book, row, calendar):
        low, high = max(start, at), min(end, row.end)
        if high <= low:
            continue
        if low > at:
            yield replace(outside, start=at, end=low)
        yield replace(outside, start=low, end=high, rule=_day_rule(row.hours, day), day=day)
        at = high
    if at < row.end:
        yield replace(outside, start=at)


def _day_rule(hours: str, day: Day) -> Rule:
    if day.kind == "override":
        return Rule("D5", f"calendars.{day.date.isoformat()}: override")
    return Rule("D4" if day.kind == "tet" else "D5", f"hours.{hours}.closed_on: {day.kind}")


def _special_days(book: _Book, row: Row, calendar: Calendar) -> Iterator[tuple[Instant, Instant, Day]]:
    """Yield the days that close this clock, and until when: a shift that they cancel may end on the next morning."""
    closing = {day.date: day for day in calendar.closed_days(row.start - DAY, row.end - 1)}
    first, last = ((to_datetime(at).astimezone(book.zone)).date() for at in (row.start - DAY, row.end))
    for year in range(first.year, last.year + 1):
        for day in book.days.year(year).days:
            if day.kind == "override" and row.hours in day.hours and first <= day.date <= last:
                closing[day.date] = day  # one that only shortens a day is its reason all the same
    weekly = book.policy.hours[row.hours].weekly
    for when, day in sorted(closing.items()):
        windows = weekly.get(WEEKDAYS[when.weekday()], ())
        tail = max((end for start, end in windows if end <= start), default=0)
        yield _wall(when, 0, book.zone), _wall(when, 24 * 60 + tail, book.zone), day


def _wall(day: date, minutes: int, zone: ZoneInfo) -> Instant:
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)
    return from_datetime(wall.astimezone(UTC))


def _joined(pieces: list[Row]) -> list[Row]:
    """Return the rows, those that differ in their times only put together."""
    rows: list[Row] = []
    for piece in pieces:
        last = rows[-1] if rows else None
        if last is not None and piece == replace(
            last, start=piece.start, end=piece.end, charged=piece.charged, stood=piece.stood
        ):
            rows[-1] = replace(
                last, end=piece.end, charged=last.charged + piece.charged, stood=last.stood + piece.stood
            )
        else:
            rows.append(piece)
    return rows


def _counted(rows: list[Row], target: Span) -> Iterator[Row]:
    """Yield the rows with what was used when they end; one in which the target runs out is cut there."""
    used: Span = 0
    for row in rows:
        left = target - used
        if 0 < left < row.charged:
            cut = row.start + left
            yield replace(row, end=cut, charged=left, used=target)
            yield replace(row, start=cut, charged=row.charged - left, used=used + row.charged, over=True)
        else:
            yield replace(row, used=used + row.charged, over=left <= 0)
        used += row.charged


def _without_afterwards(measure: Measure) -> Measure:
    """Return the last measure up to the resolution: what comes after it is nobody's time."""
    rows = measure.rows
    end = measure.end
    while rows and rows[-1].kind == "resolved":
        end, rows = rows[-1].start, rows[:-1]
    return replace(measure, end=end, rows=rows)
