"""Where a verified activity waits while the store is away: one synced file each, handed on in order of arrival.

Teams' own retries are few and come under a new id, so what was answered 200 must not be lost here.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import orjson

from bot.errors import ConflictError, StoreAwayError
from bot.sla.instants import Instant

_log = logging.getLogger(__name__)

_ENTRIES_MAX = 10_000
_ASIDE_MAX = 1_000

Replay: TypeAlias = Callable[[dict[str, Any], dict[str, Any], Instant], Awaitable[None]]
"""Handles (claims, activity, its arrival in desk time)."""


class InboxFullError(Exception):
    """No more activities can be kept; the sender must try again later."""


class Inbox:
    """A folder of waiting activities, and beside it `aside`: those that made a turn fail, for a person to look at."""

    def __init__(self, folder: Path, *, entries_max: int = _ENTRIES_MAX) -> None:
        self._folder = folder
        self._aside = folder / "aside"
        self._entries_max = entries_max
        self._sequence = 0
        self._one_at_a_time = asyncio.Lock()
        self._replaying = asyncio.Lock()
        self._aside.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._count = len(self._names())

    def __len__(self) -> int:
        """Return how many activities wait."""
        return self._count

    async def keep(self, claims: dict[str, Any], activity: dict[str, Any], arrived_at: Instant) -> None:
        """Write an activity and return when it is on the disk; raises InboxFullError (also if the disk is full)."""
        async with self._one_at_a_time:
            if self._count >= self._entries_max:
                raise InboxFullError
            self._sequence += 1
            name = f"{arrived_at:015d}-{self._sequence:08d}-{uuid4().hex[:8]}.json"
            body = orjson.dumps({"format": 1, "arrived_at": arrived_at, "claims": claims, "activity": activity})
            try:
                await asyncio.to_thread(_write, self._folder, name, body)
            except OSError as error:
                _log.error("an activity could not be kept: %s", error)
                raise InboxFullError from error
            self._count += 1

    async def set_aside(self, activity: dict[str, Any], arrived_at: Instant) -> None:
        """Keep an activity that made a turn fail, as long as there is room; a failure to do so is logged only."""
        body = orjson.dumps({"format": 1, "arrived_at": arrived_at, "claims": {}, "activity": activity})
        try:
            await asyncio.to_thread(_write_aside, self._aside, f"{arrived_at:015d}-{uuid4().hex[:8]}.json", body)
        except OSError:
            _log.exception("a failed activity could not be set aside")

    async def replay(self, handle: Replay) -> int:
        """Hand on what waits, oldest first, until all is done or the store is away again; return how many."""
        async with self._replaying:
            done = 0
            for name in await asyncio.to_thread(self._names):
                try:
                    entry = orjson.loads(await asyncio.to_thread((self._folder / name).read_bytes))
                    await handle(entry["claims"], entry["activity"], entry["arrived_at"])
                except StoreAwayError:
                    return done
                except (ConflictError, TimeoutError):
                    continue  # it stays for the next round
                except FileNotFoundError:
                    pass  # another process with this folder was faster
                except Exception:  # noqa: BLE001  the wall around one turn: an entry that fails must not hold the others up
                    _log.exception("a kept activity failed; it is set aside")
                    await asyncio.to_thread(_move, self._folder / name, self._aside / name)
                else:
                    await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)
                    done += 1
                self._count = max(0, self._count - 1)
            return done

    def _names(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("*.json"))


def _write(folder: Path, name: str, body: bytes) -> None:
    """Write a file so that it is whole or not there, also after the power went."""
    partial = folder / f".{name}.part"
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / name)
    _sync_folder(folder)


def _write_aside(folder: Path, name: str, body: bytes) -> None:
    if sum(1 for _ in folder.glob("*.json")) < _ASIDE_MAX:
        _write(folder, name, body)


def _move(source: Path, target: Path) -> None:
    source.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
