"""Times as people write them on a form or in an order: `10:05`, `10h05`, with or without a date, in the desk's zone."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sla.instants import HOUR, Instant, from_datetime, to_datetime

_WRITTEN = re.compile(
    r"(\d{1,2})\s?[:hg]\s?(\d{2})(?:\s+(?:ngày|ngay|on)?\s*(\d{1,2})/(\d{1,2})/(\d{4}))?", re.IGNORECASE
)
_YESTERDAY_MAX = 12 * HOUR
"""`23:50`, told after midnight, was yesterday; a time further back is one to come."""


def read_past(text: str, now: Instant, zone: ZoneInfo) -> Instant | None:
    """Return the latest such time up to now; None if the text is no time or it has not come yet."""
    at = _read(text, now, zone)
    if at is None or at <= now:
        return at
    yesterday = _shifted(at, -1, zone)
    return yesterday if not _has_date(text) and now - yesterday <= _YESTERDAY_MAX else None


def read_coming(text: str, now: Instant, zone: ZoneInfo) -> Instant | None:
    """Return the next such time after now; None if the text is no time or its date has passed."""
    at = _read(text, now, zone)
    if at is None or at > now:
        return at
    return None if _has_date(text) else _shifted(at, 1, zone)


def _read(text: str, now: Instant, zone: ZoneInfo) -> Instant | None:
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, day, month, year = match.groups()
    local = to_datetime(now).astimezone(zone)
    try:
        date = datetime(int(year), int(month), int(day), tzinfo=zone) if day else local
        moment = date.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0, fold=0)
        return from_datetime(moment.astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def _shifted(at: Instant, days: int, zone: ZoneInfo) -> Instant:
    """Return the same wall time on another day."""
    local = to_datetime(at).astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    return from_datetime(local.replace(tzinfo=zone).astimezone(UTC))


def _has_date(text: str) -> bool:
    return "/" in text
