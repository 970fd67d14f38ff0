"""The bot's own tokens: one msal object, asked off the event loop, its tokens kept here and renewed early.

msal blocks; left alone it made two login requests per message (facts/teams-and-botbuilder.md).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import msal
import requests
from msal.exceptions import MsalError

from bot.errors import DeliveryError

_log = logging.getLogger(__name__)

CONNECTOR_SCOPE = "https://api.botframework.com/.default"

_LOGIN_TIMEOUT_S = 10
_LOGIN_FAILURES = (
    *(MsalError, requests.RequestException, OSError),
    # What msal raises over a login that answers something else than a login does.
    *(ValueError, RuntimeError, KeyError, TypeError, AttributeError),
)


class TokenSource(Protocol):
    """Asks a login for a token. Blocks; runs in a thread, one call at a time."""

    def acquire(self, scope: str) -> dict[str, Any]:
        """Return msal's answer: `access_token` and `expires_in` (seconds), or `error`."""
        ...


@dataclass(frozen=True)
class _Token:
    value: str
    renew_at_s: float
    expires_at_s: float


class Credentials:
    """Tokens by scope: fetched once for any number of waiters, renewed in the background before they lapse."""

    def __init__(
        self,
        source: TokenSource,
        *,
        retry_gap_s: float = 2,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._retry_gap_s = retry_gap_s
        self._monotonic = monotonic
        self._tokens: dict[str, _Token] = {}
        self._fetching: dict[str, asyncio.Task[_Token]] = {}
        self._failed_at_s: dict[str, float] = {}
        self.logins = 0

    async def token(self, scope: str = CONNECTOR_SCOPE) -> str:
        """Return a valid token; raises DeliveryError (not permanent) while the login gives none."""
        now = self._monotonic()
        token = self._tokens.get(scope)
        if token is not None and now < token.expires_at_s:
            if now >= token.renew_at_s and not self._failed_lately(scope):
                self._start(scope)
            return token.value
        if scope not in self._fetching and self._failed_lately(scope):
            raise DeliveryError("the login gave no token a moment ago", retry_after_s=self._retry_gap_s)
        return (await asyncio.shield(self._start(scope))).value

    def drop(self, scope: str, value: str) -> None:
        """Forget a token that was refused; the next caller logs in again."""
        token = self._tokens.get(scope)
        if token is not None and token.value == value:
            del self._tokens[scope]

    async def close(self) -> None:
        """Stop waiting for logins under way."""
        for task in list(self._fetching.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, DeliveryError):
                await task

    def _failed_lately(self, scope: str) -> bool:
        failed_at_s = self._failed_at_s.get(scope)
        return failed_at_s is not None and self._monotonic() - failed_at_s < self._retry_gap_s

    def _start(self, scope: str) -> asyncio.Task[_Token]:
        task = self._fetching.get(scope)
        if task is None:
            task = asyncio.create_task(self._fetch(scope), name="teams-login")
            task.add_done_callback(_seen_failure)
            self._fetching[scope] = task
        return task

    async def _fetch(self, scope: str) -> _Token:
        self.logins += 1
        try:
            answer = await asyncio.to_thread(self._source.acquire, scope)
            token = self._read(answer)
        except (*_LOGIN_FAILURES, DeliveryError) as error:
            self._failed_at_s[scope] = self._monotonic()
            _log.warning("the login gave no token: %s", type(error).__name__)
            raise DeliveryError("the login gave no token") from error
        finally:
            del self._fetching[scope]
        self._failed_at_s.pop(scope, None)
        self._tokens[scope] = token
        return token

    def _read(self, answer: dict[str, Any]) -> _Token:
        value = answer.get("access_token")
        if not isinstance(value, str) or not value:
            reason = str(answer.get("error"))[:80]
            _log.warning("the login refused: %s", reason)
            raise DeliveryError(f"the login refused: {reason}")
        now = self._monotonic()
        lasts_s = float(answer.get("expires_in") or 0)
        # A fifth of its life, at most five minutes, is left for a login that needs several tries.
        return _Token(value, now + lasts_s - min(300, lasts_s / 5), now + max(0.0, lasts_s - min(30, lasts_s / 10)))


class SecretLogin:
    """A client secret at Entra, or at a local channel's login (`https://127.0.0.1:<port>/adfs`) in development."""

    def __init__(
        self, *, app_id: str, secret: str, tenant: str, login_url: str = "", ca_bundle: str | None = None
    ) -> None:
        self._app_id = app_id
        self._secret = secret
        self._authority = _authority(login_url) if login_url else f"https://login.microsoftonline.com/{tenant}"
        self._at_home = not login_url
        self._session = _TimedSession(ca_bundle)
        self._app: Any = None
        self._throttle: dict[Any, Any] = {}

    def acquire(self, scope: str) -> dict[str, Any]:
        """Return msal's answer. Making msal's object asks the network too, so it is made here."""
        self._throttle.clear()
        if self._app is None:
            self._app = msal.ConfidentialClientApplication(
                self._app_id,
                client_credential=self._secret,
                authority=self._authority,
                instance_discovery=None if self._at_home else False,
                http_client=self._session,
                token_cache=_NoCache(),
                # msal keeps a failed answer for a minute in here; when to try again is decided by Credentials.
                http_cache=self._throttle,
            )
        answer: dict[str, Any] = self._app.acquire_token_for_client(scopes=[scope])
        return answer


class ManagedIdentityLogin:
    """A user-assigned managed identity: no secret to keep. Works on Azure only."""

    def __init__(self, *, client_id: str) -> None:
        self._client_id = client_id
        self._client: Any = None
        self._throttle: dict[Any, Any] = {}

    def acquire(self, scope: str) -> dict[str, Any]:
        """Return msal's answer."""
        self._throttle.clear()
        if self._client is None:
            self._client = msal.ManagedIdentityClient(
                msal.UserAssignedManagedIdentity(client_id=self._client_id),
                http_client=_TimedSession(None),
                token_cache=_NoCache(),
                http_cache=self._throttle,
            )
        answer: dict[str, Any] = self._client.acquire_token_for_client(resource=scope.removesuffix("/.default"))
        return answer


class _NoCache(msal.TokenCache):  # type: ignore[misc]  # msal is not typed
    """Tokens are kept by Credentials; msal's own cache would hand a refused token out again."""

    def add(self, event: Any, **kwargs: Any) -> None:
        del event, kwargs

    def search(self, *args: Any, **kwargs: Any) -> Any:
        del args, kwargs
        return iter(())


class _TimedSession(requests.Session):
    """A session with an end to its patience.

    A CA bundle is named in each call: set on the session, it loses against REQUESTS_CA_BUNDLE of the environment.
    """

    def __init__(self, ca_bundle: str | None) -> None:
        super().__init__()
        self._ca_bundle = ca_bundle

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", _LOGIN_TIMEOUT_S)
        if self._ca_bundle is not None:
            kwargs["verify"] = self._ca_bundle
        return super().request(*args, **kwargs)


def _authority(login_url: str) -> str:
    """Return the authority of a login URL that may name the token endpoint below it."""
    parts = urlsplit(login_url)
    first = parts.path.strip("/").partition("/")[0]
    return f"{parts.scheme}://{parts.netloc}/{first or 'adfs'}"


def _seen_failure(task: asyncio.Task[_Token]) -> None:
    """Look at a background renewal's failure, which nobody awaits; it was logged where it happened."""
    if not task.cancelled():
        task.exception()
