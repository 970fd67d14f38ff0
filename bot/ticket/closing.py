"""The end of an incident: resolved, called back, reopened, or merged into the ticket that was first. Source: D9."""

from bot.errors import Refused
from bot.ticket.commands import Absorb, CalledBack, MergeInto, Reopen, Resolve, Staff
from bot.ticket.draft import Draft
from bot.ticket.hold import may_handle
from bot.ticket.intake import REFERENCES_KEPT
from bot.ticket.model import CallBack
from bot.ticket.status_mails import tell_merged, tell_reopened, tell_resolved

_TEXT_LENGTH = 2_000


def resolve(draft: Draft, command: Resolve) -> Refused | None:
    """Stop the clock for good: restored, or a reasonable workaround; at an evidenced time if it was earlier."""
    refused = may_handle(draft.ticket, command.by, draft.rules) or _unfounded(draft, command)
    if refused is not None:
        return refused
    at = draft.rules.now if command.at is None else command.at
    draft.clock("resolve", at=at)
    draft.change(
        state="resolved",
        resolution=command.note[:_TEXT_LENGTH],
        workaround=command.workaround,
        resolved_at=at,
        resolved_by=command.by.name,
        call_back=_call_back(draft, command),
        asked_to_reopen=False,
        offered_to="",
        word=None,
        ack=None,
    )
    draft.record(
        "resolved",
        by=f"staff:{command.by.id}",
        note=command.note[:_TEXT_LENGTH],
        workaround=command.workaround,
        resolved_at=command.at,
        evidence=command.evidence[:_TEXT_LENGTH] or None,
        called=command.called[:_TEXT_LENGTH] or None,
    )
    tell_resolved(draft)
    return None


def _unfounded(draft: Draft, command: Resolve) -> Refused | None:
    if not command.note.strip():
        return Refused("note_needed")
    if command.at is None:
        return None
    if not command.evidence.strip():
        return Refused("evidence_needed")
    if command.at > draft.rules.now:
        return Refused("in_the_future")
    reopened = [event.at for event in draft.ticket.clock if event.kind == "reopen"]
    earliest = max([draft.rules.reading(draft.ticket).started_at, *reopened])
    return Refused("before_the_start") if command.at < earliest else None


def _call_back(draft: Draft, command: Resolve) -> CallBack | None:
    within = draft.rules.book.policy.priorities[draft.ticket.priority].call_back_within
    if within is None:
        return None
    whom = command.called[:_TEXT_LENGTH].strip()
    now = draft.rules.now
    return CallBack(due_at=now + within, by=command.by.id, at=now if whom else None, whom=whom)


def called_back(draft: Draft, command: CalledBack) -> Refused | None:
    """Record the call that the contract owes the customer after a P1 or P2."""
    call = draft.ticket.call_back
    if draft.ticket.state != "resolved" or call is None:
        return Refused("not_resolved")
    if call.at is not None:
        return Refused("already_recorded")
    if not command.whom.strip():
        return Refused("whom_needed")
    whom = command.whom[:_TEXT_LENGTH].strip()
    draft.change(call_back=call.model_copy(update={"at": draft.rules.now, "whom": whom}))
    draft.record("called_back", by=f"staff:{command.by.id}", whom=whom, note=command.note[:_TEXT_LENGTH] or None)
    return None


def reopen(draft: Draft, command: Reopen) -> Refused | None:
    """Let the clock go on where it stood: the fault came back."""
    if draft.ticket.state != "resolved":
        return Refused("not_resolved")
    draft.clock("reopen")
    draft.change(
        state="open",
        resolution="",
        workaround=False,
        resolved_at=None,
        resolved_by="",
        call_back=None,
        progress=draft.ticket.progress.anew(),
    )
    by = f"staff:{command.by.id}" if isinstance(command.by, Staff) else f"customer:{command.by.person}"
    draft.record("reopened", by=by, note=command.note[:_TEXT_LENGTH])
    tell_reopened(draft)
    return None


def absorb(draft: Draft, command: Absorb) -> Refused | None:
    """Take over a duplicate: its people, chats and mail thread; the earlier first contact counts for both.

    The duplicate is closed afterwards (`merge_into`). Until then both are paged: nothing is lost in between.
    """
    ticket, other = draft.ticket, command.other
    refused = may_handle(ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if other.code == ticket.code or other.customer != ticket.customer or other.state == "merged":
        return Refused("not_a_duplicate")
    first = min((event for event in other.clock if event.kind == "start"), key=lambda event: event.at)
    if first.at < min(event.at for event in ticket.clock if event.kind == "start"):  # see `notices.take`
        draft.clock("start", at=first.at, priority=ticket.clock[0].priority)
    for event in other.clock:
        if event.kind == "notice":
            draft.clock("notice", at=event.at)
    known = {participant.address for participant in ticket.participants}
    linked = {thread.chat.thread_id() for thread in ticket.threads}
    references = (*other.mail.references, *ticket.mail.references)
    noticed = [at for at in (ticket.notice_at, other.notice_at) if at is not None]
    draft.change(
        participants=(*ticket.participants, *(p for p in other.participants if p.address not in known)),
        bindings=(*ticket.bindings, *other.bindings),
        threads=(*ticket.threads, *(t for t in other.threads if t.chat.thread_id() not in linked)),
        mail=ticket.mail.model_copy(update={"references": tuple(dict.fromkeys(references))[-REFERENCES_KEPT:]}),
        notices=(*ticket.notices, *other.notices),
        notice_at=min(noticed, default=None),
    )
    draft.record("absorbed", by=f"staff:{command.by.id}", ticket=other.code, first_contact_at=first.at)
    return None


def merge_into(draft: Draft, command: MergeInto) -> Refused | None:
    """Close a duplicate: its clock stands, its pages end, and whatever comes for it goes to the other ticket."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    if command.into == draft.ticket.code:
        return Refused("not_a_duplicate")
    draft.clock("merge")
    draft.change(state="merged", merged_into=command.into, ack=None, offered_to="", word=None, threads=())
    draft.record("merged", by=f"staff:{command.by.id}", into=command.into)
    tell_merged(draft)
    return None
