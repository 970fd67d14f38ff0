"""Two replicas of the desk as processes of their own, a proxy on each wire, and a Teams and a store that are real.

The stage stands for many runs; each run has a fresh store and fresh processes.
"""

import asyncio
import contextlib
import shutil
import smtplib
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

from bot.desk.ports import RecordKey
from bot.mail.local_mailbox import LocalMailbox
from bot.sla.instants import MINUTE, Instant
from bot.store.redis_store import RedisLedger, connect
from bot.ticket.model import Event, Ticket
from tests.faults.points import Mode, Numbering, Point, posted_slot
from tests.harness.desk import wait_until
from tests.harness.example_desk import ExampleDesk, ExamplePerson, write_example_desk
from tests.harness.letters import SentMail, letter, post, sent_mails
from tests.harness.local_channel import LocalChannel, Persona, Place
from tests.harness.proxy import Action, Address, DropReply, DropRequest, Hook, Pass, Proxy, Seen
from tests.harness.replica import DESK_ID, Order, Replica, Zygote
from tests.harness.servers import Engine, Server
from tests.harness.travel import SharedClock

LEASE_MS = 3_000
"""Real time, and the runs wait for it: shorter than a desk's ten seconds, longer than this machine ever stalls."""
NAMES = ("a", "b")
_STALE_AFTER_S = 0.4
_CLAIM_MS = 5_000
"""So long a claimed wake-up is hidden, desk time."""


class WiredChannel(LocalChannel):
    """A local channel that tells the bot to answer through a proxy."""

    wire: Proxy | None = None

    @property
    def service_url(self) -> str:
        """Return where the bot reaches this Teams."""
        assert self.wire is not None
        return f"http://127.0.0.1:{self.wire.port}/teams/"


@dataclass
class Stage:
    """What lasts for many runs."""

    server: Server
    channel: WiredChannel
    people: ExampleDesk
    zygote: Zygote
    folder: Path
    store_wires: dict[str, Proxy]
    places: dict[str, Place]
    ledger: RedisLedger
    """On the store itself, not through a proxy."""
    runs: int = 0

    def persona(self, person: ExamplePerson) -> Persona:
        """Return somebody as Teams knows them."""
        return Persona(person.name, person.tenant, person.object_id, email=person.email)


@asynccontextmanager
async def standing_stage(engine: Engine, *, durable: bool = False) -> AsyncIterator[Stage]:
    """Yield a stage; everything on it ends with it. `durable`: the store survives its own SIGKILL."""
    folder = Path(tempfile.mkdtemp(prefix="kill-", dir="/tmp"))
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (folder / "st").mkdir()
        server = Server(engine, folder / "st", durable=durable)
        server.start()
        stack.callback(server.stop)
        wires = {
            name: await stack.enter_async_context(
                Proxy(Address(path=server.socket), "resp", listen=Address(path=folder / name))
            )
            for name in NAMES
        }
        channel = await stack.enter_async_context(WiredChannel())
        port = int(channel.url.rpartition(":")[2])
        channel.wire = await stack.enter_async_context(Proxy(Address(port=port), "http"))
        zygote = await stack.enter_async_context(Zygote())
        people = write_example_desk(folder / "config", desk_tenant=channel.tenant)
        ledger = RedisLedger(connect(server.url), DESK_ID)
        stack.push_async_callback(ledger.close)
        stage = Stage(server, channel, people, zygote, folder, wires, {}, ledger)
        staff = [stage.persona(person) for person in people.staff]
        stage.places |= {
            "desk": channel.channel("Ca trực", *staff),
            "managers": channel.channel("Quản lý", *staff),
            **{person.id: channel.personal(stage.persona(person)) for person in people.staff},
        }
        yield stage


@dataclass
class Run:
    """One journey. With an `aim` the replica that makes that request is killed there."""

    stage: Stage
    folder: Path
    clock: SharedClock
    start: Instant
    aim: Point | None
    mode: Mode
    replicas: dict[str, Replica] = field(default_factory=dict)
    numbering: Numbering = field(default_factory=Numbering)
    victim: Replica | None = None
    posters: dict[str, list[int]] = field(default_factory=dict)
    """By slot: the process ids that posted its card, 0 for one that had ended by then."""

    # Time

    async def travel(self, *, to_minute: int) -> None:
        """Let desk time pass to a minute of the journey; the desk wakes at each of its own wake-ups."""
        end = self.start + to_minute * MINUTE
        while True:
            await self.settle()
            wake = await self.stage.ledger.next_wake()
            if wake is None or wake > end:
                break
            self._move_to(max(wake, self.clock.now()))
        self._move_to(max(end, self.clock.now()))
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is due, nothing waits in a lane and no mail lies unread.

        A wake-up that a killed replica had claimed is hidden for five seconds of desk time: they pass once
        nothing has moved for a while.
        """
        mailbox = LocalMailbox(self.folder / "mail", self.clock)
        stale_since: float | None = None
        now_s = asyncio.get_running_loop().time

        async def settled() -> bool:
            nonlocal stale_since
            backlog = await self.stage.ledger.backlog(self.clock.now())
            if backlog.entries or await mailbox.waiting():
                stale_since = None
                return False
            if not backlog.due:
                return True
            stale_since = stale_since or now_s()
            wake, now = await self.stage.ledger.next_wake(), self.clock.now()
            is_hidden = wake is not None and now < wake <= now + _CLAIM_MS
            if wake is not None and is_hidden and self.victim is not None and now_s() - stale_since > _STALE_AFTER_S:
                stale_since = None
                self._move_to(wake)
            return False

        await wait_until(settled, "the replicas have nothing to do", self._what_waits)

    def _move_to(self, now: Instant) -> None:
        if self.numbering.counts or now > self.start:
            self.numbering.moved_to(now)
        self.clock.move_to(now)

    async def _what_waits(self) -> str:
        logs = [f"{name}:\n{(self.folder / f'{name}.log').read_text()[-3000:]}" for name in NAMES]
        state = await self.stage.ledger.backlog(self.clock.now())
        return "\n".join([f"{self.aim} {self.mode}", str(state), self.stage.channel.told(), *logs])

    # Processes

    async def start_replicas(self, *names: str) -> None:
        """Start replicas and wait until their doors are open."""
        for replica in await self.stage.zygote.start(*(self._order(name) for name in names)):
            self.replicas[replica.name] = replica

    def _order(self, name: str) -> Order:
        stage, environment = self.stage, self.stage.channel.environment()
        ca_bundle = environment.pop("REQUESTS_CA_BUNDLE")
        settings = {key.lower(): value for key, value in environment.items()} | {
            "port": 0,
            "mail_smtp_port": 0,
            "redis_url": stage.store_wires[name].redis_url,
            "desk_config": str(stage.people.folder),
            "desk_data": str(self.folder),
        }
        return Order(name, settings, ca_bundle, str(self.folder / "clock"), str(self.folder / f"{name}.log"), LEASE_MS)

    # The wire

    def watch(self) -> None:
        """See every request from now on."""
        for name, wire in self.stage.store_wires.items():
            wire.on_request = self._hook(name)
        assert self.stage.channel.wire is not None
        self.stage.channel.wire.on_request = self._hook("")

    def _hook(self, name: str) -> Hook:
        async def hook(seen: Seen) -> Action:
            maker = self.replicas.get(name) if name else self._owner(seen.client_port)
            if slot := "" if name else posted_slot(seen):
                # without an owner: its maker was killed while the request was on its way
                self.posters.setdefault(slot, []).append(maker.pid if maker is not None else 0)
            point = self.numbering.number(seen)
            if maker is None or point is None or point != self.aim or self.victim is not None:
                return Pass()
            self.victim = maker
            if self.mode == "before the reply":
                return DropReply(then=maker.kill)
            maker.kill()
            return DropRequest()

        return hook

    def _owner(self, port: int) -> Replica | None:
        """Return whose connection leaves from a port of loopback."""
        local = f"0100007F:{port:04X}"
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        inode = next((row[9] for row in rows if row[1] == local), None)
        for replica in self.replicas.values():
            if replica.alive and f"socket:[{inode}]" in _open_files(replica.pid):
                return replica
        return None

    # What came of it

    async def write_mail(self, sender: ExamplePerson, subject: str, text: str) -> None:
        """Send a mail as an MTA does: by the other replica if the first one does not take it."""
        message = letter(f"{sender.name} <{sender.email}>", subject, text, to=self.stage.people.support_mail)
        await _post(message, [replica.smtp_port for replica in self.replicas.values()])

    async def ticket(self) -> tuple[Ticket, list[Event]]:
        """Return the one ticket and its events."""
        (code,) = await self.stage.ledger.index("tickets", limit=10)
        key = RecordKey("ticket", code)
        stored = await self.stage.ledger.read(key)
        assert stored is not None
        events = [Event.model_validate_json(body) for body in await self.stage.ledger.events(key)]
        return Ticket.model_validate_json(stored.body), events

    def sent_mails(self) -> list[SentMail]:
        """Return the mails that left."""
        return sent_mails(self.folder / "mail" / "sent")


@asynccontextmanager
async def fresh_run(stage: Stage, start: Instant, aim: Point | None, mode: Mode) -> AsyncIterator[Run]:
    """Yield two replicas on an empty store whose channels were bound; numbering begins now."""
    client = connect(stage.server.url)
    await client.flushall()
    await client.aclose()
    stage.runs += 1
    folder = stage.folder / f"run{stage.runs}"
    folder.mkdir()
    run = Run(stage, folder, SharedClock.create(folder / "clock", start), start, aim, mode)
    run.watch()
    try:
        await run.start_replicas(*NAMES)
        stage.channel.bot_url = f"http://127.0.0.1:{run.replicas['a'].port}"
        lead = stage.persona(stage.people.l2)
        for place, order in (("desk", "gắn kênh trực"), ("managers", "gắn kênh quản lý")):
            answer = await stage.channel.message(lead, stage.places[place], order, mention=True)
            assert answer.status == 200
        await run.settle()
        stage.channel.connector.requests.clear()
        stage.channel.connector.standing.clear()
        run.posters.clear()
        run.numbering.begin(start)
        yield run
    finally:
        for replica in run.replicas.values():
            replica.kill()
        run.clock.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _post(message: EmailMessage, ports: list[int]) -> None:
    for port in ports[:-1]:
        with contextlib.suppress(smtplib.SMTPException, OSError):
            await post(port, message)
            return
    await post(ports[-1], message)


def _open_files(pid: int) -> set[str]:
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(descriptor.readlink()))
    return found
