"""What a receipt says of a ticket, to whom; and that a changed event or a page's fate cannot be hidden."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.instants import MINUTE
from bot.ticket.chain import read_chain
from bot.ticket.commands import (
    Absorb,
    Acknowledge,
    AnswerChase,
    CodePosted,
    CustomerMail,
    Delivered,
    MergeInto,
    Note,
    Pause,
    Reclassify,
    RecordNotice,
    Reopen,
    Resolve,
    Resume,
    Undelivered,
    Wake,
)
from bot.ticket.draft import event_hash
from bot.ticket.model import DeskRecord, Participant, PhoneNotice, Suspension
from bot.ticket.proof import Answer, Sending, pages_of
from bot.ticket.receipt import Audience, Receipt, receipt_of
from tests.rules.case import DAY, Case, moment
from tests.rules.test_decide import CUSTOMER, STAFF, channel_chat, desk_record

L2, L3, BOSS = STAFF["L2"], STAFF["L3"], STAFF["L5"]


def receipt(case: Case, audience: Audience = "desk", when: str | None = None) -> Receipt:
    case.now = case.now if when is None else moment(when)
    return receipt_of(case.ticket, tuple(case.events), case.rules(), audience)


def paused_case() -> Case:
    """Return a P1 that waited for the provider from 10:09 to 10:37 and was resolved at 10:44."""
    case = Case()
    case.must(Acknowledge(L2), "10:04")
    case.must(Pause(L2, "third_party", "Số riêng của anh Bình", reference="VT-0417"), "10:09")
    case.must(Wake(), "10:24")
    case.must(AnswerChase(L2, 1, "Họ hẹn 10 phút"), "10:26")
    case.must(Resume(L2, "Nhà mạng đã xong"), "10:37")
    case.must(Resolve(L2, "Đổi đường truyền"), "10:44")
    return case


def test_a_pause_is_told_with_its_reference_its_chases_and_who_ended_it() -> None:
    told = receipt(paused_case())
    (pause,) = told.pauses
    assert (pause.reason, pause.reference, pause.note, pause.by) == (
        "third_party", "VT-0417", "Số riêng của anh Bình", "Người L2",
    )  # fmt: skip
    assert (pause.start, pause.end) == (moment("10:09"), moment("10:37"))
    assert [(chase.reminder, chase.by, chase.note) for chase in pause.chases if not chase.reminder] == [
        (False, "Người L2", "Họ hẹn 10 phút")
    ]
    assert moment("10:24") in [chase.at for chase in pause.chases if chase.reminder]
    assert (pause.ended_by, pause.end_note, pause.answered) == ("Người L2", "Nhà mạng đã xong", False)
    assert pause.noted_at is None
    assert (told.used, told.left) == (16 * MINUTE, 14 * MINUTE)


def test_the_deadline_of_a_resolved_ticket_is_the_one_that_stood() -> None:
    case = paused_case()
    assert case.reading().due_at() is None
    assert receipt(case, when="2026-03-10 10:00").due_at == moment("10:58")


def test_a_clock_that_stands_has_no_deadline() -> None:
    case = Case()
    case.must(Pause(L2, "third_party", "x", reference="VT-1"), "10:09")
    told = receipt(case, when="10:20")
    assert (told.due_at, told.used, told.as_of) == (None, 9 * MINUTE, moment("10:20"))


def test_the_customers_edition_has_no_note_no_page_and_no_name_but_the_holders() -> None:
    case = paused_case()
    case.must(Reopen(L3, "lại lỗi"), "10:50")
    case.must(Acknowledge(L3), "10:51")
    case.must(RecordNotice(L3, at=moment("10:49"), caller="chị Mẫu", note="nói giọng gắt"), "10:52")
    case.must(Reclassify(L3, "P2", "corrected", "khách nói quá"), "10:53")
    internal = {"Số riêng của anh Bình", "Họ hẹn 10 phút", "Nhà mạng đã xong", "nói giọng gắt", "khách nói quá"}
    desk, customer = repr(receipt(case)), repr(receipt(case, "customer"))
    assert all(text in desk for text in internal | {"Người L2"})
    assert not any(text in customer for text in internal | {"Người L2", "l2.one"})
    assert all(text in customer for text in ("VT-0417", "Người L3", "chị Mẫu"))
    assert not any(chase.reminder for chase in receipt(case, "customer").pauses[0].chases)
    assert receipt(case, "customer").measures == receipt(case).measures


def test_the_breach_alert_and_its_correction_are_the_desks_own() -> None:
    case = Case()
    case.must(Wake(), "10:30")
    case.must(Reclassify(L2, "P3", "corrected", "chỉ âm thanh"), "10:40")
    assert (receipt(case).breach_alerted_at, receipt(case).breach_corrected_at) == (moment("10:30"), moment("10:40"))
    told = receipt(case, "customer")
    assert (told.breach_alerted_at, told.breach_corrected_at, told.breached_at) == (None, None, None)


def test_the_first_contact_is_named_by_what_it_was() -> None:
    assert receipt(Case()).first_contact.kind == "mail"
    call = PhoneNotice(id="c1", customer="an-phu", at=moment("09:50"), by="staff:l2.one", caller="chị Mẫu")
    told = receipt(Case(opening={"call": call}))
    assert (told.first_contact.at, told.first_contact.kind, told.first_contact.who) == (
        moment("09:50"), "phone", "chị Mẫu",
    )  # fmt: skip
    assert told.measures[0].start == moment("09:50")
    case, other = Case(), Case(start=f"{DAY} 09:40")
    case.must(Absorb(L2, other.ticket.model_copy(update={"code": "3CX-OTHER"})), "10:10")
    assert (receipt(case).first_contact.kind, receipt(case).first_contact.who) == ("merged", "3CX-OTHER")


def test_a_code_in_teams_after_the_mail_is_a_notice_that_moves_nothing() -> None:
    case = Case()
    case.must(CodePosted(CUSTOMER, channel_chat(1), "vi", moment("10:03"), "mã", "m1"), "10:03")
    told = receipt(case)
    assert [(heard.at, heard.kind) for heard in told.heard] == [(moment("10:03"), "teams")]
    assert told.first_contact.kind == "mail"


def test_the_priority_is_told_through_all_its_changes() -> None:
    case = Case(priority=None)
    case.must(Reclassify(L2, "P2", "corrected", ""), "10:05")
    case.must(Reclassify(L2, "P3", "corrected", "nhẹ hơn"), "10:10")
    case.must(Reclassify(L2, "P1", "worsened", "mất hẳn"), "10:20")
    told = receipt(case, when="10:25")
    assert [(one.priority, one.was, one.how) for one in told.classified] == [
        ("P2", "", None), ("P2", "P2", "confirmed"), ("P3", "P2", "corrected"), ("P1", "P3", "worsened"),
    ]  # fmt: skip
    assert [(measure.priority, measure.used // MINUTE) for measure in told.measures] == [("P3", 20), ("P1", 5)]
    assert (told.priority, told.target, told.used) == ("P1", 30 * MINUTE, 5 * MINUTE)


def test_an_answer_of_the_customer_ends_the_wait_for_them() -> None:
    case = Case()
    case.must(Pause(L2, "customer", "x", asked="Ảnh màn hình?"), "10:05")
    answer = CustomerMail(Participant(address="mot@anphu.example"), "<2@x>", "đây", moment("10:15"))
    case.must(answer, "10:16")
    (pause,) = receipt(case, "customer").pauses
    assert (pause.asked, pause.end, pause.answered, pause.ended_by) == (
        "Ảnh màn hình?", moment("10:15"), True, "mot@anphu.example",
    )  # fmt: skip


def test_a_pause_and_a_resolution_that_were_set_back_say_when_they_were_entered() -> None:
    case = Case()
    case.must(Pause(L2, "third_party", "x", reference="VT-1", since=moment("10:05"), evidence="nhật ký"), "10:12")
    case.must(Resume(L2), "10:20")
    case.must(Resolve(L2, "xong", at=moment("10:22"), evidence="nhật ký cuộc gọi"), "10:40")
    told = receipt(case)
    assert (told.pauses[0].start, told.pauses[0].noted_at) == (moment("10:05"), moment("10:12"))
    assert (told.resolved_at, told.resolution_noted_at, told.resolution_evidence) == (
        moment("10:22"), moment("10:40"), "nhật ký cuộc gọi",
    )  # fmt: skip
    assert told.as_of == moment("10:40")


def test_a_suspension_is_told_with_its_reason_and_its_agreement() -> None:
    one = Suspension(
        id="s1", customer="an-phu", at=moment("10:05"), by="staff:l5.one", reason="Cấu hình không phù hợp",
        ended_at=moment("10:15"), ended_by="staff:l5.one", agreement="email ngày 09/03",
    )  # fmt: skip
    case = Case(desk=desk_record())
    case.desk = DeskRecord(channels=case.desk.channels, suspensions=(one,))
    case.must(Note(L2, "x"), "10:20")
    told = receipt(case)
    (suspended,) = told.suspensions
    assert (suspended.start, suspended.end, suspended.reason, suspended.agreement, suspended.by) == (
        moment("10:05"), moment("10:15"), "Cấu hình không phù hợp", "email ngày 09/03", "Người L5",
    )  # fmt: skip
    assert [row.kind for row in told.measures[0].rows] == ["running", "suspended", "running"]
    assert receipt(case, "customer").suspensions[0].by == ""


def suspended_case(resolved: str, *stretches: tuple[str, str]) -> Case:
    """Return a P1 of 10:00 that was resolved at a time and knows of suspensions from and to times."""
    case = Case()
    case.must(Resolve(L2, "xong"), resolved)
    known = [
        Suspension(
            id=since, customer="an-phu", at=moment(since), by="staff:l5.one", reason="Cấu hình",
            ended_at=moment(until), ended_by="staff:l5.one", agreement="email",
        )
        for since, until in stretches
    ]  # fmt: skip
    case.desk = DeskRecord(channels=case.desk.channels, suspensions=tuple(known))
    return case


def test_a_suspension_that_never_touched_the_clock_is_not_on_its_receipt() -> None:
    case = suspended_case("10:12", ("10:05", "10:08"), ("10:20", "10:40"))
    case.must(Note(L2, "x"), "11:00")
    assert [one.id for one in receipt(case).suspensions] == ["10:05"]
    assert [one.id for one in receipt(case, "customer").suspensions] == ["10:05"]
    case.must(Reopen(L2, "lại hỏng"), "11:10")
    assert [one.id for one in receipt(case, when="11:15").suspensions] == ["10:05"], "it stood resolved all the while"


def test_a_suspension_over_a_resolution_is_on_the_receipt_once_the_fault_is_back() -> None:
    case = suspended_case("10:12", ("10:20", "11:20"))
    case.must(Note(L2, "x"), "11:00")
    assert receipt(case).suspensions == ()
    case.must(Reopen(L2, "lại hỏng"), "11:10")
    assert [one.id for one in receipt(case).suspensions] == ["10:20"], "from its first moment on"


def test_days_that_did_not_count_are_named_also_inside_a_pause() -> None:
    case = Case(priority="P4", start="2026-04-25 10:00")
    case.must(Pause(L2, "third_party", "x", reference="VT-1"), "2026-04-25 11:00")
    told = receipt(case, when="2026-05-04 10:00")
    assert [day.date.isoformat() for day in told.closed_days] == ["2026-04-27", "2026-04-30", "2026-05-01"]
    assert told.doubtful_years == ()
    told = receipt(Case(start="2031-03-10 10:00"))
    assert told.doubtful_years == ((2031, "unreviewed"),)


def test_a_merged_ticket_says_where_its_time_is_counted() -> None:
    case = Case()
    case.must(MergeInto(L2, "3CX-OTHER"), "10:10")
    told = receipt(case, when="11:00")
    assert (told.merged_into, told.measures[-1].end) == ("3CX-OTHER", moment("10:10"))


def bodies(case: Case) -> list[bytes]:
    return [event.model_dump_json().encode() for event in case.events]


def test_the_chain_of_a_lived_ticket_holds() -> None:
    case = paused_case()
    chain = read_chain(bodies(case), count=case.ticket.events, head=case.ticket.head)
    assert chain.holds
    assert len(chain.events) == case.ticket.events == len(case.events)


@given(place=st.integers(0, 99), field=st.sampled_from(["at", "kind", "by", "data", "before", "hash", "n"]))
def test_a_changed_event_breaks_the_chain_where_it_stands(place: int, field: str) -> None:
    case = LIVED
    stored = bodies(case)
    place %= len(stored)
    event = json.loads(stored[place])
    changed = {"at": 1, "n": 77, "data": {"x": 1}}.get(field, "changed")
    stored[place] = json.dumps(event | {field: changed}).encode()
    chain = read_chain(stored, count=case.ticket.events, head=case.ticket.head)
    assert chain.broken_at == place + 1


@given(place=st.integers(0, 99), field=st.sampled_from(["at", "before", "n"]))
def test_a_changed_event_that_was_given_a_hash_of_its_own_breaks_the_chain_all_the_same(place: int, field: str) -> None:
    case = LIVED
    place %= len(case.events)
    forged = case.events[place].model_copy(update={field: {"at": 1, "before": "0" * 32, "n": 77}[field]})
    stored = bodies(case)
    stored[place] = forged.model_copy(update={"hash": event_hash(forged)}).model_dump_json().encode()
    chain = read_chain(stored, count=case.ticket.events, head=case.ticket.head)
    last = place + 1 == len(stored)
    assert chain.broken_at == (place + 1 if field != "at" or last else place + 2)


@given(place=st.integers(0, 99), how=st.sampled_from(["left out", "twice", "unreadable", "moved"]))
def test_an_event_left_out_put_in_or_moved_breaks_the_chain(place: int, how: str) -> None:
    case = LIVED
    stored = bodies(case)
    place %= len(stored) - 1
    match how:
        case "left out":
            del stored[place]
        case "twice":
            stored.insert(place, stored[place])
        case "unreadable":
            stored[place] = b'{"n": 1'
        case "moved":
            stored[place], stored[place + 1] = stored[place + 1], stored[place]
    chain = read_chain(stored, count=case.ticket.events, head=case.ticket.head)
    assert chain.broken_at == place + (2 if how == "twice" else 1)


@pytest.mark.parametrize(("count", "head"), [(-1, None), (1, None), (0, "another")])
def test_the_record_must_say_the_same_as_the_last_event(count: int, head: str | None) -> None:
    case = LIVED
    chain = read_chain(bodies(case), count=case.ticket.events + count, head=head or case.ticket.head)
    assert not chain.holds
    assert "the record says" in chain.why


def test_a_chain_whose_last_events_were_cut_off_breaks_after_the_last() -> None:
    case = LIVED
    chain = read_chain(bodies(case)[:-2], count=case.ticket.events, head=case.ticket.head)
    assert chain.broken_at == case.ticket.events - 1
    assert read_chain([], count=0, head="").holds


def test_a_page_is_proved_from_due_to_acknowledged() -> None:
    case = Case()
    case.must(Delivered("e1", page=("0.s0", "l2.one", "teams")), "10:01")
    case.must(Undelivered("e2", "550 mailbox unavailable", page=("0.s0", "l2.one", "mail")), "10:01")
    case.must(Acknowledge(L2), "10:03")
    case.must(Delivered("e3", page=("0.s0", "desk", "teams"), dropped=True), "10:04")
    page = next(page for page in pages_of(tuple(case.events)) if page.occurrence == "0.s0")
    assert (page.kind, page.level, page.due_at, page.queued_at) == ("step", "L2", moment("10:00"), moment("10:00"))
    told = {(sending.contact, sending.channel): sending for sending in page.sendings}
    assert told["l2.one", "teams"] == Sending("l2.one", "teams", "accepted", moment("10:01"))
    assert told["l2.one", "mail"] == Sending("l2.one", "mail", "failed", moment("10:01"), "550 mailbox unavailable")
    assert told["l2.one", "phone"].fate == "open"
    assert told["desk", "teams"] == Sending(
        "desk", "teams", "dropped", moment("10:04"), "acknowledged by staff:l2.one"
    )  # fmt: skip
    assert page.answer == Answer(moment("10:03"), "staff:l2.one", "acknowledged", "teams")
    assert page.lateness(page.answer.at) == 3 * MINUTE


def test_a_page_sent_on_by_another_channel_says_so() -> None:
    book = Case().book
    case = Case(book=replace(book, channels_configured=frozenset({"teams", "mail"})))
    key = ("0.s0", "l2.one")
    case.must(Undelivered("e1", "gone", page=(*key, "teams")), "10:01")
    case.must(Undelivered("e2", "gone", page=(*key, "mail")), "10:01")
    case.must(Delivered("e3", page=(*key, "phone")), "10:02")
    page = next(page for page in pages_of(tuple(case.events)) if page.occurrence == "0.s0")
    assert [(s.channel, s.fate, s.instead) for s in page.sendings if s.contact == "l2.one"] == [
        ("mail", "failed", False), ("teams", "failed", False), ("phone", "accepted", True),
    ]  # fmt: skip


def test_a_message_that_was_needless_is_explained_by_what_came_last_before_it() -> None:
    case = Case()
    case.must(Acknowledge(L2), "10:03")
    case.must(Acknowledge(L3), "10:04")
    case.must(Delivered("e1", page=("0.s0", "l2.one", "mail"), dropped=True), "10:05")
    case.must(Delivered("e2", page=("0.s0", "managers", "teams")), "10:05")
    case.must(Resolve(L3, "xong"), "10:06")
    told = {(sending.contact, sending.channel): sending for sending in pages_of(tuple(case.events))[0].sendings}
    assert told["l2.one", "mail"].why == "acknowledged by staff:l3.one"
    assert not told["managers", "teams"].instead


def test_a_resolution_answers_a_page_that_nobody_acknowledged() -> None:
    case = Case()
    case.must(Resolve(L2, "tự hết"), "10:02")
    (page, *_) = pages_of(tuple(case.events))
    assert page.answer == Answer(moment("10:02"), "staff:l2.one", "resolved", "")
    assert pages_of(tuple(Case().events))[0].answer is None


LIVED = paused_case()
