"""What the managers' digest says of a ticket: derived from its clock whenever it is asked, never collected.

A breach is told once, by when it became known: one that a digest could not have seen is told by the next.
Source: product.md, "The default ladder", row P4; D8, D9.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, get_args

from bot.sla.book import Book
from bot.sla.clock import Reading
from bot.sla.instants import Instant
from bot.ticket.draft import Draft, Rules
from bot.ticket.effects import Bulletin, DigestLine, DigestSection, Section
from bot.ticket.live import follow
from bot.ticket.model import DeskRecord, Ticket

LINES_MAX = 20
"""Of a section; of more it says how many."""
_NOTE_LENGTH = 200

Found: TypeAlias = tuple[Section, DigestLine]


@dataclass(frozen=True)
class Stretch:
    """What one digest is about: from the digest before it until now, and what comes before the next."""

    since: Instant
    until: Instant
    next_at: Instant


def lines_of(ticket: Ticket, rules: Rules, stretch: Stretch) -> Iterator[Found]:
    """Yield what a ticket adds to a digest; `rules.now` is the end of the stretch.

    Raises KeyError for a priority that the ticket's policy does not have.
    """
    draft = Draft(ticket, rules)
    follow(draft)  # a suspension that nothing has told the ticket of yet
    ticket = draft.ticket
    if ticket.state == "merged":
        return
    yield from _deadline(ticket, rules, stretch)
    if ticket.state == "open":
        yield from _pauses(ticket, rules)
    else:
        yield from _owed_call(ticket, rules)


def suspensions(desk: DeskRecord, book: Book) -> Iterator[Found]:
    """Yield the suspensions of whole customers that stand."""
    for one in desk.suspensions:
        if one.ended_at is None:
            customer = book.customers.by_id.get(one.customer)
            company = customer.name if customer is not None else one.customer
            note = one.reason[:_NOTE_LENGTH]
            yield "waiting", DigestLine(code="", company=company, at=one.at, reason="suspension", note=note)


def bulletin(stretch: Stretch, found: Iterable[Found], *, unreadable: int = 0) -> Bulletin | None:
    """Return the digest of a stretch, what matters most first in each section; None if there is nothing to tell."""
    sorted_in: dict[Section, list[DigestLine]] = {name: [] for name in get_args(Section)}
    for name, line in found:
        sorted_in[name].append(line)
    sections = tuple(
        DigestSection(name=name, lines=tuple(sorted(lines, key=_ORDER[name])[:LINES_MAX]), count=len(lines))
        for name, lines in sorted_in.items()
        if lines
    )
    if not sections and not unreadable:
        return None
    return Bulletin(
        since=stretch.since, until=stretch.until, next_at=stretch.next_at, sections=sections, unreadable=unreadable
    )


def _deadline(ticket: Ticket, rules: Rules, stretch: Stretch) -> Iterator[Found]:
    reading = rules.reading(ticket)
    breached_at, is_open = reading.breached_at(stretch.until), ticket.state == "open"
    if breached_at is not None:
        if _known_at(ticket, breached_at) > stretch.since:
            yield "passed", _line(ticket, rules, reading, breached_at)
        elif is_open:
            yield "over", _line(ticket, rules, reading, breached_at)
        return
    due_at = reading.due_at()
    if is_open and due_at is not None and due_at < stretch.next_at:
        yield "due", _line(ticket, rules, reading, due_at)


def _known_at(ticket: Ticket, breached_at: Instant) -> Instant:
    """Return since when a digest could tell of a breach: after the deadline, and once the desk could know of it."""
    return max(ticket.breach_known_at or 0, breached_at + 1)


def _line(ticket: Ticket, rules: Rules, reading: Reading, at: Instant) -> DigestLine:
    return DigestLine(
        code=ticket.code,
        company=_company(ticket, rules),
        priority=ticket.priority,
        provisional=ticket.provisional,
        at=at,
        over=max(0, reading.used(rules.now) - reading.target),
        who=ticket.ack.name if ticket.ack is not None else ticket.resolved_by,
        resolved_at=ticket.resolved_at,
    )


def _pauses(ticket: Ticket, rules: Rules) -> Iterator[Found]:
    """Yield the pauses that stand; a suspension is told once for its customer, not for each ticket."""
    details = {detail.pause: detail for detail in ticket.pauses}
    since = {event.pause: event.at for event in ticket.clock if event.kind == "pause"}
    for number, reason in rules.reading(ticket).pauses.items():
        detail = details.get(number)
        note = "" if detail is None else detail.reference or detail.asked or detail.note
        yield (
            "waiting",
            DigestLine(
                code=ticket.code,
                company=_company(ticket, rules),
                priority=ticket.priority,
                provisional=ticket.provisional,
                at=since[number],
                who=ticket.ack.name if ticket.ack is not None else "",
                reason=reason,
                note=note[:_NOTE_LENGTH],
            ),
        )


def _owed_call(ticket: Ticket, rules: Rules) -> Iterator[Found]:
    owed = ticket.call_back
    if owed is None or owed.at is not None:
        return
    person = rules.book.roster.by_id.get(owed.by)
    yield (
        "call_backs",
        DigestLine(
            code=ticket.code,
            company=_company(ticket, rules),
            priority=ticket.priority,
            at=owed.due_at,
            who=person.name if person is not None else ticket.resolved_by,
            resolved_at=ticket.resolved_at,
        ),
    )


def _company(ticket: Ticket, rules: Rules) -> str:
    customer = rules.customer(ticket)
    return customer.name if customer is not None else ticket.customer


def _by_weight(line: DigestLine) -> tuple[object, ...]:
    return line.priority, -line.over, line.code


def _soonest(line: DigestLine) -> tuple[object, ...]:
    return line.at, line.priority, line.code


def _latest(line: DigestLine) -> tuple[object, ...]:
    """Sort the newest first: calls that nobody ever recorded must not hide the one of yesterday."""
    return -line.at, line.code


_ORDER: dict[Section, Callable[[DigestLine], tuple[object, ...]]] = {
    "passed": _by_weight,
    "over": _by_weight,
    "due": _soonest,
    "waiting": _soonest,
    "call_backs": _latest,
}
