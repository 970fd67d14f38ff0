"""The running service's answers to `health`: the ledger's backlog, the loops' heartbeats, whether it is stopping."""

from collections.abc import Mapping, Sequence

from bot.desk.ports import Clock, Ledger
from bot.telemetry import Telemetry
from bot.web.health import DeskState, LoopState


class Vitals:
    """Implements `health.Health`.

    `loops` names every loop of this replica with the age of its heartbeat above which it counts as stuck,
    real seconds: longer than the longest turn of the loop, its longest wait included.
    """

    def __init__(self, ledger: Ledger, clock: Clock, telemetry: Telemetry, *, loops: Mapping[str, float]) -> None:
        self._ledger = ledger
        self._clock = clock
        self._telemetry = telemetry
        self._age_max_s = dict(loops)
        self._draining = False

    def drain(self) -> None:
        """Make the replica unready: it is about to stop."""
        self._draining = True

    def draining(self) -> bool:
        """Return whether `drain` was called."""
        return self._draining

    def loops(self) -> Sequence[LoopState]:
        """Return the loops in the order in which they were named."""
        ages_s = self._telemetry.ages_s()
        return [LoopState(name, ages_s.get(name), age_max_s) for name, age_max_s in self._age_max_s.items()]

    async def ping(self) -> None:
        """Return when the store answers; raises StoreAwayError."""
        await self._ledger.ping()

    async def desk(self) -> DeskState:
        """Return how far behind the desk is; raises StoreAwayError."""
        now = self._clock.now()
        backlog = await self._ledger.backlog(now)
        due_late_ms = 0 if backlog.oldest_due_at is None else now - backlog.oldest_due_at
        lane_late_s = 0.0
        if backlog.oldest_lane_ms is not None:
            lane_late_s = max(0.0, (await self._ledger.store_time_ms() - backlog.oldest_lane_ms) / 1000)
        return DeskState(backlog, self._telemetry.real_seconds(due_late_ms), lane_late_s)
