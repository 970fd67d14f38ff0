"""Neutral blocks become the two parts of a mail. The HTML is tables and inline style: Outlook knows no more."""

from collections.abc import Sequence
from html import escape

from bot.text.mails import Block, Bullets, Divider, Facts, Paragraph, Quote

_FONT = "font-family:Segoe UI,Arial,sans-serif;font-size:14px;line-height:20px;color:#242424"
_CELL = "padding:3px 16px 3px 0;vertical-align:top"
_RULE = "-" * 40


def to_text(blocks: Sequence[Block]) -> str:
    """Return the plain part, ends with a line break."""
    return "\n\n".join(_text(block) for block in blocks) + "\n"


def to_html(blocks: Sequence[Block]) -> str:
    """Return the HTML part: every value escaped, nothing loaded from anywhere."""
    rows = "".join(_html(block) for block in blocks)
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8"></head>\n<body style="margin:0;padding:16px">\n'
        f'<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:640px">'
        f'<tr><td style="{_FONT}">\n{rows}</td></tr></table>\n</body></html>\n'
    )


def _text(block: Block) -> str:
    match block:
        case Paragraph(text=text):
            return text
        case Facts(rows=rows):
            return "\n".join(f"{name}: {value}" for name, value in rows)
        case Bullets(items=items):
            return "\n".join(f"- {item}" for item in items)
        case Quote(text=text):
            return "\n".join(f"| {line}".rstrip() for line in text.split("\n"))
        case Divider():
            return _RULE


def _html(block: Block) -> str:
    match block:
        case Paragraph(text=text, strong=True):
            return f'<p style="margin:0 0 12px;font-size:22px;line-height:28px;font-weight:bold">{_safe(text)}</p>\n'
        case Paragraph(text=text):
            return f'<p style="margin:0 0 12px">{_safe(text)}</p>\n'
        case Facts(rows=rows):
            cells = "".join(
                f'<tr><td style="{_FONT};{_CELL};color:#616161;white-space:nowrap">{_safe(name)}</td>'
                f'<td style="{_FONT};{_CELL}"><b>{_safe(value)}</b></td></tr>\n'
                for name, value in rows
            )
            return f'<table cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px">\n{cells}</table>\n'
        case Bullets(items=items):
            entries = "".join(f"<li>{_safe(item)}</li>\n" for item in items)
            return f'<ul style="margin:0 0 12px;padding-left:24px">\n{entries}</ul>\n'
        case Quote(text=text):
            return (
                '<table cellpadding="0" cellspacing="0" border="0" style="margin:0 0 12px"><tr>'
                f'<td style="{_FONT};border-left:3px solid #c8c6c4;padding:2px 0 2px 12px">{_safe(text)}</td>'
                "</tr></table>\n"
            )
        case Divider():
            return '<hr style="border:0;border-top:1px solid #c8c6c4;margin:20px 0">\n'


def _safe(text: str) -> str:
    return escape(text).replace("\n", "<br>\n")
