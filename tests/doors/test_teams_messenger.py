"""Effects become messages in Teams, and Teams' failures become what the lanes need to know."""

import html
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.arrivals import Sender
from bot.desk.ports import Commit, RecordKey
from bot.errors import DeliveryError
from bot.teams.connector import Connector
from bot.teams.credentials import Credentials, SecretLogin
from bot.teams.messenger import TeamsMessenger
from bot.teams.outgoing import _AT_TAG, TEXT_SIZE_MAX_BYTES, card_activity, finished_card, shortened, text_activity
from bot.teams.people import TeamsPeople
from bot.ticket.effects import Call, Card, Mention, Mirror, PageRef, Say
from bot.ticket.model import Chat, PersonKey, PersonRecord
from tests.harness.channel_bot import PlainDrawing, ShownViews, page_view, status_view
from tests.harness.local_channel import SECRET, LocalChannel, Place, stranger
from tests.harness.memory_ledger import MemoryLedger

BINH = stranger("Bình")
PAGE = PageRef(occurrence="o", kind="step", contact="binh", level="L2", due_at=0)


@dataclass
class Desk:
    """A messenger and what is around it."""

    channel: LocalChannel
    connector: Connector
    ledger: MemoryLedger
    views: ShownViews = field(default_factory=lambda: ShownViews((status_view(), 7, None)))
    service_url: str = ""

    @property
    def messenger(self) -> TeamsMessenger:
        return TeamsMessenger(
            self.connector, self.ledger, PlainDrawing(), self.views, self._known_service_url, gone_again_after_s=0
        )

    async def _known_service_url(self) -> str:
        return self.service_url

    def chat(self, place: Place, root: str | None = None) -> Chat:
        return Chat(
            conversation=place.id,
            service_url=self.channel.service_url,
            tenant=place.tenant,
            root=root,
            personal=place.kind == "personal",
        )


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    async with LocalChannel() as channel:
        login = SecretLogin(
            app_id=channel.app_id,
            secret=SECRET,
            tenant=channel.tenant,
            login_url=channel.login.url,
            ca_bundle=str(channel.login.ca_bundle),
        )
        credentials = Credentials(login)
        async with Connector(credentials, app_id=channel.app_id, allow_loopback_http=True) as connector:
            yield Desk(channel, connector, MemoryLedger(), service_url=channel.service_url)
        await credentials.close()


def _person() -> PersonKey:
    return PersonKey(tenant=BINH.tenant, object_id=BINH.object_id)


def _status(chat: Chat, **changes: object) -> Card:
    return Card.model_validate(
        {"id": "e", "slot": "status:1", "view": "status", "chat": chat, "language": "vi", **changes}
    )


def _page(**changes: object) -> Card:
    return Card.model_validate(
        {"id": "e", "slot": "page:1", "view": "page", "language": "vi", "page": PAGE, "private": True, **changes}
    )


@pytest.mark.asyncio
async def test_a_card_is_posted_in_its_thread_and_its_copy_reported(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    receipt = await desk.messenger.send(_status(desk.chat(place, "1")), uncertain=False)
    [card] = desk.channel.cards(place, root="1")
    assert card.summary == "3CX-7Q4M2K vi"
    assert "shared" in str(card.card)
    assert "channelData" not in card.body
    assert "text" not in card.body
    assert receipt.outcome == "sent"
    assert receipt.copy is not None
    assert (receipt.copy.slot, receipt.copy.version, receipt.copy.activity_id) == ("status:1", 7, card.activity_id)
    assert receipt.copy.chat.root == "1"


@pytest.mark.asyncio
async def test_a_card_that_stands_already_is_put_in_its_place(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    sent = await desk.messenger.send(_status(desk.chat(place, "1")), uncertain=False)
    assert sent.copy is not None
    desk.views.shown = (status_view(), 8, sent.copy.activity_id)
    receipt = await desk.messenger.send(_status(desk.chat(place, "1")), uncertain=True)
    assert (receipt.outcome, len(desk.channel.posts(place))) == ("updated", 1)
    assert receipt.copy is not None
    assert (receipt.copy.version, receipt.copy.activity_id) == (8, sent.copy.activity_id)
    assert desk.channel.cards(place)[0].updates == 1


@pytest.mark.asyncio
async def test_an_update_that_finds_nothing_is_tried_twice_and_then_posted_anew(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    receipt = await desk.messenger.send(_status(desk.chat(place), activity_id="999"), uncertain=False)
    assert [s.method for s in desk.channel.sent] == ["PUT", "PUT", "POST"]
    assert receipt.outcome == "sent"
    assert receipt.copy is not None
    assert receipt.copy.activity_id == desk.channel.cards(place)[0].activity_id


@pytest.mark.asyncio
async def test_an_activity_that_is_missing_only_for_a_moment_is_updated(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    sent = await desk.messenger.send(_status(desk.chat(place)), uncertain=False)
    assert sent.copy is not None
    desk.channel.connector.fail(status=404, code="ActivityNotFoundInConversation")
    again = _status(desk.chat(place), activity_id=sent.copy.activity_id)
    assert (await desk.messenger.send(again, uncertain=False)).outcome == "updated"
    assert len(desk.channel.posts(place)) == 1


@pytest.mark.asyncio
async def test_a_card_that_nobody_wants_any_more_is_dropped(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    desk.views.shown = None
    assert (await desk.messenger.send(_status(desk.chat(place)), uncertain=False)).outcome == "dropped"
    assert desk.channel.sent == []


@pytest.mark.asyncio
async def test_a_page_reaches_somebody_who_never_wrote_and_their_phone_rings(desk: Desk) -> None:
    place = desk.channel.personal(BINH)
    desk.views.shown = (page_view(("Bình", BINH.object_id)), 3, None)
    receipt = await desk.messenger.send(_page(person=_person()), uncertain=False)
    [card] = desk.channel.cards(place)
    assert card.body["channelData"] == {"notification": {"alert": True}}
    assert "<at>" not in str(card.card)
    assert receipt.copy is not None
    assert (receipt.copy.chat.personal, receipt.copy.chat.conversation) == (True, place.id)
    await desk.messenger.send(_page(person=_person()), uncertain=False)
    assert sum(s.path.endswith("/v3/conversations") for s in desk.channel.sent) == 1


@pytest.mark.asyncio
async def test_a_known_chat_is_used_before_a_new_one_is_made(desk: Desk) -> None:
    place = desk.channel.personal(BINH)
    record = PersonRecord(person=_person(), chat=desk.chat(place))
    key = RecordKey("person", str(_person()))
    await desk.ledger.commit(Commit(key=key, expected_version=0, body=record.model_dump_json().encode()))
    desk.service_url = ""
    await desk.messenger.send(_page(person=_person()), uncertain=False)
    assert len(desk.channel.cards(place)) == 1


@pytest.mark.asyncio
async def test_somebody_whom_teams_does_not_let_us_write_to_is_a_permanent_failure(desk: Desk) -> None:
    with pytest.raises(DeliveryError) as raised:
        await desk.messenger.send(_page(person=_person()), uncertain=False)
    assert raised.value.permanent


@pytest.mark.asyncio
async def test_without_an_address_of_teams_the_next_channel_is_tried_at_once(desk: Desk) -> None:
    desk.service_url = ""
    with pytest.raises(DeliveryError) as raised:
        await desk.messenger.send(_page(person=_person()), uncertain=False)
    assert raised.value.permanent


@pytest.mark.asyncio
async def test_a_channel_page_mentions_the_people_it_names(desk: Desk) -> None:
    place = desk.channel.channel("Trực", BINH)
    desk.views.shown = (page_view(("Bình", "b-oid"), ("Chi", None)), 3, None)
    await desk.messenger.send(
        _page(chat=desk.chat(place), mentions=(Mention(name="Bình", object_id="b-oid"),)), uncertain=False
    )
    [card] = desk.channel.cards(place)
    assert card.card is not None
    assert card.card["msteams"]["entities"] == [
        {"type": "mention", "text": "<at>Bình</at>", "mentioned": {"id": "b-oid", "name": "Bình"}}
    ]
    assert card.card["body"][2]["text"] == "Chi"


@pytest.mark.asyncio
async def test_a_saying_is_words_without_a_mention(desk: Desk) -> None:
    place = desk.channel.personal(BINH)
    say = Say(id="e", person=_person(), language="en", phrase="hello", values={"a": "<at>everyone</at>"})
    assert (await desk.messenger.send(say, uncertain=False)).outcome == "sent"
    [text] = desk.channel.posts(place)
    assert text.body["text"] == "<p>hello en [('a', 'everyone')]</p>"
    assert text.body["textFormat"] == "xml"
    assert text.body["channelData"] == {"notification": {"alert": True}}


@pytest.mark.asyncio
async def test_a_mirror_is_posted_once_and_dropped_when_it_may_have_arrived(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    mirror = Mirror(id="e", chat=desk.chat(place, "1"), language="vi", author="Bình", text="đã xong", at=0)
    desk.channel.connector.fail(status=502, after=True)
    with pytest.raises(DeliveryError) as raised:
        await desk.messenger.send(mirror, uncertain=False)
    assert raised.value.unknown
    receipt = await desk.messenger.send(mirror, uncertain=True)
    assert (receipt.outcome, receipt.detail) == ("dropped", "uncertain")
    assert desk.channel.texts(place) == ["Bình: đã xong"]


@pytest.mark.asyncio
async def test_a_mail_as_long_as_a_book_fits_into_a_message(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    mirror = Mirror(id="e", chat=desk.chat(place), language="vi", author="Bình", text="ấ" * 200_000, at=0)
    assert (await desk.messenger.send(mirror, uncertain=False)).outcome == "sent"
    [text] = desk.channel.texts(place)
    assert text.endswith("ấ…")


@pytest.mark.asyncio
async def test_what_does_not_go_by_teams_is_refused_for_good(desk: Desk) -> None:
    with pytest.raises(DeliveryError) as raised:
        await desk.messenger.send(Call(id="e", extension="101", page=PAGE), uncertain=False)
    assert raised.value.permanent


@pytest.mark.parametrize("text", ["x" * 200_000, "ấ" * 200_000, "🚒" * 200_000, "short", ""], ids=lambda t: t[:1])
def test_a_shortened_text_fits_in_both_encodings_and_breaks_no_character(text: str) -> None:
    short = shortened(text)
    assert len(short.encode()) <= TEXT_SIZE_MAX_BYTES
    assert len(short.encode("utf-16-le")) <= TEXT_SIZE_MAX_BYTES
    assert text.startswith(short.removesuffix("…"))
    assert (short == text) == (len(text) < 10)


@pytest.mark.asyncio
async def test_the_lines_of_an_answer_stay_lines_and_its_signs_stay_signs(desk: Desk) -> None:
    place = desk.channel.channel("Hỗ trợ", BINH)
    written = 'Chào chị,\n\n1. <b>gỡ</b> & lắp lại "SIP"\n2. **xong** &lt;\r\n<br>\n   # 10 < 20 > 5'
    mirror = Mirror(id="e", chat=desk.chat(place), language="vi", author="Bình", text=written, at=0)
    assert (await desk.messenger.send(mirror, uncertain=False)).outcome == "sent"
    assert desk.channel.texts(place) == [f"Bình: {written}".replace("\r\n", "\n")]
    [posted] = desk.channel.posts(place)
    assert posted.body["text"] == (
        '<p>Bình: Chào chị,<br>\n<br>\n1. &lt;b&gt;gỡ&lt;/b&gt; &amp; lắp lại "SIP"<br>\n'
        "2. **xong** &amp;lt;<br>\n&lt;br&gt;<br>\n   # 10 &lt; 20 &gt; 5</p>"
    )


@given(st.text(alphabet=st.sampled_from("aấ🚒 <>&;/\"'*_`[]()#.-\n\r\u2028brtp"), max_size=200))
def test_whatever_was_written_only_line_breaks_are_marked(text: str) -> None:
    sent = str(text_activity(text, alert=False)["text"])
    assert set(re.findall(r"<[^>]*>", sent)) <= {"<p>", "</p>", "<br>"}
    assert (sent.count("<p>"), sent.count("</p>")) == (1, 1)
    assert "\n\n" not in sent, "a blank line would end the paragraph, and markdown begin"
    without_tags = html.unescape(re.sub(r"<[^>]*>", "", sent))
    assert without_tags == "\n".join(_AT_TAG.sub(r"\1", text).splitlines())


@pytest.mark.parametrize("sign", ["&", "<", "\n", "\u2028", "&ấ\n"], ids=repr)
def test_a_text_that_markup_lengthens_fits_all_the_same(sign: str) -> None:
    sent = str(text_activity(sign * 60_000, alert=False)["text"])
    assert len(sent.encode()) <= TEXT_SIZE_MAX_BYTES
    assert len(sent.encode("utf-16-le")) <= TEXT_SIZE_MAX_BYTES
    assert sent.endswith("…</p>")


def test_a_mention_that_nobody_gave_us_becomes_plain_words() -> None:
    card = {"type": "AdaptiveCard", "body": [{"text": "<at>Sếp</at> <AT id='1'>x</AT>"}], "msteams": {"width": "full"}}
    finished = finished_card(card, (("Bình", "b"),))
    assert finished["body"] == [{"text": "Sếp x"}]
    assert finished["msteams"] == {"width": "full"}


def test_a_mention_keeps_what_the_card_says_to_teams_besides() -> None:
    card: dict[str, object] = {"body": [{"text": "<at>Bình</at>"}], "msteams": {"width": "full"}}
    finished = finished_card(card, (("Bình", "b"),))
    assert isinstance(finished["msteams"], dict)
    assert set(finished["msteams"]) == {"width", "entities"}


def test_words_and_a_card_never_share_an_activity() -> None:
    assert "attachments" not in text_activity("x", alert=True)
    assert "text" not in card_activity({}, "x", alert=True)


@pytest.mark.asyncio
async def test_a_member_is_asked_for_once_and_a_failure_is_asked_again(desk: Desk) -> None:
    counted: list[tuple[str, str]] = []
    people = TeamsPeople(desk.connector, desk.ledger, lambda name, label: counted.append((name, label)))
    place = desk.channel.channel("Hỗ trợ", BINH)
    sender = Sender(account=BINH.handle, object_id=BINH.object_id, name="Bình")
    desk.channel.connector.fail(status=500)
    assert await people.member(desk.chat(place, "1"), sender) is None
    found = [await people.member(desk.chat(place, str(n)), sender) for n in range(3)]
    assert [m and (m.tenant, m.object_id) for m in found] == [(BINH.tenant, BINH.object_id)] * 3
    assert len(desk.channel.sent) == 2
    assert counted == [("teams_roster_calls", "failed"), ("teams_roster_calls", "answered")]


@pytest.mark.asyncio
async def test_somebody_who_is_not_in_the_conversation_is_nobody(desk: Desk) -> None:
    people = TeamsPeople(desk.connector, desk.ledger, lambda _name, _label: None)
    place = desk.channel.channel("Hỗ trợ", BINH)
    other = stranger("Chi")
    assert await people.member(desk.chat(place), Sender(other.handle, other.object_id, "Chi")) is None
    assert await people.member(desk.chat(place), Sender("", None, "")) is None


@pytest.mark.asyncio
async def test_everybody_is_asked_for_anew_each_time(desk: Desk) -> None:
    people = TeamsPeople(desk.connector, desk.ledger, lambda _name, _label: None)
    place = desk.channel.channel("Hỗ trợ", BINH)
    assert [m.name for m in await people.members(desk.chat(place)) or []] == ["Bình"]
    await desk.connector.post(desk.chat(place), {"type": "message", "text": "x"})
    desk.channel.connector.fail(status=429)
    assert await people.members(desk.chat(place)) is None
