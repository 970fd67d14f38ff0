"""What a paused ticket waits for: each open pause in a line, the one that is to be asked after in full. Staff only."""

from bot.cards import parts
from bot.cards.parts import Element
from bot.cards.views import OpenPause, PageView
from bot.text import formats
from bot.text.phrases import phrases
from bot.ticket.model import Language

_LINES_MAX = 3
_TEXT_MAX = 240


def to_ask_after(language: Language, view: PageView) -> list[Element]:
    """Return all that is known of the pause that a page is about; none if it is about none, or that one has ended."""
    words = phrases(language).cards
    chased = next((pause for pause in view.pauses if pause.number == view.chased), None)
    if chased is None or view.state != "waiting":
        return []
    answered = parts.when(language, chased.answered_at, view.now, view.zone)
    detail = "" if chased.note == chased.asked else chased.note
    return [
        parts.text(words.label_chased, isSubtle=True, size="Small", spacing="Medium"),
        _line(language, view, chased, ""),
        *parts.prose(words.label_reference, chased.reference, parts.SHORT_MAX),
        *parts.prose(words.label_asked, chased.asked, _TEXT_MAX),
        *parts.prose(words.label_detail, detail, _TEXT_MAX),
        *parts.prose(words.label_answer.format(at=answered), chased.answer, _TEXT_MAX),
    ]


def open_pauses(language: Language, view: PageView) -> list[Element]:
    """Return a line for each other pause that stands: why, since when, and what tells it from the next."""
    words = phrases(language).cards
    others = [pause for pause in view.pauses if pause.number != view.chased]
    if not others or view.state != "waiting":
        return []
    shown = others[-_LINES_MAX:]
    left_out = parts.text(words.pauses_before.format(count=len(others) - len(shown)), spacing="None", isSubtle=True)
    return [
        parts.text(words.label_waiting, isSubtle=True, size="Small", spacing="Medium"),
        *([left_out] if len(others) > len(shown) else []),
        *(_line(language, view, pause, pause.about) for pause in shown),
    ]


def _line(language: Language, view: PageView, pause: OpenPause, about: str) -> Element:
    words = phrases(language).cards
    since = words.pause_since.format(at=formats.instant(language, pause.since, view.now, view.zone))
    rest = f"{since}: {about}" if about else since
    return parts.entry(parts.pause_reason(language, pause.reason), f", {rest}")
