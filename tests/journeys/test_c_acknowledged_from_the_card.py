"""Journey C: an engineer takes the ticket from the card, and everybody sees it."""

import copy
import json

import pytest

from tests.harness.channel_connector import Standing
from tests.harness.desk import DeskUnderTest
from tests.journeys.scene import Scene

pytestmark = pytest.mark.asyncio


def shown(card: Standing | dict[str, object]) -> str:
    return json.dumps(card.card if isinstance(card, Standing) else card, ensure_ascii=False)


async def press(
    scene: Scene, person: object, card: Standing, verb: str, data: dict[str, object] | None = None
) -> dict[str, object]:
    """Press a button and return the invoke's body."""
    answer = await scene.desk.channel.tap(scene.persona(person), card, verb, data)  # type: ignore[arg-type]
    assert answer.status == 200
    await scene.desk.settle()
    body: dict[str, object] = answer.body
    return body


async def test_acknowledging_changes_every_card_and_stops_repeats(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = scene.persona(people.customer.people[0])
    posted = await desk.channel.message(customer, scene.customer_channel, code)
    await desk.settle()
    (page,) = scene.pages(people.l2)

    body = await press(scene, people.l2, page, "acknowledge")

    assert body["statusCode"] == 200
    assert body["type"] == "application/vnd.microsoft.card.adaptive"
    assert people.l2.name in shown(body["value"])  # type: ignore[arg-type]
    (other,) = scene.pages(people.l2_second)
    assert people.l2.name in shown(other)
    (post,) = [card for card in desk.channel.cards(scene.desk_channel) if code in card.summary]
    assert people.l2.name in shown(post)
    (status,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert status.updates == 1
    ticket = await desk.ticket(code)
    assert ticket.ack is not None
    assert ticket.ack.by == people.l2.id

    await desk.fast_forward(minutes=9)
    assert len(scene.pages(people.l2_second)) == 1


async def test_a_forgotten_acknowledgement_warns_its_holder_then_the_ladder_goes_on(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    await press(scene, people.l2, page, "acknowledge")
    await desk.fast_forward(minutes=8.1)
    assert len(scene.pages(people.l2)) == 2
    assert len(scene.pages(people.l2_second)) == 1
    await desk.fast_forward(minutes=7)
    assert len(scene.pages(people.l3)) == 1


async def test_a_second_engineer_is_told_who_has_it(scene: Scene) -> None:
    people = scene.desk.people
    await scene.open_ticket()
    (first,), (second,) = scene.pages(people.l2), copy.deepcopy(scene.pages(people.l2_second))
    await press(scene, people.l2, first, "acknowledge")
    body = await press(scene, people.l2_second, second, "acknowledge")
    assert body["type"] == "application/vnd.microsoft.activity.message"
    assert people.l2.name in str(body["value"])


async def test_nobody_but_the_desk_can_press_an_engineers_button(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    for outsider in (people.customer.people[0], people.other_customer.people[0], people.stranger):
        desk.channel.connector.rosters[page.conversation].append(scene.persona(outsider))
        body = await press(scene, outsider, page, "acknowledge")
        assert body["type"] == "application/vnd.microsoft.activity.message"
    assert (await desk.ticket(code)).ack is None


async def test_a_forged_button_does_nothing(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    other = await scene.open_ticket("[P2] Cuộc gọi chập chờn")
    page = next(card for card in scene.pages(people.l2) if code in card.summary)
    for forged in ({"ticket": other}, {"nonce": "0" * 20}, {"slot": "page:0.s9:x"}, {"ticket": "3CX-0000-0000"}):
        body = await press(scene, people.l2, page, "acknowledge", dict(forged))
        assert body["type"] == "application/vnd.microsoft.activity.message", forged
    assert (await desk.ticket(code)).ack is None
    assert (await desk.ticket(other)).ack is None


async def test_resolving_needs_a_note_stops_the_clock_and_ends_the_ladder(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    await press(scene, people.l2, page, "acknowledge")
    (page,) = scene.pages(people.l2)
    refused = await press(scene, people.l2, page, "resolve", {"note": "  "})
    assert refused["type"] == "application/vnd.microsoft.activity.message"
    await press(scene, people.l2, page, "resolve", {"note": "Đã khởi động lại dịch vụ SIP."})
    ticket = await desk.ticket(code)
    assert ticket.state == "resolved"
    assert people.l2.name in shown(scene.pages(people.l2)[0]), "who resolved it stays on the card"
    sent = len(desk.channel.posts(scene.private(people.l3)))
    await desk.fast_forward(minutes=120)
    assert len(desk.channel.posts(scene.private(people.l3))) == sent
    assert (await desk.ticket(code)).breach_alerted_at is None


async def test_a_tap_that_teams_sends_again_is_carried_out_once(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    for _ in range(3):
        await desk.channel.tap(scene.persona(people.l2), page, "note", {"note": "Đang xem log."})
    await desk.settle()
    assert len(await desk.events(code, "note")) == 1


async def test_classifying_a_provisional_ticket_ends_triage(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("Nhờ kiểm tra giúp tổng đài", "Anh chị xem giúp, cảm ơn.")
    ticket = await desk.ticket(code)
    assert (ticket.priority, ticket.provisional) == ("P2", True)
    (page,) = scene.pages(people.l2)
    await press(scene, people.l2, page, "acknowledge")
    (page,) = scene.pages(people.l2)
    await press(
        scene,
        people.l2,
        page,
        "classify",
        {"priority": "P3", "how": "corrected", "reason": "Chỉ lỗi âm thanh", "confirmed": "true"},
    )
    ticket = await desk.ticket(code)
    assert (ticket.priority, ticket.provisional) == ("P3", False)
    await desk.fast_forward(minutes=46)
    assert [e for e in await desk.events(code, "paged") if e.data["page"] == "triage"] == []


async def test_both_languages_reach_their_readers(desk: DeskUnderTest, scene: Scene) -> None:
    code = await scene.open_ticket()
    customer = desk.people.customer.people[0]
    posted = await desk.channel.message(scene.persona(customer), scene.customer_channel, code, locale="en-US")
    await desk.settle()
    (card,) = desk.channel.cards(scene.customer_channel, root=posted.activity_id)
    assert "Received" in shown(card)
    assert "Đã tiếp nhận" not in shown(card)
