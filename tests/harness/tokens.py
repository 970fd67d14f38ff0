"""Keys and tokens of a local channel: what login.botframework.com is to the real Teams, forgeries included."""

import base64
import time
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"


@dataclass(frozen=True)
class Key:
    """A signing key and what it may speak for."""

    kid: str
    private: rsa.RSAPrivateKey
    endorsements: tuple[str, ...] = (CHANNEL,)

    @property
    def jwk(self) -> dict[str, Any]:
        """Return the public half as the key document lists it."""
        numbers = self.private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": _base64url(numbers.n),
            "e": _base64url(numbers.e),
            "endorsements": list(self.endorsements),
        }

    @property
    def public_pem(self) -> bytes:
        """Return the public half as PEM: the secret of a confused-algorithm forgery."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def new_key(*, kid: str | None = None, endorsements: tuple[str, ...] = (CHANNEL,), bits: int = 2048) -> Key:
    """Return a fresh key."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return Key(kid or uuid4().hex[:12], private, endorsements)


@cache
def first_key() -> Key:
    """Return the key that channels start with: one per process, because making one is slow."""
    return new_key()


def claims(*, app_id: str, service_url: str, **changes: Any) -> dict[str, Any]:
    """Return what a genuine token claims now; a change to None leaves the claim out."""
    now = time.time_ns() // 1_000_000_000
    values = {
        "iss": ISSUER,
        "aud": app_id,
        "serviceurl": service_url,
        "nbf": now - 5,
        "exp": now + 3600,
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def sign(key: Key, values: dict[str, Any], *, kid: str | None = None) -> str:
    """Return a token signed by `key`; `kid` says in the header that it was another one."""
    return jwt.encode(values, key.private, algorithm="RS256", headers={"kid": kid or key.kid})


def _base64url(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
