"""What a check says: one line with what was found and, unless all is well, what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "warn", "fail"]
_GRAVITY: tuple[Status, ...] = ("ok", "warn", "fail")
_CHECK_WIDTH = 13
_DAY_S = 86_400
_HOUR_S = 3_600
_MINUTE_S = 60


@dataclass(frozen=True)
class Line:
    """One finding. `warn`: the desk works, and somebody should know; `fail`: it does not do a part of its job."""

    check: str
    status: Status
    found: str
    do: str = ""

    def __str__(self) -> str:
        advice = f" → {self.do}" if self.do else ""
        return f"{self.status:<4}  {self.check:<{_CHECK_WIDTH}}  {self.found}{advice}"


def ok(check: str, found: str) -> Line:
    """Return a line that says that all is well."""
    return Line(check, "ok", found)


def warn(check: str, found: str, do: str) -> Line:
    """Return a line about what somebody should know."""
    return Line(check, "warn", found, do)


def fail(check: str, found: str, do: str) -> Line:
    """Return a line about what does not work."""
    return Line(check, "fail", found, do)


def worst(lines: Sequence[Line]) -> Status:
    """Return the gravest status among lines."""
    return max((line.status for line in lines), key=_GRAVITY.index, default="ok")


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many}"


def age(seconds: float) -> str:
    """Return a span in its largest whole unit."""
    for unit_s, unit in ((_DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= unit_s:
            return f"{int(seconds // unit_s)} {unit}"
    return f"{max(0, int(seconds))} s"
