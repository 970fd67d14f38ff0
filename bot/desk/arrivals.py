"""What arrives from Teams, freed of transport: the door translates an activity into one of these.

Tenant and object id of the author come from the roster call, never from here (D10); `sender_*` only
says whom to ask the roster about.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from bot.cards.views import AnyView
from bot.desk.ports import Member
from bot.errors import Refused
from bot.sla.instants import Instant
from bot.ticket.model import Chat, Language


@dataclass(frozen=True)
class Sender:
    """Whom Teams says a message or tap came from."""

    account: str
    """`29:...`, the handle for the roster call in this conversation."""
    object_id: str | None
    name: str


@dataclass(frozen=True)
class Incoming:
    """A message, an edit of one, or the deletion of one."""

    kind: Literal["message", "edited", "deleted"]
    chat: Chat
    sender: Sender
    text: str
    """Without the bot's own mention; otherwise as written."""
    mentioned: bool
    message_id: str
    arrived_at: Instant
    language: Language
    operation: str
    """Equal for every delivery of the same happening; the dedupe key of the facts file."""
    place_name: str = ""
    """Name of the channel, where Teams gives it."""
    has_files: bool = False
    team: str = ""
    """Teams id of the team around a channel."""


@dataclass(frozen=True)
class Tap:
    """A press on a card's button. `operation` is made of card, verb and person: Teams re-sends under new ids."""

    chat: Chat
    sender: Sender
    verb: str
    data: dict[str, object]
    """The button's data and the card's inputs, as they came: not trusted."""
    card_activity: str
    automatic: bool
    """A refresh by the client: never an act of the person."""
    arrived_at: Instant
    language: Language
    operation: str


@dataclass(frozen=True)
class MembersChanged:
    """The bot or people were added to or removed from a conversation."""

    chat: Chat
    sender: Sender
    bot_added: bool = False
    bot_removed: bool = False
    added: tuple[Sender, ...] = ()
    arrived_at: Instant = 0
    language: Language = "vi"
    operation: str = ""
    place_name: str = ""
    team: str = ""


Arrival: TypeAlias = Incoming | Tap | MembersChanged


@dataclass(frozen=True)
class ShowCard:
    """Answer a tap with the card as it is now."""

    view: AnyView
    language: Language


@dataclass(frozen=True)
class ShowMessage:
    """Answer a tap with a sentence: a refusal, shown in the reader's language."""

    refused: Refused
    language: Language


TapAnswer: TypeAlias = ShowCard | ShowMessage


class People(Protocol):
    """The roster call, cached. Implemented by `teams`."""

    async def member(self, chat: Chat, sender: Sender) -> Member | None:
        """Return who the sender is; None if Teams did not say (then nobody is trusted, D10 row 4)."""
        ...

    async def members(self, chat: Chat) -> list[Member] | None:
        """Return everybody in the conversation; None if Teams did not say."""
        ...


class Listener(Protocol):
    """What the Teams door hands arrivals to. Implemented by `desk.listen` and `desk.taps`."""

    async def incoming(self, incoming: Incoming) -> str:
        """Handle a message; returns a word for the log (`linked`, `silent`, `unknown_code`, ...)."""
        ...

    async def tap(self, tap: Tap) -> TapAnswer:
        """Handle a tap; the answer is drawn inside the turn from the record just committed."""
        ...

    async def members_changed(self, change: MembersChanged) -> str:
        """Handle a change of membership; returns a word for the log."""
        ...


@dataclass(frozen=True)
class ParsedMail:
    """A mail, read: everything the mailroom decides by. Texts are plain, repaired Unicode, size-capped."""

    message_id: str
    """With angle brackets. A mail without one gets one derived from its bytes."""
    in_reply_to: str | None
    references: tuple[str, ...]
    """Oldest first, In-Reply-To included as the last where References lack it."""
    sender: str
    """Address of From, lower case, ASCII domain."""
    sender_name: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    new_text: str
    """What the sender wrote now: without quoted history and signature."""
    full_text: str
    attachments: tuple[str, ...]
    """File names, safe to show."""
    received_at: Instant
    automatic: str
    """Why it must never be answered nor open anything (`auto-submitted`, `list`, ...); empty: a person wrote it."""
    bounced: str | None = None
    """Message-ID of our own mail that this delivery report is about."""
    own: bool = False
    """It carries a valid signed Message-ID of this desk as its own id."""
    problem: str = ""
    """Why a person must look at it (`too_large`, `broken`, `no_sender`); empty: nothing."""


class Mailroom(Protocol):
    """What the mail door hands mails to. Implemented by `desk.mailroom`."""

    async def receive(self, mail: ParsedMail) -> str:
        """Handle a mail; returns a word for the log (`opened`, `customer_reply`, `held`, `loop`, ...)."""
        ...
