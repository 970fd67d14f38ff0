"""What the desk's mails say: each template gives a subject and a body of neutral blocks, made into text and HTML later.

A template never fails for a missing value: the line that needs it is left out. What strangers wrote passes
through `plain` first. Mails that go to customers are sent in both languages.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from bot.text.plain import one_line, visible
from bot.ticket.model import Language

LINE_MAX: Final = 300
QUOTE_MAX: Final = 8_000
BILINGUAL: Final = frozenset(
    {"auto_reply", "held", "one_time_code", "resolved", "reopened", "merged", "suspended", "agreed"}
)

Values: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; line breaks stay. `strong`: what must be seen first, like one-time digits."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Facts:
    """A list of two columns: name and value."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, line breaks kept."""

    text: str


@dataclass(frozen=True)
class Divider:
    """A line between two languages."""


Block: TypeAlias = Paragraph | Facts | Bullets | Quote | Divider


class Written(NamedTuple):
    """A mail in words."""

    subject: str
    body: tuple[Block, ...]


Template: TypeAlias = Callable[[Values, tuple[str, ...]], Written]


@dataclass(frozen=True)
class Mails:
    """Every mail in one language. Below each: the values that it reads, all formatted strings, all optional."""

    auto_reply: Template
    """code, priority, priority_title_vi, priority_title_en, provisional (not empty: not classified yet), due_vi,
    due_en, subject, support_phone, support_mail, desk_name; names: the customer's missing duties (article 2.3):
    company, name, department, title, mobile, chat, contract_number, partner, fqdn, licence_key, evidence."""
    chat_mirror: Template
    """author, at, text, change (`edited`, `deleted` or empty), code, desk_name."""
    page: Template
    """kind (of `PageRef`), level, code, priority, priority_title_*, customer, due_*, minutes_left (whole minutes,
    negative after the deadline), subject, excerpt, holder, contact_name, support_phone, desk_name; word, word_by and
    word_kind (`handed_over`, `escalated`) of a colleague who passed it on; waiting_* (open pauses), last_answer."""
    breach: Template
    """code, priority, priority_title_*, customer, due_*, over_by, subject, holder, desk_name."""
    one_time_code: Template
    """digits, asked_by, code, support_phone, support_mail, desk_name."""
    held: Template
    """reason (`unregistered`, `support`, `maintenance`, `certificate`), subject, support_phone, support_mail,
    desk_name."""
    operator: Template
    """what, reason, code, at, desk_name."""
    resolved: Template
    """outcome (`workaround`, otherwise resolved), resolved_vi, resolved_en, resolved_by, note, call_back (`owed`, `done`
    or empty), called (whom), code, subject, priority, priority_title_*, due_*, support_phone, support_mail, desk_name."""
    reopened: Template
    """since_* (not empty: the customer's SLA is suspended), code, subject, priority, priority_title_*, due_*,
    support_phone, support_mail, desk_name."""
    merged: Template
    """into (code of the ticket that goes on), code, subject, support_phone, support_mail, desk_name."""
    suspended: Template
    """since_vi, since_en, reason, manager, code, subject, support_phone, support_mail, desk_name."""
    agreed: Template
    """since_*, until_vi, until_en, reason (where no mail told of it before), agreement, code, subject, priority,
    priority_title_*, due_*, support_phone, support_mail, desk_name."""


def line(values: Values, key: str) -> str:
    """Return a value as one harmless line; empty if it is missing."""
    return one_line(values.get(key, ""), LINE_MAX)


def quoted(values: Values, key: str) -> str:
    """Return a value of several lines, hidden characters gone; empty if it is missing."""
    return visible(values.get(key, ""), QUOTE_MAX)


def priority(values: Values, language: Language) -> str:
    """Return a priority with its title, as far as both are known."""
    return joined(" – ", line(values, "priority"), line(values, f"priority_title_{language}"))


def regards(values: Values, closing: str) -> tuple[Block, ...]:
    """Return how a mail to a customer ends: who writes, and where the desk is reached."""
    contact = joined(" · ", line(values, "support_phone"), line(values, "support_mail"))
    return (Paragraph(joined("\n", closing, line(values, "desk_name"), contact)),)


def facts(*rows: tuple[str, str]) -> tuple[Block, ...]:
    """Return the rows that have a value, as one block; none if none has."""
    filled = tuple((name, value) for name, value in rows if value)
    return (Facts(filled),) if filled else ()


def paragraphs(*texts: str) -> tuple[Block, ...]:
    """Return a paragraph for each text that is not empty."""
    return tuple(Paragraph(text) for text in texts if text)


def quote(text: str) -> tuple[Block, ...]:
    """Return a quotation, or nothing for an empty one."""
    return (Quote(text),) if text else ()


def joined(separator: str, *parts: str) -> str:
    """Return the parts that are not empty, joined."""
    return separator.join(part for part in parts if part)
