"""Journey B: nobody answers a P1, and every level hears of it at its minute, whatever else happens."""

import json

import pytest

from bot.sla.instants import MINUTE
from tests.harness.desk import DeskUnderTest, wait_until
from tests.harness.example_desk import OPERATOR_MAIL
from tests.harness.local_channel import Failure
from tests.journeys.scene import Scene

pytestmark = pytest.mark.asyncio


async def paged(desk: DeskUnderTest, code: str) -> list[tuple[int, str, list[str]]]:
    """Return (minute, level, who was paged in Teams) of every page of a ticket."""
    start = (await desk.ticket(code)).opened_at
    return [
        ((event.at - start) // MINUTE, str(event.data.get("level", "")), sorted(event.data["contacts"]))  # type: ignore[call-overload]
        for event in await desk.events(code, "paged")
    ]


async def test_an_unanswered_p1_wakes_every_level_at_its_minute(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=65)

    l2, l3 = sorted([people.l2.id, people.l2_second.id]), [people.l3.id]
    l4, l5 = [people.l4.id], [people.l5.id]
    assert [(minute, level) for minute, level, _ in await paged(desk, code)] == [
        (0, "L2"),
        (5, "L2"),
        (10, "L2"),
        (15, "L3"),
        (15, "L3"),
        (20, "L3"),
        (24, "L4"),
        (25, "L4"),
        (30, "L5"),
        (60, "L5"),
    ]
    who = {level: contacts for _, level, contacts in await paged(desk, code) if contacts}
    assert who == {"L2": l2, "L3": l3, "L4": l4, "L5": l5}
    assert len(scene.pages(people.l2)) == 3
    assert len(scene.pages(people.l3)) == 2
    assert len(scene.pages(people.l4)) == 2
    assert len(scene.pages(people.l5)) == 2
    assert scene.pages(people.manager) == []
    for person, mails in ((people.l2, 3), (people.l3, 2), (people.l4, 2), (people.l5, 2)):
        assert len(desk.sent_mails(person.email)) == mails, person.id


async def test_managers_get_the_breach_alert_at_the_breach_and_not_before(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=29.9)
    assert [c for c in desk.channel.cards(scene.managers_channel) if code in c.summary] == []
    await desk.fast_forward(minutes=0.2)
    (alert,) = [c for c in desk.channel.cards(scene.managers_channel) if code in c.summary]
    shown = json.dumps(alert.card, ensure_ascii=False)
    assert "Công ty An Phú" in shown
    assert desk.people.l4.name in shown
    assert (await desk.ticket(code)).breach_alerted_at is not None


async def test_every_page_that_was_due_was_queued_and_accepted(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=31)
    accepted = {
        (e.data["occurrence"], e.data["contact"], e.data["channel"]) for e in await desk.events(code, "page_accepted")
    }
    queued = {
        (event.data["occurrence"], contact, channel)
        for event in await desk.events(code, "paged")
        for contact, channels in event.data["contacts"].items()  # type: ignore[attr-defined]
        for channel in channels
    }
    assert queued
    assert queued <= accepted
    assert (await desk.ticket(code)).pending == ()


async def test_an_outage_of_our_own_is_caught_up_with_one_page_per_person_and_marked(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    before = len(scene.pages(people.l3))
    desk.clock.move_to(desk.clock.now() + 26 * MINUTE)
    await desk.settle()
    assert len(scene.pages(people.l3)) == before + 1
    assert len(scene.pages(people.l4)) == 1
    late = [event for event in await desk.events(code, "paged") if "late_ms" in event.data]
    assert late


async def test_a_page_that_teams_refuses_reaches_the_next_level_and_the_operator(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    l3_chat = scene.private(people.l3).id
    desk.channel.connector.failures.append(
        Failure(status=403, code="ConversationBlockedByUser", times=50, match=lambda _, path: l3_chat in path)
    )
    await desk.fast_forward(minutes=16)
    failed = await desk.events(code, "page_failed")
    assert {event.data["contact"] for event in failed} == {people.l3.id}
    assert len([m for m in desk.sent_mails(people.l3.email) if code in m.subject]) == 1
    told = [mail for mail in desk.sent_mails() if people.l3.id in mail.text and "403" in mail.text]
    assert told
    assert len(desk.sent_mails(OPERATOR_MAIL)) == len(failed)


async def test_a_level_without_anybody_is_passed_over_at_once_and_the_breach_keeps_its_minute(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    roster = people.folder / "roster.yaml"
    shift = f"  - {{ level: L4, people: [{people.l4.id}], until: 2020-01-01 }}\n"
    roster.write_text(roster.read_text(encoding="utf-8") + shift, encoding="utf-8")

    async def is_live() -> bool:
        return any(shift.level == "L4" for shift in desk.service.desk.books.book().roster.shifts)

    await wait_until(is_live, "the edited roster is in use")

    code = await scene.open_ticket()
    await desk.fast_forward(minutes=24.5)
    assert len(scene.pages(people.l5)) == 1
    assert await desk.events(code, "breached") == []
    assert [card for card in desk.channel.cards(scene.managers_channel) if code in card.summary] == []

    await desk.fast_forward(minutes=6)
    assert len(scene.pages(people.l5)) == 3
    assert len(await desk.events(code, "breached")) == 1
    assert len([card for card in desk.channel.cards(scene.managers_channel) if code in card.summary]) == 1
    assert [mail for mail in desk.sent_mails() if "nobody of L4" in mail.text]
