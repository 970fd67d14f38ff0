"""Text as people paste it, made comparable: bounded, one form of each character, no invisible ones, no links."""

import re
import unicodedata

LENGTH_MAX = 20_000
"""Characters that are looked at; a code further down in a message is nobody's."""

_INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), 0x2060, 0xFE0E, 0xFE0F, 0xFEFF])
_OVERRIDDEN = re.compile("[\u202d\u202e][^\u202c\n]*")
"""Text that is shown in another order than it is written in: what its reader sees is not what it says."""
# Every repetition is bounded: a hostile text costs time in proportion to its length and no more.
_LINK = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]{0,20}://[^\s<>\"]*"
    r"|(?:www\.|sips?:|tel:|callto:|mailto:)[^\s<>\"]*"
    r"|[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}(?::\d{1,5})?/[^\s<>\"]*"
    r"|[^\s@,;:<>()\[\]\"']{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,5}",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Return the start of a text in NFKC: full-width digits become digits, no-break spaces spaces."""
    bounded = unicodedata.normalize("NFKC", text[:LENGTH_MAX])[:LENGTH_MAX]
    return _OVERRIDDEN.sub(" ", bounded).translate(_INVISIBLE)


def without_links(text: str) -> str:
    """Return a plain text with web, mail and phone addresses blanked out."""
    return _LINK.sub(" ", text)


def unmarked(text: str) -> str:
    """Return a plain text in lower case without Vietnamese marks, so that `Ưu tiên` and `uu tien` are one."""
    decomposed = unicodedata.normalize("NFD", plain(text).lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c)).replace("đ", "d")
