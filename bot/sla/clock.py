"""The clock of one ticket, derived from its events. Nothing is counted up, so nothing can drift.

Source: product.md D1, D7-D9, D15-D16; support procedure, article 2.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from bot.sla.calendar import Calendar
from bot.sla.instants import Instant, Span


class ClockEvent(BaseModel):
    """Something that moves the clock.

    start: first contact; of several the earliest counts. notice: by phone or chat. pause/resume: by `pause`, a
    number unique in the ticket. suspend/agree: the contract of the whole customer, by the suspension's id in
    `reason`. corrected: used time carries over. worsened: the clock restarts. resolve may be set back to an
    evidenced time. merge: another ticket has this incident's clock.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    at: Instant
    kind: Literal[
        "start", "notice", "pause", "resume", "suspend", "agree", "corrected", "worsened", "resolve", "reopen", "merge"
    ]
    priority: str | None = None
    pause: int | None = None
    reason: str = ""


class Promise(Protocol):
    """What the clock needs of a priority."""

    @property
    def target(self) -> Span: ...  # noqa: D102

    @property
    def hours(self) -> str: ...  # noqa: D102

    @property
    def clock_starts(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Run:
    """A stretch during which the clock ran: `before` was used up when it began. `end` None: it still runs."""

    start: Instant
    end: Instant | None
    hours: str
    before: Span


@dataclass(frozen=True)
class Reading:
    """A clock read from its events. Spans are working time of the calendar that applied."""

    started_at: Instant
    """The start of the present measure: first contact, or the last worsening."""
    target: Span
    priority: str
    runs: tuple[Run, ...]
    calendars: Mapping[str, Calendar]
    pauses: Mapping[int, str]
    """Reasons of the pauses that are open, by number, oldest first."""
    suspended: bool
    waits_for_notice: bool
    resolved_at: Instant | None
    merged: bool = False

    @property
    def paused_by(self) -> tuple[str, ...]:
        """Return why the open clock stands, the suspension of the whole customer last; empty: it does not."""
        return (
            *(("notice",) if self.waits_for_notice else ()),
            *self.pauses.values(),
            *(("suspension",) if self.suspended else ()),
        )

    @property
    def running(self) -> bool:
        """Return whether the clock is neither paused nor stopped (its calendar may be closed all the same)."""
        return bool(self.runs) and self.runs[-1].end is None

    def used(self, now: Instant) -> Span:
        """Return the working time used up at `now`."""
        for run in reversed(self.runs):
            if run.start <= now:
                end = now if run.end is None else min(now, run.end)
                return run.before + self.calendars[run.hours].between(run.start, end)
        return 0

    def when_used(self, offset: Span) -> Instant | None:
        """Return the instant at which `offset` is used up; None if the stopped clock never gets there.

        Nothing used (offset <= 0) is the start itself, also outside working hours.
        """
        if offset <= 0:
            return self.started_at
        for run, following in zip_longest(self.runs, self.runs[1:]):
            if offset <= run.before:
                return run.start  # carried over: it was used up before this run began
            if following is not None and following.before < offset:
                continue  # not used up in this run
            at = self.calendars[run.hours].add(run.start, offset - run.before)
            if run.end is None or at <= run.end:
                return at
        return None

    def later(self, since: Instant, span: Span) -> Instant | None:
        """Return when `span` more will have been used up after `since`; None if the clock stands."""
        return self.when_used(self.used(since) + span)

    def due_at(self) -> Instant | None:
        """Return the deadline; None while the clock stands before it."""
        return self.when_used(self.target)

    def breached_at(self, now: Instant) -> Instant | None:
        """Return when the deadline was passed unresolved; exactly at the deadline is no breach."""
        due = self.due_at()
        if due is None or due >= now or (self.resolved_at is not None and self.resolved_at <= due):
            return None
        return due


def read_clock(
    events: tuple[ClockEvent, ...], priorities: Mapping[str, Promise], calendars: Mapping[str, Calendar]
) -> Reading:
    """Derive the clock from its events, in whatever order they were recorded.

    Raises ValueError if there is no start, KeyError for a priority that the policy does not have.
    """
    if not any(event.kind == "start" for event in events):
        raise ValueError("a clock without a start")
    hand = _Hand(priorities, calendars)
    for event in sorted(events, key=_by_time):  # stable: the recorded order decides a tie
        hand.turn(event)
    return hand.reading()


_by_time = attrgetter("at")


class _Hand:
    """The moving state of one derivation; lives only inside `read_clock`."""

    def __init__(self, priorities: Mapping[str, Promise], calendars: Mapping[str, Calendar]) -> None:
        self.priorities = priorities
        self.calendars = calendars
        self.runs: list[Run] = []
        self.used: Span = 0
        self.running_since: Instant | None = None
        self.started_at: Instant  # set by the start, without which no clock is read
        self.priority = ""
        self.pauses: dict[int, str] = {}
        self.suspended: set[str] = set()
        self.noticed = self.merged = False
        self.resolved_at: Instant | None = None

    def turn(self, event: ClockEvent) -> None:
        """Let one event pass: the clock stops, what the event says becomes true, the clock goes on if it may."""
        self._stop(event.at)
        match event.kind:
            case "start":
                if not self.priority:
                    self.started_at, self.priority = event.at, event.priority or ""
            case "notice":
                self.noticed = True
            case "pause":
                self.pauses[event.pause or 0] = event.reason
            case "resume":
                self.pauses.pop(event.pause or 0, None)
            case "suspend":
                self.suspended.add(event.reason)
            case "agree":
                self.suspended.discard(event.reason)
            case "corrected":
                self.priority = event.priority or self.priority
            case "worsened":
                self.priority, self.started_at, self.used = event.priority or self.priority, event.at, 0
                self.runs.clear()
            case "resolve":
                self.resolved_at = event.at
            case "reopen":
                self.resolved_at = None
            case "merge":
                self.merged = True
        if self._runs():
            self.running_since = event.at

    def reading(self) -> Reading:
        """Return the clock as it stands after the last event."""
        promise = self.priorities[self.priority]
        runs = tuple(self.runs)
        if self.running_since is not None:
            runs = (*runs, Run(self.running_since, None, promise.hours, self.used))
        return Reading(
            started_at=self.started_at,
            target=promise.target,
            priority=self.priority,
            runs=runs,
            calendars=self.calendars,
            pauses=dict(self.pauses),
            suspended=bool(self.suspended),
            waits_for_notice=self._waits_for_notice(),
            resolved_at=self.resolved_at,
            merged=self.merged,
        )

    def _stop(self, at: Instant) -> None:
        if self.running_since is None:
            return
        hours = self.priorities[self.priority].hours
        if at > self.running_since:
            self.runs.append(Run(self.running_since, at, hours, self.used))
            self.used += self.calendars[hours].between(self.running_since, at)
        self.running_since = None

    def _runs(self) -> bool:
        return bool(self.priority) and not (
            self.pauses or self.suspended or self.merged or self.resolved_at is not None or self._waits_for_notice()
        )

    def _waits_for_notice(self) -> bool:
        return not self.noticed and self.priorities[self.priority].clock_starts == "notice"
