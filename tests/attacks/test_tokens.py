"""Who may speak as Teams: a table of forgeries against the one verifier, over real HTTP."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.teams.key_cache import KeyCache, read_keys
from bot.teams.verify import Verifier
from tests.harness.channel_bot import Edge, teams_edge
from tests.harness.local_channel import LocalChannel, Place, stranger
from tests.harness.tokens import claims, new_key, sign

AN = stranger("An")
_STRANGERS_KEY = new_key()
_WEAK_KEY = new_key(bits=1024)


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    async with LocalChannel() as channel:
        yield channel


@pytest_asyncio.fixture
async def edge(channel: LocalChannel, tmp_path: Path) -> AsyncIterator[Edge]:
    async with teams_edge(channel, tmp_path) as edge:
        yield edge


def _valid(channel: LocalChannel, **changes: Any) -> dict[str, Any]:
    return claims(app_id=channel.app_id, service_url=channel.service_url, **changes)


def _unsigned(header: dict[str, Any], values: dict[str, Any], mac_key: bytes | None = None) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, values)]
    signed = b".".join(parts)
    mac = hmac.new(mac_key, signed, hashlib.sha256).digest() if mac_key else b""
    return b".".join([signed, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def _tampered(channel: LocalChannel) -> str:
    header, _, signature = channel.token().split(".")
    other = base64.urlsafe_b64encode(json.dumps(_valid(channel, extra="x")).encode()).rstrip(b"=").decode()
    return f"{header}.{other}.{signature}"


def _in_an_hour(direction: int) -> int:
    return time.time_ns() // 1_000_000_000 + direction * 3600


_FORGERIES: dict[str, tuple[int, Callable[[LocalChannel], str]]] = {
    "no bearer at all": (401, lambda _c: ""),
    "not a token": (401, lambda _c: "garbage"),
    "three dots of nothing": (401, lambda _c: "a.b.c"),
    "expired": (401, lambda c: c.token(exp=_in_an_hour(-1))),
    "not yet valid": (401, lambda c: c.token(nbf=_in_an_hour(1))),
    "never expires": (401, lambda c: sign(c.key, _valid(c, exp=None))),
    "no nbf": (401, lambda c: sign(c.key, _valid(c, nbf=None))),
    "an endless number as exp": (401, lambda c: c.token(exp=float("inf"))),
    "a word as exp": (401, lambda c: c.token(exp="tomorrow")),
    "another issuer": (401, lambda c: c.token(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/")),
    "the emulator's issuer": (401, lambda c: c.token(iss="https://login.microsoftonline.com/botframework.com/v2.0")),
    "no issuer": (401, lambda c: sign(c.key, _valid(c, iss=None))),
    "an unknown key": (401, lambda c: sign(_STRANGERS_KEY, _valid(c))),
    "a stranger's key under a known id": (401, lambda c: sign(_STRANGERS_KEY, _valid(c), kid=c.key.kid)),
    "changed after signing": (401, _tampered),
    "alg none": (401, lambda c: _unsigned({"alg": "none", "kid": c.key.kid, "typ": "JWT"}, _valid(c))),
    "HS256 with the public key as secret": (
        401,
        lambda c: _unsigned({"alg": "HS256", "kid": c.key.kid, "typ": "JWT"}, _valid(c), c.key.public_pem),
    ),
    "no key id": (401, lambda c: _unsigned({"alg": "RS256", "typ": "JWT"}, _valid(c))),
    "a list as key id": (401, lambda c: _unsigned({"alg": "RS256", "kid": ["a"], "typ": "JWT"}, _valid(c))),
    "a token of another bot": (403, lambda c: c.token(aud="00000000-0000-4000-8000-000000000bad")),
    "a list of audiences with this bot": (403, lambda c: c.token(aud=["x", c.app_id])),
    "no audience": (401, lambda c: sign(c.key, _valid(c, aud=None))),
    "no service URL": (403, lambda c: sign(c.key, _valid(c, serviceurl=None))),
    "an empty service URL": (403, lambda c: c.token(serviceurl="")),
    "another service URL": (403, lambda c: c.token(serviceurl="https://smba.example/emea/")),
}


@pytest.mark.parametrize("name", _FORGERIES)
@pytest.mark.asyncio
async def test_a_forged_token_gets_its_status_and_reaches_nobody(name: str, channel: LocalChannel, edge: Edge) -> None:
    expected, forge = _FORGERIES[name]
    place = channel.channel("Hỗ trợ", AN)
    answer = await channel.post(channel.activity("message", AN, place, text="x"), token=forge(channel) or " ")
    assert (answer.status, answer.body) == (expected, None)
    assert edge.desk.arrivals == []
    assert sum(n for (counter, label), n in edge.counted.items() if label.startswith(f"{expected}/")) == 1


@pytest.mark.asyncio
async def test_the_same_activity_with_a_genuine_token_gets_in(channel: LocalChannel, edge: Edge) -> None:
    place = channel.channel("Hỗ trợ", AN)
    assert (await channel.message(AN, place, "x")).status == 200
    assert edge.only().text == "x"


@pytest.mark.asyncio
async def test_without_an_authorization_header_the_answer_is_401_and_names_bearer(
    channel: LocalChannel, edge: Edge
) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{channel.bot_url}/api/messages", json={"type": "message"}) as response,
    ):
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert await response.read() == b""


@pytest.mark.asyncio
async def test_a_trailing_slash_and_the_hosts_case_make_no_other_service_url(channel: LocalChannel, edge: Edge) -> None:
    place = channel.channel("Hỗ trợ", AN)
    activity = channel.activity("message", AN, place, text="x", serviceUrl=channel.service_url.rstrip("/"))
    answer = await channel.post(activity, token=channel.token(serviceurl=channel.service_url.replace("http", "HTTP")))
    assert answer.status == 200


@pytest.mark.asyncio
async def test_a_key_that_does_not_endorse_the_channel_cannot_speak_for_it(channel: LocalChannel, edge: Edge) -> None:
    channel.key = replace(channel.key, endorsements=("webchat",))
    channel.listed_keys = [channel.key]
    place = channel.channel("Hỗ trợ", AN)
    assert (await channel.message(AN, place, "x")).status == 403
    assert edge.desk.arrivals == []


@pytest.mark.asyncio
async def test_another_channel_of_the_bot_service_is_dropped_because_its_users_name_their_own_tenant(
    channel: LocalChannel, edge: Edge
) -> None:
    channel.key = replace(channel.key, endorsements=("msteams", "directline"))
    channel.listed_keys = [channel.key]
    place = channel.personal(AN)
    edge.tenants.add(AN.tenant)
    answer = await channel.post(channel.activity("message", AN, place, text="x", channelId="directline"))
    assert answer.status == 200
    assert edge.desk.arrivals == []
    assert edge.counted["teams_dropped", "other_channel"] == 1


@pytest.mark.asyncio
async def test_a_plain_http_service_url_outside_this_machine_gets_403(channel: LocalChannel, edge: Edge) -> None:
    place = channel.channel("Hỗ trợ", AN)
    activity = channel.activity("message", AN, place, text="x", serviceUrl="http://smba.example/")
    assert (await channel.post(activity)).status == 403


@pytest.mark.parametrize("tenant", ["00000000-0000-4000-8000-00000000f0e1", ""])
@pytest.mark.asyncio
async def test_an_unknown_tenant_is_answered_200_dropped_and_counted(
    tenant: str, channel: LocalChannel, edge: Edge
) -> None:
    place = Place("19:x@thread.tacv2", "channel", tenant, team="19:t@thread.tacv2")
    answer = await channel.message(AN, place, "x")
    assert answer.status == 200
    assert edge.desk.arrivals == []
    assert edge.counted["teams_dropped", "foreign_tenant" if tenant else "no_tenant"] == 1


@pytest.mark.asyncio
async def test_a_tenant_in_capitals_is_the_same_tenant(channel: LocalChannel, edge: Edge) -> None:
    place = channel.channel("Hỗ trợ", AN, tenant=channel.tenant.upper())
    assert (await channel.message(AN, place, "x")).status == 200
    assert edge.only().chat.tenant == channel.tenant


@pytest.mark.asyncio
async def test_a_token_that_could_never_be_accepted_causes_no_fetch_of_keys(channel: LocalChannel, edge: Edge) -> None:
    activity = channel.activity("message", AN, channel.channel("Hỗ trợ", AN), text="x")
    for header in ({"alg": "HS256", "kid": "k"}, {"alg": "none", "kid": "k"}, {"alg": "RS256"}):
        assert (await channel.post(activity, token=_unsigned(header, _valid(channel), b"k"))).status == 401
    assert channel.metadata_requests == 0


def test_a_verifier_without_an_app_id_is_not_made() -> None:
    with pytest.raises(ValueError, match="app id"):
        Verifier(KeyCache("https://keys.example"), app_id="")


def test_short_foreign_and_broken_keys_are_passed_over() -> None:
    good = new_key()
    listed = [
        _WEAK_KEY.jwk,
        {"kty": "EC", "kid": "e"},
        {"kty": "RSA", "kid": "b", "n": "!", "e": "AQAB"},
        "x",
        good.jwk,
    ]
    assert list(read_keys({"keys": listed})) == [good.kid]
    assert read_keys({"keys": "none"}) == {}
