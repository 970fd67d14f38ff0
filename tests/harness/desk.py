"""The whole product in one process, its outside real: HTTP with signed tokens, SMTP, a real store. Time travels."""

import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp

from bot.desk.ports import RecordKey
from bot.running import Service, serve
from bot.settings import Settings
from bot.sla.instants import MINUTE, Instant
from bot.store.redis_store import RedisLedger, connect
from bot.ticket.model import Event, Ticket
from bot.wiring import build, doors_of
from tests.harness.example_desk import ExampleDesk, ExamplePerson, write_example_desk
from tests.harness.letters import SentMail, letter, post, sent_mails
from tests.harness.local_channel import LocalChannel, Persona, Place
from tests.harness.servers import Engine, Server
from tests.harness.travel import TravellingClock

_SETTLED_WITHIN_S = 20.0


@dataclass
class DeskUnderTest:
    """A running desk with a Teams and mailboxes around it."""

    service: Service
    channel: LocalChannel
    people: ExampleDesk
    clock: TravellingClock
    folder: Path
    port: int
    server: Server

    def persona(self, person: ExamplePerson) -> Persona:
        """Return somebody as Teams knows them."""
        return Persona(person.name, person.tenant, person.object_id, email=person.email)

    @property
    def ledger(self) -> RedisLedger:
        """Return the desk's ledger."""
        assert isinstance(self.service.ledger, RedisLedger)
        return self.service.ledger

    # Mail

    async def mail(self, sender: str, subject: str, text: str, **options: Any) -> str:
        """Send a mail to the desk, wait until it was handled; returns its Message-ID."""
        return await self.post(letter(sender, subject, text, to=self.people.support_mail, **options))

    async def post(self, message: EmailMessage) -> str:
        """Send a finished mail to the desk and wait until it was handled."""
        assert self.service.smtp is not None
        message_id = await post(self.service.smtp.port, message)
        await self.settle()
        return message_id

    def sent_mails(self, to: str = "") -> list[SentMail]:
        """Return the mails that left, of one recipient if given."""
        mails = sent_mails(self.folder / "data" / "mail" / "sent")
        return [mail for mail in mails if to in mail.to or to in mail.cc]

    # Tickets

    async def ticket(self, code: str) -> Ticket:
        """Return a ticket as it is kept."""
        stored = await self.ledger.read(RecordKey("ticket", code))
        assert stored is not None, f"no ticket {code}"
        return Ticket.model_validate_json(stored.body)

    async def codes(self) -> list[str]:
        """Return the codes of all tickets, oldest first."""
        return await self.ledger.index("tickets", limit=1000)

    async def only_code(self) -> str:
        """Return the code of the one ticket there is."""
        codes = await self.codes()
        assert len(codes) == 1, codes
        return codes[0]

    async def events(self, code: str, *kinds: str) -> list[Event]:
        """Return a ticket's events, of some kinds if given."""
        bodies = await self.ledger.events(RecordKey("ticket", code))
        events = [Event.model_validate_json(body) for body in bodies]
        return [event for event in events if not kinds or event.kind in kinds]

    # Teams

    async def bind(self, person: Persona, place: Place, order: str) -> None:
        """Have staff give a channel its purpose."""
        answer = await self.channel.message(person, place, order, mention=True)
        assert answer.status == 200
        await self.settle()

    # Time

    async def fast_forward(self, *, minutes: float) -> None:
        """Let desk time pass; the desk wakes at each of its own wake-ups, exactly then."""
        end = self.clock.now() + int(minutes * MINUTE)
        while True:
            await self.settle()
            wake = await self.ledger.next_wake()
            if wake is None or wake > end:
                break
            self.clock.move_to(max(wake, self.clock.now()))
            self.service.loops["timers"].wake()
        self.clock.move_to(end)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is due, no message waits and no mail lies unread."""
        await wait_until(self._is_settled, "the desk has nothing to do", self._what_waits)

    async def _is_settled(self) -> bool:
        backlog = await self.ledger.backlog(self.clock.now())
        if backlog.due or backlog.entries:
            return False
        return not await self.service.mailbox.waiting()

    async def _what_waits(self) -> str:
        return f"{await self.ledger.backlog(self.clock.now())}\n{self.channel.told()}"

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a page of the desk."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}{path}") as answer,
        ):
            return answer.status, await answer.text()


async def wait_until(
    predicate: Callable[[], Awaitable[bool]],
    description: str,
    report: Callable[[], Awaitable[str]] | None = None,
    *,
    within_s: float = _SETTLED_WITHIN_S,
) -> None:
    """Return when `predicate` holds; raises AssertionError that says what was waited for."""
    give_up_at = time.monotonic() + within_s
    while not await predicate():
        if time.monotonic() > give_up_at:
            told = await report() if report is not None else ""
            raise AssertionError(f"not within {within_s} s: {description}\n{told}")
        await asyncio.sleep(0.01)


@asynccontextmanager
async def running_desk(engine: Engine, start: Instant) -> AsyncIterator[DeskUnderTest]:
    """Yield a desk of example people on a fresh store, its Teams channels bound."""
    folder = Path(tempfile.mkdtemp(prefix="desk-"))
    server = Server(engine, Path(tempfile.mkdtemp(prefix="st-")), durable=False)
    server.start()
    try:
        async with LocalChannel() as channel:
            people = write_example_desk(folder / "config", desk_tenant=channel.tenant)
            clock = TravellingClock(start)
            with _trusted_login(channel):
                async with _running(folder, server, channel, people, clock) as desk:
                    yield desk
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _trusted_login(channel: LocalChannel) -> Iterator[None]:
    """Let the token library of this process find the local login's certificate, for as long as the desk runs."""
    before = os.environ.get("REQUESTS_CA_BUNDLE")
    os.environ["REQUESTS_CA_BUNDLE"] = channel.environment()["REQUESTS_CA_BUNDLE"]
    try:
        yield
    finally:
        if before is None:
            del os.environ["REQUESTS_CA_BUNDLE"]
        else:
            os.environ["REQUESTS_CA_BUNDLE"] = before


def settings_for(channel: LocalChannel, folder: Path, redis_url: str) -> Settings:
    """Return the settings of a desk that talks to a local channel."""
    environment = channel.environment()
    del environment["REQUESTS_CA_BUNDLE"]
    named = {name.lower(): value for name, value in environment.items()}
    return Settings.model_validate(
        {
            **named,
            "port": 0,
            "mail_smtp_port": 0,
            "redis_url": redis_url,
            "desk_config": folder / "config",
            "desk_data": folder / "data",
        }
    )


@asynccontextmanager
async def _running(
    folder: Path, server: Server, channel: LocalChannel, people: ExampleDesk, clock: TravellingClock
) -> AsyncIterator[DeskUnderTest]:
    settings = settings_for(channel, folder, server.url)
    settings.desk_data.mkdir(parents=True, exist_ok=True)
    ledger = RedisLedger(connect(server.url), "journey")
    service = await build(settings, ledger, clock=clock)
    stop, opened = asyncio.Event(), asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(service, doors_of(settings, server.engine), stop, ready=opened.set_result))
    try:
        await asyncio.wait([serving, opened], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
        port = opened.result()
        channel.bot_url = f"http://127.0.0.1:{port}"
        yield DeskUnderTest(service, channel, people, clock, folder, port, server)
    finally:
        stop.set()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await ledger.close()
