"""The managers' card: which promise was broken, by how much, and who had been told. Staff only."""

from bot.cards import parts
from bot.cards.parts import Element
from bot.cards.views import BreachView
from bot.text import formats
from bot.text.phrases import phrases
from bot.ticket.model import Language

_PAGED_MAX = 8


def draw_breach(view: BreachView, language: Language) -> Element:
    """Return the breach card. It stays in the record when a correction says there was none (D7), marked so."""
    words = phrases(language).cards
    kind, style = (words.kind_corrected, "good") if view.corrected else (words.kind_breach, "attention")
    state = {
        "received": words.state_received,
        "working": words.state_working,
        "waiting": words.state_waiting,
        "resolved": words.state_resolved,
    }[view.state]
    body = [
        parts.headline(_headline(language, view), kind, style),
        *parts.facts(
            (words.label_company, parts.plain(view.company)),
            (
                words.label_priority,
                parts.priority(language, view.priority, view.priority_title, provisional=False),
            ),
            (words.label_received, parts.when(language, view.received_at, view.now, view.zone)),
            (words.label_due, parts.when(language, view.due_at, view.now, view.zone)),
            (words.label_breached_at, parts.when(language, view.breached_at, view.now, view.zone)),
            (words.label_state, state),
            (words.label_holder, parts.plain(view.holder) or ("" if view.state == "resolved" else words.nobody_holds)),
        ),
        *parts.prose(words.label_subject, view.subject, parts.SUBJECT_MAX),
        *(parts.prose(words.label_resolution, view.resolution) if view.state == "resolved" else []),
        parts.text(words.label_paged, isSubtle=True, size="Small", spacing="Medium"),
        *_paged(language, view),
    ]
    actions = []
    if not view.holder and view.state != "resolved":
        actions = [parts.execute(words.button_acknowledge, "acknowledge", view.button, style="positive")]
    return parts.card(language, summary_breach(view, language), body, actions)


def summary_breach(view: BreachView, language: Language) -> str:
    """Return priority, code, by how much, company."""
    words = phrases(language).cards
    return words.summary_with_company.format(headline=_headline(language, view), company=parts.shown(view.company))


def _headline(language: Language, view: BreachView) -> str:
    words = phrases(language).cards
    about = {"priority": view.priority, "code": view.code}
    if view.corrected:
        return words.headline_corrected.format(**about)
    span = formats.span(language, view.over_by)
    just = span == phrases(language).times.under_a_minute
    return (words.headline_just_over if just else words.headline_over).format(**about, span=span)


def _paged(language: Language, view: BreachView) -> list[Element]:
    words = phrases(language).cards
    lines = [
        words.paged_line.format(
            level=parts.level(language, person.level),
            name=parts.plain(person.name),
            at=formats.instant(language, person.at, view.now, view.zone),
        )
        for person in view.paged[-_PAGED_MAX:]
    ]
    before = len(view.paged) - _PAGED_MAX
    if before > 0:
        lines.append(words.paged_before.format(count=before))
    return [parts.text(line, spacing="None") for line in lines or [words.nobody_paged]]
