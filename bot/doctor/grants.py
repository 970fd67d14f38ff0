"""What the owners of the teams consented to: without it a team is silently heard by mentions only."""

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.doctor.installation import Installation
from bot.doctor.lines import Line, counted, fail, ok, warn
from bot.doctor.teams import NOT_CONNECTED, refused_login
from bot.errors import DeliveryError
from bot.teams.connector import Connector
from bot.teams.grants import (
    ASKED_FOR,
    GRAPH_SCOPE,
    READ_GRANTS,
    READ_MEMBERS,
    READ_MESSAGES,
    Grants,
    NotConsentedError,
)
from bot.text.plain import one_line
from bot.ticket.model import BoundChannel

_CHECK: Final = "grants"
_AT_ONCE = 4
_NAME_MAX_CHARS = 40
_CONSEQUENCES: Final = {
    READ_MESSAGES: "a code without a mention is not heard there",
    READ_MEMBERS: "who is in a channel there may not be told, so that it cannot be bound to a customer",
    READ_GRANTS: "its grants were seen by a permission for the whole tenant, which is not needed",
}
_CONSENT: Final = (
    "as an owner of that team: Manage team → Apps → Trực Ban, update it, or remove it and add it again, and accept the "
    "permissions (docs/tenant.md, step 6). If Teams asks for none, the package is an old one (steps 3 and 5) or "
    "resource-specific consent is switched off (step 4)"
)
_ASK_THE_OWNER: Final = "ask an owner of that team: Manage team → Apps → Trực Ban → Permissions must list "


async def grants(desk: Installation) -> list[Line]:
    """Compare what was granted in each team with a bound channel with what the app package asks for."""
    teams = desk.teams
    if teams is None:
        return [warn(_CHECK, *NOT_CONNECTED)]
    if teams.grants is None:
        advice = "set BOT_GRAPH_URL, or neither of the two: a local channel's token must not be sent to Microsoft"
        return [warn(_CHECK, "not looked up: BOT_LOGIN_URL is set and BOT_GRAPH_URL is not", advice)]
    bound = list((await desk.record()).channels.values())
    by_team: dict[str, list[BoundChannel]] = {}
    for channel in bound:
        by_team.setdefault(channel.team, []).append(channel)
    chats = by_team.pop("", [])
    if not by_team:
        return [warn(_CHECK, "not looked up: no channel of a team is bound", "mend the line `channels` first")]
    why = await refused_login(teams, GRAPH_SCOPE)
    if why:
        advice = "mend the line `login` first; if that is ok, run doctor again"
        return [warn(_CHECK, f"not looked up: the login gives no token for Microsoft Graph: {why}", advice)]
    gate, home = asyncio.Semaphore(_AT_ONCE), desk.book.desk.tenant.lower()
    looks = [_look(teams.connector, teams.grants, gate, home, channels) for channels in by_team.values()]
    lines = [line for found in await asyncio.gather(*looks) for line in found]
    told = f"{counted(len(by_team), 'team', 'teams')} granted {', '.join(ASKED_FOR)}"
    exceptions = f"; {_names(chats)} in no team, where mentions only are heard" if chats else ""
    return lines or [ok(_CHECK, told + exceptions)]


async def _look(
    connector: Connector, graph: Grants, gate: asyncio.Semaphore, home: str, channels: Sequence[BoundChannel]
) -> list[Line]:
    """Return what is wrong with one team's grants. The team is named by its bound channels: its own name is unknown."""
    team, chat = f"the team of {_names(channels)}", channels[0].chat
    if chat.tenant.lower() != home:
        found = f"not looked up for {team}: it belongs to another organisation, where our token does not count"
        return [warn(_CHECK, found, _ASK_THE_OWNER + ", ".join(ASKED_FOR))]
    async with gate:
        try:
            # Asked anew each time: Teams tells the group in few activities, and refuses once the app is removed.
            group = await connector.group_of_team(chat.service_url, channels[0].team)
            held = await graph.of_team(group)
        except NotConsentedError as error:
            found = f"not looked up for {team}: {error}, so {READ_GRANTS} is not granted there"
            return [warn(_CHECK, found, _CONSENT)]
        except DeliveryError as error:
            advice = (
                "is the app still in that team? If so: " + _ASK_THE_OWNER + ", ".join(ASKED_FOR)
                if error.permanent
                else "run doctor again in a minute; if it stays, open the way out to graph.microsoft.com"
            )
            return [warn(_CHECK, f"not looked up for {team}: {error}", advice)]
    return [_missing(team, name) for name in ASKED_FOR if name not in held]


def _missing(team: str, name: str) -> Line:
    say = warn if name == READ_GRANTS else fail
    return say(_CHECK, f"{team} did not grant {name}: {_CONSEQUENCES[name]}", _CONSENT)


def _names(channels: Sequence[BoundChannel]) -> str:
    return ", ".join(one_line(one.name, _NAME_MAX_CHARS) or one.customer or one.role for one in channels)
