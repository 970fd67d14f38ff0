"""Journey E: mail and chat read as one conversation."""

import pytest

from tests.journeys.scene import Scene

pytestmark = pytest.mark.asyncio

QUOTED = (
    "Chào chị, em đã khởi động lại trunk, chị thử lại giúp em.\n\n"
    "Vào Th 2, 9 thg 3, 2026 vào lúc 10:00 Trần Thị Mẫu <mot@anphu.example> đã viết:\n"
    "> Cả team 25 kênh không gọi ra được.\n"
)


async def linked(scene: Scene, *, shared: bool = False) -> tuple[str, str, str]:
    """Return (code, root of the linked thread, Message-ID of the customer's mail)."""
    desk = scene.desk
    code = await scene.open_ticket()
    place = scene.shared_channel if shared else scene.customer_channel
    posted = await desk.channel.message(scene.persona(desk.people.customer.people[0]), place, f"ticket {code}")
    await desk.settle()
    return code, posted.activity_id, (await desk.ticket(code)).mail.root


async def test_an_engineers_answer_appears_in_the_thread_without_its_quoted_history(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code, root, message_id = await linked(scene)
    await desk.mail(
        f"{people.l2.name} <{people.l2.email}>",
        "Re: [P1] Tổng đài không gọi được",
        QUOTED,
        cc=people.customer.people[0].email,
        in_reply_to=message_id,
    )
    (text,) = desk.channel.texts(scene.customer_channel)[-1:]
    assert "khởi động lại trunk" in text
    assert people.l2.name in text
    assert "25 kênh" not in text
    assert desk.channel.posts(scene.customer_channel, root=root)[-1].text == text
    assert len(await desk.codes()) == 1
    assert [event.kind for event in await desk.events(code, "engineer_mail")] == ["engineer_mail"]


async def test_in_a_shared_channel_only_that_an_answer_has_come(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    _, _, message_id = await linked(scene, shared=True)
    await desk.mail(people.l2.email, "Re: sự cố", QUOTED, cc=people.customer.people[0].email, in_reply_to=message_id)
    (text,) = desk.channel.texts(scene.shared_channel)[-1:]
    assert "khởi động lại" not in text
    assert people.l2.name not in text


async def test_an_engineers_mail_that_leaves_the_customer_out_stays_internal(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code, _, message_id = await linked(scene)
    before = len(desk.channel.texts(scene.customer_channel))
    await desk.mail(people.l2.email, "Re: nội bộ", "Khách này hay báo nhầm.", in_reply_to=message_id)
    assert len(desk.channel.texts(scene.customer_channel)) == before
    assert len(await desk.events(code, "internal_mail")) == 1


async def test_a_linked_customers_message_is_in_the_mail_thread_once(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code, root, message_id = await linked(scene)
    customer = scene.persona(people.customer.people[1])
    await desk.channel.message(customer, scene.customer_channel, "Chi nhánh 2 cũng bị rồi ạ", root=root)
    await desk.settle()
    mirrored = [mail for mail in desk.sent_mails() if "Chi nhánh 2 cũng bị rồi" in mail.text]
    assert len(mirrored) == 1
    (mail,) = mirrored
    assert people.customer.people[1].name in mail.text
    assert mail.in_reply_to == message_id
    assert message_id in mail.references
    assert people.customer.people[0].email in mail.to
    assert "teamx@idb.com.vn" in mail.cc
    assert code


async def test_edits_and_deletions_are_noted_in_the_thread(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    _, root, _ = await linked(scene)
    customer = scene.persona(people.customer.people[0])
    said = await desk.channel.message(customer, scene.customer_channel, "Bị ba máy", root=root)
    await desk.settle()
    await desk.channel.edit(customer, scene.customer_channel, said.activity_id, "Bị năm máy", root=root)
    await desk.settle()
    await desk.channel.delete(customer, scene.customer_channel, said.activity_id, root=root)
    await desk.settle()
    assert len([mail for mail in desk.sent_mails() if "Bị ba máy" in mail.text]) == 1
    assert len([mail for mail in desk.sent_mails() if "Bị năm máy" in mail.text]) == 1
    assert len(await desk.events(await desk.only_code(), "chat_message")) == 3


async def test_somebody_of_another_company_is_not_mirrored(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    _, root, _ = await linked(scene, shared=True)
    other = scene.persona(people.other_customer.people[0])
    await desk.channel.message(other, scene.shared_channel, "Bên mình cũng bị vậy", root=root)
    await desk.settle()
    assert [mail for mail in desk.sent_mails() if "Bên mình cũng bị vậy" in mail.text] == []


async def test_a_customers_reply_stays_in_its_ticket_and_gets_no_second_code(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = people.customer.people[0]
    (auto,) = [mail for mail in desk.sent_mails(customer.email) if code in mail.text]
    await desk.mail(customer.email, f"Re: {auto.subject}", "Gửi thêm ảnh.", in_reply_to=auto.message_id)
    assert await desk.codes() == [code]
    assert len([mail for mail in desk.sent_mails(customer.email) if mail.in_reply_to]) == 1
    assert len(await desk.events(code, "customer_mail")) == 1
