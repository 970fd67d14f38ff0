"""English mails: the second language of what customers get, the first of people whose roster entry says so."""

from bot.text.mails import (
    Block,
    Bullets,
    Mails,
    Paragraph,
    Values,
    Written,
    facts,
    joined,
    line,
    paragraphs,
    priority,
    quote,
    quoted,
    regards,
)
from bot.text.mails_status_en import agreed, merged, reopened, resolved, suspended

_DUTIES = {
    "company": "Company name",
    "name": "Full name of the person reporting",
    "department": "Department",
    "title": "Job title",
    "mobile": "Mobile number",
    "chat": "Chat name or chat group",
    "contract_number": "Contract number",
    "partner": "The partner you bought from",
    "fqdn": "FQDN (the domain name of your phone system)",
    "licence_key": "Licence key",
    "evidence": "Details of the fault, pictures or a video",
}

_PAGE_KINDS = {
    "step": "To be acknowledged",
    "repeat": "Reminder: nobody has acknowledged",
    "after_breach": "SLA breached, not resolved",
    "triage": "Not classified yet",
    "ack_warning": "Your acknowledgement is about to lapse",
    "information": "For information, nothing to acknowledge",
    "chase": "Time to ask about what this ticket waits for",
    "escalated": "Escalated by a colleague, to be acknowledged",
    "handed_over": "Handed over, waiting to be taken",
    "call_back": "The customer is still to be called back",
}

_WHAT_TO_DO = {
    "information": "",
    "ack_warning": "To keep the ticket, press “Keep it” on the ticket's card in Microsoft Teams.",
    "chase": "When you have asked, press “Asked again” on the ticket's card in Microsoft Teams and note the answer.",
    "call_back": "After the call, press “Customer called back” on the ticket's card in Microsoft Teams and note who answered.",
}
_ACKNOWLEDGE = "To acknowledge, press “Acknowledge” on the ticket's card in Microsoft Teams. A reply to this e-mail acknowledges nothing."

_HELD_REASONS = {
    "unregistered": "We could not open a ticket, because the address that you wrote from is not registered with any support contract.",
    "support": "We could not open a ticket, because your company's support package has ended.",
    "maintenance": "We could not open a ticket, because the maintenance of your licence has ended.",
    "certificate": "We could not open a ticket, because the licence has no CO (Certify the ownership) from the distributor.",
}


def _auto_reply(values: Values, names: tuple[str, ...]) -> Written:
    code, phone = line(values, "code"), line(values, "support_phone")
    provisional = "This priority is provisional: an engineer will classify your request after reading it, and the deadline may change with it."
    call = (
        f"call {phone} or post this code in the Microsoft Teams channel"
        if phone
        else "post this code in the Microsoft Teams channel"
    )
    missing: tuple[Block, ...] = ()
    if names:
        missing = (
            Paragraph("To help us to be quicker, please reply to this e-mail and add:"),
            Bullets(tuple(_DUTIES.get(name, name) for name in names)),
        )
    return Written(
        joined(" ", f"[{code}]" if code else "", "We have received your support request"),
        (
            *paragraphs("Dear Sir or Madam,", "Thank you for contacting us. We have received your request:"),
            *facts(
                ("Ticket code", code),
                ("Subject", line(values, "subject")),
                ("Priority", priority(values, "en")),
                ("Deadline", line(values, "due_en")),
            ),
            *paragraphs(
                provisional if values.get("provisional") else "",
                f"To talk to us, please {call}. What is said in Teams is also kept in this e-mail thread. Support is given in Vietnamese.",
            ),
            *missing,
            *paragraphs(
                "Please keep the ticket code and reply in this e-mail thread to follow the request.",
                "Please note: other chat services (Zalo, Viber, …) are not official support channels; a message there starts no clock.",
            ),
            *regards(values, "Kind regards,"),
        ),
    )


def _chat_mirror(values: Values, _names: tuple[str, ...]) -> Written:
    code, change, text = line(values, "code"), values.get("change", ""), quoted(values, "text")
    where = joined(", ", "Teams", line(values, "at"))
    notes = {"edited": " edited a message", "deleted": " deleted a message"}
    says = f"{line(values, 'author')} ({where}){notes.get(change, '')}:"
    if not text:
        says = says.removesuffix(":") + "."
    return Written(
        joined(" ", f"[{code}]" if code else "", "Conversation in Microsoft Teams"),
        (
            *paragraphs(f"{says} {text}" if text and "\n" not in text and not change else says),
            *(quote(text) if "\n" in text or change else ()),
            *paragraphs(
                "This message was copied from Microsoft Teams. Reply to this e-mail to go on in the same thread."
            ),
        ),
    )


def _page(values: Values, _names: tuple[str, ...]) -> Written:
    kind = values.get("kind", "")
    code, customer, left = line(values, "code"), line(values, "customer"), _left(values)
    title = _PAGE_KINDS.get(kind, _PAGE_KINDS["step"])
    return Written(
        joined(
            " ",
            f"[{code}]" if code else "",
            joined(" – ", joined(" ", line(values, "priority"), left), title, customer),
        ),
        (
            *paragraphs(
                joined(" ", "Hello", line(values, "contact_name")) + ",",
                joined(" – ", title, line(values, "level")) + ".",
            ),
            *_word(values),
            *facts(
                ("Ticket code", code),
                ("Priority", priority(values, "en")),
                ("Customer", customer),
                ("Subject", line(values, "subject")),
                ("Deadline", line(values, "due_en")),
                ("Time", left),
                ("Held by", line(values, "holder")),
                ("Waiting for", line(values, "waiting_en")),
                ("Last answer", line(values, "last_answer")),
            ),
            *quote(quoted(values, "excerpt")),
            *paragraphs(
                _WHAT_TO_DO.get(kind, _ACKNOWLEDGE),
                line(values, "desk_name"),
            ),
        ),
    )


def _word(values: Values) -> tuple[Block, ...]:
    """Return what a colleague said who passed the ticket on."""
    word = quoted(values, "word")
    if not word:
        return ()
    label = "Handed over by" if values.get("word_kind") == "handed_over" else "Why it was escalated –"
    return (*paragraphs(f"{label} {line(values, 'word_by')}:"), *quote(word))


def _breach(values: Values, _names: tuple[str, ...]) -> Written:
    code, customer = line(values, "code"), line(values, "customer")
    return Written(
        joined(
            " ",
            f"[{code}]" if code else "",
            joined(" – ", joined(" ", line(values, "priority"), "SLA breached"), customer),
        ),
        (
            *paragraphs("Dear Sir or Madam,", "This ticket has passed its SLA deadline and is not resolved:"),
            *facts(
                ("Ticket code", code),
                ("Priority", priority(values, "en")),
                ("Customer", customer),
                ("Subject", line(values, "subject")),
                ("Deadline", line(values, "due_en")),
                ("Over by", line(values, "over_by")),
                ("Held by", line(values, "holder") or "nobody yet"),
            ),
            *paragraphs(
                "The holder and the highest level paged are reminded until the ticket is resolved.",
                line(values, "desk_name"),
            ),
        ),
    )


def _one_time_code(values: Values, _names: tuple[str, ...]) -> Written:
    asked_by, code = line(values, "asked_by"), line(values, "code")
    about = f" to see ticket {code}" if code else ""
    return Written(
        "Code to confirm access to a ticket",
        (
            *paragraphs("Dear Sir or Madam,", "Your confirmation code is:"),
            Paragraph(line(values, "digits"), strong=True),
            *paragraphs(
                f"It is valid for 10 minutes and is typed into the chat with the assistant in Microsoft Teams{about}.",
                f"Asked for by: “{asked_by}” (display name in Microsoft Teams, not verified)." if asked_by else "",
                "If you did not ask for it, ignore this e-mail and give the code to nobody.",
            ),
            *regards(values, "Kind regards,"),
        ),
    )


def _held(values: Values, _names: tuple[str, ...]) -> Written:
    mail, phone = line(values, "support_mail"), line(values, "support_phone")
    known = values.get("reason", "") in _HELD_REASONS
    reason = _HELD_REASONS.get(values.get("reason", ""), "We could not open a ticket for this e-mail.")
    unregistered = not known or values.get("reason") == "unregistered"
    to = f" to {mail}" if mail else ""
    register = f"By the support procedure, a request is sent from an address of the registered company domain{to}. Please send it again from such an address."
    decide = "Somebody responsible will look at it and answer you. Until the request is accepted, the SLA clock does not run."
    return Written(
        "No ticket could be opened for your request",
        (
            *paragraphs("Dear Sir or Madam,", "Thank you for contacting us."),
            *facts(("Subject", line(values, "subject"))),
            *paragraphs(
                reason,
                register if unregistered else decide,
                f"If you need help, please call {phone}." if phone else "",
            ),
            *regards(values, "Kind regards,"),
        ),
    )


def _operator(values: Values, _names: tuple[str, ...]) -> Written:
    code = line(values, "code")
    show = f" and run `python -m bot tickets show {code}`" if code else ""
    return Written(
        joined(" ", f"[{code}]" if code else "", "The desk service needs to be looked at"),
        (
            *paragraphs("Hello,", "The desk service has this problem:"),
            *quote(quoted(values, "what")),
            *facts(("Cause", line(values, "reason")), ("Ticket code", code), ("At", line(values, "at"))),
            *paragraphs(
                f"What to do: look at /healthz/desk and the service's log{show}; if the roster or the configuration is the cause, correct the file and run `python -m bot check-config`.",
                line(values, "desk_name"),
            ),
        ),
    )


def _left(values: Values) -> str:
    minutes = line(values, "minutes_left")
    if minutes.removeprefix("-").isdigit():
        return f"{minutes.removeprefix('-')} min over" if minutes.startswith("-") else f"{minutes} min left"
    return minutes


EN = Mails(
    auto_reply=_auto_reply,
    chat_mirror=_chat_mirror,
    page=_page,
    breach=_breach,
    one_time_code=_one_time_code,
    held=_held,
    operator=_operator,
    resolved=resolved,
    reopened=reopened,
    merged=merged,
    suspended=suspended,
    agreed=agreed,
)
