"""When who is on duty may change, to the minute and nothing besides; and duty in zones far from UTC."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.sla.instants import Instant, from_datetime, to_datetime
from bot.sla.roster import Absence, Override, Person, Roster, Rotation, Shift

VIETNAM, NEW_YORK = ZoneInfo("Asia/Ho_Chi_Minh"), ZoneInfo("America/New_York")


def at(text: str, zone: ZoneInfo = VIETNAM) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=zone))


def person(name: str, **more: object) -> Person:
    return Person(**{"id": name, "name": name, "level": "L2", "team": "teamx", **more})


def changes(roster: Roster, since: str, until: str, zone: ZoneInfo = VIETNAM) -> list[str]:
    found = roster.breakpoints(at(since, zone), at(until, zone), zone)
    return [f"{to_datetime(edge).astimezone(zone):%m-%dT%H:%M}" for edge in found]


def turns(**more: object) -> Rotation:
    """Return turns in a window that has no days: only the handovers are left."""
    fixed = {"level": "L2", "people": ("an", "binh"), "every": "1w", "handover": "09:00", "since": "2026-03-02"}
    return Rotation(**fixed | {"days": ()} | more)


@pytest.mark.parametrize(
    ("roster", "expected"),
    [
        (Roster(rotations=(turns(),)), ["03-02T09:00", "03-09T09:00", "03-16T09:00"]),
        (Roster(rotations=(turns(since="2026-01-01", every="5d"),)),
         ["02-25T09:00", "03-02T09:00", "03-07T09:00", "03-12T09:00", "03-17T09:00"]),
        (Roster(rotations=(turns(since="2026-03-17", every="1d"),)), ["03-17T09:00"]),
        (Roster(rotations=(turns(since="2026-02-20", every="2w"),)), ["03-06T09:00"]),
        (Roster(shifts=(Shift(level="L2", people=("an",), days=("mon",), window="22:00-06:00"),)),
         ["02-23T22:00", "02-24T06:00", "03-02T22:00", "03-03T06:00", "03-09T22:00", "03-10T06:00", "03-16T22:00",
          "03-17T06:00"]),
        (Roster(absences=(Absence(person="an", since="2026-03-05 13:00", until="2026-03-06 07:30"),)),
         ["03-05T13:00", "03-06T07:30"]),
        (Roster(overrides=(Override(people=("an",), level="L2", since="2026-03-05", until="2026-03-06"),)),
         ["03-05T00:00", "03-07T00:00"]),
        (Roster(people=(person("an", until="2026-03-05"), person("binh"))), ["03-06T00:00"]),
    ],
    ids=str,
)  # fmt: skip
def test_who_is_on_duty_changes_then_and_at_no_other_time(roster: Roster, expected: list[str]) -> None:
    assert changes(roster, "2026-02-23T12:00", "2026-03-17T12:00") == expected


def test_the_instants_asked_from_and_to_are_no_changes_themselves() -> None:
    roster = Roster(rotations=(turns(every="1d"),))
    assert changes(roster, "2026-03-03T09:00", "2026-03-05T09:00") == ["03-04T09:00"]


def test_turns_of_years_are_looked_through_at_once() -> None:
    roster = Roster(rotations=(turns(every=3640),))
    assert changes(roster, "2026-03-01T00:00", "2026-06-01T00:00") == ["03-02T09:00"]


def test_a_window_that_began_yesterday_holds_on_west_of_greenwich() -> None:
    late = Shift(level="L2", people=("an",), days=("mon",), window="21:00-20:30")
    roster = Roster(people=(person("an"),), shifts=(late,))
    for when, expected in (("20:29", ["an"]), ("20:30", [])):
        now = at(f"2026-03-10T{when}", NEW_YORK)  # a Tuesday there, Wednesday by UTC
        assert [p.id for p in roster.on_duty("L2", "teamx", now, NEW_YORK)] == expected
    assert changes(roster, "2026-03-10T20:29", "2026-03-10T23:00", NEW_YORK) == ["03-10T20:30"]


def test_turns_of_others_leave_a_level_or_a_team_without_any_as_it_was() -> None:
    people = (person("an"), person("binh"), person("chi", team="software"), person("dung", level="L3"))
    others = (turns(level="L3", people=("dung",)), turns(team="software", people=("chi",)))
    roster = Roster(people=people, rotations=others)
    now = at("2026-03-10T10:00")
    assert [p.id for p in roster.on_duty("L2", "teamx", now, VIETNAM)] == ["an", "binh"]
    assert roster.on_duty("L2", "software", now, VIETNAM) == (), "that one's turns have no days"


def test_half_an_identity_is_none() -> None:
    known = person("an", tenant="T", object_id="O", until=date(2030, 1, 1))
    assert Roster(people=(known, person("b", tenant="T"), person("c", object_id="O"))).by_identity == {
        ("t", "o"): known
    }
