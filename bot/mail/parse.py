"""Any bytes become a `ParsedMail`: no mail raises, hangs or fills the memory; what cannot be read is said in `problem`.

The structure is read with the parser's old policy, the only one that does not read (and fail on) headers by
itself; header values are decoded here, each behind its own guard.
"""

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from email import policy
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses
from typing import Any, TypeVar

from bot.desk.arrivals import ParsedMail
from bot.desk.ports import Letter
from bot.mail import bodies, message_ids, quotes
from bot.mail.charsets import clean, decode_header, one_line

SIZE_MAX_BYTES = 25 * 1024 * 1024
TEXT_MAX_CHARS = 100_000
_HEADER_MAX_CHARS = 10_000
_HEADERS_MAX = 1_000
_ADDRESSES_MAX = 200
_REFERENCES_MAX = 100
_BOUNDARIES_MAX = 2_500
"""Lines that may be boundaries. Parsing is quadratic in nesting and costs 1.5 kB a part: the rest is not read."""
_CONTAINERS_MAX = 100
_LINES_MAX = 600_000
"""25 MB of base64 have 340,000; five million header lines take half a minute."""
_CANDIDATES_MAX = 50

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,900}>")
_REPORTED_ID = re.compile(rb"^(?:original-)?message-id:\s{0,4}(<[^<>\s]{1,300}>)", re.IGNORECASE | re.MULTILINE)
_ANY_ID = re.compile(rb"<[^<>\s@]{1,200}@[^<>\s@]{1,255}>")
_CONTAINER = re.compile(rb"^content-type:\s{0,20}(?:multipart|message)/", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[^\s@<>,;:\"()]{1,64}@[^\s@<>,;:\"()]{1,253}")
_FORWARD = re.compile(r"\s*(?:fwd?|tr|chuyển tiếp)\s*:", re.IGNORECASE)
_BULK = frozenset({"bulk", "list", "junk", "auto_reply", "auto-reply"})
_SUPPRESSES_REPLIES = frozenset({"all", "oof", "autoreply"})
_DAEMONS = frozenset({"mailer-daemon", "postmaster", "mail-daemon"})

log = logging.getLogger(__name__)
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Headers:
    """The first headers of a mail by lower-case name, raw and cut to a bearable length."""

    values: dict[str, list[str]]

    def all(self, name: str) -> list[str]:
        return self.values.get(name, [])

    def first(self, name: str) -> str:
        return next(iter(self.all(name)), "")


def parse(letter: Letter, *, secret: bytes, domain: str) -> ParsedMail:
    """Return what a letter says. `secret` and `domain` recognise the desk's own Message-IDs. Never raises."""
    try:
        return _parse(letter, secret, domain)
    except Exception as error:  # noqa: BLE001  the wall around one mail: any bytes may come
        log.warning("mail %s cannot be read: %s", letter.id, type(error).__name__)
        return _unreadable(letter)


def _parse(letter: Letter, secret: bytes, domain: str) -> ParsedMail:
    raw, truncated = _bounded(letter.raw)
    too_large = len(letter.raw) > SIZE_MAX_BYTES
    message = _structure(raw, headers_only=too_large)
    if message is None:
        truncated = True
        message = BytesHeaderParser(policy=policy.compat32).parsebytes(raw[: _HEADER_MAX_CHARS * 10])
    headers = _headers_of(message)
    body = bodies.Body() if too_large else _guarded(lambda: bodies.read(message), bodies.Body(broken=True))
    sender, sender_name, alone = _sender(headers)
    references = _references(headers, secret, domain)
    in_reply_to = next(iter(_ids(headers.first("in-reply-to"), secret, domain)), None)
    subject = _guarded(lambda: decode_header(headers.first("subject")), "")[:500]
    message_id = _message_id(headers, letter.raw)
    automatic = _automatic(headers, letter, sender, own=message_ids.is_own(secret, message_id, domain))
    full_text = clean(body.full[: TEXT_MAX_CHARS * 2])[:TEXT_MAX_CHARS].strip()
    fresh = clean(body.fresh[: TEXT_MAX_CHARS * 2])[:TEXT_MAX_CHARS]
    answers = bool(in_reply_to or references) and not _FORWARD.match(subject)
    problem = "too_large" if too_large else "no_sender" if not alone else ""
    return ParsedMail(
        message_id=message_id,
        in_reply_to=in_reply_to,
        references=(*references, in_reply_to) if in_reply_to and in_reply_to not in references else references,
        sender=sender,
        sender_name=sender_name,
        to=_addresses(headers.all("to")),
        cc=_addresses(headers.all("cc")),
        subject=subject,
        # a forward with nothing above it says what was forwarded; an empty answer says nothing
        new_text=quotes.new_text(fresh, reply=answers) or ("" if answers else full_text),
        full_text=full_text,
        attachments=body.attachments,
        received_at=letter.received_at,
        automatic=automatic,
        bounced=_bounced(letter.raw, body, secret, domain)
        if automatic in {"bounce", "daemon", "null-sender"}
        else None,
        own=automatic == "own",
        problem=problem or ("broken" if truncated or body.broken else ""),
    )


def _bounded(raw: bytes) -> tuple[bytes, bool]:
    """Return as much of a mail as can be parsed in bounded time, and whether something was cut."""
    size = len(raw)
    raw = raw[:SIZE_MAX_BYTES]
    if raw.count(b"\n") > _LINES_MAX:
        raw = raw[: len(raw) - len(raw.split(b"\n", _LINES_MAX)[-1])]
    end = len(raw)
    for number, container in enumerate(_CONTAINER.finditer(raw)):
        if number >= _CONTAINERS_MAX:
            end = container.start()
            break
    position = 0
    for _ in range(_BOUNDARIES_MAX):
        position = raw.find(b"\n--", position + 1, end)
        if position < 0:
            break
    else:
        end = position
    return raw[:end], end < size


def _structure(raw: bytes, *, headers_only: bool) -> Message | None:
    parser = BytesHeaderParser if headers_only else BytesParser
    return _guarded(lambda: parser(policy=policy.compat32).parsebytes(raw), None)


def _headers_of(message: "Message[Any, Any]") -> _Headers:
    values: dict[str, list[str]] = {}
    for name, value in list(message.raw_items())[:_HEADERS_MAX]:
        values.setdefault(name.lower(), []).append(str(value)[:_HEADER_MAX_CHARS])
    return _Headers(values)


def _sender(headers: _Headers) -> tuple[str, str, bool]:
    """Return address and name of From, and whether there is exactly one: nobody answers for two senders."""
    pairs = _pairs(headers.all("from"))
    if len(headers.all("from")) != 1 or len(pairs) != 1:
        return "", "", False
    name, address = pairs[0]
    return address, one_line(name)[:200], True


def _addresses(values: list[str]) -> tuple[str, ...]:
    pairs = _pairs(values)
    return tuple(dict.fromkeys(address for _, address in pairs))[:_ADDRESSES_MAX]


def _pairs(values: list[str]) -> list[tuple[str, str]]:
    """Return (name, address) of every well-formed address. Names are decoded after splitting: they may hide commas."""
    nothing: list[tuple[str, str]] = []
    found = []
    for name, address in _guarded(lambda: getaddresses([_unescaped(value) for value in values]), nothing):
        normal = _address(address)
        if normal:
            found.append((decode_header(name), normal))
    return found


def _unescaped(value: str) -> str:
    value = "".join(value.splitlines())
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _address(text: str) -> str:
    """Return an address in lower case with an ASCII domain; empty if it is none."""
    text = clean(text).strip().lower()
    if not _ADDRESS.fullmatch(text):
        return ""
    local, _, domain = text.rpartition("@")
    if not domain.isascii():
        domain = _guarded(lambda: domain.encode("idna").decode("ascii"), "")
    return f"{local}@{domain}" if domain else ""


def _message_id(headers: _Headers, raw: bytes) -> str:
    found = _MESSAGE_ID.search(headers.first("message-id"))
    return _printable(found[0]) if found and _printable(found[0]) else _derived_id(raw)


def _derived_id(raw: bytes) -> str:
    return f"<{hashlib.sha256(raw).hexdigest()}@derived.invalid>"


def _references(headers: _Headers, secret: bytes, domain: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_ids(" ".join(headers.all("references")), secret, domain)))[-_REFERENCES_MAX:]


def _ids(value: str, secret: bytes, domain: str) -> list[str]:
    """Return the Message-IDs in a header. One that claims to be the desk's own with a bad signature is not trusted."""
    ids = [_printable(one) for one in _MESSAGE_ID.findall(value)]
    return [
        one
        for one in ids
        if one and (not message_ids.claims_own(one, domain) or message_ids.is_own(secret, one, domain))
    ]


def _printable(message_id: str) -> str:
    return message_id if message_id.isprintable() and message_id.isascii() else ""


def _automatic(headers: _Headers, letter: Letter, sender: str, *, own: bool) -> str:
    """Return why no person wrote this, empty if one may have (facts: loops, bounces, forgeries)."""
    content_type = " ".join(headers.first("content-type").lower().split())
    null_sender = letter.envelope_from == "<>" or headers.first("return-path").strip() == "<>"
    suppressed = set(re.split(r"[\s,;]+", headers.first("x-auto-response-suppress").lower()))
    auto_submitted = headers.first("auto-submitted").partition(";")[0].strip().lower()
    if own:
        return "own"
    if content_type.startswith("multipart/report"):
        return "bounce" if "disposition-notification" not in content_type else "receipt"
    if sender.partition("@")[0] in _DAEMONS:
        return "daemon"
    if auto_submitted not in {"", "no"} or any(
        headers.all(f"x-auto{name}") for name in ("reply", "respond", "responder")
    ):
        return "auto-submitted"
    if headers.first("precedence").strip().lower() in _BULK:
        return "bulk"
    if any(name.startswith("list-") for name in headers.values):
        return "list"
    if suppressed & _SUPPRESSES_REPLIES:
        return "suppressed"
    if headers.all("x-loop"):
        return "loop"
    return "null-sender" if null_sender else ""


def _bounced(raw: bytes, body: bodies.Body, secret: bytes, domain: str) -> str | None:
    """Return the own Message-ID that a report is about: the one of the returned mail, else one that the text names."""
    text = body.reports.encode("utf-8", "replace")
    for rule, source in ((_REPORTED_ID, raw), (_REPORTED_ID, text), (_ANY_ID, raw), (_ANY_ID, text)):
        for number, found in enumerate(rule.finditer(source)):
            candidate = found[found.lastindex or 0].decode("ascii", "replace")
            if message_ids.is_own(secret, candidate, domain):
                return candidate
            if number >= _CANDIDATES_MAX:
                break
    return None


def _unreadable(letter: Letter) -> ParsedMail:
    empty = ParsedMail(
        message_id=_derived_id(letter.raw),
        in_reply_to=None,
        references=(),
        sender="",
        sender_name="",
        to=(),
        cc=(),
        subject="",
        new_text="",
        full_text="",
        attachments=(),
        received_at=letter.received_at,
        automatic="",
        problem="no_sender",
    )
    text = clean(letter.raw[:TEXT_MAX_CHARS].decode("utf-8", "replace"))
    return replace(empty, full_text=text[:TEXT_MAX_CHARS])


def _guarded(work: Callable[[], _T], otherwise: _T) -> _T:
    """Return what `work` returns; the standard library raises a dozen kinds of error on hostile headers."""
    try:
        return work()
    except Exception:  # noqa: BLE001  a wall around one header of one mail
        return otherwise
