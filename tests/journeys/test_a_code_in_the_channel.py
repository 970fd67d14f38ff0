"""Journey A: mail, ticket, code in the channel, and everybody sees it."""

import json

import pytest

from tests.journeys.scene import Scene

pytestmark = pytest.mark.asyncio


async def test_a_code_written_in_the_customers_channel_links_the_thread_and_shows_the_state(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()

    customer = people.customer.people[1]
    answer = await desk.channel.message(
        scene.persona(customer), scene.customer_channel, f"mã ticket {code} vẫn chưa gọi được"
    )
    await desk.settle()

    assert answer.status == 200
    (card,) = desk.channel.cards(scene.customer_channel, root=answer.activity_id)
    shown = json.dumps(card.card, ensure_ascii=False)
    assert code in shown
    assert "Công ty An Phú" in shown
    ticket = await desk.ticket(code)
    assert ticket.notice_at == desk.clock.now()
    assert ticket.clock[0].at == ticket.mail_at
    assert [thread.chat.root for thread in ticket.threads] == [answer.activity_id]
    assert [event.kind for event in await desk.events(code, "notice", "linked")] == ["notice", "linked"]


async def test_the_mail_pages_the_l2_on_duty_by_chat_channel_and_mail(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()

    for person in (people.l2, people.l2_second):
        (page,) = scene.pages(person)
        assert code in page.summary
        assert "P1" in page.summary
        assert any("mail" for mail in desk.sent_mails(person.email))
    assert scene.pages(people.l2_software) == []
    assert scene.pages(people.l3) == []
    (post,) = [card for card in desk.channel.cards(scene.desk_channel) if code in card.summary]
    mentioned = {entity["mentioned"]["name"] for entity in post.card["msteams"]["entities"]}  # type: ignore[index]
    assert mentioned == {people.l2.name, people.l2_second.name}


async def test_a_message_without_code_and_mention_is_left_alone(scene: Scene) -> None:
    desk = scene.desk
    await scene.open_ticket()
    before = len(desk.channel.sent)
    answer = await desk.channel.message(
        scene.persona(desk.people.customer.people[0]), scene.shared_channel, "Chào cả nhà, hôm nay họp mấy giờ?"
    )
    await desk.settle()
    assert answer.status == 200
    assert len(desk.channel.sent) == before


async def test_in_a_shared_channel_the_card_says_state_and_deadline_only(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật không gọi được")
    answer = await desk.channel.message(
        scene.persona(desk.people.customer.people[0]), scene.shared_channel, f"{code}", mention=True
    )
    await desk.settle()
    (card,) = desk.channel.cards(scene.shared_channel, root=answer.activity_id)
    shown = json.dumps(card.body, ensure_ascii=False)
    assert code in shown
    for secret in ("An Phú", "Bí Mật", "Lê Hoài An"):
        assert secret not in shown


async def test_unknown_and_forbidden_codes_get_the_same_answer(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    other = scene.persona(desk.people.other_customer.people[0])
    said = []
    for written in (code, "3CX-7K2M-9QXD"):
        answer = await desk.channel.message(other, scene.shared_channel, f"ticket {written}")
        await desk.settle()
        (text,) = desk.channel.texts(scene.shared_channel)[len(said) :]
        said.append(text)
        assert desk.channel.cards(scene.shared_channel, root=answer.activity_id) == []
    assert said[0] == said[1]
    assert (await desk.ticket(code)).notice_at is None


async def test_a_code_in_a_personal_chat_links_it(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    customer = desk.people.customer.people[0]
    chat = scene.private(customer)
    await desk.channel.message(scene.persona(customer), chat, f"cho em hỏi {code.lower()}")
    await desk.settle()
    (card,) = desk.channel.cards(chat)
    assert code in card.summary
    await desk.channel.message(scene.persona(customer), chat, "Máy chủ đã khởi động lại hai lần.")
    await desk.settle()
    mirrored = [mail for mail in desk.sent_mails(customer.email) if "khởi động lại hai lần" in mail.text]
    assert len(mirrored) == 1
    assert mirrored[0].in_reply_to == (await desk.ticket(code)).mail.root
