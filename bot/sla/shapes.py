"""The small value types that policy, roster and calendar files are written with."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from bot.sla.instants import DAY, HOUR, MINUTE, SECOND, Span

Channel: TypeAlias = Literal["teams", "mail", "phone"]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_DURATION = re.compile(r"(\d+)\s*(s|m|h|d)")
_TURN = re.compile(r"([1-9]\d{0,3})\s*(d|w)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_CLOCK_PATTERN = r"(([01]\d|2[0-3]):[0-5]\d|24:00)"
_DATE_PATTERN = r"\d{4}-\d{2}-\d{2}"

DURATION_PATTERN = r"^\s*\d+\s*[smhd](\s*\d+\s*[smhd])*\s*$"
SHARE_PATTERN = r"^\d{1,3}\s*%$"
MINUTE_OF_DAY_PATTERN = rf"^{_CLOCK_PATTERN}$"
WINDOW_PATTERN = rf"^\s*{_CLOCK_PATTERN}\s*-\s*{_CLOCK_PATTERN}\s*$"


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


def parse_turn(text: object) -> int:
    """Read `3d` or `2w` as a number of days; raises ValueError that says the form."""
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    match = _TURN.fullmatch(str(text))
    if not match:
        raise ValueError(f"{text!r} is not the length of a turn; write it like 1w or 3d")
    return int(match[1]) * (7 if match[2] == "w" else 1)


def parse_since(text: object) -> object:
    """Read `2026-04-30 08:00` as a date and a minute of it; a date alone is its first minute."""
    return _parse_wall(text, whole_day=0) if isinstance(text, str | date) else text


def parse_until(text: object) -> object:
    """Read `2026-05-03 08:00` as a date and a minute of it; a date alone is included: the midnight after it."""
    return _parse_wall(text, whole_day=24 * 60) if isinstance(text, str | date) else text


def write_duration(span: Span) -> str:
    """Return a duration as people write it; `parse_duration` reads it back."""
    parts = []
    for unit, length in sorted(_UNITS.items(), key=lambda item: -item[1]):
        number, span = divmod(span, length)
        parts += [f"{number}{unit}"] if number else []
    return " ".join(parts) or "0m"


def write_window(window: tuple[int, int]) -> str:
    """Return a window as people write it; `parse_window` reads it back."""
    return "-".join(map(write_minute_of_day, window))


def write_minute_of_day(minute: int) -> str:
    """Return a time of day as people write it; `parse_minute_of_day` reads it back."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _parse_wall(text: str | date, *, whole_day: int) -> tuple[date, int]:
    day, _, clock = str(text).strip().replace("T", " ").partition(" ")
    try:
        written = date.fromisoformat(day)
        minute = parse_minute_of_day(clock.strip()) if clock else whole_day
    except ValueError as error:
        raise ValueError(f"{str(text)!r} is no time; write it like 2026-04-30 or 2026-04-30 08:00") from error
    return (written + timedelta(days=1), 0) if minute == 24 * 60 else (written, minute)


def _written(pattern: str, description: str, *examples: str) -> WithJsonSchema:
    """Say in a JSON schema how people write a value, rather than what it becomes."""
    return WithJsonSchema(
        {"type": "string", "pattern": pattern, "description": description, "examples": list(examples)},
        mode="validation",
    )


Duration: TypeAlias = Annotated[
    Span,
    BeforeValidator(parse_duration),
    _written(DURATION_PATTERN, "a length of time in s, m, h and d (24 hours)", "30m", "16h", "1h 30m"),
]
Share: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_share),
    _written(SHARE_PATTERN, "a share of the target", "50%"),
]
Window: TypeAlias = Annotated[
    tuple[int, int],
    BeforeValidator(parse_window),
    _written(
        WINDOW_PATTERN,
        "from one time of day to another; over midnight it belongs to the day it starts on",
        "08:00-12:00",
        "22:00-06:00",
    ),
]
"""Minutes since midnight: (start, end). end <= start goes over midnight and belongs to its first day."""
MinuteOfDay: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_minute_of_day),
    _written(MINUTE_OF_DAY_PATTERN, "a time of day", "09:00"),
]
Turn: TypeAlias = Annotated[
    int,
    BeforeValidator(parse_turn),
    _written(rf"^{_TURN.pattern}$", "the length of a turn in days or weeks", "1w", "3d"),
]
"""Days."""
Since: TypeAlias = Annotated[
    tuple[date, int],
    BeforeValidator(parse_since),
    _written(
        rf"^{_DATE_PATTERN}([ T]{_CLOCK_PATTERN})?$",
        "a date, from its first minute on, or a time of a date",
        "2026-04-30",
        "2026-04-30 08:00",
    ),
]
"""A date and minutes since its midnight, by the clocks of the desk's zone."""
Until: TypeAlias = Annotated[
    tuple[date, int],
    BeforeValidator(parse_until),
    _written(
        rf"^{_DATE_PATTERN}([ T]{_CLOCK_PATTERN})?$",
        "the last date, or the time of a date at which it is over",
        "2026-05-03",
        "2026-05-03 08:00",
    ),
]
"""A date and minutes since its midnight, itself no longer included."""
Percent: TypeAlias = Annotated[
    Decimal,
    Field(ge=0, le=100, decimal_places=6),
    PlainSerializer(float, return_type=float, when_used="json"),
]
"""Exactly what was written, so that 99.8 can be compared without a doubt. JSON has it as the shortest number, in which
nine digits survive both ways, and `2`, `2.0` and `"2.00"` look alike: a policy's hash is taken over that."""
