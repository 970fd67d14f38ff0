"""Random histories of a clock, made from a seed: the same number of the same seed is the same history everywhere.

A history is what a desk could record: pauses that overlap, answers and resolutions set back to when they really were,
calls entered later, events at closing time, at the deadline and at the same instant.
"""

from collections.abc import Callable
from random import Random

from bot.sla.clock import ClockEvent
from bot.sla.instants import DAY, HOUR, MINUTE, SECOND, Instant, Span
from tests.rules.oracle.stepping import History, count
from tests.rules.oracle.worlds import World, worlds

EVENTS_MAX = 30
LONGEST: Span = 25 * DAY

_PACES = ((4 * MINUTE, 30), (40 * MINUTE, 40), (6 * HOUR, 22), (2 * DAY, 8))
"""Mean time between two events, and how often a history has it."""
_PAUSES = ("third_party", "customer", "out_of_control", "customer_fault", "out_of_scope")


def history(seed: int, number: int) -> History:
    """Return one history of a seed."""
    return _Recorder(Random(f"{seed}/{number}")).record()


class _Recorder:
    """The desk's side of one history: what can be recorded at each moment."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.world: World = rng.choice(worlds())
        pace = rng.choices([pace for pace, _ in _PACES], [weight for _, weight in _PACES])[0]
        self.unit = SECOND if pace == _PACES[0][0] and rng.random() < 0.15 else MINUTE
        self.pace = 20 * SECOND if self.unit == SECOND else pace
        self.now: Instant = self.world.since + rng.randrange(DAY, 40 * DAY, self.unit)
        self.end = self.now + (2 * HOUR if self.unit == SECOND else LONGEST)
        self.events: list[ClockEvent] = []
        self.priority = ""
        self.first = self.now
        self.floor = self.now  # nothing that stops the clock is set back over the last reopening
        self.open: dict[int, Instant] = {}
        self.suspended: dict[str, Instant] = {}
        self.resolved = self.merged = False

    def record(self) -> History:
        """Record up to EVENTS_MAX events."""
        self._begin()
        for _ in range(self.rng.randrange(EVENTS_MAX - len(self.events))):
            self.now = min(self._next(), self.end)
            if self.merged and self.rng.random() < 0.8:
                break
            self._something()()
        return History(self.world, tuple(self.events), self.unit)

    def _begin(self) -> None:
        self.priority = self.rng.choice(list(self.world.priorities))
        if self.rng.random() < 0.06:
            self._suspend(self.now - self._span(6 * HOUR))
        if self.rng.random() < 0.2:
            self._add("notice", self.now - self._span(30 * MINUTE))
        self._add("start", self.now, priority=self.priority)

    def _something(self) -> Callable[[], None]:
        """Return what is recorded next, of what is possible now."""
        ways: list[tuple[Callable[[], None], int]] = [(self._notice, 4), (self._earlier_start, 2)]
        ways += [(self._suspend, 3)] if len(self.suspended) < 2 else []
        ways += [(self._agree, 6)] if self.suspended else []
        ways += [(self._resume, 16)] if self.open else []
        if self.resolved:
            ways += [(self._reopen, 25)]
        elif not self.merged:
            ways += [(self._pause, 18 if len(self.open) < 4 else 3), (self._resolve, 8), (self._reclassify, 12)]
            ways += [(self._merge, 1)]
        return self.rng.choices([way for way, _ in ways], [weight for _, weight in ways])[0]

    def _next(self) -> Instant:
        chance = self.rng.random()
        if chance < 0.08:
            return self.now
        if chance < 0.22:
            return self._near(self._next_edge())
        if chance < 0.30:
            due = count(History(self.world, tuple(self.events), self.unit), self.now).due_at
            if due is not None and self.now < due < self.end:
                return self._near(due)
        return self.now + self._span(self.pace)

    def _near(self, at: Instant) -> Instant:
        return max(self.now, at + self.rng.choice((0, 0, 0, -self.unit, self.unit)))

    def _next_edge(self) -> Instant:
        """Return when the present hours open or close next."""
        minutes = self.world.open_minutes[self.world.priorities[self.priority].hours]
        here = (self.now - self.world.since) // MINUTE
        edge = minutes.find(1 - minutes[here], here)
        at = self.world.since + edge * MINUTE
        return at if edge >= 0 and at - self.now < 3 * DAY else self.now

    def _span(self, mean: Span) -> Span:
        return int(self.rng.expovariate(1 / mean)) // self.unit * self.unit

    def _back(self, floor: Instant, often: float) -> Instant:
        """Return now, or, as often as that, an earlier instant that the evidence gives."""
        if self.rng.random() >= often:
            return self.now
        return max(floor, self.now - self._span(self.pace))

    def _add(self, kind: str, at: Instant, **fields: object) -> None:
        self.events.append(ClockEvent.model_validate({"at": at, "kind": kind, **fields}))

    # What the desk records

    def _notice(self) -> None:
        self._add("notice", self._back(self.first - HOUR, 0.3))

    def _earlier_start(self) -> None:
        original = next(event.priority for event in self.events if event.kind == "start")
        back = self.rng.choice((1, -1)) * self._span(20 * MINUTE)
        self._add("start", self.first - back if back > 0 else min(self.now, self.first - back), priority=original)

    def _pause(self) -> None:
        number = 1 + sum(1 for event in self.events if event.kind == "pause")
        at = self._back(self.floor, 0.2)
        self.open[number] = at
        self._add("pause", at, pause=number, reason=self.rng.choice(_PAUSES))

    def _resume(self) -> None:
        for number in self.rng.sample(list(self.open), 1 if self.rng.random() < 0.6 else len(self.open)):
            self._add("resume", self._back(self.open.pop(number), 0.35), pause=number)

    def _suspend(self, at: Instant | None = None) -> None:
        name = f"s{sum(1 for event in self.events if event.kind == 'suspend')}"
        self.suspended[name] = self.now if at is None else at
        self._add("suspend", self.suspended[name], reason=name)

    def _agree(self) -> None:
        name = self.rng.choice(list(self.suspended))
        self._add("agree", self._back(self.suspended.pop(name), 0.2), reason=name)

    def _reclassify(self) -> None:
        self.priority = self.rng.choice([name for name in self.world.priorities if name != self.priority])
        how = "corrected" if self.rng.random() < 0.65 else "worsened"
        self._add(how, self.now, priority=self.priority)
        if how == "worsened":
            self.floor = self.now
            self._add("notice", self.now)  # "a new situation, a new notice"

    def _resolve(self) -> None:
        self.resolved = True
        self._add("resolve", self._back(self.floor, 0.4))

    def _reopen(self) -> None:
        self.resolved, self.floor = False, self.now
        self._add("reopen", self.now)

    def _merge(self) -> None:
        self.merged = True
        self._add("merge", self.now)
