"""Over HTTP and real mail: whoever is paged reads why, and everybody may ask how the time was counted."""

import json
from typing import Any

import pytest

from bot.desk.ports import RecordKey
from bot.sla.instants import MINUTE
from bot.ticket.model import Event
from tests.harness.channel_connector import Standing
from tests.harness.example_desk import ExamplePerson
from tests.harness.letters import SentMail
from tests.harness.local_channel import Place
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene
from tests.journeys.test_acts_on_the_card import CARD, latest, press, press_behind, said, showing, taken

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]

NOTE = "Hết ca, xem log SIP *503*"
REASON = "Cần quyết định đổi nhà mạng"


def shown(card: Standing | dict[str, Any]) -> str:
    """Return a card, or what answered a press, as text."""
    body = card.card if isinstance(card, Standing) else card["value"]
    return json.dumps(body, ensure_ascii=False).replace("\xa0", " ")


def read(mail: SentMail) -> str:
    return " ".join(mail.text.replace("\n| ", " ").split())


def mail_to(scene: Scene, person: ExamplePerson) -> SentMail:
    """Return the latest mail to somebody."""
    return scene.desk.sent_mails(person.email)[-1]


async def waiting(scene: Scene) -> tuple[str, ExamplePerson]:
    """Have a P1 of 10:00 wait for the provider from 10:05 on."""
    code, l2 = await taken(scene)
    await scene.desk.fast_forward(minutes=5)
    fields = {"reason": "third_party", "note": "đã gọi trung tâm kỹ thuật", "reference": "VNPT-1", "confirmed": "true"}
    await press(scene, l2, latest(scene, l2), "pause", **fields)
    return code, l2


async def card_for(scene: Scene, person: ExamplePerson, place: Place, code: str) -> Standing:
    """Write a code; return the card that answers it."""
    posted = await scene.desk.channel.message(scene.persona(person), place, code, mention=place.kind == "channel")
    await scene.desk.settle()
    return scene.desk.channel.cards(place, root=posted.activity_id if place.kind == "channel" else None)[-1]


# What a colleague said


async def test_a_colleague_reads_on_the_card_and_in_the_mail_what_is_handed_over(scene: Scene) -> None:
    code, l2 = await taken(scene)
    second = scene.desk.people.l2_second
    await scene.desk.fast_forward(minutes=3)
    await press_behind(scene, l2, latest(scene, l2), "hand_over", to=second.id, note=NOTE)
    label = f"Bàn giao từ {l2.name}, 10:03 hôm nay"
    for person in (second, l2):
        card = shown(latest(scene, person))
        assert label in card, "everybody's card is redrawn"
        assert NOTE in card
    mail = mail_to(scene, second)
    assert code in mail.subject
    assert f"Bàn giao từ {l2.name}: {NOTE}" in read(mail)
    await press(scene, l2, latest(scene, l2), "acknowledge")
    assert NOTE in shown(latest(scene, second)), "the holder's own acts leave it"
    await press(scene, second, latest(scene, second), "acknowledge")
    for person in (second, l2):
        assert NOTE not in shown(latest(scene, person)), "it has been taken"


async def test_a_level_reads_why_it_was_paged_by_hand_and_the_newest_word_stands(scene: Scene) -> None:
    _, l2 = await taken(scene)
    people = scene.desk.people
    await press_behind(scene, l2, latest(scene, l2), "hand_over", to=people.l2_second.id, note=NOTE)
    await press_behind(scene, l2, latest(scene, l2), "escalate", level="L4", reason=REASON)
    card = shown(latest(scene, people.l4))
    assert f"Lý do chuyển lên cấp trên – {l2.name}, 10:00 hôm nay" in card
    assert REASON in card
    assert f"Lý do chuyển lên cấp trên – {l2.name}: {REASON}" in read(mail_to(scene, people.l4))
    assert NOTE not in shown(latest(scene, people.l2_second))
    await press(scene, l2, latest(scene, l2), "resolve", note="đã xong", called="chị Mẫu")
    assert REASON not in shown(latest(scene, people.l4))


async def test_no_customer_reads_what_colleagues_tell_each_other(scene: Scene) -> None:
    code, l2 = await taken(scene)
    customer = scene.desk.people.customer.people[0]
    card = await card_for(scene, customer, scene.customer_channel, code)
    await press_behind(scene, l2, latest(scene, l2), "escalate", level="L4", reason=REASON)
    assert REASON not in shown(await press(scene, customer, card, "refresh"))
    assert not [mail for mail in scene.desk.sent_mails(customer.email) if REASON in read(mail)]


# What is waited for


async def test_a_chase_says_what_is_asked_after_and_what_was_answered_last(scene: Scene) -> None:
    _, l2 = await waiting(scene)
    assert "Chờ nhà cung cấp khác" in shown(latest(scene, l2))
    assert ", từ 10:05 hôm nay: VNPT-1" in shown(latest(scene, l2)), "a card from before the pause tells it too"
    await scene.desk.fast_forward(minutes=16)
    first = shown(latest(scene, l2))
    for part in ("Việc cần hỏi lại", ", từ 10:05 hôm nay", "VNPT-1", "đã gọi trung tâm kỹ thuật"):
        assert part in first
    assert "Trả lời lần trước" not in first
    await press(scene, l2, latest(scene, l2), "chase", note="VNPT hẹn 30 phút nữa")
    assert "Trả lời lần trước, 10:21 hôm nay" in shown(latest(scene, l2)), "the card of the chase is redrawn"
    await scene.desk.fast_forward(minutes=21)  # asked again after 15 minutes, unanswered for 5
    l3 = scene.desk.people.l3
    again = shown(latest(scene, l3))
    for part in ("Việc cần hỏi lại", "VNPT-1", "Trả lời lần trước, 10:21 hôm nay", "VNPT hẹn 30 phút nữa"):
        assert part in again
    mail = read(mail_to(scene, l3))
    assert "Đến giờ hỏi lại về việc đang chờ" in mail
    assert "Chờ nhà cung cấp khác, từ 10:05 ngày 09/03/2026: VNPT-1" in mail
    assert "VNPT hẹn 30 phút nữa" in mail
    await press(scene, l2, latest(scene, l2), "resume")
    assert "Việc cần hỏi lại" not in shown(latest(scene, l3)), "there is nothing to ask after any more"


# How late


async def test_a_page_that_our_own_outage_made_late_still_says_so_when_it_is_redrawn(scene: Scene) -> None:
    desk, l2 = scene.desk, scene.desk.people.l2
    await scene.open_ticket()
    desk.clock.move_to(desk.clock.now() + 12 * MINUTE)  # the desk sleeps through two repeats
    desk.service.loops["timers"].wake()
    await desk.settle()
    late = "Tin này đến muộn"
    before = latest(scene, l2)
    updates = before.updates
    assert late in shown(before)
    assert late not in shown(scene.pages(l2)[0]), "the first page came in time"
    answer = await press(scene, l2, before, "acknowledge")
    assert late in shown(answer)
    after = next(card for card in scene.pages(l2) if card.activity_id == before.activity_id)
    assert after.updates > updates
    assert late in shown(after)


# How the time was counted


async def test_an_engineer_reads_the_desks_receipt_from_the_card_and_goes_back(scene: Scene) -> None:
    code, l2 = await waiting(scene)
    await scene.desk.fast_forward(minutes=10)
    await press(scene, l2, latest(scene, l2), "chase", note="Họ hẹn mười phút nữa")
    page, before = latest(scene, l2), (await scene.desk.ticket(code)).events
    first = await press(scene, l2, page, "more")
    second = await press(scene, l2, showing(page, first), "more", menu="2")
    receipt = await press(scene, l2, showing(page, second), "receipt")
    assert receipt["type"] == CARD
    card = shown(receipt)
    assert "Bảng tính thời gian SLA" in card
    assert "ã dùng 5 phút" in card
    assert "VNPT-1" in card
    back = await press(scene, l2, showing(page, receipt), "refresh")
    assert "Tiếp tục tính SLA" in shown(back)
    assert (await scene.desk.ticket(code)).events == before, "to look is no act"
    assert "Bảng tính thời gian SLA" not in shown(latest(scene, l2)), "nobody else sees what somebody asked for"


async def test_a_customer_reads_their_own_edition_in_private(scene: Scene) -> None:
    code, l2 = await waiting(scene)
    second = scene.desk.people.l2_second
    await press_behind(scene, l2, latest(scene, l2), "hand_over", to=second.id, note="chỉ nội bộ")
    await scene.desk.fast_forward(minutes=3)
    customer = scene.desk.people.customer.people[0]
    for place in (scene.private(customer), scene.customer_channel):
        card = await card_for(scene, customer, place, code)
        assert "Xem cách tính giờ" in shown(card)
        receipt = await press(scene, customer, card, "receipt")
        assert receipt["type"] == CARD
        assert "VNPT-1" in shown(receipt), "what makes a pause right"
        assert "đã gọi trung tâm kỹ thuật" not in shown(receipt), "the desk's own note"
        assert "chỉ nội bộ" not in shown(receipt)
        back = await press(scene, customer, showing(card, receipt), "refresh")
        assert "Xem cách tính giờ" in shown(back)
    by_staff = await press(scene, l2, card, "receipt")
    assert "đã gọi trung tâm kỹ thuật" not in shown(by_staff), "others look at the same screen"


async def test_when_managers_were_alerted_is_told_to_the_desk_only(scene: Scene) -> None:
    code, l2 = await taken(scene)
    await scene.desk.fast_forward(minutes=31)
    customer = scene.desk.people.customer.people[0]
    card = await card_for(scene, customer, scene.private(customer), code)
    theirs = await press(scene, customer, card, "receipt")
    ours = await press_behind(scene, l2, latest(scene, l2), "receipt")
    assert "Báo động quá hạn" in shown(ours)
    assert "Báo động quá hạn" not in shown(theirs)
    assert "Quá hạn từ" in shown(theirs), "the fact itself is theirs too"


async def test_a_channel_of_several_customers_tells_nobody_how_the_time_was_counted(scene: Scene) -> None:
    code, l2 = await taken(scene)
    customer = scene.desk.people.customer.people[0]
    card = await card_for(scene, customer, scene.shared_channel, code)
    assert "Xem cách tính giờ" not in shown(card)
    button = card.card["actions"][0]["data"]  # type: ignore[index]
    for person in (customer, l2):
        forged = await scene.desk.channel.tap(scene.persona(person), card, "receipt", {**button, "verb": "receipt"})
        assert "không thực hiện được" in said(forged.body), "also not to somebody who made the button up"
    submitted = await scene.desk.channel.submit(scene.persona(l2), card, "receipt", {**button, "verb": "receipt"})
    await scene.desk.settle()
    assert submitted.status == 200
    assert len(scene.desk.channel.cards(scene.shared_channel, root=card.root or card.activity_id)) <= 1


async def test_a_stranger_and_a_card_of_another_ticket_open_no_receipt(scene: Scene) -> None:
    code, l2 = await taken(scene)
    people = scene.desk.people
    card = await card_for(scene, people.customer.people[0], scene.private(people.customer.people[0]), code)
    stranger = await press(scene, people.other_customer.people[0], card, "receipt")
    assert "không thực hiện được" in said(stranger)
    other = await scene.open_ticket("[P2] Cuộc gọi chập chờn")
    moved = await scene.desk.channel.tap(scene.persona(l2), card, "receipt", {"ticket": other})
    assert "không thực hiện được" in said(moved.body)


async def test_of_changed_events_there_is_no_receipt_and_the_operator_is_told_once(scene: Scene) -> None:
    code, l2 = await taken(scene)
    ledger, key = scene.desk.ledger, RecordKey("ticket", code)
    opened = Event.model_validate_json((await ledger.events(key))[0])
    forged = opened.model_copy(update={"at": opened.at - MINUTE})
    await ledger._client.lset(ledger._keys.events(key), 0, forged.model_dump_json())
    before = len(scene.desk.sent_mails())
    page = latest(scene, l2)
    for _ in range(2):
        assert "Chưa thể lập bảng tính giờ" in said(await press_behind(scene, l2, page, "receipt"))
        await scene.desk.fast_forward(minutes=1)
    told = scene.desk.sent_mails()[before:]
    assert len(told) == 1
    assert f"the events of {code} were changed: the chain breaks at event 1" in read(told[0])
