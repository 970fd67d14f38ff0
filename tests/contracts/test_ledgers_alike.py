"""The memory ledger means what the real one means: whatever is asked of both, they answer alike."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.desk.ports import (
    ClaimedEntry,
    Commit,
    Entry,
    Guard,
    IndexChange,
    LaneWait,
    Ledger,
    RecordKey,
)
from bot.store.redis_store import open_ledger
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.servers import ENGINES

LONG_MS = 60_000
Step: TypeAlias = tuple[Any, ...]

KEYS = st.sampled_from([RecordKey("ticket", "a"), RecordKey("ticket", "b"), RecordKey("desk", "desk")])
NAMES = st.sampled_from(["x", "y"])
TIMES = st.integers(0, 20)
ENTRIES = st.builds(
    Entry,
    lane=st.sampled_from(["f:1", "f:2"]),
    id=st.uuids().map(str),
    body=st.binary(max_size=3),
    coalesce=st.none() | NAMES,
)
COMMITS = st.builds(
    Commit,
    key=KEYS,
    expected_version=st.integers(-2, 0),  # counted from the version that stands, see `take`
    body=st.binary(max_size=3),
    operation=st.none() | NAMES,
    answer=st.binary(max_size=2),
    guards=st.lists(st.builds(Guard, name=NAMES, owner=NAMES), max_size=2).map(tuple),
    events=st.lists(st.binary(max_size=2), max_size=2).map(tuple),
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
    wake_at=st.none() | TIMES,
    indexes=st.lists(
        st.builds(IndexChange, index=NAMES, member=NAMES, score=st.none() | st.integers(0, 3)), max_size=2
    ).map(tuple),
)
STEPS = st.one_of(
    st.tuples(st.just("commit"), COMMITS),
    st.tuples(st.just("claim_due"), TIMES | st.integers(20, 40), st.integers(1, 3)),
    st.tuples(st.just("wake_failed"), KEYS, st.integers(20, 30), st.integers(1, 3)),
    st.tuples(st.just("claim_lane")),
    st.tuples(st.just("settle_done"), st.integers(0, 3)),
    st.tuples(st.just("settle_retry"), st.integers(0, 3), st.booleans()),
    st.tuples(st.just("settle_dead"), st.integers(0, 3)),
)


class Replica:
    """A ledger and what was claimed from it, so that both sides are asked the same."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.claimed: list[ClaimedEntry] = []

    async def take(self, step: Step) -> object:
        """Take a step and return the answer, without what differs by the clock."""
        match step:
            case ("commit", commit):
                stored = await self.ledger.read(commit.key)
                version = (stored.version if stored else 0) + commit.expected_version + 1
                standing = Commit(**{**vars(commit), "expected_version": max(0, version)})
                return await self.ledger.commit(standing)
            case ("claim_due", now, limit):
                return await self.ledger.claim_due(now, limit=limit, claim_ms=5)
            case ("wake_failed", key, retry_at, give_up_after):
                return await self.ledger.wake_failed(key, retry_at=retry_at, give_up_after=give_up_after, reason="r")
            case ("claim_lane",):
                return await self._claim_all()
            case ("settle_done", which) if self.claimed:
                return await self.ledger.settle_done(self._one(which))
            case ("settle_retry", which, uncertain) if self.claimed:
                return await self.ledger.settle_retry(self._one(which), after_ms=0, uncertain=uncertain)
            case ("settle_dead", which) if self.claimed:
                return await self.ledger.settle_dead(self._one(which), reason="r")
        return None

    async def _claim_all(self) -> list[tuple[object, ...]]:
        """Claim every lane there is: which of two comes first depends on the millisecond."""
        found = []
        while not isinstance(answer := await self.ledger.claim_lane(lease_ms=LONG_MS), LaneWait):
            found.append(answer)
        found.sort(key=lambda claimed: claimed.lane)
        self.claimed += found
        return [(c.lane, c.id, c.body, c.attempts, c.uncertain) for c in found]

    def _one(self, which: int) -> ClaimedEntry:
        return self.claimed[which % len(self.claimed)]

    async def state(self) -> list[object]:
        ledger = self.ledger
        keys = [RecordKey("ticket", "a"), RecordKey("ticket", "b"), RecordKey("desk", "desk")]
        backlog = await ledger.backlog(10)
        return [
            await ledger.read_many(keys),
            [await ledger.events(key) for key in keys],
            await ledger.guard_owners(["x", "y"]),
            [await ledger.operation_answer(name) for name in ("x", "y")],
            [await ledger.index(name, newest_first=newest) for name in ("x", "y") for newest in (True, False)],
            await ledger.next_wake(),
            sorted(map(str, await ledger.poisoned())),
            [(letter.lane, letter.id, letter.body) for letter in await ledger.dead_letters()],
            (backlog.due, backlog.oldest_due_at, backlog.lanes, backlog.entries, backlog.dead, backlog.poisoned),
        ]


@pytest.mark.parametrize("engine", ENGINES)
def test_memory_and_store_answer_alike(request: pytest.FixtureRequest, engine: str) -> None:
    url = request.getfixturevalue(f"{engine}_server").url

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(STEPS, min_size=5, max_size=25))
    def alike(steps: list[Step]) -> None:
        asyncio.run(_walk(url, steps))

    alike()


async def _walk(url: str, steps: list[Step]) -> None:
    async with _both(url) as (memory, store):
        for step in steps:
            assert await memory.take(step) == await store.take(step), step
        assert await memory.state() == await store.state()


@asynccontextmanager
async def _both(url: str) -> AsyncIterator[tuple[Replica, Replica]]:
    async with open_ledger(url, f"desk-{secrets.token_hex(4)}") as ledger:
        yield Replica(MemoryLedger()), Replica(ledger)
