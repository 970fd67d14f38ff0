"""Wake-ups: one per record, set by its commit alone. A claim is a hint; the version check decides."""

from bot.desk.ports import DueRecord, RecordKey
from bot.sla.instants import Instant
from bot.store.room import CALL_LIFE_MS, StoreRoom
from bot.store.scripts import new_nonce

_BATCH_MAX = 500
"""One script call holds up every other client; 500 claims take about 2 ms."""


class Timers(StoreRoom):
    """The part of the ledger that wakes records."""

    async def claim_due(self, now: Instant, *, limit: int, claim_ms: int) -> list[DueRecord]:
        """Return due records, hidden from other replicas for `claim_ms` of desk time: a hint, not a lock.

        At most 500 at once. `due_at` is the time the commit armed, however often the record was claimed since.
        """
        names = self._keys
        rows = await self._run(
            "claim_due",
            [names.wakes, names.claims, names.call(new_nonce())],
            [now, min(limit, _BATCH_MAX), now + claim_ms, names.record_prefix, CALL_LIFE_MS],
        )
        return [
            DueRecord(RecordKey.parse(member.decode()), int(float(armed)))
            for member, armed in zip(rows[::2], rows[1::2], strict=True)
        ]

    async def next_wake(self) -> Instant | None:
        """Return the earliest time at which `claim_due` will find something: a claimed record counts when it lapses."""
        rows = await self._ask(self._client.zrange(self._keys.wakes, 0, 0, withscores=True))
        return int(rows[0][1]) if rows else None

    async def wake_failed(self, key: RecordKey, *, retry_at: Instant, give_up_after: int, reason: str) -> bool:
        """Count a failed wake-up and set it to `retry_at`; True if the record was set aside instead.

        Does nothing if the record was committed since it was claimed: its new wake-up stands.
        """
        names = self._keys
        aside = await self._run(
            "wake_failed",
            [names.record(key), names.wakes, names.claims, names.poisoned, names.call(new_nonce())],
            [str(key), retry_at, give_up_after, reason, CALL_LIFE_MS],
        )
        return bool(aside)

    async def poisoned(self, limit: int = 100) -> list[RecordKey]:
        """Return the records that were set aside, the latest first."""
        members = await self._ask(self._client.zrange(self._keys.poisoned, 0, limit - 1, desc=True))
        return [RecordKey.parse(member.decode()) for member in members]
