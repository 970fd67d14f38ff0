"""An outage counts towards uptime once a manager confirms it: from the outage itself, not from the notice (D17).

A ticket has one outage that stands; another confirmation replaces it, and the events keep both. Only deductions that
the manager names are made: the ticket's own pauses are proposed and never taken for granted (stricter reading).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from bot.errors import Refused
from bot.sla.clock import ClockEvent
from bot.sla.instants import Instant
from bot.sla.intervals import cut, union
from bot.ticket.draft import Draft
from bot.ticket.model import Deduction, Outage, Ticket

if TYPE_CHECKING:
    from bot.ticket.commands import Staff  # which counts the two commands below among its own

Why: TypeAlias = Literal["provider", "data_centre", "suspended", "excluded"]

_TEXT_LENGTH = 2_000
_PROPOSED: Final[dict[str, Why]] = {
    "third_party": "provider",
    "out_of_control": "excluded",
    "customer_fault": "excluded",
    "out_of_scope": "excluded",
}


@dataclass(frozen=True)
class ConfirmOutage:
    """The service was down from `start` to `end` (None: it still is), less the deductions."""

    by: "Staff"
    start: Instant
    end: Instant | None
    evidence: str
    deductions: tuple[Deduction, ...] = ()


@dataclass(frozen=True)
class WithdrawOutage:
    """What was confirmed was no outage."""

    by: "Staff"
    reason: str


def confirm_outage(draft: Draft, command: ConfirmOutage) -> Refused | None:
    """Put an outage on record, in place of an earlier one of this ticket. Also after the resolution."""
    now, start, end = draft.rules.now, command.start, command.end
    if not command.by.manager:
        return Refused("manager_only")
    if not command.evidence.strip():
        return Refused("evidence_needed")
    if not all(deduction.note.strip() for deduction in command.deductions):
        return Refused("note_needed")
    if start > now or (end is not None and end > now):
        return Refused("in_the_future")
    if end is not None and end <= start:
        return Refused("outage_times")
    until = now if end is None else end
    if not all(start <= deduction.start < deduction.end <= until for deduction in command.deductions):
        return Refused("outage_deductions")
    was = standing_outage(draft.ticket)
    outage = Outage(
        n=len(draft.ticket.outages) + 1,
        start=start,
        end=end,
        evidence=command.evidence[:_TEXT_LENGTH],
        by=command.by.id,
        confirmed_at=now,
        deductions=tuple(
            deduction.model_copy(update={"note": deduction.note[:_TEXT_LENGTH]}) for deduction in command.deductions
        ),
    )
    draft.change(outages=(*_withdrawn(draft.ticket), outage))
    draft.record("outage_confirmed", by=f"staff:{command.by.id}", **_told(outage), was=_told(was) if was else None)
    return None


def withdraw_outage(draft: Draft, command: WithdrawOutage) -> Refused | None:
    """Take the outage that stands off the record of uptime; what it said stays in the events."""
    if not command.by.manager:
        return Refused("manager_only")
    was = standing_outage(draft.ticket)
    if was is None:
        return Refused("no_outage")
    if not command.reason.strip():
        return Refused("note_needed")
    draft.change(outages=_withdrawn(draft.ticket))
    draft.record("outage_withdrawn", by=f"staff:{command.by.id}", reason=command.reason[:_TEXT_LENGTH], was=_told(was))
    return None


def standing_outage(ticket: Ticket) -> Outage | None:
    """Return the outage of a ticket that counts."""
    return next((outage for outage in reversed(ticket.outages) if not outage.withdrawn), None)


def proposed_deductions(ticket: Ticket, start: Instant, end: Instant) -> tuple[Deduction, ...]:
    """Return what the ticket's pauses and suspensions inside [start, end) would take off, for the manager to confirm.

    Waiting for the customer is none: the service was down all the same. The ticket's code is the note: its receipt
    says the rest.
    """
    stretches: dict[Why, list[tuple[Instant, Instant]]] = {}
    for since, until, reasons in _standing(ticket.clock, end):
        for reason in reasons:
            stretches.setdefault(reason, []).append((since, until))
    found = [
        Deduction(start=since, end=until, reason=reason, note=ticket.code)
        for reason, times in stretches.items()
        for since, until in cut(union(times), (start, end))
    ]
    return tuple(sorted(found, key=attrgetter("start", "reason")))


def _standing(clock: tuple[ClockEvent, ...], end: Instant) -> Iterator[tuple[Instant, Instant, frozenset[Why]]]:
    """Yield the stretches between the events of a clock, each with why it stood."""
    events = sorted(clock, key=attrgetter("at"))
    open_pauses: dict[object, Why | None] = {}
    for event, following in zip_longest(events, events[1:]):
        match event.kind:
            case "pause":
                open_pauses[event.pause] = _PROPOSED.get(event.reason)
            case "resume":
                open_pauses[event.pause] = None
            case "suspend":
                open_pauses[event.reason] = "suspended"
            case "agree":
                open_pauses[event.reason] = None
        until = end if following is None else following.at
        yield event.at, until, frozenset(why for why in open_pauses.values() if why is not None)


def _withdrawn(ticket: Ticket) -> tuple[Outage, ...]:
    return tuple(outage.model_copy(update={"withdrawn": True}) for outage in ticket.outages)


def _told(outage: Outage) -> dict[str, object]:
    """Return an outage as an event has it."""
    return {
        "outage": outage.n,
        "started_at": outage.start,
        "ended_at": outage.end,
        "evidence": outage.evidence,
        "deductions": [deduction.model_dump() for deduction in outage.deductions],
    }
