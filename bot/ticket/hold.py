"""Who holds a ticket: acknowledging, and keeping the hold by any act. Source: "The default ladder", D9."""

from bot.errors import Refused
from bot.sla.rungs import Ack
from bot.ticket.commands import Acknowledge, Staff
from bot.ticket.draft import Draft, Rules
from bot.ticket.model import Ticket


def acknowledge(draft: Draft, command: Acknowledge) -> Refused | None:
    """Take the ticket. The first to do so holds it; a higher level, or whom it was handed to, may take it from them."""
    refused = may_handle(draft.ticket, command.by, draft.rules)
    if refused is not None:
        return refused
    rank = draft.rules.book.desk.rank
    held = draft.ticket.ack
    mine = held is not None and held.by == command.by.id
    offered = draft.ticket.offered_to == command.by.id
    if held is not None and not mine and not offered and rank(command.by.level) <= rank(held.level):
        return Refused("already_acknowledged", {"holder": held.name})
    now = draft.rules.now
    since = held.at if held is not None and mine else now
    ack = Ack(by=command.by.id, name=command.by.name, level=command.by.level, at=since, renewed_at=now)
    if mine:
        draft.change(ack=ack)
    else:
        draft.change(ack=ack, offered_to="", word=None)
    draft.record("acknowledged", by=f"staff:{command.by.id}", channel="teams")
    return None


def may_handle(ticket: Ticket, by: Staff, rules: Rules) -> Refused | None:
    """Return why somebody may not act on a ticket now: levels paged so far, and those above, may.

    So may its holder and whom it was handed to, whatever their level. Where nobody could be paged anybody may.
    """
    if ticket.state != "open":
        return Refused("already_resolved")
    if by.id == ticket.offered_to or (ticket.ack is not None and by.id == ticket.ack.by):
        return None
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
