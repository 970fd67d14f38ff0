"""A receipt as one printable page: A4, no script, nothing loaded from anywhere, every value escaped in one place."""

import re
from collections.abc import Iterable
from html import escape

from bot.text.receipts_written import Section, WrittenMeasure, WrittenReceipt, WrittenRow

_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[^\d\s])")
_DAY = '<span class="quiet">{}</span>'
_NO_DAY = _DAY.format("&nbsp;")
"""The line of the days is empty in the other cells, so that what happened stands beside its time."""
_STYLE = """
@page { size: A4 portrait; margin: 14mm 12mm; }
* { box-sizing: border-box; }
body { font: 13px/1.4 "Segoe UI", "Noto Sans", Roboto, Arial, sans-serif; color: #1f1f1f; background: #fff;
  max-width: 200mm; margin: 0 auto; padding: 16px; }
header { border-bottom: 2px solid #1f1f1f; padding-bottom: 6px; display: flex; gap: 16px; align-items: baseline;
  justify-content: space-between; }
h1 { font-size: 20px; margin: 0; }
h2 { font-size: 15px; margin: 22px 0 6px; break-after: avoid; }
p { margin: 4px 0; }
.quiet { color: #595959; font-size: 12px; }
.verdict { font-size: 15px; font-weight: 600; padding: 10px 12px; margin: 12px 0; border-left: 5px solid #5b6b8c;
  background: #eef1f7; }
.verdict.good { border-color: #3a7d34; background: #eaf4e8; }
.verdict.bad { border-color: #b3261e; background: #fbecea; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0; }
dt { color: #595959; } dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-size: 12px; color: #595959; border-bottom: 1.5px solid #1f1f1f; padding: 4px 8px 4px 0; }
td { vertical-align: top; border-bottom: 1px solid #d5d5d5; padding: 5px 8px 5px 0; }
th.number, td.number { text-align: right; padding-left: 8px; padding-right: 4px; }
td.time { white-space: nowrap; }
td .quiet { display: block; overflow-wrap: anywhere; }
tbody td:nth-child(3) { width: 38%; }
.rule { display: block; color: #595959; font: 11px/1.5 "Cascadia Mono", "Noto Sans Mono", Consolas, monospace; }
tr.still td { background: #f6f6f6; }
tr.over td { background: #fbecea; }
tr.still td:first-child, tr.over td:first-child { padding-left: 6px; }
td:first-child, th:first-child { padding-left: 6px; }
tfoot { display: table-row-group; }
tfoot td { font-weight: 600; border-bottom: 0; border-top: 1.5px solid #1f1f1f; }
ul { margin: 4px 0; padding-left: 18px; } li { margin: 3px 0; break-inside: avoid; }
li ul { margin: 0; color: #404040; }
footer { margin-top: 22px; border-top: 1px solid #d5d5d5; padding-top: 6px; overflow-wrap: anywhere; }
@media print { body { padding: 0; max-width: none; print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def as_page(receipt: WrittenReceipt) -> str:
    """Return a receipt as a self-contained HTML document."""
    facts = "".join(
        f"<dt>{_safe(label)}</dt><dd>{_safe(value)}</dd>" for label, value in (*receipt.facts, *receipt.terms)
    )
    measures = "".join(_measure(receipt, measure) for measure in receipt.measures)
    sections = "".join(_section(section) for section in receipt.sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{_safe(receipt.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{_safe(receipt.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<header><h1>{_safe(receipt.title)}</h1><span class="quiet">{_safe(receipt.edition)}</span></header>\n'
        f'<p class="quiet">{_safe(receipt.as_of)}</p>\n'
        f'<p class="verdict {_safe(receipt.tone)}">{_safe(receipt.verdict)}</p>\n'
        f"<dl>{facts}</dl>\n{measures}"
        f'<p class="quiet">{_safe(receipt.how_to_check)}</p>\n{sections}'
        f'<footer class="quiet">{_safe(receipt.chain)}</footer>\n</body>\n</html>\n'
    )


def _measure(receipt: WrittenReceipt, measure: WrittenMeasure) -> str:
    names = receipt.columns
    head = "".join(f'<th scope="col">{_safe(name)}</th>' for name in names[:3])
    head += "".join(f'<th scope="col" class="number">{_safe(name)}</th>' for name in names[3:])
    note = f'<p class="quiet">{_safe(measure.note)}</p>' if measure.note else ""
    rows = "".join(_row(row) for row in measure.rows)
    foot = (
        f'<tr><td colspan="3">{_safe(measure.sum_label)}</td>{_number(measure.sum_length)}'
        f"{_number(measure.sum_charged)}<td></td></tr>"
    )
    return (
        f"<section><h2>{_safe(measure.title)}</h2>{note}\n<table>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody>\n<tfoot>{foot}</tfoot>\n</table></section>\n"
    )


def _row(row: WrittenRow) -> str:
    kind = "over" if row.over else "" if row.kind == "running" else "still"
    details = "".join(f'<span class="quiet">{_safe(detail)}</span>' for detail in row.details)
    return (
        f'<tr class="{kind}">{_time(row.start_day, row.start)}{_time(row.end_day, row.end)}'
        f'<td>{_NO_DAY}{_safe(row.state)}{details}<span class="rule">{_safe(row.rule)}</span></td>'
        f"{_number(row.length, _NO_DAY)}{_number(row.charged, _NO_DAY)}{_number(row.total, _NO_DAY)}</tr>\n"
    )


def _time(day: str, time: str) -> str:
    """Return a cell with the day above the time of day; what is left out is the day of the cell before."""
    return f'<td class="time">{_DAY.format(_safe(day) or "&nbsp;")}{_safe(time)}</td>'


def _number(text: str, above: str = "") -> str:
    """Return a cell for a span, which may be broken after a unit, never before it."""
    return f'<td class="number">{above}{_safe(_BEFORE_UNIT.sub(chr(0xA0), text))}</td>'


def _section(section: Section) -> str:
    return f"<section><h2>{_safe(section.title)}</h2>{_list(_entries(section))}</section>\n"


def _entries(section: Section) -> Iterable[str]:
    for line, about in section.entries:
        yield _safe(line) + (_list(_safe(detail) for detail in about) if about else "")


def _list(items: Iterable[str]) -> str:
    """Return a list of items that are HTML already."""
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _safe(text: str) -> str:
    """Return text as HTML shows it: the one way in which a value gets onto the page."""
    return escape(text)
