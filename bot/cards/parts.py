"""The bricks of every card, and the one way in which text that others wrote gets onto a card.

What a mail says stands in a RichTextBlock, which knows no markdown on any client; where it must stand in a fact,
its markdown is escaped. A form opens below its button, so that the card itself stays short.
"""

import re
from dataclasses import asdict
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.cards.views import Button
from bot.sla.instants import MINUTE, Instant, Span
from bot.text import formats
from bot.text.groups import Cards
from bot.text.phrases import phrases
from bot.text.plain import one_line, unlinked
from bot.ticket.model import Language

Element: TypeAlias = dict[str, Any]

VERSION = "1.5"
SHORT_MAX = 120
SUBJECT_MAX = 200
PROSE_MAX = 600
NOTE_MAX = 2_000
_LINES_MAX = 8
_WORD_MAX = 34
"""Letters that fit on a phone's line: clients do not break a longer word in a RichTextBlock, they cut it off."""

_MARKDOWN = re.compile(r"([\\`*_\[\]~|])")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^(\s*)([-+#>=]|\d{1,9}(?=[.)]))", re.MULTILINE)
_LONG_WORD = re.compile(rf"(\S{{{_WORD_MAX}}})(?=\S)")
_LEVEL = re.compile(r"L(\d)")


def plain(text: str, limit: int = SHORT_MAX) -> str:
    """Return text of a stranger as it may stand in a TextBlock or a fact: one line, markdown escaped, no links."""
    calm = one_line(text, limit)
    calm = _ENTITY.sub(r"\\&", _MARKDOWN.sub(r"\\\1", calm))
    return _LINE_START.sub(_escape_start, calm)


def mention_text(name: str) -> str:
    """Return `<at>Name</at>`: what a card's text and the entity of the mention must both say, letter for letter."""
    return f"<at>{_MARKDOWN.sub('', one_line(name, SHORT_MAX)).replace('<', '').replace('>', '')}</at>"


def mentions(language: Language, people: tuple[tuple[str, str | None], ...]) -> list[Element]:
    """Return the line that names people; somebody without an object id cannot be alerted and is named in plain."""
    if not people:
        return []
    names = tuple(mention_text(name) if object_id else plain(name) for name, object_id in people)
    line = phrases(language).cards.label_mentions.format(names=formats.listing(language, names))
    return [text(line, spacing="Small")]


def text(words: str, **look: object) -> Element:
    """Return a wrapping TextBlock. `words` are phrases or went through `plain`."""
    return {"type": "TextBlock", "text": words, "wrap": True, **look}


def headline(words: str, kind: str, style: str) -> Element:
    """Return the top of a card: what it is about, and why it came."""
    return {
        "type": "Container",
        "style": style,
        "bleed": True,
        "items": [
            text(words, size="Large", weight="Bolder", style="heading"),
            text(kind, spacing="None"),
        ],
    }


def prose(label: str, body: str, limit: int = PROSE_MAX) -> list[Element]:
    """Return what somebody wrote, under its label; nothing if nothing was written."""
    calm = _parted(unlinked(body, limit))
    lines = [" ".join(line.split()) for line in calm.splitlines() if line.strip()]
    if not lines:
        return []
    if len(lines) > _LINES_MAX:
        lines = [*lines[: _LINES_MAX - 1], "…"]
    blocks = [
        {"type": "RichTextBlock", "spacing": "None", "inlines": [{"type": "TextRun", "text": line}]} for line in lines
    ]
    return [text(label, isSubtle=True, size="Small", spacing="Medium"), *blocks]


def entry(strong: str, rest: str, limit: int = SHORT_MAX) -> Element:
    """Return one line that begins in bold; like prose it knows no markdown, so text of a stranger may stand in it."""
    start = {"type": "TextRun", "text": strong, "weight": "Bolder"}
    runs = [start, {"type": "TextRun", "text": _parted(one_line(rest, limit))}] if rest else [start]
    return {"type": "RichTextBlock", "spacing": "None", "inlines": runs}


def facts(*rows: tuple[str, str]) -> list[Element]:
    """Return a table of labels and values; rows without a value are left out. Values went through `plain`.

    Labels do not break: on a phone a label of three lines would push its value out of line.
    """
    table = [{"title": unbroken(label), "value": value} for label, value in rows if value]
    return [{"type": "FactSet", "facts": table, "spacing": "Medium"}] if table else []


def execute(title: str, verb: str, button: Button, *, style: str = "default", **fixed: str) -> Element:
    """Return a button that asks the bot; clients too old for it submit the same data."""
    data = {"verb": verb, **asdict(button), **fixed}
    return {
        "type": "Action.Execute",
        "title": title,
        "verb": verb,
        "style": style,
        "data": data,
        "fallback": {"type": "Action.Submit", "title": title, "style": style, "data": data},
    }


def form(title: str, inputs: list[Element], send: Element) -> Element:
    """Return a button that opens a form below it."""
    return {
        "type": "Action.ShowCard",
        "title": title,
        "card": {"type": "AdaptiveCard", "version": VERSION, "body": inputs, "actions": [send]},
    }


def asked(words: Cards, id_: str, label: str, *, required: bool = True) -> Element:
    """Return a field for a sentence or two."""
    return {
        "type": "Input.Text",
        "id": id_,
        "label": label,
        "isMultiline": True,
        "maxLength": NOTE_MAX,
        **_needed(words, required=required),
    }


def line(id_: str, label: str, needed: Cards | None = None, *, length_max: int) -> Element:
    """Return a field for a few words; `needed`: it must be filled in."""
    field: Element = {"type": "Input.Text", "id": id_, "label": label, "maxLength": length_max}
    return {**field, **(_needed(needed, required=True) if needed is not None else {})}


def chosen(
    words: Cards, id_: str, label: str, choices: list[tuple[str, str]], value: str = "", *, compact: bool = False
) -> Element:
    """Return a choice of one of (value, title), all of them in sight unless `compact`."""
    field: Element = {
        "type": "Input.ChoiceSet",
        "id": id_,
        "label": label,
        "style": "compact" if compact else "expanded",
        "wrap": True,
        "choices": [{"value": choice, "title": title} for choice, title in choices],
        **_needed(words, required=True),
    }
    return {**field, "value": value} if value else field


def ticked(id_: str, title: str) -> Element:
    """Return a box to tick; it sends `true` or `false`."""
    return {"type": "Input.Toggle", "id": id_, "title": title, "value": "false", "wrap": True}


def card(language: Language, summary: str, body: list[Element], actions: list[Element]) -> Element:
    """Return the whole card. `summary` stands in for it where it cannot be drawn."""
    drawn: Element = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "lang": language,
        "fallbackText": summary,
        "body": body,
    }
    return {**drawn, "actions": actions} if actions else drawn


def priority(language: Language, name: str, title: dict[str, str], *, provisional: bool) -> str:
    """Return `P1 – what it means`, or that it is provisional."""
    words = phrases(language).cards
    if provisional:
        return words.provisional.format(priority=plain(name))
    meaning = title.get(language, "")
    return words.priority_with_title.format(priority=name, title=plain(meaning, SUBJECT_MAX)) if meaning else name


def level(language: Language, name: str) -> str:
    """Return `Level 2` for L2, as the contract writes it; other names as they are."""
    match = _LEVEL.fullmatch(name)
    return phrases(language).cards.level.format(number=match[1]) if match else plain(name)


def pause_reason(language: Language, reason: str) -> str:
    """Return why the clock stands, for people who may know."""
    words = phrases(language).cards
    known = {
        "third_party": words.pause_third_party,
        "customer": words.pause_customer,
        "out_of_control": words.pause_out_of_control,
        "customer_fault": words.pause_customer_fault,
        "out_of_scope": words.pause_out_of_scope,
        "suspension": words.pause_suspension,
        "notice": words.pause_notice,
    }
    return known.get(reason, words.pause_other)


def when(language: Language, at: Instant | None, now: Instant, zone: ZoneInfo) -> str:
    """Return an instant as written for the reader, empty for none."""
    return "" if at is None else formats.instant(language, at, now, zone)


def time_left(language: Language, remaining: Span, due_at: Instant | None, now: Instant) -> str:
    """Return `còn 6 phút`; marked as time of the SLA's hours where the wall clock would say something else."""
    written = formats.left(language, remaining)
    if due_at is None or abs(due_at - now - remaining) <= MINUTE:
        return written
    return formats.sla_time(language, written)


def unbroken(words: str) -> str:
    """Return words that stay on one line: a label, a phone number."""
    return words.replace(" ", "\u00a0")


def shown(value: str, limit: int = SHORT_MAX) -> str:
    """Return text of a stranger for a notification, which knows no markdown."""
    return one_line(value, limit)


def _parted(words: str) -> str:
    return _LONG_WORD.sub(r"\1 ", words)


def _needed(words: Cards, *, required: bool) -> Element:
    return {"isRequired": True, "errorMessage": words.input_missing} if required else {}


def _escape_start(match: re.Match[str]) -> str:
    sign = match[2]
    return f"{match[1]}{sign}\\" if sign.isdigit() else f"{match[1]}\\{sign}"
