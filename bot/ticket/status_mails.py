"""Mails that tell a customer, in the ticket's own thread, what became of it: that thread is the contract's record.

Of what staff wrote only what is meant for the customer goes out: a resolution's note, a suspension's reason, its end's
agreement.
Source: D8, D9; support procedure, articles 2.1, 2.2.A and 2.4 ("trả lời … qua email cho tất cả các yêu cầu").
"""

from bot.sla.book import Book
from bot.sla.instants import Instant
from bot.ticket.draft import Draft
from bot.ticket.effects import Mail
from bot.ticket.model import Suspension, Ticket
from bot.ticket.receipt import deadline_of
from bot.ticket.thread_mail import copies, into_thread


def tell_resolved(draft: Draft) -> None:
    """Answer the request: what was done, and when. The values are those of the resolution, whenever the mail leaves."""
    if "resolved" not in draft.rules.book.policy.status_mails:
        return
    ticket = draft.ticket
    due_at = deadline_of(ticket, draft.rules.reading(ticket), draft.rules)
    values = {
        "outcome": "workaround" if ticket.workaround else "resolved",
        "resolved_ms": _ms(ticket.resolved_at),
        "due_ms": _ms(due_at),
        "resolved_by": ticket.resolved_by,
        "note": ticket.resolution,
    }
    if ticket.call_back is not None:
        done = ticket.call_back.at is not None
        values |= {"call_back": "done" if done else "owed", "called": ticket.call_back.whom}
    into_thread(draft, "resolved", values)


def tell_reopened(draft: Draft) -> None:
    """Say that the ticket is open again; also where that is switched off if its clock stands by a suspension."""
    standing = next((one for one in _suspensions(draft) if one.ended_at is None), None)
    if standing is not None:
        into_thread(draft, "reopened", {"since_ms": _ms(standing.at)})
    elif "reopened" in draft.rules.book.policy.status_mails:
        into_thread(draft, "reopened", {})


def tell_merged(draft: Draft) -> None:
    """Say in a duplicate's thread into which ticket it was merged: the values outlive whatever becomes of that one."""
    if "merged" in draft.rules.book.policy.status_mails:
        into_thread(draft, "merged", {"into": draft.ticket.merged_into})


def tell_suspended(draft: Draft, suspension: Suspension) -> None:
    """Notify of a suspension: by article 2.1 it rests on the notice. Only an open ticket has a time to suspend."""
    if draft.ticket.state == "open":
        into_thread(draft, "suspended", _of_suspension(suspension, draft.rules.book))


def tell_agreed(draft: Draft, suspension: Suspension, *, untold: bool) -> None:
    """Say that the time counts again. `untold`: no mail told of the suspension, so this one gives its reason too."""
    if draft.ticket.state == "open":
        reason = {"reason": suspension.reason} if untold else {}
        into_thread(draft, "agreed", _of_agreement(suspension) | reason)


def outside_threads(suspension: Suspension, last: Ticket, book: Book) -> Mail:
    """Return the mail of a suspension, or of its end, to a customer none of whose tickets is open.

    It begins a thread of its own, to whoever wrote the `last` ticket with everybody who took part in it: the notice is
    about the customer's contract, and an answer to it is nothing of a ticket that is closed.
    """
    ended = suspension.ended_at is not None
    values = _of_agreement(suspension) if ended else _of_suspension(suspension, book)
    return Mail(
        id=f"{'agreed' if ended else 'suspended'}.{suspension.id}",
        template="agreed" if ended else "suspended",
        to=(last.requester.address,),
        cc=copies(last, book.desk),
        values={name: value for name, value in values.items() if value},
    )


def _of_suspension(suspension: Suspension, book: Book) -> dict[str, str]:
    manager = book.roster.by_id.get(suspension.by.removeprefix("staff:"))
    name = manager.name if manager is not None else ""
    return {"since_ms": _ms(suspension.at), "reason": suspension.reason, "manager": name}


def _of_agreement(suspension: Suspension) -> dict[str, str]:
    return {
        "since_ms": _ms(suspension.at),
        "until_ms": _ms(suspension.ended_at),
        "agreement": suspension.agreement,
    }


def _suspensions(draft: Draft) -> list[Suspension]:
    return [one for one in draft.rules.desk.suspensions if one.customer == draft.ticket.customer]


def _ms(at: Instant | None) -> str:
    return "" if at is None else str(at)
