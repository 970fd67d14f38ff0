"""What the page cannot do and Teams does: messages without a mention, edits, and taps of other people."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.harness.letters import SentMail
from tests.playground.page import Screen
from tests.playground.relay import Sent
from tests.playground.stage import Stage, Ticket, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def posts(stage: Stage, conversation: str) -> list[Sent]:
    return [sent for sent in stage.relay.sent if sent.conversation == conversation and sent.status == 201]


async def desk_page(stage: Stage, ticket: Ticket) -> tuple[str, Sent]:
    """Return the thread and the card in the desk's channel: one that many people can see and press."""
    channel = stage.engineer.team.general
    page = await eventually(
        lambda: next((sent for sent in posts(stage, channel) if ticket.code in sent.shown), None),
        "the page in the desk's channel",
    )
    return f"{channel};messageid={page.activity_id}", page


async def linked_thread(stage: Stage) -> tuple[Ticket, str]:
    """Return a ticket and the thread of the customer's channel in which somebody wrote its code, unmentioned."""
    ticket = await stage.open_ticket()
    thread, _ = await stage.customer.say(
        stage.people.customer.people[1], stage.customer.team.general, f"mã ticket {ticket.code} vẫn chưa gọi được"
    )
    await eventually(lambda: posts(stage, thread), "the card in the thread")
    return ticket, thread


def mirrored(stage: Stage, ticket: Ticket, text: str) -> list[SentMail]:
    return [mail for mail in stage.sent_mails(ticket.address) if text in mail.text]


async def test_a_code_without_a_mention_is_answered_in_its_thread(stage: Stage) -> None:
    ticket, thread = await linked_thread(stage)
    (card,) = posts(stage, thread)
    assert ticket.code in card.shown
    assert "Công ty An Phú" in card.shown


async def test_a_message_without_code_and_mention_is_left_alone(stage: Stage) -> None:
    place, customer = stage.customer.team.second, stage.people.customer.people[0]
    silent, _ = await stage.customer.say(customer, place, "Chào cả nhà, hôm nay họp mấy giờ?")
    later, _ = await stage.customer.say(customer, place, "trợ giúp", mention=True)
    await eventually(lambda: posts(stage, later), "the answer to the message that came after it")
    assert posts(stage, silent) == []


async def test_a_linked_threads_message_and_its_edit_are_in_the_mail_thread_once_each(stage: Stage) -> None:
    ticket, thread = await linked_thread(stage)
    person = stage.people.customer.people[0]
    _, message_id = await stage.customer.say(person, thread, "Bị ba máy ở tầng hai")
    await eventually(lambda: mirrored(stage, ticket, "Bị ba máy ở tầng hai"), "the message by mail")
    await stage.customer.edit(person, thread, message_id, "Bị năm máy ở tầng hai")
    await eventually(lambda: mirrored(stage, ticket, "Bị năm máy ở tầng hai"), "its edit by mail")
    assert len(mirrored(stage, ticket, "Bị ba máy ở tầng hai")) == 1
    assert len(mirrored(stage, ticket, "Bị năm máy ở tầng hai")) == 1


async def test_a_strangers_code_gets_the_uniform_answer_and_no_card(stage: Stage) -> None:
    ticket = await stage.open_ticket()
    said = []
    for code in (ticket.code, "3CX-7K2M-9QXD"):
        thread, _ = await stage.customer.say(stage.people.stranger, stage.customer.team.second, f"ticket {code}")
        (answer,) = await eventually(lambda thread=thread: posts(stage, thread), "an answer")
        said.append(answer.body["text"])
    assert said[0] == said[1]
    assert ticket.code not in said[0]


async def test_a_tap_of_somebody_outside_the_desk_changes_nothing(stage: Stage, engineer: Screen) -> None:
    ticket = await stage.open_ticket()
    thread, page = await desk_page(stage, ticket)
    data = button_data(page, "acknowledge")
    for outsider in (stage.people.stranger, stage.people.customer.people[0]):
        answer = await stage.engineer.tap(outsider, thread, page.activity_id, "acknowledge", data)
        assert answer["type"] == "application/vnd.microsoft.activity.message"
    await expect(engineer.card(ticket.code)).to_contain_text("Chưa có ai nhận xử lý")


async def test_a_colleagues_tap_is_seen_on_the_engineers_page(stage: Stage, engineer: Screen) -> None:
    ticket, colleague = await stage.open_ticket(), stage.people.l2_second
    thread, page = await desk_page(stage, ticket)
    await expect(engineer.card(ticket.code)).to_contain_text("Chưa có ai nhận xử lý")
    data = button_data(page, "acknowledge")
    answer = await stage.engineer.tap(colleague, thread, page.activity_id, "acknowledge", data)
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    await expect(engineer.card(ticket.code)).to_contain_text(f"Đang xử lý: {colleague.name}")
    await engineer.picture("c-colleague-has-it", engineer.card(ticket.code))


def button_data(page: Sent, verb: str) -> dict[str, object]:
    """Return what a button of a card carries."""
    actions = page.body["attachments"][0]["content"]["actions"]
    return next(dict(action["data"]) for action in actions if action.get("verb") == verb)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux' list of sockets")
async def test_the_playground_listens_on_this_machine_alone(stage: Stage) -> None:
    ports = {f"{playground.port:04X}" for playground in (stage.customer, stage.engineer)}
    assert {address for address in listening() if address[-4:] in ports} == {f"0100007F:{port}" for port in ports}


def listening() -> list[str]:
    """Return the addresses that are listened on, as the kernel writes them."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    return [row[1] for row in rows if row[3] == "0A"]
