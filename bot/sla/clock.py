"""The clock of one ticket, derived from its events. Nothing is counted up, so nothing can drift.

Source: product.md D1, D7-D9, D15; support procedure, article 2.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from bot.sla.calendar import Calendar
from bot.sla.instants import Instant, Span


class ClockEvent(BaseModel):
    """Something that moves the clock.

    start: first contact. pause/resume: by `pause`, a number unique in the ticket. suspend/agree: the whole
    customer's configuration. corrected: used time carries over. worsened: the clock restarts. resolve may be
    set back to an evidenced time.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    at: Instant
    kind: Literal["start", "pause", "resume", "corrected", "worsened", "resolve", "reopen"]
    priority: str | None = None
    pause: int | None = None
    reason: str = ""


class Promise(Protocol):
    """What the clock needs of a priority."""

    @property
    def target(self) -> Span: ...  # noqa: D102

    @property
    def hours(self) -> str: ...  # noqa: D102


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
    paused_by: tuple[str, ...]
    """Reasons of the pauses that are open, oldest first."""
    resolved_at: Instant | None

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
        for run in self.runs:
            calendar = self.calendars[run.hours]
            if offset <= run.before:
                return run.start  # carried over: it was used up before this run began
            at = calendar.add(run.start, offset - run.before)
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
    ordered = sorted(events, key=lambda event: event.at)  # stable: the recorded order decides a tie
    if not any(event.kind == "start" for event in ordered):
        raise ValueError("a clock without a start")
    runs: list[Run] = []
    open_pauses: dict[int, str] = {}
    used: Span = 0
    running_since: Instant | None = None
    started_at: Instant = 0
    priority = ""
    resolved_at: Instant | None = None

    def stop(at: Instant) -> None:
        nonlocal running_since, used
        if running_since is not None:
            hours = priorities[priority].hours
            runs.append(Run(running_since, at, hours, used))
            used += calendars[hours].between(running_since, at)
            running_since = None

    for event in ordered:
        stop(event.at)
        match event.kind:
            case "start":
                if not priority:
                    started_at, priority = event.at, event.priority or ""
            case "pause":
                open_pauses[event.pause or 0] = event.reason
            case "resume":
                open_pauses.pop(event.pause or 0, None)
            case "corrected":
                priority = event.priority or priority
            case "worsened":
                priority, started_at, used = event.priority or priority, event.at, 0
                runs.clear()
            case "resolve":
                resolved_at = event.at
            case "reopen":
                resolved_at = None
        if priority and not open_pauses and resolved_at is None:
            running_since = event.at
    if running_since is not None:
        runs.append(Run(running_since, None, priorities[priority].hours, used))
    return Reading(
        started_at=started_at,
        target=priorities[priority].target,
        priority=priority,
        runs=tuple(runs),
        calendars=calendars,
        paused_by=tuple(open_pauses.values()),
        resolved_at=resolved_at,
    )
