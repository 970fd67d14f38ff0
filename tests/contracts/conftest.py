"""Stores that all contract suites share; each test has a desk of its own in them."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeAlias

import pytest
import pytest_asyncio

from bot.desk.ports import Ledger
from bot.store.keys import Keys
from bot.store.lanes import DEFAULT_LIMITS, Limits
from bot.store.redis_store import open_ledger
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.servers import ENGINES, Server, running


async def wait_until(predicate: Callable[[], Awaitable[bool]], what: str, *, within_s: float = 10) -> None:
    """Return when the predicate holds; fails with `what` if it never does."""
    try:
        async with asyncio.timeout(within_s):
            while not await predicate():  # noqa: ASYNC110  a store has no event to wait for
                await asyncio.sleep(0.005)
    except TimeoutError:
        pytest.fail(f"not within {within_s} s: {what}")


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Server]:
    with running("valkey") as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    with running("redis") as server:
        yield server


@dataclass(frozen=True)
class Desk:
    """A desk in a store, as several replicas see it."""

    ledger: Ledger
    replicas: tuple[Ledger, Ledger]
    sends: Callable[[str], Awaitable[list[int]]]
    """When a lane was allowed to send, real ms."""


OpenDesk: TypeAlias = Callable[..., Awaitable[Desk]]


@pytest_asyncio.fixture(params=["memory", *ENGINES])
async def open_desk(request: pytest.FixtureRequest) -> AsyncIterator[OpenDesk]:
    """Open a new desk, with limits of its own if given."""
    opened = AsyncExitStack()

    async def in_memory(limits: Limits = DEFAULT_LIMITS) -> Desk:
        ledger = MemoryLedger(limits=limits)

        async def sends(lane: str) -> list[int]:
            return ledger._sent[lane]

        return Desk(ledger, (ledger, ledger), sends)

    async def on_server(limits: Limits = DEFAULT_LIMITS) -> Desk:
        url = request.getfixturevalue(f"{request.param}_server").url
        desk_id = f"desk-{secrets.token_hex(4)}"
        one, two = [await opened.enter_async_context(open_ledger(url, desk_id, limits=limits)) for _ in range(2)]

        async def sends(lane: str) -> list[int]:
            times = await one._client.lrange(Keys(desk_id).sent_prefix + lane, 0, -1)
            return [int(at) for at in times]

        return Desk(one, (one, two), sends)

    async with opened:
        yield in_memory if request.param == "memory" else on_server


@pytest_asyncio.fixture
async def desk(open_desk: OpenDesk) -> Desk:
    return await open_desk()


@pytest_asyncio.fixture
async def ledger(desk: Desk) -> Ledger:
    return desk.ledger
