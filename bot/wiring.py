"""Plugs the rooms together: the only module that knows them all, and the only one that asks for the time."""

import asyncio
import contextlib
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from bot.cards import draw as cards
from bot.cards.digest import draw_digest, summary_digest
from bot.cards.views import AnyView
from bot.config.load import load_book, prove_book
from bot.config.watch import BookWatcher
from bot.desk.arrivals import Incoming, MembersChanged, Tap, TapAnswer
from bot.desk.bindings import Bindings
from bot.desk.confirm import Confirm
from bot.desk.corrections import Corrections
from bot.desk.handle import Desk
from bot.desk.letters import GuardedMirror, Letters
from bot.desk.listen import Listen
from bot.desk.mailroom import Mailroom
from bot.desk.ports import Clock, Ledger, Messenger
from bot.desk.reads import Reads
from bot.desk.taps import Taps
from bot.doctor.installation import Installation, TeamsSide
from bot.errors import ConfigError, Fault, Refused, StoreAwayError
from bot.mail.door import MailDoor
from bot.mail.local_mailbox import LocalMailbox
from bot.mail.messenger import MailMessenger
from bot.mail.smtp_door import SmtpDoor
from bot.running import Doors, Service, own_url, serve, store_answers
from bot.settings import Settings
from bot.sla.instants import Instant
from bot.store.embedded import EmbeddedStore, running_url
from bot.store.redis_store import RedisLedger, connect
from bot.teams.actions import TapActions
from bot.teams.adapter import TeamsAdapter
from bot.teams.connector import Connector
from bot.teams.credentials import Credentials, ManagedIdentityLogin, SecretLogin, TokenSource
from bot.teams.door import TeamsDoor
from bot.teams.grants import GRAPH_URL, Grants
from bot.teams.inbox import Inbox
from bot.teams.key_cache import KeyCache
from bot.teams.messenger import TeamsMessenger
from bot.teams.people import TeamsPeople
from bot.teams.routes import Entrance
from bot.teams.routes import add_routes as add_teams_routes
from bot.teams.verify import TEAMS_ISSUER, TEAMS_METADATA_URL, Verifier
from bot.telemetry import Telemetry
from bot.text import formats, phrases
from bot.ticket.effects import Bulletin, Mirror
from bot.ticket.model import Language
from bot.web.health import add_routes as add_health_routes
from bot.web.vitals import Vitals
from bot.workers.housekeeping import Housekeeping
from bot.workers.lanes import LEASE_MS, Lanes
from bot.workers.loop import Loop
from bot.workers.mailbox import MailTurns
from bot.workers.timers import Timers

_SYNC_EVERY_S = 30.0
_LOOP_AGE_MAX_S = {"timers": 15.0, "errands": 300.0, "lanes": 15.0, "mailbox": 60.0, "housekeeping": 60.0}
NOBODY = "00000000-0000-0000-0000-000000000000"
"""Stands for the bot's id where none is configured: no token is ever issued for it, so every request is refused."""


class StoreClock:
    """Desk time = epoch + (store time - epoch) * speed. The store's clock decides between replicas."""

    def __init__(self, *, speed: float) -> None:
        self._speed = speed
        self._epoch = 0
        self._offset_ms = time.time() * 1000 - time.monotonic() * 1000  # noqa: TID251  until the store has answered
        self._synced_at_s = float("-inf")

    def now(self) -> Instant:
        """Return the present desk time."""
        store_ms = time.monotonic() * 1000 + self._offset_ms
        if self._speed == 1:
            return int(store_ms)
        return int(self._epoch + (store_ms - self._epoch) * self._speed)

    async def sync(self, ledger: Ledger) -> None:
        """Follow the store's clock; asks it at most every 30 s."""
        if time.monotonic() - self._synced_at_s < _SYNC_EVERY_S:
            return
        before_ms = time.monotonic() * 1000
        store_ms = await ledger.store_time_ms()
        after_ms = time.monotonic() * 1000
        self._offset_ms = store_ms - (before_ms + after_ms) / 2
        self._synced_at_s = after_ms / 1000
        if self._speed != 1:
            self._epoch = int(await ledger.once("epoch", str(store_ms).encode()))


class _Ears:
    """Implements `desk.arrivals.Listener` by the two parts of the desk that listen."""

    def __init__(self, listen: Listen, taps: Taps, heard: Callable[[str], None]) -> None:
        self._listen = listen
        self._taps = taps
        self._heard = heard

    async def incoming(self, incoming: Incoming) -> str:
        self._heard(incoming.chat.service_url)
        return await self._listen.incoming(incoming)

    async def tap(self, tap: Tap) -> TapAnswer:
        return await self._taps.tap(tap)

    async def members_changed(self, change: MembersChanged) -> str:
        self._heard(change.chat.service_url)
        return await self._listen.members_changed(change)


class _Pen:
    """Implements `teams.drawing.Drawing` by cards and text."""

    def __init__(self, clock: Clock, books: BookWatcher) -> None:
        self._clock = clock
        self._books = books

    def card(self, view: AnyView, language: Language, *, private: bool) -> dict[str, object]:
        return dict(cards.draw(view, language, private=private))

    def summary(self, view: AnyView, language: Language) -> str:
        return cards.summary(view, language)

    def say(self, language: Language, phrase: str, values: dict[str, str]) -> str:
        return phrases.say(language, phrase, values)

    def refusal(self, language: Language, refused: Refused) -> str:
        return phrases.refusal(language, refused)

    def mirror(self, language: Language, effect: Mirror) -> str:
        zone = self._books.book().desk.zone
        at = formats.instant(language, effect.at, self._clock.now(), zone)
        return phrases.mirror(language, effect.author, at, effect.text, effect.attachments, effect.ticket)

    def digest(self, language: Language, bulletin: Bulletin) -> tuple[dict[str, object], str]:
        zone = self._books.book().desk.zone
        return dict(draw_digest(bulletin, language, zone)), summary_digest(bulletin, language, zone)


@dataclass(frozen=True)
class Store:
    """An open store."""

    ledger: RedisLedger
    embedded: EmbeddedStore | None
    told: str
    """What to tell the operator about it; never the URL, which may hold a password."""


@contextlib.asynccontextmanager
async def open_store(settings: Settings, desk_id: str, *, attach: bool = False) -> AsyncIterator[Store]:
    """Yield the configured store, or an embedded one with a durable log.

    `attach`: if another process of ours runs the embedded one, use that, for a look beside it.
    Raises ConfigError if the embedded one cannot run or DESK_DATA cannot be used.
    """
    url = settings.redis_url.get_secret_value()
    if not url and attach:
        url = await running_url(settings.desk_data / "store") or ""
    embedded = None
    if not url:
        _make_data_folder(settings.desk_data)
        embedded = EmbeddedStore(settings.desk_data / "store")
        url = await embedded.start()
    ledger = RedisLedger(connect(url), desk_id)
    try:
        yield Store(ledger, embedded, "embedded Valkey, every write on disk" if embedded else "REDIS_URL")
    finally:
        await ledger.close()
        if embedded is not None:
            await embedded.stop()


async def run(settings: Settings, desk_id: str, *, role: str = "all") -> None:
    """Run one replica until SIGTERM or SIGINT. Raises ConfigError if it cannot start."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _make_data_folder(settings.desk_data)
    async with open_store(settings, desk_id) as store:
        if await store_answers(store.ledger, stop):
            service = await build(settings, store.ledger, role=role)
            await serve(service, doors_of(settings, store.told), stop, embedded=store.embedded)


def _make_data_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(
            [Fault("environment", None, f"DESK_DATA {folder} cannot be written to ({error.strerror})")]
        ) from error


def doors_of(settings: Settings, store: str) -> Doors:
    """Return where a replica listens."""
    return Doors(
        host=settings.host,
        port=settings.port,
        smtp_port=settings.mail_smtp_port,
        development=settings.desk_mode == "development",
        teams_connected=settings.has_credentials,
        sent_mail=settings.desk_data / "mail" / "sent",
        store=store,
    )


def channels_of(settings: Settings) -> frozenset[str]:
    """Return by which channels this installation can page."""
    return frozenset({"mail", *(["teams"] if settings.has_credentials else [])})


async def build(
    settings: Settings, ledger: Ledger, *, clock: Clock | None = None, role: str = "all", lease_ms: int = LEASE_MS
) -> Service:
    """Return a replica on a ledger that answers. `clock`: for tests that travel in time; `lease_ms`: of a lane.

    Raises ConfigError with every fault of the desk's files.
    """
    book, warnings = load_book(settings.desk_config, channels_of(settings))
    books = BookWatcher(settings.desk_config, channels_of(settings), book)
    store_clock = StoreClock(speed=settings.desk_speed)
    duties: list[Callable[[], Awaitable[object]]] = []
    if clock is None:
        await store_clock.sync(ledger)
        clock = store_clock
        duties.append(lambda: store_clock.sync(ledger))
    secret = await ledger.once("secret", secrets.token_bytes(32))
    telemetry = Telemetry(speed=settings.desk_speed)
    loops: dict[str, Loop] = {}

    def wake() -> None:
        for name in ("lanes", "timers"):
            if name in loops:
                loops[name].wake()

    desk = Desk(ledger, books, clock, wake)
    mailbox = LocalMailbox(settings.desk_data / "mail", clock)
    domain = book.desk.support_mail.rpartition("@")[2]
    messengers: dict[str, Messenger] = {"m": MailMessenger(mailbox, secret, books, clock, draw=Letters(desk).draw)}
    app = web.Application(client_max_size=1 << 20)
    teams = _plug_teams(settings, desk, books, telemetry, secret)
    add_teams_routes(app, teams.entrance)
    messengers["t"] = teams.messenger
    duties.append(teams.entrance.replay)
    duties.append(Corrections(desk).turn)
    lanes = Lanes(desk, messengers, telemetry, lease_ms=lease_ms)
    mail_door = MailDoor(
        mailbox,
        Mailroom(desk),
        secret,
        domain,
        count=lambda word: telemetry.count("mails", word),
        alarm=desk.alert_operator,
    )
    if role in ("all", "worker"):
        timers = Timers(desk, telemetry)
        loops["timers"] = Loop("timers", timers.turn, telemetry)
        loops["errands"] = Loop("errands", timers.errand, telemetry)
        loops["lanes"] = Loop("lanes", lanes.turn, telemetry)
        loops["mailbox"] = Loop("mailbox", MailTurns(mail_door).turn, telemetry)
    loops["housekeeping"] = Loop(
        "housekeeping", Housekeeping(desk, books, telemetry.file_faults, duties).turn, telemetry
    )
    vitals = Vitals(ledger, clock, telemetry, loops={name: _LOOP_AGE_MAX_S[name] for name in loops})
    add_health_routes(app, vitals, telemetry)
    smtp = None
    if role in ("all", "worker"):
        smtp = SmtpDoor(mailbox, port=settings.mail_smtp_port, on_mail=loops["mailbox"].wake)
    return Service(
        app=app,
        ledger=ledger,
        desk=desk,
        clock=clock,
        telemetry=telemetry,
        vitals=vitals,
        loops=loops,
        lanes=lanes,
        mailbox=mailbox,
        smtp=smtp,
        warnings=warnings,
        closers=teams.closers,
    )


@contextlib.asynccontextmanager
async def installation(
    settings: Settings,
    ledger: RedisLedger,
    *,
    public_url: str = "",
    clock: Clock | None = None,
    real_s: Callable[[], float] = time.time,  # noqa: TID251  compared with the store's
) -> AsyncIterator[Installation]:
    """Yield what `doctor` looks at; nothing of it runs. Raises ConfigError with every fault of the desk's files."""
    today = datetime.fromtimestamp(real_s(), UTC).date()
    book, warnings, _ = prove_book(settings.desk_config, channels_of(settings), today)
    store_clock = StoreClock(speed=settings.desk_speed)
    with contextlib.suppress(StoreAwayError):  # the check of the store says so
        await store_clock.sync(ledger)
    clock = clock or store_clock
    local, app_id = settings.desk_mode == "development", settings.microsoft_app_id
    metadata_url = settings.bot_openid_metadata_url or TEAMS_METADATA_URL
    credentials = Credentials(_login(settings, app_id or NOBODY))
    connector = Connector(credentials, app_id=app_id, allow_loopback_http=local)
    keys = KeyCache(metadata_url, allow_loopback_http=local)
    # A token of a local channel's login is never sent to Microsoft.
    graph_url = settings.bot_graph_url or ("" if settings.bot_login_url else GRAPH_URL)
    grants = Grants(credentials, app_id=app_id, url=graph_url) if graph_url else None
    try:
        yield Installation(
            book=book,
            warnings=tuple(warnings),
            ledger=ledger,
            clock=clock,
            real_s=real_s,
            vitals=Vitals(ledger, clock, Telemetry(speed=settings.desk_speed), loops={}),
            teams=TeamsSide(credentials, connector, keys, metadata_url, grants) if settings.has_credentials else None,
            own_url=own_url(settings.host, settings.port) if settings.port else "",
            public_url=public_url,
            smtp_port=settings.mail_smtp_port,
            mail_folder=settings.desk_data / "mail",
            loopback_allowed=local,
        )
    finally:
        await connector.close()
        await credentials.close()
        await keys.close()


@dataclass(frozen=True)
class _Teams:
    entrance: Entrance
    messenger: Messenger
    closers: list[Callable[[], Awaitable[None]]]


def _plug_teams(settings: Settings, desk: Desk, books: BookWatcher, telemetry: Telemetry, secret: bytes) -> _Teams:
    """Return the Teams edge. Without credentials its door refuses everybody."""
    local, clock = settings.desk_mode == "development", desk.clock
    app_id = settings.microsoft_app_id or NOBODY
    credentials = Credentials(_login(settings, app_id))
    connector = Connector(credentials, app_id=app_id, allow_loopback_http=local, count=telemetry.count)
    people = TeamsPeople(connector, desk.ledger, telemetry.count)
    reads = Reads(desk, secret)
    bindings = Bindings(desk, people)
    service = _ServiceUrl(desk)
    ears = _Ears(Listen(desk, people, bindings, Confirm(desk, secret)), Taps(desk, reads, people), service.heard)
    pen = _Pen(clock, books)
    keys = KeyCache(settings.bot_openid_metadata_url or TEAMS_METADATA_URL, allow_loopback_http=local)
    entrance = Entrance(
        verifier=Verifier(keys, app_id=app_id, issuer=settings.bot_token_issuer or TEAMS_ISSUER),
        adapter=TeamsAdapter(),
        door=TeamsDoor(ears, TapActions(ears, pen, telemetry.count), telemetry.count),
        inbox=Inbox(settings.desk_data / "inbox"),
        clock=clock,
        count=telemetry.count,
        allowed_tenants=lambda: _tenants(books),
        allow_loopback_http=local,
    )
    messenger = TeamsMessenger(connector, desk.ledger, pen, reads, service.known)
    return _Teams(entrance, GuardedMirror(desk, reads, messenger), [connector.close, credentials.close, keys.close])


class _ServiceUrl:
    """Where Teams is reached for people who never wrote: what it last said, else what the desk's record says."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._url = ""

    def heard(self, url: str) -> None:
        self._url = url

    async def known(self) -> str:
        if not self._url:  # perhaps another replica has heard it meanwhile
            self._url = (await self._desk.desk_record()).service_url
        return self._url


def _login(settings: Settings, app_id: str) -> TokenSource:
    if settings.microsoft_app_type == "UserAssignedMSI":
        return ManagedIdentityLogin(client_id=app_id)
    return SecretLogin(
        app_id=app_id,
        secret=settings.microsoft_app_password.get_secret_value(),
        tenant=settings.microsoft_app_tenant_id,
        login_url=settings.bot_login_url,
    )


def _tenants(books: BookWatcher) -> frozenset[str]:
    """Return whose activities are listened to: the desk's and its customers' and partners' tenants."""
    book = books.book()
    return frozenset({*book.customers.all_tenants, book.desk.tenant.lower()})
