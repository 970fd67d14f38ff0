"""What a rehearsal shows: rows of a time line, as data. Their words are `written`'s."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.sla.book import Book
from bot.sla.calendar import Calendar
from bot.sla.clock import Reading, read_clock
from bot.sla.instants import Instant, Span
from bot.ticket.model import Ticket

ClockState: TypeAlias = Literal["none", "running", "closed", "paused", "stopped"]
"""none: no ticket yet; closed: outside the clock's hours; paused: with a reason; stopped: resolved or merged."""


@dataclass(frozen=True)
class Told:
    """Somebody who is paged, and by what."""

    contact: str
    name: str
    level: str
    channels: tuple[str, ...]
    """In the order teams, mail, phone."""
    where: tuple[str, ...]
    """The same as addresses: `chat`, `desk` (the desk's channel), an e-mail address, an extension."""


@dataclass(frozen=True)
class Row:
    """One thing that happened. `kind` names a phrase, `data` fills it."""

    at: Instant
    kind: str
    clock: ClockState
    used: Span
    left: Span
    data: dict[str, object] = field(default_factory=dict)
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Played:
    """A rehearsal as it went: its rows, and the ticket after each decision."""

    rows: tuple[Row, ...]
    tickets: tuple[tuple[Instant, Ticket], ...]
    ended_at: Instant
    book: Book

    def ticket(self, at: Instant) -> Ticket | None:
        """Return the ticket as it was after everything of an instant."""
        known = [ticket for when, ticket in self.tickets if when <= at]
        return known[-1] if known else None


def reading_of(ticket: Ticket, book: Book) -> Reading:
    """Return a ticket's clock."""
    return read_clock(ticket.clock, book.policy.priorities, book.calendars)


def clock_state(reading: Reading, calendar: Calendar, at: Instant) -> ClockState:
    """Return how the clock stands."""
    if reading.merged or reading.resolved_at is not None:
        return "stopped"
    if reading.paused_by:
        return "paused"
    return "running" if calendar.is_open(at) else "closed"
