"""From rungs to messages: whom they reach, and what an outage of our own makes of them."""

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from bot.sla.instants import MINUTE
from bot.sla.policy import Step
from bot.sla.roster import Roster, Shift
from bot.ticket.commands import (
    Acknowledge,
    Delivered,
    Pause,
    Reclassify,
    RecordNotice,
    Resolve,
    Undelivered,
    Wake,
)
from bot.ticket.decide import Decision, decide
from bot.ticket.effects import Call, Card, Mail
from bot.ticket.model import DeskRecord, PhoneNotice
from tests.rules.case import Case, moment
from tests.rules.ladder import plain_ladder, with_ladder
from tests.rules.paged import EVERY_WAY, L2, L3, L5, fail, kinds_of, pages, to, told, with_second_l2, without
from tests.rules.test_decide import page_of, staffed

# An outage of our own


def test_after_an_outage_of_our_own_everybody_gets_one_page_with_its_weightiest_reason() -> None:
    case = Case("P1")
    decision = case.must(Wake(), "10:31")
    reached = Counter(page for effect in decision.effects if (page := page_of(effect)) is not None)
    assert max(reached.values()) == 1
    by_person = Counter((contact, channel) for _, contact, channel in reached)
    assert max(by_person.values()) == 1
    assert {contact: channels for contact, channels in told(decision).items() if contact.startswith("l")} == {
        "l2.one": EVERY_WAY, "l3.one": EVERY_WAY, "l4.one": EVERY_WAY, "l5.one": EVERY_WAY,
    }  # fmt: skip
    assert {page.occurrence for page in pages(decision, "l3.one")} == {"0.s1"}, "the step says more than the repeat"
    assert {page.occurrence for page in pages(decision, "desk")} == {"0.s3"}


def test_pages_that_came_late_by_our_own_fault_say_by_how_much() -> None:
    """The desk should have been awake at 10:05; L4's page was due at 10:24, L2's last repeat at 10:10."""
    case = Case("P1")
    decision = case.must(Wake(), "10:26")
    assert {page.late_ms for page in pages(decision, "l2.one")} == {16 * MINUTE}
    assert {page.late_ms for page in pages(decision, "l4.one")} == {2 * MINUTE}


def test_the_outage_is_an_event_that_names_its_rungs() -> None:
    case = Case("P1")
    case.must(Wake(), "10:16")
    event = case.last("caught_up")
    assert event.data == {
        "since": moment("10:05"),
        "late_ms": 11 * MINUTE,
        "rungs": ["0.r1", "0.r2", "0.s1", "0.r3"],
    }
    late = {e.data["occurrence"]: e.data.get("late_ms") for e in case.events if e.kind == "paged"}
    assert late == {"0.s0": None, "0.r1": 11 * MINUTE, "0.r2": 6 * MINUTE, "0.s1": None, "0.r3": None}


@pytest.mark.parametrize(("past", "marked"), [(MINUTE, False), (MINUTE + 1, True)])
def test_a_minute_late_is_no_outage_and_a_millisecond_more_is(past: int, marked: bool) -> None:
    case = Case("P1")
    case.now = moment("10:05") + past
    decision = case.must(Wake())
    assert ("caught_up" in kinds_of(decision)) is marked
    assert {page.late_ms for page in pages(decision, "l2.one")} == {past if marked else 0}


def test_managers_are_told_once_after_an_outage_and_of_what_weighs_most() -> None:
    """A ticket that nobody classified: managers were due at 45 minutes, and its deadline passed at 90."""
    case = Case(None)
    decision = case.must(Wake(), "11:31")
    (alert,) = [e for e in decision.effects if isinstance(e, Card) and e.slot.startswith("managers:")]
    assert alert.view == "breach"


def test_what_only_a_command_made_due_in_the_past_is_nobodys_outage() -> None:
    case = Case("P3")
    case.must(Acknowledge(L2), "10:01")
    case.must(Wake(), "10:20")
    decision = case.must(Reclassify(L3, "P1", "corrected", "nặng hơn"), "10:29")
    assert "caught_up" not in kinds_of(decision)
    assert {page.late_ms for page in pages(decision, "l4.one")} == {0}
    assert pages(decision, "l4.one")[0].due_at == moment("10:24")


def test_what_a_command_makes_due_is_not_late_even_if_the_desk_had_overslept() -> None:
    """The repeat of 10:30 comes 10 minutes late; what the new priority makes due at 10:40 does not."""
    case = Case("P3")
    decision = case.must(Reclassify(L3, "P1", "corrected", "nặng hơn"), "10:40")
    assert kinds_of(decision).count("caught_up") == 1
    assert {page.late_ms for page in pages(decision, "l4.one")} == {0}
    late = {e.data["occurrence"]: e.data.get("late_ms") for e in decision.events if e.kind == "paged"}
    assert {key: ms for key, ms in late.items() if ms is not None} == {"0.r1": 10 * MINUTE}


def test_a_call_before_the_mail_makes_no_outage_of_the_time_before_the_mail() -> None:
    """Called at 9:40, mailed at 9:48, read at 10:00: the page is 12 minutes late by our fault, not 20."""
    call = PhoneNotice(id="n1", customer="an-phu", at=moment("09:40"), by="l2.one")
    case = Case("P3", opening={"received_at": moment("09:48"), "call": call})
    (first, *_) = [event for event in case.events if event.kind == "paged"]
    assert (first.data["due_at"], first.data["late_ms"]) == (moment("09:40"), 12 * MINUTE)


def test_a_page_after_the_breach_says_more_than_a_step_before_it() -> None:
    steps = (Step(share=0, level="L2", by=("teams",)),)
    book = replace(staffed(), policy=with_ladder(plain_ladder(steps=steps)))
    case = Case("P1", book=book, opening={"received_at": moment("08:30")})
    (page,) = {e.page.occurrence for e in case.effects if isinstance(e, Card) and e.page and e.page.contact == "l2.one"}
    assert page == "0.b2"


def test_of_two_repeats_the_desk_is_told_the_later() -> None:
    case = Case("P1")
    assert {page.occurrence for page in pages(case.must(Wake(), "10:11"), "desk")} == {"0.r2"}


def test_a_notice_that_is_entered_later_for_an_earlier_time_is_nobodys_outage() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    decision = case.must(RecordNotice(L2, moment("09:36")), "10:02")
    assert case.due() == "10:06"
    assert "caught_up" not in kinds_of(decision)
    assert {page.late_ms for page in pages(decision, "l4.one")} == {0}


def test_a_mail_that_waited_while_the_desk_slept_is_paged_as_late_since_its_receipt() -> None:
    case = Case("P1", opening={"received_at": moment("09:48")})
    assert case.last("caught_up").data["since"] == moment("09:48")
    late = [event.data.get("late_ms") for event in case.events if event.kind == "paged"]
    assert late == [12 * MINUTE, 7 * MINUTE, 2 * MINUTE]


def test_the_next_command_of_a_desk_that_is_awake_again_is_not_late() -> None:
    case = Case("P1")
    case.must(Wake(), "10:16")
    assert "caught_up" not in kinds_of(case.must(Wake(), "10:20"))


# Reaching somebody


def test_a_level_without_anybody_is_skipped_upwards_at_once_and_the_operator_is_told() -> None:
    case = Case("P1", book=without("L3"))
    decision = case.must(Wake(), "10:15")
    assert told(decision)["l4.one"] == EVERY_WAY
    assert case.last("nobody_reached").data == {"occurrence": "0.r3", "level": "L3"}
    assert any(isinstance(e, Mail) and e.template == "operator" for e in decision.effects)
    assert "L4" in case.ticket.progress.levels


def test_at_night_a_p3_is_not_phoned() -> None:
    case = Case("P3", start="2026-03-09 22:00")
    assert {page for e in case.effects if (page := page_of(e)) and page[1] == "l2.one"} == {
        ("0.s0", "l2.one", "teams"), ("0.s0", "l2.one", "mail"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("start", "phoned"), [("21:59", True), ("22:00", False), ("2026-03-10 05:59", False), ("2026-03-10 06:00", True)]
)
def test_quiet_hours_begin_and_end_at_their_minute(start: str, phoned: bool) -> None:
    case = Case("P3", start=start if "-" in start else f"2026-03-09 {start}")
    assert any(isinstance(effect, Call) for effect in case.effects) is phoned


def test_a_level_whose_every_channel_is_quiet_reaches_nobody_so_the_next_is_paged_at_once() -> None:
    """L2 can only be phoned, and a P3 phones nobody at night: L3 gets its mail now, not 90 minutes later."""
    people = [
        person.model_copy(update={"email": None, "object_id": None}) if person.level == "L2" else person
        for person in staffed().roster.people
    ]
    book = replace(staffed(), roster=Roster(people=tuple(people)))
    night = Case("P3", start="2026-03-09 23:00", book=book, desk=DeskRecord())
    assert [(page[1], page[2]) for e in night.effects if (page := page_of(e))] == [
        ("l3.one", "teams"),
        ("l3.one", "mail"),
    ]
    assert "nobody_reached" in night.kinds()
    day = Case("P3", book=book, desk=DeskRecord())
    assert [(page[1], page[2]) for e in day.effects if (page := page_of(e))] == [("l2.one", "phone")]


def test_the_extensions_of_a_queue_ring_in_turn_with_each_page() -> None:
    case = Case("P1", book=without("L2"))
    for when in ("10:05", "10:10", "10:15", "10:20"):
        case.must(Wake(), when)
    case.must(Acknowledge(L5), "10:21")
    rung = [effect.extension for effect in case.effects if isinstance(effect, Call) and effect.extension != "100"]
    assert rung == ["10048", "10056", "10058"]
    case.must(Reclassify(L5, "P2", "worsened", "x"), "10:22")
    case.must(Wake(), "10:52")
    assert [e.extension for e in case.effects if isinstance(e, Call) and e.extension != "100"][3:] == ["10059"]


def test_somebody_without_an_extension_is_rung_on_their_mobile() -> None:
    case = Case("P1", book=without(extension=None, mobile="0900000001"))
    assert [effect.extension for effect in case.effects if isinstance(effect, Call)] == ["0900000001"]


def test_who_is_on_duty_on_working_days_only_is_not_paged_on_a_public_holiday() -> None:
    """30 April 2026 is a Thursday; the shift of L2 says that it is not kept on public holidays."""
    shift = Shift(level="L2", people=("l2.one",), not_on=("holiday",))
    book = replace(staffed(), roster=staffed().roster.model_copy(update={"shifts": (shift,)}))
    on_holiday = Case("P1", start="2026-04-30 10:00", book=book)
    assert "queue:teamx" in {page[1] for e in on_holiday.effects if (page := page_of(e))}
    assert "l2.one" in {page[1] for e in Case("P1", book=book).effects if (page := page_of(e))}


def test_information_that_reaches_nobody_wakes_no_other_level() -> None:
    people = [
        person.model_copy(update={"email": None, "object_id": None}) if person.level == "L3" else person
        for person in staffed().roster.people
    ]
    case = Case("P1", book=replace(staffed(), roster=Roster(people=tuple(people))), desk=DeskRecord())
    case.must(Acknowledge(L2), "10:06")
    decision = case.must(Wake(), "10:15")
    assert told(decision) == {"l2.one": {"teams"}}, "the warning of the hold alone"
    assert "nobody_reached" not in kinds_of(decision)


@pytest.mark.parametrize(("start", "phoned"), [("11:59", True), ("12:00", False), ("12:59", False), ("13:00", True)])
def test_quiet_hours_within_a_day_begin_and_end_at_their_minute(start: str, phoned: bool) -> None:
    steps = (Step(share=0, level="L2", by=("teams", "phone")),)
    policy = with_ladder(plain_ladder(steps=steps, quiet={"phone": "12:00-13:00"}))
    case = Case("P1", start=f"2026-03-09 {start}", book=replace(staffed(), policy=policy))
    assert any(isinstance(effect, Call) for effect in case.effects) is phoned


@pytest.mark.parametrize(("until", "asked"), [(date(2026, 3, 8), False), (date(2026, 3, 9), True)])
def test_a_holder_is_asked_after_a_pause_until_their_last_day(until: date, asked: bool) -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Pause(L2, "third_party", "chờ", reference="V-1"), "10:02")
    case.book = without(until=until)
    assert ("l2.one" in told(case.must(Wake(), "10:17"))) is asked


def test_a_holder_who_left_the_desk_is_no_longer_asked_after_a_pause() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Pause(L2, "third_party", "chờ", reference="V-1"), "10:02")
    case.book = without("L2")
    decision = case.must(Wake(), "10:17")
    assert case.last("nobody_reached").data == {"occurrence": "p1.0.0"}
    assert "queue:teamx" in told(decision)


# A page that cannot be delivered


def test_a_page_that_fails_everywhere_goes_to_the_next_level_once_however_many_it_failed_for() -> None:
    book, _ = with_second_l2()
    case = Case("P1", book=book)
    opened = [e for e in case.effects if (page := page_of(e)) is not None and page[1].startswith("l2")]
    fail(case, opened)
    pulled = [page for e in case.effects if (page := page_of(e)) is not None and page[1] == "l3.one"]
    assert sorted(pulled) == [("0.s0+L3", "l3.one", channel) for channel in ("mail", "phone", "teams")]


def test_a_page_of_a_ticket_that_was_resolved_meanwhile_goes_to_nobody_else() -> None:
    case = Case("P1")
    opened = [e for e in case.effects if (page := page_of(e)) is not None and page[1].startswith("l2")]
    case.must(Resolve(L2, "xong"), "10:01")
    assert told(fail(case, opened)) == {}


def test_information_that_cannot_be_delivered_wakes_nobody_else() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:06")
    information = case.must(Wake(), "10:15")
    assert {page.kind for page in pages(information, "l3.one")} == {"information"}
    failed = fail(case, to(information, "l3.one"))
    assert {page.kind for page in pages(failed, "l3.one")} == {"information"}, "by phone, the last way"
    failed = fail(case, to(failed, "l3.one"))
    assert told(failed) == {}


def test_a_page_that_failed_is_not_phoned_in_quiet_hours_either() -> None:
    case = Case("P3", start="2026-03-09 23:00", desk=DeskRecord())
    failed = fail(case, [e for e in case.effects if page_of(e) is not None])
    assert told(failed) == {"l3.one": {"teams", "mail"}}


def test_what_managers_could_not_be_told_in_their_channel_is_mailed_as_what_it_is() -> None:
    case = Case(None)
    asked = case.must(Wake(), "10:45")
    (alert,) = to(asked, "managers")
    failed = case.must(Undelivered(alert.id, "403", page=page_of(alert)))
    mails = [e for e in failed.effects if isinstance(e, Mail) and e.template in {"page", "breach"}]
    assert [(mail.template, mail.page.kind if mail.page else None) for mail in mails] == [("page", "triage")]
    assert told(failed).keys() == {"managers"}


# Every command pages what is due, and says when it must be woken


def test_a_decision_that_is_taken_twice_pages_once() -> None:
    case = Case("P1")
    first = case.must(Wake(), "10:15")
    again = case.must(Wake())
    assert told(first)
    assert (told(again), again.events) == ({}, ())
    assert case.ticket.expected_at == again.wake_at == moment("10:20")


def test_a_page_that_was_accepted_everywhere_is_settled() -> None:
    case = Case("P1")
    for effect in list(case.effects):
        if (page := page_of(effect)) is not None:
            case.must(Delivered(effect.id, page=page))
    assert case.ticket.pending == ()


def test_an_older_record_without_the_new_fields_is_climbed_as_before() -> None:
    case = Case("P1")
    case.must(Wake(), "10:15")
    body = case.ticket.model_dump(mode="json")
    for name in ("jumps", "chased", "call_backs", "pulled", "turns", "climbed_at"):
        del body["progress"][name]
    del body["expected_at"]
    decision = decide(type(case.ticket).model_validate(body), Wake(), replace(case.rules(), now=moment("10:20")))
    assert isinstance(decision, Decision)
    assert told(decision)["l3.one"] == EVERY_WAY
