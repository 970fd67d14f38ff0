"""The public keys that Teams signs with, fetched off the path of a request and never given up for a failed fetch.

A request waits for a fetch only when its key is unknown; all such requests share one fetch, and a gap
keeps strangers with invented key ids from turning us against the metadata server.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.exceptions import PyJWTError

from bot.teams.urls import is_loopback_http

_log = logging.getLogger(__name__)

_DOCUMENT_SIZE_MAX_BYTES = 1 << 20
_KEYS_MAX = 200
_KEY_SIZE_MIN_BITS = 2048
_FIRST_GAP_S = 1


@dataclass(frozen=True)
class SigningKey:
    """A key and the channels that it may speak for."""

    kid: str
    public_key: RSAPublicKey
    endorsements: frozenset[str]


class KeysAwayError(Exception):
    """No key could be fetched yet: nobody can be told to be genuine or not."""


class KeyCache:
    """Keys by id. Times are real seconds of `monotonic`."""

    def __init__(
        self,
        metadata_url: str,
        *,
        allow_loopback_http: bool = False,
        refresh_after_s: float = 6 * 3600,
        gap_s: float = 15,
        timeout_s: float = 5,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metadata_url = metadata_url
        self._allow_loopback_http = allow_loopback_http
        self._refresh_after_s = refresh_after_s
        self._gap_s = gap_s
        self._timeout_s = timeout_s
        self._monotonic = monotonic
        self._keys: dict[str, SigningKey] = {}
        self._tried_at: float | None = None
        self._unknown_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None
        self.fetches = 0
        self.failures = 0

    async def get(self, kid: str) -> SigningKey | None:
        """Return a key; None if there is none of that id. Raises KeysAwayError while no key was ever fetched."""
        key = self._keys.get(kid)
        if key is not None:
            self._refresh_when_old()
            return key
        await self._fetch_for_unknown()
        if not self._keys:
            raise KeysAwayError
        return self._keys.get(kid)

    async def warm(self) -> bool:
        """Fetch the keys before the first request needs them; False if that failed."""
        await self._shared_fetch()
        return bool(self._keys)

    async def close(self) -> None:
        """Stop a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._fetching

    def _refresh_when_old(self) -> None:
        if self._tried_at is not None and self._monotonic() - self._tried_at >= self._refresh_after_s:
            self._start_fetch()

    async def _fetch_for_unknown(self) -> None:
        if self._fetching is None:
            now = self._monotonic()
            # The first fetch and the scheduled ones do not count: a key may be rotated right after them.
            last, gap_s = (self._unknown_at, self._gap_s) if self._keys else (self._tried_at, _FIRST_GAP_S)
            if last is not None and now - last < gap_s:
                return
            if self._keys:
                self._unknown_at = now
        await self._shared_fetch()

    async def _shared_fetch(self) -> None:
        # Shielded: one waiter that goes away must not stop the fetch for the others.
        await asyncio.shield(self._start_fetch())

    def _start_fetch(self) -> asyncio.Task[None]:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch(), name="teams-keys")
        return self._fetching

    async def _fetch(self) -> None:
        self._tried_at = self._monotonic()
        self.fetches += 1
        try:
            async with asyncio.timeout(self._timeout_s):
                self._keys = await self._download()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self.failures += 1
            _log.warning("signing keys were not refreshed (%s); %d known keys stay", error, len(self._keys))
        finally:
            self._fetching = None

    async def _download(self) -> dict[str, SigningKey]:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            metadata = await self._document(session, self._metadata_url)
            keys = read_keys(await self._document(session, str(metadata.get("jwks_uri", ""))))
        if not keys:
            raise ValueError("the key document has no usable key")
        return keys

    async def _document(self, session: aiohttp.ClientSession, url: str) -> dict[str, Any]:
        if urlsplit(url).scheme != "https" and not (self._allow_loopback_http and is_loopback_http(url)):
            raise ValueError("a key document must be fetched by https")
        async with session.get(url, allow_redirects=False) as response:
            if response.status != 200:  # noqa: PLR2004  HTTP's own word
                raise ValueError(f"a key document was answered {response.status}")
            body = await _read_capped(response)
        document = orjson.loads(body)
        if not isinstance(document, dict):
            raise ValueError("a key document is not an object")  # noqa: TRY004  one kind of failure for a bad document
        return document


def read_keys(document: dict[str, Any]) -> dict[str, SigningKey]:
    """Return the usable RSA keys of a JWKS document by their id; the others are passed over."""
    listed = document.get("keys")
    keys: dict[str, SigningKey] = {}
    for jwk in listed[:_KEYS_MAX] if isinstance(listed, list) else []:
        key = _read_key(jwk)
        if key is not None:
            keys[key.kid] = key
    return keys


def _read_key(jwk: object) -> SigningKey | None:
    if not isinstance(jwk, dict) or jwk.get("kty") != "RSA" or not isinstance(jwk.get("kid"), str):
        return None
    try:
        public_key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
    except (PyJWTError, KeyError, ValueError, TypeError):
        return None
    if not isinstance(public_key, RSAPublicKey) or public_key.key_size < _KEY_SIZE_MIN_BITS:
        return None
    listed = jwk.get("endorsements")
    endorsements = frozenset(e for e in listed if isinstance(e, str)) if isinstance(listed, list) else frozenset()
    return SigningKey(kid=jwk["kid"], public_key=public_key, endorsements=endorsements)


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 << 10):
        body += chunk
        if len(body) > _DOCUMENT_SIZE_MAX_BYTES:
            raise ValueError("a key document is too large")
    return bytes(body)
