"""Passing a ticket on by hand: up to a level, over to a colleague."""

from datetime import date
from typing import Any

import pytest

from bot.errors import Refused
from bot.ticket.commands import (
    Acknowledge,
    Delivered,
    Escalate,
    HandOver,
    MergeInto,
    Note,
    Pause,
    Resolve,
    Staff,
    Wake,
)
from bot.ticket.effects import Card
from bot.ticket.model import Chat, Copy
from tests.rules.case import Case, moment
from tests.rules.paged import EVERY_WAY, L2, L3, L4, pages, told, with_second_l2, without
from tests.rules.test_decide import page_of

# Passing on by hand


def test_escalating_pages_the_level_at_once_and_is_an_event() -> None:
    case = Case("P1")
    decision = case.must(Escalate(L2, "L4", "nhà mạng không trả lời"), "10:03")
    assert told(decision) == {"l4.one": EVERY_WAY, "desk": {"teams"}}
    assert {page.kind for page in pages(decision, "l4.one")} == {"escalated"}
    event = case.last("escalated")
    assert (event.by, event.data["level"], event.data["reason"]) == ("staff:l2.one", "L4", "nhà mạng không trả lời")
    assert told(case.must(Wake(), "10:05")).keys() == {"l4.one", "desk"}, "the repeat goes to the highest level"


def test_whom_somebody_escalated_to_may_take_the_ticket_from_the_holder() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Escalate(L2, "L4", "khó"), "10:03")
    case.must(Acknowledge(L4), "10:04")
    assert case.ticket.ack is not None
    assert case.ticket.ack.by == "l4.one"


def test_escalating_renews_the_hold_of_the_holder() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Escalate(L2, "L4", "khó"), "10:08")
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:08")


def test_escalating_to_a_level_that_nobody_answers_for_pages_the_next_one_at_once() -> None:
    case = Case("P1", book=without("L4"))
    decision = case.must(Escalate(L2, "L4", "khó"), "10:03")
    assert told(decision)["l5.one"] == EVERY_WAY
    assert {page.occurrence for page in pages(decision, "l5.one")} == {"0.e0+L5"}
    assert case.last("nobody_reached").data == {"occurrence": "0.e0", "level": "L4"}


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Escalate(L2, "L9", "khó"), "level_unknown"),
        (Escalate(L2, "L1", "khó"), "level_too_low"),
        (Escalate(L2, "L3", " "), "reason_needed"),
        (Escalate(Staff("x", "X", "L1"), "L3", "khó"), "not_your_level"),
    ],
)
def test_what_cannot_be_escalated_is_refused(command: Escalate, reason: str) -> None:
    assert Case("P1").refused(command, "10:03") == reason


def test_a_resolved_ticket_is_passed_on_to_nobody() -> None:
    case = Case("P3")
    case.must(Resolve(L2, "xong"), "10:02")
    assert case.refused(Escalate(L2, "L3", "khó")) == "already_resolved"
    assert case.refused(HandOver(L2, "l3.one", "nhờ")) == "already_resolved"


def test_escalating_in_a_pause_pages_although_the_clock_stands() -> None:
    case = Case("P1")
    case.must(Pause(L2, "third_party", "chờ", reference="V-1"), "10:02")
    assert "l5.one" in told(case.must(Escalate(L2, "L5", "khách gọi"), "10:03"))


def handed_over(to: str = "l2.two") -> tuple[Case, Staff]:
    book, two = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L2), "10:01")
    case.must(HandOver(L2, to, "hết ca"), "10:02")
    return case, two


def test_handing_over_pages_the_colleague_and_the_holder_keeps_the_ticket_until_they_take_it() -> None:
    case, two = handed_over()
    page = {page for e in case.effects if (page := page_of(e)) is not None and page[0].startswith("h")}
    assert {(contact, channel) for _, contact, channel in page} == {
        ("l2.two", "teams"), ("l2.two", "mail"), ("l2.two", "phone"), ("desk", "teams"),
    }  # fmt: skip
    assert case.ticket.offered_to == "l2.two"
    assert case.ticket.ack is not None
    assert case.ticket.ack.by == "l2.one"
    event = case.last("handed_over")
    assert (event.by, event.data["to"], event.data["holder"], event.data["note"]) == (
        "staff:l2.one", "l2.two", "l2.one", "hết ca",
    )  # fmt: skip
    case.must(Acknowledge(two), "10:03")
    assert case.ticket.ack.by == "l2.two"
    assert case.ticket.offered_to == ""


def test_only_whom_the_ticket_was_handed_to_may_take_it_from_a_holder_of_their_level() -> None:
    book, two = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L2), "10:01")
    assert case.refused(Acknowledge(two), "10:02") == "already_acknowledged"
    case.must(HandOver(L2, "l3.one", "khó"), "10:03")
    assert case.refused(Acknowledge(two), "10:04") == "already_acknowledged"


def test_the_holders_own_acts_leave_the_offer_open() -> None:
    case, _ = handed_over()
    case.must(Acknowledge(L2), "10:03")
    case.must(Note(L2, "vẫn xem"), "10:04")
    assert case.ticket.offered_to == "l2.two"


@pytest.mark.parametrize("command", [Acknowledge(L3), Resolve(L2, "xong"), MergeInto(L2, "3CX-OTHER")])
def test_an_offer_ends_when_somebody_else_takes_the_ticket_or_it_is_over(command: Any) -> None:
    case, _ = handed_over()
    case.must(command, "10:04")
    assert case.ticket.offered_to == ""


def test_an_offer_that_nobody_takes_ends_with_the_hold_and_repeats_resume() -> None:
    case, _ = handed_over()
    case.now = moment("10:12") - 1
    case.must(Wake())
    assert case.ticket.offered_to == "l2.two"
    expired = case.must(Wake(), "10:12")
    assert case.ticket.offered_to == ""
    assert case.ticket.ack is None
    assert case.last("ack_expired").data == {"holder": "l2.one", "due_at": moment("10:12")}
    assert told(expired) == {}
    assert told(case.must(Wake(), "10:15"))["l3.one"] == EVERY_WAY


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (HandOver(L2, "l2.one", "nhờ"), "colleague_holds"),
        (HandOver(L2, "nobody", "nhờ"), "colleague_unknown"),
        (HandOver(L2, "l2.two", " "), "note_needed"),
        (HandOver(Staff("l2.two", "Người Hai", "L2"), "l3.one", "nhờ"), "not_holder"),
    ],
)
def test_what_cannot_be_handed_over_is_refused(command: HandOver, reason: str) -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    assert case.refused(command, "10:01") == "nobody_holds"
    case.must(Acknowledge(L2), "10:01")
    assert case.refused(command, "10:02") == reason


@pytest.mark.parametrize("by", [L3, Staff("m", "Quản lý", "L2", manager=True)])
def test_a_higher_level_and_a_manager_may_hand_over_what_somebody_else_holds(by: Staff) -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L2), "10:01")
    case.must(HandOver(by, "l2.two", "nghỉ ốm"), "10:02")
    assert case.ticket.offered_to == "l2.two"
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:01"), "it is no act of the holder"


def test_nothing_is_handed_over_to_somebody_who_left_or_cannot_be_reached() -> None:
    case, _ = handed_over("l3.one")
    case.book = without(email=None, object_id=None, extension=None)
    assert case.refused(HandOver(L2, "l3.one", "nhờ")) == "colleague_unreachable"
    case.book = without(until=date(2026, 3, 8))
    assert case.refused(HandOver(L2, "l3.one", "nhờ")) == "colleague_unknown"
    case.book = without(until=date(2026, 3, 9))
    case.must(HandOver(L2, "l3.one", "nhờ"))


def test_a_colleague_below_the_levels_paged_may_take_what_they_were_handed() -> None:
    book, two = with_second_l2()
    case = Case("P1", book=book)
    case.ticket = case.ticket.model_copy(
        update={"progress": case.ticket.progress.model_copy(update={"levels": ("L3",)})}
    )
    case.must(Acknowledge(L3), "10:01")
    assert case.refused(Acknowledge(two), "10:02") == "not_your_level"
    case.must(HandOver(L3, "l2.two", "nhờ"), "10:03")
    case.must(Acknowledge(two), "10:04")
    case.must(Pause(two, "third_party", "chờ", reference="V-1"), "10:05")


# What was said


def test_what_was_said_with_a_hand_over_stands_until_somebody_else_takes_the_ticket() -> None:
    case, two = handed_over()
    word = case.ticket.word
    assert word is not None
    assert (word.kind, word.by_name, word.text) == ("handed_over", L2.name, "hết ca")
    case.must(Acknowledge(L2), "10:03")
    case.must(Note(L2, "vẫn xem"), "10:04")
    assert case.ticket.word == word, "the holder's own acts leave it"
    case.must(Acknowledge(two), "10:05")
    assert case.ticket.word is None


@pytest.mark.parametrize("command", [Acknowledge(L4), Resolve(L2, "xong"), MergeInto(L2, "3CX-OTHER")])
def test_why_a_ticket_was_escalated_stands_until_somebody_takes_it_or_it_is_over(command: Any) -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Escalate(L2, "L4", "nhà mạng không trả lời"), "10:03")
    word = case.ticket.word
    assert word is not None
    assert (word.kind, word.by_name, word.text, word.at) == (
        "escalated", L2.name, "nhà mạng không trả lời", moment("10:03"),
    )  # fmt: skip
    case.must(command, "10:04")
    assert case.ticket.word is None


def test_of_two_words_the_newer_stands_and_no_refused_one() -> None:
    case, _ = handed_over()
    case.must(Escalate(L2, "L4", "khó"), "10:04")
    assert case.ticket.word is not None
    assert (case.ticket.word.kind, case.ticket.word.text) == ("escalated", "khó")
    assert case.refused(Escalate(L2, "L9", "x")) == "level_unknown"
    assert case.ticket.word.text == "khó"


def test_cards_are_redrawn_when_somebody_said_something() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    slot = "page:0.s0:l2.one"
    chat = Chat(conversation="a:1", service_url="https://teams.example/", tenant="t", personal=True)
    copy = Copy(slot=slot, view="page", chat=chat, activity_id="7", language="vi", version=case.version)
    case.must(Delivered("e1", copy=copy, page=("0.s0", "l2.one", "teams")))
    other = Staff("l4.other", "Người khác", "L4", manager=True)
    decision = case.must(Escalate(other, "L4", "xem giúp"))
    assert [e.activity_id for e in decision.effects if isinstance(e, Card) and e.slot == slot] == ["7"]


# The record, word by word

LONG = "x" * 2_001
KEPT = "x" * 2_000


def test_an_escalation_is_recorded_with_the_page_that_it_made() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    decision = case.must(Escalate(L2, "L4", LONG), "10:03")
    event = case.last("escalated")
    assert (event.by, event.data) == ("staff:l2.one", {"level": "L4", "reason": KEPT, "occurrence": "0.e0"})
    assert {page.occurrence for page in pages(decision, "l4.one")} == {"0.e0"}


def test_a_hand_over_is_recorded_with_the_page_that_it_made() -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L2), "10:01")
    decision = case.must(HandOver(L3, "l2.two", LONG), "10:02")
    event = case.last("handed_over")
    key = f"h{event.n}"
    assert event.by == "staff:l3.one"
    assert event.data == {"to": "l2.two", "holder": "l2.one", "note": KEPT, "occurrence": key}
    assert {(p.occurrence, p.kind, p.level, p.due_at) for p in pages(decision, "l2.two")} == {
        (key, "handed_over", "L2", moment("10:02")),
    }


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (HandOver(Staff("l2.two", "Người Hai", "L2"), "l3.one", "nhờ"), Refused("not_holder", {"holder": "Người L2"})),
        (HandOver(L2, "l2.one", "nhờ"), Refused("colleague_holds", {"holder": "Người L2"})),
    ],
)
def test_a_refused_hand_over_names_who_holds_the_ticket(command: HandOver, refused: Refused) -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L2), "10:01")
    assert case.do(command, "10:02") == refused


@pytest.mark.parametrize(
    ("priority", "to", "channels"),
    [
        ("P1", "l2.two", {"teams", "mail", "phone"}),
        ("P1", "l4.one", {"teams", "mail", "phone"}),
        ("P3", "l2.two", {"teams", "mail", "phone"}),
        ("P3", "l3.one", {"teams", "mail"}),  # the ladder never rings L3 for a P3
    ],
)
def test_a_colleague_is_rung_where_the_ladder_rings_their_level(priority: str, to: str, channels: set[str]) -> None:
    book, _ = with_second_l2()
    case = Case(priority, book=book)
    case.must(Acknowledge(L2), "10:01")
    assert told(case.must(HandOver(L2, to, "hết ca"), "10:02"))[to] == channels
