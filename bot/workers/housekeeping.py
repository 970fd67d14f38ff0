"""What has to be done now and then: re-read the desk's files, hand in what waited for the store."""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.desk.handle import Desk
from bot.errors import Fault
from bot.sla.instants import HOUR
from bot.ticket.effects import Say

_log = logging.getLogger("trucban.housekeeping")
_POLL_S = 1.0
_TOLD_AGAIN_AFTER = HOUR


class Files(Protocol):
    """The desk's files."""

    async def check(self) -> list[Fault] | None:
        """Read again what changed; returns the faults of a change, None if nothing changed."""
        ...


class Housekeeping:
    """One turn does each duty once."""

    def __init__(
        self,
        desk: Desk,
        files: Files,
        file_faults: Callable[[int, int], None],
        duties: Sequence[Callable[[], Awaitable[object]]],
    ) -> None:
        self._desk = desk
        self._files = files
        self._file_faults = file_faults
        self._duties = duties
        self._untold: list[Fault] | None = None

    async def turn(self) -> float:
        """Do every duty; returns how long to sleep."""
        faults = await self._files.check()
        if faults is not None:
            self._untold = faults
        if self._untold is not None:
            await self._tell(self._untold)
            self._untold = None
        for duty in self._duties:
            await duty()
        return _POLL_S

    async def _tell(self, faults: list[Fault]) -> None:
        """Say whether an edit of the desk's files was taken over; a bad one is told to the desk and the operator."""
        fatal = [str(fault) for fault in faults if fault.fatal]
        self._file_faults(len(fatal), len(faults) - len(fatal))
        if not fatal:
            _log.info("desk files read again", extra={"warnings": len(faults)})
            return
        _log.error("desk files refused, the old ones stay in use", extra={"faults": fatal[:20]})
        record = await self._desk.desk_record()
        channel = record.channel("desk")
        text = "\n".join(fatal[:10])
        # Every replica reads the same files: one of them tells.
        name = hashlib.sha256(f"{text}|{self._desk.clock.now() // _TOLD_AGAIN_AFTER}".encode()).hexdigest()[:20]
        says = []
        if channel is not None:
            says = [
                Say(
                    id=f"files.{name}",
                    chat=channel.chat,
                    language="vi",
                    phrase="reading_faults",
                    values={"faults": text},
                )
            ]
        what = f"the desk's files have faults; the old ones stay in use:\n{text}"
        await self._desk.alert_operator(what, says, operation=f"files:{name}")
