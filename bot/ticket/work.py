"""What engineers do with a ticket from its card: note, resolve, reopen, reclassify, pause. Source: D7-D9."""

from bot.errors import Refused
from bot.sla.clock import ClockEvent
from bot.sla.escalation import Progress
from bot.sla.instants import Instant
from bot.ticket.commands import Note, Pause, Reclassify, Reopen, Resolve, Resume, Staff
from bot.ticket.draft import Draft
from bot.ticket.hold import may_handle, renew

_TEXT_LENGTH = 2_000
_BY_MANAGER = frozenset({"customer_fault", "out_of_scope"})


def note(draft: Draft, command: Note) -> Refused | None:
    """Record an internal remark."""
    if not command.text.strip():
        return Refused("note_needed")
    renew(draft, command.by)
    draft.record("note", by=f"staff:{command.by.id}", text=command.text[:_TEXT_LENGTH])
    return None


def resolve(draft: Draft, command: Resolve) -> Refused | None:
    """Stop the clock for good: restored, or a reasonable workaround (D9)."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if not command.note.strip():
        return Refused("note_needed")
    draft.clock("resolve")
    draft.change(
        state="resolved",
        resolution=command.note[:_TEXT_LENGTH],
        resolved_at=draft.rules.now,
        asked_to_reopen=False,
        ack=None,
    )
    draft.record(
        "resolved",
        by=f"staff:{command.by.id}",
        note=command.note[:_TEXT_LENGTH],
        workaround=command.workaround,
    )
    return None


def reopen(draft: Draft, command: Reopen) -> Refused | None:
    """Let the clock go on where it stood: the fault came back (D9)."""
    if draft.ticket.state == "open":
        return Refused("not_resolved")
    draft.clock("reopen")
    progress = draft.ticket.progress
    draft.change(
        state="open",
        resolution="",
        resolved_at=None,
        progress=Progress(stage=progress.stage + 1, levels=progress.levels),
    )
    by = f"staff:{command.by.id}" if isinstance(command.by, Staff) else f"customer:{command.by.person}"
    draft.record("reopened", by=by, note=command.note[:_TEXT_LENGTH])
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
        progress = ticket.progress
        draft.clock(command.how, priority=command.priority)
        draft.change(
            priority=command.priority,
            progress=Progress(stage=progress.stage + 1, levels=progress.levels, triage=progress.triage),
        )
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


def pause(draft: Draft, command: Pause) -> Refused | None:
    """Stop the clock for a reason that the contract allows (D8)."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if not command.note.strip():
        return Refused("note_needed")
    if command.reason in _BY_MANAGER and not command.by.manager:
        return Refused("manager_only")
    if command.reason in draft.rules.reading(draft.ticket).paused_by:
        return Refused("already_paused")
    number = 1 + sum(1 for event in draft.ticket.clock if event.kind == "pause")
    draft.clock("pause", pause=number, reason=command.reason)
    renew(draft, command.by)
    draft.record(
        "paused",
        by=f"staff:{command.by.id}",
        pause=number,
        reason=command.reason,
        note=command.note[:_TEXT_LENGTH],
    )
    return None


def resume(draft: Draft, command: Resume) -> Refused | None:
    """End every open pause."""
    waiting = [event.pause for event in _open_pauses(draft)]
    if not waiting:
        return Refused("not_paused")
    for number in waiting:
        draft.clock("resume", pause=number)
    renew(draft, command.by)
    draft.record("resumed", by=f"staff:{command.by.id}", pauses=waiting, note=command.note[:_TEXT_LENGTH])
    return None


def end_wait_for_customer(draft: Draft, answered_at: Instant, by: str) -> None:
    """Let the clock go on from the receipt of the customer's answer, by whichever channel it came (D8)."""
    ended = [p.pause for p in _open_pauses(draft) if p.reason == "customer" and p.at <= answered_at]
    for number in ended:
        draft.clock("resume", pause=number, at=min(answered_at, draft.rules.now))
    if ended:
        draft.record("resumed", by=by, pauses=ended, answered_at=answered_at)


def _open_pauses(draft: Draft) -> list[ClockEvent]:
    ended = {event.pause for event in draft.ticket.clock if event.kind == "resume"}
    return [event for event in draft.ticket.clock if event.kind == "pause" and event.pause not in ended]
