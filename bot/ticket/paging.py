"""What is due of a ticket's ladder is paged along with every command, and what follows from it is recorded.

Source: product.md, "The default ladder", D7, D15.
"""

from bot.sla.clock import Reading
from bot.sla.escalation import Situation, climb
from bot.sla.instants import Instant
from bot.sla.reminders import OwedCall, Waiting
from bot.sla.rungs import Rung
from bot.ticket.draft import Draft, Rules
from bot.ticket.model import Ticket
from bot.ticket.sending import LATE, send_pages


def situation_of(ticket: Ticket, rules: Rules) -> Situation:
    """Return what a climb of this ticket's ladder looks at."""
    policy = rules.book.policy
    promise = policy.priorities[ticket.priority]
    reading = rules.reading(ticket)
    return Situation(
        reading=reading,
        ladder=promise.ladder,
        ack_lasts=policy.ack_lasts(ticket.priority),
        triage=policy.triage if ticket.provisional else None,
        triage_calendar=rules.book.calendars[policy.triage.hours],
        triage_from=ticket.opened_at,
        rank=rules.book.desk.rank,
        hours=rules.book.calendars[promise.hours],
        waiting=tuple(
            Waiting(detail.pause, detail.chase_at, detail.answers)
            for detail in ticket.pauses
            if detail.chase_at is not None and detail.pause in reading.pauses
        ),
        owed_call=_owed_call(ticket, rules),
    )


def page_what_is_due(draft: Draft) -> Instant | None:
    """Page every rung that is due now; return when the next one falls due.

    Several rungs at once (a step and a repeat, or many after an outage of our own) make one page per person.
    """
    ticket, now = draft.ticket, draft.rules.now
    situation = situation_of(ticket, draft.rules)
    result = climb(situation, ticket.progress, ticket.ack, now)
    awaited_at = ticket.expected_at
    draft.change(progress=result.progress, ack=result.ack, expected_at=None)  # what was awaited is here
    if ticket.ack is not None and result.expired_at is not None:
        draft.change(offered_to="")
        draft.record("ack_expired", holder=ticket.ack.by, due_at=result.expired_at)
    _follow_correction(draft, situation.reading)
    overslept = awaited_at is not None and now > awaited_at + LATE
    if overslept and result.rungs:
        draft.record(
            "caught_up",
            since=awaited_at,
            late_ms=now - (awaited_at or now),
            rungs=[rung.key for rung in result.rungs],
        )
    send_pages(draft, situation, result.rungs, awaited_at=awaited_at if overslept else None)
    _alert_breach(draft, situation.reading, result.rungs, awaited_at)
    _remember_reminder(draft, result.rungs)
    return result.next_at


def _owed_call(ticket: Ticket, rules: Rules) -> OwedCall | None:
    owed = ticket.call_back
    if owed is None or owed.at is not None or ticket.state != "resolved":
        return None
    within = rules.book.policy.priorities[ticket.priority].call_back_within or 0
    return OwedCall(owed.due_at, owed.due_at + within, owed.by)


def _follow_correction(draft: Draft, reading: Reading) -> None:
    """Mark an alerted breach that the clock, corrected since, says was none; the alert itself stays (D7)."""
    ticket = draft.ticket
    if not _alerted(ticket, reading) or _past_due(ticket, reading, draft.rules.now):
        return
    draft.change(breach_corrected_at=draft.rules.now)
    draft.record("breach_corrected", alerted_at=ticket.breach_alerted_at, due_at=reading.due_at())


def _alerted(ticket: Ticket, reading: Reading) -> bool:
    """Return whether an alert of the present measure stands: a worsening restarts the clock and corrects nothing."""
    alerted_at = ticket.breach_alerted_at
    return alerted_at is not None and ticket.breach_corrected_at is None and alerted_at > reading.started_at


def _past_due(ticket: Ticket, reading: Reading, now: Instant) -> bool:
    """Return whether the deadline is reached, as the alert at the very deadline sees it.

    Exactly at the deadline is no breach for a ticket that was resolved then, and not yet a correction for an open one.
    """
    if reading.resolved_at is not None:
        return reading.breached_at(now) is not None
    return reading.used(max(now, ticket.progress.climbed_at)) >= reading.target


def _alert_breach(draft: Draft, reading: Reading, rungs: tuple[Rung, ...], awaited_at: Instant | None) -> None:
    """Record a breach once in each measure; again only if it was corrected meanwhile.

    Also that of a ticket which was resolved late before anybody looked: it pages nobody, and stays in the record.
    """
    now, due_at = draft.rules.now, [rung.due_at for rung in rungs if rung.breach and rung.kind == "step"]
    if reading.resolved_at is not None:
        due_at = [at for at in (reading.breached_at(now),) if at is not None]
    if due_at and not _alerted(draft.ticket, reading):
        known_at = now if awaited_at is None else min(now, max(min(due_at), awaited_at))
        draft.change(breach_alerted_at=now, breach_known_at=known_at, breach_corrected_at=None)
        draft.record("breached", due_at=reading.due_at())


def _remember_reminder(draft: Draft, rungs: tuple[Rung, ...]) -> None:
    owed = draft.ticket.call_back
    if owed is not None and not owed.reminded and any(rung.kind == "call_back" for rung in rungs):
        draft.change(call_back=owed.model_copy(update={"reminded": True}))
