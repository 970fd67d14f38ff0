"""Pauses that are asked after, calls that are owed, breaches and the clock that says later there was none."""

from dataclasses import replace

import pytest

from bot.sla.instants import MINUTE
from bot.sla.reminders import OwedCall
from bot.ticket.commands import (
    Acknowledge,
    AnswerChase,
    Bounced,
    CalledBack,
    CustomerMail,
    MergeInto,
    Note,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Resume,
    Undelivered,
    Wake,
)
from bot.ticket.decide import Decision
from bot.ticket.effects import Card, Mail, Say
from bot.ticket.model import DeskRecord, Participant
from bot.ticket.paging import situation_of
from tests.rules.case import Case, moment
from tests.rules.ladder import plain_ladder, with_ladder
from tests.rules.paged import EVERY_WAY, L2, L3, pages, told, without
from tests.rules.test_decide import page_of, staffed

# Asking after a pause (D8)


def test_a_pause_is_asked_after_by_its_holder_then_l3_until_somebody_answers() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    paused = case.must(Pause(L2, "third_party", "chờ", reference="V-1"), "10:02")
    assert paused.wake_at == moment("10:17")
    case.now = moment("10:17") - 1
    assert told(case.must(Wake())) == {}
    asked = case.must(Wake(), "10:17")
    assert told(asked) == {"l2.one": EVERY_WAY, "desk": {"teams"}}
    assert {page.kind for page in pages(asked, "l2.one")} == {"chase"}
    assert asked.wake_at == moment("10:22")
    assert told(case.must(Wake(), "10:22")).keys() == {"l3.one", "desk"}
    answered = case.must(AnswerChase(L2, 1, "hẹn 11 giờ", chase_at=moment("11:00")), "10:23")
    assert answered.wake_at == moment("11:00")
    assert {page.occurrence for page in pages(case.must(Wake(), "11:00"), "l2.one")} == {"p1.1.0"}
    case.must(Resume(L2), "11:01")
    assert "p1.1.1" not in [e.data.get("occurrence") for e in case.must(Wake(), "11:05").events]


# The call that is owed (D9)


def test_the_resolver_is_reminded_of_the_call_then_managers_and_then_nobody() -> None:
    case = Case("P1")
    resolved = case.must(Resolve(L2, "xong"), "10:10")
    assert resolved.wake_at == moment("10:40")
    case.now = moment("10:40") - 1
    assert told(case.must(Wake())) == {}
    assert case.ticket.call_back is not None
    assert not case.ticket.call_back.reminded
    reminded = case.must(Wake(), "10:40")
    assert told(reminded) == {"l2.one": {"teams", "mail"}}
    assert {page.kind for page in pages(reminded, "l2.one")} == {"call_back"}
    assert case.ticket.call_back.reminded
    assert reminded.wake_at == moment("11:10")
    alerted = case.must(Wake(), "11:10")
    assert told(alerted) == {"managers": {"teams"}}
    assert alerted.wake_at is None
    assert told(case.must(Wake(), "23:00")) == {}


@pytest.mark.parametrize("when", ["10:39", "10:41"])
def test_a_call_that_was_made_is_not_asked_for(when: str) -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:10")
    made = case.must(CalledBack(L2, "Chị Mẫu"), when)
    assert made.wake_at is None
    assert told(case.must(Wake(), "12:00")) == {}


def test_a_call_that_was_made_before_or_that_nobody_owes_is_not_asked_for() -> None:
    called = Case("P1")
    assert called.must(Resolve(L2, "xong", called="Chị Mẫu"), "10:10").wake_at is None
    mild = Case("P3")
    assert mild.must(Resolve(L2, "xong"), "10:10").wake_at is None


def test_a_reopened_ticket_owes_its_call_anew() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:10")
    case.must(Wake(), "10:40")
    case.must(Reopen(L2, "lại hỏng"), "10:45")
    assert case.must(Resolve(L2, "xong"), "10:50").wake_at == moment("11:20")
    assert {page.occurrence for page in pages(case.must(Wake(), "11:20"), "l2.one")} == {"1.c0"}


def test_a_call_that_the_policy_no_longer_asks_for_is_missed_as_soon_as_it_is_due() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:10")
    case.book = replace(staffed(), policy=with_ladder(plain_ladder(), call_back_within=None))
    owed = situation_of(case.ticket, case.rules()).owed_call
    assert owed == OwedCall(due_at=moment("10:40"), again_at=moment("10:40"), by="l2.one")


def test_the_call_of_a_resolver_who_left_is_the_lowest_levels() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:10")
    case.book = without("L2")
    decision = case.must(Wake(), "10:40")
    assert told(decision) == {"queue:teamx": {"mail", "phone"}}


# Breach, and the clock that says later there was none (D7)


def breaches(case: Case) -> list[str]:
    return [kind for kind in case.kinds() if kind.startswith("breach")]


def test_a_breach_is_alerted_at_its_millisecond_and_that_is_no_correction() -> None:
    case = Case("P1")
    case.now = moment("10:30") - 1
    case.must(Wake())
    assert breaches(case) == []
    case.must(Wake(), "10:30")
    assert case.last("breached").data == {"due_at": moment("10:30")}
    case.must(Note(L2, "đang xem"))
    case.now += 1
    case.must(Wake())
    assert breaches(case) == ["breached"]
    assert case.ticket.breach_alerted_at == moment("10:30")
    assert case.ticket.breach_corrected_at is None


def test_a_correction_marks_the_alert_once_and_a_later_breach_is_a_new_one() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    case.must(Reclassify(L3, "P2", "corrected", "nhẹ hơn"), "10:40")
    assert breaches(case) == ["breached", "breach_corrected"]
    assert case.ticket.breach_corrected_at == moment("10:40")
    assert case.last("breach_corrected").data == {"alerted_at": moment("10:30"), "due_at": moment("11:30")}
    case.must(Wake(), "11:00")
    case.now = moment("11:30") - 1
    case.must(Wake())
    assert breaches(case) == ["breached", "breach_corrected"]
    decision = case.must(Wake(), "11:30")
    assert breaches(case) == ["breached", "breach_corrected", "breached"]
    assert [e.view for e in decision.effects if isinstance(e, Card) and e.slot.startswith("managers:")] == ["breach"]
    assert (case.ticket.breach_alerted_at, case.ticket.breach_corrected_at) == (moment("11:30"), None)


def test_a_priority_by_which_it_is_late_all_the_same_corrects_nothing() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    case.must(Wake(), "11:29")
    case.must(Reclassify(L3, "P2", "corrected", "nhẹ hơn"), "11:31")
    assert breaches(case) == ["breached"]


@pytest.mark.parametrize(("when", "corrected"), [("11:30", False), ("11:29", True)])
def test_a_correction_at_the_very_new_deadline_is_none(when: str, corrected: bool) -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    case.now = moment(when) + (0 if not corrected else MINUTE - 1)
    case.must(Reclassify(L3, "P2", "corrected", "nhẹ hơn"))
    assert ("breach_corrected" in case.kinds()) is corrected


def test_a_worsening_corrects_no_breach_of_the_measure_before_and_alerts_its_own() -> None:
    case = Case("P2")
    case.must(Wake(), "11:30")
    case.must(Reclassify(L3, "P1", "worsened", "hỏng thêm"), "11:30")
    assert breaches(case) == ["breached"]
    case.must(Wake(), "12:00")
    assert breaches(case) == ["breached", "breached"]


def test_a_pause_that_is_set_back_before_the_deadline_corrects_the_alert() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    pause = Pause(L3, "third_party", "chờ", reference="V-1", since=moment("10:20"), evidence="email")
    case.must(pause, "10:31")
    assert breaches(case) == ["breached", "breach_corrected"]
    case.must(Resume(L3), "11:00")
    decision = case.must(Wake(), "11:10")
    assert breaches(case) == ["breached", "breach_corrected", "breached"]
    assert "l5.one" in told(decision)


@pytest.mark.parametrize(("past", "corrected"), [(0, True), (1, False)])
def test_resolved_at_the_very_deadline_is_in_time_and_a_millisecond_later_is_not(past: int, corrected: bool) -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    case.now = moment("10:30") + past
    case.must(Resolve(L3, "xong"))
    assert ("breach_corrected" in case.kinds()) is corrected


def test_a_resolution_at_an_evidenced_time_before_the_deadline_corrects_the_alert() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    case.must(Resolve(L3, "xong", at=moment("10:29"), evidence="log"), "10:45")
    assert breaches(case) == ["breached", "breach_corrected"]
    case.must(Wake(), "11:00")
    assert breaches(case) == ["breached", "breach_corrected"]


def test_a_merged_ticket_keeps_its_alert_and_pages_nobody() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    merged = case.must(MergeInto(L3, "3CX-OTHER"), "10:31")
    assert merged.wake_at is None
    assert told(case.must(Wake(), "12:00")) == {}
    assert breaches(case) == ["breached"]


# What is told to the desk where it has no channel


def operator_mails(decision: Decision) -> list[Mail]:
    return [effect for effect in decision.effects if isinstance(effect, Mail) and effect.template == "operator"]


def test_without_a_desk_channel_the_operator_learns_what_the_desk_was_to_be_told() -> None:
    case = Case("P1", desk=DeskRecord())
    case.must(Resolve(L2, "xong"), "10:05")
    wrote = CustomerMail(Participant(address="mot@anphu.example"), "<2@x>", "Lại hỏng", moment("10:10"))
    (mail,) = operator_mails(case.must(wrote, "10:10"))
    assert mail.to == (case.book.desk.operator.email,)
    assert mail.values == {
        "what": f"no desk channel is bound to be told: wrote_after_resolved (code {case.ticket.code})",
        "code": case.ticket.code,
    }
    (bounced,) = operator_mails(case.must(Bounced("<2@x>", "<r@x>", "Undelivered Mail"), "10:12"))
    assert "bounced" in bounced.values["what"]
    assert "report Undelivered Mail" in bounced.values["what"]
    assert bounced.ticket == "", "if this one comes back too, the ticket is not told again"
    assert mail.id != bounced.id


def test_with_a_desk_channel_it_is_said_there_and_the_operator_is_left_alone() -> None:
    case = Case("P1")
    decision = case.must(Bounced("<2@x>", "<r@x>", "Undelivered Mail"), "10:12")
    assert [effect.phrase for effect in decision.effects if isinstance(effect, Say)] == ["bounced"]
    assert operator_mails(decision) == []


@pytest.mark.parametrize("desk", [None, DeskRecord()])
def test_a_page_that_failed_is_told_to_the_operator_once_with_or_without_a_desk_channel(
    desk: DeskRecord | None,
) -> None:
    case = Case("P1") if desk is None else Case("P1", desk=desk)
    page = next(effect for effect in case.effects if page_of(effect) is not None)
    decision = case.must(Undelivered(page.id, "403", page=page_of(page)), "10:01")
    assert len(operator_mails(decision)) == 1
