"""Mail goes out here, drawn from the record as it is now; one effect leaves one mail, however often it is tried."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from bot.desk.ports import BookSource, Clock, Mailbox, Receipt
from bot.errors import DeliveryError
from bot.mail import message_ids
from bot.mail.compose import compose, recipients
from bot.sla.book import Book
from bot.ticket.effects import Effect, Mail
from bot.ticket.model import Language

Draw: TypeAlias = Callable[[Mail], Awaitable[Mail | None]]
"""Fills an effect's values from its record as it is now; None: there is nothing to tell any more."""


class MailMessenger:
    """Sends Mail effects from the desk's mailbox."""

    def __init__(
        self, mailbox: Mailbox, secret: bytes, book_source: BookSource, clock: Clock, *, draw: Draw | None = None
    ) -> None:
        self._mailbox = mailbox
        self._secret = secret
        self._books = book_source
        self._clock = clock
        self._draw = draw

    async def send(self, effect: Effect, *, uncertain: bool) -> Receipt:
        """Send; raises DeliveryError, permanent if nobody can be addressed."""
        if not isinstance(effect, Mail):
            raise DeliveryError(f"{effect.kind} is not a mail", permanent=True)
        book = self._books.book()
        domain = book.desk.support_mail.rpartition("@")[2]
        message_id = message_ids.make(self._secret, effect.id, domain)
        if uncertain and await self._mailbox.was_sent(message_id):
            return Receipt("sent", detail=message_id)
        drawn = effect if self._draw is None else await self._draw(effect)
        if drawn is None:
            return Receipt("dropped", detail="nothing to tell any more")
        to, cc = recipients(drawn, book.desk)
        if not to:
            if any(address.lower() != book.desk.support_mail.lower() for address in (*drawn.to, *drawn.cc)):
                raise DeliveryError("no recipient has a valid address", permanent=True)
            return Receipt("dropped", detail="nobody but ourselves to write to")
        message = compose(
            drawn, desk=book.desk, language=_language(book, to[0]), message_id=message_id, now=self._clock.now()
        )
        await self._mailbox.send(message, message_id=message_id, sender=book.desk.support_mail, recipients=(*to, *cc))
        return Receipt("sent", detail=message_id)


def _language(book: Book, address: str) -> Language:
    person = book.roster.by_email.get(address.lower())
    return person.language if person is not None else "vi"
