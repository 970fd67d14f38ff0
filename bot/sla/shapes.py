"""The small value types that policy, roster and calendar files are written with."""

import re
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from bot.sla.instants import DAY, HOUR, MINUTE, SECOND, Span

Channel: TypeAlias = Literal["teams", "mail", "phone"]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class Frozen(BaseModel):
    """A value read from a file: unknown keys are faults, nothing changes after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def parse_duration(text: object) -> Span:
    """Read `30m`, `16h`, `90s` or `1h 30m` as milliseconds; raises ValueError that says the form."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    parts = _DURATION.findall(str(text))
    if not parts or _DURATION.sub("", str(text)).strip():
        raise ValueError(f"{text!r} is not a duration; write it like 30m, 16h or 1h 30m")
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def parse_share(text: object) -> int:
    """Read `50%` as 50, a whole percentage of the target; raises ValueError that says the form."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = re.fullmatch(r"(\d{1,3})\s*%", str(text))
    if not match:
        raise ValueError(f"{text!r} is not a share of the target; write it like 50%")
    return int(match[1])


def parse_minute_of_day(text: object) -> int:
    """Read `08:00` as minutes since midnight; `24:00` is the end of the day."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text  # YAML 1.1 habits: an unquoted 08:00 never reaches us as int with the 1.2 reader
    match = _CLOCK.fullmatch(str(text))
    if not match:
        raise ValueError(f"{text!r} is not a time of day; write it in quotes like '08:00' or '24:00'")
    return 24 * 60 if str(text) == "24:00" else int(match[1]) * 60 + int(match[2])


def parse_window(text: object) -> object:
    """Read `08:00-12:00` as a pair of times; a window that ends at or before its start goes over midnight."""
    if not isinstance(text, str):
        return text
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is not a window; write it like '08:00-12:00'")
    return (parse_minute_of_day(start.strip()), parse_minute_of_day(end.strip()))


Duration: TypeAlias = Annotated[Span, BeforeValidator(parse_duration)]
Share: TypeAlias = Annotated[int, BeforeValidator(parse_share)]
Window: TypeAlias = Annotated[tuple[int, int], BeforeValidator(parse_window)]
"""Minutes since midnight: (start, end). end <= start goes over midnight and belongs to its first day."""
Percent: TypeAlias = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=6),
    PlainSerializer(float, return_type=float, when_used="json"),
]
"""Exactly what was written, so that 99.8 can be compared without a doubt. JSON has it as the shortest number, in which
nine digits survive both ways, and `2`, `2.0` and `"2.00"` look alike: a policy's hash is taken over that."""
