"""Mail that opens a ticket or comes into its thread. Source: D1, D2, D3; support procedure, article 2.2.A."""

from bot.sla.clock import ClockEvent
from bot.ticket.commands import Bounced, CustomerMail, EngineerMail, OpenByMail
from bot.ticket.draft import Draft, Rules
from bot.ticket.effects import Mail, Mirror
from bot.ticket.hold import renew
from bot.ticket.model import MailThread, Ticket
from bot.ticket.notices import claim_call
from bot.ticket.pausing import end_wait_for_customer

EXCERPT_LENGTH = 400
REFERENCES_KEPT = 20


def new_ticket(command: OpenByMail, rules: Rules) -> Ticket:
    """Return the ticket that a trusted mail opens: its clock starts with the mail (D1)."""
    policy = rules.book.policy
    stated = command.stated_priority if command.stated_priority in policy.priorities else None
    priority = stated or policy.provisional
    return Ticket(
        code=command.code,
        customer=command.customer,
        subject=command.subject,
        excerpt=command.text[:EXCERPT_LENGTH],
        team=command.team,
        priority=priority,
        provisional=stated is None,
        policy=policy.content_hash(),
        opened_at=command.received_at,
        mail_at=command.received_at,
        expected_at=command.received_at,
        clock=(ClockEvent(at=command.received_at, kind="start", priority=priority),),
        mail=MailThread(
            root=command.message_id,
            references=(*command.references, command.message_id)[-REFERENCES_KEPT:],
            last=command.message_id,
            subject=command.subject,
        ),
        requester=command.sender,
        participants=(command.sender,),
    )


def open_by_mail(draft: Draft, command: OpenByMail) -> None:
    """Record the first contact and answer with the code; the page follows from the ladder's first step."""
    ticket = draft.ticket
    draft.guards.append(f"mail:{command.message_id}")
    draft.record(
        "opened",
        by=f"mail:{command.sender.address}",
        received_at=command.received_at,
        priority=ticket.priority,
        provisional=ticket.provisional,
        team=ticket.team,
        message_id=command.message_id,
        attachments=list(command.attachments),
    )
    if command.call is not None:
        claim_call(draft, command.call)
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=ticket.code,
            template="auto_reply",
            to=(command.sender.address,),
            in_reply_to=command.message_id,
            references=ticket.mail.references,
            subject=ticket.subject,
            names=command.missing,
        )
    )


def customer_mail(draft: Draft, command: CustomerMail) -> None:
    """Record a further mail of the customer's side; its sender is a participant from now on (D10)."""
    draft.guards.append(f"mail:{command.message_id}")
    _join_thread(draft, command.message_id)
    known = {participant.address for participant in draft.ticket.participants}
    if command.sender.address not in known:
        draft.change(participants=(*draft.ticket.participants, command.sender))
    draft.record(
        "customer_mail",
        by=f"mail:{command.sender.address}",
        received_at=command.received_at,
        message_id=command.message_id,
        attachments=list(command.attachments),
    )
    end_wait_for_customer(draft, command.received_at, f"mail:{command.sender.address}")
    if draft.ticket.state == "resolved":
        draft.say_to_desk("wrote_after_resolved", code=draft.ticket.code)


def engineer_mail(draft: Draft, command: EngineerMail) -> None:
    """Show an engineer's answer in every linked chat; a mail that leaves the customer out stays internal."""
    draft.guards.append(f"mail:{command.message_id}")
    _join_thread(draft, command.message_id)
    renew(draft, command.by)
    draft.record(
        "engineer_mail" if command.to_customer else "internal_mail",
        by=f"staff:{command.by.id}",
        received_at=command.received_at,
        message_id=command.message_id,
        attachments=list(command.attachments),
    )
    if not command.to_customer:
        return
    draft.change(last_answer_at=command.received_at)
    for thread in draft.ticket.threads:
        draft.tell(
            Mirror(
                id=draft.next_effect_id(),
                ticket=draft.ticket.code,
                chat=thread.chat,
                person=thread.linked_by if thread.chat.personal else None,
                language=thread.language,
                author=command.by.name,
                text=command.text,
                at=command.received_at,
                attachments=command.attachments,
            )
        )


def bounced(draft: Draft, command: Bounced) -> None:
    """Record that a mail did not arrive; the desk must reach its reader another way."""
    draft.guards.append(f"mail:{command.report_id}")
    draft.record("bounced", message_id=command.message_id, report_id=command.report_id)
    draft.say_to_desk("bounced", code=draft.ticket.code, report=command.subject)


def _join_thread(draft: Draft, message_id: str) -> None:
    mail = draft.ticket.mail
    references = (*(known for known in mail.references if known != message_id), message_id)
    draft.change(mail=mail.model_copy(update={"references": references[-REFERENCES_KEPT:], "last": message_id}))
