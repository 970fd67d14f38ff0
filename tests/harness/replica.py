"""Replicas as processes of their own, which can be killed: each is forked from a zygote that imported everything once.

Started as a program this file is the zygote. It reads one order a line (JSON) and forks before any event loop
or thread exists; what it and its replicas say on standard output is one JSON object a line.
"""

import asyncio
import ctypes
import json
import logging
import os
import select
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.running import serve
from bot.settings import Settings
from bot.store.redis_store import RedisLedger, connect
from bot.wiring import build, doors_of
from tests.harness.travel import SharedClock

DESK_ID = "journey"
_log = logging.getLogger("replica")
_ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN_S = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Order:
    """What a replica shall be."""

    name: str
    settings: dict[str, Any]
    ca_bundle: str
    """Of the login, for msal."""
    clock: str
    """File of a `SharedClock`."""
    log: str
    """File to which it writes what it says on standard error."""
    lease_ms: int


@dataclass
class Replica:
    """A running replica. `descriptor` means this very process, also when its number is given to another one."""

    name: str
    pid: int
    descriptor: int
    port: int = 0
    smtp_port: int = 0
    alive: bool = True

    def kill(self) -> None:
        """SIGKILL, and return when it has ended."""
        if self.alive:
            self.alive = False
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)
            ended, _, _ = select.select([self.descriptor], [], [], 5)
            assert ended, f"replica {self.name} outlived SIGKILL"
            os.close(self.descriptor)

    def has_ended(self) -> bool:
        """Return whether it ended, by whatever cause."""
        return not self.alive or bool(select.select([self.descriptor], [], [], 0)[0])


@dataclass
class Zygote:
    """Starts replicas while its context is open, and ends those that are left."""

    _process: Process | None = field(default=None, init=False)
    _replicas: list[Replica] = field(default_factory=list, init=False)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", __name__, stdin=PIPE, stdout=PIPE, cwd=_ROOT
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for replica in self._replicas:
            replica.kill()
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def start(self, *orders: Order) -> list[Replica]:
        """Return replicas whose doors are open."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._replicas = [replica for replica in self._replicas if replica.alive]
        for order in orders:
            self._process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        started: dict[str, Replica] = {}
        doors: dict[int, tuple[int, int]] = {}
        async with asyncio.timeout(_READY_WITHIN_S):
            while len(started) < len(orders) or not all(replica.pid in doors for replica in started.values()):
                line = await self._process.stdout.readline()
                assert line, "the zygote ended"
                said = json.loads(line)
                if "ready" in said:
                    doors[said["ready"]] = (said["port"], said["smtp_port"])
                else:
                    replica = Replica(said["name"], said["pid"], os.pidfd_open(said["pid"]))
                    started[replica.name] = replica
                    self._replicas.append(replica)
        for replica in started.values():
            replica.port, replica.smtp_port = doors[replica.pid]
        return [started[order.name] for order in orders]


def main() -> None:
    """Fork a replica for every order, until nobody gives orders any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    _die_with_parent()
    for line in sys.stdin.buffer:
        order = Order(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _be(order)
        _say(name=order.name, pid=pid)


def _be(order: Order) -> None:
    """Be a replica until killed; never returns."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _die_with_parent()
        log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 2)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", force=True)
        os.environ["REQUESTS_CA_BUNDLE"] = order.ca_bundle
        asyncio.run(_serve(order))
        status = 0
    except BaseException:
        _log.exception("the replica ended")
        raise
    finally:
        os._exit(status)


async def _serve(order: Order) -> None:
    settings = Settings.model_validate(order.settings)
    ledger = RedisLedger(connect(settings.redis_url.get_secret_value()), DESK_ID)
    clock = SharedClock(Path(order.clock))
    service = await build(settings, ledger, clock=clock, lease_ms=order.lease_ms)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def ready(port: int) -> None:
        assert service.smtp is not None
        _say(ready=os.getpid(), port=port, smtp_port=service.smtp.port)

    await serve(service, doors_of(settings, "through a proxy"), stop, ready=ready)
    await ledger.close()


def _say(**what: object) -> None:
    """Write a line whole: others write to the same pipe."""
    os.write(1, json.dumps(what).encode() + b"\n")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
