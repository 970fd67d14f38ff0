"""What staff order in words, over HTTP: calls before and after their mail, suspensions, merges."""

from datetime import UTC

import pytest

from bot.sla.instants import MINUTE, to_datetime
from bot.ticket.model import Ticket
from tests.harness.example_desk import ExamplePerson
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]


async def say(scene: Scene, person: ExamplePerson, text: str) -> list[str]:
    """Write to the bot in private; returns its new words."""
    place, channel = scene.private(person), scene.desk.channel
    before = len(channel.texts(place))
    answer = await channel.message(scene.persona(person), place, text)
    assert answer.status == 200
    await scene.desk.settle()
    return channel.texts(place)[before:]


async def ticket_of(scene: Scene, code: str) -> Ticket:
    loaded = await scene.desk.service.desk.load(code)
    assert loaded is not None
    return loaded[0]


async def due_in_minutes(scene: Scene, code: str) -> float | None:
    """Return how long after its mail a ticket is due."""
    loaded = await scene.desk.service.desk.load_with_desk(code)
    assert loaded is not None
    ticket, _, _, rules = loaded
    due = rules.reading(ticket).due_at()
    return None if due is None else (due - ticket.opened_at) / MINUTE


def clock_of(scene: Scene, minutes_ago: int) -> str:
    zone = scene.desk.service.desk.books.book().desk.zone
    at = scene.desk.service.desk.clock.now() - minutes_ago * MINUTE
    return f"{to_datetime(at).astimezone(UTC).astimezone(zone):%H:%M ngày %d/%m/%Y}"


async def test_a_call_that_the_mail_follows_starts_the_clock(scene: Scene) -> None:
    people = scene.desk.people
    (answer,) = await say(scene, people.l2, f"cuộc gọi an-phu lúc {clock_of(scene, 10)} chị Mẫu")
    assert people.customer.name in answer
    code = await scene.open_ticket()
    ticket = await ticket_of(scene, code)
    assert ticket.notices[0].caller == "chị Mẫu"
    due = await due_in_minutes(scene, code)
    assert due is not None
    assert 18 < due <= 20
    other = await scene.open_ticket(subject="[P1] Tổng đài chi nhánh hai")
    assert await due_in_minutes(scene, other) == 30, "a call starts one ticket only"


async def test_a_call_that_no_mail_follows_is_told_to_the_desk_once(scene: Scene) -> None:
    people = scene.desk.people
    await say(scene, people.l2, "cuộc gọi an-phu anh Thử")
    before = len(scene.desk.channel.texts(scene.desk_channel))
    await scene.desk.fast_forward(minutes=29)
    assert len(scene.desk.channel.texts(scene.desk_channel)) == before
    await scene.desk.fast_forward(minutes=90)
    said = scene.desk.channel.texts(scene.desk_channel)[before:]
    assert len(said) == 1
    assert "anh Thử" in said[0]
    assert (await scene.desk.service.desk.desk_record()).phone_notices == ()


async def test_a_call_that_no_mail_follows_is_mailed_to_the_operator_where_the_desk_has_no_channel(
    scene: Scene,
) -> None:
    people, desk = scene.desk.people, scene.desk
    operator = desk.service.desk.books.book().desk.operator.email
    await desk.bind(scene.persona(people.l2), scene.desk_channel, "bỏ gán kênh")
    await say(scene, people.l2, "cuộc gọi an-phu anh Thử")
    before = len(desk.sent_mails(operator))
    await desk.fast_forward(minutes=29)
    assert len(desk.sent_mails(operator)) == before
    await desk.fast_forward(minutes=90)
    (mail,) = desk.sent_mails(operator)[before:]
    text = " ".join(mail.text.split())
    assert "Cuộc gọi của" in text
    assert "anh Thử" in text


async def test_a_call_about_a_ticket_is_entered_on_it_and_a_time_to_come_is_not(scene: Scene) -> None:
    people = scene.desk.people
    code = await scene.open_ticket()
    (answer,) = await say(scene, people.l2, f"cuộc gọi {code} chị Mẫu")
    assert code in answer
    assert (await ticket_of(scene, code)).notice_at is not None
    (answer,) = await say(scene, people.l2, f"cuộc gọi {code} lúc 10:05 01/01/2199 chị Mẫu")
    assert "10:05" in answer  # the form is shown
    assert len((await ticket_of(scene, code)).notices) == 1


async def test_what_a_customer_writes_is_never_an_order(scene: Scene) -> None:
    people = scene.desk.people
    code = await scene.open_ticket()
    customer = people.customer.people[0]
    await say(scene, customer, code)
    await say(scene, customer, "cuộc gọi an-phu lúc 10:05 vẫn chập chờn")
    await say(scene, customer, "đình chỉ SLA an-phu: thử")
    record = await scene.desk.service.desk.desk_record()
    assert (record.phone_notices, record.suspensions) == ((), ())
    mirrored = [mail for mail in scene.desk.sent_mails() if "vẫn chập chờn" in mail.text]
    assert len(mirrored) == 1


async def test_a_manager_suspends_a_customer_and_ends_it_on_agreement(scene: Scene) -> None:
    people, desk = scene.desk.people, scene.desk
    code = await scene.open_ticket()
    (refused,) = await say(scene, people.l2, "đình chỉ SLA an-phu: cấu hình không phù hợp")
    assert "quản lý" in refused
    assert await due_in_minutes(scene, code) == 30
    (answer,) = await say(scene, people.manager, "đình chỉ SLA an-phu: cấu hình không phù hợp")
    assert people.customer.name in answer
    assert await due_in_minutes(scene, code) is None
    (again,) = await say(scene, people.manager, "đình chỉ SLA an-phu: lần nữa")
    assert again != answer
    await desk.fast_forward(minutes=120)
    assert (await ticket_of(scene, code)).breach_alerted_at is None
    (agreed,) = await say(scene, people.manager, "hết đình chỉ an-phu: dùng cấu hình mới")
    assert people.customer.name in agreed
    due = await due_in_minutes(scene, code)
    assert due is not None
    assert due >= 150
    (nothing,) = await say(scene, people.manager, "hết đình chỉ an-phu: dùng cấu hình mới")
    assert nothing != agreed


async def test_a_duplicate_is_merged_and_whatever_comes_for_it_goes_to_the_other(scene: Scene) -> None:
    people, desk = scene.desk.people, scene.desk
    goes = await scene.open_ticket(subject="[P1] Tổng đài không gọi được")
    customer = people.customer.people[0]
    await say(scene, customer, goes)
    stays = await scene.open_ticket(subject="[P1] Mất cuộc gọi ra")
    (answer,) = await say(scene, people.l2, f"gộp {goes} vào {stays}")
    assert stays in answer
    told = desk.sent_mails(customer.email)[-1]
    assert told.in_reply_to == (await ticket_of(scene, goes)).mail.root
    assert f"Được xử lý tiếp tại: {stays}" in " ".join(told.text.split())
    await desk.mail(customer.email, f"Re: {told.subject}", "Vâng, cùng một lỗi.", in_reply_to=told.message_id)
    assert set(await desk.codes()) == {goes, stays}, "an answer to it is no new ticket"
    assert (await ticket_of(scene, goes)).state == "merged"
    assert (await ticket_of(scene, stays)).opened_at >= (await ticket_of(scene, goes)).opened_at
    before = (await ticket_of(scene, stays)).events
    await say(scene, customer, "vẫn chưa gọi được ạ")
    assert (await ticket_of(scene, stays)).events > before
    (refused,) = await say(scene, people.l2, f"gộp {goes} vào {stays}")
    assert refused != answer
    pages = len(desk.channel.cards(scene.private(people.l3)))
    await desk.fast_forward(minutes=16)
    assert len(desk.channel.cards(scene.private(people.l3))) == pages + 1, "only one of the two climbs on"


@pytest.mark.parametrize(
    ("order", "shown"),
    [("cuộc gọi", "cuộc gọi abc"), ("đình chỉ", "đình chỉ SLA abc"), ("gộp", "gộp 3CX"), ("gộp a vào b", "gộp 3CX")],
)
async def test_an_order_that_is_not_understood_explains_itself(scene: Scene, order: str, shown: str) -> None:
    (answer,) = await say(scene, scene.desk.people.manager, order)
    assert shown in answer
