"""What engineers say about a ticket: notes, and its priority. Source: D2, D7."""

from bot.errors import Refused
from bot.ticket.commands import Note, Reclassify
from bot.ticket.draft import Draft
from bot.ticket.hold import may_handle, renew

_TEXT_LENGTH = 2_000


def note(draft: Draft, command: Note) -> Refused | None:
    """Record an internal remark."""
    if not command.text.strip():
        return Refused("note_needed")
    renew(draft, command.by)
    draft.record("note", by=f"staff:{command.by.id}", text=command.text[:_TEXT_LENGTH])
    return None


def reclassify(draft: Draft, command: Reclassify) -> Refused | None:
    """Set the priority: `corrected` carries the used time over, `worsened` starts the clock anew (D7)."""
    ticket = draft.ticket
    refused = may_handle(ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if command.priority not in draft.rules.book.policy.priorities:
        return Refused("unknown_priority")
    if command.priority == ticket.priority and not (ticket.provisional and command.how == "corrected"):
        return Refused("same_priority")
    if command.priority != ticket.priority and not command.reason.strip():
        return Refused("reason_needed")
    if command.priority != ticket.priority:
        draft.clock(command.how, priority=command.priority)
        draft.change(priority=command.priority, progress=ticket.progress.anew())
    draft.change(provisional=False)
    renew(draft, command.by)
    draft.record(
        "reclassified",
        by=f"staff:{command.by.id}",
        priority=command.priority,
        was=ticket.priority,
        how=command.how,
        reason=command.reason[:_TEXT_LENGTH],
    )
    return None
