"""Health and metrics over real HTTP, with a service behind them that is told how it feels."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from bot.desk.ports import Backlog
from bot.errors import StoreAwayError
from bot.telemetry import Telemetry
from bot.web.health import DeskState, LoopState, add_routes
from bot.web.vitals import Vitals

NOTHING = Backlog(due=0, oldest_due_at=None, lanes=0, entries=0, oldest_lane_ms=None, dead=0, poisoned=0)
ALIVE = LoopState("timers", age_s=0.2, age_max_s=5)


@dataclass
class Service:
    """Implements `Health` from what a test sets."""

    state: DeskState = field(default_factory=lambda: DeskState(NOTHING, due_late_s=0, lane_late_s=0))
    loop_states: tuple[LoopState, ...] = (ALIVE,)
    stopping: bool = False
    store: str = "up"
    asked: int = 0

    def draining(self) -> bool:
        return self.stopping

    def loops(self) -> tuple[LoopState, ...]:
        return self.loop_states

    async def ping(self) -> None:
        self.asked += 1
        if self.store == "away":
            raise StoreAwayError("connection refused to redis://:hunter2@10.0.0.9")
        if self.store == "hanging":
            await asyncio.Event().wait()

    async def desk(self) -> DeskState:
        await self.ping()
        return self.state


@asynccontextmanager
async def serving(service: Service | Vitals, telemetry: Telemetry | None = None) -> AsyncIterator[TestClient]:
    app = web.Application()
    add_routes(app, service, telemetry or Telemetry())
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.mark.asyncio
@pytest.mark.parametrize("store", ["up", "away", "hanging"])
async def test_the_process_is_alive_whatever_the_store_does_and_never_asks_it(store: str) -> None:
    service = Service(store=store)
    async with serving(service) as http:
        answer = await http.get("/healthz")
        assert (answer.status, await answer.text()) == (200, "ok\n")
    assert service.asked == 0


@pytest.mark.asyncio
async def test_a_replica_is_ready_when_every_named_check_passes() -> None:
    async with serving(Service()) as http:
        answer = await http.get("/readyz")
        assert answer.status == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.json() == {
            "ready": True,
            "checks": {
                "store": {"ok": True},
                "loop timers": {"ok": True, "age_s": 0.2, "age_max_s": 5},
                "not draining": {"ok": True},
            },
        }


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("service", "failing"),
    [
        (Service(store="away"), "store"),
        (Service(store="hanging"), "store"),
        (Service(stopping=True), "not draining"),
        (Service(loop_states=(ALIVE, LoopState("lanes", age_s=5.1, age_max_s=5))), "loop lanes"),
        (Service(loop_states=(ALIVE, LoopState("lanes", age_s=None, age_max_s=5))), "loop lanes"),
    ],
    ids=["store away", "store hanging", "draining", "loop stuck", "loop never started"],
)
async def test_a_replica_is_unready_and_names_the_check_that_failed(service: Service, failing: str) -> None:
    async with serving(service) as http:
        answer = await http.get("/readyz")
        body = await answer.text()
        assert answer.status == 503
        report = await answer.json()
    assert report["ready"] is False
    assert [name for name, check in report["checks"].items() if not check["ok"]] == [failing]
    assert "hunter2" not in body
    assert "10.0.0.9" not in body


@pytest.mark.asyncio
async def test_lateness_does_not_make_a_replica_unready() -> None:
    async with serving(Service(state=DeskState(NOTHING, due_late_s=900, lane_late_s=900))) as http:
        assert (await http.get("/readyz")).status == 200


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("service", "status"),
    [
        (Service(), "ok"),
        (Service(state=DeskState(NOTHING, due_late_s=10.0, lane_late_s=10.0)), "ok"),
        (Service(state=DeskState(NOTHING, due_late_s=10.1, lane_late_s=0)), "late"),
        (Service(state=DeskState(NOTHING, due_late_s=0, lane_late_s=10.1)), "late"),
        (Service(state=DeskState(Backlog(0, None, 0, 0, None, dead=1, poisoned=0), 0, 0)), "faulty"),
        (Service(state=DeskState(Backlog(0, None, 0, 0, None, dead=0, poisoned=1), 0, 0)), "faulty"),
        (Service(loop_states=(LoopState("lanes", age_s=60, age_max_s=5),)), "stuck"),
        (Service(store="away"), "store away"),
        (Service(store="hanging"), "store away"),
    ],
)
async def test_the_desk_says_in_one_word_how_it_is_and_always_answers_200(service: Service, status: str) -> None:
    async with serving(service) as http:
        answer = await http.get("/healthz/desk")
        assert answer.status == 200
        assert (await answer.json())["status"] == status


@pytest.mark.asyncio
async def test_the_desk_tells_lateness_backlog_and_what_needs_a_person() -> None:
    backlog = Backlog(due=3, oldest_due_at=1_000, lanes=2, entries=7, oldest_lane_ms=2_000, dead=1, poisoned=4)
    async with serving(Service(state=DeskState(backlog, due_late_s=1.23456, lane_late_s=2))) as http:
        report = await (await http.get("/healthz/desk")).json()
    assert report["lateness"] == {"wake_up_s": 1.235, "lane_s": 2}
    assert report["backlog"] == {"due": 3, "oldest_due_at": 1_000, "lanes": 2, "entries": 7, "oldest_lane_ms": 2_000}
    assert report["audit"] == {"dead": 1, "poisoned": 4}
    assert report["loops"] == [{"name": "timers", "ok": True, "age_s": 0.2, "age_max_s": 5}]


@pytest.mark.asyncio
async def test_metrics_show_the_backlog_of_the_moment_and_survive_a_store_that_is_away() -> None:
    backlog = Backlog(due=3, oldest_due_at=1_000, lanes=2, entries=7, oldest_lane_ms=2_000, dead=1, poisoned=4)
    service, telemetry = Service(state=DeskState(backlog, due_late_s=1.5, lane_late_s=0)), Telemetry()
    telemetry.count("rejected", "401", "bad token")
    async with serving(service, telemetry) as http:
        answer = await http.get("/metrics")
        page = (await answer.text()).splitlines()
        service.store = "away"
        page_without_store = (await (await http.get("/metrics")).text()).splitlines()
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert {"desk_store_up 1.0", "desk_wake_backlog 3.0", "desk_wake_backlog_age_seconds 1.5"} <= set(page)
    assert 'desk_rejected_total{reason="bad token",status="401"} 1.0' in page
    assert {"desk_store_up 0.0", "desk_wake_backlog 3.0"} <= set(page_without_store)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/healthz/desk", "/metrics"])
async def test_every_page_answers_head_without_a_body_and_refuses_to_be_written(path: str) -> None:
    app = web.Application()
    add_routes(app, Service(), Telemetry())
    async with TestServer(app) as server, ClientSession() as http:
        async with http.head(server.make_url(path)) as answer:
            assert answer.status == 200
            assert await answer.read() == b""
        async with http.post(server.make_url(path), data=b"x") as answer:
            assert answer.status == 405


class Ledger:
    """The three calls of the ledger that `Vitals` makes."""

    def __init__(self, backlog: Backlog, store_time_ms: int) -> None:
        self._backlog = backlog
        self._store_time_ms = store_time_ms

    async def ping(self) -> None:
        pass

    async def backlog(self, now: int) -> Backlog:
        return self._backlog

    async def store_time_ms(self) -> int:
        return self._store_time_ms


class At:
    """A clock that stands."""

    def __init__(self, now: int) -> None:
        self._now = now

    def now(self) -> int:
        return self._now


def vitals(backlog: Backlog, *, desk_now: int, store_now: int, telemetry: Telemetry) -> Vitals:
    return Vitals(Ledger(backlog, store_now), At(desk_now), telemetry, loops={"timers": 5, "lanes": 5})  # type: ignore[arg-type]


@pytest.mark.asyncio
async def test_lateness_in_desk_time_is_told_in_real_seconds_and_that_of_lanes_is_real_already() -> None:
    backlog = Backlog(due=1, oldest_due_at=60_000, lanes=1, entries=1, oldest_lane_ms=9_000, dead=0, poisoned=0)
    service = vitals(backlog, desk_now=180_000, store_now=9_500, telemetry=Telemetry(speed=60))
    assert await service.desk() == DeskState(backlog, due_late_s=2.0, lane_late_s=0.5)


@pytest.mark.asyncio
async def test_a_lane_whose_turn_is_yet_to_come_is_not_late() -> None:
    backlog = Backlog(due=0, oldest_due_at=None, lanes=1, entries=1, oldest_lane_ms=9_900, dead=0, poisoned=0)
    service = vitals(backlog, desk_now=180_000, store_now=9_500, telemetry=Telemetry())
    assert await service.desk() == DeskState(backlog, due_late_s=0.0, lane_late_s=0.0)


@pytest.mark.asyncio
async def test_a_service_becomes_ready_when_all_its_loops_have_ticked_and_unready_when_it_drains() -> None:
    now_s = 100.0
    telemetry = Telemetry(monotonic=lambda: now_s)
    service = vitals(NOTHING, desk_now=0, store_now=0, telemetry=telemetry)
    async with serving(service, telemetry) as http:

        async def failing() -> list[str]:
            checks = (await (await http.get("/readyz")).json())["checks"]
            return [name for name, check in checks.items() if not check["ok"]]

        assert await failing() == ["loop timers", "loop lanes"]
        telemetry.beat("timers")
        telemetry.beat("lanes")
        assert await failing() == []
        now_s += 5.1
        telemetry.beat("timers")
        assert await failing() == ["loop lanes"]
        assert 'desk_loop_age_seconds{loop="timers"} 0.0' in await (await http.get("/metrics")).text()
        telemetry.beat("lanes")
        service.drain()
        assert await failing() == ["not draining"]
