"""A lane stays leased while its message is being sent, whatever the store does meanwhile."""

import asyncio

import pytest

from bot.desk.handle import Desk
from bot.desk.ports import ClaimedEntry, Commit, Entry, Receipt, RecordKey
from bot.errors import StoreAwayError
from bot.telemetry import Telemetry
from bot.ticket.effects import EFFECT, Effect, Mail
from bot.workers.lanes import Lanes
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.travel import TravellingClock

pytestmark = pytest.mark.asyncio


class AwayOnce(MemoryLedger):
    """A ledger that is away when a lease is renewed for the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.renewals = 0
        self.renewed = asyncio.Event()

    async def renew_lane(self, claimed: ClaimedEntry, *, lease_ms: int) -> bool:
        self.renewals += 1
        if self.renewals == 1:
            raise StoreAwayError("away")
        self.renewed.set()
        return await super().renew_lane(claimed, lease_ms=lease_ms)


class SlowMessenger:
    """Sends when it is told to."""

    def __init__(self) -> None:
        self.may_send = asyncio.Event()

    async def send(self, effect: Effect, *, uncertain: bool) -> Receipt:
        await self.may_send.wait()
        return Receipt("sent")


async def test_a_lease_that_could_not_be_renewed_once_is_renewed_the_next_time() -> None:
    ledger, messenger = AwayOnce(), SlowMessenger()
    desk = Desk(ledger, None, TravellingClock(0), lambda: None)  # type: ignore[arg-type]  # asks for no book
    mail = Mail(id="1", template="operator", to=("vanhanh@trucban.example",))
    entry = Entry(lane="m:1", id="1", body=EFFECT.dump_json(mail))
    await ledger.commit(Commit(key=RecordKey("desk", "desk"), expected_version=0, body=b"{}", entries=(entry,)))
    lanes = Lanes(desk, {"m": messenger}, Telemetry(speed=1), lease_ms=300)
    await lanes.turn()
    async with asyncio.timeout(5):
        await ledger.renewed.wait()
    messenger.may_send.set()
    await lanes.drain(5)
    assert (await ledger.backlog(0)).entries == 0
