"""The ticket and its parts, as kept in the ledger.

Readers keep fields that they do not know (a newer version may run beside this one), so every part
allows extra fields and a change is always `model_copy(update=...)`.
"""

from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from bot.sla.clock import ClockEvent
from bot.sla.instants import Instant
from bot.sla.rungs import Ack, PageKind, Progress

Language: TypeAlias = Literal["vi", "en"]
State: TypeAlias = Literal["open", "resolved", "merged"]


class Part(BaseModel):
    """A part of a record: immutable, tolerant of fields from a newer version."""

    model_config = ConfigDict(frozen=True, extra="allow")


class PersonKey(Part):
    """Who somebody is in Teams: home tenant and object id, both lower case (D10)."""

    tenant: str
    object_id: str

    def __str__(self) -> str:
        return f"{self.tenant}/{self.object_id}"


class Chat(Part):
    """Where in Teams a message goes: a conversation, and the root message of a channel thread."""

    conversation: str
    """Without `;messageid=`: the unit of Teams' rate limits."""
    service_url: str
    tenant: str
    root: str | None = None
    personal: bool = False

    def thread_id(self) -> str:
        """Return the conversation id to post to, in the thread if there is one."""
        return f"{self.conversation};messageid={self.root}" if self.root else self.conversation


class Thread(Part):
    """A Teams chat that is linked with the ticket's mail thread."""

    chat: Chat
    language: Language
    linked_by: PersonKey
    linked_at: Instant


class Copy(Part):
    """A card about this ticket that stands in some chat, so that it can be kept up to date."""

    slot: str
    """Unique within the ticket; a card is sent once per slot, afterwards updated."""
    view: Literal["status", "page", "breach"]
    chat: Chat
    person: PersonKey | None = None
    """Whose private chat it is: its lane is the person's."""
    activity_id: str
    language: Language
    version: int
    """The ticket version that the card was drawn from."""
    page: PageKind | None = None
    """Of a page: which kind it was, so that an update still says so."""
    level: str = ""
    late_ms: int = 0
    """Of a page: by how much it was late by our own fault."""


class Participant(Part):
    """A sender whose mail was trusted, or an address that such a sender confirmed; a CC grants nothing (D10)."""

    address: str
    name: str = ""


class Binding(Part):
    """Somebody who proved by a one-time code that a participant's address is theirs (D10 row 3)."""

    person: PersonKey
    address: str
    until: Instant


class MailThread(Part):
    """The e-mail conversation that is the record of the contract."""

    root: str
    """Message-ID of the mail that opened the ticket, with its angle brackets."""
    references: tuple[str, ...]
    """The latest Message-IDs of the conversation, oldest first, at most 20."""
    last: str
    subject: str


class PendingPage(Part):
    """A page that was queued and whose fate is not settled on every channel yet."""

    occurrence: str
    kind: PageKind = "step"
    contact: str
    level: str
    breach: bool = False
    channels: dict[str, Literal["queued", "accepted", "dropped", "failed"]]


class Notice(Part):
    """A report by phone or by the code in Teams that was recorded on a ticket (D1)."""

    at: Instant
    channel: Literal["phone", "teams"]
    by: str
    """Who recorded it (`staff:<id>`), or who wrote it (`customer:<tenant>/<object id>`)."""
    caller: str = ""
    note: str = ""


class PauseDetail(Part):
    """Why one pause stands, and when the desk asks after it (D8). The clock itself knows only its number and reason."""

    pause: int
    reason: str
    note: str
    by: str
    reference: str = ""
    """`third_party`: the provider's own reference."""
    asked: str = ""
    """`customer`: what was asked of them."""
    agreed_by: str = ""
    """`out_of_control`: the customer's contact who agreed."""
    evidence: str = ""
    chase_at: Instant | None = None
    """When somebody is reminded to ask after it; unanswered, the next level is."""
    answers: int = 0
    """How often a chase was answered: names the occurrences apart."""
    answer: str = ""
    """What the last chase brought."""
    answered_at: Instant | None = None


class Deduction(Part):
    """A stretch of an outage that the contract does not count (D17)."""

    start: Instant
    end: Instant
    reason: Literal["provider", "data_centre", "suspended", "excluded"]
    note: str = ""


class Outage(Part):
    """An interval of unavailability that a manager confirmed (D17); `end` None: it still lasts."""

    n: int
    start: Instant
    end: Instant | None
    evidence: str
    by: str
    confirmed_at: Instant
    deductions: tuple[Deduction, ...] = ()
    withdrawn: bool = False


class CallBack(Part):
    """The call that P1 and P2 owe the customer after the resolution (D9)."""

    due_at: Instant
    by: str = ""
    """Person id of whoever resolved the ticket, and is reminded."""
    at: Instant | None = None
    whom: str = ""
    reminded: bool = False


class Word(Part):
    """What somebody told their colleagues when they passed the ticket on."""

    kind: Literal["handed_over", "escalated"]
    by_name: str
    text: str
    at: Instant


class Ticket(Part):
    """One incident of one customer. The clock is derived from `clock`; nothing is counted up."""

    format: Literal[1] = 1
    code: str
    customer: str
    subject: str
    excerpt: str = ""
    team: str
    priority: str
    provisional: bool
    policy: str
    """Content hash of the policy frozen with this ticket (D16)."""
    state: State = "open"
    opened_at: Instant
    mail_at: Instant | None
    notice_at: Instant | None = None
    """The first notice, by whichever channel."""
    notices: tuple[Notice, ...] = ()
    clock: tuple[ClockEvent, ...]
    ack: Ack | None = None
    progress: Progress = Progress()
    shown_version: int = 0
    """The version at which what cards show changed last: a card drawn from an older one is redrawn."""
    mail: MailThread
    requester: Participant
    participants: tuple[Participant, ...]
    threads: tuple[Thread, ...] = ()
    copies: tuple[Copy, ...] = ()
    bindings: tuple[Binding, ...] = ()
    pending: tuple[PendingPage, ...] = ()
    last_answer_at: Instant | None = None
    """When an engineer last answered by mail; shown on the status card."""
    pauses: tuple[PauseDetail, ...] = ()
    """Of every pause that ever was, in the order of their numbers."""
    outages: tuple[Outage, ...] = ()
    resolution: str = ""
    workaround: bool = False
    resolved_at: Instant | None = None
    resolved_by: str = ""
    """Name of whoever resolved it."""
    call_back: CallBack | None = None
    merged_into: str = ""
    """Code of the ticket that a duplicate was merged into."""
    offered_to: str = ""
    """Person id of a colleague whom the holder handed the ticket over to and who has not taken it yet."""
    word: Word | None = None
    """Stands on the engineers' cards until somebody else takes the ticket, or it is resolved."""
    asked_to_reopen: bool = False
    """The customer wrote after the resolution and was asked whether the fault is back."""
    breach_alerted_at: Instant | None = None
    breach_known_at: Instant | None = None
    """When the breach that was alerted last fell due, or the command came that made it one in the past: the alert
    itself, less any lateness of our own. The managers' digest tells it once by this."""
    breach_corrected_at: Instant | None = None
    """When a corrected clock first said that an alerted breach was none (D7); the alert stays in the record."""
    calendar: str = ""
    """Digest of the calendar files that the last event was derived with: a change is a recorded event (D16)."""
    expected_at: Instant | None = None
    """The wake-up set by the last commit: whatever is told later than this is late by our own fault."""
    events: int = 0
    head: str = ""
    """Hash of the last event: each event carries the hash of the one before."""


class Event(Part):
    """One thing that happened to a ticket, in the order in which it was committed."""

    n: int
    at: Instant
    kind: str
    by: str = ""
    """`staff:<id>`, `customer:<tenant>/<object id>`, `mail:<address>` or `desk`."""
    data: dict[str, object]
    before: str
    """Hash of the event before this one; empty for the first."""
    hash: str = ""


class BoundChannel(Part):
    """A Teams channel that staff gave a purpose. A channel that is not here is shared (D11)."""

    role: Literal["desk", "managers", "customer"]
    chat: Chat
    customer: str | None = None
    bound_by: str
    name: str = ""
    team: str = ""


class Suspension(Part):
    """The contract of one customer stands still: their configuration is unsuitable (article 2.1, D8)."""

    id: str
    customer: str
    at: Instant
    by: str
    reason: str
    ended_at: Instant | None = None
    ended_by: str = ""
    agreement: str = ""


class PhoneNotice(Part):
    """A call that was taken before its mail came; the ticket that the mail opens claims it (D1)."""

    id: str
    customer: str
    at: Instant
    by: str
    caller: str = ""
    note: str = ""


class DeskRecord(Part):
    """What the desk learnt in operation: its channels, and where Teams is reached."""

    format: Literal[1] = 1
    channels: dict[str, BoundChannel] = {}
    """By conversation id."""
    service_url: str = ""
    calendar: str = ""
    """Digest of the calendar files that every open ticket was last woken for (D16)."""
    suspensions: tuple[Suspension, ...] = ()
    """Of every customer, oldest first; ended ones stay until no open ticket can have missed them."""
    phone_notices: tuple[PhoneNotice, ...] = ()
    """Calls that no mail has followed yet, oldest first."""
    digest_until: Instant | None = None
    """Up to when the last digest told managers what happened; None: the desk has never run a worker."""

    def channel(self, role: str) -> BoundChannel | None:
        """Return the channel with a role, if staff bound one."""
        return next((c for c in self.channels.values() if c.role == role), None)


class Challenge(Part):
    """A one-time code on its way to somebody who named an address (D10 row 3)."""

    code: str
    """The ticket code they asked for, as typed; it may not exist."""
    address: str
    digest: str
    """HMAC of the digits; the digits themselves are only in the mail."""
    until: Instant
    tries: int = 0


class ChallengeSent(Part):
    """That a one-time code was asked for, so that they can be counted (D10: at most 3 a day per ticket)."""

    code: str
    at: Instant


class AskedFor(Part):
    """A code from somebody not yet allowed: a notice, if they prove in time who they are (D1)."""

    code: str
    at: Instant


class PersonRecord(Part):
    """What the bot keeps about one person in Teams."""

    format: Literal[1] = 1
    person: PersonKey
    chat: Chat | None = None
    language: Language = "vi"
    current: str | None = None
    """The ticket that this person's private messages are about."""
    step: Literal["idle", "address", "digits"] = "idle"
    asked: str = ""
    """The ticket code that a conversation step is about."""
    asked_for: tuple[AskedFor, ...] = ()
    """Codes that were written before this person was allowed to see them, the latest ones."""
    challenge: Challenge | None = None
    challenges: tuple[ChallengeSent, ...] = ()
