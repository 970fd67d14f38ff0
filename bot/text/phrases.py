"""Where a phrase is looked up and filled. Language is the reader's; what others wrote is made harmless on the way in.

What is returned is plain text with blank lines between paragraphs; send it as text, never as HTML.
"""

from typing import Final

from bot.errors import Refused
from bot.text.en import EN
from bot.text.groups import Cards, Mirrors, Phrases, Refusals, Sayings, Times
from bot.text.plain import one_line, unlinked, visible
from bot.text.vi import VI
from bot.ticket.model import Language

__all__ = ["Cards", "Mirrors", "Phrases", "Refusals", "Sayings", "Times", "mirror", "phrases", "refusal", "say"]

VALUE_MAX: Final = 2_000
MIRROR_MAX: Final = 8_000
"""Characters; Teams takes 80 kB a message, and the whole answer is in the mail."""
_NAME_MAX: Final = 120
_ATTACHMENTS_MAX: Final = 20

_LANGUAGES: Final[dict[Language, Phrases]] = {"vi": VI, "en": EN}


def phrases(language: Language) -> Phrases:
    """Return everything that a language says."""
    return _LANGUAGES[language]


def say(language: Language, name: str, values: dict[str, str]) -> str:
    """Return a phrase of `Sayings`, filled; raises KeyError for an unknown name or a gap without a value."""
    return _fill(phrases(language).sayings, name, values)


def refusal(language: Language, refused: Refused) -> str:
    """Return why something was not done; raises KeyError for an unknown reason or a gap without a value."""
    return _fill(phrases(language).refusals, refused.reason, refused.values)


def mirror(  # noqa: PLR0917  told in the order in which it reads
    language: Language, author: str, at_text: str, text: str, attachments: tuple[str, ...], code: str
) -> str:
    """Return an engineer's answer by mail as a chat message; `at_text` is written by `formats.instant`.

    An empty `text` says only that an answer has come: no author, no file name (D11).
    """
    words = phrases(language).mirrors
    if not text.strip():
        return words.answer_came.format_map({"code": code})
    body = visible(text, MIRROR_MAX)
    if len(text.strip()) > MIRROR_MAX:
        body = body.removesuffix("…") + words.cut
    about = {"author": one_line(author, _NAME_MAX), "code": code, "at": at_text}
    parts = [words.answer.format_map(about), body]
    if attachments:
        names = ", ".join(one_line(name, _NAME_MAX) for name in attachments[:_ATTACHMENTS_MAX])
        parts.append(words.attachments.format_map({"names": names}))
    return "\n\n".join(parts)


def _fill(group: Sayings | Refusals, name: str, values: dict[str, str]) -> str:
    if name not in type(group).__dataclass_fields__:
        raise KeyError(name)
    phrase: str = getattr(group, name)
    return phrase.format_map({gap: unlinked(value, VALUE_MAX) for gap, value in values.items()})
