"""POST /api/messages over real HTTP: every bad body has its status, and an invoke's answer arrives as it was made."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from bot.desk.arrivals import ShowCard, ShowMessage, Tap
from bot.errors import ConflictError, Refused, StoreAwayError
from bot.teams.routes import BODY_SIZE_MAX_BYTES
from tests.harness.channel_bot import Edge, page_view, status_view, teams_edge
from tests.harness.local_channel import LocalChannel, Place, Standing, stranger

AN = stranger("An")
CARD = {
    "type": "AdaptiveCard",
    "actions": [
        {"type": "Action.Execute", "verb": "ack", "data": {"ticket": "3CX-7Q4M2K", "version": 3, "nonce": "n"}}
    ],
}


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    async with LocalChannel() as channel:
        yield channel


@pytest_asyncio.fixture
async def edge(channel: LocalChannel, tmp_path: Path) -> AsyncIterator[Edge]:
    async with teams_edge(channel, tmp_path) as edge:
        yield edge


@pytest.fixture
def place(channel: LocalChannel) -> Place:
    return channel.channel("Hỗ trợ", AN)


def _standing(place: Place) -> Standing:
    return Standing(place.id, "100", "200", {"attachments": [{"content": CARD}]})


async def _raw(channel: LocalChannel, body: bytes, **headers: str) -> tuple[int, str]:
    sent = {"Authorization": f"Bearer {channel.token()}", "Content-Type": "application/json", **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{channel.bot_url}/api/messages", data=body, headers=sent) as response,
    ):
        return response.status, await response.text()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"{", {}, 400),
        (b'{"type": "message"', {}, 400),
        (b"[]", {}, 400),
        (b'"message"', {}, 400),
        (b"null", {}, 400),
        (b'{"type": "\\ud800"}', {}, 400),
        (b"\xff\xfe", {}, 400),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, {}, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (b"{}" + b" " * BODY_SIZE_MAX_BYTES, {}, 413),
        (gzip.compress(b" " * (8 << 20)), {"Content-Encoding": "gzip"}, 413),
        (b"not gzip", {"Content-Encoding": "gzip"}, 400),
    ],
    ids=[
        "empty",
        "cut",
        "cut later",
        "list",
        "string",
        "null",
        "half a surrogate",
        "not UTF-8",
        "very deep",
        "text",
        "form",
        "large",
        "bomb",
        "broken gzip",
    ],
)
@pytest.mark.asyncio
async def test_a_body_that_is_no_activity_gets_its_status_and_no_trace(
    body: bytes, headers: dict[str, str], status: int, channel: LocalChannel, edge: Edge
) -> None:
    answered, text = await _raw(channel, body, **headers)
    assert answered == status
    assert "Traceback" not in text
    assert edge.desk.arrivals == []


@pytest.mark.parametrize("where", ["value", "channelData", "entities"])
@pytest.mark.asyncio
async def test_an_activity_nested_beyond_sense_gets_400(
    where: str, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    nested: Any = {}
    for _ in range(500):
        nested = {"a": nested}
    activity = channel.activity("message", AN, place, text="x")
    activity[where] = [nested] if where == "entities" else nested
    assert (await channel.post(activity)).status == 400


@pytest.mark.asyncio
async def test_a_large_body_in_chunks_is_stopped_at_the_limit(channel: LocalChannel, edge: Edge) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * (64 << 10)

    headers = {"Authorization": f"Bearer {channel.token()}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession() as session:
        url = f"{channel.bot_url}/api/messages"
        async with session.post(url, data=endless(), headers=headers) as response:
            assert response.status == 413


@pytest.mark.asyncio
async def test_a_body_of_the_largest_size_gets_in(channel: LocalChannel, edge: Edge, place: Place) -> None:
    activity = channel.activity("message", AN, place, text="")
    activity["text"] = "x" * (BODY_SIZE_MAX_BYTES - 2000)
    assert (await channel.post(activity)).status == 200
    assert len(edge.only().text) == BODY_SIZE_MAX_BYTES - 2000


@pytest.mark.parametrize("missing", ["type", "serviceUrl", "channelId", "conversation", "recipient", "from", "id"])
@pytest.mark.parametrize("instead", ["nothing", None, 7, [], {}, "", " "], ids=repr)
@pytest.mark.asyncio
async def test_a_missing_or_odd_required_field_gets_400(
    missing: str, instead: Any, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    activity = channel.activity("message", AN, place, text="x")
    if instead == "nothing":
        del activity[missing]
    else:
        activity[missing] = instead
    assert (await channel.post(activity, token=channel.token())).status == 400
    assert edge.desk.arrivals == []


@pytest.mark.parametrize(
    "odd",
    [
        {"timestamp": "yesterday"},
        {"timestamp": 7},
        {"localTimestamp": "x"},
        {"entities": "x"},
        {"entities": [1, None, {"foo": 1}, {"type": 5}, {"type": "mention"}, {"type": "mention", "mentioned": 3}]},
        {"attachments": {}},
        {"attachments": [7, {"contentType": 4, "content": {"x": 1}}]},
        {"channelData": "x"},
        {"channelData": {"tenant": "x", "channel": 4, "team": []}},
        {"value": [1]},
        {"locale": 5},
        {"membersAdded": {}},
        {"replyToId": {"a": 1}},
        {"deliveryMode": "expectReplies"},
        {"name": None},
    ],
    ids=str,
)
@pytest.mark.asyncio
async def test_an_odd_optional_field_does_not_cost_the_message(
    odd: dict[str, Any], channel: LocalChannel, edge: Edge, place: Place
) -> None:
    answer = await channel.message(AN, place, "vẫn chưa gọi được", **odd)
    assert (answer.status, answer.body) == (200, None)
    assert edge.only().text == "vẫn chưa gọi được"


@pytest.mark.asyncio
async def test_an_invokes_card_arrives_as_one_json_object(channel: LocalChannel, edge: Edge, place: Place) -> None:
    edge.desk.answer = ShowCard(status_view(), "vi")
    answer = await channel.tap(AN, _standing(place), "ack", {"note": "đang xem"})
    assert answer.status == 200
    assert answer.body == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.card.adaptive",
        "value": {
            "type": "AdaptiveCard",
            "version": "1.5",
            "body": [{"type": "TextBlock", "text": "3CX-7Q4M2K StatusView vi shared"}],
        },
    }
    tap = edge.only()
    assert isinstance(tap, Tap)
    assert (tap.verb, tap.card_activity, tap.automatic, tap.chat.root) == ("ack", "200", False, "100")
    assert tap.data == {"ticket": "3CX-7Q4M2K", "version": 3, "nonce": "n", "note": "đang xem"}


@pytest.mark.asyncio
async def test_a_page_in_an_invokes_answer_mentions_people_with_entities(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    edge.desk.answer = ShowCard(page_view(("Bình", "b-oid"), ("Chi", None)), "vi")
    card = (await channel.tap(AN, _standing(place), "ack")).body["value"]
    assert [block["text"] for block in card["body"][1:]] == ["<at>Bình</at>", "Chi"]
    assert card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Bình</at>", "mentioned": {"id": "b-oid", "name": "Bình"}}
    ]


@pytest.mark.asyncio
async def test_an_invokes_refusal_is_a_message(channel: LocalChannel, edge: Edge, place: Place) -> None:
    edge.desk.answer = ShowMessage(Refused("not_allowed"), "en")
    answer = await channel.tap(AN, _standing(place), "ack")
    assert answer.body == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": "not_allowed en",
    }


@pytest.mark.parametrize("trouble", [StoreAwayError(), ConflictError(), TimeoutError(), RuntimeError("bug")], ids=repr)
@pytest.mark.asyncio
async def test_a_tap_is_answered_politely_whatever_fails(
    trouble: Exception, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    edge.desk.trouble = trouble
    answer = await channel.tap(AN, _standing(place), "ack", locale="en-GB")
    assert answer.status == 200
    assert answer.body == {
        "statusCode": 503,
        "type": "application/vnd.microsoft.error",
        "value": {"code": "StoreAway", "message": "store_away en"},
    }
    assert len(edge.inbox) == 0


@pytest.mark.asyncio
async def test_a_tap_that_hangs_is_answered_within_its_time(channel: LocalChannel, tmp_path: Path) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path, tap_timeout_s=0.05) as edge:
        edge.desk.before_answer = asyncio.Event().wait
        assert (await channel.tap(AN, _standing(place), "ack")).body["statusCode"] == 503


@pytest.mark.asyncio
async def test_an_automatic_refresh_is_told_apart_from_a_press(channel: LocalChannel, edge: Edge, place: Place) -> None:
    await channel.tap(AN, _standing(place), "ack", automatic=True)
    await channel.tap(AN, _standing(place), "ack")
    refresh, press = edge.desk.arrivals
    assert isinstance(refresh, Tap)
    assert isinstance(press, Tap)
    assert (refresh.automatic, press.automatic) == (True, False)
    assert refresh.operation != press.operation


@pytest.mark.asyncio
async def test_a_button_of_an_old_client_is_a_tap_too(channel: LocalChannel, edge: Edge, place: Place) -> None:
    answer = await channel.submit(AN, _standing(place), "ack")
    assert (answer.status, answer.body) == (200, None)
    tap = edge.only()
    assert isinstance(tap, Tap)
    assert (tap.verb, tap.data) == ("ack", {"ticket": "3CX-7Q4M2K", "version": 3, "nonce": "n"})


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "task/fetch", "value": {}}, 501),
        ({"name": "adaptiveCard/action", "value": {}}, 400),
        ({"name": "adaptiveCard/action", "value": {"action": {"verb": 7}}}, 400),
        ({"name": "adaptiveCard/action", "value": "x"}, 400),
    ],
    ids=str,
)
@pytest.mark.asyncio
async def test_an_unknown_invoke_is_answered_200_with_an_error_inside(
    change: dict[str, Any], status: int, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    answer = await channel.post(channel.activity("invoke", AN, place, **change))
    assert answer.status == 200
    assert (answer.body["statusCode"], answer.body["type"]) == (status, "application/vnd.microsoft.error")
    assert edge.desk.arrivals == []


@pytest.mark.parametrize("kind", ["typing", "messageReaction", "event", "endOfConversation", "somethingNew"])
@pytest.mark.asyncio
async def test_an_unknown_system_activity_is_answered_200_and_counted(
    kind: str, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    answer = await channel.post(channel.activity(kind, AN, place))
    assert (answer.status, answer.body) == (200, None)
    assert edge.desk.arrivals == []
    assert edge.counted["teams_activities", "unknown_type"] == 1


@pytest.mark.asyncio
async def test_a_bug_costs_one_message_and_is_kept_for_a_person(
    channel: LocalChannel, edge: Edge, place: Place, tmp_path: Path
) -> None:
    edge.desk.trouble = RuntimeError("bug")
    assert (await channel.message(AN, place, "x")).status == 500
    # Teams stops delivering to a bot that fails on its system activities.
    assert (await channel.install(AN, place)).status == 200
    assert len(list((tmp_path / "aside").glob("*.json"))) == 2
    edge.desk.trouble = None
    assert (await channel.message(AN, place, "y")).status == 200
    assert edge.only().text == "y"
