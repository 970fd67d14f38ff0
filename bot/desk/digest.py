"""The managers' digest: once a day, one message of everything that is overdue, will be, waits or is owed.

Nothing is collected for it in between. It is derived from the tickets when its time comes, and the desk's record
keeps only up to when it was told: after an outage over days there is one digest, which covers them all.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as with_fields

from bot.desk.handle import LATE, OWED, Desk
from bot.desk.ports import Ledger
from bot.sla.book import Book
from bot.sla.walls import local_date
from bot.ticket.digest import Found, Stretch, bulletin, lines_of, suspensions
from bot.ticket.draft import Rules
from bot.ticket.effects import Bulletin, Digest, Effect, Mail
from bot.ticket.model import DeskRecord, Ticket

_log = logging.getLogger("trucban.digest")
_PAGE = 500
_OVERLAP = 50


async def arm(desk: Desk) -> None:
    """Set the wake-up of the desk's record anew; the first digest covers what comes from now on."""
    now = desk.clock.now()

    def change(record: DeskRecord) -> DeskRecord:
        return record if record.digest_until is not None else record.model_copy(update={"digest_until": now})

    await desk.change_desk(change)


async def tell_managers(desk: Desk) -> bool:
    """Send the digest if its time has come, nothing if there is nothing to tell; False if it is not yet time.

    Two replicas may both make one: the first that commits has told it.
    """
    now, book, record = desk.clock.now(), desk.books.book(), await desk.desk_record()
    since = record.digest_until
    if since is None or now < book.desk.next_digest(since):
        return False
    made = await _make(desk, record, Stretch(since, now, book.desk.next_digest(now)))

    def change(record: DeskRecord) -> DeskRecord:
        return record.model_copy(update={"digest_until": now}) if record.digest_until == since else record

    effects = _effects(made, record, book, f"digest.{since}") if made is not None else []
    await desk.change_desk(change, effects=effects, operation=f"digest:{since}")
    return True


async def mail_instead(desk: Desk, digest: Digest) -> None:
    """Mail the managers a digest that their channel did not take; once."""
    mails = _mails(digest.bulletin, desk.books.book(), digest.id)
    await desk.change_desk(lambda record: record, effects=mails, operation=f"mailed:{digest.id}")


def _effects(made: Bulletin, record: DeskRecord, book: Book, name: str) -> Sequence[Effect]:
    channel = record.channel("managers")
    if channel is None:
        return _mails(made, book, name)
    return [Digest(id=name, chat=channel.chat, language="vi", bulletin=made)]


def _mails(made: Bulletin, book: Book, name: str) -> list[Mail]:
    """Return a mail to each manager, in their own language; to the operator where nobody is a manager."""
    today = local_date(made.until, book.desk.zone)
    managers = [p for p in book.roster.people if p.manager and (p.until is None or today <= p.until)]
    addresses = [person.email for person in managers if person.email] or [book.desk.operator.email]
    return [
        Mail(id=f"{name}.{_short(address)}", template="digest", to=(address,), bulletin=made)
        for address in dict.fromkeys(addresses)
    ]


async def _make(desk: Desk, record: DeskRecord, stretch: Stretch) -> Bulletin | None:
    """Return the digest of a stretch.

    Breaches since the last one come from the index of late tickets, newest first, and end at the first that is older;
    the rest from the open tickets, and from the resolved ones whose customer is owed a call.
    """
    reader = _Reader(desk, stretch)
    async for code in walk(desk.ledger, LATE, newest_first=True):
        ticket = await reader.read(code)
        if ticket is not None and (ticket.breach_known_at or 0) < stretch.since:
            break
    for index in ("open", OWED):
        async for code in walk(desk.ledger, index):
            await reader.read(code)
    found = [*reader.found, *suspensions(record, desk.books.book())]
    return bulletin(stretch, found, unreadable=reader.unreadable)


async def walk(
    ledger: Ledger, index: str, *, newest_first: bool = False, page: int = _PAGE, overlap: int = _OVERLAP
) -> AsyncIterator[str]:
    """Yield the members of an index, some of them twice; each that stays in it all the while at least once.

    A member that leaves moves those after it up: up to `overlap` may leave between two pages.
    """
    offset = 0
    while codes := await ledger.index(index, newest_first=newest_first, limit=page, offset=offset):
        for code in codes:
            yield code
        if len(codes) < page:
            return
        offset += page - overlap


@dataclass
class _Reader:
    """Reads each ticket once. One at a time: the store and this process have pages to send meanwhile."""

    desk: Desk
    stretch: Stretch
    found: list[Found] = field(default_factory=list)
    unreadable: int = 0
    _seen: set[str] = field(default_factory=set)

    async def read(self, code: str) -> Ticket | None:
        """Return a ticket that was not read before and keep what it adds; None for one that was."""
        if code in self._seen:
            return None
        self._seen.add(code)
        try:
            loaded = await self.desk.load_with_desk(code)
            if loaded is None:
                return None
            ticket, _, _, rules = loaded
            self.found += lines_of(ticket, self._then(rules), self.stretch)
        except (ValueError, LookupError):  # one broken ticket must not cost managers the rest
            _log.exception("ticket left out of the digest", extra={"ticket": code})
            self.unreadable += 1
            return None
        return ticket

    def _then(self, rules: Rules) -> Rules:
        return with_fields(rules, now=self.stretch.until)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
