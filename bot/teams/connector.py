"""Teams' connector over one pooled session. Each answer is translated once, here, into what a retry would do.

A POST has no idempotency key: after a reset, a timeout or a 502/504 nobody knows whether it arrived.
Source of the statuses: facts/teams-and-botbuilder.md.
"""

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Protocol, Self
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from bot.desk.ports import Member
from bot.errors import DeliveryError
from bot.teams.credentials import CONNECTOR_SCOPE
from bot.teams.urls import is_acceptable_service
from bot.ticket.model import Chat

_OK = frozenset({200, 201, 202})
_TRANSIENT = frozenset({408, 412, 429, 500, 502, 503, 504})
_PERHAPS_DONE = frozenset({500, 502, 504})
_UNAUTHORIZED = 401
_NOT_FOUND = 404
_RETRY_AFTER_MAX_S = 3600.0
_ANSWER_SIZE_MAX_BYTES = 4 << 20
_MEMBERS_PER_PAGE = 500
_PAGES_MAX = 50


class Tokens(Protocol):
    """Gives the bot's own tokens."""

    async def token(self, scope: str = CONNECTOR_SCOPE) -> str:
        """Return a valid token; raises DeliveryError."""
        ...

    def drop(self, scope: str, value: str) -> None:
        """Forget a token that was refused."""
        ...


class ActivityGoneError(DeliveryError):
    """The activity to be updated is not there (404 ActivityNotFoundInConversation); that can pass."""


class Connector:
    """Calls Teams. Every method raises DeliveryError."""

    def __init__(
        self,
        tokens: Tokens,
        *,
        app_id: str,
        allow_loopback_http: bool = False,
        timeout_s: float = 15,
        connections_max: int = 64,
        count: Callable[[str, str], None] = lambda _name, _label: None,
    ) -> None:
        self._tokens = tokens
        self._app_id = app_id
        self._allow_loopback_http = allow_loopback_http
        self._timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=5)
        self._connections_max = connections_max
        self._count = count
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, chat: Chat, activity: dict[str, object]) -> str:
        """Post an activity in a chat, in the thread if it has one; return the activity's id."""
        path = f"/v3/conversations/{_part(chat.thread_id())}/activities"
        answer = await self._call("POST", chat.service_url, path, activity)
        return _text(answer, "id")

    async def update(self, chat: Chat, activity_id: str, activity: dict[str, object]) -> None:
        """Replace an activity; raises ActivityGoneError if Teams does not find it."""
        path = f"/v3/conversations/{_part(chat.thread_id())}/activities/{_part(activity_id)}"
        await self._call("PUT", chat.service_url, path, {**activity, "id": activity_id})

    async def delete(self, chat: Chat, activity_id: str) -> None:
        """Delete an activity."""
        path = f"/v3/conversations/{_part(chat.thread_id())}/activities/{_part(activity_id)}"
        await self._call("DELETE", chat.service_url, path)

    async def create_conversation(self, service_url: str, *, tenant: str, object_id: str) -> str:
        """Return the id of the 1:1 chat with a person; the same for every call."""
        body: dict[str, object] = {
            "bot": {"id": f"28:{self._app_id}"},
            "members": [{"id": object_id}],
            "channelData": {"tenant": {"id": tenant}},
            "tenantId": tenant,
            "isGroup": False,
        }
        answer = await self._call("POST", service_url, "/v3/conversations", body)
        conversation = _text(answer, "id")
        if not conversation:
            raise DeliveryError("Teams gave no conversation id")
        return conversation

    async def member(self, chat: Chat, account: str) -> Member:
        """Return one member of a conversation, with their own tenant (D10)."""
        path = f"/v3/conversations/{_part(chat.conversation)}/members/{_part(account)}"
        return _member(await self._call("GET", chat.service_url, path))

    async def members(self, chat: Chat) -> list[Member]:
        """Return all members of a conversation."""
        path = f"/v3/conversations/{_part(chat.conversation)}/pagedmembers?pageSize={_MEMBERS_PER_PAGE}"
        members: list[Member] = []
        token = ""
        for _ in range(_PAGES_MAX):
            page = await self._call("GET", chat.service_url, path + token)
            listed = page.get("members")
            members += [_member(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
            following = _text(page, "continuationToken")
            if not following:
                return members
            token = f"&continuationToken={_part(following)}"
        raise DeliveryError("Teams' roster does not end", permanent=True)

    async def group_of_team(self, service_url: str, team: str) -> str:
        """Return the Entra group of a team that has the app: Teams' own id of a team says nothing to Graph."""
        answer = await self._call("GET", service_url, f"/v3/teams/{_part(team)}")
        group = _text(answer, "aadGroupId")
        if not group:
            raise DeliveryError("Teams did not name the team's group", permanent=True)
        return group

    async def _call(
        self, method: str, service_url: str, path: str, body: dict[str, object] | None = None
    ) -> dict[str, Any]:
        if not is_acceptable_service(service_url, allow_loopback_http=self._allow_loopback_http):
            raise DeliveryError("a service URL that must not have our token", permanent=True)
        url = service_url.rstrip("/") + path
        token = await self._tokens.token(CONNECTOR_SCOPE)
        status, headers, answer = await self._exchange(method, url, token, body)
        if status == _UNAUTHORIZED:  # perhaps revoked before its time: one new login tells
            self._tokens.drop(CONNECTOR_SCOPE, token)
            token = await self._tokens.token(CONNECTOR_SCOPE)
            status, headers, answer = await self._exchange(method, url, token, body)
        self._count("teams_requests", str(status))
        if status in _OK:
            return answer
        raise _error(method, status, headers, answer)

    async def _exchange(
        self, method: str, url: str, token: str, body: dict[str, object] | None
    ) -> tuple[int, Mapping[str, str], dict[str, Any]]:
        headers = {"Authorization": f"Bearer {token}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            data = orjson.dumps(body)
        try:
            # encoded: ids hold `;`, `:` and `@`, quoted already; a redirect would carry the token elsewhere.
            async with self._pool().request(
                method, URL(url, encoded=True), data=data, headers=headers, allow_redirects=False
            ) as response:
                return response.status, response.headers, await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            self._count("teams_requests", "unreachable")
            raise DeliveryError(f"Teams was not reached: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._count("teams_requests", "cut")
            raise DeliveryError(f"no answer from Teams: {type(error).__name__}", unknown=method == "POST") from error

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections_max, keepalive_timeout=30),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _error(method: str, status: int, headers: Mapping[str, str], answer: dict[str, Any]) -> DeliveryError:
    error = answer.get("error")
    code = _text(error, "code")[:80] if isinstance(error, dict) else ""
    told = f"Teams answered {status} {code}".rstrip()
    if status == _NOT_FOUND and code == "ActivityNotFoundInConversation" and method in {"PUT", "DELETE"}:
        return ActivityGoneError(told, permanent=True)
    if status == _UNAUTHORIZED:
        return DeliveryError(told, retry_after_s=30)
    if status in _TRANSIENT:
        unknown = method == "POST" and status in _PERHAPS_DONE
        return DeliveryError(told, retry_after_s=_retry_after_s(headers), unknown=unknown)
    return DeliveryError(told, permanent=True)


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = _until(value, headers.get("Date", ""))
    return min(seconds, _RETRY_AFTER_MAX_S) if seconds >= 0 else None


def _until(moment: str, now: str) -> float:
    """Return the seconds between two HTTP dates, by the server's own clock; negative if one is missing."""
    try:
        return (parsedate_to_datetime(moment) - parsedate_to_datetime(now)).total_seconds()
    except (ValueError, TypeError):
        return -1


async def _read(response: aiohttp.ClientResponse) -> dict[str, Any]:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 << 10):
        body += chunk
        if len(body) > _ANSWER_SIZE_MAX_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too large")
    try:
        answer = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        answer = {}  # an error page of a gateway; its status says enough
    return answer if isinstance(answer, dict) else {}


def _member(answer: dict[str, Any]) -> Member:
    return Member(
        tenant=_text(answer, "tenantId").lower(),
        object_id=(_text(answer, "aadObjectId") or _text(answer, "objectId")).lower(),
        name=_text(answer, "name"),
        role=_text(answer, "userRole").lower(),
        account=_text(answer, "id"),
    )


def _part(text: str) -> str:
    return quote(text, safe="")


def _text(answer: dict[str, Any], name: str) -> str:
    value = answer.get(name)
    return value if isinstance(value, str) else ""
