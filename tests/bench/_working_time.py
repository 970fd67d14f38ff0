"""What everybody in `./bench calendar` is asked, and how it is timed: shared by ours and the contenders' process."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Protocol, TypeAlias

ZONE = "Asia/Ho_Chi_Minh"
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Windows: TypeAlias = tuple[tuple[int, int], ...]
"""Minutes of the day; an end at or before the start goes over midnight."""


@dataclass(frozen=True)
class Plan:
    """A calendar as plain data: the same windows on each of `weekdays` (Monday is 0), less the closed dates."""

    name: str
    windows: Windows
    weekdays: tuple[int, ...]
    closed: tuple[str, ...] = ()

    def dates(self) -> set[date]:
        return {date.fromisoformat(text) for text in self.closed}


@dataclass(frozen=True)
class Question:
    """One operation on one calendar, with its inputs: (start, span) for add, (start, end) for between, in ms."""

    plan: Plan
    op: str
    inputs: list[tuple[int, int]]
    label: str = ""


class Contender(Protocol):
    """A calendar by somebody's library. What it cannot do raises NotImplementedError when it is built or asked."""

    def moment(self, instant: int, zone: tzinfo) -> datetime:
        """Return an instant as the library likes it, in this zone."""
        ...

    def add(self, moment: datetime, span: Any) -> datetime: ...

    def between(self, start: datetime, end: datetime) -> Any: ...

    def span(self, ms: int) -> Any:
        """Return a length of time as `add` takes it."""
        ...

    def ms(self, answer: Any) -> int:
        """Return what `add` or `between` answered as milliseconds."""
        ...


def draw(seed: int, count: int, second: Callable[[random.Random], int]) -> list[tuple[int, int]]:
    """Return starts on whole seconds of 2025 and 2026, each with what `second` draws."""
    rng = random.Random(seed)
    first = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp())
    return [(rng.randrange(first, first + 700 * 86_400) * 1000, second(rng)) for _ in range(count)]


def ask(contender: Contender, op: str, inputs: Sequence[tuple[int, int]], zone: tzinfo) -> Callable[[], list[Any]]:
    """Return a function that asks every input once; what has to be converted for the library is converted before."""
    moment = contender.moment
    if op == "add":
        add, adds = contender.add, [(moment(start, zone), contender.span(span)) for start, span in inputs]
        return lambda: [add(start, span) for start, span in adds]
    between, pairs = contender.between, [(moment(start, zone), moment(end, zone)) for start, end in inputs]
    return lambda: [between(start, end) for start, end in pairs]


def timed(run: Callable[[], list[Any]], seconds: float) -> tuple[int, float]:
    """Run again and again for at least `seconds`; returns how many answers came in how many seconds.

    Seconds of the processor: all of it is computation, and what else the machine does then is nobody's fault.
    """
    answers, started = 0, time.process_time()
    while True:
        answers += len(run())
        took = time.process_time() - started
        if took >= seconds:
            return answers, took


def aware(instant: int, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(zone)


def since_epoch(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)
