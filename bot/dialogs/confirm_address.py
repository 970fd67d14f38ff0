"""How somebody proves that a participant's address is theirs: address, code by mail, six digits (D10 row 3).

Every answer is the same for a ticket that does not exist, a stranger's address and the right one; only the mailbox
knows. The desk carries out the intent, and looks up whether there is anything to carry out.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from bot.sla.instants import DAY, MINUTE, Instant
from bot.text import formats
from bot.ticket.chat import BINDING_LASTS
from bot.ticket.model import AskedFor, Challenge, ChallengeSent, PersonRecord

DIGITS: Final = 6
CODE_LASTS: Final = 10 * MINUTE
TRIES_MAX: Final = 5
PER_TICKET_A_DAY: Final = 3
PER_PERSON_A_DAY: Final = 10
"""Over all tickets: nobody lets the desk mail strangers all day, and the record stays small."""

_ADDRESS_LENGTH_MAX = 254
_TEXT_LENGTH_MAX = 2_000
_ASKED_MAX = 10
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_DIGITS = re.compile(r"(?<![\w@.])(\d{3})[ .-]?(\d{3})(?![\w@])", re.ASCII)
_STOP = frozenset({"huỷ", "hủy", "huy", "dừng", "dung", "thôi", "cancel", "stop"})


@dataclass(frozen=True)
class SendCode:
    """Mail the digits to the address, if the ticket exists, is open to mail, and the address is a participant's."""

    ticket: str
    address: str


@dataclass(frozen=True)
class Bind:
    """Bind the person to the ticket, if the address still is a participant's; otherwise answer with `wrong_digits`."""

    ticket: str
    address: str


Intent: TypeAlias = SendCode | Bind


@dataclass(frozen=True)
class Prompt:
    """What follows from an answer: the record to keep, what to say, and what to do. Commit before doing."""

    record: PersonRecord
    saying: str
    """Name of a phrase of `Sayings`."""
    values: dict[str, str] = field(default_factory=dict)
    intent: Intent | None = None


@dataclass(frozen=True)
class Means:
    """What a step needs of the world, drawn before it is asked."""

    digest: str
    """Of freshly drawn digits; used only if this step sends a code."""
    matches: Callable[[str, str], bool]
    """(digest, digits typed) -> whether they belong together, in constant time."""
    support_phone: str
    zone: ZoneInfo


def begin(record: PersonRecord, ticket: str, now: Instant) -> Prompt:
    """Ask for the address, for whatever ticket code was typed. A conversation that was under way is dropped."""
    known = asked_for(record, ticket, now)
    return Prompt(
        known.model_copy(update={"step": "address", "asked": ticket, "challenge": None}),
        "ask_address",
    )


def asked_for(record: PersonRecord, ticket: str, at: Instant) -> PersonRecord:
    """Return the record that remembers when a code was written by somebody who may not see it yet."""
    rest = [asked for asked in record.asked_for if asked.code != ticket or at - asked.at > DAY]
    if len(rest) < len(record.asked_for):
        at = min(asked.at for asked in record.asked_for if asked.code == ticket and at - asked.at <= DAY)
        rest = [asked for asked in rest if asked.code != ticket]
    return record.model_copy(update={"asked_for": (*rest, AskedFor(code=ticket, at=at))[-_ASKED_MAX:]})


def step(record: PersonRecord, text: str, now: Instant, means: Means) -> Prompt | None:
    """Return what follows from a private message; None if no conversation is under way."""
    if record.step == "idle":
        return None
    said = unicodedata.normalize("NFKC", text[:_TEXT_LENGTH_MAX]).strip()
    if said.casefold().strip(" .!\"'“”") in _STOP:
        return Prompt(_idle(record), "dialog_cancelled")
    address = _only_address(said)
    if address is not None:
        return _challenge(record, address, now, means)
    if record.step == "address" or record.challenge is None:
        return Prompt(record, "address_not_an_address")
    return _answer(record, record.challenge, said, now, means)


def wrong_digits(record: PersonRecord, now: Instant) -> Prompt:
    """Return the answer to digits that do not fit `record`'s challenge. One more try is used up."""
    challenge = record.challenge
    if challenge is None or now >= challenge.until or challenge.tries + 1 >= TRIES_MAX:
        return Prompt(_idle(record), "digits_expired")
    tried = challenge.model_copy(update={"tries": challenge.tries + 1})
    return Prompt(
        record.model_copy(update={"challenge": tried}),
        "digits_wrong",
        {"left": str(TRIES_MAX - tried.tries)},
    )


def _challenge(record: PersonRecord, address: str, now: Instant, means: Means) -> Prompt:
    today = tuple(sent for sent in record.challenges if sent.at > now - DAY)
    of_ticket = sum(1 for sent in today if sent.code == record.asked)
    if of_ticket >= PER_TICKET_A_DAY or len(today) >= PER_PERSON_A_DAY:
        stopped = _idle(record).model_copy(update={"challenges": today})
        return Prompt(stopped, "challenge_limit", {"support_phone": means.support_phone})
    challenge = Challenge(code=record.asked, address=address, digest=means.digest, until=now + CODE_LASTS)
    sent = (*today, ChallengeSent(code=record.asked, at=now))
    return Prompt(
        record.model_copy(update={"step": "digits", "challenge": challenge, "challenges": sent}),
        "code_on_its_way",
        {"address": address},
        SendCode(record.asked, address),
    )


def _answer(record: PersonRecord, challenge: Challenge, said: str, now: Instant, means: Means) -> Prompt:
    if now >= challenge.until:
        return Prompt(_idle(record), "digits_expired")
    digits = _only_digits(said)
    if digits is None:
        return Prompt(record, "digits_needed")
    if not means.matches(challenge.digest, digits):
        return wrong_digits(record, now)
    until = formats.day(record.language, now + BINDING_LASTS, means.zone)
    return Prompt(
        _idle(record),
        "bound",
        {"code": challenge.code, "until": until},
        Bind(challenge.code, challenge.address),
    )


def _idle(record: PersonRecord) -> PersonRecord:
    return record.model_copy(update={"step": "idle", "asked": "", "challenge": None})


def _only_address(said: str) -> str | None:
    """Return the one address in a message: Teams writes a typed address as a link, so it may stand there twice."""
    found = {address.lower().strip(".'") for address in _ADDRESS.findall(said)}
    address = found.pop() if len(found) == 1 else ""
    return address if 0 < len(address) <= _ADDRESS_LENGTH_MAX else None


def _only_digits(said: str) -> str | None:
    found = {f"{first}{second}" for first, second in _DIGITS.findall(said)}
    return found.pop() if len(found) == 1 else None
