"""What changes around a ticket reaches its clock at its own time: suspensions (D8), calendar files (D16)."""

from dataclasses import replace
from typing import Any

from bot.sla.calendar import calendar_of
from bot.sla.clock import ClockEvent
from bot.sla.days import GivenDays, Year
from bot.ticket.commands import Acknowledge, MergeInto, Wake
from bot.ticket.model import DeskRecord, Suspension
from tests.rules.case import Case, moment
from tests.rules.test_decide import STAFF, desk_record, staffed


def suspended(since: str, until: str | None = None, customer: str = "an-phu", name: str = "s1") -> Suspension:
    over: dict[str, Any] = {} if until is None else {"ended_at": moment(until), "ended_by": "staff:l5.one"}
    return Suspension(id=name, customer=customer, at=moment(since), by="staff:l5.one", reason="cấu hình", **over)


def with_suspensions(*suspensions: Suspension) -> DeskRecord:
    return desk_record().model_copy(update={"suspensions": suspensions})


def test_an_open_ticket_stands_from_the_suspension_until_the_agreement() -> None:
    case = Case("P1")
    case.desk = with_suspensions(suspended("10:10"))
    decision = case.must(Wake(), "10:12")
    assert case.due() is None
    assert case.reading().suspended
    assert case.used("15:00") == 10
    assert decision.wake_at is None
    case.desk = with_suspensions(suspended("10:10", "14:00"))
    case.must(Wake(), "14:01")
    assert case.due() == "14:20"
    assert [case.last(kind).data["since"] for kind in ("suspended", "agreed")] == [moment("10:10"), moment("14:00")]
    assert case.last("suspended").by == "staff:l5.one"


def test_nobody_is_paged_for_time_that_a_suspension_had_stopped_already() -> None:
    case = Case("P1")
    case.desk = with_suspensions(suspended("10:10"))
    case.must(Wake(), "10:40")  # the ladder would have been at the breach
    assert case.ticket.progress.levels == ("L2",)
    assert case.ticket.breach_alerted_at is None


def test_a_ticket_that_slept_through_a_suspension_has_both_its_ends() -> None:
    case = Case("P1")
    case.desk = with_suspensions(suspended("10:10", "10:40"), suspended("10:45", "10:50", name="s2"))
    case.must(Wake(), "11:00")
    assert case.used("11:00") == 25
    case.must(Wake(), "11:01")
    assert case.kinds().count("suspended") == case.kinds().count("agreed") == 2


def test_a_ticket_opened_while_its_customer_is_suspended_pages_once_and_stands() -> None:
    case = Case("P1", desk=with_suspensions(suspended("09:00")))
    assert case.kinds()[0] == "opened"
    assert case.due() is None
    assert case.ticket.progress.levels == ("L2",)
    assert case.used("12:00") == 0


def test_suspensions_of_others_and_those_that_were_over_concern_no_ticket() -> None:
    case = Case(
        "P1", desk=with_suspensions(suspended("09:00", customer="binh-minh"), suspended("08:00", "10:00", name="s2"))
    )
    case.must(Wake(), "10:05")
    assert case.due() == "10:30"
    assert "suspended" not in case.kinds()


def test_a_changed_calendar_file_is_a_recorded_event_and_moves_the_deadline() -> None:
    case = Case("P4", start="2026-03-09 16:00")
    assert case.due() == "2026-03-11 16:00"
    day = {"date": "2026-03-10", "kind": "holiday", "name": {"vi": "nghỉ", "en": "off"}, "source": "thử"}
    days = GivenDays({2026: Year.model_validate({"status": "reviewed", "days": [day]})}, "corrected")
    hours, zone = case.book.policy.hours, case.book.desk.zone
    calendars = {name: calendar_of(one, zone, days) for name, one in hours.items()}
    before = case.ticket.calendar
    case.book = replace(case.book, days=days, calendars=calendars)
    case.must(Acknowledge(STAFF["L2"]), "2026-03-09 16:30")
    corrected = case.last("calendar_corrected").data
    assert corrected == {"was": before, "now": "corrected", "due_at": moment("2026-03-12 16:00")}
    case.must(Wake(), "2026-03-09 16:31")
    assert case.kinds().count("calendar_corrected") == 1


def test_a_ticket_of_an_older_version_takes_its_calendar_over_without_a_correction() -> None:
    case = Case("P1", book=staffed())
    case.ticket = case.ticket.model_copy(update={"calendar": ""})
    case.must(Wake(), "10:01")
    assert case.ticket.calendar
    assert "calendar_corrected" not in case.kinds()


def test_a_suspension_counts_whatever_others_stand_before_it_and_is_recorded_with_who_made_it() -> None:
    case = Case("P1")
    case.desk = with_suspensions(
        suspended("09:00", customer="binh-minh", name="s1"),
        suspended("08:00", "09:00", name="s2"),
        suspended("10:10", name="s3"),
    )
    case.must(Wake(), "10:12")
    (event,) = [event for event in case.events if event.kind == "suspended"]
    assert (event.by, event.data) == ("staff:l5.one", {"suspension": "s3", "since": moment("10:10")})
    case.desk = with_suspensions(suspended("10:10", "10:20", name="s3"), suspended("10:30", name="s4"))
    case.must(Wake(), "10:31")
    assert (case.last("agreed").by, case.last("agreed").data) == (
        "staff:l5.one", {"suspension": "s3", "since": moment("10:20")},
    )  # fmt: skip
    assert case.ticket.clock[1:] == (
        ClockEvent(at=moment("10:10"), kind="suspend", reason="s3"),
        ClockEvent(at=moment("10:20"), kind="agree", reason="s3"),
        ClockEvent(at=moment("10:30"), kind="suspend", reason="s4"),
    )


def test_a_merged_ticket_is_told_of_no_suspension() -> None:
    case = Case("P1")
    case.must(MergeInto(STAFF["L2"], "3CX-OTHER"), "10:05")
    case.desk = with_suspensions(suspended("10:10"))
    before = case.ticket.clock
    case.must(Wake(), "10:12")
    assert case.ticket.clock == before
    assert "suspended" not in case.kinds()


def test_a_ticket_keeps_sixteen_digits_of_the_calendars_digest() -> None:
    case = Case("P1")
    case.book = replace(case.book, days=GivenDays({}, "0123456789abcdef" * 4))
    case.must(Wake(), "10:01")
    assert case.ticket.calendar == "0123456789abcdef"
    assert case.last("calendar_corrected").data["now"] == "0123456789abcdef"
