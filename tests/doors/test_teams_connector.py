"""The connector and its tokens over real HTTP: each status becomes what a retry would do."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from bot.errors import DeliveryError
from bot.teams.connector import ActivityGoneError, Connector
from bot.teams.credentials import CONNECTOR_SCOPE, Credentials, ManagedIdentityLogin, SecretLogin
from bot.ticket.model import Chat
from tests.harness.local_channel import SECRET, LocalChannel, Place, stranger

AN = stranger("An", object_id="AAAA-1", tenant="Tenant-A")
MESSAGE: dict[str, object] = {"type": "message", "text": "x"}


class Ticks:
    """Real seconds that move when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    async with LocalChannel() as channel:
        yield channel


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest_asyncio.fixture
async def credentials(channel: LocalChannel, ticks: Ticks) -> AsyncIterator[Credentials]:
    credentials = Credentials(_login(channel), monotonic=ticks)
    yield credentials
    await credentials.close()


@pytest_asyncio.fixture
async def connector(channel: LocalChannel, credentials: Credentials) -> AsyncIterator[Connector]:
    async with Connector(credentials, app_id=channel.app_id, allow_loopback_http=True, timeout_s=5) as connector:
        yield connector


def _login(channel: LocalChannel, secret: str = SECRET) -> SecretLogin:
    return SecretLogin(
        app_id=channel.app_id,
        secret=secret,
        tenant=channel.tenant,
        login_url=channel.login.url,
        ca_bundle=str(channel.login.ca_bundle),
    )


def _chat(channel: LocalChannel, place: Place, root: str | None = None) -> Chat:
    return Chat(conversation=place.id, service_url=channel.service_url, tenant=place.tenant, root=root)


@pytest.mark.asyncio
async def test_a_post_goes_into_its_thread_with_one_login_for_many_messages(
    channel: LocalChannel, connector: Connector
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    chat = _chat(channel, place, root="1700000000000")
    ids = await asyncio.gather(*(connector.post(chat, MESSAGE) for _ in range(20)))
    assert len(set(ids)) == 20
    assert {(s.conversation, s.root, s.status) for s in channel.sent} == {(place.id, "1700000000000", 201)}
    assert channel.login.logins == 1


@pytest.mark.asyncio
async def test_an_update_and_a_delete_name_their_activity(channel: LocalChannel, connector: Connector) -> None:
    place = channel.channel("Hỗ trợ", AN)
    chat = _chat(channel, place, root="1")
    activity_id = await connector.post(chat, MESSAGE)
    await connector.update(chat, activity_id, {"type": "message", "text": "y"})
    assert channel.texts(place) == ["y"]
    await connector.delete(chat, activity_id)
    assert channel.texts(place) == []
    with pytest.raises(ActivityGoneError):
        await connector.update(chat, activity_id, MESSAGE)


@pytest.mark.asyncio
async def test_a_personal_chat_is_made_by_object_id_and_is_the_same_each_time(
    channel: LocalChannel, connector: Connector
) -> None:
    place = channel.personal(AN)
    made = [
        await connector.create_conversation(channel.service_url, tenant=AN.tenant, object_id=AN.object_id)
        for _ in range(2)
    ]
    assert made == [place.id, place.id]
    body = channel.sent[0].body
    assert body["bot"] == {"id": f"28:{channel.app_id}"}
    assert body["members"] == [{"id": AN.object_id}]
    assert body["channelData"] == {"tenant": {"id": AN.tenant}}


@pytest.mark.asyncio
async def test_the_roster_tells_everybodys_own_tenant_in_lower_case_over_all_pages(
    channel: LocalChannel, connector: Connector
) -> None:
    people = [AN, *(stranger(name) for name in ("Bình", "Chi", "Dũng")), stranger("Ai đó", role="anonymous")]
    place = channel.channel("Hỗ trợ", *people)
    member = await connector.member(_chat(channel, place, root="1"), AN.handle)
    assert (member.tenant, member.object_id, member.role) == ("tenant-a", "aaaa-1", "user")
    members = await connector.members(_chat(channel, place))
    assert [m.name for m in members] == [p.name for p in people]
    assert (members[-1].role, members[-1].object_id) == ("anonymous", "")
    assert sum("pagedmembers" in s.path for s in channel.sent) == 3


@pytest.mark.parametrize(
    ("failure", "permanent", "retry_after_s", "unknown"),
    [
        ({"status": 429, "retry_after": "7"}, False, 7.0, False),
        ({"status": 429, "retry_after": "0.5"}, False, 0.5, False),
        ({"status": 429}, False, None, False),
        ({"status": 429, "retry_after": "-3"}, False, None, False),
        ({"status": 429, "retry_after": "soon"}, False, None, False),
        ({"status": 429, "retry_after": "nan"}, False, None, False),
        ({"status": 429, "retry_after": "999999"}, False, 3600.0, False),
        ({"status": 412}, False, None, False),
        ({"status": 503, "retry_after": "2"}, False, 2.0, False),
        ({"status": 500}, False, None, True),
        ({"status": 502}, False, None, True),
        ({"status": 504}, False, None, True),
        ({"status": 502, "after": True}, False, None, True),
        ({"reset": True, "after": True}, False, None, True),
        ({"reset": True}, False, None, True),
        ({"status": 400}, True, None, False),
        ({"status": 403, "code": "BotNotInConversationRoster"}, True, None, False),
        ({"status": 404, "code": "ConversationNotFound"}, True, None, False),
        ({"status": 413, "code": "MessageSizeTooBig"}, True, None, False),
        ({"status": 301}, True, None, False),
    ],
    ids=str,
)
@pytest.mark.asyncio
async def test_a_failed_post_says_what_a_retry_would_do(  # noqa: PLR0917  one case of a table
    failure: dict[str, Any],
    permanent: bool,
    retry_after_s: float | None,
    unknown: bool,
    channel: LocalChannel,
    connector: Connector,
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    channel.connector.fail(**failure)
    with pytest.raises(DeliveryError) as raised:
        await connector.post(_chat(channel, place), MESSAGE)
    error = raised.value
    assert (error.permanent, error.retry_after_s, error.unknown) == (permanent, retry_after_s, unknown)
    assert not isinstance(error, ActivityGoneError)
    assert len(channel.posts(place)) == 0
    await connector.post(_chat(channel, place), MESSAGE)


@pytest.mark.asyncio
async def test_a_retry_after_as_a_date_is_read_by_the_servers_own_clock(
    channel: LocalChannel, connector: Connector
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    channel.connector.fail(status=429, retry_after="Fri, 31 Dec 2100 23:59:59 GMT")
    with pytest.raises(DeliveryError) as raised:
        await connector.post(_chat(channel, place), MESSAGE)
    assert raised.value.retry_after_s == 3600.0


@pytest.mark.asyncio
async def test_a_failed_update_is_never_uncertain_because_it_can_be_repeated(
    channel: LocalChannel, connector: Connector
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    activity_id = await connector.post(_chat(channel, place), MESSAGE)
    channel.connector.fail(status=502)
    with pytest.raises(DeliveryError) as raised:
        await connector.update(_chat(channel, place), activity_id, MESSAGE)
    assert (raised.value.permanent, raised.value.unknown) == (False, False)


@pytest.mark.asyncio
async def test_an_answer_that_never_comes_leaves_a_post_uncertain(
    channel: LocalChannel, credentials: Credentials
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    channel.connector.fail(delay_s=0.5, after=True)
    async with Connector(credentials, app_id=channel.app_id, allow_loopback_http=True, timeout_s=0.1) as connector:
        with pytest.raises(DeliveryError) as raised:
            await connector.post(_chat(channel, place), MESSAGE)
    assert (raised.value.permanent, raised.value.unknown) == (False, True)


@pytest.mark.asyncio
async def test_teams_that_is_not_there_surely_got_nothing(credentials: Credentials, connector: Connector) -> None:
    chat = Chat(conversation="19:x@thread.tacv2", service_url="http://127.0.0.1:1/", tenant="t")
    with pytest.raises(DeliveryError) as raised:
        await connector.post(chat, MESSAGE)
    assert (raised.value.permanent, raised.value.unknown) == (False, False)


@pytest.mark.parametrize(
    "service_url",
    ["http://smba.example/", "ftp://127.0.0.1/", "", "https://user@smba.example/", "https:///x", "https://x:y/"],
)
@pytest.mark.asyncio
async def test_the_token_goes_to_no_unsafe_address(
    service_url: str, channel: LocalChannel, connector: Connector
) -> None:
    with pytest.raises(DeliveryError) as raised:
        await connector.post(Chat(conversation="19:x", service_url=service_url, tenant="t"), MESSAGE)
    assert raised.value.permanent
    assert channel.login.logins == 0


@pytest.mark.asyncio
async def test_plain_http_on_loopback_is_unsafe_outside_development(
    channel: LocalChannel, credentials: Credentials
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with Connector(credentials, app_id=channel.app_id) as connector:
        with pytest.raises(DeliveryError) as raised:
            await connector.post(_chat(channel, place), MESSAGE)
    assert raised.value.permanent
    assert channel.sent == []


@pytest.mark.asyncio
async def test_a_revoked_token_is_replaced_once(channel: LocalChannel, connector: Connector) -> None:
    place = channel.channel("Hỗ trợ", AN)
    await connector.post(_chat(channel, place), MESSAGE)
    channel.login.revoke_all()
    await connector.post(_chat(channel, place), MESSAGE)
    assert [s.status for s in channel.sent] == [201, 401, 201]
    assert channel.login.logins == 2


@pytest.mark.asyncio
async def test_a_token_is_renewed_early_and_nobody_waits_for_it(
    channel: LocalChannel, credentials: Credentials, ticks: Ticks
) -> None:
    first = await credentials.token()
    ticks.now_s += 3600 - 301
    assert await credentials.token() == first
    ticks.now_s += 2
    assert await credentials.token() == first
    await channel.wait_for(lambda: channel.login.logins == 2, "the renewal")
    await credentials.close()
    assert await credentials.token() != first
    assert channel.login.logins == 2


@pytest.mark.asyncio
async def test_a_login_that_is_away_costs_nothing_while_the_token_lasts(
    channel: LocalChannel, credentials: Credentials, ticks: Ticks
) -> None:
    first = await credentials.token()
    channel.login.refuse_status = 503
    ticks.now_s += 3600 - 100
    assert await credentials.token() == first
    await channel.wait_for(lambda: channel.login.logins == 2, "the failed renewal")
    ticks.now_s += 50
    assert await credentials.token() == first


@pytest.mark.asyncio
async def test_a_login_that_is_away_fails_once_for_all_waiters_and_is_not_asked_again_at_once(
    channel: LocalChannel, credentials: Credentials, ticks: Ticks
) -> None:
    channel.login.refuse_status = 503
    failed = await asyncio.gather(*(credentials.token() for _ in range(20)), return_exceptions=True)
    assert {(type(error), getattr(error, "permanent", None)) for error in failed} == {(DeliveryError, False)}
    with pytest.raises(DeliveryError):
        await credentials.token()
    assert channel.login.logins == 1
    channel.login.refuse_status = None
    ticks.now_s += 3
    assert await credentials.token() in channel.login.valid


@pytest.mark.asyncio
async def test_a_wrong_secret_is_a_delivery_error(channel: LocalChannel) -> None:
    credentials = Credentials(_login(channel, secret="wrong"))
    with pytest.raises(DeliveryError):
        await credentials.token()


@pytest.mark.asyncio
async def test_the_login_trusts_the_bundle_of_the_environment(
    channel: LocalChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = SecretLogin(
        app_id=channel.app_id, secret=SECRET, tenant=channel.tenant, login_url=f"{channel.login.url}/oauth2/token"
    )
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", channel.environment()["REQUESTS_CA_BUNDLE"])
    assert await Credentials(login).token() in channel.login.valid


@pytest.mark.asyncio
async def test_a_managed_identity_is_asked_for_the_connectors_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    async def identity(request: web.Request) -> web.Response:
        asked.append(dict(request.query))
        expires_on = str(time.time_ns() // 1_000_000_000 + 3600)
        return web.json_response({"access_token": f"token-{len(asked)}", "expires_on": expires_on, "resource": "x"})

    app = web.Application()
    app.router.add_get("/identity", identity)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{runner.addresses[0][1]}/identity")
    monkeypatch.setenv("IDENTITY_HEADER", "x")
    try:
        credentials = Credentials(ManagedIdentityLogin(client_id="the-identity"))
        assert [await credentials.token() for _ in range(3)] == ["token-1"] * 3
        credentials.drop(CONNECTOR_SCOPE, "token-1")
        assert await credentials.token() == "token-2"
        assert (asked[0]["resource"], asked[0]["client_id"]) == ("https://api.botframework.com", "the-identity")
    finally:
        await runner.cleanup()


@pytest.mark.asyncio
async def test_a_connector_of_another_login_is_refused_by_the_channel(channel: LocalChannel) -> None:
    class Stolen:
        async def token(self, scope: str = "") -> str:
            return "stolen"

        def drop(self, scope: str, value: str) -> None:
            pass

    place = channel.channel("Hỗ trợ", AN)
    async with Connector(Stolen(), app_id=channel.app_id, allow_loopback_http=True) as connector:
        with pytest.raises(DeliveryError) as raised:
            await connector.post(_chat(channel, place), MESSAGE)
    assert not raised.value.permanent
    assert channel.texts(place) == []


@pytest.mark.asyncio
async def test_connections_are_pooled(channel: LocalChannel, connector: Connector) -> None:
    place = channel.channel("Hỗ trợ", AN)
    trace: list[str] = []
    config = aiohttp.TraceConfig()

    async def created(*_: object) -> None:
        trace.append("created")

    config.on_connection_create_end.append(created)
    config.freeze()
    connector._pool().trace_configs.append(config)
    for _ in range(5):
        await connector.post(_chat(channel, place), MESSAGE)
    assert trace == ["created"]
