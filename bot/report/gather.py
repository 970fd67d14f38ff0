"""Finds what belongs to a month in the ledger and has the rules read it. Changes nothing."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace as with_fields

from bot.desk.handle import Desk
from bot.desk.ports import Ledger, RecordKey
from bot.report.figures import MonthFigures, OutageFigures, TicketFigures
from bot.report.tickets import first_contact, ticket_figures, totals, up_to_date
from bot.sla.book import Book, Customer
from bot.sla.credits import Charge, Down, Hole, Month, award, forecast, measure, paid_time
from bot.sla.instants import Instant, Span
from bot.sla.intervals import Interval, cut, length
from bot.ticket.model import Outage, Ticket
from bot.ticket.outage import proposed_deductions, standing_outage

_BATCH = 200


async def gather(desk: Desk, customers: Sequence[Customer], month: Month) -> list[MonthFigures]:
    """Return the month of each customer as it is known now, in their order.

    Tickets belong to the month of their first contact, outages to every month that they touch. Raises StoreAwayError.
    """
    book, now = desk.books.book(), desk.clock.now()
    window = month.window(book.desk.zone)
    found: dict[str, dict[str, Ticket]] = {customer.id: {} for customer in customers}
    for index in await _indexes(desk.ledger, book, customers):
        async for ticket in _walk(desk.ledger, index):
            if ticket.customer in found and (_received_in(ticket, window) or _down_in(ticket, window)):
                found[ticket.customer][ticket.code] = ticket
    return [await _month(desk, customer, month, now, list(found[customer.id].values())) for customer in customers]


async def _indexes(ledger: Ledger, book: Book, customers: Sequence[Customer]) -> list[str]:
    """Return where the customers' tickets are: with each customer, or among all while some are from before that."""
    sizes = [await ledger.index_size(f"of:{customer.id}") for customer in book.customers.customers]
    if sum(sizes) < await ledger.index_size("tickets"):
        return ["tickets"]
    return [f"of:{customer.id}" for customer in customers]


async def _walk(ledger: Ledger, index: str) -> AsyncIterator[Ticket]:
    offset = 0
    while codes := await ledger.index(index, limit=_BATCH, offset=offset):
        offset += len(codes)
        for stored in await ledger.read_many([RecordKey("ticket", code) for code in codes]):
            if stored is not None:
                yield Ticket.model_validate_json(stored.body)


def _received_in(ticket: Ticket, window: Interval) -> bool:
    return window[0] <= first_contact(ticket) < window[1]


def _down_in(ticket: Ticket, window: Interval) -> bool:
    outage = standing_outage(ticket)
    return outage is not None and outage.start < window[1] and (outage.end is None or outage.end > window[0])


async def _month(desk: Desk, customer: Customer, month: Month, now: Instant, found: Sequence[Ticket]) -> MonthFigures:
    book = desk.books.book()
    zone, promise = book.desk.zone, book.policy.uptime
    window = month.window(zone)
    tickets: list[TicketFigures] = []
    current: dict[str, Ticket] = {}
    for old in found:
        loaded = await desk.load_with_desk(old.code)
        if loaded is None:
            continue
        rules = with_fields(loaded[3], now=now)
        ticket = current[old.code] = up_to_date(loaded[0], rules)
        if _received_in(ticket, window):
            tickets.append(ticket_figures(ticket, rules))
    tickets.sort(key=lambda ticket: (ticket.first_contact_at, ticket.code))
    confirmed = {ticket.code: outage for ticket in current.values() if (outage := standing_outage(ticket)) is not None}
    paid = paid_time(month, zone, customer.support_from, customer.support_until)
    measured = measure(paid, [_down(code, outage) for code, outage in confirmed.items()], now) if paid else None
    return MonthFigures(
        customer=customer,
        month=month,
        zone=book.desk.timezone,
        as_of=now,
        promise=promise,
        measure=measured,
        award=award(measured.uptime, promise, customer.monthly_fee, month) if measured else None,
        crossings=forecast(measured, promise) if measured is not None and measured.running else (),
        outages=tuple(
            OutageFigures(confirmed[charge.ticket], charge, _proposed(current[charge.ticket], charge))
            for charge in (measured.charges if measured else ())
        ),
        tickets=tuple(tickets),
        totals=totals(tickets, book.policy.priorities),
        doubtful_years=_doubtful_years(book, tickets),
    )


def _down(code: str, outage: Outage) -> Down:
    holes = tuple(Hole(deduction.start, deduction.end, deduction.reason) for deduction in outage.deductions)
    return Down(code, outage.start, outage.end, holes)


def _proposed(ticket: Ticket, charge: Charge) -> dict[str, Span]:
    """Return the charged time in which the ticket was paused for what a manager could have deducted, by reason."""
    left: dict[str, Span] = {}
    for deduction in proposed_deductions(ticket, charge.start, charge.end):
        still_charged = length(cut(charge.spans, (deduction.start, deduction.end)))
        if still_charged:
            left[deduction.reason] = left.get(deduction.reason, 0) + still_charged
    return left


def _doubtful_years(book: Book, tickets: Sequence[TicketFigures]) -> tuple[int, ...]:
    years = {year for ticket in tickets for year in book.doubtful_years(ticket.started_at, ticket.ends_at)}
    return tuple(sorted(years))
