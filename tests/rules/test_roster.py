"""Who is on duty: shifts, nights, teams, and the last day with the desk."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.instants import MINUTE, Instant, from_datetime, to_datetime
from bot.sla.roster import Person, Roster, Shift
from bot.sla.shapes import WEEKDAYS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def at(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=VIETNAM))


def person(name: str, **more: object) -> Person:
    return Person(**{"id": name, "name": name, "level": "L2", "team": "teamx", **more})


def names(roster: Roster, level: str, team: str | None, when: str) -> list[str]:
    return [p.id for p in roster.on_duty(level, team, at(when), VIETNAM)]


PEOPLE = (person("an"), person("binh"), person("chi", team="software"), person("dung", level="L3", team=None))


def test_a_level_without_shifts_has_all_its_people_on_duty() -> None:
    roster = Roster(people=PEOPLE)
    assert names(roster, "L2", "teamx", "2026-03-09T03:00") == ["an", "binh"]
    assert names(roster, "L2", "software", "2026-03-09T03:00") == ["chi"]
    assert names(roster, "L3", None, "2026-03-09T03:00") == ["dung"]
    assert names(roster, "L3", "teamx", "2026-03-09T03:00") == ["dung"], "a level without teams answers for each"
    assert names(roster, "L4", None, "2026-03-09T03:00") == []


NIGHT = Shift(level="L2", team="teamx", people=("binh",), days=("fri",), window="22:00-06:00")
DAYTIME = Shift(level="L2", team="teamx", people=("an",), window="06:00-22:00")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-03-06T21:59", ["an"]),
        ("2026-03-06T22:00", ["binh"]),
        ("2026-03-07T05:59", ["binh"]),
        ("2026-03-07T06:00", ["an"]),
        ("2026-03-07T22:00", []),
        ("2026-03-06T03:00", []),
    ],
)
def test_the_tail_of_a_night_shift_belongs_to_the_day_it_began(when: str, expected: list[str]) -> None:
    assert names(Roster(people=PEOPLE, shifts=(NIGHT, DAYTIME)), "L2", "teamx", when) == expected


def test_shifts_of_one_team_leave_the_other_as_it_was() -> None:
    roster = Roster(people=PEOPLE, shifts=(NIGHT,))
    assert names(roster, "L2", "teamx", "2026-03-09T10:00") == []
    assert names(roster, "L2", "software", "2026-03-09T10:00") == ["chi"]


def test_a_shift_holds_between_its_dates_and_a_person_until_the_last_day() -> None:
    shift = Shift(level="L2", people=("an", "binh"), since=date(2026, 3, 2), until=date(2026, 3, 8))
    roster = Roster(people=(person("an", until=date(2026, 3, 5)), person("binh")), shifts=(shift,))
    assert names(roster, "L2", "teamx", "2026-03-01T23:59") == []
    assert names(roster, "L2", "teamx", "2026-03-05T23:59") == ["an", "binh"]
    assert names(roster, "L2", "teamx", "2026-03-06T00:00") == ["binh"]
    assert names(roster, "L2", "teamx", "2026-03-09T00:00") == []


clock = st.integers(0, 95).map(lambda quarter: quarter * 15)


@given(st.sets(st.sampled_from(WEEKDAYS), min_size=1), clock, clock, st.integers(0, 7 * 1440 - 1))
def test_a_shift_and_its_complement_share_out_the_week(days: set, start: int, end: int, minute: int) -> None:
    """Whoever holds all the other windows is on duty exactly when the first is not."""
    now = at("2026-03-09T00:00") + minute * MINUTE
    shift = Shift(level="L2", people=("an",), days=tuple(sorted(days)), window=(start, end))
    present = Roster(people=(person("an"),), shifts=(shift,)).on_duty("L2", None, now, VIETNAM) != ()
    local = to_datetime(now).astimezone(VIETNAM)
    of_day, before = local.hour * 60 + local.minute, WEEKDAYS[local.weekday() - 1]
    length = end - start if end > start else end - start + 1440
    today = WEEKDAYS[local.weekday()] in days and 0 <= of_day - start < length
    yesterday = before in days and 0 <= of_day + 1440 - start < length
    assert present == (today or yesterday)


def test_an_identity_is_home_tenant_and_object_id_in_any_case_and_an_address_authorises_nobody() -> None:
    known = person("an", tenant="AAAA", object_id="BBBB", email="An@Desk.example")
    roster = Roster(people=(known, person("binh", email="binh@desk.example")))
    assert roster.by_identity == {("aaaa", "bbbb"): known}
    assert roster.by_email["an@desk.example"] is known
    assert roster.by_id["binh"].email == "binh@desk.example"
