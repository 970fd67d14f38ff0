"""A Teams of one's own on loopback, with authentication on: keys, login, connector, Graph; people write and press.

The bot may run in this process or in another one; it is told where everything is by `environment()`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import uuid4

import aiohttp
from aiohttp import web

from tests.harness.channel_connector import Failure, FakeConnector, Persona, Sent, Standing
from tests.harness.channel_graph import FakeGraph
from tests.harness.channel_login import FakeLogin
from tests.harness.channel_places import Answer, Place
from tests.harness.tokens import CHANNEL, ISSUER, Key, claims, first_key, new_key, sign

__all__ = ["Answer", "Failure", "LocalChannel", "Persona", "Place", "Sent", "Standing"]

APP_ID = "00000000-0000-4000-8000-00000000b071"
SECRET = "a secret of the local channel"
DESK_TENANT = "00000000-0000-4000-8000-0000000000de"
BOT_NAME = "Trực Ban"

T = TypeVar("T")


class LocalChannel:
    """Start it, start the bot with `environment()`, set `bot_url`, then write and press."""

    def __init__(self, *, app_id: str = APP_ID, tenant: str = DESK_TENANT, issuer: str = ISSUER) -> None:
        self.app_id = app_id
        self.tenant = tenant
        self.issuer = issuer
        self.bot_url = ""
        self.key: Key = first_key()
        self.listed_keys: list[Key] = [self.key]
        self.metadata_requests = 0
        self.metadata_delay_s = 0.0
        self.metadata_status = 200
        self.places: dict[str, Place] = {}
        self._folder = TemporaryDirectory(prefix="channel-")
        self.login = FakeLogin(Path(self._folder.name), app_id=app_id, secret=SECRET)
        self.connector = FakeConnector(lambda token: token in self.login.valid)
        self.graph = FakeGraph(self.login, app_id=app_id)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self._last_id_ms = 0
        self.url = ""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on free ports of loopback."""
        await self.login.start()
        await self.graph.start()
        teams = web.Application(middlewares=[self.connector.middleware])
        teams.router.add_routes(self.connector.routes())
        app = web.Application()
        app.router.add_get("/openid/metadata", self._metadata)
        app.router.add_get("/openid/keys", self._keys)
        app.add_subapp("/teams", teams)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._session = aiohttp.ClientSession()

    async def stop(self) -> None:
        """Stop listening and remove the temporary files."""
        if self._session is not None:
            await self._session.close()
        if self._runner is not None:
            await self._runner.cleanup()
        await self.graph.stop()
        await self.login.stop()
        self._folder.cleanup()

    # What the bot needs to know

    @property
    def service_url(self) -> str:
        """Return where the bot reaches this Teams."""
        return f"{self.url}/teams/"

    @property
    def metadata_url(self) -> str:
        """Return where the signing keys are announced."""
        return f"{self.url}/openid/metadata"

    def environment(self) -> dict[str, str]:
        """Return the variables with which the bot works with this channel, authentication on."""
        return {
            "DESK_MODE": "development",
            "MICROSOFT_APP_ID": self.app_id,
            "MICROSOFT_APP_TYPE": "SingleTenant",
            "MICROSOFT_APP_TENANT_ID": self.tenant,
            "MICROSOFT_APP_PASSWORD": SECRET,
            "BOT_LOGIN_URL": self.login.url,
            "BOT_OPENID_METADATA_URL": self.metadata_url,
            "BOT_TOKEN_ISSUER": self.issuer,
            "BOT_GRAPH_URL": self.graph.url,
            "REQUESTS_CA_BUNDLE": str(self.login.ca_bundle),
        }

    # Places and people

    def channel(self, name: str, *members: Persona, tenant: str | None = None, team: str = "") -> Place:
        """Return a new channel with these members."""
        place = Place(
            id=f"19:{uuid4().hex}@thread.tacv2",
            kind="channel",
            tenant=tenant or self.tenant,
            name=name,
            team=team or f"19:{uuid4().hex}@thread.tacv2",
        )
        self.connector.groups.setdefault(place.team, self.graph.team_with_the_app())
        return self._add(place, *members)

    def group(self, *members: Persona, tenant: str | None = None) -> Place:
        """Return a new group chat with these members."""
        return self._add(Place(f"19:{uuid4().hex}@thread.v2", "groupChat", tenant or self.tenant), *members)

    def personal(self, person: Persona) -> Place:
        """Return the 1:1 chat of a person with the bot; the bot may write there from now on."""
        self.connector.reachable[person.object_id] = person
        return self._add(Place(self.connector.personal_id(person), "personal", person.tenant), person)

    def _add(self, place: Place, *members: Persona) -> Place:
        self.places[place.id] = place
        roster = self.connector.rosters.setdefault(place.id, [])
        roster += [person for person in members if person not in roster]
        return place

    def rotate_key(self, *, announce: bool = True) -> Key:
        """Sign with a new key from now on; without `announce` the key document does not list it."""
        self.key = new_key()
        if announce:
            self.listed_keys = [self.key]
        return self.key

    # What people do

    async def message(
        self,
        person: Persona,
        place: Place,
        text: str,
        *,
        mention: bool = False,
        root: str | None = None,
        locale: str | None = "vi-VN",
        **changes: Any,
    ) -> Answer:
        """Write; with `root` a reply in that thread. The answer's `activity_id` is the message's own."""
        message_id = self.new_id()
        activity = self._activity("message", person, place, message_id, root=root, locale=locale)
        activity |= {"textFormat": "plain", "text": text}
        if mention:
            activity["text"] = f"<at>{BOT_NAME}</at> {text}"
            activity["entities"].append(
                {"type": "mention", "text": f"<at>{BOT_NAME}</at>", "mentioned": {"id": self.bot_account}}
            )
        return await self.post(activity | changes)

    async def edit(
        self, person: Persona, place: Place, message_id: str, text: str, *, root: str | None = None
    ) -> Answer:
        """Change a message of one's own."""
        return await self._change("messageUpdate", "editMessage", person, place, message_id, root=root, text=text)

    async def undelete(
        self, person: Persona, place: Place, message_id: str, text: str, *, root: str | None = None
    ) -> Answer:
        """Take a deletion back."""
        return await self._change("messageUpdate", "undeleteMessage", person, place, message_id, root=root, text=text)

    async def delete(self, person: Persona, place: Place, message_id: str, *, root: str | None = None) -> Answer:
        """Delete a message of one's own."""
        return await self._change("messageDelete", "softDeleteMessage", person, place, message_id, root=root)

    async def tap(
        self,
        person: Persona,
        standing: Standing,
        verb: str,
        data: dict[str, Any] | None = None,
        *,
        automatic: bool = False,
        locale: str | None = "vi-VN",
    ) -> Answer:
        """Press a button of a card; `data` are the inputs, the button's own data are taken from the card."""
        place = self.places.get(standing.conversation) or Place(standing.conversation, "personal", person.tenant)
        root = standing.root or (standing.activity_id if place.kind == "channel" else None)
        activity = self._activity("invoke", person, place, self.new_id(), root=root, locale=locale)
        activity |= {
            "name": "adaptiveCard/action",
            "replyToId": standing.activity_id,
            "value": {
                "action": {
                    "type": "Action.Execute",
                    "verb": verb,
                    "data": {**button_data(standing.card or {}, verb), **(data or {})},
                },
                "trigger": "automatic" if automatic else "manual",
            },
        }
        return await self.post(activity)

    async def submit(
        self, person: Persona, standing: Standing, verb: str, data: dict[str, Any] | None = None
    ) -> Answer:
        """Press a button in a client that knows only Action.Submit."""
        place = self.places.get(standing.conversation) or Place(standing.conversation, "personal", person.tenant)
        activity = self._activity("message", person, place, self.new_id(), root=standing.root, locale="vi-VN")
        value = {**button_data(standing.card or {}, verb), "verb": verb, **(data or {})}
        return await self.post(activity | {"replyToId": standing.activity_id, "value": value})

    async def install(self, person: Persona, place: Place, *, remove: bool = False) -> Answer:
        """Install the app in a place, as Teams tells it; or take it away."""
        action = "remove" if remove else "add"
        activity = self._activity("installationUpdate", person, place, self.new_id())
        return await self.post(activity | {"action": action})

    async def members_added(self, place: Place, *people: Persona, bot: bool = False) -> Answer:
        """Add people to a place, or the bot itself."""
        self._add(place, *people)
        accounts = [{"id": person.handle, "aadObjectId": person.object_id} for person in people]
        if bot:
            accounts.append({"id": self.bot_account})
        return await self._membership("membersAdded", "teamMemberAdded", place, accounts, people)

    async def members_removed(self, place: Place, *people: Persona, bot: bool = False) -> Answer:
        """Remove people from a place, or the bot itself."""
        roster = self.connector.rosters[place.id]
        roster[:] = [person for person in roster if person not in people]
        accounts = [{"id": person.handle, "aadObjectId": person.object_id} for person in people]
        if bot:
            accounts.append({"id": self.bot_account})
        return await self._membership("membersRemoved", "teamMemberRemoved", place, accounts, people)

    async def post(self, activity: Any, *, token: str | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send an activity to the bot as Teams would, signed with the present key."""
        service_url = activity.get("serviceUrl", self.service_url) if isinstance(activity, dict) else self.service_url
        signed = {"Authorization": f"Bearer {token or self.token(serviceurl=service_url)}"}
        assert self._session is not None, "start() first"
        url = f"{self.bot_url}/api/messages"
        async with self._session.post(url, json=activity, headers={**signed, **(headers or {})}) as response:
            raw = await response.read()
            is_json = raw and response.content_type == "application/json"
            activity_id = str(activity.get("id", "")) if isinstance(activity, dict) else ""
            return Answer(response.status, await response.json() if is_json else None, activity_id)

    def token(self, **changes: Any) -> str:
        """Return a genuine token of this channel for the bot."""
        service_url = changes.pop("serviceurl", self.service_url)
        return sign(self.key, claims(app_id=self.app_id, service_url=service_url, iss=self.issuer) | changes)

    # What the bot did

    @property
    def sent(self) -> list[Sent]:
        """Return every request of the bot to the connector, in order."""
        return self.connector.requests

    def posts(self, place: Place | str, *, root: str | None = None) -> list[Sent]:
        """Return the accepted new messages of a place, in order."""
        wanted = _id(place)
        return [
            sent
            for sent in self.sent
            if sent.method == "POST"
            and sent.status == 201
            and sent.activity_id
            and sent.conversation == wanted
            and root in {None, sent.root}
        ]

    def cards(self, place: Place | str, *, root: str | None = None) -> list[Standing]:
        """Return the cards that stand in a place, oldest first, as they are now."""
        return [standing for standing in self._standing(place, root) if standing.card is not None]

    def texts(self, place: Place | str, *, root: str | None = None) -> list[str]:
        """Return the bot's words in a place, oldest first."""
        return [standing.text for standing in self._standing(place, root) if standing.card is None]

    async def wait_for(self, predicate: Callable[[], T], description: str, *, within_s: float = 15) -> T:
        """Return the first truthy value of `predicate`, looked at after each request of the bot and now and then.

        Raises AssertionError that says what was waited for and what came instead.
        """
        deadline = time.monotonic() + within_s
        while True:
            found = predicate()
            if found:
                return found
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise AssertionError(f"not within {within_s} s: {description}\n{self.told()}")
            try:
                async with asyncio.timeout(min(left_s, 0.2)), self.connector.changed:
                    await self.connector.changed.wait()
            except TimeoutError:
                continue

    def told(self, last: int = 20) -> str:
        """Return the bot's last requests in words, for a failing test."""
        lines = [
            f"  {s.method} {s.conversation} {s.status} {s.body.get('summary') or s.text:.100}"
            for s in self.sent[-last:]
        ]
        return "\n".join(["the bot's last requests:", *lines]) if lines else "the bot sent nothing"

    def _standing(self, place: Place | str, root: str | None) -> list[Standing]:
        wanted = _id(place)
        return [
            standing
            for standing in self.connector.standing.values()
            if standing.conversation == wanted and root in {None, standing.root}
        ]

    # Shapes

    @property
    def bot_account(self) -> str:
        """Return the bot's own account."""
        return f"28:{self.app_id}"

    def new_id(self) -> str:
        """Return a message id as Teams gives them: milliseconds of its clock, never twice."""
        self._last_id_ms = max(self._last_id_ms + 1, time.time_ns() // 1_000_000)
        return str(self._last_id_ms)

    def activity(self, kind: str, person: Persona, place: Place, **changes: Any) -> dict[str, Any]:
        """Return an activity's body to be changed and posted."""
        return self._activity(kind, person, place, self.new_id()) | changes

    def _activity(
        self,
        kind: str,
        person: Persona,
        place: Place,
        activity_id: str,
        *,
        root: str | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        threaded = place.kind == "channel" and kind not in {"installationUpdate", "conversationUpdate"}
        suffix = f";messageid={root or activity_id}" if threaded else ""
        channel_data: dict[str, Any] = {"tenant": {"id": place.tenant}}
        if place.kind == "channel":
            channel_data |= {
                "teamsChannelId": place.id,
                "teamsTeamId": place.team,
                "channel": {"id": place.id, "name": place.name},
                "team": {"id": place.team},
            }
        sender = {"id": person.handle, "name": person.name}
        if person.role != "anonymous":
            sender["aadObjectId"] = person.object_id
        activity: dict[str, Any] = {
            "type": kind,
            "id": activity_id,
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),  # noqa: TID251  Teams' own clock
            "channelId": CHANNEL,
            "serviceUrl": self.service_url,
            "from": sender,
            "recipient": {"id": self.bot_account, "name": BOT_NAME},
            "conversation": {
                "id": place.id + suffix,
                "conversationType": place.kind,
                "tenantId": place.tenant,
                "isGroup": place.kind != "personal",
            },
            "channelData": channel_data,
            "entities": [{"type": "clientInfo", "locale": locale or "vi-VN", "platform": "Web"}] if locale else [],
        }
        return activity | ({"locale": locale} if locale else {})

    async def _change(
        self,
        kind: str,
        event: str,
        person: Persona,
        place: Place,
        message_id: str,
        *,
        root: str | None,
        text: str | None = None,
    ) -> Answer:
        activity = self._activity(kind, person, place, message_id, root=root, locale="vi-VN")
        activity["channelData"]["eventType"] = event
        return await self.post(activity if text is None else activity | {"text": text})

    async def _membership(
        self, field: str, event: str, place: Place, accounts: list[dict[str, str]], people: tuple[Persona, ...]
    ) -> Answer:
        doer = people[0] if people else Persona("Teams", place.tenant, "00000000-0000-4000-8000-000000000000")
        activity = self._activity("conversationUpdate", doer, place, f"f:{uuid4()}")
        activity["channelData"]["eventType"] = event
        return await self.post(activity | {field: accounts})

    async def _metadata(self, request: web.Request) -> web.Response:
        self.metadata_requests += 1
        if self.metadata_delay_s:
            await asyncio.sleep(self.metadata_delay_s)
        if self.metadata_status != 200:
            return web.Response(status=self.metadata_status)
        return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.url}/openid/keys"})

    async def _keys(self, request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.jwk for key in self.listed_keys]})


def button_data(card: Any, verb: str) -> dict[str, Any]:
    """Return the data of the card's action with this verb; empty if it has none."""
    if isinstance(card, dict):
        if card.get("type") == "Action.Execute" and card.get("verb") == verb:
            return dict(card.get("data") or {})
        children = list(card.values())
    elif isinstance(card, list):
        children = card
    else:
        return {}
    return next((found for child in children if (found := button_data(child, verb))), {})


def stranger(name: str, tenant: str | None = None, **changes: Any) -> Persona:
    """Return an invented person with ids of their own."""
    return replace(Persona(name, tenant or str(uuid4()), str(uuid4())), **changes)


def _id(place: Place | str) -> str:
    return place.id if isinstance(place, Place) else place
