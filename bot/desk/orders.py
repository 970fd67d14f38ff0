"""What people can tell the bot in words: help, bindings; by staff also calls, suspensions, merges.

Vietnamese with or without marks. What only staff may say is an order only when staff say it: a customer's
"cuộc gọi chập chờn" is a message.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

_HELP = re.compile(r"^(help|giup|giup do|tro giup|huong dan|\?)$")
_BIND = re.compile(
    r"^(?:bind|gan kenh|gan)\s*(?:channel|kenh)?\s*"
    r"(?:(?P<desk>desk|truc|truc ban)|(?P<managers>managers?|quan ly)|"
    r"(?:customer|khach hang|khach(?! hang$))\s+(?P<customer>[a-z0-9][a-z0-9-]*))$"
)
_UNBIND = re.compile(r"^(?:unbind|bo gan kenh|go kenh|bo gan)$")
_CALL = re.compile(
    r"^(?:ghi nhan )?(?:cuoc goi|call)(?: (?:cua|of))? (?P<whose>[\w-]+)"
    r"(?: (?:luc|at) (?P<time>\d{1,2}[:hg]\d{2})(?: (?:ngay |on )?(?P<date>\d{1,2}/\d{1,2}/\d{4}))?)?"
    r"(?: (?P<rest>.+))?$"
)
_SUSPEND = re.compile(r"^(?:dinh chi|suspend)(?: sla)? (?P<customer>[a-z0-9][a-z0-9-]*)(?: ?: ?| )(?P<rest>.+)$")
_AGREE = re.compile(r"^(?:het dinh chi|unsuspend)(?: sla)? (?P<customer>[a-z0-9][a-z0-9-]*)(?: ?: ?| )(?P<rest>.+)$")
_MERGE = re.compile(r"^(?:gop|merge)(?: ticket)? (?P<code>[\w-]+) (?:vao|into)(?: ticket)? (?P<into>[\w-]+)$")
_TRIES = (
    (re.compile(r"^(?:ghi nhan )?(?:cuoc goi|call)$|^ghi nhan cuoc goi\b"), "call_usage"),
    (re.compile(r"^(?:het )?dinh chi\b|^(?:un)?suspend\b"), "suspension_usage"),
    (re.compile(r"^(?:gop|merge)\b"), "merge_usage"),
)
_TRIES_TO_BIND = re.compile(r"^(?:bind|gan kenh)\b")


@dataclass(frozen=True)
class Order:
    """Something asked for in words."""

    what: Literal["help", "bind", "unbind", "bind_usage"]
    role: Literal["desk", "managers", "customer"] | None = None
    customer: str = ""


@dataclass(frozen=True)
class StaffOrder:
    """Something that only staff can ask for in words."""

    what: Literal["call", "suspend", "agree", "merge", "call_usage", "suspension_usage", "merge_usage"]
    about: str = ""
    """Customer id or ticket code, in lower case."""
    into: str = ""
    time: str = ""
    """As written, like 10:05; empty: now."""
    date: str = ""
    text: str = ""
    """The rest, as written: the caller's name, a reason."""


def read_order(text: str) -> Order | None:
    """Return what a message orders; None if it is just a message."""
    plain = _plain(text)
    if _HELP.match(plain):
        return Order("help")
    if _UNBIND.match(plain):
        return Order("unbind")
    match = _BIND.match(plain)
    if match is None:
        return Order("bind_usage") if _TRIES_TO_BIND.match(plain) else None
    if match["desk"]:
        return Order("bind", "desk")
    if match["managers"]:
        return Order("bind", "managers")
    return Order("bind", "customer", match["customer"])


def read_staff_order(text: str) -> StaffOrder | None:
    """Return what a message orders that staff wrote; None if it is just a message."""
    plain = _plain(text)
    for pattern, what in ((_SUSPEND, "suspend"), (_AGREE, "agree"), (_CALL, "call"), (_MERGE, "merge")):
        match = pattern.match(plain)
        if match is None:
            continue
        found = match.groupdict()
        about = found.get("customer") or found.get("whose") or found.get("code") or ""
        return StaffOrder(
            what,  # type: ignore[arg-type]
            about=about,
            into=found.get("into") or "",
            time=found.get("time") or "",
            date=found.get("date") or "",
            text=_as_written(text, found.get("rest") or ""),
        )
    usage = next((usage for pattern, usage in _TRIES if pattern.match(plain)), None)
    return StaffOrder(usage) if usage is not None else None  # type: ignore[arg-type]


def _as_written(text: str, plain_rest: str) -> str:
    """Return the last words of a text with their marks: as many as the plain rest has."""
    words = len(plain_rest.split())
    return " ".join(text.split()[-words:]).lstrip(": ") if words else ""


def _plain(text: str) -> str:
    """Return text in lower case without marks and doubled spaces."""
    decomposed = unicodedata.normalize("NFD", text.strip().lower().replace("đ", "d"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.split())
