"""The customer's card. Where several customers see it, it shows priority, state, deadline, mail times (D11)."""

from bot.cards import parts
from bot.cards.parts import Element
from bot.cards.views import StatusDetails, StatusView
from bot.text import formats
from bot.text.groups import Cards
from bot.text.phrases import phrases
from bot.ticket.model import Language


def draw_status(view: StatusView, language: Language, *, private: bool) -> Element:
    """Return the status card; details only where `private` and the view carries them. No breach colours, ever."""
    words = phrases(language).cards
    details = view.details if private else None
    resolved = view.state == "resolved"
    body = [
        parts.headline(words.title_status.format(code=view.code), _state(words, view), _style(view)),
        *parts.facts(
            (
                words.label_priority,
                parts.priority(language, view.priority, view.priority_title, provisional=view.provisional),
            ),
            (words.label_due, "" if resolved else _due(language, view)),
            (words.label_last_answer, parts.when(language, view.last_answer_at, view.now, view.zone)),
            *_detail_facts(language, view, details),
        ),
    ]
    if details is not None:
        body += parts.prose(words.label_subject, details.subject, parts.SUBJECT_MAX)
        body += parts.prose(words.label_resolution, details.resolution) if resolved else []
    hint = words.write_again if resolved else words.write_here
    body.append(parts.text(hint, isSubtle=True, size="Small", spacing="Medium"))
    if not resolved:
        call = words.call_us.format(support_phone=parts.unbroken(view.support_phone))
        body.append(parts.text(call, isSubtle=True, size="Small", spacing="None"))
    return parts.card(language, summary_status(view, language), body, _buttons(words, view, details))


def summary_status(view: StatusView, language: Language) -> str:
    """Return the card in one line: code, priority, state, deadline; the same wherever it is shown (D11)."""
    words = phrases(language).cards
    state = _state(words, view).lower()
    if view.state == "resolved" or view.due_at is None:
        return words.summary_status.format(priority=view.priority, code=view.code, state=state)
    due = formats.instant(language, view.due_at, view.now, view.zone)
    return words.summary_status_due.format(priority=view.priority, code=view.code, state=state, due=due)


def _state(words: Cards, view: StatusView) -> str:
    return {
        "received": words.state_received,
        "working": words.state_working,
        "waiting": words.state_waiting,
        "resolved": words.state_resolved,
    }[view.state]


def _style(view: StatusView) -> str:
    return "good" if view.state == "resolved" else "accent"


def _due(language: Language, view: StatusView) -> str:
    if view.due_at is None:
        return phrases(language).cards.due_paused
    return formats.instant(language, view.due_at, view.now, view.zone)


def _detail_facts(language: Language, view: StatusView, details: StatusDetails | None) -> list[tuple[str, str]]:
    if details is None:
        return []
    words = phrases(language).cards
    resolved_at = view.resolved_at if view.state == "resolved" else None
    return [
        (words.label_received, parts.when(language, view.received_at, view.now, view.zone)),
        (words.label_resolved_at, parts.when(language, resolved_at, view.now, view.zone)),
        (words.label_company, parts.plain(details.company)),
        (words.label_holder, parts.plain(details.holder)),
        (words.label_waiting, parts.pause_reason(language, details.waiting_for) if details.waiting_for else ""),
    ]


def _buttons(words: Cards, view: StatusView, details: StatusDetails | None) -> list[Element]:
    """Return what the customer can do; how the time was counted is told in private only (D11)."""
    counted = [] if details is None else [parts.execute(words.button_how_counted, "receipt", view.button)]
    if view.state != "resolved":
        return [parts.execute(words.button_refresh, "refresh", view.button), *counted]
    send = parts.execute(words.button_confirm, "reopen", view.button)
    return [parts.form(words.button_reopen, [parts.asked(words, "note", words.input_reopen)], send), *counted]
