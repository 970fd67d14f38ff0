"""When the clock starts (D1): mail, call and code in every order, in both readings of the contract."""

from dataclasses import replace

import pytest

from bot.errors import Refused
from bot.sla.book import Book
from bot.sla.clock import ClockEvent
from bot.sla.instants import MINUTE
from bot.sla.policy import Policy
from bot.ticket.commands import Acknowledge, Bind, CodePosted, MergeInto, Note, Reclassify, RecordNotice
from bot.ticket.decide import Decision, decide
from bot.ticket.model import Notice, PersonKey, PhoneNotice
from tests.rules.case import Case, moment
from tests.rules.test_decide import CUSTOMER, STAFF, channel_chat, opening, staffed

L2 = STAFF["L2"]


def called(when: str) -> RecordNotice:
    return RecordNotice(L2, at=moment(when), caller="Chị Mẫu")


def code(when: str) -> CodePosted:
    return CodePosted(CUSTOMER, channel_chat(1), "vi", moment(when), "3CX-7K2M-9QXD", f"19:k|{when}")


def literal(*priorities: str) -> Book:
    """Return the desk with the literal reading of the contract's note for these priorities."""
    book = staffed()
    data = book.policy.model_dump()
    for name, priority in data["priorities"].items():
        priority["clock_starts"] = "notice" if name in priorities else "first_contact"
    return replace(book, policy=Policy.model_validate(data))


@pytest.mark.parametrize(
    ("call", "due"),
    [
        ("09:29", "10:30"),  # 31 minutes before the mail: the mail did not follow it
        ("09:30", "10:00"),  # 30 minutes: just inside the window
        ("09:45", "10:15"),
        ("10:00", "10:30"),
        ("10:04", "10:30"),  # after the mail: recorded, moves nothing
    ],
)
def test_a_call_starts_the_clock_if_the_mail_followed_within_half_an_hour(call: str, due: str) -> None:
    case = Case("P1")
    case.must(called(call), "10:05")
    assert case.due() == due
    assert case.ticket.notice_at == moment(call)
    assert case.last("notice").data["caller"] == "Chị Mẫu"
    assert case.last("notice").data.get("starts_the_clock") is (True if due != "10:30" else None)


def test_the_earliest_call_within_the_window_counts_in_whatever_order_calls_are_entered() -> None:
    case = Case("P1")
    for call in ("09:50", "09:40", "09:55", "09:00"):
        case.must(called(call), "10:05")
    assert case.due() == "10:10"
    assert case.ticket.notice_at == moment("09:00")


def test_a_call_is_entered_once_and_never_for_a_time_to_come() -> None:
    case = Case("P1")
    case.must(called("09:50"), "10:05")
    assert case.refused(called("09:50")) == "already_recorded"
    assert case.refused(called("10:06")) == "in_the_future"
    case.must(called("10:05"))


def test_a_call_noted_before_its_mail_came_is_claimed_by_the_ticket() -> None:
    call = PhoneNotice(id="c1", customer="an-phu", at=moment("09:41"), by="staff:l2.one", caller="Chị Mẫu")
    case = Case("P1", opening={"call": call})
    assert case.due() == "10:11"
    assert case.kinds()[:2] == ["opened", "notice"]
    assert case.ticket.notices[0].by == "staff:l2.one"


def test_entering_an_early_call_late_pages_what_is_due_by_then() -> None:
    case = Case("P1")
    case.must(Note(L2, "đang xem"), "10:01")
    paged = len([kind for kind in case.kinds() if kind == "paged"])
    case.must(called("09:36"), "10:02")  # 26 of 30 minutes are used: half time and 80 % have passed
    assert case.due() == "10:06"
    assert set(case.ticket.progress.levels) == {"L2", "L3", "L4"}
    assert len([kind for kind in case.kinds() if kind == "paged"]) > paged


def test_a_code_in_teams_is_a_notice_that_never_comes_before_the_mail() -> None:
    case = Case("P1")
    case.must(code("10:07"), "10:07")
    case.must(code("10:09"), "10:09")
    assert case.due() == "10:30"
    assert [(n.channel, n.at) for n in case.ticket.notices] == [("teams", moment("10:07"))]
    case.must(called("09:50"), "10:10")
    assert case.ticket.notice_at == moment("09:50")


@pytest.mark.parametrize(("bound", "counts"), [("10:40", True), ("10:40:00.001", False)])
def test_a_strangers_code_counts_from_its_own_time_if_it_is_confirmed_in_half_an_hour(
    bound: str, *, counts: bool
) -> None:
    case = Case("P1", book=literal("P1"))
    person = PersonKey(tenant="f1", object_id="o1")
    case.must(Bind(person, "mot@anphu.example", asked_at=moment("10:10")), bound)
    assert case.ticket.notice_at == (moment("10:10") if counts else None)
    assert case.due() == ("10:40" if counts else None)


def test_by_the_literal_reading_the_clock_stands_until_there_is_a_notice() -> None:
    case = Case("P1", book=literal("P1", "P2", "P3"))
    assert case.due() is None
    assert case.reading().paused_by == ("notice",)
    assert case.used("13:00") == 0
    assert case.ticket.progress.levels == ("L2",)  # the desk knows of it all the same
    case.must(code("11:00"), "11:00")
    assert case.due() == "11:30"
    case.must(called("10:50"), "11:01")  # entered afterwards: the earlier notice counts
    assert case.due() == "11:20"
    case.must(called("09:00"), "11:02")  # before the mail by more than the window: the mail is what completes it
    assert case.due() == "10:30"


def test_by_the_literal_reading_a_call_before_the_mail_starts_the_clock_within_the_window() -> None:
    case = Case("P1", book=literal("P1"))
    case.must(called("09:45"), "10:05")
    assert case.due() == "10:15"


def test_a_priority_that_counts_from_first_contact_does_so_within_a_literal_policy() -> None:
    case = Case("P3", book=literal("P1"))
    assert case.due() == "13:00"
    case.must(Reclassify(L2, "P1", "corrected", "không gọi được"), "10:20")
    assert case.due() is None
    assert case.used("12:00") == 20
    case.must(code("11:00"), "11:00")
    assert case.due() == "11:10"


def test_a_priority_inherits_the_policys_start_of_the_clock() -> None:
    data = staffed().policy.model_dump()
    data["clock_starts"] = "notice"
    for priority in data["priorities"].values():
        del priority["clock_starts"]
    data["priorities"]["P4"]["clock_starts"] = "first_contact"
    priorities = Policy.model_validate(data).priorities
    assert {name: p.clock_starts for name, p in priorities.items()} == {
        "P1": "notice", "P2": "notice", "P3": "notice", "P4": "first_contact",
    }  # fmt: skip


# The record, word by word


def test_a_call_is_kept_with_what_was_said_and_by_whom() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(RecordNotice(L2, at=moment("09:45"), caller="c" * 501, note="n" * 501), "10:05")
    assert case.ticket.notices == (
        Notice(at=moment("09:45"), channel="phone", by="staff:l2.one", caller="c" * 500, note="n" * 500),
    )
    event = case.last("notice")
    assert (event.by, event.at) == ("staff:l2.one", moment("10:05"))
    assert event.data == {
        "arrived_at": moment("09:45"),
        "channel": "phone",
        "caller": "c" * 500,
        "note": "n" * 500,
        "starts_the_clock": True,
    }
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:05")
    case.must(RecordNotice(L2, at=moment("10:04")))
    assert case.last("notice").data == {"arrived_at": moment("10:04"), "channel": "phone"}
    assert case.ticket.notice_at == moment("09:45"), "a later call moves nothing"


def test_where_no_priority_waits_for_a_notice_the_clock_has_starts_alone() -> None:
    case = Case("P3")
    case.must(Reclassify(L2, "P1", "corrected", "không gọi được"), "10:01")
    case.must(called("09:50"), "10:02")
    case.must(called("09:45"), "10:03")
    assert case.ticket.clock == (
        ClockEvent(at=moment("10:00"), kind="start", priority="P3"),
        ClockEvent(at=moment("10:01"), kind="corrected", priority="P1"),
        ClockEvent(at=moment("09:50"), kind="start", priority="P3"),  # as the ticket was opened
        ClockEvent(at=moment("09:45"), kind="start", priority="P3"),
    )


def test_where_a_priority_waits_for_a_notice_the_clock_has_it_at_the_time_that_it_counts() -> None:
    case = Case("P3", book=literal("P1"))
    case.must(called("09:29"), "10:03")
    assert case.ticket.clock == (
        ClockEvent(at=moment("10:00"), kind="start", priority="P3"),
        ClockEvent(at=moment("10:00"), kind="notice"),  # too long before the mail to belong to it
    )


def test_a_claimed_call_is_taken_over_whole_and_can_be_claimed_once() -> None:
    call = PhoneNotice(
        id="c1", customer="an-phu", at=moment("09:41"), by="staff:l3.one", caller="Chị Mẫu", note="mất tiếng"
    )
    case = Case("P1", opening={"call": call})
    assert case.ticket.notices == (
        Notice(at=moment("09:41"), channel="phone", by="staff:l3.one", caller="Chị Mẫu", note="mất tiếng"),
    )
    assert case.last("notice").by == "staff:l3.one"
    decision = decide(None, replace(opening(case.now, "P1"), call=call), replace(case.rules(), version=1))
    assert isinstance(decision, Decision)
    assert decision.guards == ("mail:<1@x>", "call:c1")


def test_a_call_about_a_merged_ticket_is_sent_to_where_it_went() -> None:
    case = Case("P1")
    case.must(MergeInto(L2, "3CX-OTHER"), "10:02")
    assert case.do(called("10:01")) == Refused("merged", {"into": "3CX-OTHER"})


def test_of_many_calls_the_latest_fifty_are_kept_and_the_first_one_still_counts() -> None:
    case = Case("P4")
    for minute in range(51):
        case.must(called(f"09:{50 + minute}" if minute < 10 else f"10:{minute - 10:02}"), "10:41")
    assert [notice.at for notice in case.ticket.notices] == [moment("09:51") + n * MINUTE for n in range(50)]
    assert case.ticket.notice_at == moment("09:50")
