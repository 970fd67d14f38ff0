"""Messages that a decision asks for. Each waits in the lane of its destination until a messenger sent it.

An effect says *what* is told; its text and card are drawn from the record when it is sent, in the
reader's language, so that a message that waited never tells an old state. `repeatable` states what a
second sending costs: a page may come twice (a lost one may not), a mirror may not.
"""

import hashlib
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from bot.sla.instants import Instant, Span
from bot.sla.rungs import PageKind
from bot.ticket.model import Chat, Language, PersonKey

MailTemplate: TypeAlias = Literal[
    "auto_reply",
    "chat_mirror",
    "page",
    "breach",
    "one_time_code",
    "held",
    "operator",
    "resolved",
    "reopened",
    "merged",
    "suspended",
    "agreed",
    "digest",
]
Section: TypeAlias = Literal["passed", "over", "due", "waiting", "call_backs"]


class _Effect(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")

    id: str
    """Unique and derived from the decision, so that deciding the same thing twice names it alike."""
    ticket: str = ""
    """Ticket code; empty for messages that are about no ticket."""


class PageRef(BaseModel):
    """Which rung of the ladder a message belongs to."""

    model_config = ConfigDict(frozen=True, extra="allow")

    occurrence: str
    kind: PageKind
    contact: str
    """Person id of the roster, or `queue:<team>`."""
    level: str
    due_at: Instant
    breach: bool = False
    late_ms: int = 0
    """By how much it is late by our own fault: the desk was not awake."""


class Mention(BaseModel):
    """Somebody to be named in a channel post, so that their phone alerts."""

    model_config = ConfigDict(frozen=True)

    name: str
    object_id: str | None = None


class DigestLine(BaseModel):
    """One line of the managers' digest, as it was when that was made."""

    model_config = ConfigDict(frozen=True, extra="allow")

    code: str
    """Empty for what is about a customer and no ticket."""
    company: str
    priority: str = ""
    provisional: bool = False
    at: Instant
    """`passed`, `over`, `due`: the deadline; `waiting`: since when; `call_backs`: until when the call was promised."""
    over: Span = 0
    """How much of the SLA's time was used beyond the target."""
    who: str = ""
    """Who holds it, resolved it, or owes the call; empty: nobody."""
    resolved_at: Instant | None = None
    reason: str = ""
    """`waiting`: why the clock stands, a pause's reason or `suspension`."""
    note: str = ""


class DigestSection(BaseModel):
    """The first lines of a section, and how many it has altogether."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Section
    lines: tuple[DigestLine, ...]
    count: int


class Bulletin(BaseModel):
    """What managers are told once a day: a snapshot, true at `until`, however late it is read."""

    model_config = ConfigDict(frozen=True, extra="allow")

    since: Instant
    """When the digest before this one was made."""
    until: Instant
    next_at: Instant
    sections: tuple[DigestSection, ...]
    unreadable: int = 0
    """Tickets of which this version can make nothing."""


class Card(_Effect):
    """Show a card: sent once per slot, afterwards updated in place.

    `person`: in their private chat, whose lane it shares; `chat` is set as well where it is known.
    """

    kind: Literal["card"] = "card"
    slot: str
    view: Literal["status", "page", "breach"]
    chat: Chat | None = None
    person: PersonKey | None = None
    language: Language
    mentions: tuple[Mention, ...] = ()
    page: PageRef | None = None
    activity_id: str | None = None
    """Set: update this activity instead of posting a new one."""
    private: bool = False
    """The reader may see details (1:1, or a channel bound to the customer or the desk)."""


class Say(_Effect):
    """Say a phrase of `text.phrases.Sayings` in a chat."""

    kind: Literal["say"] = "say"
    chat: Chat | None = None
    person: PersonKey | None = None
    language: Language
    phrase: str
    values: dict[str, str] = Field(default_factory=dict)


class Mirror(_Effect):
    """Show an engineer's answer by mail in a linked chat, once."""

    kind: Literal["mirror"] = "mirror"
    chat: Chat
    person: PersonKey | None = None
    language: Language
    author: str
    text: str
    """Without quoted history; empty where only 'an answer has come' may be said (D11)."""
    at: Instant
    attachments: tuple[str, ...] = ()


class Mail(_Effect):
    """Send a mail from the desk's mailbox. `template` names a method of `text.phrases.Mails`."""

    kind: Literal["mail"] = "mail"
    template: MailTemplate
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    subject: str = ""
    """Of the thread; empty where the template has its own."""
    values: dict[str, str] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    """Names of phrases that the template lists (the customer's missing duties)."""
    page: PageRef | None = None
    bulletin: Bulletin | None = None
    """Of the template `digest`, in place of values."""
    auto_submitted: bool = True


class Call(_Effect):
    """Ring an extension."""

    kind: Literal["call"] = "call"
    extension: str
    page: PageRef


class Digest(_Effect):
    """Post the managers' digest in their channel. It is about no ticket, and no card that is kept up to date."""

    kind: Literal["digest"] = "digest"
    chat: Chat
    language: Language
    bulletin: Bulletin


Effect: TypeAlias = Annotated[Card | Say | Mirror | Mail | Call | Digest, Field(discriminator="kind")]
EFFECT: TypeAdapter[Effect] = TypeAdapter(Effect)


def lane_of(effect: Effect) -> str:
    """Return the lane of an effect: one per destination, the unit of order, rate limit and failure.

    `t:` a Teams conversation or person, `m:` a mail thread or address, `f:` a phone.
    """
    match effect:
        case Mail(in_reply_to=str(), ticket=str(ticket)) if ticket:
            return f"m:ticket:{ticket}"
        case Mail(to=to):
            return f"m:{_short(','.join(to))}"
        case Call(extension=extension):
            return f"f:{extension}"
        case Digest(chat=chat):
            return f"t:{chat.conversation}"
        case Card() | Say() | Mirror():
            if effect.person is not None:
                return f"t:{effect.person}"
            assert effect.chat is not None  # noqa: S101  one of the two is set, by construction
            return f"t:{effect.chat.conversation}"


def coalesce_key(effect: Effect) -> str | None:
    """Return under which key a waiting effect makes an older waiting one unnecessary; None: never."""
    if isinstance(effect, Card) and effect.activity_id is not None:
        return f"{effect.ticket}:{effect.slot}"
    return None


def repeatable(effect: Effect) -> bool:
    """Return whether sending twice is better than perhaps not at all."""
    return not isinstance(effect, Mirror)


def _short(text: str) -> str:
    return hashlib.sha256(text.lower().encode()).hexdigest()[:16]
