"""Clocks that are set, not waited for."""

import mmap
import struct
from pathlib import Path

from bot.sla.instants import Instant


class TravellingClock:
    """Desk time of one process: stands still until it is moved."""

    def __init__(self, now: Instant) -> None:
        self._now = now

    def now(self) -> Instant:
        """Return the present."""
        return self._now

    def move_to(self, now: Instant) -> None:
        """Set the present, which never goes back."""
        assert now >= self._now, "time does not go back"
        self._now = now


class SharedClock:
    """Desk time of several processes, in eight bytes of a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("r+b")
        self._bytes = mmap.mmap(self._file.fileno(), 8)

    @classmethod
    def create(cls, path: Path, now: Instant) -> "SharedClock":
        """Make the file."""
        path.write_bytes(struct.pack("<q", now))
        return cls(path)

    def now(self) -> Instant:
        """Return the present."""
        return int(struct.unpack("<q", self._bytes[:8])[0])

    def move_to(self, now: Instant) -> None:
        """Set the present."""
        assert now >= self.now(), "time does not go back"
        self._bytes[:8] = struct.pack("<q", now)

    def close(self) -> None:
        """Release the file."""
        self._bytes.close()
        self._file.close()
