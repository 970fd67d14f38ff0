"""Short words for what the ledger's tests do again and again."""

import asyncio
from dataclasses import replace

from bot.desk.ports import (
    ClaimedEntry,
    Commit,
    Committed,
    Entry,
    LaneWait,
    Ledger,
    RecordKey,
)

TICKET = RecordKey("ticket", "3CX-7K2M")
OTHER = RecordKey("ticket", "3CX-9Q4T")
NOON = 1_763_862_000_000
MINUTE = 60_000
LONG_MS = 60_000


def a_commit(key: RecordKey = TICKET, version: int = 0, **changes: object) -> Commit:
    return replace(Commit(key, version, b"body"), **changes)  # type: ignore[arg-type]


async def queue(ledger: Ledger, *entries: Entry, key: RecordKey = OTHER) -> None:
    stored = await ledger.read(key)
    committed = await ledger.commit(a_commit(key, stored.version if stored else 0, entries=entries))
    assert isinstance(committed, Committed)


async def claim(ledger: Ledger, lease_ms: int = LONG_MS) -> ClaimedEntry:
    claimed = await ledger.claim_lane(lease_ms=lease_ms)
    assert isinstance(claimed, ClaimedEntry), claimed
    return claimed


async def waits(ledger: Ledger) -> int | None:
    wait = await ledger.claim_lane(lease_ms=LONG_MS)
    assert isinstance(wait, LaneWait), wait
    return wait.wait_ms


async def claim_when_free(ledger: Ledger) -> ClaimedEntry:
    while isinstance(answer := await ledger.claim_lane(lease_ms=LONG_MS), LaneWait):
        assert answer.wait_ms is not None
        await asyncio.sleep(answer.wait_ms / 1000)
    return answer
