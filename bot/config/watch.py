"""The desk's files while the desk runs: a good edit goes live, a bad one is told once and changes nothing."""

import asyncio
import hashlib
from pathlib import Path

from bot.config.load import FILES, load_book
from bot.config.years import year_files
from bot.errors import ConfigError, Fault
from bot.sla.book import Book


class BookWatcher:
    """The book as it is now. `check` is called now and then; it never sleeps and keeps no task."""

    def __init__(self, folder: Path, channels: frozenset[str], initial: Book) -> None:
        self._folder = folder
        self._channels = channels
        self._book = initial
        self._seen = _fingerprint(folder)

    def book(self) -> Book:
        """Return the latest valid book."""
        return self._book

    async def check(self) -> list[Fault] | None:
        """Read the files again if they changed; None if they did not.

        Returns the faults of the edit. With a fatal one the book before stays, and the same files are not
        reported again.
        """
        return await asyncio.to_thread(self._check)

    def _check(self) -> list[Fault] | None:
        now = _fingerprint(self._folder)
        if now == self._seen:
            return None
        try:
            book, faults = load_book(self._folder, self._channels)
        except ConfigError as error:
            book, faults = self._book, error.faults
        if _fingerprint(self._folder) != now:
            return None  # somebody is saving right now: look again at the next call
        self._seen, self._book = now, book
        return faults


def _fingerprint(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return what the files are now: time of change, size, content. A few files of some kilobytes."""
    found = {}
    for path in (*(folder / name for name in FILES), *year_files(folder)):
        try:
            stat, content = path.stat(), path.read_bytes()
        except OSError:
            found[str(path)] = (0, -1, "")
            continue
        found[str(path)] = (stat.st_mtime_ns, stat.st_size, hashlib.sha256(content).hexdigest())
    return found
