"""Between the Playgrounds and the bot: what the real Teams gives and the Playground does not.

Activities get a genuine token of the local channel (authentication stays on in the bot). The connector asks for the
bot's token, finds the Playground of a conversation or person, and says of each person their own tenant and role:
the Playground puts everybody into one tenant, and who may see a ticket hangs on that (D10).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

import aiohttp
from aiohttp import web

from tests.harness.example_desk import ExamplePerson
from tests.harness.local_channel import LocalChannel
from tests.playground.client import Playground, account


@dataclass(frozen=True)
class Sent:
    """One request of the bot to the connector that writes."""

    method: str
    conversation: str
    activity_id: str
    body: dict[str, Any]
    status: int

    @property
    def shown(self) -> str:
        """Return all that it says, card and words."""
        return json.dumps(self.body, ensure_ascii=False)


class Relay:
    """`locale`: of the people in front of the pages; the Playground itself always says en-US."""

    def __init__(self, channel: LocalChannel, playgrounds: Sequence[Playground], *, locale: str = "vi-VN") -> None:
        self.bot_url = ""
        self.url = ""
        self.refused: list[int] = []
        """Statuses by which the bot refused an activity."""
        self.activities: list[dict[str, Any]] = []
        """What went to the bot."""
        self.sent: list[Sent] = []
        """What the bot posted and changed."""
        self._channel = channel
        self._playgrounds = playgrounds
        self._locale = locale
        self._people: dict[str, ExamplePerson] = {
            name: person for one in playgrounds for person in one.people for name in (account(person), person.object_id)
        }
        self._homes = {conversation: one for one in playgrounds for conversation in one.conversations}
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def service_url(self) -> str:
        """Return the connector that the activities name."""
        return f"{self.url}/connector"

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/api/messages", self._to_bot)
        app.router.add_route("*", "/connector/{path:.*}", self._to_playground)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))

    async def stop(self) -> None:
        """Stop listening."""
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _to_bot(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return web.Response(status=405)  # the Playground asks so whether somebody is there
        activity = await request.json()
        activity |= {"locale": self._locale, "serviceUrl": self.service_url}
        for entity in activity.get("entities") or []:
            if entity.get("type") == "clientInfo":
                entity["locale"] = self._locale
        self.activities.append(activity)
        token = self._channel.token(serviceurl=self.service_url)
        headers = {"Authorization": f"Bearer {token}"}
        assert self._session is not None
        url = f"{self.bot_url}/api/messages"
        async with self._session.post(url, json=activity, headers=headers) as answer:
            if answer.status >= 300:
                self.refused.append(answer.status)
            return await _passed_on(answer)

    async def _to_playground(self, request: web.Request) -> web.StreamResponse:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._channel.login.valid:
            return _error("Unauthorized", "not a token of this login", 401)
        body = await request.json() if request.can_read_body else None
        path = request.raw_path.removeprefix("/connector")
        parts = unquote(path.partition("?")[0]).split("/")
        if parts[-1] == "conversations" and body is not None:
            return await self._personal(path, body)
        conversation = parts[3]
        home = self._homes.get(conversation.partition(";")[0])
        if home is None:
            return _error("ConversationNotFound", conversation)
        if parts[4] in {"members", "pagedmembers"}:
            return await self._members(home, conversation, path, parts[5] if len(parts) > 5 else "")
        answer = await self._forward(home, request.method, path, body)
        given = parts[5] if len(parts) > 5 else str((answer.body or {}).get("id", ""))
        self.sent.append(Sent(request.method, conversation, given, body or {}, answer.status))
        return answer.response()

    async def _members(self, home: Playground, conversation: str, path: str, wanted: str) -> web.Response:
        """Answer the roster call as Teams does: each with their own tenant, in a channel its own members."""
        present = home.members(conversation)
        person = self._people.get(wanted)
        if wanted and person is not None:
            if present is not None and person not in present:
                return _error("MemberNotFoundInConversation", wanted)
            path = f"{path.rpartition('/')[0]}/{quote(account(person), safe='')}"
        answer = await self._forward(home, "GET", path, None)
        if answer.status != 200:
            return answer.response()
        listed = answer.body["members"] if not wanted else [answer.body]
        kept = []
        for member in listed:
            known = self._people.get(member["id"])
            if known is not None and (present is None or known in present):
                kept.append({**member, "tenantId": known.tenant, "userRole": "user"})
        return web.json_response(kept[0] if wanted else {**answer.body, "members": kept})

    async def _personal(self, path: str, body: dict[str, Any]) -> web.Response:
        """Open the 1:1 chat of a person, in the page where they sit."""
        wanted = str(body["members"][0]["id"])
        person = self._people.get(wanted)
        home = next((one for one in self._playgrounds if person == one.me), self._playgrounds[0])
        body["members"][0]["id"] = account(person) if person else wanted
        answer = await self._forward(home, "POST", path, body)
        if answer.status < 300:
            self._homes[answer.body["id"]] = home
        return answer.response()

    async def _forward(self, home: Playground, method: str, path: str, body: Any) -> "_Answer":
        assert self._session is not None
        url = f"{home.url}/_connector{path}"
        async with self._session.request(method, url, json=body) as answer:
            is_json = answer.content_type == "application/json"
            return _Answer(answer.status, await answer.json() if is_json else None)


class _Answer:
    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body

    def response(self) -> web.Response:
        if self.body is None:
            return web.Response(status=self.status)
        return web.json_response(self.body, status=self.status)


def _error(code: str, message: str, status: int = 404) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


async def _passed_on(answer: aiohttp.ClientResponse) -> web.Response:
    return web.Response(
        status=answer.status, body=await answer.read(), content_type=answer.content_type or "application/json"
    )
