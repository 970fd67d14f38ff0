"""A desk of example people with two Playgrounds in front: the customer's page and the engineer's.

The bot runs as in production, in a process of its own, on an embedded Valkey and temporary data; mails come over SMTP.
"""

import asyncio
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.harness.example_desk import ExampleDesk, write_example_desk
from tests.harness.letters import SentMail, letter, post, sent_mails
from tests.harness.local_channel import LocalChannel
from tests.harness.servers import free_port
from tests.playground.client import Playground, Team, end
from tests.playground.installed import ROOT, install
from tests.playground.relay import Relay

CODE = re.compile(r"\b3CX-[0-9A-Z]{4}-[0-9A-Z]{4}\b")
LETTER = "Từ sáng nay cả team 25 kênh không gọi ra được, khách hàng gọi vào vẫn bình thường."
_READY_WITHIN_S = 60.0

T = TypeVar("T")


@dataclass(frozen=True)
class Ticket:
    """What the customer holds after the auto-reply."""

    code: str
    address: str
    """From which it was opened."""
    subject: str
    message_id: str
    """Of the customer's mail."""


@dataclass
class Stage:
    """Everything that runs, and who is who."""

    people: ExampleDesk
    customer: Playground
    engineer: Playground
    relay: Relay
    folder: Path
    bot_url: str
    smtp_port: int
    _letters: int = 0

    async def mail(self, sender: str, subject: str, text: str, *, cc: str = "", answers: str | None = None) -> str:
        """Send a mail to support@, perhaps as the answer to a Message-ID; returns its own."""
        message = letter(sender, subject, text, to=self.people.support_mail, cc=cc, in_reply_to=answers)
        return await post(self.smtp_port, message)

    async def answer_by_mail(self, ticket: Ticket, text: str) -> None:
        """Have the engineer answer the customer in the ticket's mail thread."""
        l2 = self.people.l2
        await self.mail(
            f"{l2.name} <{l2.email}>", f"Re: {ticket.subject}", text, cc=ticket.address, answers=ticket.message_id
        )

    async def open_ticket(
        self, subject: str = "[P1] Tổng đài không gọi được", text: str = LETTER, *, sender: str = ""
    ) -> Ticket:
        """Have the customer mail; without `sender` from an address of its own: answers per sender are limited."""
        self._letters += 1
        sender = sender or f"Trần Thị Mẫu <phong{self._letters}@{self.people.customer.domain}>"
        address = sender.rpartition("<")[2].rstrip(">")
        message_id = await self.mail(sender, subject, text)
        reply = await eventually(
            lambda: next((mail for mail in self.sent_mails(address) if mail.in_reply_to == message_id), None),
            "the auto-reply with the code",
        )
        found = CODE.search(reply.subject + reply.text)
        assert found is not None, reply.text
        return Ticket(found[0], address, subject, message_id)

    def sent_mails(self, to: str = "") -> list[SentMail]:
        """Return the mails that left, of one recipient if given."""
        mails = sent_mails(self.folder / "data" / "mail" / "sent")
        return [mail for mail in mails if to in mail.to or to in mail.cc]

    @property
    def bot_log(self) -> Path:
        """Return what the bot said."""
        return self.folder / "bot.log"


async def eventually(look: Callable[[], T | None], description: str, *, within_s: float = 20) -> T:
    """Return the first truthy value of `look`; raises AssertionError that says what was waited for."""
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > give_up_at:
            raise AssertionError(f"not within {within_s} s: {description}")
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running_stage(*, locale: str = "vi-VN") -> AsyncIterator[Stage]:
    """Yield a running desk, its channels bound. Raises installed.LackingError."""
    await asyncio.to_thread(install)
    folder = Path(tempfile.mkdtemp(prefix="playground-"))
    try:
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(LocalChannel())
            stage = _planned(channel, folder, locale)
            await stage.relay.start()
            stack.push_async_callback(stage.relay.stop)
            stage.relay.bot_url = stage.bot_url
            for one in (stage.customer, stage.engineer):
                await stack.enter_async_context(one)
            await stack.enter_async_context(_bot(stage, channel))
            await asyncio.gather(*(_opened(one, stage.relay) for one in (stage.customer, stage.engineer)))
            await _bind_channels(stage)
            yield stage
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _planned(channel: LocalChannel, folder: Path, locale: str) -> Stage:
    people = write_example_desk(folder / "config", desk_tenant=channel.tenant)
    one, two = people.customer.people
    other = people.other_customer.people[0]
    desk = (people.l2, people.l2_second, people.l3, people.manager)
    customer = Playground(
        one,
        (two, other, people.l2, people.manager, people.stranger),
        Team(
            "Công ty An Phú",
            "19:an-phu@thread.tacv2",
            (one, two, people.l2, people.manager),
            "19:chung@thread.tacv2",
            "Hỗ trợ chung",
            (one, two, other, people.l2, people.manager, people.stranger),
        ),
        bot=channel.bot_account,
        tenant=channel.tenant,
        folder=folder / "customer",
    )
    engineer = Playground(
        people.l2,
        (people.l2_second, people.l3, people.manager, one, people.stranger),
        Team("Bàn hỗ trợ", "19:ca-truc@thread.tacv2", desk, "19:quan-ly@thread.tacv2", "Quản lý", desk),
        bot=channel.bot_account,
        tenant=channel.tenant,
        folder=folder / "engineer",
    )
    # The engineer's comes first: chats of people who sit in front of no page are opened there.
    relay = Relay(channel, (engineer, customer), locale=locale)
    return Stage(people, customer, engineer, relay, folder, f"http://127.0.0.1:{free_port()}", free_port())


async def _opened(one: Playground, relay: Relay) -> None:
    await one.start(bot_url=f"{relay.url}/api/messages", service_url=relay.service_url)


@asynccontextmanager
async def _bot(stage: Stage, channel: LocalChannel) -> AsyncIterator[None]:
    environment = {
        **os.environ,
        **channel.environment(),
        "HOST": "127.0.0.1",
        "PORT": stage.bot_url.rpartition(":")[2],
        "MAIL_SMTP_PORT": str(stage.smtp_port),
        "MAIL_URL": "local:",
        "REDIS_URL": "",
        "DESK_CONFIG": str(stage.folder / "config"),
        "DESK_DATA": str(stage.folder / "data"),
        "DESK_SPEED": "1",
        "LOG_LEVEL": "INFO",
    }
    with stage.bot_log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run",
            cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        await _ready(stage, process)
        yield
    finally:
        await end(process, within_s=25)


async def _ready(stage: Stage, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(_READY_WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            if process.returncode is not None:
                raise RuntimeError(f"the bot ended at once:\n{stage.bot_log.read_text(errors='replace')[-2000:]}")
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{stage.bot_url}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)


async def _bind_channels(stage: Stage) -> None:
    """Let an engineer give the channels their purpose, as on the first day of a real desk."""
    lead, customer = stage.people.l2, stage.people.customer
    team = stage.engineer.team
    await stage.engineer.say(lead, team.general, "gắn kênh trực", mention=True)
    await stage.engineer.say(lead, team.second, "gắn kênh quản lý", mention=True)
    await stage.customer.say(lead, stage.customer.team.general, f"gắn kênh khách hàng {customer.id}", mention=True)
    await eventually(lambda: len(stage.relay.sent) >= 3, "three channels that are bound")
