"""An outage is what a manager confirms, from the outage itself; what is not confirmed is not deducted (D17)."""

from dataclasses import replace

import pytest

from bot.sla.instants import MINUTE
from bot.ticket.commands import Pause, Resolve, Resume, Staff
from bot.ticket.model import Deduction, DeskRecord, Suspension, Ticket
from bot.ticket.outage import ConfirmOutage, WithdrawOutage, proposed_deductions, standing_outage
from tests.rules.case import Case
from tests.rules.ladder import at
from tests.rules.test_decide import STAFF

MANAGER, ENGINEER = STAFF["L5"], STAFF["L2"]


def moment(text: str) -> int:
    return at(f"2026-03-09 {text}")


def deduction(start: str, end: str, reason: str = "provider", note: str = "Mã sự cố NCC-77") -> Deduction:
    return Deduction.model_validate({"start": moment(start), "end": moment(end), "reason": reason, "note": note})


def outage(
    start: str = "09:40", end: str | None = "10:50", *deductions: Deduction, evidence: str = "Nhật ký SIP",
    by: Staff = MANAGER,
) -> ConfirmOutage:  # fmt: skip
    return ConfirmOutage(by, moment(start), moment(end) if end else None, evidence, deductions)


@pytest.fixture
def case() -> Case:
    """Return a P1 of 10:00, looked at from 11:00."""
    opened = Case()
    opened.now = moment("11:00")
    return opened


def test_it_begins_before_the_notice_and_is_kept_with_its_evidence(case: Case) -> None:
    case.must(outage("09:40", "10:50", deduction("10:00", "10:10")))
    (kept,) = case.ticket.outages
    assert (kept.n, kept.start, kept.end) == (1, moment("09:40"), moment("10:50"))
    assert (kept.evidence, kept.by, kept.confirmed_at) == ("Nhật ký SIP", MANAGER.id, moment("11:00"))
    assert [(d.start, d.end, d.reason) for d in kept.deductions] == [(moment("10:00"), moment("10:10"), "provider")]
    event = case.events[-1]
    assert (event.kind, event.by) == ("outage_confirmed", f"staff:{MANAGER.id}")
    assert (event.data["started_at"], event.data["ended_at"]) == (moment("09:40"), moment("10:50"))
    assert "was" not in event.data


def test_it_moves_neither_the_clock_nor_a_card() -> None:
    case = Case("P4")
    case.now = moment("11:00")
    clock, due, shown = case.ticket.clock, case.due(), case.ticket.shown_version
    decision = case.must(outage())
    assert (case.ticket.clock, case.due(), case.ticket.shown_version) == (clock, due, shown)
    assert [event.kind for event in decision.events if event.kind.startswith("outage")] == ["outage_confirmed"]


def test_a_resolved_ticket_takes_it_too(case: Case) -> None:
    case.must(Resolve(MANAGER, "Đã khởi động lại dịch vụ"))
    case.must(outage())
    assert standing_outage(case.ticket) is not None


def test_another_confirmation_replaces_it_and_the_event_keeps_both(case: Case) -> None:
    case.must(outage("09:40", None))
    case.must(outage("09:45", "10:30", deduction("10:00", "10:10", "data_centre")))
    first, second = case.ticket.outages
    assert (first.withdrawn, second.withdrawn, second.n) == (True, False, 2)
    assert standing_outage(case.ticket) == second
    was = case.events[-1].data["was"]
    assert isinstance(was, dict)
    assert (was["outage"], was["started_at"], was["ended_at"]) == (1, moment("09:40"), None)
    assert case.events[-1].data["started_at"] == moment("09:45")


def test_it_can_be_withdrawn_with_a_reason(case: Case) -> None:
    case.must(outage())
    assert case.refused(WithdrawOutage(ENGINEER, "nhầm")) == "manager_only"
    assert case.refused(WithdrawOutage(MANAGER, "  ")) == "note_needed"
    case.must(WithdrawOutage(MANAGER, "Chỉ một máy bàn hỏng"))
    assert standing_outage(case.ticket) is None
    assert (case.events[-1].kind, case.events[-1].data["reason"]) == ("outage_withdrawn", "Chỉ một máy bàn hỏng")
    assert case.refused(WithdrawOutage(MANAGER, "lần nữa")) == "no_outage"
    case.must(outage())
    assert standing_outage(case.ticket) is not None


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (outage(by=ENGINEER), "manager_only"),
        (outage(evidence="  "), "evidence_needed"),
        (outage("09:40", "10:50", deduction("10:00", "10:10", note=" ")), "note_needed"),
        (outage("11:01", None), "in_the_future"),
        (outage("10:00", "11:01"), "in_the_future"),
        (outage("10:00", "10:00"), "outage_times"),
        (outage("10:30", "10:00"), "outage_times"),
        (outage("09:40", "10:50", deduction("09:39", "10:00")), "outage_deductions"),
        (outage("09:40", "10:50", deduction("10:40", "10:51")), "outage_deductions"),
        (outage("09:40", None, deduction("10:40", "11:01")), "outage_deductions"),
        (outage("09:40", "10:50", deduction("10:00", "10:00")), "outage_deductions"),
        (outage("09:40", "10:50", deduction("10:10", "10:00")), "outage_deductions"),
    ],
)
def test_what_would_not_stand_in_a_dispute_is_refused(case: Case, command: ConfirmOutage, reason: str) -> None:
    assert case.refused(command) == reason


@pytest.mark.parametrize(
    "command",
    [
        outage("11:00", None),
        ConfirmOutage(MANAGER, moment("11:00"), None, "Nhật ký SIP"),
        outage("10:00", "11:00", deduction("10:00", "11:00")),
        outage("09:40", None, deduction("10:40", "11:00", "excluded")),
    ],
)
def test_the_edges_of_what_is_allowed(case: Case, command: ConfirmOutage) -> None:
    case.must(command)


def paused(reason: str, **proof: str) -> Pause:
    return Pause(MANAGER, reason, "chờ", **proof)  # type: ignore[arg-type]


class TestProposed:
    def proposed(self, ticket: Ticket, start: str, end: str) -> list[tuple[str, int, int]]:
        begin = moment(start)
        found = proposed_deductions(ticket, begin, moment(end))
        return [(d.reason, (d.start - begin) // MINUTE, (d.end - begin) // MINUTE) for d in found]

    def test_pauses_are_proposed_by_what_they_were_cut_to_the_outage(self) -> None:
        case = Case()
        case.must(paused("third_party", reference="NCC-77"), "10:10")
        case.must(paused("out_of_control", agreed_by="Trần Thị Mẫu"), "10:15")
        case.must(Resume(MANAGER, pause=1), "10:20")
        case.must(Resume(MANAGER), "10:40")
        case.must(paused("third_party", reference="NCC-78"), "10:45")
        assert self.proposed(case.ticket, "10:12", "11:00") == [
            ("provider", 0, 8),
            ("excluded", 3, 28),
            ("provider", 33, 48),
        ]

    def test_two_pauses_for_one_reason_are_proposed_as_one_stretch(self) -> None:
        case = Case()
        case.must(paused("out_of_scope", evidence="Thiết bị bên thứ ba"), "10:10")
        case.must(paused("customer_fault", evidence="Đổi cấu hình"), "10:20")
        case.must(Resume(MANAGER, pause=1), "10:30")
        case.must(Resume(MANAGER), "10:40")
        assert self.proposed(case.ticket, "10:00", "11:00") == [("excluded", 10, 40)]

    def test_waiting_for_the_customer_is_no_deduction_since_the_service_was_down(self) -> None:
        case = Case()
        case.must(paused("customer", asked="Ảnh chụp màn hình"), "10:10")
        assert self.proposed(case.ticket, "10:00", "11:00") == []

    def test_a_suspension_of_the_customer_is_proposed(self) -> None:
        case = Case()
        stood = Suspension(
            id="s1", customer=case.ticket.customer, at=moment("10:05"), by="staff:l5.one", reason="cấu hình",
            ended_at=moment("10:25"), ended_by="staff:l5.one", agreement="đã sửa",
        )  # fmt: skip
        case.desk = replace_desk(case.desk, stood)
        case.must(paused("third_party", reference="NCC-77"), "10:30")
        assert self.proposed(case.ticket, "10:00", "10:40") == [("suspended", 5, 25), ("provider", 30, 40)]

    def test_what_is_proposed_can_be_confirmed_as_it_is_and_names_the_ticket(self) -> None:
        case = Case()
        case.must(paused("third_party", reference="NCC-77"), "10:10")
        case.now = moment("11:00")
        proposal = proposed_deductions(case.ticket, moment("10:00"), moment("11:00"))
        command = replace(outage("10:00", "11:00"), deductions=proposal)
        bare = tuple(one.model_copy(update={"note": " "}) for one in proposal)
        assert case.refused(replace(command, deductions=bare)) == "note_needed"
        case.must(command)
        kept = standing_outage(case.ticket)
        assert kept is not None
        assert kept.deductions == proposal
        assert {one.note for one in proposal} == {case.ticket.code}


def replace_desk(desk: DeskRecord, suspension: Suspension) -> DeskRecord:
    return desk.model_copy(update={"suspensions": (suspension,)})


# The record, word by word

LONG = "x" * 2_001
KEPT = "x" * 2_000


def test_the_event_says_all_that_was_confirmed_replaced_and_withdrawn(case: Case) -> None:
    case.must(outage("09:40", "10:50", deduction("10:00", "10:10", note=LONG), evidence=LONG))
    (kept,) = case.ticket.outages
    assert kept.deductions == (deduction("10:00", "10:10", note=KEPT),)
    first = {
        "outage": 1,
        "started_at": moment("09:40"),
        "ended_at": moment("10:50"),
        "evidence": KEPT,
        "deductions": [{"start": moment("10:00"), "end": moment("10:10"), "reason": "provider", "note": KEPT}],
    }
    assert case.last("outage_confirmed").data == first
    case.must(outage("09:45", "10:30"))
    second = {
        "outage": 2,
        "started_at": moment("09:45"),
        "ended_at": moment("10:30"),
        "evidence": "Nhật ký SIP",
        "deductions": [],
    }
    assert case.last("outage_confirmed").data == {**second, "was": first}
    case.must(WithdrawOutage(MANAGER, LONG))
    event = case.last("outage_withdrawn")
    assert (event.by, event.data) == ("staff:l5.one", {"reason": KEPT, "was": second})


def test_of_two_proposals_that_begin_together_the_order_is_that_of_their_reasons() -> None:
    case = Case()
    case.must(paused("third_party", reference="NCC-77"), "10:10")
    case.must(paused("out_of_control", agreed_by="Trần Thị Mẫu"), "10:15")
    found = proposed_deductions(case.ticket, moment("10:20"), moment("11:00"))
    assert [(one.reason, one.start, one.end) for one in found] == [
        ("excluded", moment("10:20"), moment("11:00")),
        ("provider", moment("10:20"), moment("11:00")),
    ]


def test_what_happened_after_the_outage_proposes_nothing() -> None:
    case = Case()
    case.must(paused("third_party", reference="NCC-77"), "10:10")
    assert proposed_deductions(case.ticket, moment("10:01"), moment("10:05")) == ()
    assert proposed_deductions(case.ticket, moment("10:01"), moment("10:10")) == ()
    assert [one.end for one in proposed_deductions(case.ticket, moment("10:01"), moment("10:11"))] == [moment("10:11")]
