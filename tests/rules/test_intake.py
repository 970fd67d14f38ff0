"""Mail that opens a ticket or comes into its thread: exactly what is recorded, told and guarded."""

from dataclasses import replace
from typing import Any

import pytest

from bot.ticket.commands import Acknowledge, Bounced, CodePosted, CustomerMail, EngineerMail, Pause, Resolve, Staff
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.effects import Mail, Mirror, Say
from bot.ticket.model import MailThread, Participant, PersonKey, PhoneNotice
from tests.rules.case import Case, moment
from tests.rules.test_chat import CODE, IN_CHANNEL, IN_PRIVATE, said
from tests.rules.test_decide import CUSTOMER, STAFF, desk_record, opening, staffed

L2 = STAFF["L2"]
ONE, TWO = Participant(address="mot@anphu.example"), Participant(address="hai@anphu.example", name="Chị Hai")
DESK = desk_record().channels["19:desk@thread.tacv2"].chat
MAIL = CustomerMail(TWO, "<2@x>", "Gửi thêm", moment("10:02"), attachments=("log.txt", "anh.png"))
ANSWER = EngineerMail(L2, "<e@x>", "Đã xem, đang xử lý", moment("10:03"), to_customer=True, attachments=("kq.pdf",))


def recorded(by: str, message_id: str, when: str, *attachments: str) -> tuple[str, dict[str, Any]]:
    return by, {"received_at": moment(when), "message_id": message_id, "attachments": list(attachments)}


# The mail that opens


@pytest.mark.parametrize(
    ("stated", "priority", "provisional"),
    [("P1", "P1", False), ("P3", "P3", False), (None, "P2", True), ("P9", "P2", True)],
)
def test_a_mail_opens_a_ticket_by_its_stated_priority_or_by_a_provisional_one(
    stated: str | None, priority: str, *, provisional: bool
) -> None:
    case = Case(stated, opening={"attachments": ("log.txt", "anh.png"), "sender": TWO})
    opened = case.events[0]
    assert (opened.kind, opened.by, opened.at) == ("opened", "mail:hai@anphu.example", moment("10:00"))
    assert opened.data == {
        "received_at": moment("10:00"),
        "priority": priority,
        "provisional": provisional,
        "team": "teamx",
        "message_id": "<1@x>",
        "attachments": ["log.txt", "anh.png"],
    }
    assert (case.ticket.priority, case.ticket.provisional) == (priority, provisional)
    assert [(e.kind, e.at, e.priority) for e in case.ticket.clock] == [("start", moment("10:00"), priority)]


def test_the_first_mail_is_answered_with_the_code_in_its_own_thread() -> None:
    case = Case("P1", opening={"references": ("<a@x>", "<b@x>"), "missing": ("version", "phone")})
    assert case.effects[0] == Mail(
        id=f"{CODE}.1.0", ticket=CODE, template="auto_reply", to=("mot@anphu.example",), in_reply_to="<1@x>",
        references=("<a@x>", "<b@x>", "<1@x>"), subject="Tổng đài", names=("version", "phone"),
    )  # fmt: skip


def test_a_ticket_starts_as_its_mail_says() -> None:
    ticket = Case("P2", opening={"sender": TWO, "team": "software"}).ticket
    assert (ticket.code, ticket.customer, ticket.subject, ticket.team) == (CODE, "an-phu", "Tổng đài", "software")
    assert (ticket.opened_at, ticket.mail_at, ticket.notice_at) == (moment("10:00"), moment("10:00"), None)
    assert (ticket.requester, ticket.participants) == (TWO, (TWO,))
    assert ticket.excerpt == "Không gọi được"
    assert ticket.mail == MailThread(root="<1@x>", references=("<1@x>",), last="<1@x>", subject="Tổng đài")


def test_a_mail_that_was_fetched_late_is_paged_with_how_late_we_were() -> None:
    case = Case("P1", start="2026-03-09 10:03", opening={"received_at": moment("10:00")})
    assert {e.data["late_ms"] for e in case.events if e.kind == "paged"} == {180_000}
    assert case.ticket.opened_at == moment("10:00")


@pytest.mark.parametrize(("length", "kept"), [(399, 399), (400, 400), (401, 400)])
def test_four_hundred_characters_of_the_first_mail_are_kept(length: int, kept: int) -> None:
    assert Case("P1", opening={"text": "a" * length}).ticket.excerpt == "a" * kept


def test_the_latest_twenty_references_of_the_first_mail_are_kept() -> None:
    ticket = Case("P1", opening={"references": tuple(f"<r{n}@x>" for n in range(20))}).ticket
    assert ticket.mail.references == (*(f"<r{n}@x>" for n in range(1, 20)), "<1@x>")


@pytest.mark.parametrize(
    ("call", "guards"),
    [
        (None, ("mail:<1@x>",)),
        (PhoneNotice(id="c1", customer="an-phu", at=moment("09:50"), by="staff:l2.one"), ("mail:<1@x>", "call:c1")),
    ],
)
def test_a_mail_opens_one_ticket_and_a_call_belongs_to_one(call: PhoneNotice | None, guards: tuple[str, ...]) -> None:
    rules = Rules(book=staffed(), desk=desk_record(), now=moment("10:00"), version=1)
    decision = decide(None, replace(opening(rules.now, "P1"), call=call), rules)
    assert isinstance(decision, Decision)
    assert decision.guards == guards


# A further mail of the customer


def test_a_further_mail_of_the_customer_is_recorded_and_told_nobody() -> None:
    case = Case("P1")
    decision = case.must(MAIL, "10:03")
    by, data = recorded("mail:hai@anphu.example", "<2@x>", "10:02", "log.txt", "anh.png")
    assert said(decision) == [("customer_mail", by, data)]
    assert (decision.effects, decision.guards) == ((), ("mail:<2@x>",))
    assert case.ticket.participants == (ONE, TWO)
    assert case.ticket.mail == MailThread(root="<1@x>", references=("<1@x>", "<2@x>"), last="<2@x>", subject="Tổng đài")
    case.must(replace(MAIL, message_id="<3@x>"), "10:04")
    assert case.ticket.participants == (ONE, TWO)


def test_a_mail_that_is_known_already_becomes_the_latest_reference_and_twenty_are_kept() -> None:
    case = Case("P1")
    for name in ("<a@x>", "<b@x>", "<a@x>"):
        case.must(replace(MAIL, message_id=name), "10:03")
    assert case.ticket.mail.references == ("<1@x>", "<b@x>", "<a@x>")
    for n in range(18):
        case.must(replace(MAIL, message_id=f"<{n}@y>"), "10:03")
    assert case.ticket.mail.references == ("<b@x>", "<a@x>", *(f"<{n}@y>" for n in range(18)))


def test_a_mail_of_the_customer_ends_the_wait_for_them_from_its_receipt() -> None:
    case = Case("P1")
    case.must(Pause(L2, "customer", "Xin ảnh màn hình", asked="ảnh màn hình"), "10:01")
    decision = case.must(MAIL, "10:04")
    assert said(decision)[1] == ("resumed", "mail:hai@anphu.example", {"pauses": [1], "answered_at": moment("10:02")})
    assert case.used("10:04") == 3


def test_the_desk_is_told_of_a_mail_after_the_resolution() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "Đã khởi động lại tổng đài"), "10:01")
    decision = case.must(MAIL, "10:03")
    assert decision.effects == (
        Say(id=f"{CODE}.3.0", ticket=CODE, chat=DESK, language="vi", phrase="wrote_after_resolved",
            values={"code": CODE}),
    )  # fmt: skip


# An engineer's mail


def linked() -> Case:
    """Return a ticket that is linked in a channel and in a private chat."""
    case = Case("P1")
    case.must(CodePosted(CUSTOMER, IN_CHANNEL, "vi", moment("10:01"), "mã", "19:k|1"), "10:01")
    case.must(CodePosted(CUSTOMER, IN_PRIVATE, "en", moment("10:02"), "mã", "19:k|2"), "10:02")
    return case


def test_an_engineers_answer_is_shown_in_every_linked_chat() -> None:
    case = linked()
    decision = case.must(ANSWER, "10:04")
    by, data = recorded("staff:l2.one", "<e@x>", "10:03", "kq.pdf")
    assert said(decision) == [("engineer_mail", by, data)]
    assert decision.guards == ("mail:<e@x>",)
    answer = {"ticket": CODE, "author": "Người L2", "text": "Đã xem, đang xử lý", "at": moment("10:03"),
              "attachments": ("kq.pdf",)}  # fmt: skip
    reader = PersonKey(tenant="c1", object_id="o1")
    assert decision.effects == (
        Mirror(id=f"{CODE}.4.0", chat=IN_CHANNEL, language="vi", **answer),
        Mirror(id=f"{CODE}.4.1", chat=IN_PRIVATE, language="en", person=reader, **answer),
    )
    assert case.ticket.last_answer_at == moment("10:03")
    assert case.ticket.mail.last == "<e@x>"


def test_a_mail_that_leaves_the_customer_out_is_shown_nowhere() -> None:
    case = linked()
    decision = case.must(replace(ANSWER, to_customer=False), "10:04")
    by, data = recorded("staff:l2.one", "<e@x>", "10:03", "kq.pdf")
    assert said(decision) == [("internal_mail", by, data)]
    assert (decision.effects, decision.guards) == ((), ("mail:<e@x>",))
    assert case.ticket.last_answer_at is None


@pytest.mark.parametrize(("by", "renewed"), [(L2, "10:04"), (STAFF["L3"], "10:01")])
@pytest.mark.parametrize("to_customer", [True, False])
def test_a_mail_of_the_holder_renews_their_hold(by: Staff, renewed: str, *, to_customer: bool) -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(replace(ANSWER, by=by, to_customer=to_customer), "10:04")
    assert case.ticket.ack is not None
    assert (case.ticket.ack.by, case.ticket.ack.renewed_at) == ("l2.one", moment(renewed))


# A mail that came back


def test_a_mail_that_came_back_is_recorded_and_the_desk_is_told() -> None:
    decision = Case("P1").must(Bounced("<1@x>", "<r@x>", "Undelivered Mail"), "10:02")
    assert said(decision) == [("bounced", "desk", {"message_id": "<1@x>", "report_id": "<r@x>"})]
    assert decision.guards == ("mail:<r@x>",)
    assert decision.effects == (
        Say(id=f"{CODE}.2.0", ticket=CODE, chat=DESK, language="vi", phrase="bounced",
            values={"code": CODE, "report": "Undelivered Mail"}),
    )  # fmt: skip
