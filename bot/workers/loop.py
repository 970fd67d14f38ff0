"""A named loop: ticks, beats, sleeps until woken or due, and survives what a single turn throws."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.errors import StoreAwayError

_log = logging.getLogger("trucban.loop")
_AWAY_DELAY_S = 0.5


class Watch(Protocol):
    """What loops tell the operator's metrics."""

    def beat(self, loop: str) -> None:
        """Record that a loop is alive."""
        ...

    def count(self, name: str, *labels: str) -> None:
        """Count one happening."""
        ...

    def wake_late(self, late_desk_ms: int) -> None:
        """Record how late a wake-up was decided."""
        ...

    def lane_late(self, kind: str, late_s: float) -> None:
        """Record how long a message waited in its lane."""
        ...


class Loop:
    """Runs `turn` again and again. `turn` returns how long to sleep (real seconds) unless `wake` is called."""

    def __init__(self, name: str, turn: Callable[[], Awaitable[float]], watch: Watch) -> None:
        self.name = name
        self._turn = turn
        self._watch = watch
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """End the present sleep."""
        self._woken.set()

    def stop(self) -> None:
        """Finish the turn in hand and end."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Run until stopped. A turn that fails is logged and counted; the next one starts after a pause."""
        failures = 0
        while not self._stopping:
            self._watch.beat(self.name)
            self._woken.clear()
            try:
                sleep_s = await self._turn()
                failures = 0
            except StoreAwayError as error:
                self._watch.count("store_away", self.name)
                _log.warning("store away", extra={"loop": self.name, "why": str(error)[:200]})
                sleep_s = _AWAY_DELAY_S
            except Exception:  # noqa: BLE001  the wall around one turn
                failures += 1
                self._watch.count("loop_faults", self.name)
                _log.exception("turn failed", extra={"loop": self.name})
                sleep_s = min(5.0, 0.1 * 2**failures)
            if sleep_s > 0 and not self._stopping:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), sleep_s)
