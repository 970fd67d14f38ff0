"""A ticket's receipt, out of its events and the rules that were frozen with it; of events that do not hold, none."""

from dataclasses import dataclass

from bot.desk.handle import Desk
from bot.desk.ports import Ledger, RecordKey
from bot.errors import Refused
from bot.sla.book import Book
from bot.sla.instants import Instant
from bot.sla.policy import Policy, frozen_policy
from bot.ticket import live
from bot.ticket.chain import Chain, read_chain
from bot.ticket.draft import Draft, Rules
from bot.ticket.model import DeskRecord, Ticket
from bot.ticket.receipt import Audience, Receipt, receipt_of

_TRIES = 5
_DESK = RecordKey("desk", "desk")


@dataclass(frozen=True)
class Loaded:
    """A ticket as it is kept, and its events, proved against it."""

    ticket: Ticket
    chain: Chain


class Receipts:
    """Makes receipts for whoever asks on a card."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def of(self, code: str, audience: Audience) -> Receipt | Refused:
        """Return a ticket's receipt as of now; refused where its events were changed, which the operator is told once.

        "Once" is once a day and place: for so long the ledger remembers that it was told.
        """
        loaded = await load(self._desk.ledger, code)
        if loaded is None:
            return Refused("not_allowed")
        chain = loaded.chain
        if not chain.holds:
            what = f"the events of {code} were changed: the chain breaks at event {chain.broken_at}, {chain.why}"
            await self._desk.alert_operator(what, operation=f"chain:{code}:{chain.broken_at}")
            return Refused("receipt_broken")
        return await receipt(self._desk.ledger, self._desk.books.book(), loaded, self._desk.clock.now(), audience)


async def load(ledger: Ledger, code: str) -> Loaded | None:
    """Return a ticket; None if there is none. Events that a running desk adds meanwhile break no chain."""
    key = RecordKey("ticket", code)
    stored = await ledger.read(key)
    for _ in range(_TRIES):
        bodies = await ledger.events(key)
        again = await ledger.read(key)
        if stored is None or again is None:
            return None
        settled = again.version == stored.version
        stored = again
        if settled:
            break
    assert stored is not None  # noqa: S101  or it would have returned
    ticket = Ticket.model_validate_json(stored.body)
    return Loaded(ticket, read_chain(bodies, count=ticket.events, head=ticket.head))


async def receipt(ledger: Ledger, book: Book, loaded: Loaded, now: Instant, audience: Audience) -> Receipt:
    """Return a ticket's receipt as of `now`, by the policy frozen with it and the calendar files as they are (D16).

    A suspension that the ticket has slept through so far is in it. Raises LookupError if the policy is not kept.
    """
    policy = await _policy(ledger, book, loaded.ticket.policy)
    frozen = Book(
        policy=policy,
        desk=book.desk,
        roster=book.roster,
        customers=book.customers,
        calendars=book.calendars_for(policy),
        channels_configured=book.channels_configured,
        days=book.days,
    )
    stored = await ledger.read(_DESK)
    desk = DeskRecord.model_validate_json(stored.body) if stored is not None else DeskRecord()
    rules = Rules(book=frozen, desk=desk, now=now, version=0)
    draft = Draft(loaded.ticket, rules)
    live.follow(draft)
    followed = draft.ticket.model_copy(update={"events": loaded.ticket.events, "head": loaded.ticket.head})
    return receipt_of(followed, (*loaded.chain.events, *draft.events), rules, audience)


async def _policy(ledger: Ledger, book: Book, content_hash: str) -> Policy:
    if book.policy.content_hash() == content_hash:
        return book.policy
    body = await ledger.policy(content_hash)
    if body is None:
        raise LookupError(f"policy {content_hash} is not in the ledger")
    return frozen_policy(body)
