"""Stopping the clock for a reason that the contract allows, asking after it, and letting it go on.

Source: D8; support procedure, article 2.4, "Thời gian trả lời nêu trên sẽ không được áp dụng: …".
"""

from bot.errors import Refused
from bot.sla.clock import ClockEvent
from bot.sla.instants import Instant
from bot.ticket.commands import AnswerChase, Pause, Resume
from bot.ticket.draft import Draft
from bot.ticket.hold import may_handle, renew
from bot.ticket.model import PauseDetail

_TEXT_LENGTH = 2_000
_BY_MANAGER = frozenset({"customer_fault", "out_of_scope"})
_PROOF = {
    "third_party": ("reference", "reference_needed"),
    "out_of_control": ("agreed_by", "agreement_needed"),
    "customer_fault": ("evidence", "evidence_needed"),
}
"""What a reason must show, and what is said where it does not."""


def pause(draft: Draft, command: Pause) -> Refused | None:
    """Stop the clock, now or from an evidenced time; several pauses may stand at once."""
    refused = may_handle(draft.ticket, command.by, draft.rules) or _unfounded(draft, command)
    if refused is not None:
        return refused
    since = draft.rules.now if command.since is None else command.since
    number = 1 + sum(1 for event in draft.ticket.clock if event.kind == "pause")
    detail = PauseDetail(
        pause=number,
        reason=command.reason,
        note=command.note[:_TEXT_LENGTH],
        by=command.by.id,
        reference=command.reference[:_TEXT_LENGTH],
        asked=command.asked[:_TEXT_LENGTH],
        agreed_by=command.agreed_by[:_TEXT_LENGTH],
        evidence=command.evidence[:_TEXT_LENGTH],
        chase_at=command.chase_at or _chase_at(draft),
    )
    draft.clock("pause", pause=number, reason=command.reason, at=since)
    draft.change(pauses=(*draft.ticket.pauses, detail))
    renew(draft, command.by)
    details = {name: value for name, value in detail.model_dump(exclude={"by", "answers"}).items() if value != ""}
    draft.record("paused", by=f"staff:{command.by.id}", **details, since=command.since)
    return None


def _unfounded(draft: Draft, command: Pause) -> Refused | None:
    """Return what a pause lacks to stand in a dispute."""
    if not command.note.strip():
        return Refused("note_needed")
    if command.reason in _BY_MANAGER and not command.by.manager:
        return Refused("manager_only")
    proof = _PROOF.get(command.reason)
    if proof is not None and not str(getattr(command, proof[0])).strip():
        return Refused(proof[1])
    reading = draft.rules.reading(draft.ticket)
    known = {(p.reason, p.reference.strip().lower()) for p in draft.ticket.pauses if p.pause in reading.pauses}
    if (command.reason, command.reference[:_TEXT_LENGTH].strip().lower()) in known:
        return Refused("already_paused")
    if command.chase_at is not None and command.chase_at <= draft.rules.now:
        return Refused("in_the_past")
    if command.since is None:
        return None
    if not command.evidence.strip():
        return Refused("evidence_needed")
    if command.since > draft.rules.now:
        return Refused("in_the_future")
    return Refused("before_the_start") if command.since < reading.started_at else None


def resume(draft: Draft, command: Resume) -> Refused | None:
    """End one pause, or every open one."""
    if draft.ticket.state != "open":
        return Refused("already_resolved")
    open_now = [event.pause for event in _open_pauses(draft)]
    ended = open_now if command.pause is None else [number for number in open_now if number == command.pause]
    if not ended:
        return Refused("not_paused")
    for number in ended:
        draft.clock("resume", pause=number)
    renew(draft, command.by)
    draft.record("resumed", by=f"staff:{command.by.id}", pauses=ended, note=command.note[:_TEXT_LENGTH].strip() or None)
    return None


def answer_chase(draft: Draft, command: AnswerChase) -> Refused | None:
    """Note what came of asking after a pause, and when to ask again."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if command.pause not in draft.rules.reading(draft.ticket).pauses:
        return Refused("not_paused")
    if not command.note.strip():
        return Refused("note_needed")
    if command.chase_at is not None and command.chase_at <= draft.rules.now:
        return Refused("in_the_past")
    again = command.chase_at or _chase_at(draft)
    answer = command.note[:_TEXT_LENGTH]
    draft.change(
        pauses=tuple(
            detail.model_copy(
                update={
                    "chase_at": again,
                    "answers": detail.answers + 1,
                    "answer": answer,
                    "answered_at": draft.rules.now,
                }
            )
            if detail.pause == command.pause
            else detail
            for detail in draft.ticket.pauses
        )
    )
    renew(draft, command.by)
    draft.record("chased", by=f"staff:{command.by.id}", pause=command.pause, note=answer, chase_at=again)
    return None


def end_wait_for_customer(draft: Draft, answered_at: Instant, by: str) -> None:
    """Let the clock go on from the receipt of the customer's answer, by whichever channel it came."""
    ended = [p.pause for p in _open_pauses(draft) if p.reason == "customer" and p.at <= answered_at]
    for number in ended:
        draft.clock("resume", pause=number, at=min(answered_at, draft.rules.now))
    if ended:
        draft.record("resumed", by=by, pauses=ended, answered_at=answered_at)


def _open_pauses(draft: Draft) -> list[ClockEvent]:
    ended = {event.pause for event in draft.ticket.clock if event.kind == "resume"}
    return [event for event in draft.ticket.clock if event.kind == "pause" and event.pause not in ended]


def _chase_at(draft: Draft) -> Instant | None:
    """Return when the policy has the desk ask after a pause that is noted now, in the priority's working time."""
    priority = draft.rules.book.policy.priorities[draft.ticket.priority]
    chase = priority.ladder.chase
    return None if chase is None else draft.rules.book.calendars[priority.hours].add(draft.rules.now, chase.after)
