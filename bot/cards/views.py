"""What each card shows, already looked up and allowed for its reader. Instants are ms; cards format them.

A shared channel gets `details=None` (D11): never breach, pause reason, company, assignee, subject or text.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from bot.sla.instants import Instant, Span
from bot.sla.rungs import PageKind
from bot.ticket.model import Word
from bot.ticket.receipt import Receipt


@dataclass(frozen=True)
class Button:
    """What a card's buttons carry: opaque to the reader, checked on every tap."""

    ticket: str
    slot: str
    version: int
    nonce: str


@dataclass(frozen=True)
class StatusDetails:
    """What only the customer's own people see."""

    company: str
    subject: str
    holder: str
    waiting_for: str
    """Name of a pause reason (`third_party`, `customer`, ...), empty while the clock runs."""
    resolution: str


@dataclass(frozen=True)
class StatusView:
    """The customer's card."""

    code: str
    priority: str
    priority_title: dict[str, str]
    provisional: bool
    state: Literal["received", "working", "waiting", "resolved"]
    received_at: Instant
    due_at: Instant | None
    resolved_at: Instant | None
    last_answer_at: Instant | None
    details: StatusDetails | None
    support_phone: str
    now: Instant
    zone: ZoneInfo
    button: Button


@dataclass(frozen=True)
class OpenPause:
    """A pause that stands."""

    number: int
    reason: str
    since: Instant
    note: str
    reference: str = ""
    """The provider's own."""
    asked: str = ""
    """What the customer was asked."""
    answer: str = ""
    """What the last chase brought."""
    answered_at: Instant | None = None

    @property
    def about(self) -> str:
        """Return what tells this pause from others of its reason."""
        return self.reference or self.asked or self.note


@dataclass(frozen=True)
class Colleague:
    """Somebody whom a ticket can be handed over to."""

    id: str
    name: str
    level: str


@dataclass(frozen=True)
class Foreseen:
    """Somebody who would be paged now."""

    level: str
    """Empty: the managers."""
    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Foresight:
    """What would follow from what was just asked, and how to ask it again to confirm (D7)."""

    verb: Literal["classify", "pause"]
    asked: tuple[tuple[str, str], ...]
    priority: str
    old_due_at: Instant | None
    new_due_at: Instant | None
    breached: bool
    paged: tuple[Foreseen, ...]


@dataclass(frozen=True)
class PageView:
    """The engineer's card."""

    code: str
    kind: PageKind
    level: str
    priority: str
    priority_title: dict[str, str]
    priorities: dict[str, dict[str, str]]
    """All priorities with their titles, to classify with."""
    provisional: bool
    state: Literal["received", "working", "waiting", "resolved"]
    company: str
    contract_number: str
    fqdn: str
    requester: str
    subject: str
    excerpt: str
    received_at: Instant
    due_at: Instant | None
    left: Span | None
    """Until the deadline in running time; negative after a breach; None while nothing runs."""
    used_percent: int
    holder: str
    ack_until: Instant | None
    breached: bool
    waiting_for: str
    resolution: str
    resolved_at: Instant | None
    chat_linked: bool
    """The customer also talks in Teams."""
    notice_at: Instant | None
    mentions: tuple[tuple[str, str | None], ...]
    """(name, object id) of the people a channel post names."""
    now: Instant
    zone: ZoneInfo
    button: Button
    late_ms: Span = 0
    """By how much the page is late by the desk's own fault."""
    offered: bool = False
    """The holder handed it over, and nobody has taken it yet."""
    word: Word | None = None
    """What somebody said who passed the ticket on, while nobody else has taken it."""
    pauses: tuple[OpenPause, ...] = ()
    chased: int | None = None
    """Number of the pause that is to be asked after."""
    levels: tuple[str, ...] = ()
    """Levels that can be paged by hand."""
    colleagues: tuple[Colleague, ...] = ()
    call_back_owed: bool = False
    merged_into: str = ""
    foresight: Foresight | None = None
    menu: int = 0
    """Which page of what is rarely done whoever pressed asked for; 0: none."""


@dataclass(frozen=True)
class PagedPerson:
    """Who was paged, for the managers' card."""

    level: str
    name: str
    at: Instant


@dataclass(frozen=True)
class BreachView:
    """The managers' card."""

    code: str
    priority: str
    priority_title: dict[str, str]
    company: str
    subject: str
    received_at: Instant
    due_at: Instant | None
    breached_at: Instant | None
    over_by: Span
    state: Literal["received", "working", "waiting", "resolved"]
    holder: str
    resolution: str
    corrected: bool
    """A later correction of the priority says there was no breach (D7)."""
    paged: tuple[PagedPerson, ...]
    now: Instant
    zone: ZoneInfo
    button: Button


@dataclass(frozen=True)
class ReceiptView:
    """How the SLA time was counted, in the edition of whoever asked."""

    receipt: Receipt
    button: Button


AnyView: TypeAlias = StatusView | PageView | BreachView | ReceiptView
