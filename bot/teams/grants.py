"""Which resource-specific permissions a team's owner granted this app: asked of Microsoft Graph, and only read.

No consent for the whole tenant is needed for it: in a team where the app holds READ_GRANTS it may read the team's list.
Source: Graph 1.0, "List permissionGrants of a team".
"""

import asyncio
import json
from typing import Any, Final
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from bot.errors import DeliveryError
from bot.teams.connector import Tokens

GRAPH_URL: Final = "https://graph.microsoft.com"
GRAPH_SCOPE: Final = "https://graph.microsoft.com/.default"

READ_MESSAGES: Final = "ChannelMessage.Read.Group"
READ_MEMBERS: Final = "ChannelMember.Read.Group"
READ_GRANTS: Final = "TeamsAppInstallation.Read.Group"
ASKED_FOR: Final = (READ_MESSAGES, READ_MEMBERS, READ_GRANTS)
"""What the app package asks a team's owner for (manifest/manifest.json)."""

_TIMEOUT_S = 10.0
_ANSWER_SIZE_MAX_BYTES = 4 << 20
_PAGES_MAX = 20
_OK = 200
_FORBIDDEN = 403
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class NotConsentedError(DeliveryError):
    """Graph does not let this app see the team's grants (403)."""


class Grants:
    """Reads grants. `url`: Graph's address, or a local channel's in development."""

    def __init__(self, tokens: Tokens, *, app_id: str, url: str = GRAPH_URL) -> None:
        self._tokens = tokens
        self._app_id = app_id.lower()
        self._url = url.rstrip("/")

    async def of_team(self, group: str) -> frozenset[str]:
        """Return the permissions that this app holds in the team of an Entra group, by their names in the manifest.

        Raises DeliveryError; NotConsentedError if the app may not know.
        """
        token = await self._tokens.token(GRAPH_SCOPE)
        page = f"{self._url}/v1.0/teams/{quote(group, safe='')}/permissionGrants"
        held: set[str] = set()
        for _ in range(_PAGES_MAX):
            # In a thread, with the library that the login uses: both believe the same certificates.
            answer = await asyncio.to_thread(_get, page, token)
            listed = answer.get("value")
            if not isinstance(listed, list):
                raise DeliveryError("Graph's answer is no list of grants")
            held.update(str(one["permission"]) for one in listed if isinstance(one, dict) and self._is_ours(one))
            following = answer.get("@odata.nextLink")
            if following is None:
                return frozenset(held)
            if not str(following).startswith(f"{self._url}/v1.0/"):
                raise DeliveryError("Graph's list goes on at a place that must not have our token", permanent=True)
            page = str(following)
        raise DeliveryError("Graph's list of grants does not end", permanent=True)

    def _is_ours(self, grant: dict[str, Any]) -> bool:
        # The documentation calls now the one, now the other the application's id; the other one is its object id.
        holders = {str(grant.get(name)).lower() for name in ("clientAppId", "clientId")}
        of_the_app_itself = str(grant.get("permissionType")).lower() == "application"
        return self._app_id in holders and of_the_app_itself and isinstance(grant.get("permission"), str)


class _Bearer(AuthBase):
    """A token as `auth`: as a mere header it would lose against a .netrc that names the host."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _get(url: str, token: str) -> dict[str, Any]:
    """Return an object. Blocks. Raises DeliveryError."""
    try:
        with requests.get(url, auth=_Bearer(token), timeout=_TIMEOUT_S, allow_redirects=False, stream=True) as response:
            status, answer = response.status_code, _object(response)
    except (requests.RequestException, OSError) as error:
        raise DeliveryError(f"Graph was not reached: {type(error).__name__}") from error
    if status == _OK:
        return answer
    error_told = answer.get("error")
    code = str(error_told.get("code", ""))[:80] if isinstance(error_told, dict) else ""
    told = f"Graph answered {status} {code}".rstrip()
    if status == _FORBIDDEN:
        raise NotConsentedError(told, permanent=True)
    raise DeliveryError(told, permanent=status not in _TRANSIENT)


def _object(response: requests.Response) -> dict[str, Any]:
    body = bytearray()
    for chunk in response.iter_content(64 << 10):
        body += chunk
        if len(body) > _ANSWER_SIZE_MAX_BYTES:
            raise DeliveryError("Graph's answer is too large")
    try:
        answer = json.loads(body) if body else {}
    except ValueError:
        answer = {}  # an error page of a gateway; its status says enough
    return answer if isinstance(answer, dict) else {}
