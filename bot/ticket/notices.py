"""Notices: calls and codes by which the customer says that something is broken, and when the clock starts by them.

Source: D1; support procedure, article 2.4, notes to P1-P3, and "từ trước đó: … qua email; hoặc … cuộc gọi".
"""

from bot.errors import Refused
from bot.sla.instants import Instant
from bot.ticket.commands import RecordNotice
from bot.ticket.draft import Draft
from bot.ticket.hold import renew
from bot.ticket.model import Notice, PhoneNotice

_NOTICES_KEPT = 50
_TEXT_LENGTH = 500


def record_notice(draft: Draft, command: RecordNotice) -> Refused | None:
    """Enter a phone call afterwards, at its own time; it may move the start back, never forward."""
    ticket = draft.ticket
    if ticket.state == "merged":
        return Refused("merged", {"into": ticket.merged_into})
    if command.at > draft.rules.now:
        return Refused("in_the_future")
    if any(notice.channel == "phone" and notice.at == command.at for notice in ticket.notices):
        return Refused("already_recorded")
    renew(draft, command.by)
    take(
        draft,
        Notice(
            at=command.at,
            channel="phone",
            by=f"staff:{command.by.id}",
            caller=command.caller[:_TEXT_LENGTH],
            note=command.note[:_TEXT_LENGTH],
        ),
    )
    return None


def claim_call(draft: Draft, call: PhoneNotice) -> None:
    """Take over a call that was entered before the mail came; no other ticket may claim it."""
    draft.guards.append(f"call:{call.id}")
    take(draft, Notice(at=call.at, channel="phone", by=call.by, caller=call.caller, note=call.note))


def take(draft: Draft, notice: Notice) -> None:
    """Record a notice and move the clock's start by the rule of the policy frozen with the ticket."""
    ticket = draft.ticket
    first = notice.at if ticket.notice_at is None else min(ticket.notice_at, notice.at)
    draft.change(notice_at=first, notices=(*ticket.notices, notice)[-_NOTICES_KEPT:])
    counted = _counted_at(draft, notice.at)
    moves = counted < min(event.at for event in ticket.clock if event.kind == "start")
    if moves:  # the clock's first event is the start that the mail made: its priority was stated, or provisional
        draft.clock("start", at=counted, priority=ticket.clock[0].priority)
    if any(priority.clock_starts == "notice" for priority in draft.rules.book.policy.priorities.values()):
        draft.clock("notice", at=counted)
    draft.record(
        "notice",
        by=notice.by,
        arrived_at=notice.at,
        channel=notice.channel,
        caller=notice.caller or None,
        note=notice.note or None,
        starts_the_clock=moves or None,
    )


def _counted_at(draft: Draft, at: Instant) -> Instant:
    """Return the time at which a notice counts: its own, unless the mail followed too late to belong to it."""
    mail_at = draft.ticket.mail_at
    if mail_at is None or at >= mail_at - draft.rules.book.policy.notice_window:
        return at
    return mail_at
