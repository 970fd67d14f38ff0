"""Channels: what staff bind, what is shared, when the bot is silent, and what it makes of codes in odd places."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.ticket import codes
from tests.harness.desk import DeskUnderTest
from tests.harness.example_desk import OPERATOR_MAIL
from tests.harness.local_channel import Place
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]


async def say(scene: Scene, person: object, place: Place, text: str, **options: object) -> list[str]:
    """Write, and return the bot's new words in that place."""
    channel = scene.desk.channel
    before = len(channel.texts(place))
    answer = await channel.message(scene.persona(person), place, text, **options)  # type: ignore[arg-type]
    assert answer.status == 200
    await scene.desk.settle()
    return channel.texts(place)[before:]


def mistyped(code: str) -> str:
    """Return a code with its last character changed: the check fails."""
    return code[:-1] + next(letter for letter in "ACDE" if letter != code[-1])


def _bits(seed: int) -> Callable[[int], int]:
    return lambda k: (seed * 7919 + 3) % (1 << k)


async def roles(desk: DeskUnderTest) -> dict[str, str]:
    return {bound.name: bound.role for bound in (await desk.service.desk.desk_record()).channels.values()}


# Binding


@pytest.mark.parametrize(
    "order",
    ["gắn kênh khách hàng binh-minh", "gan kenh khach hang binh-minh", "GÁN KÊNH KHÁCH HÀNG BINH-MINH",
     "bind customer binh-minh"],
)  # fmt: skip
async def test_staff_bind_a_customers_channel_in_either_language_with_or_without_marks(
    scene: Scene, order: str
) -> None:
    desk, people = scene.desk, scene.desk.people
    place = desk.channel.channel(
        "Bình Minh", scene.persona(people.l2), *(scene.persona(p) for p in people.other_customer.people)
    )
    (said,) = await say(scene, people.l2, place, order, mention=True)
    assert people.other_customer.name in said
    assert (await roles(desk))["Bình Minh"] == "customer"


async def test_nobody_but_staff_binds(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    guest = replace(scene.persona(people.l2), role="guest")
    place = desk.channel.channel(
        "Ngoài", guest, scene.persona(people.customer.people[0]), scene.persona(people.stranger)
    )
    before = await roles(desk)
    for outsider in (people.customer.people[0], people.stranger):
        for order in ("gắn kênh trực", "bind customer an-phu", "bỏ gán kênh"):
            assert len(await say(scene, outsider, place, order, mention=True)) == 1
    await desk.channel.message(guest, place, "gắn kênh quản lý", mention=True)
    await desk.settle()
    assert await roles(desk) == before


async def test_an_order_that_names_no_purpose_gets_the_usage_and_an_unknown_customer_no_list(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    (usage,) = await say(scene, people.l2, scene.shared_channel, "gắn kênh", mention=True)
    assert "gán kênh" in usage
    (unknown,) = await say(scene, people.l2, scene.shared_channel, "gắn kênh khách hàng khong-co", mention=True)
    for company in (people.customer, people.other_customer):
        assert company.id not in unknown
        assert company.name not in unknown
    assert "Hỗ trợ chung" not in await roles(desk)


async def test_a_channel_with_outsiders_is_not_bound_to_a_customer_nor_to_the_desk(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    before = await roles(desk)
    for order in ("gắn kênh khách hàng an-phu", "gắn kênh trực", "gắn kênh quản lý"):
        (said,) = await say(scene, people.l2, scene.shared_channel, order, mention=True)
        assert people.customer.name not in said
    assert await roles(desk) == before


async def test_where_teams_names_no_members_the_desks_channel_is_bound_and_a_customers_is_not(scene: Scene) -> None:
    desk, lead = scene.desk, scene.persona(scene.desk.people.l2)
    places = [desk.channel.channel(name, lead) for name in ("Ca đêm", "An Phú 2")]
    for place in places:
        desk.channel.connector.fail(status=403, times=9, match=lambda _, path: "pagedmembers" in path)
        order = "gắn kênh trực" if place is places[0] else f"gắn kênh khách hàng {desk.people.customer.id}"
        await desk.bind(lead, place, order)
    bound = (await desk.service.desk.desk_record()).channels
    assert bound[places[0].id].role == "desk"
    assert places[1].id not in bound
    assert "thử lại" in desk.channel.texts(places[1])[-1]


async def test_unbinding_makes_a_channel_shared(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật")
    assert len(await say(scene, people.l2, scene.customer_channel, "bỏ gán kênh", mention=True)) == 1
    assert "An Phú" not in await roles(desk)
    posted = await desk.channel.message(scene.persona(people.customer.people[0]), scene.customer_channel, code)
    await desk.settle()
    (card,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert "Bí Mật" not in json.dumps(card.body, ensure_ascii=False)


async def test_an_outsider_who_joins_makes_the_channel_shared_and_the_desk_is_told(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật")
    posted = await desk.channel.message(scene.persona(people.customer.people[0]), scene.customer_channel, code)
    await desk.settle()
    (card,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert "Bí Mật" in json.dumps(card.body, ensure_ascii=False)

    await desk.channel.members_added(scene.customer_channel, scene.persona(people.stranger))
    await desk.settle()

    assert "An Phú" not in await roles(desk)
    (told,) = [text for text in desk.channel.texts(scene.desk_channel) if people.customer.name in text]
    assert scene.customer_channel.name in told.replace(people.customer.name, "")
    await desk.mail(people.l2.email, "Re: sự cố", "Đã đổi SIM trunk.", cc=people.customer.people[0].email,
                    in_reply_to=(await desk.ticket(code)).mail.root)  # fmt: skip
    (card,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert "Bí Mật" not in json.dumps(card.body, ensure_ascii=False)
    assert not any("SIM trunk" in text for text in desk.channel.texts(scene.customer_channel))


async def test_an_outsider_who_joins_the_team_is_seen_in_each_of_its_channels(scene: Scene) -> None:
    """Teams tells a team's membership in its General channel, under the team's own id."""
    desk, people, channel = scene.desk, scene.desk.people, scene.desk.channel
    general = channel.channel(
        "General", *(scene.persona(p) for p in people.customer.people), team=scene.customer_channel.team
    )
    await channel.members_added(general, scene.persona(people.stranger))
    await desk.settle()
    assert "An Phú" not in await roles(desk)


async def test_a_colleague_of_the_customer_who_joins_changes_nothing(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    colleague = replace(scene.persona(people.customer.people[0]), object_id="c1000000-0000-4000-8000-000000000177")
    await desk.channel.members_added(scene.customer_channel, colleague)
    await desk.settle()
    assert (await roles(desk))["An Phú"] == "customer"


async def test_a_channel_from_which_the_bot_is_removed_is_forgotten(scene: Scene) -> None:
    desk = scene.desk
    await desk.channel.members_removed(scene.customer_channel, bot=True)
    await desk.settle()
    assert "An Phú" not in await roles(desk)


# Silence and help


async def test_help_differs_for_customers_and_staff(scene: Scene) -> None:
    people = scene.desk.people
    (for_customer,) = await say(scene, people.customer.people[0], scene.shared_channel, "trợ giúp", mention=True)
    (for_staff,) = await say(scene, people.l2, scene.shared_channel, "tro giup", mention=True)
    (in_english,) = await say(
        scene, people.customer.people[0], scene.shared_channel, "help", mention=True, locale="en-GB"
    )
    assert people.support_mail in for_customer
    assert "gán kênh" in for_staff
    assert "gán kênh" not in for_customer
    assert "ticket code" in in_english


async def test_nothing_is_said_unasked_and_nothing_of_it_is_kept(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    root = (
        await desk.channel.message(scene.persona(people.stranger), scene.shared_channel, "Chào mọi người")
    ).activity_id
    for person in (people.stranger, people.customer.people[0], people.l2):
        for text in ("gắn kênh trực", "trợ giúp", "0903 123 456", "https://x.example/3CX-7K2M-9QXD"):
            assert await say(scene, person, scene.shared_channel, text, root=root) == []
    assert scene.shared_channel.name not in await roles(desk)


async def test_the_welcome_comes_once_for_both_shapes_of_an_installation(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    place = desk.channel.channel("Mới", scene.persona(people.customer.people[0]))
    await desk.channel.install(scene.persona(people.customer.people[0]), place)
    await desk.channel.members_added(place, bot=True)
    await desk.settle()
    assert len(desk.channel.texts(place)) == 1


async def test_staff_in_a_personal_chat_get_the_card_with_buttons_or_help_and_nothing_is_linked(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    chat = scene.private(people.l2)
    cards = len(desk.channel.cards(chat))
    assert await say(scene, people.l2, chat, code) == []
    card = desk.channel.cards(chat)[cards]
    assert "acknowledge" in json.dumps(card.card)
    (text,) = await say(scene, people.l2, chat, "khách này gọi hoài")
    assert "gán kênh" in text
    ticket = await desk.ticket(code)
    assert ticket.threads == ()
    assert ticket.notice_at is None
    assert [mail for mail in desk.sent_mails() if "gọi hoài" in mail.text] == []


async def test_staff_who_mistype_a_code_are_not_asked_for_an_address(scene: Scene) -> None:
    code = await scene.open_ticket()
    chat = scene.private(scene.desk.people.l2)
    (first,) = await say(scene, scene.desk.people.l2, chat, mistyped(code))
    assert "địa chỉ email mà" not in first
    (after,) = await say(scene, scene.desk.people.l2, chat, "trợ giúp")
    assert "gán kênh" in after


# Codes in odd places


async def test_two_codes_in_one_message_show_two_cards_and_link_the_thread_to_the_first(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    first, second = await scene.open_ticket(), await scene.open_ticket("[P2] Chập chờn")
    customer = people.customer.people[0]
    posted = await desk.channel.message(
        scene.persona(customer), scene.customer_channel, f"{first} và {second} sao rồi?"
    )
    await desk.settle()
    cards = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert sorted(card.summary.split(":")[0][3:] for card in cards) == sorted([first, second])
    for code in (first, second):
        assert (await desk.ticket(code)).notice_at is not None
    assert len((await desk.ticket(first)).threads) == 1
    assert (await desk.ticket(second)).threads == ()
    assert len([mail for mail in desk.sent_mails() if "sao rồi?" in mail.text]) == 2


async def test_words_about_two_customers_are_put_into_neither_mail_thread(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    first = await scene.open_ticket()
    await desk.mail(people.other_customer.people[0].email, "[P2] Bên Bình Minh", "Chập chờn.")
    (second,) = set(await desk.codes()) - {first}
    await say(scene, people.l2, scene.shared_channel, f"{first} giống hệt {second} nhé")
    assert [mail for mail in desk.sent_mails() if "giống hệt" in mail.text] == []
    assert len(desk.channel.cards(scene.shared_channel)) == 2


async def test_ten_codes_are_answered_and_the_eleventh_is_told_of(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    mine = [await scene.open_ticket(f"[P3] Sự cố {i}") for i in range(3)]
    unknown = [codes.issue("3CX", 7, _bits(n)) for n in range(8)]
    assert len(set(unknown)) == 8
    customer = people.customer.people[0]
    said = await say(scene, customer, scene.customer_channel, " ".join([*mine, *unknown[:7]]))
    assert len(said) == 1
    assert len(desk.channel.cards(scene.customer_channel)) == 3
    said = await say(scene, customer, scene.customer_channel, " ".join([*mine, *unknown]))
    assert len(said) == 2
    assert any("10" in text for text in said)
    assert len(desk.channel.cards(scene.customer_channel)) == 6


async def test_a_code_in_a_link_or_a_phone_number_is_no_code(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    for text in (f"https://portal.example/t/{code}", f"sip:{code}@pbx.example", f"www.portal.example/{code}?a=1",
                 "0283 730 3966", "+84 903 123 456 (3CX)"):  # fmt: skip
        assert await say(scene, people.customer.people[0], scene.customer_channel, text) == []
    assert (await desk.ticket(code)).threads == ()
    assert desk.channel.cards(scene.customer_channel) == []


async def test_a_wrong_check_character_gets_the_same_answer_as_an_unknown_code(scene: Scene) -> None:
    people = scene.desk.people
    code = await scene.open_ticket()
    (wrong,) = await say(scene, people.customer.people[0], scene.customer_channel, mistyped(code))
    (unknown,) = await say(scene, people.customer.people[0], scene.customer_channel, "3CX-7K2M-9QXD")
    (foreign,) = await say(scene, people.other_customer.people[0], scene.shared_channel, code)
    assert wrong == unknown == foreign


async def test_a_thread_stays_its_first_tickets(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    first, second = await scene.open_ticket(), await scene.open_ticket("[P2] Chập chờn")
    customer = people.customer.people[0]
    root = (await desk.channel.message(scene.persona(customer), scene.customer_channel, first)).activity_id
    await desk.settle()
    await say(scene, customer, scene.customer_channel, f"còn {second}?", root=root)
    assert len(desk.channel.cards(scene.customer_channel, root=root)) == 2
    assert (await desk.ticket(second)).threads == ()
    await say(scene, customer, scene.customer_channel, "Vẫn chưa được", root=root)
    (mail,) = [mail for mail in desk.sent_mails() if "Vẫn chưa được" in mail.text]
    assert first in mail.subject


async def test_words_beside_a_mistyped_code_in_a_linked_thread_are_in_the_mail_thread(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = people.customer.people[0]
    root = (await desk.channel.message(scene.persona(customer), scene.customer_channel, code)).activity_id
    await desk.settle()
    text = f"ticket {mistyped(code)} thêm hai máy hỏng"
    assert len(await say(scene, customer, scene.customer_channel, text, root=root)) == 1
    assert len([mail for mail in desk.sent_mails() if "thêm hai máy hỏng" in mail.text]) == 1


async def test_edits_and_deletions_of_a_message_with_a_code_are_noted_once(scene: Scene) -> None:
    desk, people, channel = scene.desk, scene.desk.people, scene.desk.channel
    code = await scene.open_ticket()
    customer = scene.persona(people.customer.people[0])
    root = (await channel.message(customer, scene.customer_channel, f"{code} hỏng ba máy")).activity_id
    await desk.settle()
    await channel.edit(customer, scene.customer_channel, root, f"{code} hỏng năm máy", root=root)
    await desk.settle()
    await channel.delete(customer, scene.customer_channel, root, root=root)
    await desk.settle()
    assert len(channel.cards(scene.customer_channel, root=root)) == 1
    assert len([mail for mail in desk.sent_mails() if "hỏng ba máy" in mail.text]) == 1
    assert len([mail for mail in desk.sent_mails() if "hỏng năm máy" in mail.text]) == 1
    assert len(await desk.events(code, "chat_message")) == 2
    assert len(await desk.events(code, "linked")) == 1


async def test_a_code_added_by_an_edit_links_the_thread(scene: Scene) -> None:
    desk, people, channel = scene.desk, scene.desk.people, scene.desk.channel
    code = await scene.open_ticket()
    customer = scene.persona(people.customer.people[0])
    root = (await channel.message(customer, scene.customer_channel, "hỏng ba máy")).activity_id
    await desk.settle()
    await channel.edit(customer, scene.customer_channel, root, f"{code} hỏng ba máy", root=root)
    await desk.settle()
    assert len(channel.cards(scene.customer_channel, root=root)) == 1
    assert len((await desk.ticket(code)).threads) == 1


async def test_a_message_that_teams_delivers_again_is_taken_once(scene: Scene) -> None:
    desk, people, channel = scene.desk, scene.desk.people, scene.desk.channel
    code = await scene.open_ticket()
    activity = channel.activity("message", scene.persona(people.customer.people[0]), scene.customer_channel, text=code)
    for _ in range(3):
        await channel.post(activity)
    await desk.settle()
    assert len(channel.cards(scene.customer_channel)) == 1
    assert len(await desk.events(code, "linked")) == 1


async def test_a_code_written_over_and_over_keeps_few_cards_up_to_date(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = people.customer.people[0]
    root = (await desk.channel.message(scene.persona(customer), scene.customer_channel, code)).activity_id
    for _ in range(11):
        await desk.channel.message(scene.persona(customer), scene.customer_channel, code, root=root)
    await desk.settle()
    status = [copy for copy in (await desk.ticket(code)).copies if copy.view == "status"]
    assert 1 <= len(status) <= 5


async def test_a_customers_words_on_a_resolved_ticket_reach_the_desk_and_ask_whether_it_came_back(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = people.customer.people[0]
    root = (await desk.channel.message(scene.persona(customer), scene.customer_channel, code)).activity_id
    await desk.settle()
    (page,) = scene.pages(people.l2)
    await desk.channel.tap(scene.persona(people.l2), page, "resolve", {"note": "Đã khởi động lại."})
    await desk.settle()
    told = len(desk.channel.texts(scene.desk_channel))
    (asked,) = await say(scene, customer, scene.customer_channel, "Lại hỏng rồi", root=root)
    assert "Sự cố tái diễn" in asked
    (heard,) = desk.channel.texts(scene.desk_channel)[told:]
    assert code in heard


# Privacy


async def test_a_shared_channel_never_shows_company_holder_subject_text_pause_or_breach(scene: Scene) -> None:
    desk, people, channel = scene.desk, scene.desk.people, scene.desk.channel
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật", "Nội dung Kín đáo của khách.")
    customer = scene.persona(people.customer.people[0])
    root = (await channel.message(customer, scene.shared_channel, code, mention=True)).activity_id
    await desk.settle()

    async def press(verb: str, **data: str) -> None:
        page = next(card for card in reversed(scene.pages(people.l2)) if code in card.summary)
        await channel.tap(scene.persona(people.l2), page, verb, data)
        await desk.settle()

    await press("acknowledge")
    await press("note", note="Ghi chú Nội bộ")
    await press("pause", reason="third_party", note="Mã VNPT-77 Kín đáo", reference="VNPT-77", confirmed="true")
    await press("resume")
    await desk.mail(people.l2.email, "Re: sự cố", "Câu trả lời Kín đáo", cc=people.customer.people[0].email,
                    in_reply_to=(await desk.ticket(code)).mail.root)  # fmt: skip
    await channel.message(scene.persona(people.l2), scene.shared_channel, f"xem {code}", root=root)
    await desk.fast_forward(minutes=40)
    (card, *_) = channel.cards(scene.shared_channel, root=root)
    await channel.tap(customer, card, "refresh")
    await press("resolve", note="Cách khắc phục Kín đáo")
    assert (await desk.ticket(code)).breach_alerted_at is not None
    assert (await desk.ticket(code)).state == "resolved"

    tapped = await channel.tap(customer, card, "refresh")
    shown = [sent.body for sent in channel.sent if sent.conversation == scene.shared_channel.id and sent.body]
    told = json.dumps([*shown, tapped.body], ensure_ascii=False).lower()
    assert code.lower() in told
    assert len(shown) > 5
    for secret in ("An Phú", "an-phu", "Bí Mật", "Kín đáo", "Nội bộ", "VNPT", "nhà cung cấp", "quá hạn", "breach",
                   people.l2.name, people.l2.id, people.customer.people[0].email, "HD-0001"):  # fmt: skip
        assert secret.lower() not in told, secret


async def test_a_message_whose_author_teams_could_not_name_is_not_lost_in_silence(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    root = (
        await desk.channel.message(scene.persona(people.customer.people[0]), scene.customer_channel, code)
    ).activity_id
    await desk.settle()
    failure = desk.channel.connector.fail(
        status=500, times=99, match=lambda method, path: method == "GET" and "/members/" in path
    )
    (said,) = await say(scene, people.customer.people[1], scene.customer_channel, "Hỏng thêm máy", root=root)
    assert "028 7303 9666" in said
    assert await say(scene, people.customer.people[1], scene.customer_channel, "Chào") == []
    failure.times = 0
    assert await say(scene, people.customer.people[1], scene.customer_channel, "Hỏng thêm máy", root=root) == []
    assert len([mail for mail in desk.sent_mails() if "Hỏng thêm máy" in mail.text]) == 1


async def test_an_outsider_in_the_desks_own_team_is_told_to_the_operator(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    await desk.channel.members_added(scene.desk_channel, scene.persona(people.stranger))
    await desk.settle()
    (mail,) = desk.sent_mails(OPERATOR_MAIL)
    assert scene.desk_channel.name in mail.text
    assert (await roles(desk))["Ca trực"] == "desk"
