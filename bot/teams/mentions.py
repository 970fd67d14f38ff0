"""Reading a message's text: our own mention goes, exactly as its entity states it, and everything else stays.

botbuilder's `remove_recipient_mention` takes the bot's *name* out of the text: a bot called "TCK" turns
`<at>TCK</at> TCK-00042` into `-00042` and so eats ticket codes.
"""

import re
from collections.abc import Iterable
from html import unescape
from typing import Any

_AT_TAG = re.compile(r"<at\b[^<>]*>([^<>]*)</at>", re.IGNORECASE)
_BREAK_TAG = re.compile(r"<(?:br|/p|/div|/li)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def without_own_mention(text: str, entities: Iterable[dict[str, Any]], own_account: str) -> tuple[str, bool]:
    """Return the text without the bot's own mention, and whether it was mentioned.

    Each mention entity of the bot takes one occurrence of its own text away. Mentions of others stay as `@Name`.
    """
    mentioned = False
    for entity in entities:
        if str(entity.get("type", "")).lower() != "mention":
            continue
        shown = entity.get("text")
        shown = shown if isinstance(shown, str) else ""
        who = entity.get("mentioned")
        if isinstance(who, dict) and who.get("id") == own_account:
            mentioned = True
            text = text.replace(shown, "", 1) if shown else text
        elif tag := _AT_TAG.fullmatch(shown):
            text = text.replace(shown, f"@{tag[1]}", 1)
    return text.replace("&nbsp;", " ").replace("\xa0", " ").strip(), mentioned


def text_of_html(html: str) -> str:
    """Return the words of a message whose text came as HTML only."""
    return unescape(_TAG.sub("", _BREAK_TAG.sub("\n", html)))
