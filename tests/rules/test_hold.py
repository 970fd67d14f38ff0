"""Who holds a ticket, from when, and who may handle it at all ("The default ladder", D9)."""

import pytest

from bot.errors import Refused
from bot.sla.rungs import Ack
from bot.ticket.commands import Acknowledge, Note, Staff, Wake
from tests.rules.case import Case, moment
from tests.rules.paged import L2, L3, with_second_l2


def ack(by: Staff, at: str, renewed: str) -> Ack:
    return Ack(by=by.id, name=by.name, level=by.level, at=moment(at), renewed_at=moment(renewed))


def test_who_acknowledges_again_holds_the_ticket_since_the_first_time() -> None:
    case = Case("P1")
    decision = case.must(Acknowledge(L2), "10:01")
    assert case.ticket.ack == ack(L2, "10:01", "10:01")
    assert [(e.kind, e.by, e.data) for e in decision.events] == [
        ("acknowledged", "staff:l2.one", {"channel": "teams"}),
    ]
    case.must(Acknowledge(L2), "10:04")
    assert case.ticket.ack == ack(L2, "10:01", "10:04")


def test_a_higher_level_that_takes_the_ticket_holds_it_since_then() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Acknowledge(L3), "10:04")
    assert case.ticket.ack == ack(L3, "10:04", "10:04")


def test_a_refused_acknowledgement_names_the_holder() -> None:
    book, two = with_second_l2()
    case = Case("P1", book=book)
    case.must(Acknowledge(L3), "10:01")
    assert case.do(Acknowledge(two), "10:02") == Refused("already_acknowledged", {"holder": "Người L3"})
    assert case.do(Acknowledge(L2), "10:02") == Refused("already_acknowledged", {"holder": "Người L3"})


@pytest.mark.parametrize(
    ("paged", "refused"),
    [
        ((), None),
        (("L2",), None),
        (("L2", "L4"), None),
        (("L3",), Refused("not_your_level", {"paged": "L3"})),
        (("L4", "L3"), Refused("not_your_level", {"paged": "L4, L3"})),
    ],
)
def test_who_is_below_every_level_paged_is_told_which_those_are(
    paged: tuple[str, ...], refused: Refused | None
) -> None:
    case = Case("P1")
    progress = case.ticket.progress.model_copy(update={"levels": paged})
    case.ticket = case.ticket.model_copy(update={"progress": progress})
    outcome = case.do(Acknowledge(L2), "10:01")
    assert (outcome if isinstance(outcome, Refused) else None) == refused


def test_an_act_of_the_holder_lets_them_be_warned_anew() -> None:
    case = Case("P1")
    case.must(Acknowledge(L2), "10:01")
    case.must(Wake(), "10:09")
    assert case.ticket.ack is not None
    assert case.ticket.ack.warned, "two minutes before the hold runs out"
    case.must(Note(L2, "vẫn xem"), "10:10")
    assert case.ticket.ack == ack(L2, "10:01", "10:10")
    assert not case.ticket.ack.warned
    assert case.ticket.progress.stage == 0, "nothing of the ladder was taken back by it"
    case.must(Wake(), "10:18")
    assert case.ticket.ack.warned
