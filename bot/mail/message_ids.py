"""The desk's own Message-IDs: one per effect, always the same, and signed so that nobody else can make one up."""

import hashlib
import hmac
import re

_PREFIX = "tb"
_TOKEN_BYTES = 8
_MAC_BYTES = 12
_SHAPE = re.compile(
    rf"<{_PREFIX}\.([0-9a-f]{{{_TOKEN_BYTES * 2}}})\.([0-9a-f]{{{_MAC_BYTES * 2}}})@([^<>\s@]{{1,255}})>"
)


def make(secret: bytes, effect_id: str, domain: str) -> str:
    """Return the Message-ID of an effect, with angle brackets: deterministic, so that a repeat is recognised."""
    token = hashlib.sha256(effect_id.encode("utf-8", "surrogatepass")).hexdigest()[: _TOKEN_BYTES * 2]
    return f"<{_PREFIX}.{token}.{_mac(secret, token, domain)}@{domain.lower()}>"


def is_own(secret: bytes, message_id: str, domain: str) -> bool:
    """Return whether this desk made a Message-ID; compares in constant time."""
    shape = _SHAPE.fullmatch(message_id)
    if shape is None or shape[3].lower() != domain.lower():
        return False
    return hmac.compare_digest(shape[2], _mac(secret, shape[1], domain))


def claims_own(message_id: str, domain: str) -> bool:
    """Return whether a Message-ID has the shape of an own one, however it is signed."""
    shape = _SHAPE.fullmatch(message_id)
    return shape is not None and shape[3].lower() == domain.lower()


def _mac(secret: bytes, token: str, domain: str) -> str:
    text = f"message-id\0{token}\0{domain.lower()}".encode()
    return hmac.new(secret, text, hashlib.sha256).hexdigest()[: _MAC_BYTES * 2]
