"""What changed around a ticket since its last event: the customer's suspension, the calendar files.

Both are derived from live records whenever the ticket is looked at, so that none can be missed: a ticket that
slept through a whole suspension learns of its start and its end at their own times. Source: D8, D16.
"""

from bot.ticket.draft import Draft
from bot.ticket.status_mails import tell_agreed, tell_suspended


def follow(draft: Draft) -> None:
    """Bring the ticket's clock up to date before a command is decided."""
    if draft.ticket.state != "merged":
        _follow_suspensions(draft)
    _follow_calendar(draft)


def _follow_suspensions(draft: Draft) -> None:
    known = {(event.kind, event.reason) for event in draft.ticket.clock if event.kind in ("suspend", "agree")}
    start = min(event.at for event in draft.ticket.clock if event.kind == "start")
    for suspension in draft.rules.desk.suspensions:
        if suspension.customer != draft.ticket.customer:
            continue
        over = suspension.ended_at is not None and suspension.ended_at <= start
        new = ("suspend", suspension.id) not in known
        if over and new:
            continue  # ended before this ticket began
        if new:
            draft.clock("suspend", reason=suspension.id, at=suspension.at)
            draft.record("suspended", by=suspension.by, suspension=suspension.id, since=suspension.at)
            if suspension.ended_at is None:
                tell_suspended(draft, suspension)
        if suspension.ended_at is not None and ("agree", suspension.id) not in known:
            draft.clock("agree", reason=suspension.id, at=suspension.ended_at)
            draft.record("agreed", by=suspension.ended_by, suspension=suspension.id, since=suspension.ended_at)
            tell_agreed(draft, suspension, untold=new)


def _follow_calendar(draft: Draft) -> None:
    """Record that the calendar files say something else than at the last event (D16)."""
    digest = draft.rules.book.days.digest[:16]
    was = draft.ticket.calendar
    if was == digest:
        return
    draft.change(calendar=digest)
    if was:
        draft.record("calendar_corrected", was=was, now=digest, due_at=draft.rules.reading(draft.ticket).due_at())
