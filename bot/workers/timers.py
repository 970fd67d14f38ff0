"""Wakes records that are due. A claim is a hint; the rules re-derive what is due, so twice or late does no harm.

The desk's own record has a loop of its own: its digest looks at every open ticket, and no page waits for that.
"""

import asyncio
import logging

from bot.desk.digest import arm, tell_managers
from bot.desk.handle import Desk
from bot.desk.ports import DueRecord
from bot.desk.staff_orders import say_which_calls_lack_their_mail
from bot.errors import StoreAwayError
from bot.sla.instants import HOUR, SECOND
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
    """One `turn` claims a batch and wakes each ticket of it; `errand` wakes the desk's record that a turn claimed."""

    def __init__(self, desk: Desk, watch: Watch) -> None:
        self._desk = desk
        self._watch = watch
        self._errand: DueRecord | None = None
        self._armed_for: tuple[object, ...] | None = None

    async def turn(self) -> float:
        """Wake what is due; returns how long nothing can be due, real seconds."""
        due = await self._desk.ledger.claim_due(self._desk.clock.now(), limit=BATCH, claim_ms=_CLAIM_MS)
        if not due:
            return _POLL_S
        tickets = [record for record in due if record.key.kind != "desk"]
        self._errand = next((record for record in due if record.key.kind == "desk"), self._errand)
        results = await asyncio.gather(*(self._wake(record) for record in tickets), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return 0.0

    async def errand(self) -> float:
        """Do what the desk's own wake-up is for; returns how long nothing is to be done, real seconds.

        The wake-up is set anew at start and whenever the desk's files name another time.
        """
        files = self._desk.books.book().desk
        if self._armed_for != (files.digest_at, files.timezone):
            await arm(self._desk)
            self._armed_for = (files.digest_at, files.timezone)
        due, self._errand = self._errand, None
        if due is None:
            return _POLL_S
        await self._wake(due)
        return 0.0

    async def _wake(self, due: DueRecord) -> None:
        try:
            if due.key.kind == "ticket":
                await self._desk.handle(due.key.id, Wake())
            elif due.key.kind == "desk":
                await say_which_calls_lack_their_mail(self._desk)
                if not await tell_managers(self._desk):
                    await arm(self._desk)
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
            # An alert is a commit of the desk's record, which arms it again: that one would fail and alert for ever.
            again = f"aside:{due.key}:{self._desk.clock.now() // HOUR}" if due.key.kind == "desk" else None
            what = f"{due.key} was set aside: its wake-up failed {_GIVE_UP_AFTER} times"
            await self._desk.alert_operator(what, operation=again)
