"""Looks for mail: at once when the mailbox says so, and every few seconds anyway."""

from typing import Protocol

_POLL_S = 2.0


class Door(Protocol):
    """What handles waiting mails."""

    async def work_through(self) -> int:
        """Handle every waiting mail; returns how many."""
        ...


class MailTurns:
    """One turn works through the mailbox."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def turn(self) -> float:
        """Handle what waits; returns how long to sleep."""
        await self._door.work_through()
        return _POLL_S
