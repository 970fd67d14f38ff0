"""What staff order in words: a call to note, a customer's suspension, a merge. Source: D1, D8.

A suspension is kept with the desk, not with its tickets: each derives it when it is looked at next (`ticket.live`),
so that none can miss it; all open ones are woken at once.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.desk.arrivals import Incoming
from bot.desk.handle import Desk, Done
from bot.desk.orders import StaffOrder
from bot.desk.times import read_past
from bot.errors import Refused
from bot.sla.book import Book, Customer
from bot.sla.instants import Instant
from bot.text import formats
from bot.text.phrases import phrases
from bot.ticket import codes
from bot.ticket.commands import Absorb, MergeInto, RecordNotice, Staff, Wake
from bot.ticket.effects import Effect, Mail, Say
from bot.ticket.model import BoundChannel, DeskRecord, PhoneNotice, Suspension
from bot.ticket.status_mails import outside_threads

_CALLS_KEPT = 200
_SUSPENSIONS_KEPT = 1_000
_AT_ONCE = 500
_TEXT_LENGTH = 500


@dataclass(frozen=True)
class Answer:
    """What is said to whoever ordered."""

    phrase: str
    values: dict[str, str] = field(default_factory=dict)


class StaffOrders:
    """Carries out the orders of staff."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def carry_out(self, order: StaffOrder, by: Staff, incoming: Incoming) -> Answer | Refused:
        """Do what was ordered; what is missing is said."""
        match order.what:
            case "call":
                return await self._call(order, by, incoming)
            case "suspend":
                return await self._suspend(order, by, incoming)
            case "agree":
                return await self._agree(order, by, incoming)
            case "merge":
                return await self._merge(order, by, incoming)
            case usage:
                return Answer(usage)

    async def _call(self, order: StaffOrder, by: Staff, incoming: Incoming) -> Answer | Refused:
        book = self._desk.books.book()
        now = incoming.arrived_at
        at = read_past(f"{order.time} {order.date}".strip(), now, book.desk.zone) if order.time else now
        if at is None:
            return Answer("order_time_unclear")
        told = formats.instant(incoming.language, at, self._desk.clock.now(), book.desk.zone)
        code = codes.normalise(order.about, book.policy.codes.prefix)
        if code is not None:
            command = RecordNotice(by=by, at=at, caller=order.text[:_TEXT_LENGTH])
            outcome = await self._desk.handle(code, command, operation=f"{incoming.operation}:call")
            if isinstance(outcome, Refused):
                return outcome
            return Answer("call_on_ticket", {"code": code, "at": told}) if outcome is not None else _NO_TICKET
        customer = book.customers.by_id.get(order.about)
        if customer is None:
            return Answer("call_usage")
        await self._keep_call(customer, at, order, by, incoming)
        until = formats.instant(incoming.language, at + book.policy.notice_window, at, book.desk.zone)
        mail = book.desk.support_mail
        return Answer("call_noted", {"customer": customer.name, "at": told, "until": until, "support_mail": mail})

    async def _keep_call(
        self, customer: Customer, at: Instant, order: StaffOrder, by: Staff, incoming: Incoming
    ) -> None:
        call = PhoneNotice(
            id=_short(incoming.operation),
            customer=customer.id,
            at=at,
            by=f"staff:{by.id}",
            caller=order.text[:_TEXT_LENGTH],
        )

        def change(record: DeskRecord) -> DeskRecord:
            calls = [known for known in record.phone_notices if known.id != call.id]
            kept = tuple(sorted([*calls, call], key=lambda notice: notice.at))[-_CALLS_KEPT:]
            return record.model_copy(update={"phone_notices": kept})

        await self._desk.change_desk(change, operation=f"{incoming.operation}:call")

    async def _suspend(self, order: StaffOrder, by: Staff, incoming: Incoming) -> Answer | Refused:
        customer = self._desk.books.book().customers.by_id.get(order.about)
        if not by.manager:
            return Refused("manager_only")
        if customer is None or not order.text:
            return Answer("suspension_usage")
        standing = _standing(await self._desk.desk_record(), customer.id)
        if standing is not None:
            return Answer("suspended_already", self._about(customer, standing.at, incoming))
        new = Suspension(
            id=_short(incoming.operation),
            customer=customer.id,
            at=incoming.arrived_at,
            by=f"staff:{by.id}",
            reason=order.text[:_TEXT_LENGTH],
        )

        def change(record: DeskRecord) -> DeskRecord:
            if _standing(record, customer.id) is not None:
                return record
            return record.model_copy(update={"suspensions": (*record.suspensions, new)[-_SUSPENSIONS_KEPT:]})

        mailed, mails = await self._mails(new)
        await self._desk.change_desk(change, effects=mails, operation=f"{incoming.operation}:suspend")
        await self._wake_all(customer)
        return Answer("suspended" if mailed else "suspended_unmailed", self._about(customer, new.at, incoming))

    async def _agree(self, order: StaffOrder, by: Staff, incoming: Incoming) -> Answer | Refused:
        customer = self._desk.books.book().customers.by_id.get(order.about)
        if not by.manager:
            return Refused("manager_only")
        if customer is None or not order.text:
            return Answer("suspension_usage")
        ends = _standing(await self._desk.desk_record(), customer.id)
        if ends is None:
            return Answer("not_suspended", {"customer": customer.name})
        ended = {
            "ended_at": incoming.arrived_at,
            "ended_by": f"staff:{by.id}",
            "agreement": order.text[:_TEXT_LENGTH],
        }

        def change(record: DeskRecord) -> DeskRecord:
            standing = _standing(record, customer.id)
            over = tuple(one.model_copy(update=ended) if one == standing else one for one in record.suspensions)
            return record.model_copy(update={"suspensions": over})

        mailed, mails = await self._mails(ends.model_copy(update=ended))
        await self._desk.change_desk(change, effects=mails, operation=f"{incoming.operation}:agree")
        await self._wake_all(customer)
        answer = "agreed" if mailed else "agreed_unmailed"
        return Answer(answer, self._about(customer, incoming.arrived_at, incoming))

    async def _mails(self, suspension: Suspension) -> tuple[bool, Sequence[Effect]]:
        """Return whether the customer is told by mail, and that mail where no open ticket of theirs will send it."""
        ledger = self._desk.ledger
        if await ledger.index(f"open:{suspension.customer}", limit=1):
            return True, ()
        for code in await ledger.index(f"of:{suspension.customer}", newest_first=True, limit=1):
            loaded = await self._desk.load(code)
            if loaded is not None:
                return True, (outside_threads(suspension, loaded[0], self._desk.books.book()),)
        return False, ()

    async def _wake_all(self, customer: Customer) -> None:
        """Let every open ticket of a customer look at its clock again."""
        done: set[str] = set()
        while True:
            open_now = await self._desk.ledger.index(f"open:{customer.id}", limit=_AT_ONCE, offset=len(done))
            for code in open_now:
                await self._desk.handle(code, Wake())
            done |= set(open_now)
            if len(open_now) < _AT_ONCE:
                return

    async def _merge(self, order: StaffOrder, by: Staff, incoming: Incoming) -> Answer | Refused:
        """Let the first ticket be absorbed, then close it; a crash in between leaves both open, and both paged."""
        prefix = self._desk.books.book().policy.codes.prefix
        code, into = codes.normalise(order.about, prefix), codes.normalise(order.into, prefix)
        if code is None or into is None:
            return Answer("merge_usage")
        loaded = await self._desk.load(code)
        if loaded is None:
            return _NO_TICKET
        for target, command in ((into, Absorb(by, loaded[0])), (code, MergeInto(by, into))):
            outcome = await self._desk.handle(target, command, operation=f"{incoming.operation}:{target}")
            if isinstance(outcome, Refused):
                return outcome
            if not isinstance(outcome, Done):
                return _NO_TICKET
        return Answer("merged", {"code": code, "into": into})

    def _about(self, customer: Customer, at: Instant, incoming: Incoming) -> dict[str, str]:
        zone = self._desk.books.book().desk.zone
        return {
            "customer": customer.name,
            "at": formats.instant(incoming.language, at, self._desk.clock.now(), zone),
        }


async def say_which_calls_lack_their_mail(desk: Desk) -> None:
    """Drop calls whose window is over; those that no ticket claimed are told to the desk (D1)."""
    book, now = desk.books.book(), desk.clock.now()
    record = await desk.desk_record()
    over = [call for call in record.phone_notices if call.at + book.policy.notice_window < now]
    if not over:
        return
    owners = await desk.ledger.guard_owners([f"call:{call.id}" for call in over])
    unanswered = [call for call, owner in zip(over, owners, strict=True) if owner is None]
    says = [_unanswered(call, book, record.channel("desk"), now) for call in unanswered]
    gone = {call.id for call in over}

    def change(record: DeskRecord) -> DeskRecord:
        return record.model_copy(
            update={"phone_notices": tuple(call for call in record.phone_notices if call.id not in gone)}
        )

    await desk.change_desk(change, effects=says, operation=f"calls:{_short(','.join(sorted(gone)))}")


def _unanswered(call: PhoneNotice, book: Book, channel: BoundChannel | None, now: Instant) -> Effect:
    """Return what tells the desk that a call has no mail; the operator, where staff bound no channel."""
    customer = book.customers.by_id.get(call.customer)
    values = {
        "customer": customer.name if customer is not None else call.customer,
        "at": formats.instant("vi", call.at, now, book.desk.zone),
        "support_mail": book.desk.support_mail,
        "caller": call.caller or "—",
    }
    if channel is not None:
        return Say(id=f"call.{call.id}", chat=channel.chat, language="vi", phrase="call_without_mail", values=values)
    told = phrases("vi").sayings.call_without_mail.format(**values)
    return Mail(
        id=f"call.{call.id}",
        template="operator",
        to=(book.desk.operator.email,),
        values={"what": f"no desk channel is bound to be told: {told}"},
    )


_NO_TICKET = Refused("not_allowed")


def _standing(record: DeskRecord, customer: str) -> Suspension | None:
    return next((one for one in record.suspensions if one.customer == customer and one.ended_at is None), None)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
