"""What an activity becomes: conversations, threads, mentions, languages, and the names that deliveries share."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.arrivals import Incoming, MembersChanged
from bot.teams.mentions import text_of_html, without_own_mention
from tests.harness.channel_bot import ARRIVED_AT, Edge, teams_edge
from tests.harness.local_channel import LocalChannel, Place, Standing, stranger

AN = stranger("An")
BOT = "28:bot"


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    async with LocalChannel() as channel:
        yield channel


@pytest_asyncio.fixture
async def edge(channel: LocalChannel, tmp_path: Path) -> AsyncIterator[Edge]:
    async with teams_edge(channel, tmp_path) as edge:
        edge.tenants.add(AN.tenant)
        yield edge


@pytest.fixture
def place(channel: LocalChannel) -> Place:
    return channel.channel("Hỗ trợ", AN)


@pytest.mark.asyncio
async def test_a_top_level_post_is_the_root_of_its_own_thread(channel: LocalChannel, edge: Edge, place: Place) -> None:
    answer = await channel.message(AN, place, "mã 3CX-7Q4M2K", mention=True)
    incoming = edge.only()
    assert incoming == Incoming(
        kind="message",
        chat=incoming.chat,
        sender=incoming.sender,
        text="mã 3CX-7Q4M2K",
        mentioned=True,
        message_id=answer.activity_id,
        arrived_at=ARRIVED_AT,
        language="vi",
        operation=incoming.operation,
        place_name="Hỗ trợ",
        team=place.team,
    )
    assert (incoming.chat.conversation, incoming.chat.root) == (place.id, answer.activity_id)
    assert (incoming.chat.tenant, incoming.chat.personal) == (channel.tenant, False)
    assert incoming.chat.service_url == channel.service_url
    assert (incoming.sender.account, incoming.sender.object_id) == (AN.handle, AN.object_id)


@pytest.mark.asyncio
async def test_a_reply_belongs_to_its_threads_root(channel: LocalChannel, edge: Edge, place: Place) -> None:
    await channel.message(AN, place, "x", root="1700000000000")
    chat = edge.only().chat
    assert chat.root == "1700000000000"
    assert chat.thread_id() == f"{place.id};messageid=1700000000000"
    assert not edge.only().mentioned


@pytest.mark.asyncio
async def test_a_reply_without_a_thread_id_belongs_to_what_it_answers(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    conversation = {"id": place.id, "conversationType": "channel", "tenantId": channel.tenant}
    await channel.message(AN, place, "x", conversation=conversation, replyToId="90")
    await channel.message(AN, place, "x", conversation={"id": place.id, "tenantId": channel.tenant}, id="91")
    assert [a.chat.root for a in edge.desk.arrivals] == ["90", "91"]


@pytest.mark.asyncio
async def test_a_personal_chat_and_a_group_have_no_threads(channel: LocalChannel, edge: Edge) -> None:
    await channel.message(AN, channel.personal(AN), "x")
    await channel.message(AN, channel.group(AN), "y")
    personal, group = edge.desk.arrivals
    assert (personal.chat.personal, personal.chat.root) == (True, None)
    assert (group.chat.personal, group.chat.root) == (False, None)


@pytest.mark.parametrize(
    ("locale", "language"),
    [("vi-VN", "vi"), ("vi", "vi"), ("VI-vn", "vi"), ("en-US", "en"), ("fr-FR", "en"), (None, "vi")],
)
@pytest.mark.asyncio
async def test_the_language_is_the_readers_and_vietnamese_if_unknown(
    locale: str | None, language: str, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    await channel.message(AN, place, "x", locale=locale)
    assert edge.only().language == language


@pytest.mark.asyncio
async def test_an_edit_an_undelete_and_a_delete_name_their_message(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    await channel.edit(AN, place, "100", "mới", root="90")
    await channel.delete(AN, place, "100", root="90")
    await channel.undelete(AN, place, "100", "mới", root="90")
    assert [(a.kind, a.message_id, a.text, a.chat.root) for a in edge.desk.arrivals] == [
        ("edited", "100", "mới", "90"),
        ("deleted", "100", "", "90"),
        ("edited", "100", "mới", "90"),
    ]
    assert len({a.operation for a in edge.desk.arrivals}) == 3


@pytest.mark.asyncio
async def test_a_message_delivered_twice_has_one_operation_and_an_edit_of_it_another(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    activity = channel.activity("message", AN, place, text="x")
    await channel.post(activity)
    await channel.post(activity | {"timestamp": "2025-11-24T08:00:31Z"})
    edit = activity | {"type": "messageUpdate", "timestamp": "2025-11-24T08:01:00Z"}
    edit["channelData"] = activity["channelData"] | {"eventType": "editMessage"}
    await channel.post(edit)
    await channel.post(edit)
    await channel.post(edit | {"timestamp": "2025-11-24T08:02:00Z"})
    other = await channel.post(activity | {"conversation": activity["conversation"] | {"id": "19:other@thread.tacv2"}})
    assert other.status == 200
    first, again, edited, edited_again, later, elsewhere = (a.operation for a in edge.desk.arrivals)
    assert first == again
    assert edited == edited_again
    assert len({first, edited, later, elsewhere}) == 4
    assert all(len(a.operation) < 60 for a in edge.desk.arrivals)


@pytest.mark.asyncio
async def test_a_tap_sent_again_under_a_new_id_has_the_same_operation(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    button = {"type": "Action.Execute", "verb": "ack", "data": {"nonce": "n", "version": 3}}
    standing = Standing(place.id, "100", "200", {"attachments": [{"content": {"actions": [button]}}]})
    await channel.tap(AN, standing, "ack")
    await channel.tap(AN, standing, "ack")
    await channel.tap(stranger("Bình"), standing, "ack")
    await channel.tap(AN, standing, "ack", {"version": 4})
    await channel.tap(AN, standing, "note", {"note": "a"})
    await channel.tap(AN, standing, "note", {"note": "b"})
    operations = [a.operation for a in edge.desk.arrivals]
    assert operations[0] == operations[1]
    assert len(set(operations)) == 5


@pytest.mark.asyncio
async def test_the_bots_own_messages_and_other_bots_are_left_alone(
    channel: LocalChannel, edge: Edge, place: Place
) -> None:
    for account in (channel.bot_account, "28:another"):
        answer = await channel.post(channel.activity("message", AN, place, text="x", **{"from": {"id": account}}))
        assert answer.status == 200
    assert edge.desk.arrivals == []
    assert edge.counted["teams_activities", "from_a_bot"] == 2


@pytest.mark.asyncio
async def test_the_bot_and_people_coming_and_going_are_told(channel: LocalChannel, edge: Edge, place: Place) -> None:
    await channel.members_added(place, stranger("Bình"), bot=True)
    await channel.members_removed(place, AN)
    await channel.members_removed(place, bot=True)
    added, someone_left, removed = edge.desk.arrivals
    assert isinstance(added, MembersChanged)
    assert (added.bot_added, len(added.added), added.chat.conversation) == (True, 1, place.id)
    assert (added.chat.root, added.place_name) == (None, "Hỗ trợ")
    assert (someone_left.bot_added, someone_left.bot_removed, someone_left.added) == (False, False, ())
    assert removed.bot_removed


@pytest.mark.parametrize(
    ("action", "told"),
    [("add", True), ("remove", True), ("add-upgrade", False), ("remove-upgrade", False), ("", False)],
)
@pytest.mark.asyncio
async def test_only_a_real_installation_is_told(
    action: str, told: bool, channel: LocalChannel, edge: Edge, place: Place
) -> None:
    answer = await channel.post(channel.activity("installationUpdate", AN, place, action=action))
    assert answer.status == 200
    assert [(a.bot_added, a.bot_removed) for a in edge.desk.arrivals] == (
        [(action == "add", action == "remove")] if told else []
    )


@pytest.mark.asyncio
async def test_a_rename_of_the_team_is_nothing_to_the_desk(channel: LocalChannel, edge: Edge, place: Place) -> None:
    activity = channel.activity("conversationUpdate", AN, place)
    del activity["from"]
    activity["channelData"]["eventType"] = "teamRenamed"
    assert (await channel.post(activity)).status == 200
    assert edge.desk.arrivals == []


@pytest.mark.asyncio
async def test_files_are_noticed_and_html_twins_are_not(channel: LocalChannel, edge: Edge, place: Place) -> None:
    html = {"contentType": "text/html", "content": "<p>x</p>"}
    await channel.message(AN, place, "x", attachments=[html])
    await channel.message(AN, place, "x", attachments=[html, {"contentType": "image/png"}])
    assert [a.has_files for a in edge.desk.arrivals] == [False, True]


@pytest.mark.asyncio
async def test_a_message_that_came_as_html_only_has_its_words(channel: LocalChannel, edge: Edge, place: Place) -> None:
    html = {"contentType": "text/html", "content": "<p>mã&nbsp;<b>3CX-7Q4M2K</b></p><p>gấp &amp; nặng</p>"}
    await channel.message(AN, place, "", attachments=[html])
    assert edge.only().text == "mã 3CX-7Q4M2K\ngấp & nặng"


def _mention(text: Any, account: str = BOT) -> dict[str, Any]:
    return {"type": "mention", "text": text, "mentioned": {"id": account}}


@pytest.mark.parametrize(
    ("text", "entities", "expected", "mentioned"),
    [
        ("<at>TCK</at> TCK-00042", [_mention("<at>TCK</at>")], "TCK-00042", True),
        ("TCK-00042 <at>TCK</at>", [_mention("<at>TCK</at>")], "TCK-00042", True),
        ("<at>TCK</at>TCK-00042", [_mention("<at>TCK</at>")], "TCK-00042", True),
        ("<at>Trực</at> <at>Ban</at> x", [_mention("<at>Trực</at>"), _mention("<at>Ban</at>")], "x", True),
        ("<at>B</at> <at>B</at> x", [_mention("<at>B</at>")], "<at>B</at> x", True),
        ("<at>B</at> <at>B</at> x", [_mention("<at>B</at>"), _mention("<at>B</at>")], "x", True),
        ("<at>a.*[(</at> x", [_mention("<at>a.*[(</at>")], "x", True),
        (
            "<at>Lan</at> ơi <at>B</at> x",
            [_mention("<at>Lan</at>", "29:l"), _mention("<at>B</at>")],
            "@Lan ơi  x",
            True,
        ),
        ("<at>Lan</at> ơi", [_mention("<at>Lan</at>", "29:l")], "@Lan ơi", False),
        ("<at>B</at>&nbsp;\xa0x", [_mention("<at>B</at>")], "x", True),
        ("x", [_mention(None), {"type": "mention"}, {"type": "mention", "mentioned": 3}, {}], "x", True),
        ("x", [_mention("")], "x", True),
        ("", [_mention("<at>B</at>")], "", True),
        ("<at>B</at> x", [], "<at>B</at> x", False),
    ],
)
def test_exactly_the_bots_own_mention_goes(
    text: str, entities: list[dict[str, Any]], expected: str, mentioned: bool
) -> None:
    assert without_own_mention(text, entities, BOT) == (expected, mentioned)


_WORDS = st.text(st.characters(exclude_characters="<>&\xa0", exclude_categories=("Cs", "Cc")), max_size=40)


@given(before=_WORDS, after=_WORDS, name=_WORDS)
def test_nothing_but_the_mention_is_ever_lost(before: str, after: str, name: str) -> None:
    at = f"<at>{name}</at>"
    text, mentioned = without_own_mention(before + at + after, [_mention(at)], BOT)
    assert mentioned
    assert text == (before + after).strip()


def test_html_loses_its_tags_and_keeps_its_lines() -> None:
    assert text_of_html("<div>a<br/>b &lt;c&gt;</div>").strip() == "a\nb <c>"
