"""What doors ask of the desk. A command states what happened; the rules decide what follows."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.sla.instants import Instant
from bot.ticket.model import Chat, Copy, Language, Participant, PersonKey, PhoneNotice, Ticket
from bot.ticket.outage import ConfirmOutage, WithdrawOutage

PauseReason: TypeAlias = Literal["third_party", "customer", "out_of_control", "customer_fault", "out_of_scope"]


@dataclass(frozen=True)
class Staff:
    """A person of the roster, by the roster call (D10 row 1) or by a mail address of the desk."""

    id: str
    name: str
    level: str
    manager: bool = False


@dataclass(frozen=True)
class CustomerSide:
    """An author who may see the ticket: of a bound tenant, or by a live binding (D10 rows 2 and 3)."""

    person: PersonKey
    name: str


Author: TypeAlias = Staff | CustomerSide


@dataclass(frozen=True)
class OpenByMail:
    """A trusted mail of a registered domain that belongs to no ticket yet."""

    code: str
    customer: str
    sender: Participant
    message_id: str
    references: tuple[str, ...]
    subject: str
    text: str
    received_at: Instant
    stated_priority: str | None
    team: str
    missing: tuple[str, ...] = ()
    """Which of the customer's duties (article 3) the mail does not show; names of phrases."""
    attachments: tuple[str, ...] = ()
    call: PhoneNotice | None = None
    """A call of this customer that the mail follows, not yet claimed by another ticket (D1)."""


@dataclass(frozen=True)
class CustomerMail:
    """A further mail from the customer's side in a ticket's thread."""

    sender: Participant
    message_id: str
    text: str
    received_at: Instant
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class EngineerMail:
    """An engineer's mail in a ticket's thread. `to_customer`: an answer; otherwise an internal note."""

    by: Staff
    message_id: str
    text: str
    received_at: Instant
    to_customer: bool
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bounced:
    """A mail of the desk about the ticket came back."""

    message_id: str
    """Of the mail that came back."""
    report_id: str
    """Message-ID of the report."""
    subject: str
    """Of the report."""


@dataclass(frozen=True)
class CodePosted:
    """An allowed author wrote the ticket's code in Teams: link that thread, record the notice, show the state."""

    author: Author
    chat: Chat
    language: Language
    arrived_at: Instant
    text: str
    message_id: str
    link: bool = True
    """False: the thread is another ticket's already, or the desk's own; show the state, link nothing."""
    view: Literal["status", "page"] = "status"
    """Staff among themselves get the page card, with its buttons."""
    mirror: bool = True
    """False: the text is about another customer's ticket as well, and belongs in no mail thread."""
    follow: bool = True
    """Edits and deletions of this message are this ticket's. A message with several codes has one such ticket."""


@dataclass(frozen=True)
class ChatMessage:
    """A message in a linked thread. `change`: it replaces or removes one that was mirrored before."""

    author: Author
    chat: Chat
    text: str
    arrived_at: Instant
    message_id: str
    change: Literal["new", "edited", "deleted"] = "new"


@dataclass(frozen=True)
class Acknowledge:
    """`Nhận xử lý`: take the ticket."""

    by: Staff


@dataclass(frozen=True)
class RecordNotice:
    """A phone call about this ticket, entered by an engineer, at the time of the call (D1)."""

    by: Staff
    at: Instant
    caller: str = ""
    note: str = ""


@dataclass(frozen=True)
class Escalate:
    """`Chuyển lên cấp trên`: page a level now, whatever the clock says."""

    by: Staff
    level: str
    reason: str


@dataclass(frozen=True)
class HandOver:
    """`Bàn giao`: offer the ticket to a colleague, who is paged; the holder keeps it until they take it."""

    by: Staff
    to: str
    """Person id of the roster."""
    note: str


@dataclass(frozen=True)
class Resolve:
    """`Đã khắc phục`, or a workaround (D9). `at`: when it really was, with `evidence`; None: now."""

    by: Staff
    note: str
    workaround: bool = False
    at: Instant | None = None
    evidence: str = ""
    called: str = ""
    """Whom of the customer the engineer called back already; empty: nobody yet."""


@dataclass(frozen=True)
class CalledBack:
    """The call that P1 and P2 owe after the resolution was made (D9)."""

    by: Staff
    whom: str
    note: str = ""


@dataclass(frozen=True)
class Absorb:
    """Another ticket of the same customer is about the same incident: take over what it has."""

    by: Staff
    other: Ticket


@dataclass(frozen=True)
class MergeInto:
    """Close a duplicate of `into`, which has absorbed it."""

    by: Staff
    into: str


@dataclass(frozen=True)
class Note:
    """An internal remark; never mirrored. From the holder it renews the acknowledgement."""

    by: Staff
    text: str


@dataclass(frozen=True)
class Reclassify:
    """A priority decided by an engineer (D2, D7)."""

    by: Staff
    priority: str
    how: Literal["corrected", "worsened"]
    reason: str


@dataclass(frozen=True)
class Pause:
    """Stop the clock (D8)."""

    by: Staff
    reason: PauseReason
    note: str
    reference: str = ""
    """`third_party`: the provider's reference."""
    asked: str = ""
    """`customer`: what was asked; empty: the note says it."""
    agreed_by: str = ""
    """`out_of_control`: the contact of the customer who agreed."""
    evidence: str = ""
    """`customer_fault`, `out_of_scope`: what proves it. A refused remote session: which slot was offered."""
    since: Instant | None = None
    """Set back to an evidenced time, such as the earliest slot of a remote session that the customer refused."""
    chase_at: Instant | None = None
    """When to ask after it; None: as the policy has it."""


@dataclass(frozen=True)
class Resume:
    """Let the clock run again. `pause`: end only this one; None: every open pause."""

    by: Staff
    note: str = ""
    pause: int | None = None


@dataclass(frozen=True)
class AnswerChase:
    """Somebody asked after a pause; `chase_at`: when to ask again, None: as the policy has it."""

    by: Staff
    pause: int
    note: str
    chase_at: Instant | None = None


@dataclass(frozen=True)
class Reopen:
    """The fault came back; the used time continues (D9)."""

    by: Author
    note: str


@dataclass(frozen=True)
class Bind:
    """Somebody proved an address by a one-time code (D10 row 3)."""

    person: PersonKey
    address: str
    asked_at: Instant | None = None
    """When they wrote the code before they were allowed to see the ticket: a notice, if confirmed in time (D1)."""


@dataclass(frozen=True)
class Wake:
    """The ticket's wake-up is due: do whatever is due now."""


@dataclass(frozen=True)
class Delivered:
    """A messenger's message was accepted. `copy`: the card that now stands in a chat."""

    effect: str
    copy: Copy | None = None
    page: tuple[str, str, str] | None = None
    """(occurrence, contact, channel) when the message was a page."""
    message_id: str = ""
    """Of a mail: answers to it belong to this ticket."""
    dropped: bool = False
    """It had nothing to say any more and was not sent."""


@dataclass(frozen=True)
class Undelivered:
    """A message was given up."""

    effect: str
    reason: str
    slot: str | None = None
    page: tuple[str, str, str] | None = None


Command: TypeAlias = (
    OpenByMail
    | CustomerMail
    | EngineerMail
    | Bounced
    | CodePosted
    | ChatMessage
    | Acknowledge
    | RecordNotice
    | Escalate
    | HandOver
    | Resolve
    | CalledBack
    | Absorb
    | MergeInto
    | ConfirmOutage
    | WithdrawOutage
    | Note
    | Reclassify
    | Pause
    | Resume
    | AnswerChase
    | Reopen
    | Bind
    | Wake
    | Delivered
    | Undelivered
)
