"""Instants and spans are whole milliseconds inside the rules; aware datetimes exist at the edge only.

Integers compare exactly, survive JSON and Lua unchanged, and have no daylight-saving traps.
"""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int  # milliseconds since 1970-01-01T00:00Z
Span: TypeAlias = int  # a length of time in milliseconds

SECOND: Span = 1_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def from_datetime(moment: datetime) -> Instant:
    """Return the instant of an aware datetime, its microseconds cut off; raises ValueError for a naive one."""
    try:
        since = moment - _EPOCH
    except TypeError as error:
        raise ValueError(f"{moment.isoformat()} has no time zone; write it with +07:00 or Z") from error
    # field by field: a third of the time of dividing by a timedelta, and as exact
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000


def to_datetime(instant: Instant) -> datetime:
    """Return the aware UTC datetime of an instant; raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + instant * _MS
