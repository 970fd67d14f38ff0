"""A customer is told by mail of each resolution, reopening and suspension: once, in the thread, to the right people."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sla.policy import Policy
from bot.ticket.commands import (
    Acknowledge,
    Command,
    CustomerMail,
    MergeInto,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Staff,
    Wake,
)
from bot.ticket.effects import Mail, lane_of
from bot.ticket.model import Participant, Suspension
from tests.rules.case import Case, moment
from tests.rules.ladder import book
from tests.rules.test_decide import CUSTOMER, STAFF, staffed
from tests.rules.test_live import suspended, with_suspensions

L2 = STAFF["L2"]
OUTCOMES = {"resolved", "reopened", "merged", "suspended", "agreed"}


def told(case: Case) -> list[Mail]:
    """Return the mails about what became of the ticket, in order."""
    return [effect for effect in case.effects if isinstance(effect, Mail) and effect.template in OUTCOMES]


def names(case: Case) -> list[str]:
    return [mail.template for mail in told(case)]


def only(case: Case, template: str) -> Mail:
    (mail,) = [one for one in told(case) if one.template == template]
    return mail


def with_mails(*wanted: str) -> Any:
    """Return the shipped desk with a policy that mails only what is wanted."""
    desk = staffed()
    return replace(desk, policy=Policy.model_validate({**desk.policy.model_dump(), "status_mails": wanted}))


def write(case: Case, who: str, message_id: str, when: str) -> None:
    case.must(CustomerMail(Participant(address=who), message_id, "Gửi thêm", moment(when)), when)


def test_a_resolution_is_answered_once_with_what_was_done() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:05")
    case.must(Resolve(L2, "Đã khởi động lại trunk", evidence="nhật ký nội bộ"), "10:12")
    case.must(Wake(), "10:13")
    assert names(case) == ["resolved"]
    assert only(case, "resolved").values == {
        "outcome": "resolved",
        "resolved_ms": str(moment("10:12")),
        "due_ms": str(moment("10:30")),
        "resolved_by": L2.name,
        "note": "Đã khởi động lại trunk",
        "call_back": "owed",
    }
    assert case.refused(Resolve(L2, "lần nữa")) == "already_resolved"


def test_a_workaround_and_a_call_already_made_are_told() -> None:
    case = Case("P2")
    case.must(Resolve(L2, "Chuyển đường dự phòng", workaround=True, called=" chị Mẫu "), "10:12")
    values = only(case, "resolved").values
    assert (values["outcome"], values["call_back"], values["called"]) == ("workaround", "done", "chị Mẫu")


@pytest.mark.parametrize("priority", ["P3", "P4"])
def test_no_call_is_promised_where_none_is_owed(priority: str) -> None:
    case = Case(priority)
    case.must(Resolve(L2, "xong"), "10:12")
    assert "call_back" not in only(case, "resolved").values


def test_a_resolution_set_back_is_told_with_its_own_time_and_the_deadline_of_then() -> None:
    case = Case("P1")
    case.must(Pause(L2, "third_party", "chờ nhà mạng", reference="VT-1"), "10:20")
    case.must(Resolve(L2, "xong", at=moment("10:15"), evidence="ghi âm"), "10:40")
    values = only(case, "resolved").values
    assert (values["resolved_ms"], values["due_ms"]) == (str(moment("10:15")), str(moment("10:30")))


def test_a_resolution_while_the_clock_stands_names_no_deadline() -> None:
    case = Case("P1")
    case.must(Pause(L2, "third_party", "chờ nhà mạng", reference="VT-1"), "10:20")
    case.must(Resolve(L2, "xong"), "10:40")
    assert "due_ms" not in only(case, "resolved").values


def test_it_goes_into_the_thread_as_it_then_is_to_everybody_of_it_and_never_to_ourselves() -> None:
    case = Case("P1")
    write(case, "HAI@anphu.example", "<2@x>", "10:05")
    write(case, "Mot@Anphu.example", "<3@x>", "10:06")
    write(case, case.book.desk.support_mail.upper(), "<4@x>", "10:07")
    case.must(Resolve(L2, "xong"), "10:12")
    mail = only(case, "resolved")
    assert mail.to == ("mot@anphu.example",)
    assert mail.cc == (case.book.desk.teams["teamx"].queue.email, "HAI@anphu.example")
    assert (mail.in_reply_to, mail.references) == ("<4@x>", ("<1@x>", "<2@x>", "<3@x>", "<4@x>"))
    assert mail.subject == case.ticket.subject
    assert mail.auto_submitted
    assert lane_of(mail) == f"m:ticket:{case.ticket.code}"


def test_every_resolution_and_every_reopening_has_a_mail_of_its_own() -> None:
    case = Case("P3")
    case.must(Resolve(L2, "lần một"), "10:20")
    case.must(Reopen(CUSTOMER, "lại hỏng"), "10:30")
    case.must(Resolve(L2, "lần hai"), "10:40")
    case.must(Reopen(L2, "khách gọi: thái độ khó chịu"), "10:50")
    assert names(case) == ["resolved", "reopened", "resolved", "reopened"]
    assert len({mail.id for mail in told(case)}) == 4
    assert [mail.values.get("note") for mail in told(case)] == ["lần một", None, "lần hai", None]


def test_nothing_internal_is_in_any_of_them() -> None:
    case = Case("P2")
    case.must(Reclassify(L2, "P1", "corrected", "bí mật"), "10:02")
    case.must(Pause(L2, "third_party", "bí mật", reference="bí mật"), "10:03")
    case.must(Resolve(L2, "xong", at=moment("10:02"), evidence="bí mật"), "10:12")
    case.must(Reopen(L2, "bí mật"), "10:30")
    case.desk = with_suspensions(suspended("10:35", "10:45"))
    case.must(Wake(), "10:50")
    assert names(case) == ["resolved", "reopened", "agreed"]
    assert "bí mật" not in repr(told(case))


def test_a_suspension_and_its_end_are_told_once_in_each_open_ticket() -> None:
    case = Case("P1")
    standing = suspended("10:10")
    case.desk = with_suspensions(standing)
    case.must(Wake(), "10:10")
    case.must(Wake(), "10:20")
    assert names(case) == ["suspended"]
    manager = case.book.roster.by_id["l5.one"].name
    assert only(case, "suspended").values == {
        "since_ms": str(moment("10:10")), "reason": "cấu hình", "manager": manager
    }  # fmt: skip
    case.desk = with_suspensions(agreed_on(standing, "14:00"))
    case.must(Wake(), "14:00")
    case.must(Wake(), "14:05")
    assert names(case) == ["suspended", "agreed"]
    assert only(case, "agreed").values == {
        "since_ms": str(moment("10:10")), "until_ms": str(moment("14:00")), "agreement": "mở cổng 5060"
    }  # fmt: skip


def test_a_suspension_that_was_over_when_the_ticket_learnt_of_it_is_told_with_its_reason_in_one_mail() -> None:
    case = Case("P1")
    case.desk = with_suspensions(agreed_on(suspended("10:10"), "10:40"))
    case.must(Wake(), "11:00")
    assert names(case) == ["agreed"]
    assert only(case, "agreed").values["reason"] == "cấu hình"


def test_a_new_ticket_of_a_suspended_customer_is_told_so_after_the_reply_with_its_code() -> None:
    case = Case("P1", desk=with_suspensions(suspended("09:00")))
    mails = [effect for effect in case.effects if isinstance(effect, Mail)]
    assert [mail.template for mail in mails if mail.to == ("mot@anphu.example",)] == ["auto_reply", "suspended"]
    assert only(case, "suspended").in_reply_to == "<1@x>"
    assert len({lane_of(mail) for mail in mails if mail.in_reply_to}) == 1


def test_tickets_that_are_resolved_or_merged_and_other_customers_are_told_of_no_suspension() -> None:
    resolved, merged, other = Case("P3"), Case("P3"), Case("P3")
    resolved.must(Resolve(L2, "xong"), "10:05")
    merged.must(MergeInto(L2, "3CX-AAAA-BBBB"), "10:05")
    for case in (resolved, merged, other):
        case.desk = with_suspensions(suspended("10:10", customer="binh-minh" if case is other else "an-phu"))
        case.must(Wake(), "10:20")
    assert (names(resolved), names(merged), names(other)) == (["resolved"], ["merged"], [])


@pytest.mark.parametrize("switched", [("resolved", "reopened"), ()])
def test_a_ticket_reopened_during_a_suspension_is_told_of_it_whatever_is_switched_off(
    switched: tuple[str, ...],
) -> None:
    case = Case("P3", book=with_mails(*switched))
    case.must(Resolve(L2, "xong"), "10:05")
    case.desk = with_suspensions(suspended("09:00", "09:30", name="s0"), suspended("10:10"))
    case.must(Reopen(CUSTOMER, "lại hỏng"), "10:20")
    assert only(case, "reopened").values == {"since_ms": str(moment("10:10"))}


def test_a_reopened_ticket_is_told_nothing_of_somebody_elses_suspension() -> None:
    case = Case("P3", desk=with_suspensions(suspended("09:00", customer="binh-minh")))
    case.must(Resolve(L2, "xong"), "10:05")
    case.must(Reopen(CUSTOMER, "lại hỏng"), "10:20")
    assert only(case, "reopened").values == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["resolve", "reopen", "suspend", "agree", "wake", "merge"]), max_size=12))
def test_in_any_order_there_is_one_mail_for_each_event_that_a_customer_has_to_know(acts: list[str]) -> None:
    case, desk = Case("P3"), list[Suspension]()
    for minute, act in enumerate(acts, start=1):
        when, standing = f"10:{minute:02}", desk and desk[-1].ended_at is None
        before = (case.ticket.state, len(case.kinds()), len(told(case)))
        if act == "suspend" and not standing:
            desk.append(suspended(when, name=f"s{minute}"))
        if act == "agree" and standing:
            desk[-1] = agreed_on(desk[-1], when)
        case.desk = with_suspensions(*desk)
        commands: dict[str, Command] = {
            "resolve": Resolve(L2, "xong"),
            "reopen": Reopen(CUSTOMER, "hỏng"),
            "merge": MergeInto(L2, "X"),
        }
        case.do(commands.get(act, Wake()), when)
        came = [kind for kind in case.kinds()[before[1] :] if kind in OUTCOMES]
        if before[0] != "open":
            came = [kind for kind in came if kind in ("resolved", "reopened")]
        if "suspended" in came and "agreed" in came:
            came.remove("suspended")
        assert names(case)[before[2] :] == came


def test_the_policy_switches_each_mail_but_never_that_of_a_suspension() -> None:
    for wanted, expected in (
        (("resolved",), ["resolved", "suspended", "agreed"]),
        (("reopened",), ["reopened", "suspended", "agreed"]),
        ((), ["suspended", "agreed"]),
    ):
        case = Case("P3", book=with_mails(*wanted))
        case.must(Resolve(L2, "xong"), "10:05")
        case.must(Reopen(CUSTOMER, "lại hỏng"), "10:20")
        case.desk = with_suspensions(suspended("10:30"))
        case.must(Wake(), "10:30")
        case.desk = with_suspensions(agreed_on(suspended("10:30"), "10:40"))
        case.must(Wake(), "10:40")
        assert names(case) == expected
    with pytest.raises(ValueError, match="suspended"):
        with_mails("suspended")


def test_a_policy_that_says_nothing_mails_everything() -> None:
    written = book().policy.model_dump()
    del written["status_mails"]
    assert set(Policy.model_validate(written).status_mails) == {"resolved", "reopened", "merged"}


def test_whoever_wrote_the_duplicate_learns_in_its_thread_where_it_goes_on() -> None:
    case = Case("P1")
    write(case, "hai@anphu.example", "<2@x>", "10:05")
    case.must(MergeInto(L2, "3CX-AAAA-BBBB"), "10:10")
    assert case.refused(MergeInto(L2, "3CX-AAAA-BBBB"), "10:11") == "already_resolved"
    mail = only(case, "merged")
    assert mail.values == {"into": "3CX-AAAA-BBBB"}
    assert (mail.to, mail.in_reply_to) == (("mot@anphu.example",), "<2@x>")
    assert "hai@anphu.example" in mail.cc


def test_a_merge_is_mailed_only_where_the_policy_has_it() -> None:
    case = Case("P1", book=with_mails("resolved", "reopened"))
    case.must(MergeInto(L2, "3CX-AAAA-BBBB"), "10:10")
    assert names(case) == []


def test_a_suspension_by_somebody_who_left_the_roster_names_nobody() -> None:
    case = Case("P3")
    gone = suspended("10:10").model_copy(update={"by": f"staff:{Staff('gone', 'Người cũ', 'L5').id}"})
    case.desk = with_suspensions(gone)
    case.must(Wake(), "10:10")
    assert "manager" not in only(case, "suspended").values


def agreed_on(suspension: Suspension, when: str) -> Suspension:
    over = {"ended_at": moment(when), "ended_by": "staff:l5.one", "agreement": "mở cổng 5060"}
    return suspension.model_copy(update=over)
