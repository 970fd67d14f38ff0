"""The libraries that `./bench calendar` measures beside ours; runs in their own venv and is asked by JSON lines.

Each is used as its documentation says, with all that can be prepared prepared before it is timed.
"""

import json
import signal
import sys
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytz
from business_duration import businessDuration
from businesstimedelta import BusinessTimeDelta, HolidayRule, Rules, WorkDayRule
from opening_hours import OpeningHours, State

from tests.bench._working_time import ZONE, Contender, Plan, ask, aware, since_epoch, timed

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
PATIENCE_S = 5
"""How long one answer may take: there are inputs for which a library never comes back."""


class BusinessTimeDeltas:
    """businesstimedelta: rules that yield the next period. It knows no 24:00; its day ends a microsecond before."""

    def __init__(self, plan: Plan) -> None:
        zone, days = pytz.timezone(ZONE), list(plan.weekdays)
        work = [WorkDayRule(_time(start), _time(end), days, tz=zone) for start, end in plan.windows]
        off = [HolidayRule(plan.dates(), tz=zone)] if plan.closed else []
        self._rules = Rules([*work, *off], tz=zone)
        self.between = self._rules.difference

    def moment(self, instant: int, zone: tzinfo) -> datetime:
        return aware(instant, zone)

    def span(self, ms: int) -> BusinessTimeDelta:
        return BusinessTimeDelta(self._rules, timedelta=timedelta(milliseconds=ms))

    def add(self, moment: datetime, span: BusinessTimeDelta) -> datetime:
        return moment + span

    def ms(self, answer: Any) -> int:
        if isinstance(answer, datetime):
            return since_epoch(answer)
        return round(answer.timedelta / timedelta(milliseconds=1))


class OpeningHoursPy:
    """opening-hours-py, a library in Rust that walks intervals; adding and measuring are sums over them."""

    def __init__(self, plan: Plan) -> None:
        windows = ",".join(f"{_clock(start)}-{_clock(end)}" for start, end in plan.windows)
        weekdays = ",".join(WEEKDAYS[number] for number in plan.weekdays)
        always = plan.windows == ((0, 1440),) and len(plan.weekdays) == len(WEEKDAYS)
        open_at = "24/7" if always else f"{weekdays} {windows}"  # the same, a hundred times as fast
        off = ",".join(f"{day:%Y %b %d}" for day in sorted(plan.dates()))
        self._hours = OpeningHours(open_at + (f"; {off} off" if off else ""), timezone=ZoneInfo(ZONE))

    def moment(self, instant: int, zone: tzinfo) -> datetime:
        return aware(instant, ZoneInfo("UTC") if zone is UTC else zone)  # it takes no other UTC

    def span(self, ms: int) -> timedelta:
        return timedelta(milliseconds=ms)

    def add(self, moment: datetime, span: timedelta) -> datetime:
        for start, end, state, _ in self._hours.intervals(moment):
            if state == State.OPEN:
                if end is None or end - start >= span:
                    return start + span
                span -= end - start
        raise LookupError("never open again")

    def between(self, start: datetime, end: datetime) -> timedelta:
        total = timedelta()
        for opened, closed, state, _ in self._hours.intervals(start, end):
            if state == State.OPEN:
                total += closed - opened
        return total

    def ms(self, answer: Any) -> int:
        return since_epoch(answer) if isinstance(answer, datetime) else answer // timedelta(milliseconds=1)


class BusinessDuration:
    """business-duration measures only, by one window a day: a lunch break takes a call for each half of the day.

    It looks at the wall clock of what it is given, which therefore is in the desk's zone always.
    """

    def __init__(self, plan: Plan) -> None:
        self._zone = ZoneInfo(ZONE)
        self._windows = [(_time(start), time(23, 59, 59) if end == 1440 else _time(end)) for start, end in plan.windows]
        self._weekend = [number for number in range(7) if number not in plan.weekdays]
        self._closed = plan.dates()

    def moment(self, instant: int, zone: tzinfo) -> datetime:
        return aware(instant, self._zone).replace(tzinfo=None)

    def span(self, ms: int) -> Any:
        raise NotImplementedError

    def add(self, moment: datetime, span: Any) -> datetime:
        raise NotImplementedError

    def between(self, start: datetime, end: datetime) -> float:
        return sum(
            businessDuration(start, end, opens, closes, self._weekend, self._closed, "sec")
            for opens, closes in self._windows
        )

    def ms(self, answer: Any) -> int:
        return round(answer * 1000)


CONTENDERS: dict[str, type[Contender]] = {
    "businesstimedelta": BusinessTimeDeltas,
    "opening-hours-py": OpeningHoursPy,
    "business-duration": BusinessDuration,
}


@cache
def contender(name: str, plan: Plan) -> Contender:
    return CONTENDERS[name](plan)


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """Answer the inputs one by one, or say how many a second; an error is an answer too."""
    plan = Plan(**{key: _tuples(value) for key, value in order["plan"].items()})
    zone = UTC if order["zone"] == "utc" else ZoneInfo(ZONE)
    asked = contender(order["contender"], plan)
    try:
        if "seconds" in order:
            answers, took = timed(ask(asked, order["op"], order["inputs"], zone), order["seconds"])
            return {"answers": answers, "took_s": took}
        return {"ms": [_one(asked, order["op"], pair, zone) for pair in order["inputs"]]}
    except NotImplementedError:
        return {"cannot": True}


def _one(asked: Contender, op: str, pair: tuple[int, int], zone: tzinfo) -> int | str:
    run = ask(asked, op, [pair], zone)
    signal.alarm(PATIENCE_S)
    try:
        return asked.ms(run()[0])
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a library raises is what it answers
        return type(error).__name__
    finally:
        signal.alarm(0)


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _time(minute: int) -> time:
    return time(23, 59, 59, 999_999) if minute == 1440 else time(minute // 60, minute % 60)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _too_long(*_: object) -> None:
    raise TimeoutError


def main() -> None:
    signal.signal(signal.SIGALRM, _too_long)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
