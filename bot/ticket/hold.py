"""Who holds a ticket: acknowledging, and keeping the hold by any act. Source: "The default ladder", D9."""

from bot.errors import Refused
from bot.sla.escalation import Ack
from bot.ticket.commands import Acknowledge, Staff
from bot.ticket.draft import Draft, Rules
from bot.ticket.model import Ticket


def acknowledge(draft: Draft, command: Acknowledge) -> Refused | None:
    """Take the ticket. The first to do so holds it; only a higher level may take it from somebody else."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    rank = draft.rules.book.desk.rank
    held = draft.ticket.ack
    if held is not None and held.by != command.by.id and rank(command.by.level) <= rank(held.level):
        return Refused("already_acknowledged", {"holder": held.name})
    now = draft.rules.now
    since = held.at if held is not None and held.by == command.by.id else now
    draft.change(ack=Ack(by=command.by.id, name=command.by.name, level=command.by.level, at=since, renewed_at=now))
    draft.record("acknowledged", by=f"staff:{command.by.id}")
    return None


def may_handle(ticket: Ticket, by: Staff, rules: Rules) -> Refused | None:
    """Return why somebody may not act on a ticket now: levels paged so far, and those above, may.

    Where nobody could be paged anybody of the desk may.
    """
    if ticket.state != "open":
        return Refused("already_resolved")
    rank = rules.book.desk.rank
    paged = ticket.progress.levels
    if paged and rank(by.level) < min(rank(level) for level in paged):
        return Refused("not_your_level", {"paged": ", ".join(paged)})
    return None


def renew(draft: Draft, by: Staff) -> None:
    """Keep the hold: any act of the holder renews it."""
    held = draft.ticket.ack
    if held is not None and held.by == by.id:
        draft.change(ack=held.model_copy(update={"renewed_at": draft.rules.now, "warned": False}))
