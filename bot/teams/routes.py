"""POST /api/messages: whoever speaks proves it first; then the body must be an activity; only then anything is done.

| status | when |
|---|---|
| 401 | no token, or none that Teams signed: garbage, forged, expired, wrong issuer or algorithm, unknown key |
| 403 | a genuine token for another bot, another service URL, or a channel its key does not endorse |
| 415, 413, 400 | not JSON; larger than 256 KiB; not an activity |
| 200 | done; or a tenant or channel that is none of ours, dropped and counted; or kept until the store is back |
| 503 | the signing keys or the disk fail us: Teams may try again |
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from bot.desk.ports import Clock
from bot.errors import ConflictError, StoreAwayError
from bot.sla.instants import Instant
from bot.teams.activities import MalformedError, Seen, read_activity, seen
from bot.teams.adapter import InvokeBody, TeamsAdapter
from bot.teams.door import TeamsDoor
from bot.teams.drawing import Count
from bot.teams.inbox import Inbox, InboxFullError
from bot.teams.urls import is_acceptable_service
from bot.teams.verify import Claims, TokenRefusedError, Verifier

_log = logging.getLogger(__name__)

BODY_SIZE_MAX_BYTES = 256 << 10
TEAMS_CHANNEL = "msteams"


class Entrance:
    """Answers Teams. `allowed_tenants`: lower case; the desk's and its customers'.

    `turn_timeout_s`: Teams gives up after 10 to 15 s; a slower turn is kept in the inbox and done again.
    """

    def __init__(
        self,
        *,
        verifier: Verifier,
        adapter: TeamsAdapter,
        door: TeamsDoor,
        inbox: Inbox,
        clock: Clock,
        count: Count,
        allowed_tenants: Callable[[], frozenset[str]],
        allow_loopback_http: bool = False,
        turn_timeout_s: float = 8,
        body_timeout_s: float = 10,
    ) -> None:
        self._verifier = verifier
        self._adapter = adapter
        self._door = door
        self._inbox = inbox
        self._clock = clock
        self._count = count
        self._allowed_tenants = allowed_tenants
        self._allow_loopback_http = allow_loopback_http
        self._turn_timeout_s = turn_timeout_s
        self._body_timeout_s = body_timeout_s

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            claims = await self._verifier.claims(request.headers.get("Authorization"))
            raw = await self._body(request)
            activity = read_activity(raw)
            what = seen(activity)
            self._check(claims, what)
        except TokenRefusedError as error:
            return self._refused(error.status, error.reason)
        except MalformedError as error:
            return self._refused(400, "malformed", str(error))
        except _BadRequestError as error:
            return self._refused(error.status, error.reason)
        if not self._is_ours(what):
            return web.Response()
        return await self._turn(claims.values, raw, activity, what)

    async def replay(self) -> int:
        """Hand on what the inbox kept, with its own times of arrival; return how many. For a worker's loop."""

        async def again(claims: dict[str, Any], raw: dict[str, Any], arrived_at: Instant) -> None:
            activity = read_activity(raw)
            async with asyncio.timeout(self._turn_timeout_s):
                await self._run(claims, activity, seen(activity), arrived_at)
            self._count("teams_inbox", "replayed")

        return await self._inbox.replay(again)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type != "application/json":
            raise _BadRequestError(415, "not_json")
        if (request.content_length or 0) > BODY_SIZE_MAX_BYTES:
            raise _BadRequestError(413, "too_large")
        body = bytearray()
        try:
            async with asyncio.timeout(self._body_timeout_s):
                async for chunk in request.content.iter_chunked(64 << 10):
                    body += chunk
                    if len(body) > BODY_SIZE_MAX_BYTES:
                        raise _BadRequestError(413, "too_large")
            raw = orjson.loads(body)
        except TimeoutError as error:
            raise _BadRequestError(408, "slow_body") from error
        except (orjson.JSONDecodeError, aiohttp.ClientError, web.RequestPayloadError) as error:
            raise _BadRequestError(400, "not_json") from error
        if not isinstance(raw, dict):
            raise _BadRequestError(400, "not_an_object")
        return raw

    def _check(self, claims: Claims, what: Seen) -> None:
        self._verifier.check_activity(claims, service_url=what.service_url, channel_id=what.channel_id)
        if not is_acceptable_service(what.service_url, allow_loopback_http=self._allow_loopback_http):
            raise TokenRefusedError(403, "unacceptable_service_url")

    def _is_ours(self, what: Seen) -> bool:
        # Web chat and Direct Line let their users claim any tenant; only Teams' word counts.
        if what.channel_id != TEAMS_CHANNEL:
            self._count("teams_dropped", "other_channel")
            return False
        if what.tenant not in self._allowed_tenants():
            self._count("teams_dropped", "foreign_tenant" if what.tenant else "no_tenant")
            return False
        return True

    async def _turn(self, claims: dict[str, Any], raw: dict[str, Any], activity: Any, what: Seen) -> web.Response:
        arrived_at = self._clock.now()
        try:
            async with asyncio.timeout(self._turn_timeout_s):
                body = await self._run(claims, activity, what, arrived_at)
        except (StoreAwayError, ConflictError, TimeoutError) as error:
            return await self._keep(claims, raw, arrived_at, type(error).__name__)
        except Exception:  # noqa: BLE001  the wall around one turn
            _log.exception("a turn failed: type=%s", what.type[:40])
            self._count("teams_turns_failed", what.type if what.type == "message" else "other")
            await self._inbox.set_aside(raw, arrived_at)
            # Teams stops delivering to a bot that fails on its system activities.
            return web.Response(status=500 if what.type == "message" else 200)
        return web.Response() if body is None else _json(body)

    async def _run(self, claims: dict[str, Any], activity: Any, what: Seen, arrived_at: Instant) -> InvokeBody | None:
        async def turn(_: Any) -> InvokeBody | None:
            return await self._door.arrive(what, arrived_at)

        return await self._adapter.process(claims, activity, turn)

    async def _keep(
        self, claims: dict[str, Any], raw: dict[str, Any], arrived_at: Instant, reason: str
    ) -> web.Response:
        try:
            await self._inbox.keep(_essentials(claims), raw, arrived_at)
        except InboxFullError:
            return self._refused(503, "inbox_full")
        self._count("teams_inbox", "kept")
        _log.warning("an activity is kept until it can be handled: %s", reason)
        return web.Response()

    def _refused(self, status: int, reason: str, told: str = "") -> web.Response:
        self._count("rejected", f"{status}/{reason}")
        _log.info("teams refused status=%d reason=%s", status, reason)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}  # noqa: PLR2004  HTTP's own word
        if status == 503:  # noqa: PLR2004  HTTP's own word
            headers["Retry-After"] = "5"
        return web.Response(status=status, text=told or None, headers=headers)


class _BadRequestError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def add_routes(app: web.Application, entrance: Entrance) -> None:
    """Put the entrance at its address."""
    app.router.add_post("/api/messages", entrance.handle)


def _essentials(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: claims[name] for name in ("iss", "aud", "serviceurl") if name in claims}


def _json(body: InvokeBody) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
