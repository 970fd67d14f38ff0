"""The engineer's card: what burns, how long is left, and one button to take it. Staff only."""

from bot.cards import forms, parts, waiting
from bot.cards.parts import Element
from bot.cards.views import PageView
from bot.sla.instants import MINUTE
from bot.text import formats
from bot.text.phrases import phrases
from bot.ticket.model import Language

_HURRY_PERCENT = 75
"""From here on the card is amber: the share at which the default ladder goes above the first level."""
_BUTTONS_MAX = 6
"""Teams shows no more."""


def draw_page(view: PageView, language: Language) -> Element:
    """Return the page card: buttons while the ticket is open, the holder once somebody took it."""
    words = phrases(language).cards
    body = [
        parts.headline(_headline(language, view), _kind(language, view), _style(view)),
        *parts.mentions(language, view.mentions),
        *_late(language, view),
        *_word(language, view),
        *waiting.to_ask_after(language, view),
        *parts.facts(
            (words.label_company, parts.plain(view.company)),
            (
                words.label_priority,
                parts.priority(language, view.priority, view.priority_title, provisional=view.provisional),
            ),
            (words.label_due, _due(language, view)),
            (words.label_holder, _holder(language, view)),
            (words.label_waiting, _waiting(language, view)),
            (words.label_received, parts.when(language, view.received_at, view.now, view.zone)),
            (words.label_notice, parts.when(language, view.notice_at, view.now, view.zone)),
            (words.label_level, parts.level(language, view.level)),
            (words.label_channels, words.channels_mail_and_chat if view.chat_linked else words.channels_mail),
            (words.label_contract, parts.plain(view.contract_number)),
        ),
        *waiting.open_pauses(language, view),
        *parts.prose(words.label_fqdn, view.fqdn, parts.SHORT_MAX),
        *parts.prose(words.label_requester, view.requester, parts.SHORT_MAX),
        *parts.prose(words.label_subject, view.subject, parts.SUBJECT_MAX),
        *parts.prose(words.label_excerpt, view.excerpt),
        *(parts.prose(words.label_resolution, view.resolution) if view.state == "resolved" else []),
        *(forms.foresight(language, view, view.foresight) if view.foresight is not None else []),
    ]
    return parts.card(language, summary_page(view, language), body, _actions(language, view))


def summary_page(view: PageView, language: Language) -> str:
    """Return what a locked phone shows: why it rings, priority, code, time left, company."""
    words = phrases(language).cards
    line = words.summary_with_company.format(headline=_headline(language, view), company=parts.shown(view.company))
    if view.state == "resolved":
        return line
    match view.kind:
        case "ack_warning":
            return words.summary_ack_warning.format(headline=line)
        case _ if view.holder and view.kind != "information":
            return words.summary_held.format(headline=line, holder=parts.shown(view.holder))
        case "repeat":
            return words.summary_repeat.format(headline=line)
        case "triage":
            return words.summary_triage.format(headline=line)
        case "information":
            return words.summary_information.format(headline=line)
        case _:
            return line


def _headline(language: Language, view: PageView) -> str:
    words = phrases(language).cards
    about = {"priority": view.priority, "code": view.code}
    if view.state == "resolved":
        return words.headline_resolved.format(**about)
    if view.left is None:
        return words.headline_paused.format(**about)
    if view.breached or view.left < 0:
        span = formats.span(language, view.left)
        just = span == phrases(language).times.under_a_minute
        return (words.headline_just_over if just else words.headline_over).format(**about, span=span)
    return words.headline.format(**about, left=parts.time_left(language, view.left, view.due_at, view.now))


def _kind(language: Language, view: PageView) -> str:
    words = phrases(language).cards
    if view.state == "resolved" and view.kind != "call_back":
        return words.kind_resolved.format(at=parts.when(language, view.resolved_at, view.now, view.zone))
    if view.kind == "information" and not view.level:  # somebody asked for it; nobody was paged
        states = {"waiting": words.state_waiting, "working": words.kind_held.format(holder=parts.plain(view.holder))}
        return states.get(view.state, words.state_received)
    if view.holder and view.kind in {"step", "repeat"}:
        return words.kind_held.format(holder=parts.plain(view.holder))
    kinds = {
        "step": words.kind_step,
        "repeat": words.kind_repeat,
        "after_breach": words.kind_after_breach,
        "triage": words.kind_triage,
        "ack_warning": words.kind_ack_warning,
        "information": words.kind_information,
        "chase": words.kind_chase,
        "escalated": words.kind_escalated,
        "handed_over": words.kind_handed_over,
        "call_back": words.kind_call_back,
    }
    return kinds[view.kind].format(level=parts.level(language, view.level)).removesuffix(" – ")


def _late(language: Language, view: PageView) -> list[Element]:
    if view.late_ms < MINUTE:
        return []
    return [parts.text(phrases(language).cards.late.format(span=formats.span(language, view.late_ms)))]


def _word(language: Language, view: PageView) -> list[Element]:
    """Return what somebody said who passed the ticket on: whoever is paged for it must read it first."""
    words, word = phrases(language).cards, view.word
    if word is None or view.state == "resolved":
        return []
    label = words.label_handed_over if word.kind == "handed_over" else words.label_escalated
    at = parts.when(language, word.at, view.now, view.zone)
    return parts.prose(label.format(name=parts.plain(word.by_name), at=at), word.text)


def _style(view: PageView) -> str:
    if view.state == "resolved":
        return "good"
    if view.breached or (view.left is not None and view.left < 0):
        return "attention"
    if view.left is None:  # paused: nothing burns, however much was used before
        return "accent"
    if view.used_percent >= _HURRY_PERCENT or view.kind == "ack_warning":
        return "warning"
    return "accent" if view.holder or view.kind == "information" else "warning"


def _due(language: Language, view: PageView) -> str:
    words = phrases(language).cards
    if view.state == "resolved":
        return parts.when(language, view.due_at, view.now, view.zone)
    if view.due_at is None:
        return words.due_paused
    due = formats.instant(language, view.due_at, view.now, view.zone)
    return words.due_used.format(due=due, percent=view.used_percent)


def _waiting(language: Language, view: PageView) -> str:
    """Return why the clock stands, where no open pause tells it: a suspension, a notice that is waited for."""
    if not view.waiting_for or view.waiting_for in {pause.reason for pause in view.pauses}:
        return ""
    return parts.pause_reason(language, view.waiting_for)


def _holder(language: Language, view: PageView) -> str:
    words = phrases(language).cards
    holder = parts.plain(view.holder)
    if not holder:
        return "" if view.state == "resolved" else words.nobody_holds
    if view.ack_until is None or view.state == "resolved":
        return holder
    return words.held_until.format(holder=holder, until=parts.when(language, view.ack_until, view.now, view.zone))


def _actions(language: Language, view: PageView) -> list[Element]:
    """Return at most six buttons. What is rarely done is behind the last one."""
    words, asks = phrases(language).cards, phrases(language).forms
    if view.merged_into:
        return []
    if view.foresight is not None:
        return forms.confirm(language, view, view.foresight)
    if view.menu:
        return _menu(language, view)
    more = parts.execute(asks.button_more, "more", view.button)
    if view.state == "resolved":
        return [*forms.called_back(language, view), more]
    take = []
    if not view.holder or (view.offered and view.kind == "handed_over"):
        take = [parts.execute(words.button_acknowledge, "acknowledge", view.button, style="positive")]
    elif view.kind == "ack_warning":
        take = [parts.execute(words.button_keep, "acknowledge", view.button, style="positive")]
    always = [forms.resolve(language, view), forms.note(language, view)]
    if view.pauses:
        return [*take, *always, *forms.resume(language, view), *forms.chase(language, view), more]
    classify, pause = forms.classify(language, view), forms.pause(language, view)
    return [*take, classify, *always, pause, more] if view.provisional else [*take, *always, pause, classify, more]


def _menu(language: Language, view: PageView) -> list[Element]:
    """Return what is rarely done; where that is too much for one card, the rest is behind a button of its own."""
    asks = phrases(language).forms
    rarely, back = _rarely_done(language, view), parts.execute(asks.button_back, "refresh", view.button)
    if len(rarely) < _BUTTONS_MAX:
        return [*rarely, back]
    room = _BUTTONS_MAX - 2
    if view.menu > 1:
        return [*rarely[room:], back]
    return [*rarely[:room], parts.execute(asks.button_more, "more", view.button, menu="2"), back]


def _rarely_done(language: Language, view: PageView) -> list[Element]:
    receipt = parts.execute(phrases(language).forms.button_receipt, "receipt", view.button)
    if view.state == "resolved":
        return [forms.reopen(language, view), receipt, forms.outage(language, view)]
    again = [forms.pause(language, view), forms.classify(language, view)] if view.pauses else []
    return [
        *again,
        *forms.escalate(language, view),
        *forms.hand_over(language, view),
        forms.call(language, view),
        receipt,
        forms.outage(language, view),
    ]
