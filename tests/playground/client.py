"""One Playground: a Teams-like client with one person in front of it, in a process of its own.

What its page cannot do (other people's messages and taps, messages without a mention, edits) goes through its own API.
"""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import aiohttp

from tests.harness.example_desk import ExamplePerson
from tests.harness.servers import free_port
from tests.playground.installed import HERE, install

BOT_NAME = "Trực Ban"
_STARTED_WITHIN_S = 40.0


def account(person: ExamplePerson) -> str:
    """Return somebody's id in Teams."""
    return f"29:{person.object_id}"


@dataclass(frozen=True)
class Team:
    """The one team of a Playground: its General channel and one more, each with members of its own as in Teams."""

    name: str
    general: str
    general_members: tuple[ExamplePerson, ...]
    second: str
    second_name: str
    second_members: tuple[ExamplePerson, ...]


class Playground:
    """`me` sits in front of the page; exactly five `others` are in the team."""

    def __init__(
        self, me: ExamplePerson, others: tuple[ExamplePerson, ...], team: Team, *, bot: str, tenant: str, folder: Path
    ) -> None:
        self.me = me
        self.people = (me, *others)
        self.team = team
        self.bot = bot
        self.personal = f"a:{uuid4()}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "playground.log"
        self._tenant = tenant
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    @property
    def conversations(self) -> tuple[str, ...]:
        """Return the ids of its places, threads left out."""
        return (self.personal, self._group, self.team.general, self.team.second)

    async def start(self, *, bot_url: str, service_url: str) -> None:
        """Start it; `bot_url` gets its activities, `service_url` is where they say that it can be reached."""
        cli = await asyncio.to_thread(install)
        self._folder.mkdir(parents=True, exist_ok=True)
        config = self._folder / "config.yml"
        config.write_text(json.dumps(self._config(), ensure_ascii=False), encoding="utf-8")  # JSON is YAML
        options = ("-e", bot_url, "-c", "msteams", "-p", str(self.port), "--service-url", service_url)
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                "node", "-r", str(HERE / "loopback.cjs"), str(cli), "start", *options, "--disable-telemetry",
                cwd=self._folder,
                env={
                    **os.environ,
                    "TEAMSAPPTESTER_BROWSER": "none",
                    "M365_AGENTS_PLAYGROUND_CONFIG_PATH": str(config),
                    "M365_AGENTS_PLAYGROUND_LOGFILE": str(self._folder / "inner.log"),
                },
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        await self._answers()

    async def stop(self) -> None:
        """End its process."""
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            await end(self._process)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def members(self, conversation: str) -> tuple[ExamplePerson, ...] | None:
        """Return who is in a channel; None for chats, of which the Playground knows itself."""
        return {self.team.general: self.team.general_members, self.team.second: self.team.second_members}.get(
            conversation.partition(";")[0]
        )

    # What people do beside the page

    async def say(
        self, person: ExamplePerson, conversation: str, text: str, *, mention: bool = False
    ) -> tuple[str, str]:
        """Have somebody write in a channel; returns (id of the thread, id of the message).

        The Playground hands only its own person's mentions to the bot, and its page shows only what was typed into
        it. So the message is put down there, which makes the thread, and goes to the bot as a custom activity: Teams,
        with the app's consent, hands over every message.
        """
        written = {"from": {"id": account(person)}, "textFormat": "plain", "text": text}
        answer = await self._call("POST", f"/_conversation/v1/conversations/{conversation}/messages", written)
        place, message_id = answer.get("postConversationId") or conversation, answer["messageId"]
        tag = f"<at>{BOT_NAME}</at>"
        mentions = [{"type": "mention", "text": tag, "mentioned": {"id": self.bot, "name": BOT_NAME}}]
        await self.send(
            person, place, type="message", id=message_id, textFormat="plain",
            text=f"{tag} {text}" if mention else text, entities=mentions if mention else [],
        )  # fmt: skip
        return place, message_id

    async def edit(self, person: ExamplePerson, conversation: str, message_id: str, text: str) -> None:
        """Have somebody change a message of theirs; the page does not show it."""
        await self.send(
            person, conversation, type="messageUpdate", id=message_id, text=text, textFormat="plain",
            channelData={"eventType": "editMessage"},
        )  # fmt: skip

    async def tap(
        self, person: ExamplePerson, conversation: str, message_id: str, verb: str, data: dict[str, Any]
    ) -> dict[str, Any]:
        """Have anybody press a button of a card; returns the bot's answer."""
        invoke = {
            "name": "adaptiveCard/action",
            "from": {"id": account(person)},
            "conversation": {"id": conversation},
            "replyToId": message_id,
            "value": {"action": {"type": "Action.Execute", "verb": verb, "data": data}, "trigger": "manual"},
        }
        return await self._call("POST", "/_conversation/v1/invoke", invoke)

    async def send(self, person: ExamplePerson, conversation: str, **fields: Any) -> None:
        """Send the bot an activity of anybody's, shaped as this Playground shapes its own."""
        in_channel = conversation.partition(";")[0] in {self.team.general, self.team.second}
        channel = conversation.partition(";")[0]
        data: dict[str, Any] = {"tenant": {"id": self._tenant}}
        if in_channel:
            data |= {
                "teamsChannelId": channel,
                "teamsTeamId": self.team.general,
                "team": {"id": self.team.general},
                "channel": {"id": channel},
            }
        activity = {
            "id": str(uuid4()),
            "timestamp": datetime.now(UTC).isoformat(),  # noqa: TID251  Teams' own clock
            "channelId": "msteams",
            "from": {"id": account(person), "aadObjectId": person.object_id, "name": person.name},
            "recipient": {"id": self.bot, "name": BOT_NAME},
            "conversation": {
                "id": conversation,
                "conversationType": "channel" if in_channel else "personal",
                "isGroup": in_channel,
                "tenantId": self._tenant,
            },
            **fields,
            "channelData": {**data, **fields.get("channelData", {})},
        }
        await self._call("POST", "/_internal/v1/customActivities", activity)

    # Inside

    @property
    def _group(self) -> str:
        return f"19:{self.personal[2:]}@thread.v2"

    async def _call(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        assert self._session is not None, "start() first"
        async with self._session.request(method, self.url + path, json=body) as answer:
            text = await answer.text()
            if answer.status >= 300:
                raise AssertionError(f"{method} {path}: {answer.status} {text[:500]}")
            found: dict[str, Any] = json.loads(text) if text.startswith("{") else {}
            return found

    async def _answers(self) -> None:
        assert self._session is not None
        assert self._process is not None
        async with asyncio.timeout(_STARTED_WITHIN_S):
            while True:
                if self._process.returncode is not None:
                    told = self.log.read_text(errors="replace")[-1500:]
                    raise RuntimeError(f"the Playground ended at once:\n{told}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with self._session.get(self.url) as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    def _config(self) -> dict[str, Any]:
        me, *others = (
            {
                "id": account(person),
                "name": person.name,
                "userPrincipleName": person.email,
                "aadObjectId": person.object_id,
                "givenName": person.name.rpartition(" ")[2],
                "surname": person.name.partition(" ")[0],
                "email": person.email,
            }
            for person in self.people
        )
        return {
            "version": "0.1.1",
            "tenantId": self._tenant,
            "bot": {"id": self.bot, "name": BOT_NAME},
            "currentUser": me,
            "users": others,
            "personalChat": {"id": self.personal},
            "groupChat": {"id": self._group, "name": "Nhóm"},
            "team": {
                "id": self.team.general,
                "name": self.team.name,
                "aadGroupId": str(uuid4()),
                "channels": [{"id": self.team.second, "name": self.team.second_name}],
            },
        }


async def end(process: asyncio.subprocess.Process, *, within_s: float = 15) -> None:
    """Ask a process to stop; after `within_s` make it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), within_s)
            return
