"""What people can tell the bot in words: bind a channel, ask for help. Vietnamese with or without marks."""

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
_TRIES_TO_BIND = re.compile(r"^(?:bind|gan kenh)\b")


@dataclass(frozen=True)
class Order:
    """Something asked for in words."""

    what: Literal["help", "bind", "unbind", "bind_usage"]
    role: Literal["desk", "managers", "customer"] | None = None
    customer: str = ""


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


def _plain(text: str) -> str:
    """Return text in lower case without marks and doubled spaces."""
    decomposed = unicodedata.normalize("NFD", text.strip().lower().replace("đ", "d"))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.split())
