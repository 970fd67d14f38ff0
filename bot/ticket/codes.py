"""Ticket codes (D13): issued short and not guessable, recognised in whatever people make of them.

A code is a pointer, not a key (D10): the check character catches slips of the finger, the ledger decides
whether a ticket exists. Source: facts/mail.md, "Ticket codes of other systems".
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise

from stdnum.iso7064 import mod_37_36

from bot.ticket.plain import plain, without_links

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: no I, L and O, which are read as digits, and no U."""
_STRONG_DIGITS = "23456789"
"""Digits that are not also a misread letter."""
_LETTERS = "ABCDEFGHJKMNPQRS"
"""Sixteen of the alphabet's letters, to draw one with four bits."""
_LENGTHS = range(7, 14)
"""Random characters (6 to 12 by the policy) and the check character."""
_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
_ALIKE = ("0Oo", "1IiLl")
_DASHES = "‐‑‒–—―−-"
_SEPARATOR = re.compile(rf"[ \t\r\n]{{0,2}}[{_DASHES}]?[ \t\r\n]{{0,2}}")
_GROUP = re.compile(r"[0-9A-Za-z]{1,14}(?![^\W_])")
_GROUPS_MAX = 6
_MISSES_MAX = 10


def issue(prefix: str, random_characters: int, randbits: Callable[[int], int]) -> str:
    """Return a new code such as `3CX-7K2M-9QXD`; `randbits(k)` gives k random bits (`secrets.randbits`).

    It always has a letter and a digit above 1, so that it can be told from phone numbers and from words.
    """
    body = [ALPHABET[randbits(5)] for _ in range(random_characters)]
    place = randbits(16) % random_characters
    if not set(body) & set(_STRONG_DIGITS):
        body[place] = _STRONG_DIGITS[randbits(3)]
    if not any(character.isalpha() for character in body):
        body[(place + 1) % random_characters] = _LETTERS[randbits(4)]
    text = "".join(body)
    return _written(prefix, text + mod_37_36.calc_check_digit(text, alphabet=ALPHABET))


def normalise(text: str, prefix: str = "") -> str | None:
    """Return the canonical form of one code, however it was typed; None if it is none.

    Without `prefix` the part before the first dash or space is taken for it.
    """
    whole = plain(text).strip(" \t\r\n.,;:!?()[]{}<>\"'#*_`")
    if not prefix:
        prefix, _, _ = re.sub(rf"[\s{_DASHES}]", "-", whole).partition("-")
        prefix = prefix.upper()
        if not re.fullmatch(r"[A-Z0-9]{1,8}", prefix):
            return None
    match = _anchor(prefix).match(whole)
    if not match:
        return None
    body = re.sub(rf"[\s{_DASHES}]", "", whole[match.end() : match.end() + 60])
    if len(whole) > match.end() + 60 or not re.fullmatch(r"[0-9A-Za-z]+", body):
        return None
    return _checked(prefix, body)


def find_codes(text: str, prefix: str, limit: int = 10) -> list[str]:
    """Return the codes in a free text in canonical form, each once, in their order, at most `limit`.

    Not inside web or mail addresses or longer words. Takes time in proportion to the text.
    """
    found: list[str] = []
    for _, code in _scan(text, prefix):
        if code is not None and code not in found:
            found.append(code)
            if len(found) >= limit:
                break
    return found


def near_misses(text: str, prefix: str, random_characters: int = 7) -> list[str]:
    """Return what is written just like a code of this desk but fails its check, at most ten, in upper case.

    Strict where `find_codes` is forgiving: "3CX-Update20" is no mistyped code, and the bot does not speak unasked.
    """
    found: list[str] = []
    for run, code in _scan(text, prefix):
        if code is None and _looks_issued(run, random_characters + 1):
            missed = _written(prefix, run.text.upper())
            if missed not in found:
                found.append(missed)
        if len(found) >= _MISSES_MAX:
            break
    return found


class _Run:
    """The words after a prefix that may be a code's body. `tight[i]`: word i follows its neighbour by a bare dash."""

    def __init__(self, groups: list[str], tight: list[bool], glued: bool) -> None:
        self.groups = groups
        self.tight = tight
        self.glued = glued
        self.bound = next((i for i, joined in enumerate(tight) if i and not joined), len(groups))
        """How many words from the first on hang together by dashes."""

    @property
    def text(self) -> str:
        return "".join(self.groups[: self.bound])

    def candidates(self) -> Iterator[tuple[int, str]]:
        """Yield (words taken, body), what was written as one first."""
        yield self.bound, self.text
        for count in range(self.bound + 1, len(self.groups) + 1):
            # words with mere spaces between them are a code only if they stand in its groups
            words = self.groups[:count]
            if [len(word) for word in words] == _sizes(sum(map(len, words))):
                last_is_whole = count == len(self.groups) or not self.tight[count]
                if last_is_whole:
                    yield count, "".join(words)


def _scan(text: str, prefix: str) -> Iterator[tuple[_Run, str | None]]:
    """Yield what follows each prefix in the text, and the code that it is, if it is one."""
    searched = without_links(plain(text))
    anchor, position = _anchor(prefix), 0
    while match := anchor.search(searched, position):
        position = match.end()
        run, ends = _read_run(searched, position)
        if run is None or run.groups[0].upper() == prefix:
            continue
        code = None
        for count, body in run.candidates():
            code = _checked(prefix, body)
            if code is not None:
                position = ends[count - 1]
                break
        yield run, code


def _read_run(text: str, start: int) -> tuple[_Run | None, list[int]]:
    groups: list[str] = []
    tight: list[bool] = []
    ends: list[int] = []
    position, glued = start, False
    while len(groups) < _GROUPS_MAX:
        separator = _SEPARATOR.match(text, position)
        between = separator.group() if separator else ""
        group = _GROUP.match(text, position + len(between))
        if group is None or (groups and not between):
            break
        if not groups:
            glued = not between
        groups.append(group.group())
        tight.append(len(between) == 1 and between in _DASHES)
        position = group.end()
        ends.append(position)
    if not groups:
        return None, ends
    return _Run(groups, tight, glued), ends


def _checked(prefix: str, body: str) -> str | None:
    folded = body.upper().translate(_MISREAD)
    if len(folded) not in _LENGTHS or not set(folded) <= set(ALPHABET) or not _mixed(folded):
        return None
    if mod_37_36.calc_check_digit(folded[:-1], alphabet=ALPHABET) != folded[-1]:
        return None
    return _written(prefix, folded)


def _mixed(folded: str) -> bool:
    """Return whether a body has both a letter and a digit above 1, as every issued one has."""
    return any(c.isalpha() for c in folded) and any(c in _STRONG_DIGITS for c in folded)


def _looks_issued(run: _Run, length: int) -> bool:
    body = run.text
    if len(body) != length or not _mixed(body.upper().translate(_MISREAD)):
        return False
    if run.glued and run.bound == 1:
        changes = sum(a.isdigit() != b.isdigit() for a, b in pairwise(body))
        return changes > 1  # "Desktop20" changes once from letters to digits
    return run.tight[0] and [len(group) for group in run.groups[: run.bound]] == _sizes(length)


def _written(prefix: str, body: str) -> str:
    parts, start = [prefix], 0
    for size in _sizes(len(body)):
        parts.append(body[start : start + size])
        start += size
    return "-".join(parts)


def _sizes(length: int) -> list[int]:
    """Return the sizes of the groups, at most four characters each, the longer ones first."""
    groups = -(-length // 4)
    return [length // groups + (i < length % groups) for i in range(groups)] if groups else []


@lru_cache(maxsize=16)
def _anchor(prefix: str) -> re.Pattern[str]:
    """Return the prefix as a pattern: any case, O for 0, I or L for 1, not at the end of something longer."""
    letters = "".join(_alike(character) for character in prefix)
    return re.compile(rf"(?<![^\W_])(?<![@/\\])(?<![^\W_][{_DASHES}]){letters}")


def _alike(character: str) -> str:
    return f"[{next((g for g in _ALIKE if character in g), character + character.lower())}]"
