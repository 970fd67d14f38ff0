"""Health and metrics. `/healthz` never touches the store: restarting a bot cannot mend a store that is away.

Lateness never makes a replica unready, which would turn customers' notices away; it is told on `/healthz/desk`.
Nothing here names a person, a ticket or a setting.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import orjson
from aiohttp import web

from bot.desk.ports import Backlog
from bot.errors import StoreAwayError
from bot.telemetry import Telemetry

STORE_ANSWERS_WITHIN_S = 1.0
LATE_AFTER_S = 10.0
_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class LoopState:
    """A named loop. `age_s`: real seconds since it last ticked (None: never); above `age_max_s` it counts as stuck."""

    name: str
    age_s: float | None
    age_max_s: float

    @property
    def alive(self) -> bool:
        """Return whether the loop ticked lately."""
        return self.age_s is not None and self.age_s <= self.age_max_s


@dataclass(frozen=True)
class DeskState:
    """How far behind the desk is; lateness in real seconds, 0 if nothing waits."""

    backlog: Backlog
    due_late_s: float
    lane_late_s: float


class Health(Protocol):
    """What the routes ask; `bot.web.vitals` answers it for the running service."""

    def draining(self) -> bool:
        """Return whether this replica is stopping and wants no new requests."""
        ...

    def loops(self) -> Sequence[LoopState]:
        """Return every loop that this replica should be running."""
        ...

    async def ping(self) -> None:
        """Return when the store answers; raises StoreAwayError."""
        ...

    async def desk(self) -> DeskState:
        """Return how far behind the desk is; raises StoreAwayError."""
        ...


_HEALTH: web.AppKey[Health] = web.AppKey("health")
_TELEMETRY: web.AppKey[Telemetry] = web.AppKey("telemetry", Telemetry)


def add_routes(app: web.Application, health: Health, telemetry: Telemetry) -> None:
    """Add `/healthz`, `/readyz`, `/healthz/desk` and `/metrics`, each for GET and HEAD."""
    app[_HEALTH] = health
    app[_TELEMETRY] = telemetry
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready)
    app.router.add_get("/healthz/desk", _desk)
    app.router.add_get("/metrics", _metrics)


async def _alive(_: web.Request) -> web.Response:
    return web.Response(text="ok\n", headers=_FRESH)


async def _ready(request: web.Request) -> web.Response:
    health = request.app[_HEALTH]
    checks: dict[str, dict[str, object]] = {"store": await _store_check(health)}
    checks |= {f"loop {loop.name}": _loop_check(loop) for loop in health.loops()}
    checks["not draining"] = {"ok": not health.draining()}
    ready = all(check["ok"] for check in checks.values())
    return _json({"ready": ready, "checks": checks}, status=200 if ready else 503)


async def _desk(request: web.Request) -> web.Response:
    health = request.app[_HEALTH]
    state = await _desk_state(health)
    loops = [{"name": loop.name, **_loop_check(loop)} for loop in health.loops()]
    body: dict[str, object] = {"status": _status(state, health.loops()), "loops": loops}
    if state is not None:
        waiting = asdict(state.backlog)
        audit = {name: waiting.pop(name) for name in ("dead", "poisoned")}
        lateness = {"wake_up_s": round(state.due_late_s, 3), "lane_s": round(state.lane_late_s, 3)}
        body |= {"lateness": lateness, "backlog": waiting, "audit": audit}
    return _json(body)


async def _metrics(request: web.Request) -> web.Response:
    telemetry = request.app[_TELEMETRY]
    state = await _desk_state(request.app[_HEALTH])
    if state is None:
        telemetry.store_is_away()
    else:
        telemetry.backlog(state.backlog, due_late_s=state.due_late_s, lane_late_s=state.lane_late_s)
    return web.Response(body=telemetry.page(), headers={"Content-Type": telemetry.page_type, **_FRESH})


def _status(
    state: DeskState | None, loops: Sequence[LoopState]
) -> Literal["ok", "late", "faulty", "stuck", "store away"]:
    """Return the gravest thing that can be said in one word."""
    if state is None:
        return "store away"
    if not all(loop.alive for loop in loops):
        return "stuck"
    if max(state.due_late_s, state.lane_late_s) > LATE_AFTER_S:
        return "late"
    if state.backlog.dead or state.backlog.poisoned:
        return "faulty"
    return "ok"


async def _store_check(health: Health) -> dict[str, object]:
    try:
        async with asyncio.timeout(STORE_ANSWERS_WITHIN_S):
            await health.ping()
    except StoreAwayError:
        return {"ok": False, "why": "the store does not answer"}
    except TimeoutError:
        return {"ok": False, "why": f"the store took longer than {STORE_ANSWERS_WITHIN_S:g} s"}
    return {"ok": True}


async def _desk_state(health: Health) -> DeskState | None:
    try:
        async with asyncio.timeout(STORE_ANSWERS_WITHIN_S):
            return await health.desk()
    except (StoreAwayError, TimeoutError):
        return None


def _loop_check(loop: LoopState) -> dict[str, object]:
    age_s = None if loop.age_s is None else round(loop.age_s, 3)
    return {"ok": loop.alive, "age_s": age_s, "age_max_s": loop.age_max_s}


def _json(body: object, *, status: int = 200) -> web.Response:
    return web.Response(
        body=orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE),
        status=status,
        content_type="application/json",
        headers=_FRESH,
    )
