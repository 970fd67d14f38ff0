"""Tells open tickets that the calendar files say something else than before (D16): a deadline may have come nearer.

The desk's record keeps which calendar every open ticket was last woken for; a replica that died half-way, or files
that changed while nobody ran, are made good at the next start.
"""

import logging

from bot.desk.handle import Desk
from bot.errors import StoreAwayError
from bot.ticket.commands import Wake

_log = logging.getLogger("trucban.desk")
_AT_ONCE = 500


class Corrections:
    """One turn looks once; cheap while nothing changed."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = ""

    async def turn(self) -> None:
        """Wake every open ticket if the calendar is another one than they were woken for."""
        digest = self._desk.books.book().days.digest
        if digest == self._told:
            return
        record = await self._desk.desk_record()
        if record.calendar != digest:
            if record.calendar:
                await self._wake_all()
            await self._desk.change_desk(lambda known: known.model_copy(update={"calendar": digest}))
        self._told = digest

    async def _wake_all(self) -> None:
        """Wake the open tickets, the oldest first; those resolved meanwhile move others up, so pages overlap."""
        woken: set[str] = set()
        offset = 0
        while True:
            codes = await self._desk.ledger.index("open", limit=_AT_ONCE, offset=offset)
            for code in codes:
                if code not in woken:
                    woken.add(code)
                    await self._wake(code)
            if len(codes) < _AT_ONCE:
                return
            offset += _AT_ONCE // 2

    async def _wake(self, code: str) -> None:
        try:
            await self._desk.handle(code, Wake())
        except StoreAwayError:
            raise
        except Exception:  # noqa: BLE001  the wall around one ticket; its own timer reports it
            _log.exception("a ticket was not told of the calendar", extra={"ticket": code})
