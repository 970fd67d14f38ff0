"""Over HTTP and real mail: the customer reads in the thread what became of the ticket."""

import pytest

from tests.harness.letters import SentMail
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene
from tests.journeys.test_c_acknowledged_from_the_card import press
from tests.journeys.test_staff_orders import say, ticket_of

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]

TEAM = "teamx@idb.com.vn"


def mailed(scene: Scene, *, since: int = 0) -> list[SentMail]:
    """Return the mails to the customer's people, from the given one on."""
    company = scene.desk.people.customer
    return [mail for mail in scene.desk.sent_mails() if mail.to in {p.email for p in company.people}][since:]


def says(mail: SentMail, *sentences: str) -> None:
    text = " ".join(mail.text.split())
    for sentence in sentences:
        assert sentence in text, f"{sentence!r} is not in\n{mail.text}"


async def test_a_resolution_and_a_reopening_are_read_in_the_thread(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    first, second = people.customer.people
    code = await scene.open_ticket()
    opening = (await desk.ticket(code)).mail.root
    customer = scene.persona(first)
    posted = await desk.channel.message(customer, scene.customer_channel, f"ticket {code}")
    await desk.mail(f"{second.name} <{second.email}>", "Re: [P1] Tổng đài", "Bên em cũng vậy.", in_reply_to=opening)
    latest = (await desk.ticket(code)).mail.last
    before = len(mailed(scene))
    (page,) = scene.pages(people.l2)
    note = "Đã khởi động lại trunk.\nĐã gọi thử <b>10</b> cuộc."
    await press(scene, people.l2, page, "resolve", {"note": note})

    (mail,) = mailed(scene, since=before)
    assert (mail.to, mail.cc.split(", ")) == (first.email, [TEAM, second.email])
    assert (mail.in_reply_to, mail.references[-1]) == (latest, latest)
    assert opening in mail.references
    assert mail.subject == f"Re: [P1] Tổng đài không gọi được [{code}]"
    assert mail.message["Auto-Submitted"] == "auto-generated"
    says(
        mail,
        f"Mã ticket: {code}",
        "Kết quả: Đã khắc phục",
        "Thời điểm khắc phục: 10:00 ngày 09/03/2026",
        "Hạn xử lý: 10:30 ngày 09/03/2026",
        f"Người xử lý: {people.l2.name}",
        "| Đã khởi động lại trunk. | Đã gọi thử ‹b›10‹/b› cuộc.",
        "Chúng tôi sẽ gọi điện lại",
        "028 7303 9666",
        "Deadline: 10:30 on 9 Mar 2026",
        "“The fault is back”",
    )
    await desk.mail(first.email, f"Re: {mail.subject}", "Cảm ơn em.", in_reply_to=mail.message_id)
    assert await desk.codes() == [code]
    assert len(mailed(scene)) == before + 1, "thanks are not answered"

    (card,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    await desk.fast_forward(minutes=20)
    await desk.channel.tap(customer, card, "reopen", {"note": "Lại hỏng rồi."})
    await desk.settle()
    (again,) = mailed(scene, since=before + 1)
    says(again, "đã được mở lại", "Hạn xử lý: 10:50 ngày 09/03/2026", "Deadline: 10:50 on 9 Mar 2026")
    assert again.in_reply_to == (await desk.ticket(code)).mail.last
    await desk.fast_forward(minutes=5)
    assert len(mailed(scene)) == before + 2


async def test_a_suspension_and_its_end_are_read_in_every_open_ticket_of_the_customer_alone(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    other = people.other_customer.people[0]
    await desk.mail(f"{other.name} <{other.email}>", "[P1] Mất cuộc gọi", "Cả nhóm 20 kênh không gọi ra được.")
    others = len(desk.sent_mails(other.email))
    code = await scene.open_ticket()
    before = len(mailed(scene))
    await desk.fast_forward(minutes=10)
    await say(scene, people.manager, f"đình chỉ SLA {people.customer.id}: Router chặn SIP")
    (mail,) = mailed(scene, since=before)
    assert mail.in_reply_to == (await desk.ticket(code)).mail.last
    says(
        mail,
        "SLA được tạm đình chỉ từ 10:10 ngày 09/03/2026",
        "Lý do: | Router chặn SIP",
        f"liên hệ {people.manager.name} qua số 028 7303 9666",
        "suspended from 10:10 on 9 Mar 2026",
    )

    later = await scene.open_ticket(subject="[P2] Cuộc gọi chập chờn")
    auto_reply, told = mailed(scene, since=before + 1)
    assert auto_reply.message["Auto-Submitted"] == "auto-replied"
    assert "Hạn xử lý" not in auto_reply.text
    says(told, f"Mã ticket: {later}", "Lý do: | Router chặn SIP")

    await desk.fast_forward(minutes=60)
    await say(scene, people.manager, f"hết đình chỉ {people.customer.id}: mở cổng 5060")
    ended = {mail.subject.rpartition("[")[2].removesuffix("]"): mail for mail in mailed(scene, since=before + 3)}
    assert set(ended) == {code, later}
    says(ended[code], "áp dụng trở lại từ 11:10", "Nội dung đã thống nhất: | mở cổng 5060", "Hạn xử lý: 11:30 ngày")
    says(ended[later], "Hạn xử lý: 12:40 ngày 09/03/2026", "Deadline: 12:40 on 9 Mar 2026")
    assert len(mailed(scene)) == before + 5
    assert len(desk.sent_mails(other.email)) == others


async def test_a_suspension_while_no_ticket_is_open_is_mailed_to_whoever_wrote_last_and_to_nobody_twice(
    scene: Scene,
) -> None:
    desk, people = scene.desk, scene.desk.people
    first, second = people.customer.people
    older = await scene.open_ticket()
    await desk.fast_forward(minutes=1)
    await desk.mail(f"{second.name} <{second.email}>", "[P2] Cuộc gọi chập chờn", "Nghe được nửa câu.")
    (newer,) = set(await desk.codes()) - {older}
    opening = (await ticket_of(scene, newer)).mail.root
    await desk.mail(
        f"{first.name} <{first.email}>", "Re: [P2] Cuộc gọi chập chờn", "Bên em cũng vậy.", in_reply_to=opening
    )
    for card in scene.pages(people.l2):
        await press(scene, people.l2, card, "resolve", {"note": "Đã khởi động lại trunk."})
    assert {(await ticket_of(scene, code)).state for code in (older, newer)} == {"resolved"}
    before = len(mailed(scene))
    (answer,) = await say(scene, people.manager, f"đình chỉ SLA {people.customer.id}: Router chặn SIP")
    assert "báo qua email" in answer
    (mail,) = mailed(scene, since=before)
    assert mail.to == second.email
    assert first.email in mail.cc
    assert mail.in_reply_to == ""
    assert newer not in mail.text
    says(
        mail,
        "SLA được tạm đình chỉ từ 10:01 ngày 09/03/2026",
        "Lý do: | Router chặn SIP",
        "thời gian xử lý của các ticket không được tính",
        "the deadlines of your tickets do not count",
    )
    await desk.fast_forward(minutes=60)
    await say(scene, people.manager, f"hết đình chỉ {people.customer.id}: mở cổng 5060")
    (ended,) = mailed(scene, since=before + 1)
    assert (ended.to, ended.in_reply_to) == (second.email, "")
    says(ended, "áp dụng trở lại từ 11:01", "Nội dung đã thống nhất: | mở cổng 5060")


async def test_a_customer_who_never_wrote_is_told_of_a_suspension_by_the_manager_who_is_told_so(scene: Scene) -> None:
    people = scene.desk.people
    before = len(scene.desk.sent_mails())
    (answer,) = await say(scene, people.manager, f"đình chỉ SLA {people.customer.id}: Router chặn SIP")
    assert "anh/chị vui lòng thông báo trực tiếp" in answer.lower()
    (answer,) = await say(scene, people.manager, f"hết đình chỉ {people.customer.id}: mở cổng 5060")
    assert "anh/chị vui lòng thông báo trực tiếp" in answer.lower()
    assert len(scene.desk.sent_mails()) == before
