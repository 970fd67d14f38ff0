"""Passing a ticket on by hand: up to a level whatever the clock says, or over to a colleague by name.

Source: product.md, "Words" (chuyển lên cấp trên · bàn giao).
"""

from bot.errors import Refused
from bot.sla.escalation import jump
from bot.sla.roster import Person
from bot.sla.rungs import Ack, Rung
from bot.sla.shapes import Channel
from bot.ticket.commands import Escalate, HandOver, Staff
from bot.ticket.contacts import reaches_somebody, still_here
from bot.ticket.draft import Draft
from bot.ticket.hold import may_handle, renew
from bot.ticket.model import Word
from bot.ticket.paging import situation_of
from bot.ticket.sending import send_pages

_TEXT_LENGTH = 2_000


def escalate(draft: Draft, command: Escalate) -> Refused | None:
    """Page a level now. The ladder's own steps keep their time; repeats go to this level if it is the highest."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    desk = draft.rules.book.desk
    if command.level not in desk.levels:
        return Refused("level_unknown")
    if desk.rank(command.level) == 0:
        return Refused("level_too_low")
    if not command.reason.strip():
        return Refused("reason_needed")
    situation = situation_of(draft.ticket, draft.rules)
    rung, progress = jump(situation, draft.ticket.progress, command.level, draft.rules.now)
    reason = command.reason[:_TEXT_LENGTH]
    word = Word(kind="escalated", by_name=command.by.name, text=reason, at=draft.rules.now)
    draft.change(progress=progress, word=word)
    renew(draft, command.by)
    draft.record(
        "escalated",
        by=f"staff:{command.by.id}",
        level=command.level,
        reason=reason,
        occurrence=rung.key,
    )
    send_pages(draft, situation, (rung,))
    return None


def hand_over(draft: Draft, command: HandOver) -> Refused | None:
    """Offer the ticket to a colleague, who is paged. The holder keeps it until they take it, or the hold runs out."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    held = draft.ticket.ack
    if held is None:
        return Refused("nobody_holds")
    if not _may_hand_over(draft, command.by, held):
        return Refused("not_holder", {"holder": held.name})
    colleague = draft.rules.book.roster.by_id.get(command.to)
    if colleague is None or not still_here(colleague, draft.rules):
        return Refused("colleague_unknown")
    if colleague.id == held.by:
        return Refused("colleague_holds", {"holder": held.name})
    if not command.note.strip():
        return Refused("note_needed")
    page = Rung(
        key=f"h{draft.ticket.events + 1}",
        kind="handed_over",
        due_at=draft.rules.now,
        level=None,
        by=_channels(draft, colleague),
        to=colleague.id,
    )
    if not reaches_somebody(draft.rules, draft.ticket, page):
        return Refused("colleague_unreachable")
    renew(draft, command.by)
    note = command.note[:_TEXT_LENGTH]
    word = Word(kind="handed_over", by_name=command.by.name, text=note, at=draft.rules.now)
    draft.change(offered_to=colleague.id, word=word)
    draft.record(
        "handed_over",
        by=f"staff:{command.by.id}",
        to=colleague.id,
        holder=held.by,
        note=note,
        occurrence=page.key,
    )
    send_pages(draft, situation_of(draft.ticket, draft.rules), (page,))
    return None


def _may_hand_over(draft: Draft, by: Staff, held: Ack) -> bool:
    rank = draft.rules.book.desk.rank
    return by.id == held.by or by.manager or rank(by.level) > rank(held.level)


def _channels(draft: Draft, colleague: Person) -> tuple[Channel, ...]:
    """Return how a colleague is paged: always in writing, and by phone where the ladder rings their level."""
    ladder = draft.rules.book.policy.priorities[draft.ticket.priority].ladder
    rings = any(step.level == colleague.level and "phone" in step.by for step in ladder.steps)
    return ("teams", "mail", "phone") if rings else ("teams", "mail")
