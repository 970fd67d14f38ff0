"""Times of day as instants: what the clock on the wall of a zone has reached, and when.

A time of day that a change of the clocks skips is reached at the change; one that it repeats is reached the first
time. So two windows that meet on the wall meet in time, and nobody is uncovered between them.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.sla.instants import DAY, Instant, Span, from_datetime, to_datetime


def local_date(at: Instant, zone: ZoneInfo) -> date:
    """Return the date on the calendar of `zone` at an instant."""
    return to_datetime(at).astimezone(zone).date()


def minute_of_day(at: Instant, zone: ZoneInfo) -> int:
    """Return what the clocks of `zone` show at an instant, in whole minutes since midnight."""
    local = to_datetime(at).astimezone(zone)
    return local.hour * 60 + local.minute


def inside(window: tuple[int, int], minute: int) -> bool:
    """Return whether a minute of the day is in a daily window, which may go over midnight."""
    start, end = window
    return start <= minute < end if start < end else minute >= start or minute < end


@lru_cache(maxsize=16_384)
def reached(day: date, minute: int, zone: ZoneInfo) -> Instant:
    """Return the first instant at which it is `minute` of `day` or later in `zone`; 1440 is the end of the day."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    high = from_datetime(wall)  # fold=0: the first of two
    low = from_datetime(wall.replace(fold=1))
    while high - low > 1:  # before it only where a change of the clocks skips this time of day
        middle = (low + high) // 2
        low, high = (low, middle) if _wall(middle, zone) >= wall.replace(tzinfo=None) else (middle, high)
    return high


def _wall(at: Instant, zone: ZoneInfo) -> datetime:
    return to_datetime(at).astimezone(zone).replace(tzinfo=None)


def clock_changes(since: Instant, until: Instant, zone: ZoneInfo) -> Iterator[tuple[Instant, Span]]:
    """Yield when the clocks of `zone` change between two instants, and how far they go back (negative: forward).

    No zone changes its clocks twice within a day.
    """
    while since < until:
        after = min(since + DAY, until)
        back = _offset(since, zone) - _offset(after, zone)
        if back:
            low, high = since, after
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _offset(middle, zone) != _offset(since, zone) else (middle, high)
            yield high, back
        since = after


def _offset(at: Instant, zone: ZoneInfo) -> Span:
    moment = to_datetime(at).astimezone(zone)
    return from_datetime(moment.replace(tzinfo=UTC)) - at
