"""The one verifier, the same in development and production: whoever it lets through is Teams, speaking to this bot.

Source: facts/teams-and-botbuilder.md. There is no path for the emulator's issuer and none without a token.
"""

from dataclasses import dataclass
from typing import Any, Literal

import jwt
from jwt.exceptions import PyJWTError

from bot.teams.key_cache import KeyCache, KeysAwayError
from bot.teams.urls import same_service

TEAMS_ISSUER = "https://api.botframework.com"
TEAMS_METADATA_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"

_TOKEN_SIZE_MAX_CHARS = 16 << 10
_LEEWAY_S = 300


class TokenRefusedError(Exception):
    """A token was not accepted. `reason` is for counters and logs, never for the caller.

    401: nobody known speaks. 403: Teams speaks, but not to this bot or not about this activity.
    503: our own keys could not be fetched, so nothing is known about the caller.
    """

    def __init__(self, status: Literal[401, 403, 503], reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Claims:
    """A genuine token: its claims, and the channels that its key may speak for."""

    values: dict[str, Any]
    service_url: str
    endorsements: frozenset[str]


class Verifier:
    """Checks what comes in. `app_id` must be set: a bot without one would believe everybody."""

    def __init__(self, keys: KeyCache, *, app_id: str, issuer: str = TEAMS_ISSUER) -> None:
        if not app_id:
            raise ValueError("a verifier needs the bot's app id")
        self._keys = keys
        self._app_id = app_id
        self._issuer = issuer

    async def claims(self, authorization: str | None) -> Claims:
        """Return the claims of an Authorization header; raises TokenRefusedError. Needs no body, so it comes first."""
        token = _bearer(authorization)
        kid = _key_id(token)
        try:
            key = await self._keys.get(kid)
        except KeysAwayError as error:
            raise TokenRefusedError(503, "keys_away") from error
        if key is None:
            raise TokenRefusedError(401, "unknown_key")
        values = self._decode(token, key.public_key)
        service_url = values.get("serviceurl")
        if not isinstance(service_url, str) or not service_url:
            raise TokenRefusedError(403, "no_service_url")
        return Claims(values, service_url, key.endorsements)

    def check_activity(self, claims: Claims, *, service_url: str, channel_id: str) -> None:
        """Raise TokenRefusedError(403) if a genuine token was issued for another place than the activity names."""
        if not same_service(claims.service_url, service_url):
            raise TokenRefusedError(403, "other_service_url")
        if channel_id not in claims.endorsements:
            raise TokenRefusedError(403, "not_endorsed")

    def _decode(self, token: str, public_key: Any) -> dict[str, Any]:
        try:
            return jwt.decode(
                token,
                public_key,
                algorithms=["RS256"],
                issuer=self._issuer,
                audience=self._app_id,
                leeway=_LEEWAY_S,
                options={"require": ["exp", "nbf", "iss", "aud"], "strict_aud": True},
            )
        except jwt.InvalidAudienceError as error:
            raise TokenRefusedError(403, "other_audience") from error
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefusedError(401, "missing_claim") from error
        except jwt.ExpiredSignatureError as error:
            raise TokenRefusedError(401, "expired") from error
        except jwt.InvalidIssuerError as error:
            raise TokenRefusedError(401, "other_issuer") from error
        except (PyJWTError, ValueError, TypeError, OverflowError) as error:
            raise TokenRefusedError(401, "invalid_token") from error


def _bearer(authorization: str | None) -> str:
    if not authorization:
        raise TokenRefusedError(401, "no_token")
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _TOKEN_SIZE_MAX_CHARS:
        raise TokenRefusedError(401, "no_token")
    return token


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefusedError(401, "invalid_token") from error
    kid = header.get("kid")
    # Settled before the key is looked up: a token that could never be accepted must not cause a fetch.
    if header.get("alg") != "RS256" or not isinstance(kid, str) or not kid:
        raise TokenRefusedError(401, "invalid_token")
    return kid
