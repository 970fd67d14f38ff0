"""A receipt as plain text for a terminal or a mail: a table whose columns line up, then what stands behind it."""

import unicodedata
from collections.abc import Iterable

from bot.text.receipts_written import Section, WrittenMeasure, WrittenReceipt

_GAP = "  "
_INDENT = "    "


def as_text(receipt: WrittenReceipt) -> str:
    """Return a receipt, ends with a line break."""
    lines = [receipt.title, f"{receipt.edition}. {receipt.as_of}", "", receipt.verdict, ""]
    facts = (*receipt.facts, *receipt.terms)
    width = max(_width(label) for label, _ in facts)
    lines += [f"{_padded(label, width)}{_GAP}{value}" for label, value in facts]
    for measure in receipt.measures:
        lines += ["", measure.title, *([measure.note] if measure.note else []), ""]
        lines += _table(receipt.columns, measure)
    lines += ["", receipt.how_to_check]
    for section in receipt.sections:
        lines += ["", *_section(section)]
    return "\n".join([*lines, "", receipt.chain]) + "\n"


def _table(columns: tuple[str, ...], measure: WrittenMeasure) -> Iterable[str]:
    """Return the rows: times, length, charged, total and then the state, whose length nobody knows."""
    frm, to, state, length, charged, total = columns
    cells = [(frm, to, length, charged, total, state)]
    cells += [
        (row.starts, row.ends, row.length, row.charged, row.total, f"{row.state}  [{row.rule}]") for row in measure.rows
    ]
    sums = ("", "", measure.sum_length, measure.sum_charged, "", measure.sum_label)
    widths = [max(_width(line[i]) for line in (*cells, sums)) for i in range(5)]
    yield _line(cells[0], widths)
    yield "-" * (sum(widths) + len(_GAP) * 5 + 20)
    for cell, row in zip(cells[1:], measure.rows, strict=True):
        yield _line(cell, widths)
        for detail in row.details:
            yield " " * (sum(widths) + len(_GAP) * 5) + detail
    yield "-" * (sum(widths) + len(_GAP) * 5 + 20)
    yield _line(sums, widths)


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [_padded(cell, width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    padded += [" " * (width - _width(cell)) + cell for cell, width in zip(cells[2:5], widths[2:], strict=True)]
    return _GAP.join([*padded, cells[5]]).rstrip()


def _section(section: Section) -> Iterable[str]:
    yield section.title
    for line, about in section.entries:
        yield f"  {line}"
        for detail in about:
            yield f"{_INDENT}{detail}"


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return how many columns a terminal takes."""
    return sum(2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1 for character in text)
