"""Pauses (D8): what each must show, several at once, set back, answered, asked after."""

from dataclasses import replace
from typing import Any

import pytest

from bot.sla.instants import MINUTE
from bot.ticket.commands import (
    Acknowledge,
    AnswerChase,
    ChatMessage,
    CustomerMail,
    EngineerMail,
    Pause,
    Resolve,
    Resume,
    Staff,
)
from bot.ticket.model import Participant, PauseDetail
from tests.rules.case import Case, moment
from tests.rules.ladder import with_ladder
from tests.rules.test_decide import CUSTOMER, STAFF, channel_chat, staffed

L2, L5 = STAFF["L2"], STAFF["L5"]
SENDER = Participant(address="mot@anphu.example")


def provider(reference: str = "VNPT-1", **fields: Any) -> Pause:
    return Pause(L2, "third_party", "chờ nhà mạng", reference=reference, **fields)


@pytest.mark.parametrize(
    ("pause", "reason"),
    [
        (Pause(L2, "third_party", "chờ"), "reference_needed"),
        (Pause(L2, "third_party", " ", reference="VNPT-1"), "note_needed"),
        (Pause(L2, "customer", ""), "note_needed"),
        (Pause(L2, "out_of_control", "mất điện"), "agreement_needed"),
        (Pause(L2, "customer_fault", "tự tắt", evidence="log"), "manager_only"),
        (Pause(L5, "customer_fault", "tự tắt"), "evidence_needed"),
        (Pause(L2, "out_of_scope", "máy in"), "manager_only"),
        (Pause(L2, "customer", "chờ", since=moment("10:00")), "evidence_needed"),
        (Pause(L2, "customer", "chờ", since=moment("10:06"), evidence="lịch hẹn"), "in_the_future"),
        (Pause(L2, "customer", "chờ", since=moment("09:59"), evidence="lịch hẹn"), "before_the_start"),
        (Pause(L2, "customer", "chờ", chase_at=moment("10:05")), "in_the_past"),
    ],
)
def test_a_pause_that_would_not_stand_in_a_dispute_is_refused(pause: Pause, reason: str) -> None:
    case = Case("P1")
    assert case.refused(pause, "10:05") == reason


@pytest.mark.parametrize(
    "pause",
    [
        provider(),
        Pause(L2, "customer", "chờ ảnh", asked="ảnh lỗi"),
        Pause(L2, "out_of_control", "mất điện", agreed_by="Chị Mẫu"),
        Pause(L5, "customer_fault", "tự tắt", evidence="log"),
        Pause(L5, "out_of_scope", "máy in"),
    ],
)
def test_each_reason_stops_the_clock_and_keeps_its_evidence(pause: Pause) -> None:
    case = Case("P1")
    case.must(pause, "10:05")
    assert case.due() is None
    assert case.used("11:00") == 5
    (detail,) = case.ticket.pauses
    assert (detail.pause, detail.reason, detail.note, detail.by) == (1, pause.reason, pause.note, pause.by.id)
    assert (detail.reference, detail.asked) == (pause.reference, pause.asked)
    assert (detail.agreed_by, detail.evidence) == (pause.agreed_by, pause.evidence)
    paused = case.last("paused").data
    assert paused["reason"] == pause.reason
    assert set(paused) >= {"pause", "note", "chase_at"}
    assert "" not in paused.values()
    case.must(Resume(L2), "10:45")
    assert case.due() == "11:10"


def test_several_pauses_stand_at_once_and_the_clock_goes_on_when_the_last_has_ended() -> None:
    case = Case("P1")
    case.must(provider("VNPT-1"), "10:05")
    case.must(provider("VIETTEL-9"), "10:06")
    case.must(Pause(L2, "customer", "chờ ảnh"), "10:07")
    assert case.refused(provider("vnpt-1 ")) == "already_paused"
    assert case.refused(Pause(L2, "customer", "chờ thêm")) == "already_paused"
    case.must(Resume(L2, pause=1), "10:20")
    case.must(CustomerMail(SENDER, "<c@x>", "đây", moment("10:25")), "10:26")
    assert case.due() is None
    assert case.refused(Resume(L2, pause=1)) == "not_paused"
    assert case.refused(Resume(L2, pause=9)) == "not_paused"
    case.must(Resume(L2), "10:30")
    assert case.due() == "10:55"
    assert case.refused(Resume(L2)) == "not_paused"


def test_a_reason_may_come_again_after_it_has_ended() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    case.must(Resume(L2), "10:10")
    case.must(provider(), "10:15")
    assert [detail.pause for detail in case.ticket.pauses] == [1, 2]
    assert case.used("12:00") == 10


def test_waiting_for_the_customer_ends_when_their_answer_was_received_by_either_channel() -> None:
    by_mail, by_chat = Case("P1"), Case("P1")
    for case in (by_mail, by_chat):
        case.must(Pause(L2, "customer", "chờ ảnh"), "10:05")
        case.must(EngineerMail(STAFF["L3"], "<e@x>", "nhắc", moment("10:10"), to_customer=True), "10:10")
        assert case.due() is None
    by_mail.must(CustomerMail(SENDER, "<c@x>", "đây", moment("10:20")), "10:27")
    by_chat.must(ChatMessage(CUSTOMER, channel_chat(1), "đây", moment("10:20"), "19:k|1"), "10:27")
    for case in (by_mail, by_chat):
        assert case.due() == "10:45"
        assert case.last("resumed").data["answered_at"] == moment("10:20")


def test_an_answer_that_was_sent_before_the_question_does_not_end_the_wait() -> None:
    case = Case("P1")
    case.must(Pause(L2, "customer", "chờ ảnh"), "10:05")
    case.must(CustomerMail(SENDER, "<c@x>", "đây", moment("10:04")), "10:06")
    assert case.due() is None
    case.must(CustomerMail(SENDER, "<d@x>", "đây", moment("10:05")), "10:06")  # at the same moment: it does
    assert case.due() == "10:30"


def test_a_pause_set_back_to_evidence_counts_from_there() -> None:
    """A remote session: the wait begins with the earliest slot that the customer refused."""
    case = Case("P1")
    case.must(Pause(L2, "customer", "hẹn lại", since=moment("10:10"), evidence="từ chối 10:10"), "10:18")
    assert case.used("11:00") == 10
    assert case.last("paused").data["since"] == moment("10:10")
    case.must(Resume(L2), "11:00")
    assert case.due() == "11:20"


def test_a_pause_at_the_deadline_itself_saves_nothing_and_one_before_it_does() -> None:
    late = Case("P1")
    late.must(provider(), "10:30")
    assert late.due() == "10:30"
    early = Case("P1")
    early.must(provider(), "10:29")
    assert early.due() is None


def test_the_desk_asks_after_a_pause_as_the_policy_has_it_or_as_was_said() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    assert case.ticket.pauses[0].chase_at == moment("10:20")  # P1: 15 minutes
    case.must(Pause(L2, "customer", "chờ ảnh", chase_at=moment("10:40")), "10:05")
    assert case.ticket.pauses[1].chase_at == moment("10:40")


def test_an_answered_chase_is_recorded_and_asked_again_later() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    assert case.refused(AnswerChase(L2, 2, "đã hỏi"), "10:21") == "not_paused"
    assert case.refused(AnswerChase(L2, 1, " ")) == "note_needed"
    assert case.refused(AnswerChase(L2, 1, "đã hỏi", chase_at=moment("10:21"))) == "in_the_past"
    case.must(AnswerChase(L2, 1, "nhà mạng đang sửa"))
    (detail,) = case.ticket.pauses
    assert (detail.chase_at, detail.answers) == (moment("10:36"), 1)
    assert (detail.answer, detail.answered_at) == ("nhà mạng đang sửa", moment("10:21"))
    assert case.last("chased").data == {"pause": 1, "note": "nhà mạng đang sửa", "chase_at": moment("10:36")}
    case.must(AnswerChase(L2, 1, "hẹn 11 giờ", chase_at=moment("11:00")))
    assert (case.ticket.pauses[0].chase_at, case.ticket.pauses[0].answers) == (moment("11:00"), 2)
    case.must(Resume(L2), "10:30")
    assert case.refused(AnswerChase(L2, 1, "đã hỏi")) == "not_paused"


def test_a_chase_falls_into_the_working_time_of_the_priority() -> None:
    case = Case("P4", start="2026-03-09 16:00")
    case.must(provider(), "2026-03-09 16:00")  # 4 working hours: one today, three tomorrow
    assert case.ticket.pauses[0].chase_at == moment("2026-03-10 11:00")


def test_a_pause_that_ends_without_a_word_leaves_no_empty_note() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    case.must(Resume(L2, "  "), "10:10")
    assert "note" not in case.last("resumed").data
    case.must(provider("VT-2"), "10:15")
    case.must(Resume(L2, "Nhà mạng đã xong"), "10:20")
    assert case.last("resumed").data["note"] == "Nhà mạng đã xong"


def test_a_resolved_ticket_can_neither_be_paused_nor_resumed() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    case.must(Resolve(L2, "xong"), "10:10")
    assert case.refused(provider("X")) == "already_resolved"
    assert case.refused(Resume(L2)) == "already_resolved"
    assert case.reading().used(case.now) == 5 * MINUTE


# The record, word by word

LONG = "x" * 2_001
KEPT = "x" * 2_000


def test_a_pause_is_recorded_with_all_that_proves_it_and_nothing_empty() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    fields = {"reference": LONG, "asked": LONG, "agreed_by": LONG, "evidence": LONG}
    case.must(Pause(L2, "third_party", LONG, since=moment("10:04"), **fields), "10:05")
    kept = dict.fromkeys(fields, KEPT)
    assert case.ticket.pauses == (
        PauseDetail(pause=1, reason="third_party", note=KEPT, by="l2.one", chase_at=moment("10:20"), **kept),
    )
    assert (case.last("paused").by, case.last("paused").data) == (
        "staff:l2.one",
        {
            "pause": 1,
            "reason": "third_party",
            "note": KEPT,
            "chase_at": moment("10:20"),
            "since": moment("10:04"),
            **kept,
        },
    )
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:05")
    case.must(Pause(L5, "customer", "chờ ảnh"), "10:06")
    assert (case.last("paused").by, case.last("paused").data) == (
        "staff:l5.one",
        {"pause": 2, "reason": "customer", "note": "chờ ảnh", "chase_at": moment("10:21")},
    )


@pytest.mark.parametrize("since", ["10:00", "10:05"])
def test_a_pause_may_be_set_back_to_the_first_contact_or_evidenced_for_this_very_moment(since: str) -> None:
    case = Case("P1")
    case.must(Pause(L2, "customer", "chờ", since=moment(since), evidence="lịch hẹn"), "10:05")
    assert case.used("11:00") == (moment(since) - moment("10:00")) // MINUTE


def test_the_end_of_a_wait_is_recorded_with_its_pauses_and_who_ended_it() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(provider("VNPT-1"), "10:05")
    case.must(provider("VNPT-2"))
    case.must(Pause(L2, "customer", "chờ ảnh"))
    case.must(CustomerMail(SENDER, "<c@x>", "đây", moment("10:07")), "10:08")
    resumed = case.last("resumed")
    assert (resumed.by, resumed.data) == ("mail:mot@anphu.example", {"pauses": [3], "answered_at": moment("10:07")})
    case.must(Resume(L2, LONG), "10:09")
    resumed = case.last("resumed")
    assert (resumed.by, resumed.data) == ("staff:l2.one", {"pauses": [1, 2], "note": KEPT})
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:09")


def test_an_answered_chase_concerns_its_pause_alone_and_keeps_the_hold() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(provider("VNPT-1"), "10:05")
    case.must(provider("VNPT-2"))
    first, second = case.ticket.pauses
    case.must(AnswerChase(L2, 2, LONG), "10:06")
    answered = {"chase_at": moment("10:21"), "answers": 1, "answer": KEPT, "answered_at": moment("10:06")}
    assert case.ticket.pauses == (first, second.model_copy(update=answered))
    assert case.last("chased").by == "staff:l2.one"
    assert case.last("chased").data == {"pause": 2, "note": KEPT, "chase_at": moment("10:21")}
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:06")


def test_only_who_may_handle_the_ticket_answers_a_chase() -> None:
    case = Case("P1")
    case.must(provider(), "10:05")
    assert case.refused(AnswerChase(Staff("x", "X", "L1"), 1, "đã hỏi"), "10:06") == "not_your_level"
    case.must(Resolve(L2, "xong"), "10:10")
    assert case.refused(AnswerChase(L2, 1, "đã hỏi")) == "already_resolved"


def test_where_the_policy_asks_after_no_pause_nobody_is_reminded() -> None:
    shipped = staffed()
    ladder = shipped.policy.priorities["P1"].ladder.model_copy(update={"chase": None})
    case = Case("P1", book=replace(shipped, policy=with_ladder(ladder)))
    case.must(provider(), "10:05")
    assert case.ticket.pauses[0].chase_at is None
    assert "chase_at" not in case.last("paused").data
    case.must(AnswerChase(L2, 1, "đã hỏi"), "10:06")
    assert case.last("chased").data == {"pause": 1, "note": "đã hỏi"}
