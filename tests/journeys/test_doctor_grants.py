"""What `doctor` says of the permissions that teams granted, asked of a Graph on loopback with a real token over TLS."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr, ValidationError

from bot.desk.ports import Commit, RecordKey
from bot.doctor.lines import Line
from bot.settings import Settings
from bot.store.redis_store import RedisLedger
from bot.teams.credentials import CONNECTOR_SCOPE
from bot.teams.grants import ASKED_FOR, GRAPH_SCOPE, READ_GRANTS, READ_MEMBERS, READ_MESSAGES
from bot.ticket.model import BoundChannel, DeskRecord
from tests.harness.channel_graph import Grant
from tests.harness.local_channel import Place
from tests.harness.servers import free_port
from tests.journeys.ward import Ward, well_ward

pytestmark = pytest.mark.asyncio(loop_scope="module")
_DESK = RecordKey("desk", "desk")
_ANOTHER_APP = "00000000-0000-4000-8000-00000000a44a"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ward() -> AsyncIterator[Ward]:
    """Yield a desk that is well."""
    async with well_ward() as ward:
        yield ward


async def of_grants(ward: Ward, ledger: RedisLedger | None = None, **changes: Any) -> list[Line]:
    """Return the lines about grants."""
    return [line for line in await ward.lines(ledger, **changes) if line.check == "grants"]


def group(ward: Ward, place: Place) -> str:
    """Return the Entra group of the team around a channel."""
    return ward.desk.channel.connector.groups[place.team]


@contextmanager
def granted(ward: Ward, place: Place, *grants: Grant) -> Iterator[None]:
    """Let a channel's team have these grants, and no others, within the block."""
    graph = ward.desk.channel.graph
    before = graph.grants[group(ward, place)]
    graph.grants[group(ward, place)] = list(grants)
    try:
        yield
    finally:
        graph.grants[group(ward, place)] = before


def all_but(ward: Ward, *names: str) -> list[Grant]:
    """Return what the bot asks for, without some."""
    return [Grant(ward.desk.channel.app_id, name) for name in ASKED_FOR if name not in names]


async def a_ledger_with(ward: Ward, *channels: BoundChannel) -> RedisLedger:
    """Return the ledger of a desk that knows nothing but these channels."""
    ledger = ward.new_ledger()
    record = DeskRecord(channels={channel.chat.conversation: channel for channel in channels})
    await ledger.commit(Commit(_DESK, 0, record.model_dump_json().encode()))
    return ledger


async def bound(ward: Ward, place: Place) -> BoundChannel:
    """Return a channel as the desk noted it."""
    stored = await ward.desk.ledger.read(_DESK)
    assert stored is not None
    return DeskRecord.model_validate_json(stored.body).channels[place.id]


async def test_teams_that_granted_everything_are_counted_whatever_else_is_granted_there(ward: Ward) -> None:
    others = [Grant(_ANOTHER_APP, f"Other{n}.Read.Group") for n in range(5)]
    with granted(ward, ward.scene.desk_channel, *others, *all_but(ward)):
        (line,) = await of_grants(ward)
    assert (line.status, line.found) == ("ok", f"3 teams granted {', '.join(ASKED_FOR)}")
    scopes = ward.desk.channel.login.scopes.values()
    assert GRAPH_SCOPE in scopes
    assert CONNECTOR_SCOPE in scopes


@pytest.mark.parametrize("name", [READ_MESSAGES, READ_MEMBERS])
async def test_a_grant_that_is_missing_is_told_with_its_team_and_what_to_do(ward: Ward, name: str) -> None:
    with granted(ward, ward.scene.managers_channel, *all_but(ward, name)):
        (line,) = await of_grants(ward)
    assert line.status == "fail"
    assert line.found.startswith(f"the team of Quản lý did not grant {name}: ")
    for word in ("owner", "update it, or remove it and add it again", "step 6", "consent is switched off (step 4)"):
        assert word in line.do


async def test_each_missing_grant_of_each_team_has_a_line(ward: Ward) -> None:
    scene = ward.scene
    with (
        granted(ward, scene.desk_channel, *all_but(ward, READ_MESSAGES, READ_MEMBERS)),
        granted(ward, scene.customer_channel, *all_but(ward, READ_MESSAGES)),
    ):
        lines = await of_grants(ward)
    assert [line.found.partition(":")[0] for line in lines] == [
        f"the team of Ca trực did not grant {READ_MESSAGES}",
        f"the team of Ca trực did not grant {READ_MEMBERS}",
        f"the team of An Phú did not grant {READ_MESSAGES}",
    ]


async def test_what_another_app_holds_or_a_signed_in_person_only_does_not_count(ward: Ward) -> None:
    ours = ward.desk.channel.app_id
    grants = (
        *all_but(ward, READ_MESSAGES, READ_MEMBERS),
        Grant(_ANOTHER_APP, READ_MESSAGES),
        Grant(ours, READ_MEMBERS, kind="Delegated"),
    )
    with granted(ward, ward.scene.desk_channel, *grants):
        lines = await of_grants(ward)
    assert [line.status for line in lines] == ["fail", "fail"]


async def test_a_team_that_does_not_let_its_grants_be_read_is_told_and_never_called_well(ward: Ward) -> None:
    with granted(ward, ward.scene.desk_channel, *all_but(ward, READ_GRANTS)):
        (line,) = await of_grants(ward)
    assert line.status == "warn"
    assert line.found == (
        f"not looked up for the team of Ca trực: Graph answered 403 Forbidden, so {READ_GRANTS} is not granted there"
    )
    assert "as an owner of that team" in line.do


async def test_a_consent_for_the_whole_tenant_in_its_stead_is_told(ward: Ward) -> None:
    graph = ward.desk.channel.graph
    graph.is_consented_by_tenant = True
    try:
        with granted(ward, ward.scene.desk_channel, *all_but(ward, READ_GRANTS)):
            (line,) = await of_grants(ward)
    finally:
        graph.is_consented_by_tenant = False
    assert (line.status, f"did not grant {READ_GRANTS}" in line.found) == ("warn", True)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"error": {"code": "InvalidAuthenticationToken"}}, "Graph answered 401 InvalidAuthenticationToken"),
        (404, {"error": "a word"}, "Graph answered 404"),
        (302, {}, "Graph answered 302"),
        (429, {}, "Graph answered 429"),
        (503, "<html>a gateway</html>", "Graph answered 503"),
        (200, {}, "Graph's answer is no list of grants"),
        (200, {"value": "nothing"}, "Graph's answer is no list of grants"),
        (200, ["nothing"], "Graph's answer is no list of grants"),
        (200, "no JSON", "Graph's answer is no list of grants"),
    ],
)
async def test_a_graph_that_answers_something_else_is_told(ward: Ward, status: int, body: object, said: str) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    location = f"{ward.desk.channel.graph.url}/v1.0/teams/{group(ward, ward.scene.desk_channel)}/permissionGrants"
    ward.desk.channel.graph.answer = web.Response(status=status, text=text, headers={"Location": location})
    (line,) = await of_grants(ward)
    assert (line.status, said in line.found) == ("warn", True)
    assert line.do


async def test_a_list_of_grants_with_holes_is_no_crash(ward: Ward) -> None:
    holes = ["a word", {}, {"clientAppId": ward.desk.channel.app_id, "permissionType": "Application"}]
    ward.desk.channel.graph.answer = web.json_response({"value": holes})
    assert [line.status for line in await of_grants(ward)] == ["fail", "fail", "warn"]


async def test_a_graph_that_is_away_is_told(ward: Ward) -> None:
    lines = await of_grants(ward, bot_graph_url=f"https://127.0.0.1:{free_port()}")
    assert [(line.status, "Graph was not reached" in line.found) for line in lines] == [("warn", True)] * 3
    assert "graph.microsoft.com" in lines[0].do


async def test_a_list_that_goes_on_elsewhere_or_has_no_end_is_not_followed(ward: Ward) -> None:
    graph = ward.desk.channel.graph
    graph.next_page_at = f"https://127.0.0.1:{free_port()}"
    try:
        lines = await of_grants(ward)
    finally:
        graph.next_page_at = ""
    assert {(line.status, "must not have our token" in line.found) for line in lines} == {("warn", True)}
    many = [Grant(_ANOTHER_APP, f"Other{n}.Read.Group") for n in range(50)]
    with granted(ward, ward.scene.desk_channel, *many, *all_but(ward)):
        (line,) = await of_grants(ward)
    assert (line.status, "does not end" in line.found) == ("warn", True)


async def test_a_login_that_gives_no_token_is_told_as_such(ward: Ward) -> None:
    (line,) = await of_grants(ward, microsoft_app_password=SecretStr("an old one"))
    assert (line.status, "no token for Microsoft Graph" in line.found) == ("warn", True)
    assert "`login`" in line.do


async def test_a_team_from_which_the_app_was_removed_is_told(ward: Ward) -> None:
    groups, team = ward.desk.channel.connector.groups, ward.scene.desk_channel.team
    removed = groups.pop(team)
    try:
        (line,) = await of_grants(ward)
    finally:
        groups[team] = removed
    assert line.status == "warn"
    assert line.found == "not looked up for the team of Ca trực: Teams answered 403 BotNotInConversationRoster"
    assert "is the app still in that team?" in line.do


async def test_a_team_whose_group_teams_does_not_name_is_told(ward: Ward) -> None:
    groups, team = ward.desk.channel.connector.groups, ward.scene.desk_channel.team
    named, groups[team] = groups[team], ""
    try:
        (line,) = await of_grants(ward)
    finally:
        groups[team] = named
    assert (line.status, "did not name the team's group" in line.found) == ("warn", True)


async def test_the_channels_of_one_team_are_told_together(ward: Ward) -> None:
    desk, managers = await bound(ward, ward.scene.desk_channel), await bound(ward, ward.scene.managers_channel)
    ledger = await a_ledger_with(ward, desk, managers.model_copy(update={"team": desk.team, "name": ""}))
    with granted(ward, ward.scene.desk_channel, *all_but(ward, READ_MESSAGES)):
        (line,) = await of_grants(ward, ledger)
    assert line.found.startswith("the team of Ca trực, managers did not grant")


async def test_a_team_of_another_organisation_is_not_asked_for(ward: Ward) -> None:
    channel = await bound(ward, ward.scene.desk_channel)
    elsewhere = channel.model_copy(update={"chat": channel.chat.model_copy(update={"tenant": "another"})})
    (line,) = await of_grants(ward, await a_ledger_with(ward, elsewhere))
    assert (line.status, "belongs to another organisation" in line.found) == ("warn", True)
    assert all(name in line.do for name in ASKED_FOR)


async def test_a_group_chat_is_in_no_team_and_has_no_grants(ward: Ward) -> None:
    desk, managers = await bound(ward, ward.scene.desk_channel), await bound(ward, ward.scene.managers_channel)
    chat = managers.model_copy(update={"team": "", "name": ""})
    (line,) = await of_grants(ward, await a_ledger_with(ward, desk, chat))
    assert line.status == "ok"
    assert line.found.startswith("1 team granted ")
    assert line.found.endswith("; managers in no team, where mentions only are heard")
    for ledger in (await a_ledger_with(ward, chat), ward.new_ledger()):
        (line,) = await of_grants(ward, ledger)
        assert (line.status, line.found) == ("warn", "not looked up: no channel of a team is bound")


async def test_a_local_channels_token_is_not_sent_to_microsoft(ward: Ward) -> None:
    (line,) = await of_grants(ward, bot_graph_url="")
    assert (line.status, line.found) == ("warn", "not looked up: BOT_LOGIN_URL is set and BOT_GRAPH_URL is not")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"bot_graph_url": "http://127.0.0.1:1"}, "BOT_GRAPH_URL must be https"),
        ({"bot_graph_url": "https://graph.example.com"}, "BOT_GRAPH_URL must be on loopback"),
        ({"desk_mode": "production", "bot_graph_url": "https://127.0.0.1:1"}, "BOT_GRAPH_URL is for development mode"),
    ],
)
async def test_graph_is_moved_in_development_only_and_never_off_this_machine(
    changes: dict[str, str], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        Settings.model_validate(changes)
