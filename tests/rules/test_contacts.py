"""Whom a page wakes and by which channels they can be reached, each way on its own."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.sla.book import Book
from bot.sla.roster import Person, Queue, Roster, Shift
from bot.sla.rungs import Rung
from bot.sla.shapes import Channel
from bot.ticket.commands import Acknowledge
from bot.ticket.contacts import Contact, contacts, reaches_somebody, usable
from bot.ticket.model import DeskRecord
from tests.rules.case import Case
from tests.rules.ladder import plain_ladder, with_ladder
from tests.rules.paged import L2, without
from tests.rules.test_decide import desk_record, staffed

ALL: tuple[Channel, ...] = ("teams", "mail", "phone")
QUEUE = Contact("queue:teamx", "3CX, server, cloud VM, bảo hành phần cứng", "L2", None, "teamx@idb.com.vn", "10048")


def rung(case: Case, level: str | None, by: tuple[Channel, ...] = ALL, **fields: Any) -> Rung:
    return Rung("0.s0", "step", case.now, level, by, **fields)


def woken(case: Case, level: str | None, **fields: Any) -> list[str]:
    return [contact.id for contact in contacts(case.rules(), case.ticket, rung(case, level, **fields))]


@pytest.mark.parametrize(
    ("level", "whole_team", "ids"),
    [
        ("L2", False, ["l2.one"]),
        ("L1", False, ["l2.one"]),  # stood in for
        ("L2", True, ["queue:teamx"]),
        ("L1", True, ["queue:teamx"]),
        ("L3", False, ["l3.one"]),
        ("L9", False, []),  # of an older policy: the desk has it no longer
        (None, False, []),
    ],
)
def test_a_level_is_its_people_on_duty_or_the_whole_team(level: str | None, whole_team: bool, ids: list[str]) -> None:
    assert woken(Case("P1"), level, whole_team=whole_team) == ids


def test_a_person_is_reached_by_their_own_ways_and_a_queue_by_the_teams() -> None:
    case = Case("P1")
    person = case.book.roster.by_id["l2.one"]
    of_level = contacts(case.rules(), case.ticket, rung(case, "L2"))
    assert of_level == (Contact("l2.one", "Người L2", "L2", person, "l2.one@trucban.example", "100"),)
    assert contacts(case.rules(), case.ticket, rung(case, "L2", whole_team=True)) == (QUEUE,)


def test_nobody_of_another_team_is_woken() -> None:
    case = Case("P1", opening={"team": "software"})
    assert woken(case, "L2") == ["queue:software"]


def test_a_queue_that_nobody_can_ring_and_without_a_vietnamese_name_is_still_one() -> None:
    book = without("L2")
    bare = book.desk.teams["teamx"].model_copy(
        update={"title": {"en": "Team X"}, "queue": Queue(email="teamx@idb.com.vn")}
    )
    book = replace(book, desk=book.desk.model_copy(update={"teams": {**book.desk.teams, "teamx": bare}}))
    case = Case("P1", book=book)
    assert contacts(case.rules(), case.ticket, rung(case, "L2")) == (
        Contact("queue:teamx", "teamx", "L2", None, "teamx@idb.com.vn", None),
    )


@pytest.mark.parametrize(("start", "ids"), [("07:59", ["queue:teamx"]), ("08:00", ["l2.one"]), ("16:59", ["l2.one"])])
def test_a_shift_is_kept_by_the_clocks_of_the_desk(start: str, ids: list[str]) -> None:
    shift = Shift(level="L2", people=("l2.one",), window=(8 * 60, 17 * 60))
    book = replace(staffed(), roster=staffed().roster.model_copy(update={"shifts": (shift,)}))
    assert woken(Case("P1", start=f"2026-03-09 {start}", book=book), "L2") == ids


def test_who_is_meant_by_name_comes_before_the_holder_and_the_level_and_nobody_comes_twice() -> None:
    case = Case("P1")
    assert woken(case, None, to_holder=True) == [], "nobody holds it"
    case.must(Acknowledge(L2), "10:01")
    assert woken(case, "L4", to="l3.one", to_holder=True) == ["l3.one", "l2.one", "l4.one"]
    assert woken(case, "L4") == ["l4.one"]
    assert woken(case, "L2", to="l2.one", to_holder=True) == ["l2.one"]
    assert woken(case, None, to="who.left") == []


@pytest.mark.parametrize(("until", "ids"), [(date(2026, 3, 8), []), (date(2026, 3, 9), ["l2.one"])])
def test_who_is_meant_by_name_is_woken_up_to_their_last_day(until: date, ids: list[str]) -> None:
    assert woken(Case("P1", book=without(until=until)), None, to="l2.one") == ids


# Ways

WAYS: dict[str, dict[str, str]] = {
    "teams": {"tenant": "t", "object_id": "o"},
    "half": {"tenant": "t"},
    "mail": {"email": "l3.one@trucban.example"},
    "phone": {"mobile": "0900000001"},
    "none": {},
}


def only_by(way: str) -> Book:
    """Return the desk whose L3 is one person with one way to be reached."""
    person = Person(id="l3.one", name="Người L3", level="L3", **WAYS[way])  # type: ignore[arg-type]
    return replace(staffed(), roster=Roster(people=(person,)))


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("by", ALL)
@pytest.mark.parametrize("way", WAYS)
def test_somebody_is_reached_by_a_way_of_their_own_and_a_level_by_the_desks_channel_too(
    way: str, by: Channel, by_name: bool, bound: bool
) -> None:
    channels = {name: channel for name, channel in desk_record().channels.items() if bound or channel.role != "desk"}
    case = Case("P1", book=only_by(way), desk=DeskRecord(channels=channels))
    page = rung(case, None, (by,), to="l3.one") if by_name else rung(case, "L3", (by,))
    expected = way == by or (by == "teams" and bound and not by_name)
    assert reaches_somebody(case.rules(), case.ticket, page) is expected


@pytest.mark.parametrize("start", ["00:00", "07:59", "08:00", "23:59"])
def test_quiet_hours_that_end_when_they_begin_are_the_whole_day(start: str) -> None:
    policy = with_ladder(plain_ladder(quiet={"phone": "08:00-08:00"}))
    case = Case("P1", start=f"2026-03-09 {start}", book=replace(staffed(), policy=policy))
    assert usable(case.rules(), case.ticket, ALL) == ("teams", "mail")
