"""One process: opens the store, serves HTTP, runs the loops, and stops in one order with a deadline."""

import asyncio
import contextlib
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.desk.handle import Desk
from bot.desk.ports import Clock, Ledger
from bot.errors import ConfigError, Fault, StoreAwayError
from bot.mail.local_mailbox import LocalMailbox
from bot.mail.smtp_door import SmtpDoor
from bot.store.embedded import EmbeddedStore
from bot.telemetry import Telemetry
from bot.web.vitals import Vitals
from bot.workers.lanes import Lanes
from bot.workers.loop import Loop

_log = logging.getLogger("trucban")
_STOP_WITHIN_S = 10.0
_WAIT_FOR_STORE_S = 1.0
_UNAUTHORIZED = 401


@dataclass(frozen=True)
class Doors:
    """Where a replica listens, and what its operator is told about it."""

    host: str
    port: int
    smtp_port: int
    development: bool
    teams_connected: bool
    sent_mail: Path
    store: str
    """What the store is; never its URL, which may hold a password."""


@dataclass
class Service:
    """One replica, plugged together and not yet running."""

    app: web.Application
    ledger: Ledger
    desk: Desk
    clock: Clock
    telemetry: Telemetry
    vitals: Vitals
    loops: dict[str, Loop]
    lanes: Lanes
    mailbox: LocalMailbox
    smtp: SmtpDoor | None
    warnings: list[Fault]
    closers: list[Callable[[], Awaitable[None]]]

    async def close(self) -> None:
        """Close what was opened outside the loops: pooled connections, fetches under way."""
        for closer in self.closers:
            await closer()


async def serve(
    service: Service,
    doors: Doors,
    stop: asyncio.Event,
    *,
    embedded: EmbeddedStore | None = None,
    ready: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve until `stop` is set. `ready` is told the port of the open HTTP door.

    Raises ConfigError if a door cannot be opened.
    """
    runner = web.AppRunner(service.app, access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, doors.host, doors.port)
        await _open_door(site, doors.host, doors.port)
        port = runner.addresses[0][1]
        await _prove_unsigned_is_refused(doors.host, port)
        if service.smtp is not None:
            await _open_mail_door(service, doors.smtp_port)
        _tell(service, doors, port)
        ready(port)
        await _run_loops(service, stop, embedded)
    finally:
        _log.info("stopping")
        if service.smtp is not None:
            await service.smtp.stop()
        await runner.cleanup()
        await service.close()


async def _run_loops(service: Service, stop: asyncio.Event, embedded: EmbeddedStore | None) -> None:
    """Run the loops as named tasks of one group; on `stop` finish the turns in hand, then end."""
    async with asyncio.TaskGroup() as group:
        watch = group.create_task(embedded.watch(), name="embedded store") if embedded is not None else None
        tasks = [group.create_task(loop.run(), name=name) for name, loop in service.loops.items()]
        await stop.wait()
        service.vitals.drain()
        for loop in service.loops.values():
            loop.stop()
        _, late = await asyncio.wait(tasks, timeout=_STOP_WITHIN_S)
        await service.lanes.drain(_STOP_WITHIN_S)
        for task in late:
            _log.warning("loop did not stop in time", extra={"loop": task.get_name()})
            task.cancel()
        if watch is not None:
            watch.cancel()


async def store_answers(ledger: Ledger, stop: asyncio.Event) -> bool:
    """Wait for the store; False if stopped before it answered. A desk without its ledger must not guess."""
    said = False
    while not stop.is_set():
        try:
            await ledger.ping()
        except StoreAwayError as error:
            if not said:
                _log.warning("waiting for the store", extra={"why": str(error)[:200]})
                said = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _WAIT_FOR_STORE_S)
        else:
            return True
    return False


async def _open_door(site: web.TCPSite, host: str, port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise ConfigError(
            [Fault("environment", None, f"PORT {port} on {host} cannot be opened ({error.strerror}); set PORT")]
        ) from error


async def _open_mail_door(service: Service, port: int) -> None:
    assert service.smtp is not None  # noqa: S101  asked by the caller
    try:
        await service.smtp.start()
    except OSError as error:
        raise ConfigError(
            [Fault("environment", None, f"MAIL_SMTP_PORT {port} cannot be opened ({error.strerror}); set another")]
        ) from error


async def _prove_unsigned_is_refused(host: str, port: int) -> None:
    """Post without a token to the own door; anything but 401 means that anybody could speak as Teams."""
    _log.info("self-test: the own door must refuse an unsigned POST")
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
        session.post(f"{own_url(host, port)}/api/messages", json={"type": "message"}) as answer,
    ):
        if answer.status != _UNAUTHORIZED:
            raise ConfigError([Fault("self-test", None, f"an unsigned POST was answered {answer.status}, not 401")])


def own_url(host: str, port: int) -> str:
    """Return where a replica that listens on `host` is reached from its own machine."""
    address = f"[{host}]" if ":" in host else ("127.0.0.1" if host == "0.0.0.0" else host)  # noqa: S104
    return f"http://{address}:{port}"


def _tell(service: Service, doors: Doors, port: int) -> None:
    """Say what runs and what to open."""
    desk = service.desk.books.book().desk
    host = socket.gethostname() if doors.host == "0.0.0.0" else doors.host  # noqa: S104
    lines = [f"Trực Ban · {desk.name}"]
    if doors.development:
        lines += ["", "  *** DEVELOPMENT MODE: LOOPBACK ONLY, NOT FOR CUSTOMERS ***", ""]
    for fault in service.warnings:
        lines.append(f"  {fault}")
    lines += [
        f"  health    http://{host}:{port}/healthz/desk   (also /healthz, /readyz, /metrics)",
        f"  Teams     POST http://{host}:{port}/api/messages"
        + ("" if doors.teams_connected else "   not connected: set MICROSOFT_APP_ID (README: connect a tenant)"),
    ]
    if service.smtp is not None:
        lines.append(f"  mail in   smtp://127.0.0.1:{service.smtp.port}   (write to {desk.support_mail})")
        lines.append(f"  mail out  {doors.sent_mail}")
    lines.append(f"  store     {doors.store}")
    lines.append("  ready; stop with Ctrl-C")
    print("\n".join(lines), file=sys.stderr, flush=True)  # noqa: T201  the banner is for whoever started us
