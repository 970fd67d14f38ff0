"""Text that somebody else wrote, made harmless: no hidden characters, no mentions, no links, no endless length."""

import re
import unicodedata

MARKS_IN_A_ROW_MAX = 2
"""NFC leaves Vietnamese without loose marks; more than this on one letter is meant to spill over the lines."""

_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by category, nothing to the eye
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_ADDRESS = re.compile(r"<(?:mailto:)?([^<>\s@]+@[^<>\s@]+)>", re.IGNORECASE)
_TAG = re.compile(r"<(?=[\s/]*[A-Za-z!?])([^<>\n]*)>")
_TAG_START = re.compile(r"<(?=[\s/]*[A-Za-z!?])")
_DOUBLE_BRACE = re.compile(r"\{(?=\{)")
_SCHEME = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]{1,20}):(?=//)")
_SCRIPT = re.compile(r"\b(javascript|vbscript|mailto|msteams):(?=\S)", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)


def visible(text: str, limit: int) -> str:
    """Return what the eye sees of `text` in at most `limit` characters, NFC; line breaks stay.

    Control, zero-width and direction characters go; tags get other brackets, so that no `<at>` mentions anybody;
    `{{` is parted, because Adaptive Cards run functions in it.
    """
    kept: list[str] = []
    marks = 0
    text = text[: limit * 8]  # nothing beyond can matter, and a mail may be megabytes
    for character in unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")):
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if character in "\n\u2028\u2029\x0b\x0c\x85":
            kept.append("\n")
        elif category == "Zs" or character == "\t":
            kept.append(" ")
        elif category not in _HIDDEN and character not in _BLANKS and marks <= MARKS_IN_A_ROW_MAX:
            kept.append(character)
    calm = _TAG_START.sub("‹", _TAG.sub(r"‹\1›", _ADDRESS.sub(r"(\1)", "".join(kept))))
    calm = _DOUBLE_BRACE.sub("{ ", calm)
    return cut(calm.strip(), limit)


def unlinked(text: str, limit: int) -> str:
    """Return `visible` text whose links no client can make clickable: `https[:]//`, as defenders write them."""
    calm = visible(text, limit)
    calm = _SCHEME.sub(r"\1[:]", calm)
    calm = _SCRIPT.sub(r"\1[:]", calm)
    return cut(_WWW.sub("www[.]", calm), limit)


def one_line(text: str, limit: int) -> str:
    """Return `unlinked` text on one line."""
    return cut(" ".join(unlinked(text, limit * 2).split()), limit)


def cut(text: str, limit: int) -> str:
    """Return `text` in at most `limit` characters; what was left off shows as `…`."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
