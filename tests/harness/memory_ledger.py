"""The ledger's meaning in plain Python, for tests of other rooms. It keeps the same contract as the real one.

It lives in one event loop and never awaits within a call, so each call is one step.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

from bot.desk.ports import (
    Backlog,
    ClaimedEntry,
    Commit,
    CommitResult,
    Committed,
    Conflict,
    DeadLetter,
    DueRecord,
    Entry,
    GuardTaken,
    LaneWait,
    RecordKey,
    Replayed,
    Stored,
)
from bot.sla.instants import Instant
from bot.store.lanes import DEFAULT_LIMITS, Limits

_OPERATION_LIFE_MS = 24 * 3600 * 1000


def real_time_ms() -> int:
    """Return the machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass
class _Waiting:
    id: str
    body: bytes
    coalesce: str | None
    queued_at_ms: int
    attempts: int = 0
    begun: bool = False
    uncertain: bool = False


@dataclass
class _Lane:
    next_ms: int
    waiting: deque[_Waiting] = field(default_factory=deque)
    fence: int | None = None


@dataclass
class _Wake:
    armed: Instant
    visible: Instant
    claimed: bool = False


class MemoryLedger:
    """Implements `desk.ports.Ledger` without a store. `clock` is real time, milliseconds."""

    def __init__(self, *, limits: Limits = DEFAULT_LIMITS, clock: Callable[[], int] = real_time_ms) -> None:
        self._limits = sorted(limits.items(), key=lambda item: -len(item[0]))
        self._clock = clock
        self._records: dict[RecordKey, Stored] = {}
        self._events: dict[RecordKey, list[bytes]] = {}
        self._wakes: dict[RecordKey, _Wake] = {}
        self._failures: dict[RecordKey, int] = {}
        self._poisoned: dict[RecordKey, int] = {}
        self._operations: dict[str, tuple[bytes, int]] = {}
        self._guards: dict[str, tuple[str, int | None]] = {}
        self._indexes: dict[str, dict[str, int]] = {}
        self._lanes: dict[str, _Lane] = {}
        self._sent: dict[str, list[int]] = {}
        self._fences = count(1)
        self._dead: deque[DeadLetter] = deque(maxlen=1_000)
        self._policies: dict[str, bytes] = {}
        self._memory: dict[str, tuple[bytes, int]] = {}
        self._constants: dict[str, bytes] = {}
        self._uses: dict[str, list[int]] = {}

    async def close(self) -> None:
        """Nothing is open."""

    async def ping(self) -> None:
        """Answer."""

    async def store_time_ms(self) -> int:
        return self._clock()

    # records

    async def read(self, key: RecordKey) -> Stored | None:
        return self._records.get(key)

    async def read_many(self, keys: Sequence[RecordKey]) -> list[Stored | None]:
        return [self._records.get(key) for key in keys]

    async def commit(self, commit: Commit) -> CommitResult:
        if commit.operation is not None:
            answer = await self.operation_answer(commit.operation)
            if answer is not None:
                return Replayed(answer)
        known = self._records.get(commit.key)
        version = known.version if known else 0
        if version != commit.expected_version:
            return Conflict(version)
        taken: dict[str, str] = {}
        for guard in commit.guards:
            owner = taken.setdefault(guard.name, await self.guard_owner(guard.name) or guard.owner)
            if owner != guard.owner:
                return GuardTaken(guard.name, owner)
        self._write(commit, version + 1)
        return Committed(version + 1)

    async def operation_answer(self, operation: str) -> bytes | None:
        answer, until = self._operations.get(operation, (b"", 0))
        return answer if self._clock() < until else None

    async def guard_owner(self, name: str) -> str | None:
        owner, until = self._guards.get(name, (None, None))
        return owner if until is None or self._clock() < until else None

    async def guard_owners(self, names: Sequence[str]) -> list[str | None]:
        return [await self.guard_owner(name) for name in names]

    async def events(self, key: RecordKey) -> list[bytes]:
        return list(self._events.get(key, ()))

    def _write(self, commit: Commit, version: int) -> None:
        now, key = self._clock(), commit.key
        self._records[key] = Stored(version, commit.body)
        self._events.setdefault(key, []).extend(commit.events)
        self._failures.pop(key, None)
        self._poisoned.pop(key, None)
        self._wakes.pop(key, None)
        if commit.wake_at is not None:
            self._wakes[key] = _Wake(commit.wake_at, commit.wake_at)
        if commit.operation is not None:
            self._operations[commit.operation] = (commit.answer, now + _OPERATION_LIFE_MS)
        for guard in commit.guards:
            self._guards[guard.name] = (guard.owner, None if guard.ttl_s is None else now + guard.ttl_s * 1000)
        for change in commit.indexes:
            index = self._indexes.setdefault(change.index, {})
            index.pop(change.member, None)
            if change.score is not None:
                index[change.member] = change.score
        for entry in commit.entries:
            self._queue(entry, now)

    def _queue(self, entry: Entry, now: int) -> None:
        lane = self._lanes.setdefault(entry.lane, _Lane(now))
        if entry.coalesce is not None:
            same = [waiting for waiting in lane.waiting if waiting.coalesce == entry.coalesce]
            if same and not same[-1].begun:
                same[-1].id, same[-1].body, same[-1].attempts = entry.id, entry.body, 0
                return
        lane.waiting.append(_Waiting(entry.id, entry.body, entry.coalesce, now))

    # small things

    async def index(self, name: str, *, newest_first: bool = False, limit: int = 100, offset: int = 0) -> list[str]:
        index = self._indexes.get(name, {})
        members = sorted(index, key=lambda member: (index[member], member.encode()), reverse=newest_first)
        return members[offset : offset + limit]

    async def index_size(self, name: str) -> int:
        return len(self._indexes.get(name, {}))

    async def put_policy(self, content_hash: str, body: bytes) -> None:
        self._policies.setdefault(content_hash, body)

    async def policy(self, content_hash: str) -> bytes | None:
        return self._policies.get(content_hash)

    async def remember(self, name: str, value: bytes, ttl_s: int) -> None:
        self._memory[name] = (value, self._clock() + ttl_s * 1000)

    async def recall(self, name: str) -> bytes | None:
        value, until = self._memory.get(name, (b"", 0))
        return value if self._clock() < until else None

    async def once(self, name: str, value: bytes) -> bytes:
        return self._constants.setdefault(name, value)

    async def allow(self, name: str, *, limit: int, window_s: int) -> bool:
        now = self._clock()
        uses = [use for use in self._uses.get(name, []) if use > now - window_s * 1000]
        self._uses[name] = uses
        if len(uses) >= limit:
            return False
        uses.append(now)
        return True

    # wake-ups

    async def claim_due(self, now: Instant, *, limit: int, claim_ms: int) -> list[DueRecord]:
        due = sorted((wake.visible, str(key)) for key, wake in self._wakes.items() if wake.visible <= now)
        claimed = [RecordKey.parse(member) for _, member in due[:limit]]
        for key in claimed:
            self._wakes[key].visible, self._wakes[key].claimed = now + claim_ms, True
        return [DueRecord(key, self._wakes[key].armed) for key in claimed]

    async def next_wake(self) -> Instant | None:
        return min((wake.visible for wake in self._wakes.values()), default=None)

    async def wake_failed(self, key: RecordKey, *, retry_at: Instant, give_up_after: int, reason: str) -> bool:
        wake = self._wakes.get(key)
        if wake is None or not wake.claimed:
            return False
        self._failures[key] = self._failures.get(key, 0) + 1
        if self._failures[key] < give_up_after:
            wake.visible = retry_at
            return False
        del self._wakes[key]
        self._poisoned[key] = self._clock()
        return True

    async def poisoned(self, limit: int = 100) -> list[RecordKey]:
        return sorted(self._poisoned, key=lambda key: (self._poisoned[key], str(key)), reverse=True)[:limit]

    # lanes

    async def claim_lane(self, *, lease_ms: int) -> ClaimedEntry | LaneWait:
        now = self._clock()
        for name, lane in sorted(self._lanes.items(), key=lambda item: (item[1].next_ms, item[0])):
            if lane.next_ms > now:
                break
            lane.next_ms = max(now, self._allowed_ms(name))
            if lane.next_ms > now:
                continue
            return self._lease(name, lane, now, lease_ms)
        earliest = min((lane.next_ms for lane in self._lanes.values()), default=None)
        return LaneWait(None if earliest is None else max(0, earliest - now))

    def _allowed_ms(self, name: str) -> int:
        sent = self._sent.get(name, [])
        return max((sent[-n] + period for n, period in self._rates(name) if len(sent) >= n), default=0)

    def _lease(self, name: str, lane: _Lane, now: int, lease_ms: int) -> ClaimedEntry:
        head = lane.waiting[0]
        head.uncertain, head.begun, head.attempts = head.begun, True, head.attempts + 1
        lane.fence, lane.next_ms = next(self._fences), now + lease_ms
        self._sent.setdefault(name, []).append(now)
        return ClaimedEntry(
            name, lane.fence, head.id, head.body, head.attempts, head.uncertain, queued_at_ms=head.queued_at_ms
        )

    def _rates(self, name: str) -> Sequence[tuple[int, int]]:
        return next((rates for prefix, rates in self._limits if name.startswith(prefix)), ())

    async def renew_lane(self, claimed: ClaimedEntry, *, lease_ms: int) -> bool:
        lane = self._held(claimed)
        if lane is not None:
            lane.next_ms = self._clock() + lease_ms
        return lane is not None

    async def settle_done(self, claimed: ClaimedEntry) -> bool:
        lane = self._held(claimed)
        if lane is not None:
            lane.waiting.popleft()
            self._free(claimed.lane, lane)
        return lane is not None

    async def settle_retry(self, claimed: ClaimedEntry, *, after_ms: int, uncertain: bool) -> bool:
        lane = self._held(claimed)
        if lane is not None:
            head = lane.waiting[0]
            head.begun = head.uncertain or uncertain
            lane.fence, lane.next_ms = None, self._clock() + after_ms
        return lane is not None

    async def settle_dead(self, claimed: ClaimedEntry, *, reason: str) -> bool:
        lane = self._held(claimed)
        if lane is not None:
            head = lane.waiting.popleft()
            self._dead.appendleft(DeadLetter(claimed.lane, head.id, head.body, reason, self._clock()))
            self._free(claimed.lane, lane)
        return lane is not None

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        return [replace(letter) for letter in list(self._dead)[:limit]]

    def _held(self, claimed: ClaimedEntry) -> _Lane | None:
        lane = self._lanes.get(claimed.lane)
        return lane if lane is not None and lane.fence == claimed.fence else None

    def _free(self, name: str, lane: _Lane) -> None:
        lane.fence, lane.next_ms = None, self._clock()
        if not lane.waiting:
            del self._lanes[name]

    # how far behind

    async def backlog(self, now: Instant) -> Backlog:
        due = [
            wake.armed for wake in self._wakes.values() if wake.visible <= now or (wake.claimed and wake.armed <= now)
        ]
        free = [lane.next_ms for lane in self._lanes.values() if lane.next_ms <= self._clock()]
        return Backlog(
            due=len(due),
            oldest_due_at=min(due, default=None),
            lanes=len(self._lanes),
            entries=sum(len(lane.waiting) for lane in self._lanes.values()),
            oldest_lane_ms=min(free, default=None),
            dead=len(self._dead),
            poisoned=len(self._poisoned),
        )
