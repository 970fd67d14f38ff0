"""What the ledger keeps when the wire or the server fails: scripts sent twice, wrong types, a store that is away."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from bot.desk.ports import ClaimedEntry, Commit, Committed, DueRecord, Entry, Guard, IndexChange, RecordKey, Stored
from bot.errors import ConfigError, StoreAwayError
from bot.store.keys import Keys
from bot.store.redis_store import RedisLedger, connect, open_ledger
from bot.store.scripts import Client
from tests.harness.servers import ENGINES, Server, running

pytestmark = pytest.mark.asyncio

TICKET = RecordKey("ticket", "3CX-7K2M")
NOON = 1_763_862_000_000
LONG_MS = 60_000
EVERYTHING = Commit(
    TICKET,
    0,
    b"body",
    operation="op",
    answer=b"answer",
    guards=(Guard("guard", "owner"),),
    events=(b"event",),
    entries=(Entry("f:1", "entry", b"", "card"),),
    wake_at=NOON,
    indexes=(IndexChange("index", "member", 1),),
)


class SendsTwice:
    """A client that loses the first reply of every script and sends it again, as redis-py does.

    `between`: what happens in the store after the first delivery.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.between: Callable[[], Awaitable[object]] | None = None

    async def evalsha(self, *command: Any) -> Any:
        return await self._twice(self._client.evalsha, command)

    async def eval(self, *command: Any) -> Any:
        return await self._twice(self._client.eval, command)

    async def _twice(self, send: Callable[..., Awaitable[Any]], command: tuple[Any, ...]) -> Any:
        await send(*command)
        if self.between is not None:
            between, self.between = self.between, None
            await between()
        return await send(*command)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture(params=ENGINES)
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest_asyncio.fixture
async def ledger(server: Server, request: pytest.FixtureRequest) -> AsyncIterator[RedisLedger]:
    async with open_ledger(server.url, f"desk-{abs(hash(request.node.nodeid))}") as opened:
        yield opened


@pytest_asyncio.fixture
async def twice(ledger: RedisLedger) -> RedisLedger:
    """Open the same desk over a wire that delivers every script twice."""
    return RedisLedger(SendsTwice(ledger._client), ledger._keys.desk_id)  # type: ignore[arg-type]


def on_wire(ledger: RedisLedger) -> SendsTwice:
    client = ledger._client
    assert isinstance(client, SendsTwice)
    return client


async def keys_of(ledger: RedisLedger) -> set[str]:
    tag = f"{{{ledger._keys.desk_id}}}:"
    found = await ledger._client.keys("*")
    return {key.decode().removeprefix(tag) for key in found if key.decode().startswith(tag)}


# Scripts that arrive twice


async def test_a_commit_that_arrives_twice_is_written_once_and_answered_as_committed(
    ledger: RedisLedger, twice: RedisLedger
) -> None:
    assert await twice.commit(EVERYTHING) == Committed(1)
    assert await twice.commit(Commit(TICKET, 1, b"2", events=(b"2",), entries=(Entry("f:1", "2", b""),))) == Committed(
        2
    )
    assert await ledger.read(TICKET) == Stored(2, b"2")
    assert await ledger.events(TICKET) == [b"event", b"2"]
    assert (await ledger.backlog(NOON)).entries == 2


async def test_a_commit_is_recognised_though_others_were_written_between_its_two_arrivals(
    ledger: RedisLedger, twice: RedisLedger
) -> None:
    async def others() -> None:
        for version in (1, 2, 3):
            assert await ledger.commit(Commit(TICKET, version, b"other")) == Committed(version + 1)

    on_wire(twice).between = others
    assert await twice.commit(Commit(TICKET, 0, b"mine", events=(b"mine",))) == Committed(1)
    assert await ledger.read(TICKET) == Stored(4, b"other")
    assert await ledger.events(TICKET) == [b"mine"]


async def test_claims_that_arrive_twice_return_the_same(ledger: RedisLedger, twice: RedisLedger) -> None:
    await ledger.commit(EVERYTHING)
    assert await twice.claim_due(NOON, limit=5, claim_ms=1_000) == [DueRecord(TICKET, NOON)]
    claimed = await twice.claim_lane(lease_ms=LONG_MS)
    assert isinstance(claimed, ClaimedEntry)
    assert (claimed.id, claimed.attempts, claimed.uncertain) == ("entry", 1, False)
    assert await twice.renew_lane(claimed, lease_ms=LONG_MS)
    assert await twice.settle_done(claimed)


async def test_a_due_record_that_was_committed_between_two_arrivals_is_not_given_out(
    ledger: RedisLedger, twice: RedisLedger
) -> None:
    await ledger.commit(EVERYTHING)
    on_wire(twice).between = lambda: ledger.commit(Commit(TICKET, 1, b""))
    assert await twice.claim_due(NOON, limit=5, claim_ms=1_000) == []


async def test_settling_that_arrives_twice_touches_one_entry(ledger: RedisLedger, twice: RedisLedger) -> None:
    await ledger.commit(replace(EVERYTHING, entries=tuple(Entry("f:1", str(i), b"") for i in range(3))))
    for settle in (
        lambda c: twice.settle_retry(c, after_ms=0, uncertain=False),
        twice.settle_done,
        lambda c: twice.settle_dead(c, reason="gone"),
        twice.settle_done,
    ):
        claimed = await ledger.claim_lane(lease_ms=LONG_MS)
        assert isinstance(claimed, ClaimedEntry)
        assert await settle(claimed)
    assert (await ledger.backlog(NOON)).entries == 0
    assert [letter.id for letter in await ledger.dead_letters()] == ["1"]


async def test_failures_and_uses_that_arrive_twice_count_once(ledger: RedisLedger, twice: RedisLedger) -> None:
    await ledger.commit(EVERYTHING)
    for failure in (1, 2, 3):
        assert await ledger.claim_due(NOON, limit=1, claim_ms=1_000)
        aside = await twice.wake_failed(TICKET, retry_at=NOON, give_up_after=3, reason="bug")
        assert aside is (failure == 3)
    assert [await twice.allow("use", limit=2, window_s=60) for _ in range(3)] == [True, True, False]
    assert await twice.once("secret", b"mine") == b"mine"


# Nothing half-written


@pytest.mark.parametrize(
    "spoiled",
    ["e:ticket:3CX-7K2M", "wakes", "claims", "poisoned", "lanes", "o:op", "g:guard", "l:f:1", "q:f:1", "x:index"],
)
async def test_a_key_of_a_wrong_type_leaves_nothing_half_written(ledger: RedisLedger, spoiled: str) -> None:
    key = f"{{{ledger._keys.desk_id}}}:{spoiled}"
    await ledger._client.execute_command("XADD", key, "*", "what", "ever")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await ledger.commit(EVERYTHING)
    assert await keys_of(ledger) == {spoiled}


@pytest.mark.parametrize("life_s", [0, -1])
async def test_a_life_that_is_none_leaves_nothing_half_written(ledger: RedisLedger, life_s: int) -> None:
    with pytest.raises(ResponseError, match="not a number"):
        await ledger.commit(replace(EVERYTHING, guards=(Guard("guard", "owner", ttl_s=life_s),)))
    assert await keys_of(ledger) == set()


# What stays


async def test_nothing_of_a_lane_stays_when_it_is_empty_but_what_it_sent(ledger: RedisLedger) -> None:
    lanes = ("t:a", "f:1")
    await ledger.commit(Commit(TICKET, 0, b"", entries=tuple(Entry(lane, "e", b"", "card") for lane in lanes)))
    for _ in lanes:
        claimed = await ledger.claim_lane(lease_ms=LONG_MS)
        assert isinstance(claimed, ClaimedEntry)
        await ledger.settle_done(claimed)
    left = {key for key in await keys_of(ledger) if not key.startswith("c:")}
    assert left == {"r:ticket:3CX-7K2M", "entries", "fence", "s:t:a"}
    assert 3_600_000 < await ledger._client.pttl(ledger._keys.sent_prefix + "t:a") <= 3_700_000


async def test_nothing_of_an_entry_stays_when_its_lane_goes_on(ledger: RedisLedger) -> None:
    entries = (Entry("f:1", "a", b"", "card"), Entry("f:1", "b", b"body"))
    await ledger.commit(Commit(TICKET, 0, b"", entries=entries))
    claimed = await ledger.claim_lane(lease_ms=LONG_MS)
    assert isinstance(claimed, ClaimedEntry)
    await ledger.settle_done(claimed)
    assert set(await ledger._client.hkeys(ledger._keys.lane("f:1"))) == {b"seq", b"i2", b"b2", b"q2"}


async def test_dead_letters_are_bounded(ledger: RedisLedger) -> None:
    await ledger._client.rpush(ledger._keys.dead, *(b"1 1 1 1\nfeb" for _ in range(1_000)))
    await ledger.commit(EVERYTHING)
    claimed = await ledger.claim_lane(lease_ms=LONG_MS)
    assert isinstance(claimed, ClaimedEntry)
    await ledger.settle_dead(claimed, reason="gone")
    letters = await ledger.dead_letters(limit=2_000)
    assert len(letters) == 1_000
    assert letters[0].reason == "gone"


async def test_two_desks_in_one_store_do_not_see_each_other(server: Server, ledger: RedisLedger) -> None:
    async with open_ledger(server.url, "another-desk") as another:
        await ledger.commit(EVERYTHING)
        assert await another.read(TICKET) is None
        assert await another.next_wake() is None


@pytest.mark.parametrize("desk_id", ["", "a}b", "{", "a b"])
async def test_a_desk_id_that_would_break_the_hash_tag_is_refused(desk_id: str) -> None:
    with pytest.raises(ValueError, match="desk id"):
        Keys(desk_id)


# A store that is away


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_store_that_is_killed_is_away_and_comes_back_with_everything(engine: Any) -> None:
    with running(engine) as server:
        ledger = RedisLedger(connect(server.url, retries=0), "desk")
        try:
            assert await ledger.commit(EVERYTHING) == Committed(1)
            server.kill()
            for call in (
                ledger.ping,
                lambda: ledger.read(TICKET),
                lambda: ledger.read_many([TICKET]),
                lambda: ledger.commit(EVERYTHING),
                lambda: ledger.recall("x"),
                lambda: ledger.claim_lane(lease_ms=1),
            ):
                with pytest.raises(StoreAwayError):
                    await call()
            server.start()
            assert await ledger.read(TICKET) == Stored(1, b"body")
            assert await ledger.events(TICKET) == [b"event"]
            assert await ledger.claim_due(NOON, limit=1, claim_ms=1) == [DueRecord(TICKET, NOON)]
        finally:
            await ledger.close()


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_short_restart_is_ridden_over(engine: Any) -> None:
    with running(engine) as server:
        async with open_ledger(server.url, "desk") as ledger:
            server.kill()
            writing = asyncio.create_task(ledger.commit(EVERYTHING))
            await asyncio.to_thread(server.start)
            assert await writing == Committed(1)


async def test_a_full_store_is_away_and_keeps_nothing_of_the_commit(server: Server, ledger: RedisLedger) -> None:
    await ledger._client.config_set("maxmemory", "1")
    try:
        with pytest.raises(StoreAwayError):
            await ledger.commit(EVERYTHING)
    finally:
        await ledger._client.config_set("maxmemory", "0")
    assert await keys_of(ledger) == set()


async def test_a_store_that_hangs_is_away_in_bounded_time() -> None:
    with running("valkey") as server:
        ledger = RedisLedger(connect(server.url), "desk", within_s=0.2)
        await ledger.commit(EVERYTHING)
        os.kill(server.pid, signal.SIGSTOP)
        try:
            for call in (ledger.ping, lambda: ledger.read(TICKET), lambda: ledger.read_many([TICKET])):
                with pytest.raises(StoreAwayError):
                    await call()
        finally:
            os.kill(server.pid, signal.SIGCONT)
        assert await ledger.read(TICKET) == Stored(1, b"body")
        await ledger.close()


async def test_a_task_that_is_cancelled_in_a_call_ends(ledger: RedisLedger) -> None:
    """A `socket_timeout` made redis-py swallow three in ten of these: loops that do not stop."""

    async def loop() -> None:
        while True:
            await ledger.ping()
            await ledger.recall("x")

    for i in range(20):
        loops = [asyncio.create_task(loop()) for _ in range(8)]
        await asyncio.sleep(0.002 + i * 0.0002)
        for task in loops:
            task.cancel()
        _, left = await asyncio.wait(loops, timeout=1)
        for task in left:
            task.cancel()
        assert not left
        assert all(task.cancelled() for task in loops)


async def test_a_url_of_no_store_is_a_fault_of_the_settings() -> None:
    with pytest.raises(ConfigError, match="REDIS_URL"):
        connect("http://127.0.0.1")
