"""The one page of Microsoft Graph that the bot reads, over https: the resource-specific grants of a team.

It is as strict as Graph: a token for Graph's own scope, and an app that may read the list, in that team or everywhere.
"""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web

from bot.teams.grants import ASKED_FOR, GRAPH_SCOPE, READ_GRANTS
from tests.harness.channel_login import FakeLogin, close_after

_PAGE = 2


@dataclass(frozen=True)
class Grant:
    """What one app holds in a team."""

    app: str
    permission: str
    kind: str = "Application"


class FakeGraph:
    """Knows teams by their Entra group."""

    def __init__(self, login: FakeLogin, *, app_id: str) -> None:
        self._login = login
        self._app_id = app_id
        self._runner: web.AppRunner | None = None
        self.url = ""
        self.grants: dict[str, list[Grant]] = {}
        self.is_consented_by_tenant = False
        """Whether an administrator let the app read every team's list."""
        self.answer: web.Response | None = None
        """Instead of the list, once."""
        self.next_page_at = ""
        """Where the list goes on, instead of here."""

    async def start(self) -> None:
        """Listen on a free port, once the login has its certificates."""
        app = web.Application()
        app.on_response_prepare.append(close_after)
        app.router.add_get("/v1.0/teams/{group}/permissionGrants", self._list)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._login.tls()).start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def team_with_the_app(self) -> str:
        """Return the group of a new team whose owner granted all that is asked for."""
        group = str(uuid4())
        self.grants[group] = [Grant(self._app_id, permission) for permission in ASKED_FOR]
        return group

    async def _list(self, request: web.Request) -> web.Response:
        if self.answer is not None:
            answer, self.answer = self.answer, None
            return answer
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._login.valid or self._login.scopes[token] != GRAPH_SCOPE:
            return _error(401, "InvalidAuthenticationToken")
        grants = self.grants.get(request.match_info["group"])
        if grants is None:
            return _error(404, "NotFound")
        if not self.is_consented_by_tenant and Grant(self._app_id, READ_GRANTS) not in grants:
            return _error(403, "Forbidden")
        start = int(request.query.get("$skiptoken", "0"))
        body: dict[str, Any] = {"value": [_listed(grant) for grant in grants[start : start + _PAGE]]}
        if start + _PAGE < len(grants):
            body["@odata.nextLink"] = f"{self.next_page_at or self.url}{request.path}?$skiptoken={start + _PAGE}"
        return web.json_response(body)


def _listed(grant: Grant) -> dict[str, str]:
    return {
        "id": uuid4().hex,
        "clientAppId": grant.app,
        "clientId": str(uuid4()),
        "resourceAppId": str(uuid4()),
        "permissionType": grant.kind,
        "permission": grant.permission,
    }


def _error(status: int, code: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": "scripted"}}, status=status)
