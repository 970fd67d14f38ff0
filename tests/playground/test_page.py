"""Journeys A, C and E as people see them in a Teams-like client; its pictures are under screenshots/playground/."""

import pytest
from playwright.async_api import expect

from tests.playground.page import Screen
from tests.playground.stage import Stage, eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_code_typed_in_the_personal_chat_shows_the_ticket_and_opens_the_talk(
    stage: Stage, customer: Screen
) -> None:
    ticket = await stage.open_ticket()
    await customer.write(f"cho em hỏi {ticket.code.lower()} ạ")
    await expect(customer.card(ticket.code)).to_contain_text("Đã tiếp nhận")
    await customer.picture("a-personal-code")

    await customer.write("Máy chủ đã khởi động lại hai lần.")
    mirrored = await eventually(
        lambda: [mail for mail in stage.sent_mails(ticket.address) if "khởi động lại hai lần" in mail.text],
        "the message in the mail thread",
    )
    assert [ticket.code in mail.subject for mail in mirrored] == [True]


async def test_the_code_in_a_post_of_the_customers_channel_is_answered_in_its_thread(
    stage: Stage, customer: Screen
) -> None:
    ticket = await stage.open_ticket()
    await customer.open_channel("General")
    await customer.post(f"mã ticket {ticket.code} vẫn chưa gọi được")
    thread = customer.thread(ticket.code)
    await expect(thread.locator(".ac-adaptiveCard")).to_contain_text("Đã tiếp nhận")
    await expect(thread.locator(".ac-adaptiveCard")).to_contain_text("Công ty An Phú")
    await customer.picture("a-channel-code", thread)


async def test_a_shared_channel_sees_state_and_deadline_only(stage: Stage, customer: Screen) -> None:
    ticket = await stage.open_ticket("[P1] Chi nhánh Bí Mật không gọi được")
    await customer.open_channel("Hỗ trợ chung")
    await customer.post(f"mã {ticket.code}")
    card = customer.thread(ticket.code).locator(".ac-adaptiveCard")
    await expect(card).to_contain_text("Đã tiếp nhận")
    for secret in ("An Phú", "Bí Mật", stage.people.l2.name):
        await expect(card).not_to_contain_text(secret)
    await customer.picture("a-shared-channel", card)


async def test_taking_the_ticket_changes_the_card_in_place_for_everybody(
    stage: Stage, customer: Screen, engineer: Screen
) -> None:
    ticket = await stage.open_ticket()
    await customer.write(ticket.code)
    await expect(customer.card(ticket.code)).to_contain_text("Đã tiếp nhận")
    page = engineer.card(ticket.code)
    await expect(page).to_contain_text("Chưa có ai nhận xử lý")
    await engineer.picture("c-page-before", page)

    await page.get_by_role("button", name="Nhận xử lý").click()
    await expect(engineer.card(ticket.code)).to_contain_text(stage.people.l2.name)
    await expect(engineer.card(ticket.code).get_by_role("button", name="Nhận xử lý")).to_have_count(0)
    await engineer.picture("c-page-after", engineer.card(ticket.code))
    await expect(customer.page.locator(".ac-adaptiveCard").filter(has_text=ticket.code)).to_have_count(1)
    await expect(customer.card(ticket.code)).to_contain_text("Đang xử lý")
    await customer.picture("c-customer-after", customer.card(ticket.code))

    await engineer.open_channel("General")
    await expect(engineer.card(ticket.code)).to_contain_text(stage.people.l2.name)
    await engineer.picture("c-desk-channel-after", engineer.card(ticket.code))


async def test_a_form_of_the_card_is_filled_in_and_the_resolved_ticket_is_shown(
    stage: Stage, customer: Screen, engineer: Screen
) -> None:
    ticket = await stage.open_ticket()
    await customer.write(ticket.code)
    await expect(customer.card(ticket.code)).to_be_visible()
    card = engineer.card(ticket.code)
    await card.get_by_role("button", name="Đã khắc phục").click()
    await card.locator("textarea").fill("Đã khởi động lại dịch vụ SIP.")
    await engineer.picture("c-resolve-form", card.locator("textarea"))
    await card.locator("button").filter(has_text="Xác nhận").last.click()
    await expect(customer.card(ticket.code)).to_contain_text("Đã khắc phục")
    await customer.picture("c-customer-resolved", customer.card(ticket.code))
    await engineer.picture("c-page-resolved", engineer.card(ticket.code))


async def test_an_engineers_mail_appears_in_the_chat_and_the_answer_goes_back_by_mail(
    stage: Stage, customer: Screen
) -> None:
    ticket = await stage.open_ticket()
    await customer.write(ticket.code)
    await expect(customer.card(ticket.code)).to_be_visible()
    await stage.answer_by_mail(
        ticket, "Chào chị, em đã khởi động lại trunk,\nchị thử *lại* <b>giúp</b> em.\n\n> Cả team không gọi ra được.\n"
    )
    answer = customer.page.get_by_text("em đã khởi động lại trunk").last
    await expect(answer).to_be_visible()
    shown = await answer.inner_text()
    assert "khởi động lại trunk,\nchị thử *lại* ‹b›giúp‹/b› em." in shown, "its lines are lines, its signs are signs"
    await customer.write("Gọi được rồi ạ, cảm ơn anh.")
    await eventually(
        lambda: [mail for mail in stage.sent_mails(ticket.address) if "Gọi được rồi ạ" in mail.text],
        "the customer's answer by mail",
    )
    await customer.picture("e-mail-answer")


async def test_an_engineers_mail_appears_in_the_channels_thread(stage: Stage, customer: Screen) -> None:
    ticket = await stage.open_ticket()
    await customer.open_channel("General")
    await customer.post(f"mã {ticket.code}")
    thread = customer.thread(ticket.code)
    await expect(thread.locator(".ac-adaptiveCard")).to_be_visible()
    await stage.answer_by_mail(ticket, "Nhà mạng đang kiểm tra đường truyền.")
    await expect(thread.get_by_text("Nhà mạng đang kiểm tra đường truyền.")).to_be_visible()
    await customer.picture("e-channel-answer", thread)
