"""Bytes of unknown honesty become clean Unicode: any charset, wrong charset, none. Nothing raises or takes long."""

import binascii
import codecs
import re
import unicodedata
from itertools import groupby, pairwise

from charset_normalizer import from_bytes

GUESS_MAX_BYTES = 20_000
"""How much the guesser reads; more costs seconds and tells no more."""

_MARKS_MAX = 8
"""Combining marks kept on one letter: normalising a run of 100,000 takes seconds (measured: quadratic)."""

_NOT_FOR_MAIL = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"})
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_VOWELS = frozenset("aăâeêioôơuưyAĂÂEÊIOÔƠUƯY")
_UNSEEN = frozenset("\u00ad\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Zero-width and direction controls: they hide a code from the eye or turn a file name round."""


def decode(data: bytes, charset: str | None, *, cut: bool = False) -> str:
    """Return the text of `data`: by its charset if that fits, else UTF-8, else a guess. `cut`: the end is missing."""
    for name in (charset, "utf-8"):
        if name and (text := _strict(data, name, cut=cut)) is not None:
            return text
    return _guessed(data)


def decode_header(value: str) -> str:
    """Return a header's text: RFC 2047 words, raw 8-bit, or a mixture, on one line.

    Neighbouring words of one charset are joined as bytes first: some mailers split a letter between two words.
    """
    text = _recovered(value)
    pieces: list[tuple[str | None, bytes | str]] = []
    end = 0
    for word in _ENCODED_WORD.finditer(text):
        between = text[end : word.start()]
        if between.strip() or (between and not pieces):
            pieces.append((None, between))
        pieces.append((word[1].partition("*")[0].lower(), _word_bytes(word[2], word[3])))
        end = word.end()
    pieces.append((None, text[end:]))
    decoded = []
    for charset, group in groupby(pieces, key=lambda piece: piece[0]):
        if charset is None:
            decoded.append("".join(str(part) for _, part in group))
        else:
            decoded.append(decode(b"".join(bytes(part) for _, part in group if isinstance(part, bytes)), charset))
    return one_line("".join(decoded))


def clean(text: str) -> str:
    """Return repaired text: NFC, plain spaces and line ends, nothing invisible, no lone surrogates."""
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    kept: list[str] = []
    marks = 0
    for char in text:
        if char in _UNSEEN:
            continue
        category = unicodedata.category(char)
        marks = marks + 1 if category[0] == "M" else 0
        if marks > _MARKS_MAX:
            continue
        if category == "Zs":
            kept.append(" ")
        elif category in {"Zl", "Zp"}:
            kept.append("\n")
        elif category != "Cc" or char in "\n\t":
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def one_line(text: str) -> str:
    """Return clean text without line breaks and runs of blanks."""
    return " ".join(clean(text).split())


def _strict(data: bytes, charset: str, *, cut: bool) -> str | None:
    try:
        if codecs.lookup(charset).name in _NOT_FOR_MAIL:
            return None
        text: object = codecs.getincrementaldecoder(charset)("strict").decode(data, final=not cut)
    except (LookupError, ValueError, TypeError, AttributeError):
        return None
    return text if isinstance(text, str) else None  # base64 and its like are codecs too, of bytes


def _guessed(data: bytes) -> str:
    vietnamese = _strict(data, "cp1258", cut=False)
    if vietnamese is not None and _marks_sit_on_vowels(vietnamese):
        return vietnamese
    best = from_bytes(data[:GUESS_MAX_BYTES]).best()
    if best is not None and (text := _strict(data, best.encoding, cut=False)) is not None:
        return text
    return data.decode("cp1252", "replace")


def _marks_sit_on_vowels(text: str) -> bool:
    """Return whether this reads as Vietnamese: windows-1258 writes tones as marks, always after a vowel."""
    marks = [before in _VOWELS for before, mark in pairwise(text) if unicodedata.combining(mark)]
    return bool(marks) and all(marks)


def _recovered(value: str) -> str:
    """Return a header whose raw 8-bit bytes the parser hid as surrogates."""
    value = "".join(value.splitlines()) if "\n" in value or "\r" in value else value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return decode(value.encode("utf-8", "surrogateescape"), None)
    return value


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    raw = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    if len(raw) % 4 == 1:
        raw = raw[:-1]  # one stray character holds no byte
    return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
