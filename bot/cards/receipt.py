"""The receipt as a card: the verdict, the sums and the latest rows; what has no room is in the full receipt.

For staff, or for the customer in private: which edition it is was decided when the receipt was made.
"""

from bot.cards import parts
from bot.cards.parts import Element
from bot.cards.views import Button
from bot.text.phrases import phrases
from bot.text.receipts_written import WrittenMeasure, WrittenReceipt, WrittenRow, write_receipt
from bot.ticket.model import Language
from bot.ticket.receipt import Receipt

_ROWS_MAX = 12
_VERDICT_MAX = 300
_VALUE_MAX = 200
_STYLES = {"calm": "accent", "good": "good", "bad": "attention"}


def draw_receipt(receipt: Receipt, language: Language, back: Button | None = None) -> Element:
    """Return the card of a receipt. It changes nothing; `back`: the card in whose place it is shown."""
    written = write_receipt(receipt, language)
    body = [
        parts.headline(parts.plain(written.title), parts.plain(written.verdict, _VERDICT_MAX), _STYLES[written.tone]),
        *parts.facts(*((parts.plain(label), parts.plain(value, _VALUE_MAX)) for label, value in written.facts)),
        *(element for measure in written.measures for element in _measure(written, measure)),
        parts.text(parts.plain(written.as_of), isSubtle=True, size="Small", spacing="Medium"),
    ]
    actions = [] if back is None else [parts.execute(phrases(language).forms.button_back, "refresh", back)]
    return parts.card(language, summary_receipt(receipt, language), body, actions)


def summary_receipt(receipt: Receipt, language: Language) -> str:
    """Return the receipt in one line: which ticket, how much was used."""
    written = write_receipt(receipt, language)
    return f"{written.title}: {written.verdict}"


def _measure(written: WrittenReceipt, measure: WrittenMeasure) -> list[Element]:
    """Return the latest rows of a count; an earlier one is its note alone."""
    if measure.note:
        return [parts.text(parts.plain(measure.note, _VERDICT_MAX), size="Small", spacing="Medium")]
    shown, before = measure.rows[-_ROWS_MAX:], len(measure.rows) - _ROWS_MAX
    left_out = parts.text(written.card_earlier.format(count=before), isSubtle=True, size="Small", spacing="Small")
    total = parts.plain(f"{measure.sum_label}: {measure.sum_charged}", _VALUE_MAX)
    return [
        parts.text(parts.plain(measure.title, _VALUE_MAX), weight="Bolder", spacing="Medium", separator=True),
        *([left_out] if before > 0 else []),
        *(_row(row) for row in shown),
        parts.text(total, weight="Bolder", spacing="Small", separator=True),
    ]


def _row(row: WrittenRow) -> Element:
    """Return when and what on the left, what was charged on the right."""
    when = parts.plain(f"{row.starts} – {row.ends}", _VALUE_MAX)
    about = [parts.text(parts.plain(row.state, _VALUE_MAX), spacing="None", weight="Bolder" if row.over else "Default")]
    about += [
        parts.text(parts.plain(detail, _VALUE_MAX), spacing="None", isSubtle=True, size="Small")
        for detail in row.details
    ]
    charged = parts.text(parts.plain(row.charged), horizontalAlignment="Right", spacing="None")
    return {
        "type": "ColumnSet",
        "spacing": "Small",
        "columns": [
            {
                "type": "Column",
                "width": "stretch",
                "items": [parts.text(when, isSubtle=True, size="Small", spacing="None"), *about],
            },
            {"type": "Column", "width": "auto", "items": [charged]},
        ],
    }
