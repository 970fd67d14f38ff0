"""What engineers say about a ticket: notes, and its priority (D2, D7)."""

from typing import Any

import pytest

from bot.errors import Refused
from bot.sla.clock import ClockEvent
from bot.ticket.commands import Acknowledge, Note, Reclassify, Resolve, Staff
from tests.rules.case import Case, moment
from tests.rules.paged import L2, L3

LONG = "x" * 2_001
KEPT = "x" * 2_000


def test_a_note_is_recorded_and_keeps_the_hold_of_its_holder_alone() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    for by, renewed in ((L3, "10:01"), (L2, "10:02")):
        decision = case.must(Note(by, LONG), "10:02")
        assert [(e.kind, e.by, e.data) for e in decision.events] == [("note", f"staff:{by.id}", {"text": KEPT})]
        assert case.ticket.ack is not None
        assert case.ticket.ack.renewed_at == moment(renewed)
    assert case.do(Note(L2, " ")) == Refused("note_needed")


@pytest.mark.parametrize(
    ("command", "refused"),
    [
        (Reclassify(L2, "P9", "corrected", "nhầm"), Refused("unknown_priority")),
        (Reclassify(L2, "P3", "corrected", "nhầm"), Refused("same_priority")),
        (Reclassify(L2, "P3", "worsened", "nặng hơn"), Refused("same_priority")),
        (Reclassify(L2, "P1", "worsened", " "), Refused("reason_needed")),
        (Reclassify(Staff("x", "X", "L1"), "P1", "worsened", "nặng hơn"), Refused("not_your_level", {"paged": "L2"})),
    ],
)
def test_what_is_no_change_of_a_stated_priority_is_refused(command: Reclassify, refused: Refused) -> None:
    assert Case("P3").do(command, "10:02") == refused


def test_the_priority_of_a_resolved_ticket_stays() -> None:
    case = Case("P3")
    case.must(Resolve(L2, "xong"), "10:02")
    assert case.refused(Reclassify(L2, "P1", "corrected", "nhầm")) == "already_resolved"


@pytest.mark.parametrize("how", ["corrected", "worsened"])
def test_another_priority_is_recorded_with_what_it_was_and_why(how: Any) -> None:
    case = Case("P3")
    case.must(Acknowledge(L2), "10:01")
    case.must(Reclassify(L2, "P1", how, LONG), "10:02")
    assert (case.ticket.priority, case.ticket.provisional) == ("P1", False)
    assert case.ticket.clock[-1] == ClockEvent(at=moment("10:02"), kind=how, priority="P1")
    event = case.last("reclassified")
    assert event.by == "staff:l2.one"
    assert event.data == {"priority": "P1", "was": "P3", "how": how, "reason": KEPT}
    assert case.ticket.ack is not None
    assert case.ticket.ack.renewed_at == moment("10:02")


def test_a_provisional_priority_is_confirmed_without_a_reason_and_moves_no_clock() -> None:
    case = Case(None)
    clock, progress = case.ticket.clock, case.ticket.progress
    assert case.refused(Reclassify(L2, "P2", "worsened", "nặng hơn"), "10:02") == "same_priority"
    case.must(Reclassify(L2, "P2", "corrected", ""))
    assert (case.ticket.priority, case.ticket.provisional) == ("P2", False)
    assert (case.ticket.clock, case.ticket.progress.levels) == (clock, progress.levels)
    assert case.last("reclassified").data == {"priority": "P2", "was": "P2", "how": "corrected", "reason": ""}
    assert case.refused(Reclassify(L2, "P2", "corrected", "")) == "same_priority"
