"""How a scenario writes its times: on the desk's wall clock, or counted from the first contact."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import PlainValidator, WithJsonSchema

from bot.sla.instants import HOUR, MINUTE, Instant, Span, from_datetime
from bot.sla.shapes import parse_duration

FORMS = "write it like 2026-03-07T16:30, +15m, +1h 10m or +0:15"

_CLOCK = re.compile(r"(\d{1,4}):([0-5]\d)")


@dataclass(frozen=True)
class Moment:
    """A time as written: either `after` the first contact (ms, may be negative) or at a `wall` clock time."""

    after: Span | None = None
    wall: datetime | None = None
    """Naive: in the desk's zone."""

    def instant(self, first: Instant, zone: ZoneInfo) -> Instant:
        """Return the instant, `first` being the first contact."""
        if self.wall is None:
            return first + (self.after or 0)
        return wall_instant(self.wall, zone)


def wall_instant(wall: datetime, zone: ZoneInfo) -> Instant:
    """Return the instant of a time on the wall clock of `zone`, or of its own offset if it names one.

    Raises ValueError for a time that the zone skips.
    """
    if wall.tzinfo is not None:
        return from_datetime(wall)
    aware = wall.replace(tzinfo=zone)
    if aware.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValueError(f"{wall.isoformat()} is skipped by the clocks of {zone.key}")
    return from_datetime(aware)


def parse_moment(text: object) -> Moment:
    """Read a time of a scenario; raises ValueError that says the form."""
    if isinstance(text, Moment):
        return text
    if not isinstance(text, str):
        raise ValueError(f"{text!r} is not a time; {FORMS}, in quotes")  # noqa: TRY004  pydantic's own kind
    sign = text[:1]
    if sign not in ("+", "-"):
        return Moment(wall=parse_wall(text))
    rest = text[1:].strip()
    clock = _CLOCK.fullmatch(rest)
    try:
        span = int(clock[1]) * HOUR + int(clock[2]) * MINUTE if clock else parse_duration(rest)
    except ValueError:
        raise ValueError(f"{text!r} is not a time; {FORMS}") from None
    return Moment(after=-span if sign == "-" else span)


def parse_wall(text: str) -> datetime:
    """Read a time on the wall clock; raises ValueError that says the form."""
    try:
        if len(text) > len("2026-03-07"):
            return datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    raise ValueError(f"{text!r} is not a time; {FORMS}")


When: TypeAlias = Annotated[
    Moment,
    PlainValidator(parse_moment),
    WithJsonSchema(
        {
            "type": "string",
            "description": "2026-03-07T16:30 on the desk's clock, or +15m, +1h 10m, +0:15, -10m from the first contact",
            "examples": ["+15m", "+1h 10m", "+0:15", "2026-03-07T16:30"],
        }
    ),
]
