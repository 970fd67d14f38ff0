"""What engineers do from the card beyond taking it: pause with proof, escalate, hand over, call back, foresee."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.sla.instants import MINUTE
from bot.ticket.model import Ticket
from tests.harness.channel_connector import Standing
from tests.harness.example_desk import ExamplePerson
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]
CARD = "application/vnd.microsoft.card.adaptive"


async def press(scene: Scene, person: ExamplePerson, page: Standing, verb: str, **fields: Any) -> dict[str, Any]:
    """Press a button, on the card as it stands."""
    answer = await scene.desk.channel.tap(scene.persona(person), page, verb, fields)
    assert answer.status == 200
    await scene.desk.settle()
    body: dict[str, Any] = answer.body
    return body


async def press_behind(scene: Scene, person: ExamplePerson, page: Standing, verb: str, **fields: Any) -> dict[str, Any]:
    """Press `Thao tác khác`, then a button of the menu that comes back."""
    menu = await press(scene, person, page, "more")
    assert menu["type"] == CARD
    return await press(scene, person, showing(page, menu), verb, **fields)


def showing(page: Standing, answer: dict[str, Any]) -> Standing:
    """Return the card as whoever pressed sees it now: with what came back."""
    attachment = {"contentType": CARD, "content": answer["value"]}
    return replace(page, body={**page.body, "attachments": [attachment]})


def said(body: dict[str, Any]) -> str:
    assert body["type"] == "application/vnd.microsoft.activity.message"
    return str(body["value"])


def latest(scene: Scene, person: ExamplePerson) -> Standing:
    return scene.pages(person)[-1]


async def minutes_to_deadline(scene: Scene, code: str) -> float | None:
    loaded = await scene.desk.service.desk.load_with_desk(code)
    assert loaded is not None
    ticket, _, _, rules = loaded
    due = rules.reading(ticket).due_at()
    return None if due is None else (due - ticket.opened_at) / MINUTE


async def taken(scene: Scene) -> tuple[str, ExamplePerson]:
    code, l2 = await scene.open_ticket(), scene.desk.people.l2
    await press(scene, l2, latest(scene, l2), "acknowledge")
    return code, l2


async def ticket(scene: Scene, code: str) -> Ticket:
    return await scene.desk.ticket(code)


async def test_a_reclassification_is_shown_first_to_whoever_asks_and_done_when_confirmed(scene: Scene) -> None:
    code, l2 = await scene.open_ticket(subject="[P3] Âm thanh rè"), scene.desk.people.l2
    await press(scene, l2, latest(scene, l2), "acknowledge")
    await scene.desk.fast_forward(minutes=26)
    updates = len(scene.desk.channel.connector.requests)
    seen = await press(scene, l2, latest(scene, l2), "classify", priority="P1", how="corrected", reason="mất hết")
    assert seen["type"] == CARD
    shown = str(seen["value"])
    assert "Nếu phân loại thành P1" in shown
    assert "Level 4" in shown  # 80 % of the half hour have passed
    assert (await ticket(scene, code)).priority == "P3"
    assert len(scene.desk.channel.connector.requests) == updates, "nobody else sees what was only asked"
    confirm = showing(latest(scene, l2), seen)
    done = await press(scene, l2, confirm, "classify")
    assert done["type"] == CARD
    after = await ticket(scene, code)
    assert (after.priority, set(after.progress.levels)) == ("P1", {"L2", "L4"})  # held: L3 is only informed
    assert scene.pages(scene.desk.people.l4)


async def test_a_foresight_that_has_grown_old_is_not_carried_out(scene: Scene) -> None:
    code, l2 = await taken(scene)
    fields = {"reason": "third_party", "note": "chờ VNPT", "reference": "VNPT-1"}
    seen = await press(scene, l2, latest(scene, l2), "pause", **fields)
    await press(scene, l2, latest(scene, l2), "resolve", note="đã xong")
    body = await press(scene, l2, showing(latest(scene, l2), seen), "pause")
    assert said(body)
    assert (await ticket(scene, code)).state == "resolved"


async def test_a_pause_asks_for_its_proof_shows_the_deadline_and_is_chased_until_somebody_answers(scene: Scene) -> None:
    code, l2 = await taken(scene)
    await scene.desk.fast_forward(minutes=5)
    refused = await press(scene, l2, latest(scene, l2), "pause", reason="third_party", note="chờ VNPT")
    assert "mã yêu cầu" in said(refused)
    fields = {"reason": "third_party", "note": "chờ VNPT", "reference": "VNPT-1"}
    seen = await press(scene, l2, latest(scene, l2), "pause", **fields)
    assert "chưa tính" in str(seen["value"])
    assert await minutes_to_deadline(scene, code) == 30
    await press(scene, l2, showing(latest(scene, l2), seen), "pause")
    assert await minutes_to_deadline(scene, code) is None
    before = len(scene.pages(l2))
    await scene.desk.fast_forward(minutes=16)  # P1: asked after 15 minutes
    assert len(scene.pages(l2)) == before + 1
    assert not scene.pages(scene.desk.people.l3)
    await press(scene, l2, latest(scene, l2), "chase", note="VNPT hẹn 30 phút nữa", chase_at="")
    await scene.desk.fast_forward(minutes=14)
    assert not scene.pages(scene.desk.people.l3), "the answer put the next question off"
    await scene.desk.fast_forward(minutes=7)  # asked again after 15, unanswered for 5
    assert len(scene.pages(scene.desk.people.l3)) == 1
    await press(scene, l2, latest(scene, l2), "resume")
    due = await minutes_to_deadline(scene, code)
    assert due is not None
    assert due > 60


async def test_one_of_several_pauses_is_ended(scene: Scene) -> None:
    code, l2 = await taken(scene)
    for reference in ("VNPT-1", "VIETTEL-9"):
        page = latest(scene, l2)
        verb = press if reference == "VNPT-1" else press_behind
        fields = {"reason": "third_party", "note": "chờ", "reference": reference, "confirmed": "true"}
        await verb(scene, l2, page, "pause", **fields)
    await press(scene, l2, latest(scene, l2), "resume", pause="1")
    assert (await minutes_to_deadline(scene, code)) is None
    await press(scene, l2, latest(scene, l2), "resume", pause="all")
    assert (await minutes_to_deadline(scene, code)) is not None


async def test_a_level_is_paged_by_hand(scene: Scene) -> None:
    code, l2 = await taken(scene)
    assert not scene.pages(scene.desk.people.l4)
    body = await press_behind(scene, l2, latest(scene, l2), "escalate", level="L4", reason="cần đổi định tuyến")
    assert body["type"] == CARD
    assert len(scene.pages(scene.desk.people.l4)) == 1
    assert "L4" in (await ticket(scene, code)).progress.levels
    assert said(await press_behind(scene, l2, latest(scene, l2), "escalate", level="L4", reason=" "))


async def test_a_ticket_is_handed_over_and_held_until_the_colleague_takes_it(scene: Scene) -> None:
    code, l2 = await taken(scene)
    second = scene.desk.people.l2_second
    body = await press_behind(scene, l2, latest(scene, l2), "hand_over", to=second.id, note="hết ca, xem log SIP")
    assert body["type"] == CARD
    held = (await ticket(scene, code)).ack
    assert held is not None
    assert held.by == l2.id
    await press(scene, second, latest(scene, second), "acknowledge")
    held = (await ticket(scene, code)).ack
    assert held is not None
    assert held.by == second.id


async def test_a_call_entered_from_the_card_moves_the_start_back(scene: Scene) -> None:
    code, l2 = await taken(scene)
    assert said(await press_behind(scene, l2, latest(scene, l2), "call", at="lúc nãy", caller="chị Mẫu"))
    zone = scene.desk.service.desk.books.book().desk.zone
    opened = datetime.fromtimestamp((await ticket(scene, code)).opened_at / 1000, UTC).astimezone(zone)
    at = opened - timedelta(minutes=12)
    await press_behind(scene, l2, latest(scene, l2), "call", at=f"{at:%H:%M %d/%m/%Y}", caller="chị Mẫu")
    due = await minutes_to_deadline(scene, code)
    assert due is not None
    assert 17 <= due <= 18


async def test_a_p1_owes_a_call_back_and_the_resolver_is_reminded(scene: Scene) -> None:
    code, l2 = await taken(scene)
    await press(scene, l2, latest(scene, l2), "resolve", note="đã khởi động lại")
    before = len(scene.pages(l2))
    await scene.desk.fast_forward(minutes=31)
    assert len(scene.pages(l2)) == before + 1
    await press(scene, l2, latest(scene, l2), "called_back", whom="chị Mẫu", note="đã ổn")
    call = (await ticket(scene, code)).call_back
    assert call is not None
    assert call.whom == "chị Mẫu"
    managers = len(scene.desk.channel.cards(scene.managers_channel))
    await scene.desk.fast_forward(minutes=120)
    assert len(scene.desk.channel.cards(scene.managers_channel)) == managers


async def test_a_resolution_set_back_needs_evidence(scene: Scene) -> None:
    code, l2 = await taken(scene)
    await scene.desk.fast_forward(minutes=10)
    opened = (await ticket(scene, code)).opened_at
    zone = scene.desk.service.desk.books.book().desk.zone
    at = datetime.fromtimestamp(opened / 1000, UTC).astimezone(zone) + timedelta(minutes=4)
    fields = {"note": "đã khởi động lại", "at": f"{at:%H:%M %d/%m/%Y}", "called": "chị Mẫu"}
    assert "bằng chứng" in said(await press(scene, l2, latest(scene, l2), "resolve", **fields)).lower()
    await press(scene, l2, latest(scene, l2), "resolve", evidence="ghi âm 4 phút", **fields)
    resolved = await ticket(scene, code)
    assert resolved.resolved_at is not None
    assert 3 * MINUTE <= resolved.resolved_at - opened <= 4 * MINUTE


async def test_only_a_manager_confirms_an_outage(scene: Scene) -> None:
    code, l2 = await taken(scene)
    await scene.desk.fast_forward(minutes=20)
    opened = (await ticket(scene, code)).opened_at
    zone = scene.desk.service.desk.books.book().desk.zone
    start = datetime.fromtimestamp(opened / 1000, UTC).astimezone(zone) - timedelta(minutes=6)
    end = start + timedelta(minutes=20)
    fields = {"start": f"{start:%H:%M %d/%m/%Y}", "end": f"{end:%H:%M %d/%m/%Y}", "evidence": "biểu đồ giám sát"}
    assert "quản lý" in said(await press_behind(scene, l2, latest(scene, l2), "outage", **fields))
    manager = scene.desk.people.manager
    place = scene.private(manager)
    await scene.desk.channel.message(scene.persona(manager), place, code)
    await scene.desk.settle()
    card = scene.desk.channel.cards(place)[-1]
    body = await press_behind(scene, manager, card, "outage", **fields)
    assert body["type"] == CARD
    (outage,) = (await ticket(scene, code)).outages
    assert outage.end is not None
    assert outage.end - outage.start == 20 * MINUTE
    told = said(await press_behind(scene, manager, card, "outage", evidence="x", start="", withdraw="false"))
    assert "thời" in told.lower(), "an outage without its times is none"
    mistaken = {"withdraw": "true", "evidence": "giám sát đo nhầm máy chủ"}
    assert "quản lý" in said(await press_behind(scene, l2, latest(scene, l2), "outage", **mistaken))
    assert not (await ticket(scene, code)).outages[0].withdrawn
    body = await press_behind(scene, manager, card, "outage", **mistaken)
    assert body["type"] == CARD
    assert (await ticket(scene, code)).outages[0].withdrawn
    assert len((await ticket(scene, code)).outages) == 1


async def test_an_outage_is_confirmed_less_the_tickets_own_pauses(scene: Scene) -> None:
    code, l2 = await taken(scene)
    fields = {"reason": "third_party", "note": "chờ VNPT", "reference": "VNPT-1", "confirmed": "true"}
    await press(scene, l2, latest(scene, l2), "pause", **fields)
    await scene.desk.fast_forward(minutes=20)
    opened = (await ticket(scene, code)).opened_at
    zone = scene.desk.service.desk.books.book().desk.zone
    start = datetime.fromtimestamp(opened / 1000, UTC).astimezone(zone) - timedelta(minutes=6)
    end = start + timedelta(minutes=20)
    manager = scene.desk.people.manager
    place = scene.private(manager)
    await scene.desk.channel.message(scene.persona(manager), place, code)
    await scene.desk.settle()
    times = {"start": f"{start:%H:%M %d/%m/%Y}", "end": f"{end:%H:%M %d/%m/%Y}"}
    card = scene.desk.channel.cards(place)[-1]
    menu = showing(card, await press(scene, manager, card, "more"))  # of a paused ticket it has two pages
    body = await press_behind(scene, manager, menu, "outage", evidence="giám sát", deduct="true", **times)
    assert body["type"] == CARD
    (outage,) = (await ticket(scene, code)).outages
    (deduction,) = outage.deductions
    assert (deduction.reason, deduction.note, deduction.end) == ("provider", code, outage.end)


async def test_the_menu_is_no_act_and_a_customer_has_none(scene: Scene) -> None:
    code, l2 = await taken(scene)
    before = (await ticket(scene, code)).events
    await press(scene, l2, latest(scene, l2), "more")
    assert (await ticket(scene, code)).events == before
    customer = scene.desk.people.customer.people[0]
    posted = await scene.desk.channel.message(scene.persona(customer), scene.customer_channel, code)
    await scene.desk.settle()
    (card,) = scene.desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    body = await press(scene, customer, card, "more")
    assert "Thao tác khác" not in str(body)
    assert "escalate" not in str(body)
