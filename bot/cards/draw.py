"""From a view to its card and to the line that a phone shows."""

from bot.cards.breach import draw_breach, summary_breach
from bot.cards.page import draw_page, summary_page
from bot.cards.parts import Element
from bot.cards.receipt import draw_receipt, summary_receipt
from bot.cards.status import draw_status, summary_status
from bot.cards.views import AnyView, BreachView, PageView, ReceiptView, StatusView
from bot.ticket.model import Language


def draw(view: AnyView, language: Language, *, private: bool = True) -> Element:
    """Return the Adaptive Card 1.5 of a view, without its `msteams` part.

    `private` False: several customers see it (D11). It decides for the status card only; page and breach cards are
    for staff, and where they and receipts may stand is decided before they are drawn.
    """
    match view:
        case StatusView():
            return draw_status(view, language, private=private)
        case PageView():
            return draw_page(view, language)
        case BreachView():
            return draw_breach(view, language)
        case ReceiptView():
            return draw_receipt(view.receipt, language, view.button)


def summary(view: AnyView, language: Language) -> str:
    """Return one plain line that says the thing itself, for the notification."""
    match view:
        case StatusView():
            return summary_status(view, language)
        case PageView():
            return summary_page(view, language)
        case BreachView():
            return summary_breach(view, language)
        case ReceiptView():
            return summary_receipt(view.receipt, language)
