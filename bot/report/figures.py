"""A month of one customer as values: uptime and credit, outages, tickets. Nothing here is rounded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.sla.book import Customer
from bot.sla.credits import Award, Charge, Crossing, Measure, Month
from bot.sla.instants import Instant, Span
from bot.sla.policy import Uptime
from bot.ticket.model import Outage

Result: TypeAlias = Literal["met", "breached", "open", "merged"]


@dataclass(frozen=True)
class TicketFigures:
    """How one ticket's clock stands. Spans are working time of its own policy (D16)."""

    code: str
    subject: str
    priority: str
    provisional: bool
    first_contact_at: Instant
    started_at: Instant
    """Of the present measure: a worsening starts the clock anew (D7)."""
    target: Span
    used: Span
    due_at: Instant | None
    """Of a ticket resolved before it, the one it would have had. None: the clock stands, or stood when it ended."""
    resolved_at: Instant | None
    workaround: bool
    breached_at: Instant | None
    over: Span
    result: Result
    merged_into: str
    alert_corrected: bool
    """A breach alert was sent, and the corrected clock says that there was none (D7)."""
    paused: Mapping[str, Span]
    """By reason: working time in the present measure that it kept from the clock. Reasons at one time count each."""
    ends_at: Instant
    """Up to when its clock was read: resolved, due or now, whichever is last."""


@dataclass(frozen=True)
class OutageFigures:
    """A confirmed outage and what of it this month charges."""

    confirmed: Outage
    charge: Charge
    proposed: Mapping[str, Span]
    """Time of the charged spans in which the ticket was paused, by the reason a manager could confirm."""


@dataclass(frozen=True)
class Totals:
    """Tickets of one priority. Merged ones are left out: their incident is the other ticket's."""

    priority: str
    met: int
    breached: int
    open: int

    @property
    def count(self) -> int:
        """Return how many there were."""
        return self.met + self.breached + self.open


@dataclass(frozen=True)
class MonthFigures:
    """Everything that the report of a month says."""

    customer: Customer
    month: Month
    zone: str
    as_of: Instant
    promise: Uptime
    measure: Measure | None
    """None: no time of the month is paid for."""
    award: Award | None
    crossings: tuple[Crossing, ...]
    """Of a month whose paid time is not over."""
    outages: tuple[OutageFigures, ...]
    tickets: tuple[TicketFigures, ...]
    totals: tuple[Totals, ...]
    doubtful_years: tuple[int, ...]
    """Whose calendar is provisional or unreviewed and was used for a deadline (D5)."""
