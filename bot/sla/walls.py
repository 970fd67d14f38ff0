"""Times of day as instants: what the clock on the wall of a zone has reached, and when.

A time of day that a change of the clocks skips is reached at the change; one that it repeats is reached the first
time. So two windows that meet on the wall meet in time, and nobody is uncovered between them.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.sla.instants import Instant, from_datetime, to_datetime


def local_date(at: Instant, zone: ZoneInfo) -> date:
    """Return the date on the calendar of `zone` at an instant."""
    return to_datetime(at).astimezone(zone).date()


@lru_cache(maxsize=16_384)
def reached(day: date, minute: int, zone: ZoneInfo) -> Instant:
    """Return the first instant at which it is `minute` of `day` or later in `zone`; 1440 is the end of the day."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    at = from_datetime(wall.astimezone(UTC))
    if _wall(at, zone) == wall.replace(tzinfo=None):
        return at  # fold=0: the first of two
    low, high = from_datetime(wall.replace(fold=1).astimezone(UTC)), at
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _wall(middle, zone) >= wall.replace(tzinfo=None) else (middle, high)
    return high


def _wall(at: Instant, zone: ZoneInfo) -> datetime:
    return to_datetime(at).astimezone(zone).replace(tzinfo=None)
