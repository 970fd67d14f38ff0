"""Mail comes in here: read, handed to the mailroom, and only then marked done. One bad mail never stops the others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.desk.arrivals import Mailroom
from bot.desk.ports import Letter, Mailbox
from bot.errors import StoreAwayError
from bot.mail.parse import parse

TRIES_MAX = 3

log = logging.getLogger(__name__)


class MailDoor:
    """Works through the waiting mails. `count` is told the mailroom's word, `failed` or `set_aside` for each.

    `alarm`: tells the operator of a mail that was set aside.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        mailroom: Mailroom,
        secret: bytes,
        domain: str,
        *,
        count: Callable[[str], None] = lambda _: None,
        alarm: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._mailroom = mailroom
        self._secret = secret
        self._domain = domain
        self._count = count
        self._alarm = alarm
        self._failures: dict[str, int] = {}

    async def work_through(self) -> int:
        """Handle every waiting mail once; returns how many were handled.

        Raises StoreAwayError: the mail in hand and all later ones stay where they are.
        """
        handled = 0
        tried: set[str] = set()
        while batch := [letter for letter in await self._mailbox.waiting() if letter.id not in tried]:
            for letter in batch:
                tried.add(letter.id)
                handled += await self._handle(letter)
        return handled

    async def _handle(self, letter: Letter) -> bool:
        try:
            mail = await asyncio.to_thread(parse, letter, secret=self._secret, domain=self._domain)
            word = await self._mailroom.receive(mail)
            await self._mailbox.done(letter)
        except StoreAwayError:
            raise
        except Exception as error:
            log.exception("mail %s failed", letter.id)
            await self._failed(letter, error)
            return False
        self._failures.pop(letter.id, None)
        log.info("mail %s: %s", letter.id, word)
        self._count(word)
        return True

    async def _failed(self, letter: Letter, error: Exception) -> None:
        self._failures[letter.id] = self._failures.get(letter.id, 0) + 1
        if self._failures[letter.id] < TRIES_MAX:
            self._count("failed")
            return
        await self._mailbox.set_aside(letter, f"failed {TRIES_MAX} times: {type(error).__name__}")
        del self._failures[letter.id]
        self._count("set_aside")
        if self._alarm is not None:
            await self._alarm(f"mail {letter.id} could not be handled and lies in the mailbox's folder aside")
