"""The front lets Teams' calls through and nothing else, and a replica that goes away costs no call. A real Caddy."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from tests.contracts.conftest import wait_until
from tests.harness.servers import free_port
from tests.infra.tools import ROOT, bring

pytestmark = pytest.mark.asyncio


@dataclass
class Replica:
    """Stands for a bot: counts what it is asked, and can go away."""

    port: int = field(default_factory=free_port)
    asked: list[str] = field(default_factory=list)
    hangs_up: bool = False
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application(client_max_size=4 << 20)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self.runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        assert self.runner is not None
        await self.runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path != "/healthz":
            await request.read()
            self.asked.append(f"{request.method} {request.path}")
            if self.hangs_up:
                assert request.transport is not None
                request.transport.abort()
        return web.Response(text="ok")


@dataclass
class Front:
    url: str
    replicas: tuple[Replica, Replica]
    session: aiohttp.ClientSession

    async def status(self, method: str, path: str, body: bytes = b"{}") -> int:
        async with self.session.request(
            method, self.url + path, data=io.BytesIO(body), allow_redirects=False
        ) as answer:
            return answer.status

    @property
    def asked(self) -> list[str]:
        return [call for replica in self.replicas for call in replica.asked]


@asynccontextmanager
async def caddy(folder: Path, port: int, bots: str) -> AsyncIterator[None]:
    """Run Caddy on the desk's own file, without TLS and on loopback only."""
    own = (ROOT / "infra" / "Caddyfile").read_text(encoding="utf-8")
    local = own.replace("\tadmin off\n", "\tadmin off\n\tdefault_bind 127.0.0.1\n", 1)
    assert local != own
    (folder / "Caddyfile").write_text(local, encoding="utf-8")
    environment = {
        "DOMAIN": f"http://127.0.0.1:{port}", "ACME_EMAIL": "ops@example.com", "BOTS": bots,
        "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
    }  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            str(bring() / "caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile",
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        yield
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 10)


@pytest_asyncio.fixture
async def front(tmp_path: Path) -> AsyncIterator[Front]:
    replicas, port = (Replica(), Replica()), free_port()
    for replica in replicas:
        await replica.start()
    bots = " ".join(f"127.0.0.1:{replica.port}" for replica in replicas)
    async with caddy(tmp_path, port, bots), aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
        front = Front(f"http://127.0.0.1:{port}", replicas, session)

        async def answers() -> bool:
            try:
                return await front.status("GET", "/") == 404
            except aiohttp.ClientConnectionError:
                return False

        await wait_until(answers, "Caddy answers")
        yield front
    for replica in replicas:
        await replica.stop()


async def test_teams_calls_reach_both_replicas(front: Front) -> None:
    statuses = await asyncio.gather(*(front.status("POST", "/api/messages") for _ in range(40)))
    assert set(statuses) == {200}
    assert [bool(replica.asked) for replica in front.replicas] == [True, True]
    assert set(front.asked) == {"POST /api/messages"}
    assert len(front.asked) == 40


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/messages"), ("PUT", "/api/messages"), ("POST", "/api/messages/more"), ("POST", "/"),
        ("POST", "/api/messages/../../metrics"), ("GET", "/healthz"), ("GET", "/healthz/desk"), ("GET", "/readyz"),
        ("GET", "/metrics"), ("POST", "/healthz"),
    ],
)  # fmt: skip
async def test_everything_else_ends_at_the_front(front: Front, method: str, path: str) -> None:
    assert await front.status(method, path) == 404
    assert front.asked == []


async def test_a_body_that_no_activity_needs_is_refused(front: Front) -> None:
    assert await front.status("POST", "/api/messages", b"x" * 900_000) == 200
    assert await front.status("POST", "/api/messages", b"x" * 1_100_000) == 413


async def test_a_replica_that_restarts_costs_no_call(front: Front) -> None:
    await front.replicas[0].stop()
    statuses = [await front.status("POST", "/api/messages") for _ in range(10)]
    assert statuses == [200] * 10
    await front.replicas[0].start()
    front.replicas[0].asked.clear()

    async def is_used_again() -> bool:
        await front.status("POST", "/api/messages")
        return bool(front.replicas[0].asked)

    await wait_until(is_used_again, "the replica that came back is asked again", within_s=15)


async def test_a_call_that_got_through_is_never_sent_twice(front: Front) -> None:
    for replica in front.replicas:
        replica.hangs_up = True
    assert await front.status("POST", "/api/messages") == 502
    assert front.asked == ["POST /api/messages"]
