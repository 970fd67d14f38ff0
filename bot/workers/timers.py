"""Wakes records that are due. A claim is a hint; the rules re-derive what is due, so twice or late does no harm."""

import asyncio
import logging

from bot.desk.handle import Desk
from bot.desk.ports import DueRecord
from bot.desk.staff_orders import say_which_calls_lack_their_mail
from bot.errors import StoreAwayError
from bot.sla.instants import SECOND
from bot.ticket.commands import Wake
from bot.workers.loop import Watch

_log = logging.getLogger("trucban.timers")
BATCH = 64
_CLAIM_MS = 5 * SECOND
_RETRY_MS = 2 * SECOND
_GIVE_UP_AFTER = 6
_POLL_S = 0.05
"""Another replica may have set an earlier wake-up: look this often."""


class Timers:
    """One turn claims a batch and wakes each of it."""

    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk = desk
        self._watch = watch

    async def turn(self) -> float:
        """Wake what is due; returns how long nothing can be due, real seconds."""
        due = await self._desk.ledger.claim_due(self._desk.clock.now(), limit=BATCH, claim_ms=_CLAIM_MS)
        if not due:
            return _POLL_S
        results = await asyncio.gather(*(self._wake(record) for record in due), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return 0.0

    async def _wake(self, due: DueRecord) -> None:
        try:
            if due.key.kind == "ticket":
                await self._desk.handle(due.key.id, Wake())
            elif due.key.kind == "desk":
                await say_which_calls_lack_their_mail(self._desk)
        except StoreAwayError:
            raise
        except Exception as error:  # noqa: BLE001  the wall around one wake-up
            _log.exception("wake-up failed", extra={"record": str(due.key)})
            await self._failed(due, error)
            return
        self._watch.wake_late(max(0, self._desk.clock.now() - due.due_at))

    async def _failed(self, due: DueRecord, error: Exception) -> None:
        aside = await self._desk.ledger.wake_failed(
            due.key,
            retry_at=self._desk.clock.now() + _RETRY_MS,
            give_up_after=_GIVE_UP_AFTER,
            reason=type(error).__name__,
        )
        if aside:
            self._watch.count("poisoned", due.key.kind)
            await self._desk.alert_operator(f"{due.key} was set aside: its wake-up failed {_GIVE_UP_AFTER} times")
