"""English mails to the customer about what became of a ticket. Courteous, and without the words of a contract."""

from bot.text.mails import (
    Block,
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

_CLOSING = "Kind regards,"


def resolved(values: Values, _names: tuple[str, ...]) -> Written:
    """Say what was done, and what to do if the fault is back."""
    workaround = values.get("outcome") == "workaround"
    phone = line(values, "support_phone")
    urgent = f" If it is urgent, please call {phone}." if phone else ""
    return Written(
        _titled(values, "There is a workaround for your fault" if workaround else "Your fault has been resolved"),
        (
            *paragraphs(
                "Dear Sir or Madam,",
                "The fault that you reported has been dealt with by a workaround, so that you can go on working:"
                if workaround
                else "The fault that you reported has been resolved:",
            ),
            *facts(
                ("Ticket code", line(values, "code")),
                ("Subject", line(values, "subject")),
                ("Priority", priority(values, "en")),
                ("Outcome", "Workaround" if workaround else "Resolved"),
                ("Resolved at", line(values, "resolved_en")),
                ("Deadline", line(values, "due_en")),
                ("Handled by", line(values, "resolved_by")),
            ),
            *_quoted("What was done:", quoted(values, "note")),
            *paragraphs(
                _call(values),
                "If the fault is back, please reply to this e-mail or press “The fault is back” on the ticket's card in "
                f"Microsoft Teams, and we will reopen the ticket and go on with it.{urgent}",
            ),
            *regards(values, _CLOSING),
        ),
    )


def reopened(values: Values, _names: tuple[str, ...]) -> Written:
    """Say that the ticket is open again, and until when it is to be resolved."""
    since, phone = line(values, "since_en"), line(values, "support_phone")
    call = f" or call {phone}" if phone else ""
    standing = (
        f"Your company's SLA has been suspended since {since}; the time counts on as soon as a suitable configuration is agreed "
        "on and applied."
    )
    running = "The time counts on from what had been used before the ticket was resolved."
    return Written(
        _titled(values, "Your ticket has been reopened"),
        (
            *paragraphs("Dear Sir or Madam,", "Your ticket has been reopened, and we are working on it again:"),
            *facts(
                ("Ticket code", line(values, "code")),
                ("Subject", line(values, "subject")),
                ("Priority", priority(values, "en")),
                ("Deadline", line(values, "due_en")),
            ),
            *paragraphs(
                standing if since else running,
                f"If you know more about the fault, please reply in this e-mail thread{call}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def merged(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that two tickets were about one fault, and that whatever is written about either is read."""
    into, phone = line(values, "into"), line(values, "support_phone")
    call = f" or call {phone}" if phone else ""
    return Written(
        _titled(values, f"Your ticket has been merged into {into}" if into else "Your ticket has been merged"),
        (
            *paragraphs(
                "Dear Sir or Madam,",
                "The two tickets below are about the same fault and have been merged, so that you have one to follow:",
            ),
            *facts(
                ("Ticket code", line(values, "code")),
                ("Subject", line(values, "subject")),
                ("Goes on as", into),
            ),
            *paragraphs(
                "You need not send anything again: an e-mail or Teams message about either of them reaches us and is dealt with "
                "together. The time still counts from the earlier of your two reports.",
                f"If these are two different faults, please reply to this e-mail{call}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def suspended(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that the promised times stand still, why, until when, and whom to talk to."""
    since = line(values, "since_en")
    return Written(
        _titled(values, "The SLA is suspended"),
        (
            *paragraphs(
                "Dear Sir or Madam,",
                "We have found that your company's present configuration is not suitable for the promised level of service. "
                "By the clause on configuration changes of the service level agreement (SLA), the SLA is suspended "
                + (f"from {since} " if since else "")
                + "until both sides have agreed on and applied a new or changed configuration.",
            ),
            *facts(
                ("Ticket code", line(values, "code")),
                ("Subject", line(values, "subject")),
                ("Suspended from", since),
            ),
            *_quoted("Reason:", quoted(values, "reason")),
            *paragraphs(
                (
                    "Meanwhile this ticket's deadline does"
                    if line(values, "code")
                    else "Meanwhile the deadlines of your tickets do"
                )
                + " not count; we go on helping you as well as we can.",
                f"To agree on a suitable configuration, please {_reach(values)}.",
            ),
            *regards(values, _CLOSING),
        ),
    )


def agreed(values: Values, _names: tuple[str, ...]) -> Written:
    """Tell that the promised times count again, and the new deadline."""
    until = line(values, "until_en")
    return Written(
        _titled(values, "The SLA applies again"),
        (
            *paragraphs(
                "Dear Sir or Madam,",
                "Thank you for your cooperation. Both sides have agreed on a suitable configuration, and the SLA applies again"
                + (f" from {until}." if until else "."),
            ),
            *facts(
                ("Ticket code", line(values, "code")),
                ("Subject", line(values, "subject")),
                ("Priority", priority(values, "en")),
                ("Suspended from", line(values, "since_en")),
                ("Counts again from", until),
                ("Deadline", line(values, "due_en")),
            ),
            *_quoted("Reason of the suspension:", quoted(values, "reason")),
            *_quoted("What was agreed:", quoted(values, "agreement")),
            *paragraphs("The time of the suspension does not count."),
            *regards(values, _CLOSING),
        ),
    )


def _titled(values: Values, title: str) -> str:
    code = line(values, "code")
    return joined(" ", f"[{code}]" if code else "", title)


def _quoted(heading: str, text: str) -> tuple[Block, ...]:
    return (Paragraph(heading), *quote(text)) if text else ()


def _call(values: Values) -> str:
    called = line(values, "called")
    if values.get("call_back") == "done" and called:
        return f"We have called {called} to make sure that everything works."
    return "We will call you to make sure that everything works." if values.get("call_back") == "owed" else ""


def _reach(values: Values) -> str:
    manager, phone = line(values, "manager"), line(values, "support_phone")
    whom = f"contact {manager}" if manager else "contact us"
    return f"{whom} on {phone} or reply to this e-mail" if phone else f"{whom} by replying to this e-mail"
