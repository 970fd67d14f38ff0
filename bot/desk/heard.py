"""When a team's channel was last heard without a mention: the only sign of the owner's consent that needs no Graph."""

import time
from collections.abc import Callable

from bot.desk.arrivals import Incoming
from bot.desk.ports import Clock, Ledger
from bot.errors import StoreAwayError
from bot.sla.instants import Instant

_EVERY_S = 3600
_KEPT_S = 90 * 24 * 3600
_CHANNELS_MAX = 10_000


class Heard:
    """Remembers the instant, at most once an hour for each channel and process."""

    def __init__(self, ledger: Ledger, clock: Clock, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._monotonic = monotonic
        self._noted_at_s: dict[str, float] = {}

    async def note(self, incoming: Incoming) -> None:
        """Note a message of a team's channel that does not mention the bot. Never fails: it is a sign, not a duty."""
        if incoming.kind != "message" or incoming.mentioned or not incoming.team:
            return
        channel, now_s = incoming.chat.conversation, self._monotonic()
        noted_at_s = self._noted_at_s.get(channel)
        if noted_at_s is not None and now_s - noted_at_s < _EVERY_S:
            return
        if len(self._noted_at_s) >= _CHANNELS_MAX:
            self._noted_at_s.clear()
        self._noted_at_s[channel] = now_s
        try:
            for name in (_name(channel), _name()):
                await self._ledger.remember(name, str(self._clock.now()).encode(), _KEPT_S)
        except StoreAwayError:
            self._noted_at_s.pop(channel, None)  # the next message tries again


async def last_unmentioned(ledger: Ledger, conversation: str = "") -> Instant | None:
    """Return when a channel was last heard without a mention, to the hour; None: not for 90 days.

    Without a name: when any channel was.
    """
    remembered = await ledger.recall(_name(conversation))
    return int(remembered) if remembered is not None else None


def _name(conversation: str = "") -> str:
    return f"unmentioned:{conversation}"
