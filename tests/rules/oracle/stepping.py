"""The clock of a ticket, counted step by step: is it open, does anything hold it, then one step more is used.

What holds it (product.md D1, D7-D9, D18): it has not started; it waits for a notice where the promise starts at one; a
pause is open; the customer is suspended; it is resolved, until it is reopened; it was merged into another ticket.
`corrected` keeps what was used and counts on by the new priority's hours, `worsened` counts from nothing.
"""

from collections import defaultdict
from dataclasses import dataclass

from bot.sla.clock import ClockEvent
from bot.sla.instants import MINUTE, Instant, Span
from tests.rules.oracle.worlds import SPAN_DAYS, World


@dataclass(frozen=True)
class History:
    """What happened to a clock, in the order in which it was recorded. Everything falls on whole `unit`s."""

    world: World
    events: tuple[ClockEvent, ...]
    unit: Span = MINUTE


@dataclass(frozen=True)
class Counted:
    """What was counted. `trace[i]` is the used time at `first + i * unit`, in units, of the measure then running."""

    history: History
    first: Instant
    trace: tuple[int, ...]
    measured_from: Instant
    target: Span
    runs: bool
    resolved_at: Instant | None
    due_at: Instant | None

    def used(self, now: Instant) -> Span:
        """Return the used time at an instant that was stepped over."""
        step = (now - self.first) // self.history.unit
        return self.trace[step] * self.history.unit if step >= 0 else 0

    def breached_at(self, now: Instant) -> Instant | None:
        """Return the deadline if it was passed unresolved before `now`; at the deadline itself is no breach."""
        if self.due_at is None or now <= self.due_at:
            return None
        in_time = self.resolved_at is not None and self.resolved_at <= self.due_at
        return None if in_time else self.due_at


class _Clock:
    """The counters of one clock, turned by events and by each step."""

    def __init__(self, history: History) -> None:
        self.world = history.world
        self.priority = ""
        self.started = self.noticed = self.merged = False
        self.resolved_at: Instant | None = None
        self.pauses: set[int | None] = set()
        self.suspensions: set[str] = set()
        self.measured_from = 0
        self.used = 0

    def happens(self, event: ClockEvent) -> None:
        match event.kind:
            case "start" if not self.started:
                self.started, self.measured_from, self.priority = True, event.at, event.priority or ""
            case "notice":
                self.noticed = True
            case "pause":
                self.pauses.add(event.pause)
            case "resume":
                self.pauses.discard(event.pause)
            case "suspend":
                self.suspensions.add(event.reason)
            case "agree":
                self.suspensions.discard(event.reason)
            case "corrected":
                self.priority = event.priority or ""
            case "worsened":
                self.priority = event.priority or ""
                self.used, self.measured_from = 0, event.at
            case "resolve":
                self.resolved_at = event.at
            case "reopen":
                self.resolved_at = None
            case "merge":
                self.merged = True

    def runs(self) -> bool:
        """Return whether nothing holds the clock (its hours may be closed all the same)."""
        waits = self.world.priorities[self.priority].clock_starts == "notice" and not self.noticed
        held = waits or self.pauses or self.suspensions or self.merged or self.resolved_at is not None
        return self.started and not held


def count(history: History, until: Instant) -> Counted:
    """Step from the first event to `until`, and on to the deadline of a clock that still runs then."""
    unit, world = history.unit, history.world
    happen: dict[Instant, list[ClockEvent]] = defaultdict(list)
    for event in history.events:
        assert event.at % unit == 0
        happen[event.at].append(event)
    clock, trace = _Clock(history), list[int]()
    first, last, end = min(happen), max(*happen, until), world.since + SPAN_DAYS * 24 * 60 * MINUTE
    measure, opens, runs, target = 0, b"", False, 0
    now = first
    while now <= last or (runs and clock.used * unit < target):
        if now in happen:
            for event in happen[now]:
                clock.happens(event)
            runs = clock.started and clock.runs()
            if clock.started:
                promised = world.priorities[clock.priority]
                opens, target = world.open_minutes[promised.hours], promised.target
                measure = (clock.measured_from - first) // unit
        trace.append(clock.used)
        if runs and opens[(now - world.since) // MINUTE]:
            clock.used += 1
        now += unit
        assert now < end, f"{world.name} is not written down far enough"
    trace.append(clock.used)
    due = next((first + i * unit for i in range(measure, len(trace)) if trace[i] * unit >= target), None)
    return Counted(history, first, tuple(trace), clock.measured_from, target, runs, clock.resolved_at, due)
