"""Which messages count as heard without a mention, and how often that is written down."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.desk.arrivals import Incoming, Sender
from bot.desk.heard import Heard, last_unmentioned
from bot.errors import StoreAwayError
from bot.ticket.model import Chat
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.travel import TravellingClock

pytestmark = pytest.mark.asyncio

NOON = 1_772_000_000_000
CHANNEL = "19:channel@thread.tacv2"
MESSAGE = Incoming(
    kind="message",
    chat=Chat(conversation=CHANNEL, service_url="https://teams.example/", tenant="tenant", root="1"),
    sender=Sender("29:somebody", None, "Somebody"),
    text="chào",
    mentioned=False,
    message_id="1",
    arrived_at=NOON,
    language="vi",
    operation="operation",
    team="19:team@thread.tacv2",
)


@dataclass
class Listening:
    """A channel that is listened to; `second` is real time."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    clock: TravellingClock = field(default_factory=lambda: TravellingClock(NOON))
    second: float = 0.0

    def __post_init__(self) -> None:
        self.heard = Heard(self.ledger, self.clock, monotonic=lambda: self.second)

    async def last(self, *channel: str) -> int | None:
        return await last_unmentioned(self.ledger, *channel)


async def test_a_message_without_a_mention_is_noted_for_its_channel_and_for_all() -> None:
    listening = Listening()
    assert (await listening.last(CHANNEL), await listening.last()) == (None, None)
    await listening.heard.note(MESSAGE)
    assert (await listening.last(CHANNEL), await listening.last()) == (NOON, NOON)
    assert await listening.last("19:another@thread.tacv2") is None


@pytest.mark.parametrize("change", [{"mentioned": True}, {"kind": "edited"}, {"kind": "deleted"}, {"team": ""}])
async def test_what_proves_no_consent_is_not_noted(change: dict[str, Any]) -> None:
    listening = Listening()
    await listening.heard.note(replace(MESSAGE, **change))
    assert await listening.last() is None


async def test_a_channel_that_talks_is_noted_once_an_hour() -> None:
    listening = Listening()
    await listening.heard.note(MESSAGE)
    listening.clock.move_to(NOON + 1000)
    listening.second = 3599
    await listening.heard.note(MESSAGE)
    assert await listening.last(CHANNEL) == NOON
    listening.second = 3600
    await listening.heard.note(MESSAGE)
    assert await listening.last(CHANNEL) == NOON + 1000


class _AwayOnce(MemoryLedger):
    away = True

    async def remember(self, name: str, value: bytes, ttl_s: int) -> None:
        if self.away:
            self.away = False
            raise StoreAwayError
        await super().remember(name, value, ttl_s)


async def test_a_store_that_is_away_disturbs_no_message_and_the_next_one_is_noted() -> None:
    listening = Listening(_AwayOnce())
    await listening.heard.note(MESSAGE)
    assert await listening.last(CHANNEL) is None
    await listening.heard.note(MESSAGE)
    assert await listening.last(CHANNEL) == NOON
