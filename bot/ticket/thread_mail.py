"""Mails of the desk into a ticket's own thread: to the requester, with the participants and the team in copy."""

from collections.abc import Mapping

from bot.sla.book import Desk
from bot.ticket.draft import Draft
from bot.ticket.effects import Mail, MailTemplate
from bot.ticket.model import Ticket


def into_thread(draft: Draft, template: MailTemplate, values: Mapping[str, str], *, also: tuple[str, ...] = ()) -> None:
    """Send a mail into the thread; `also`: further addresses in copy. Empty values are left out.

    Never to the desk's own support address: that would be a loop.
    """
    ticket = draft.ticket
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=ticket.code,
            template=template,
            to=(ticket.requester.address,),
            cc=copies(ticket, draft.rules.book.desk, also),
            in_reply_to=ticket.mail.last,
            references=ticket.mail.references,
            subject=ticket.mail.subject,
            values={name: value for name, value in values.items() if value},
        )
    )


def copies(ticket: Ticket, desk: Desk, also: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return who is in copy of what the requester is mailed: the team and the participants, each once."""
    team = desk.teams[ticket.team].queue.email if ticket.team in desk.teams else None
    told = {ticket.requester.address.lower(), desk.support_mail.lower()}
    found: list[str] = []
    for address in (team, *also, *(participant.address for participant in ticket.participants)):
        if address and address.lower() not in told:
            told.add(address.lower())
            found.append(address)
    return tuple(found)
