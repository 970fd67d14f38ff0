"""The wire of the fault tests counts what passes, and loses exactly what it was told to lose."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from aiohttp.client_exceptions import ClientError
from aiohttp.test_utils import TestServer

from bot.desk.ports import Commit, Committed, RecordKey, Stored
from bot.errors import StoreAwayError
from bot.store.redis_store import RedisLedger, connect, open_ledger
from tests.harness.proxy import Action, Address, Delay, DropReply, DropRequest, Pass, Proxy, Seen, kill_at
from tests.harness.servers import Server, running

pytestmark = pytest.mark.asyncio

TICKET = RecordKey("ticket", "3CX-7K2M")


@pytest_asyncio.fixture
async def to_store(valkey_server: Server) -> AsyncIterator[Proxy]:
    async with Proxy(Address(path=valkey_server.socket), "resp") as proxy:
        yield proxy


async def test_requests_to_a_store_are_counted_also_when_they_come_together(to_store: Proxy) -> None:
    client = connect(to_store.redis_url)
    async with client.pipeline(transaction=False) as pipe:
        for i in range(3):
            pipe.set(f"proxy:{i}", b"x" * 100_000)
        await pipe.execute()
    assert await client.get("proxy:2") == b"x" * 100_000
    await client.aclose()
    assert [name for name in to_store.seen if name not in ("SELECT", "PING")] == ["SET", "SET", "SET", "GET"]


@pytest.mark.parametrize("action", [DropRequest(), DropReply(), Delay(0.01)])
async def test_a_commit_is_written_once_whatever_the_wire_loses(
    to_store: Proxy, valkey_server: Server, action: Action
) -> None:
    desk_id = f"desk-{type(action).__name__}"
    async with open_ledger(valkey_server.url, desk_id) as direct:
        await direct.commit(Commit(RecordKey("desk", "desk"), 0, b""))  # the script is known from here on
        ledger = RedisLedger(connect(to_store.redis_url), desk_id)
        await ledger.ping()
        lost: list[int] = []

        async def once(seen: Seen) -> Action:
            if seen.name == "EVALSHA" and not lost:
                lost.append(seen.number)
                return action
            return Pass()

        to_store.on_request = once
        assert await ledger.commit(Commit(TICKET, 0, b"body", events=(b"event",))) == Committed(1)
        assert lost
        assert await direct.read(TICKET) == Stored(1, b"body")
        assert await direct.events(TICKET) == [b"event"]
        await ledger.close()


@pytest.mark.parametrize("delivered", [False, True])
async def test_a_server_killed_at_a_request_has_seen_it_only_if_it_was_delivered(*, delivered: bool) -> None:
    with running("valkey") as server:
        async with Proxy(Address(path=server.socket), "resp") as proxy:
            ledger = RedisLedger(connect(proxy.redis_url, retries=0), "desk")
            await ledger.commit(Commit(RecordKey("desk", "desk"), 0, b""))
            proxy.on_request = kill_at(len(proxy.seen) + 1, lambda: server.pid, delivered=delivered)
            with pytest.raises(StoreAwayError):
                await ledger.commit(Commit(TICKET, 0, b"body"))
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            assert await ledger.read(TICKET) == (Stored(1, b"body") if delivered else None)
            await ledger.close()


async def test_requests_over_http_are_counted_and_lost_as_told() -> None:
    received: list[str] = []

    async def receive(request: web.Request) -> web.Response:
        received.append((await request.read()).decode())
        return web.Response(text="x" * 100_000)

    app = web.Application()
    app.router.add_post("/v3/{tail:.*}", receive)
    answers = {1: Pass(), 2: DropRequest(), 3: DropReply(), 4: Delay(0.01)}

    async def by_number(seen: Seen) -> Action:
        return answers[seen.number]

    async def chunks() -> AsyncIterator[bytes]:
        for part in (b"chunk", b"ed"):
            yield part

    async with (
        TestServer(app) as server,
        Proxy(Address(port=server.port or 0), "http", on_request=by_number) as proxy,
        ClientSession() as session,
    ):

        async def post(body: object) -> int | None:
            try:
                async with session.post(f"http://127.0.0.1:{proxy.port}/v3/a?b=c", data=body) as answer:
                    return len(await answer.read())
            except ClientError:
                return None

        sizes = [await post(body) for body in (b"one", b"two", b"three", chunks())]
    assert sizes == [100_000, None, None, 100_000]
    assert received == ["one", "three", "chunked"]
    assert proxy.seen == ["POST /v3/a?b=c"] * 4
