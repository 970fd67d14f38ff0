"""The end of an incident (D9): resolved, perhaps at an earlier evidenced time, called back, reopened, or merged."""

import pytest

from bot.errors import Refused
from bot.sla.clock import ClockEvent
from bot.sla.instants import MINUTE
from bot.ticket.commands import (
    Absorb,
    Acknowledge,
    CalledBack,
    HandOver,
    MergeInto,
    Reclassify,
    RecordNotice,
    Reopen,
    Resolve,
    Wake,
)
from bot.ticket.effects import Card
from bot.ticket.model import Binding, CallBack, Notice, Participant, PersonKey, Thread
from tests.rules.case import Case, moment
from tests.rules.paged import with_second_l2
from tests.rules.test_decide import CUSTOMER, STAFF, channel_chat
from tests.rules.test_notices import literal

L2, L3 = STAFF["L2"], STAFF["L3"]


def set_back(when: str, evidence: str = "ghi âm cuộc gọi") -> Resolve:
    return Resolve(L2, "đã khởi động lại", at=moment(when), evidence=evidence)


def test_resolving_stops_the_clock_and_says_who_did_it_and_how() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:05")
    case.must(Resolve(L2, "chuyển sang đường dự phòng", workaround=True), "10:12")
    ticket = case.ticket
    assert (ticket.state, ticket.resolved_by, ticket.workaround) == ("resolved", L2.name, True)
    assert (ticket.resolved_at, ticket.ack) == (moment("10:12"), None)
    assert case.used("12:00") == 12
    assert case.refused(Resolve(L2, "lần nữa")) == "already_resolved"


@pytest.mark.parametrize(
    ("resolve", "reason"),
    [
        (set_back("10:10", " "), "evidence_needed"),
        (set_back("10:41"), "in_the_future"),
        (set_back("09:59"), "before_the_start"),
        (Resolve(L2, " "), "note_needed"),
    ],
)
def test_a_resolution_that_would_not_stand_in_a_dispute_is_refused(resolve: Resolve, reason: str) -> None:
    assert Case("P1").refused(resolve, "10:40") == reason


def test_a_resolution_set_back_before_the_deadline_undoes_the_breach_and_keeps_its_alert() -> None:
    case = Case("P1")
    case.must(Wake(), "10:30")
    assert case.ticket.breach_alerted_at == moment("10:30")
    case.must(set_back("10:25"), "10:50")
    assert case.ticket.resolved_at == moment("10:25")
    assert case.used("12:00") == 25
    assert case.reading().breached_at(moment("12:00")) is None
    assert case.ticket.breach_alerted_at == moment("10:30")
    assert case.last("resolved").data["evidence"] == "ghi âm cuộc gọi"
    assert case.last("resolved").data["resolved_at"] == moment("10:25")


def test_a_resolution_exactly_at_the_deadline_is_in_time_and_a_moment_later_is_not() -> None:
    for when, breached in (("10:30:00", False), ("10:30:00.001", True)):
        case = Case("P1")
        case.must(Resolve(L2, "xong"), when)
        assert (case.reading().breached_at(moment("12:00")) is not None) is breached


def test_a_ticket_resolved_late_before_anybody_looked_is_recorded_as_breached_and_pages_nobody() -> None:
    case = Case("P1")
    before = len([kind for kind in case.kinds() if kind == "paged"])
    case.must(Resolve(L2, "xong", called="Chị Mẫu"), "10:30:00.001")
    assert case.last("breached").data == {"due_at": moment("10:30")}
    assert case.ticket.breach_alerted_at == moment("10:30:00.001")
    assert len([kind for kind in case.kinds() if kind == "paged"]) == before
    case.must(Wake(), "11:00")
    assert case.kinds().count("breached") == 1
    in_time = Case("P1")
    in_time.must(Resolve(L2, "xong"), "10:30")
    assert "breached" not in in_time.kinds()


def test_reopening_continues_the_used_time_and_climbs_the_ladder_anew() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:20")
    case.must(Reopen(CUSTOMER, "lại hỏng"), "11:00")
    ticket = case.ticket
    assert (ticket.state, ticket.resolved_at, ticket.resolution, ticket.call_back) == ("open", None, "", None)
    assert ticket.progress.stage == 1
    assert case.due() == "11:10"
    assert case.refused(Reopen(CUSTOMER, "lại hỏng")) == "not_resolved"
    assert case.refused(set_back("10:30"), "11:05") == "before_the_start"  # it was not resolved in between
    case.must(set_back("11:00"), "11:05")


@pytest.mark.parametrize(("priority", "owed"), [("P1", True), ("P2", True), ("P3", False), ("P4", False)])
def test_a_call_back_is_owed_after_p1_and_p2(priority: str, *, owed: bool) -> None:
    case = Case(priority)
    case.must(Resolve(L2, "xong"), "10:20")
    assert (case.ticket.call_back is not None) is owed
    if not owed:
        assert case.refused(CalledBack(L2, "Chị Mẫu")) == "not_resolved"
        return
    assert case.ticket.call_back is not None
    assert (case.ticket.call_back.due_at, case.ticket.call_back.by) == (moment("10:50"), L2.id)
    assert case.refused(CalledBack(L3, " "), "10:30") == "whom_needed"
    case.must(CalledBack(L3, "Chị Mẫu", "hài lòng"))
    assert (case.ticket.call_back.at, case.ticket.call_back.whom) == (moment("10:30"), "Chị Mẫu")
    assert case.last("called_back").data == {"whom": "Chị Mẫu", "note": "hài lòng"}
    assert case.refused(CalledBack(L3, "Chị Mẫu")) == "already_recorded"


def test_who_called_back_before_resolving_owes_nothing() -> None:
    case = Case("P1")
    decision = case.must(Resolve(L2, "xong", called="Chị Mẫu"), "10:20")
    assert case.ticket.call_back is not None
    assert case.ticket.call_back.at == moment("10:20")
    assert decision.wake_at is None


def duplicates(first: str = "10:00", second: str = "10:10") -> tuple[Case, Case]:
    """Return the ticket that stays, opened second, and its duplicate, opened first."""
    twin = {"code": "3CX-AAAA-BBBB", "message_id": "<2@x>", "sender": Participant(address="hai@anphu.example")}
    return Case("P1", start=f"2026-03-09 {second}"), Case("P1", start=f"2026-03-09 {first}", opening=twin)


def test_a_duplicate_gives_its_first_contact_its_people_and_its_thread_to_the_ticket_that_stays() -> None:
    stays, goes = duplicates()
    goes.must(RecordNotice(L2, at=moment("09:50"), caller="Chị Mẫu"), "10:11")
    stays.must(Absorb(L2, goes.ticket), "10:12")
    goes.must(MergeInto(L2, stays.ticket.code), "10:12")
    assert stays.due() == "10:20"  # of the call that the duplicate's mail had followed
    assert {p.address for p in stays.ticket.participants} == {"mot@anphu.example", "hai@anphu.example"}
    assert set(stays.ticket.mail.references) == {"<1@x>", "<2@x>"}
    assert stays.ticket.notice_at == moment("09:50")
    assert stays.last("absorbed").data == {"ticket": "3CX-AAAA-BBBB", "first_contact_at": moment("09:50")}
    assert (goes.ticket.state, goes.ticket.merged_into) == ("merged", stays.ticket.code)


def test_a_merged_duplicate_pages_nobody_any_more_and_its_clock_stands() -> None:
    stays, goes = duplicates()
    decision = goes.must(MergeInto(L2, stays.ticket.code), "10:12")
    assert decision.wake_at is None
    before = len(goes.effects)
    goes.must(Wake(), "12:00")
    assert not [effect for effect in goes.effects[before:] if isinstance(effect, Card) and effect.page is not None]
    assert goes.used("13:00") == 12
    assert goes.refused(Acknowledge(L2)) == "already_resolved"
    assert goes.refused(Reopen(CUSTOMER, "lại hỏng")) == "not_resolved"
    assert goes.refused(MergeInto(L2, stays.ticket.code)) == "already_resolved"
    assert goes.refused(RecordNotice(L2, at=moment("10:00"))) == "merged"


def test_only_another_open_ticket_of_the_same_customer_is_absorbed() -> None:
    stays, goes = duplicates()
    foreign = goes.ticket.model_copy(update={"customer": "binh-minh"})
    merged = goes.ticket.model_copy(update={"state": "merged"})
    for other in (foreign, merged, stays.ticket):
        assert stays.refused(Absorb(L2, other), "10:12") == "not_a_duplicate"
    assert stays.refused(MergeInto(L2, stays.ticket.code)) == "not_a_duplicate"


def test_a_later_duplicate_moves_no_start() -> None:
    stays, goes = duplicates(first="10:10", second="10:00")
    stays.must(Absorb(L2, goes.ticket), "10:12")
    assert stays.due() == "10:30"
    assert len([event for event in stays.ticket.clock if event.kind == "start"]) == 1


# The record, word by word

LONG = "x" * 2_001
KEPT = "x" * 2_000


def test_a_resolution_leaves_all_that_was_said_of_it_in_the_ticket_and_in_its_event() -> None:
    case = Case("P1")
    case.ticket = case.ticket.model_copy(update={"asked_to_reopen": True})
    case.must(Resolve(L2, LONG, workaround=True, at=moment("10:10"), evidence=LONG, called=f" {LONG}"), "10:12")
    ticket, event = case.ticket, case.last("resolved")
    assert (ticket.state, ticket.resolution, ticket.workaround) == ("resolved", KEPT, True)
    assert (ticket.resolved_at, ticket.resolved_by, ticket.asked_to_reopen) == (moment("10:10"), "Người L2", False)
    whom = "x" * 1_999
    assert ticket.call_back == CallBack(due_at=moment("10:42"), by="l2.one", at=moment("10:12"), whom=whom)
    assert (event.by, event.at) == ("staff:l2.one", moment("10:12"))
    assert event.data == {
        "note": KEPT,
        "workaround": True,
        "resolved_at": moment("10:10"),
        "evidence": KEPT,
        "called": f" {whom}",
    }


def test_a_plain_resolution_leaves_no_empty_words() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:12")
    assert case.last("resolved").data == {"note": "xong", "workaround": False}
    assert case.ticket.call_back == CallBack(due_at=moment("10:42"), by="l2.one")


def test_a_resolution_may_be_evidenced_for_this_very_moment_and_for_the_first_contact() -> None:
    for when in ("10:10", "10:00"):
        case = Case("P1")
        case.must(set_back(when), "10:10")
        assert case.ticket.resolved_at == moment(when)


def test_a_call_back_is_recorded_with_who_made_it_and_no_more_than_was_said() -> None:
    case = Case("P1")
    case.must(Resolve(L2, "xong"), "10:12")
    case.must(CalledBack(L3, f" {LONG} "), "10:20")
    assert (case.last("called_back").by, case.last("called_back").data) == ("staff:l3.one", {"whom": "x" * 1_999})
    assert case.ticket.call_back == CallBack(due_at=moment("10:42"), by="l2.one", at=moment("10:20"), whom="x" * 1_999)


@pytest.mark.parametrize(("by", "name"), [(L2, "staff:l2.one"), (CUSTOMER, "customer:c1/o1")])
def test_reopening_takes_everything_of_the_resolution_back(by: object, name: str) -> None:
    case = Case("P1")
    case.must(Resolve(L2, "đường dự phòng", workaround=True, called="Chị Mẫu"), "10:20")
    case.must(Reopen(by, LONG), "11:00")  # type: ignore[arg-type]
    ticket, event = case.ticket, case.last("reopened")
    assert (ticket.state, ticket.resolution, ticket.workaround) == ("open", "", False)
    assert (ticket.resolved_at, ticket.resolved_by, ticket.call_back) == (None, "", None)
    assert ticket.clock[-1] == ClockEvent(at=moment("11:00"), kind="reopen")
    assert (event.by, event.data) == (name, {"note": KEPT})


# Merging


def thread(root: int, minute: int) -> Thread:
    chat = channel_chat(root)
    return Thread(chat=chat, language="vi", linked_by=CUSTOMER.person, linked_at=moment("10:00") + minute * MINUTE)


def test_a_duplicate_gives_its_notices_chats_bindings_and_starts_each_once() -> None:
    stays, goes = Case("P1", start="2026-03-09 10:10", book=literal("P1")), duplicates()[1]
    goes.book = stays.book
    goes.must(RecordNotice(L2, at=moment("09:50"), caller="Chị Mẫu"), "10:11")
    stays.must(RecordNotice(L3, at=moment("10:09")), "10:11")
    mine = Binding(person=PersonKey(tenant="f1", object_id="o1"), address="mot@anphu.example", until=moment("12:00"))
    theirs = Binding(person=PersonKey(tenant="f1", object_id="o2"), address="hai@anphu.example", until=moment("12:00"))
    stays.ticket = stays.ticket.model_copy(update={"threads": (thread(1, 1), thread(2, 2)), "bindings": (mine,)})
    both = Participant(address="mot@anphu.example", name="Một")
    other = goes.ticket.model_copy(
        update={
            "threads": (thread(2, 3), thread(3, 4)),
            "bindings": (theirs,),
            "participants": (*goes.ticket.participants, both),
        }
    )
    decision = stays.must(Absorb(L2, other), "10:12")
    ticket = stays.ticket
    assert ticket.clock == (
        ClockEvent(at=moment("10:10"), kind="start", priority="P1"),
        ClockEvent(at=moment("10:09"), kind="start", priority="P1"),
        ClockEvent(at=moment("10:09"), kind="notice"),
        ClockEvent(at=moment("09:50"), kind="start", priority="P1"),
        ClockEvent(at=moment("09:50"), kind="notice"),
    )
    assert ticket.threads == (thread(1, 1), thread(2, 2), thread(3, 4))
    assert ticket.bindings == (mine, theirs)
    assert [p.address for p in ticket.participants] == ["mot@anphu.example", "hai@anphu.example"]
    assert ticket.notices == (
        Notice(at=moment("10:09"), channel="phone", by="staff:l3.one"),
        Notice(at=moment("09:50"), channel="phone", by="staff:l2.one", caller="Chị Mẫu"),
    )
    assert ticket.notice_at == moment("09:50")
    assert ticket.mail.references == ("<2@x>", "<1@x>")
    event = next(event for event in decision.events if event.kind == "absorbed")
    assert event.by == "staff:l2.one"
    assert event.data == {"ticket": "3CX-AAAA-BBBB", "first_contact_at": moment("09:50")}


@pytest.mark.parametrize(
    ("mine", "theirs", "first"),
    [(None, None, None), ("10:11", None, "10:11"), (None, "10:11", "10:11"), ("10:12", "10:11", "10:11")],
)
def test_the_first_notice_of_two_tickets_counts_also_where_it_is_too_old_to_be_listed(
    mine: str | None, theirs: str | None, first: str | None
) -> None:
    stays, goes = duplicates()
    for case, when in ((stays, mine), (goes, theirs)):
        case.ticket = case.ticket.model_copy(update={"notice_at": None if when is None else moment(when)})
    stays.must(Absorb(L2, goes.ticket), "10:13")
    assert stays.ticket.notice_at == (None if first is None else moment(first))


def test_a_duplicate_of_the_same_moment_adds_no_start() -> None:
    stays, goes = duplicates("10:10", "10:10")
    stays.must(Absorb(L2, goes.ticket), "10:12")
    assert [event.kind for event in stays.ticket.clock] == ["start"]


def test_an_earlier_first_contact_counts_by_the_priority_that_the_ticket_was_opened_with() -> None:
    stays, goes = Case("P3", start="2026-03-09 10:10"), duplicates()[1]
    stays.must(Reclassify(L2, "P1", "corrected", "không gọi được"), "10:11")
    stays.must(Absorb(L2, goes.ticket), "10:12")
    assert stays.ticket.clock[-1] == ClockEvent(at=moment("10:00"), kind="start", priority="P3")


def test_a_resolved_ticket_absorbs_nothing() -> None:
    stays, goes = duplicates()
    stays.must(Resolve(L2, "xong"), "10:12")
    assert stays.refused(Absorb(L2, goes.ticket)) == "already_resolved"


def test_a_merged_duplicate_is_nobodys_any_more_and_says_where_it_went() -> None:
    _, goes = duplicates()
    goes.book, _ = with_second_l2()
    goes.must(Acknowledge(L2), "10:11")
    goes.must(HandOver(L2, "l2.two", "hết ca"))
    goes.ticket = goes.ticket.model_copy(update={"threads": (thread(2, 3),)})
    decision = goes.must(MergeInto(L2, "3CX-7K2M-9QXD"), "10:12")
    ticket = goes.ticket
    assert (ticket.state, ticket.merged_into) == ("merged", "3CX-7K2M-9QXD")
    assert (ticket.ack, ticket.offered_to, ticket.word, ticket.threads) == (None, "", None, ())
    assert ticket.clock[-1] == ClockEvent(at=moment("10:12"), kind="merge")
    assert [(e.kind, e.by, e.data) for e in decision.events] == [
        ("merged", "staff:l2.one", {"into": "3CX-7K2M-9QXD"}),
    ]
    refused = goes.do(RecordNotice(L2, at=moment("10:00")))
    assert refused == Refused("merged", {"into": "3CX-7K2M-9QXD"})
