"""What a server tells of its durability, and what it does not tell a user who may not ask."""

from collections.abc import Iterator

import pytest

from bot.store.durability import Durability
from bot.store.redis_store import RedisLedger, connect
from tests.harness.servers import ENGINES, Engine, Server, running

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module", params=ENGINES)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    engine: Engine = request.param
    with running(engine) as started:
        yield started


async def asked(server: Server, *rights: str) -> Durability | None:
    """Return what somebody with these rights is told."""
    owner = connect(server.url)
    await owner.execute_command("ACL", "SETUSER", "asker", "reset", "on", "nopass", "~*", "+@all", *rights)
    await owner.aclose()
    ledger = RedisLedger(connect(server.url.replace("unix://", "unix://asker:any@")), "desk")
    try:
        return await ledger.durability()
    finally:
        await ledger.close()


async def test_a_server_tells_how_it_keeps_its_data(server: Server) -> None:
    told = await asked(server)
    assert told is not None
    assert told.server.startswith("Valkey 9" if server.engine == "valkey" else "Redis 7")
    assert (told.appendonly, told.appendfsync, told.maxmemory_policy) == (True, "always", "noeviction")
    assert (told.last_write_ok, told.last_rewrite_ok, told.delayed_syncs) == (True, True, 0)


async def test_a_server_without_config_tells_all_but_appendfsync(server: Server) -> None:
    told = await asked(server, "-config")
    assert told is not None
    assert (told.appendonly, told.appendfsync, told.maxmemory_policy) == (True, "", "noeviction")


async def test_a_server_without_info_tells_nothing(server: Server) -> None:
    assert await asked(server, "-info") is None
