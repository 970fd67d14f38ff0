"""What the desk needs from the rooms around it. Adapters implement these; `wiring` plugs them in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from bot.sla.book import Book
from bot.sla.instants import Instant
from bot.ticket.effects import Effect
from bot.ticket.model import Copy


class Clock(Protocol):
    """Desk time, for everything contractual. One for all replicas: derived from the store's clock."""

    def now(self) -> Instant:
        """Return the present desk time, milliseconds."""
        ...


class BookSource(Protocol):
    """The desk's files as they are now."""

    def book(self) -> Book:
        """Return the latest valid book."""
        ...


@dataclass(frozen=True)
class RecordKey:
    """Names a record: `ticket` by code, `person` by `<tenant>/<object id>`, `desk` by `desk`."""

    kind: Literal["ticket", "person", "desk"]
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "RecordKey":
        """Return the key that `str(key)` was made from."""
        kind, _, rest = text.partition(":")
        return cls(kind, rest)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Stored:
    """A record as read. `version` counts commits from 1."""

    version: int
    body: bytes


@dataclass(frozen=True)
class Guard:
    """A name that only one record may own: a Message-ID, a thread, a code. Free, or already the owner's, or refused."""

    name: str
    owner: str
    ttl_s: int | None = None


@dataclass(frozen=True)
class Entry:
    """A message on its way into a lane. `coalesce`: replaces a waiting entry of the lane with the same key."""

    lane: str
    id: str
    body: bytes
    coalesce: str | None = None


@dataclass(frozen=True)
class IndexChange:
    """Put `member` at `score` into a sorted index, or take it out (score None)."""

    index: str
    member: str
    score: int | None


@dataclass(frozen=True)
class Commit:
    """Everything that one decision changes, written in one step or not at all."""

    key: RecordKey
    expected_version: int
    """0: the record must not exist yet."""
    body: bytes
    operation: str | None = None
    """Global operation id: a replay writes nothing and returns the first answer. Kept for a day."""
    answer: bytes = b""
    guards: tuple[Guard, ...] = ()
    events: tuple[bytes, ...] = ()
    entries: tuple[Entry, ...] = ()
    wake_at: Instant | None = None
    """The record's only wake-up; None: none."""
    indexes: tuple[IndexChange, ...] = ()


@dataclass(frozen=True)
class Committed:
    """Written; the record now has this version."""

    version: int


@dataclass(frozen=True)
class Replayed:
    """The operation was committed before; nothing was written."""

    answer: bytes


@dataclass(frozen=True)
class Conflict:
    """The record has another version than expected; nothing was written."""

    version: int


@dataclass(frozen=True)
class GuardTaken:
    """A guard belongs to somebody else; nothing was written."""

    name: str
    owner: str


CommitResult: TypeAlias = Committed | Replayed | Conflict | GuardTaken


@dataclass(frozen=True)
class DueRecord:
    """A record whose wake-up is due."""

    key: RecordKey
    due_at: Instant


@dataclass(frozen=True)
class ClaimedEntry:
    """The head of a lane, leased to one worker. `fence` must be shown to renew or settle.

    `uncertain`: it was claimed before and never settled, so it may have been sent already.
    """

    lane: str
    fence: int
    id: str
    body: bytes
    attempts: int
    uncertain: bool
    queued_at_ms: int


@dataclass(frozen=True)
class LaneWait:
    """Nothing can be sent now; the next lane becomes free in `wait_ms` of real time (None: nothing waits)."""

    wait_ms: int | None


@dataclass(frozen=True)
class DeadLetter:
    """A message that was given up."""

    lane: str
    id: str
    body: bytes
    reason: str
    at_ms: int


@dataclass(frozen=True)
class Backlog:
    """How far behind the desk is."""

    due: int
    """Records whose wake-up is due."""
    oldest_due_at: Instant | None
    lanes: int
    """Lanes with something waiting."""
    entries: int
    oldest_lane_ms: int | None
    """Real time, ms since the epoch, at which the lane that waits longest could have been served."""
    dead: int
    poisoned: int


class Ledger(Protocol):
    """The only state. Every write is idempotent. Raises StoreAwayError when the store does not answer."""

    async def ping(self) -> None:
        """Return when the store answers."""
        ...

    async def store_time_ms(self) -> int:
        """Return the store's clock, real time: the one that decides between replicas."""
        ...

    async def read(self, key: RecordKey) -> Stored | None:
        """Return a record."""
        ...

    async def read_many(self, keys: Sequence[RecordKey]) -> list[Stored | None]:
        """Return records in the order of `keys`, in one round trip."""
        ...

    async def commit(self, commit: Commit) -> CommitResult:
        """Write a decision in one step."""
        ...

    async def operation_answer(self, operation: str) -> bytes | None:
        """Return what an operation was answered when it was committed; None if it was not."""
        ...

    async def guard_owner(self, name: str) -> str | None:
        """Return who owns a guard."""
        ...

    async def guard_owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the owners in the order of `names`, in one round trip."""
        ...

    async def events(self, key: RecordKey) -> list[bytes]:
        """Return a record's events, oldest first."""
        ...

    async def index(self, name: str, *, newest_first: bool = False, limit: int = 100, offset: int = 0) -> list[str]:
        """Return the members of a sorted index."""
        ...

    async def index_size(self, name: str) -> int:
        """Return how many members a sorted index has."""
        ...

    async def claim_due(self, now: Instant, *, limit: int, claim_ms: int) -> list[DueRecord]:
        """Return due records, hidden from other replicas for `claim_ms` of desk time: a hint, not a lock."""
        ...

    async def next_wake(self) -> Instant | None:
        """Return the earliest wake-up."""
        ...

    async def wake_failed(self, key: RecordKey, *, retry_at: Instant, give_up_after: int, reason: str) -> bool:
        """Count a failed wake-up and set it to `retry_at`; True if the record was set aside instead."""
        ...

    async def claim_lane(self, *, lease_ms: int) -> ClaimedEntry | LaneWait:
        """Lease the lane that may send next, within its rate limits; counts the send against them."""
        ...

    async def renew_lane(self, claimed: ClaimedEntry, *, lease_ms: int) -> bool:
        """Prolong a lease; False if it was lost."""
        ...

    async def settle_done(self, claimed: ClaimedEntry) -> bool:
        """Delete a sent entry and free its lane; False if the lease was lost."""
        ...

    async def settle_retry(self, claimed: ClaimedEntry, *, after_ms: int, uncertain: bool) -> bool:
        """Keep the entry at the head of its lane and try again after `after_ms` of real time."""
        ...

    async def settle_dead(self, claimed: ClaimedEntry, *, reason: str) -> bool:
        """Move an entry to the dead letters and free its lane."""
        ...

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters."""
        ...

    async def poisoned(self, limit: int = 100) -> list[RecordKey]:
        """Return the records that were set aside."""
        ...

    async def backlog(self, now: Instant) -> Backlog:
        """Return how far behind the desk is."""
        ...

    async def put_policy(self, content_hash: str, body: bytes) -> None:
        """Keep a policy by its content hash; never overwritten."""
        ...

    async def policy(self, content_hash: str) -> bytes | None:
        """Return a policy."""
        ...

    async def remember(self, name: str, value: bytes, ttl_s: int) -> None:
        """Keep a value that can be had again for `ttl_s` of real time (a cache)."""
        ...

    async def recall(self, name: str) -> bytes | None:
        """Return a remembered value."""
        ...

    async def once(self, name: str, value: bytes) -> bytes:
        """Set a value unless it is set; return the one that stands (the desk's secret, its epoch)."""
        ...

    async def allow(self, name: str, *, limit: int, window_s: int) -> bool:
        """Count one use of `name`; False if more than `limit` fell into the window."""
        ...


@dataclass(frozen=True)
class Receipt:
    """What a messenger reports of a sent effect."""

    outcome: Literal["sent", "updated", "dropped"]
    copy: Copy | None = None
    detail: str = ""


class Messenger(Protocol):
    """Sends the effects of one kind of lane. Raises DeliveryError."""

    async def send(self, effect: Effect, *, uncertain: bool) -> Receipt:
        """Send; `uncertain` says that an earlier attempt may have arrived."""
        ...


@dataclass(frozen=True)
class Member:
    """What the roster call says about somebody in a conversation (facts: member.tenantId is the person's own)."""

    tenant: str
    object_id: str
    name: str
    role: str
    """`user`, `owner`, `guest`, `anonymous` or another word of Teams."""
    account: str = ""
    """Teams id of the person in this conversation (29:...)."""


class Mailbox(Protocol):
    """Where mail arrives and leaves. A mail is marked done only after it was committed."""

    async def waiting(self) -> list["Letter"]:
        """Return mails not yet done, oldest first."""
        ...

    async def done(self, letter: "Letter") -> None:
        """Mark a mail as handled."""
        ...

    async def set_aside(self, letter: "Letter", reason: str) -> None:
        """Put a mail that cannot be handled where a person finds it."""
        ...

    async def was_sent(self, message_id: str) -> bool:
        """Return whether a mail with this Message-ID left already."""
        ...

    async def send(self, message: bytes, *, message_id: str, sender: str, recipients: Sequence[str]) -> None:
        """Send a mail; raises DeliveryError. Sending the same Message-ID twice leaves one mail."""
        ...


@dataclass(frozen=True)
class Letter:
    """A mail as it came. `received_at` is desk time at our door, not what the sender's header claims."""

    id: str
    raw: bytes
    received_at: Instant
    envelope_from: str = ""
    envelope_to: tuple[str, ...] = field(default_factory=tuple)
