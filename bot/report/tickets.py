"""Reads one ticket's clock for the report: by the policy frozen with it, and with what its customer agreed since."""

from collections.abc import Iterable
from operator import attrgetter

from bot.report.figures import Result, TicketFigures, Totals
from bot.sla.clock import Reading, read_clock
from bot.sla.instants import Instant, Span
from bot.ticket.draft import Draft, Rules
from bot.ticket.live import follow
from bot.ticket.model import Ticket
from bot.ticket.receipt import deadline_of


def up_to_date(ticket: Ticket, rules: Rules) -> Ticket:
    """Return a ticket whose clock knows of suspensions that began or ended since its last event."""
    draft = Draft(ticket, rules)
    follow(draft)
    return draft.ticket


def first_contact(ticket: Ticket) -> Instant:
    """Return when the customer first told of it: the month that a ticket belongs to."""
    return min((event.at for event in ticket.clock if event.kind == "start"), default=ticket.opened_at)


def ticket_figures(ticket: Ticket, rules: Rules) -> TicketFigures:
    """Return the figures of a ticket that is up to date."""
    now, reading = rules.now, rules.reading(ticket)
    used, due_at, breached_at = reading.used(now), deadline_of(ticket, reading, rules), reading.breached_at(now)
    ends_at = reading.resolved_at if reading.resolved_at is not None else now
    return TicketFigures(
        code=ticket.code,
        subject=ticket.subject,
        priority=reading.priority,
        provisional=ticket.provisional,
        first_contact_at=first_contact(ticket),
        started_at=reading.started_at,
        target=reading.target,
        used=used,
        due_at=due_at,
        resolved_at=reading.resolved_at,
        workaround=ticket.workaround,
        breached_at=breached_at,
        over=max(0, used - reading.target) if breached_at is not None else 0,
        result=_result(ticket, reading, breached=breached_at is not None),
        merged_into=ticket.merged_into,
        alert_corrected=ticket.breach_corrected_at is not None,
        paused=_paused(ticket, rules, reading.started_at, ends_at),
        ends_at=max(ends_at, due_at or 0),
    )


def totals(tickets: Iterable[TicketFigures], priorities: Iterable[str]) -> tuple[Totals, ...]:
    """Return the totals of every priority that the desk has or a ticket had, in the desk's order."""
    found = [ticket for ticket in tickets if ticket.result != "merged"]
    names = dict.fromkeys([*priorities, *sorted(ticket.priority for ticket in found)])

    def count(priority: str, result: Result) -> int:
        return sum(1 for ticket in found if (ticket.priority, ticket.result) == (priority, result))

    return tuple(Totals(name, count(name, "met"), count(name, "breached"), count(name, "open")) for name in names)


def _result(ticket: Ticket, reading: Reading, *, breached: bool) -> Result:
    if ticket.state == "merged":
        return "merged"
    if breached:
        return "breached"
    return "open" if reading.resolved_at is None else "met"


def _paused(ticket: Ticket, rules: Rules, since: Instant, until: Instant) -> dict[str, Span]:
    """Return how much working time each reason kept from the clock between two instants.

    After each event the clock itself is asked why it stands, so that there is one opinion about it.
    """
    policy, calendars = rules.book.policy, rules.book.calendars
    events = sorted(ticket.clock, key=attrgetter("at"))
    paused: dict[str, Span] = {}
    for number, event in enumerate(events, start=1):
        start = max(event.at, since)
        end = min(events[number].at if number < len(events) else until, until)
        known = tuple(events[:number])
        if start >= end or not any(one.kind == "start" for one in known):
            continue
        reading = read_clock(known, policy.priorities, calendars)
        if reading.merged or reading.resolved_at is not None:
            continue
        kept = calendars[policy.priorities[reading.priority].hours].between(start, end)
        for reason in dict.fromkeys(reading.paused_by):
            paused[reason] = paused.get(reason, 0) + kept
    return {reason: kept for reason, kept in paused.items() if kept}
