"""The connector of a local channel: records every request of the bot, and fails as told.

It is as strict as Teams where Teams' strictness has cost somebody a message: a token of its own login,
no text beside a card, mentions whose text and entities agree, less than 80 kB. And stricter: lines are parted by
markup, because Teams shows all other line breaks as blanks, and nothing but lines is marked.
"""

import asyncio
import html
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

_AT = re.compile(r"<at>[^<>]*</at>")
_WORDS = re.compile(r"<p>(?:[^<>&\r\n]|&(?:lt|gt|amp);|<br>\n)*</p>")
_SIZE_MAX_BYTES = 80_000
_PAGE = 2
_ACTIVITY_ID = web.RequestKey("activity_id", str)
_CONVERSATION = web.RequestKey("conversation", str)


@dataclass(frozen=True)
class Persona:
    """Somebody in Teams. `tenant` and `object_id` are what the roster call says."""

    name: str
    tenant: str
    object_id: str
    role: str = "user"
    account: str = ""
    email: str = ""

    @property
    def handle(self) -> str:
        """Return the `29:` account."""
        return self.account or f"29:{self.object_id}"


@dataclass(frozen=True)
class Sent:
    """One request of the bot, as it came."""

    method: str
    path: str
    conversation: str
    """Without `;messageid=`."""
    root: str | None
    activity_id: str
    """The one given or changed."""
    body: dict[str, Any]
    at_s: float
    """`time.monotonic`."""
    status: int

    @property
    def text(self) -> str:
        """Return its words as a reader sees them."""
        return words_of(self.body)


@dataclass
class Standing:
    """A message of the bot as it stands now."""

    conversation: str
    root: str | None
    activity_id: str
    body: dict[str, Any]
    updates: int = 0

    @property
    def card(self) -> dict[str, Any] | None:
        """Return its card."""
        attachments = self.body.get("attachments") or [{}]
        card: dict[str, Any] | None = attachments[0].get("content")
        return card

    @property
    def text(self) -> str:
        """Return its words as a reader sees them."""
        return words_of(self.body)

    @property
    def summary(self) -> str:
        """Return the line that a phone shows."""
        return str(self.body.get("summary", ""))


@dataclass
class Failure:
    """What goes wrong with matching requests. `after`: Teams did it all the same."""

    status: int | None = None
    code: str = ""
    retry_after: str | None = None
    reset: bool = False
    delay_s: float = 0
    after: bool = False
    times: int = 1
    match: Callable[[str, str], bool] = field(default=lambda _method, _path: True)
    """(method, path) -> whether it concerns this request."""


class FakeConnector:
    """Bot Framework's v3 REST, as far as the bot uses it."""

    def __init__(self, is_valid_token: Callable[[str], bool]) -> None:
        self._is_valid_token = is_valid_token
        self.requests: list[Sent] = []
        self.standing: dict[tuple[str, str], Standing] = {}
        self.rosters: dict[str, list[Persona]] = {}
        self.reachable: dict[str, Persona] = {}
        """By object id: who may be written to 1:1."""
        self.groups: dict[str, str] = {}
        """By Teams' id of a team that has the app: its Entra group."""
        self.failures: list[Failure] = []
        self.changed = asyncio.Condition()
        self._next_id = int(time.monotonic() * 1000)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes below the service URL."""
        one = "/v3/conversations/{conversation}"
        return [
            web.post("/v3/conversations", self._create),
            web.post(one + "/activities", self._post),
            web.post(one + "/activities/{activity}", self._post),
            web.put(one + "/activities/{activity}", self._put),
            web.delete(one + "/activities/{activity}", self._delete),
            web.get(one + "/members/{member}", self._member),
            web.get(one + "/pagedmembers", self._members),
            web.get("/v3/teams/{team}", self._team),
        ]

    def fail(self, **what: Any) -> Failure:
        """Let the next matching requests fail; see `Failure`."""
        failure = Failure(**what)
        self.failures.append(failure)
        return failure

    def personal_id(self, person: Persona) -> str:
        """Return the id of the 1:1 chat with a person."""
        return f"a:{person.object_id}"

    @web.middleware
    async def middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Check the token, fail as told, record."""
        conversation, root = _conversation(request)
        body = await request.json() if request.can_read_body else {}
        failure = self._failure(request)
        response: web.StreamResponse
        try:
            if failure is not None and failure.delay_s:
                await asyncio.sleep(failure.delay_s)
            if failure is not None and not failure.after:
                response = self._failed(request, failure)
            elif not self._is_valid_token(request.headers.get("Authorization", "").removeprefix("Bearer ")):
                response = _error(401, "Unauthorized")
            else:
                response = await handler(request)
                if failure is not None:
                    response = self._failed(request, failure)
        except web.HTTPException as error:
            response = error
        given = request.get(_ACTIVITY_ID) or request.match_info.get("activity", "")
        self.requests.append(
            Sent(
                method=request.method,
                path=request.path,
                conversation=request.get(_CONVERSATION) or conversation,
                root=root,
                activity_id=given,
                body=body,
                at_s=time.monotonic(),
                status=response.status,
            )
        )
        async with self.changed:
            self.changed.notify_all()
        return response

    def _failure(self, request: web.Request) -> Failure | None:
        for failure in self.failures:
            if failure.times > 0 and failure.match(request.method, request.path):
                failure.times -= 1
                return failure
        return None

    def _failed(self, request: web.Request, failure: Failure) -> web.Response:
        if failure.reset and request.transport is not None:
            request.transport.abort()
            return web.Response(status=500)
        headers = {"Retry-After": failure.retry_after} if failure.retry_after else {}
        if failure.status is None:
            return web.json_response({})
        return _error(failure.status, failure.code or "Scripted", headers)

    def _new_id(self) -> str:
        self._next_id += 1
        return str(self._next_id)

    async def _create(self, request: web.Request) -> web.Response:
        body = await request.json()
        wanted = str(body["members"][0]["id"])
        person = self.reachable.get(wanted) or next((p for p in self.reachable.values() if p.handle == wanted), None)
        if person is None:
            return _error(403, "BotNotInConversationRoster")
        if not body["bot"]["id"].startswith("28:") or body["channelData"]["tenant"]["id"] != person.tenant:
            return _error(400, "BadArgument")
        conversation = self.personal_id(person)
        self.rosters.setdefault(conversation, [person])
        request[_CONVERSATION] = conversation
        return web.json_response({"id": conversation}, status=201)

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.json()
        refused = _refusal(body)
        if refused is not None:
            return refused
        conversation, root = _conversation(request)
        if conversation not in self.rosters:
            return _error(404, "ConversationNotFound")
        activity_id = self._new_id()
        request[_ACTIVITY_ID] = activity_id
        self.standing[conversation, activity_id] = Standing(conversation, root, activity_id, body)
        return web.json_response({"id": activity_id}, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        body = await request.json()
        refused = _refusal(body)
        if refused is not None:
            return refused
        conversation, _ = _conversation(request)
        standing = self.standing.get((conversation, request.match_info["activity"]))
        if standing is None:
            return _error(404, "ActivityNotFoundInConversation")
        standing.body = body
        standing.updates += 1
        return web.json_response({"id": standing.activity_id})

    async def _delete(self, request: web.Request) -> web.Response:
        conversation, _ = _conversation(request)
        if self.standing.pop((conversation, request.match_info["activity"]), None) is None:
            return _error(404, "ActivityNotFoundInConversation")
        return web.Response()

    async def _member(self, request: web.Request) -> web.Response:
        conversation, _ = _conversation(request)
        wanted = request.match_info["member"]
        for person in self.rosters.get(conversation, []):
            if wanted in {person.handle, person.object_id}:
                return web.json_response(_listed(person))
        return _error(404, "MemberNotFoundInConversation")

    async def _team(self, request: web.Request) -> web.Response:
        team = request.match_info["team"]
        if team not in self.groups:
            return _error(403, "BotNotInConversationRoster")
        return web.json_response({"id": team, "aadGroupId": self.groups[team]})

    async def _members(self, request: web.Request) -> web.Response:
        conversation, _ = _conversation(request)
        if conversation not in self.rosters:
            return _error(404, "ConversationNotFound")
        start = int(request.query.get("continuationToken", "0"))
        page = self.rosters[conversation][start : start + _PAGE]
        answer: dict[str, Any] = {"members": [_listed(person) for person in page]}
        if start + _PAGE < len(self.rosters[conversation]):
            answer["continuationToken"] = str(start + _PAGE)
        return web.json_response(answer)


def words_of(body: dict[str, Any]) -> str:
    """Return an activity's words as a reader sees them, line by line."""
    shown = str(body.get("text", "")).replace("<br>\n", "\n")
    return html.unescape(re.sub(r"</?p>", "", shown))


def _conversation(request: web.Request) -> tuple[str, str | None]:
    base, _, root = request.match_info.get("conversation", "").partition(";messageid=")
    return base, root or None


def _listed(person: Persona) -> dict[str, str]:
    listed = {
        "id": person.handle,
        "name": person.name,
        "tenantId": person.tenant,
        "userRole": person.role,
        "email": person.email,
        "userPrincipalName": person.email,
    }
    return listed if person.role == "anonymous" else {**listed, "aadObjectId": person.object_id}


def _refusal(body: dict[str, Any]) -> web.Response | None:
    if len(json.dumps(body, ensure_ascii=False).encode()) > _SIZE_MAX_BYTES:
        return _error(413, "MessageSizeTooBig")
    attachments = body.get("attachments") or []
    if body.get("text") and attachments:
        return _error(400, "TextBesideCard")  # Teams splits it and gives no id; here nobody gets away with it
    text, is_markup = str(body.get("text", "")), body.get("textFormat") == "xml"
    if ("\n" in text and not is_markup) or (is_markup and not _WORDS.fullmatch(text)):
        return _error(400, "NotOurMarkup")
    for attachment in attachments:
        card = attachment["content"]
        entities = {entity["text"] for entity in card.get("msteams", {}).get("entities", [])}
        words = {found for text in _strings(card.get("body", [])) for found in _AT.findall(text)}
        if entities != words:
            return _error(400, "BadSyntax")
    return None


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for child in value.values() for text in _strings(child)]
        case list():
            return [text for child in value for text in _strings(child)]
        case _:
            return []


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "scripted"}}, status=status, headers=headers)
