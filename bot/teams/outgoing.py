"""How an activity looks that leaves: one thing per activity, small enough, and no `<at>` that mentions nobody.

Text and a card in one activity would be split by Teams and no id come back, so there is no function for it.
Words go as `xml`, with every `<`, `>` and `&` escaped: Teams keeps line breaks in it, which it drops from `plain` and
from markdown, and no markup of others is ever run; the paragraph around them keeps markdown off in clients that run it.
"""

import html
import re
from collections.abc import Callable, Sequence
from typing import Any

from bot.cards.parts import mention_text

TEXT_SIZE_MAX_BYTES = 60_000
"""Of text as it is sent, with its markup. Counted as UTF-8 and as UTF-16: Teams refuses a message
of about 80 kB, with its envelope.
"""

_CARD_TYPE = "application/vnd.microsoft.card.adaptive"
_AT_TAG = re.compile(r"<at\b[^<>]*>([^<>]*)</at\s*>", re.IGNORECASE)


def text_activity(text: str, *, alert: bool) -> dict[str, object]:
    """Return a message of words. `alert`: a phone rings for it (1:1 only)."""
    words = shortened(_AT_TAG.sub(r"\1", text))
    marked = _marked(words)
    while not _fits(marked):  # escaping lengthens: a text of nothing but `&` fivefold
        words = words[: len(words) * 2 // 3].rstrip() + "…"
        marked = _marked(words)
    activity: dict[str, object] = {"type": "message", "textFormat": "xml", "text": marked}
    return _alerting(activity) if alert else activity


def card_activity(card: dict[str, object], summary: str, *, alert: bool) -> dict[str, object]:
    """Return a message of one finished card; `summary` is what a phone shows of it."""
    activity: dict[str, object] = {
        "type": "message",
        "summary": summary,
        "attachments": [{"contentType": _CARD_TYPE, "content": card}],
    }
    return _alerting(activity) if alert else activity


def finished_card(card: dict[str, object], mentions: Sequence[tuple[str, str | None]]) -> dict[str, object]:
    """Return a card whose every `<at>` mentions somebody: Teams refuses a card where text and entities differ.

    `mentions`: (name, object id). A name without an object id, or one that nobody gave us, stays as plain words.
    """
    named = {mention_text(name): object_id for name, object_id in mentions if object_id}
    used: dict[str, dict[str, str]] = {}

    def keep_or_unwrap(found: re.Match[str]) -> str:
        shown, name = found[0], found[1]
        if shown not in named:
            return name
        used[shown] = {"id": named[shown], "name": name}
        return shown

    finished: dict[str, object] = _map_strings(card, lambda text: _AT_TAG.sub(keep_or_unwrap, text))
    if used:
        teams = finished.get("msteams")
        finished["msteams"] = {
            **(teams if isinstance(teams, dict) else {}),
            "entities": [
                {"type": "mention", "text": shown, "mentioned": mentioned} for shown, mentioned in used.items()
            ],
        }
    return finished


def shortened(text: str) -> str:
    """Return at most TEXT_SIZE_MAX_BYTES of a text, with an ellipsis where it was cut."""
    if _fits(text):
        return text
    room = TEXT_SIZE_MAX_BYTES - 4
    cut = text.encode()[:room].decode(errors="ignore")
    return cut.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore") + "…"


def _fits(text: str) -> bool:
    return len(text.encode()) <= TEXT_SIZE_MAX_BYTES and len(text.encode("utf-16-le")) <= TEXT_SIZE_MAX_BYTES


def _marked(words: str) -> str:
    """Return words as one paragraph of markup. The break after `<br>` shows nowhere; it parts words where tags go."""
    lines = "<br>\n".join(html.escape(words, quote=False).splitlines())
    return f"<p>{lines}</p>"


def _alerting(activity: dict[str, object]) -> dict[str, object]:
    return {**activity, "channelData": {"notification": {"alert": True}}}


def _map_strings(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {name: _map_strings(child, change) for name, child in value.items()}
        case list() | tuple():
            return [_map_strings(child, change) for child in value]
        case _:
            return value
