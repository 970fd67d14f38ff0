"""Who is on duty: shifts, turns, overrides, absences, special days, and the last day with the desk."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.sla.days import Day, GivenDays, Year
from bot.sla.instants import MINUTE, Instant, from_datetime, to_datetime
from bot.sla.roster import Absence, Override, Person, Roster, Rotation, Shift, queue_turn
from bot.sla.shapes import WEEKDAYS
from bot.sla.walls import reached

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


WEEKLY = Rotation(level="L2", people=("an", "binh"), every="1w", handover="09:00", since="2026-03-02")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-03-02T08:59", []),
        ("2026-03-02T09:00", ["an"]),
        ("2026-03-09T08:59", ["an"]),
        ("2026-03-09T09:00", ["binh"]),
        ("2026-03-16T08:59", ["binh"]),
        ("2026-03-16T09:00", ["an"]),
        ("2027-03-01T09:00", ["an"]),
    ],
)
def test_people_take_turns_from_the_minute_of_the_handover(when: str, expected: list[str]) -> None:
    assert names(Roster(people=PEOPLE, rotations=(WEEKLY,)), "L2", "teamx", when) == expected


def test_a_rotation_of_days_within_a_night_window_ends_with_the_night_of_its_last_day() -> None:
    nights = Rotation(
        level="L2", people=("an", "binh"), every="3d", handover="12:00", since="2026-03-02", until="2026-03-06",
        window="20:00-08:00", days=("mon", "tue", "wed", "fri"),
    )  # fmt: skip
    roster = Roster(people=PEOPLE, rotations=(nights,))
    told = {
        when: names(roster, "L2", "teamx", f"2026-03-{when}")
        for when in ("02T19:59", "02T20:00", "03T07:59", "03T08:00", "05T07:59", "05T20:00", "06T20:00", "07T07:59",
                     "07T08:00", "09T20:00")
    }  # fmt: skip
    assert told == {
        "02T19:59": [],
        "02T20:00": ["an"],
        "03T07:59": ["an"],
        "03T08:00": [],
        "05T07:59": ["an"],  # Wednesday's night, before Thursday's handover
        "05T20:00": [],
        "06T20:00": ["binh"],
        "07T07:59": ["binh"],
        "07T08:00": [],
        "09T20:00": [],
    }


SPECIAL = GivenDays(
    {
        2026: Year(
            status="reviewed",
            days=tuple(
                Day(date=day, kind=kind, name={}, source="test", **more)
                for day, kind, more in (
                    ("2026-02-17", "tet", {}),
                    ("2026-03-27", "holiday", {}),
                    ("2026-04-02", "makeup", {"works_like": "mon"}),
                    ("2026-04-30", "holiday", {}),
                    ("2026-05-10", "makeup", {"works_like": "mon"}),
                )
            ),
        )
    },
    "special",
)


def test_shifts_and_rotations_may_hang_on_special_days() -> None:
    weekdays = Shift(level="L2", people=("an",), days=("mon", "tue", "wed", "thu", "fri"), not_on=("tet", "holiday"))
    makeup = Shift(level="L2", people=("an",), only_on=("makeup",))
    festive = Rotation(
        level="L2", people=("binh",), every="1d", handover="00:00", since="2026-01-01", only_on=("tet", "holiday"),
        window="20:00-08:00",
    )  # fmt: skip
    roster = Roster(people=PEOPLE, shifts=(weekdays, makeup), rotations=(festive,))

    def told(when: str) -> list[str]:
        return [p.id for p in roster.on_duty("L2", "teamx", at(f"2026-{when}"), VIETNAM, SPECIAL)]

    assert told("02-16T12:00") == ["an"]
    assert told("02-17T12:00") == []
    assert told("02-17T20:00") == ["binh"]
    assert told("02-18T07:59") == ["an", "binh"], "the night belongs to the holiday on which it began"
    assert told("04-30T21:00") == ["binh"]
    assert told("05-03T12:00") == []
    assert told("05-10T12:00") == ["an"], "a Sunday that is worked"
    assert names(roster, "L2", "teamx", "2026-02-17T12:00") == ["an"], "without calendar files every day is ordinary"


def test_an_override_replaces_somebody_or_adds_to_a_level_to_the_minute() -> None:
    instead = Override(people=("binh",), instead_of="an", since="2026-03-03 08:30", until="2026-03-03 17:00")
    added = Override(people=("dung",), level="L2", team="teamx", since="2026-03-04", until="2026-03-05")
    shift = Shift(level="L2", team="teamx", people=("an",))
    roster = Roster(people=PEOPLE, shifts=(shift,), overrides=(instead, added))
    assert names(roster, "L2", "teamx", "2026-03-03T08:29") == ["an"]
    assert names(roster, "L2", "teamx", "2026-03-03T08:30") == ["binh"]
    assert names(roster, "L2", "teamx", "2026-03-03T16:59") == ["binh"]
    assert names(roster, "L2", "teamx", "2026-03-03T17:00") == ["an"]
    assert names(roster, "L2", "teamx", "2026-03-04T00:00") == ["an", "dung"], "somebody of another level may help"
    assert names(roster, "L2", "teamx", "2026-03-05T23:59") == ["an", "dung"], "a date alone is included"
    assert names(roster, "L2", "teamx", "2026-03-06T00:00") == ["an"]
    assert names(roster, "L2", "software", "2026-03-04T00:00") == ["chi"]


def test_two_people_can_change_places() -> None:
    day = Shift(level="L2", people=("an",), window="08:00-20:00")
    night = Shift(level="L2", people=("binh",), window="20:00-08:00")
    swap = tuple(
        Override(people=(one,), instead_of=other, since="2026-03-03 08:00", until="2026-03-04 08:00")
        for one, other in (("an", "binh"), ("binh", "an"))
    )
    roster = Roster(people=PEOPLE, shifts=(day, night), overrides=swap)
    assert [names(roster, "L2", "teamx", f"2026-03-{when}") for when in ("03T09:00", "03T21:00", "04T09:00")] == [
        ["binh"],
        ["an"],
        ["an"],
    ]


def test_who_is_absent_or_has_left_is_not_on_duty_even_as_a_stand_in() -> None:
    away = Absence(person="an", since="2026-03-03 12:00", until="2026-03-04", reason="nghỉ phép")
    stands_in = Override(people=("chi",), instead_of="an", since="2026-03-04", until="2026-03-04")
    roster = Roster(people=PEOPLE, absences=(away,), overrides=(stands_in,))
    assert names(roster, "L2", "teamx", "2026-03-03T11:59") == ["an", "binh"]
    assert names(roster, "L2", "teamx", "2026-03-03T12:00") == ["binh"]
    assert names(roster, "L2", "teamx", "2026-03-04T12:00") == ["binh", "chi"]
    assert names(roster, "L2", "teamx", "2026-03-05T00:00") == ["an", "binh"]
    both = Absence(person="chi", since="2026-03-04", until="2026-03-04")
    roster = Roster(people=PEOPLE, absences=(away, both), overrides=(stands_in,))
    assert names(roster, "L2", "teamx", "2026-03-04T12:00") == ["binh"]
    left = (person("an", until="2026-03-02"), person("binh"))
    turns = Roster(people=left, rotations=(WEEKLY,), overrides=(stands_in.model_copy(update={"people": ("binh",)}),))
    assert names(turns, "L2", "teamx", "2026-03-03T12:00") == [], "nobody takes the turn of who has left"
    assert names(turns, "L2", "teamx", "2026-03-04T12:00") == ["binh"], "unless an override says so"


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"people": ["an"], "since": "2026-03-03", "until": "2026-03-03"}, "one of the two"),
        ({"people": ["an"], "instead_of": "b", "level": "L2", "since": "2026-03-03", "until": "2026-03-03"}, "one of"),
        ({"people": ["an"], "instead_of": "b", "team": "t", "since": "2026-03-03", "until": "2026-03-03"}, "'team'"),
        ({"people": ["an"], "level": "L2", "since": "2026-03-03", "until": "2026-03-02"}, "comes before"),
        ({"people": ["an"], "level": "L2", "since": "2026-03-03 08:00", "until": "2026-03-03 08:00"}, "comes before"),
        ({"people": ["an"], "level": "L2", "since": "2026-03-03 8:00", "until": "2026-03-04"}, "write it like"),
        ({"people": ["an"], "level": "L2", "since": "3/3/2026", "until": "2026-03-04"}, "write it like"),
        ({"people": [], "level": "L2", "since": "2026-03-03", "until": "2026-03-03"}, "at least 1 item"),
    ],
)
def test_an_override_that_says_too_little_or_too_much_is_a_fault(what: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Override.model_validate(what)


@pytest.mark.parametrize("every", ["0d", "a week", "1m", ""])
def test_a_turn_lasts_whole_days(every: str) -> None:
    with pytest.raises(ValidationError, match="length of a turn"):
        Rotation(level="L2", people=("an",), every=every, handover="09:00", since="2026-03-02")


BERLIN = ZoneInfo("Europe/Berlin")  # 2026-03-29 skips 02:00-03:00, 2026-10-25 repeats it


@pytest.mark.parametrize(
    ("zone", "day", "minute", "expected"),
    [
        (VIETNAM, "2026-03-29", 150, "2026-03-28T19:30:00Z"),
        (BERLIN, "2026-03-29", 119, "2026-03-29T00:59:00Z"),
        (BERLIN, "2026-03-29", 150, "2026-03-29T01:00:00Z"),
        (BERLIN, "2026-03-29", 180, "2026-03-29T01:00:00Z"),
        (BERLIN, "2026-10-25", 150, "2026-10-25T00:30:00Z"),
        (BERLIN, "2026-10-25", 180, "2026-10-25T02:00:00Z"),
        (BERLIN, "2026-10-25", 1440, "2026-10-25T23:00:00Z"),
        (ZoneInfo("America/Santiago"), "2026-09-06", 0, "2026-09-06T04:00:00Z"),
        (ZoneInfo("America/Santiago"), "2026-04-04", 1410, "2026-04-05T02:30:00Z"),
        (ZoneInfo("Pacific/Apia"), "2011-12-30", 720, "2011-12-30T10:00:00Z"),
    ],
    ids=str,
)
def test_a_time_of_day_is_reached_at_the_change_that_skips_it_and_at_the_first_of_two(
    zone: ZoneInfo, day: str, minute: int, expected: str
) -> None:
    assert reached(date.fromisoformat(day), minute, zone) == from_datetime(datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("date_", "around"),
    [
        ("2026-03-29", [("00:59", "an"), ("01:00", "binh")]),
        ("2026-10-25", [("00:29", "an"), ("00:30", "binh"), ("01:00", "binh"), ("01:29", "binh"), ("01:30", "binh")]),
    ],
)
def test_a_handover_that_is_skipped_or_repeated_happens_once(date_: str, around: list[tuple[str, str]]) -> None:
    since = date.fromisoformat(date_) - timedelta(days=7)
    turns = Rotation(level="L2", people=("an", "binh"), every="1w", handover="02:30", since=since)
    halves = tuple(
        Shift(level="L2", team="teamx", people=(name,), window=window)
        for name, window in (("an", "14:30-02:30"), ("binh", "02:30-14:30"))
    )
    for roster in (Roster(people=PEOPLE, rotations=(turns,)), Roster(people=PEOPLE, shifts=halves)):
        for utc, expected in around:
            now = from_datetime(datetime.fromisoformat(f"{date_}T{utc}:00Z"))
            assert [p.id for p in roster.on_duty("L2", "teamx", now, BERLIN)] == [expected], utc


def test_a_clock_that_goes_back_over_midnight_takes_no_turn_back() -> None:
    newfoundland = ZoneInfo("America/St_Johns")  # 2010-11-07T00:01 was followed by 2010-11-06T23:01
    turns = Rotation(level="L2", people=("an", "binh"), every="1d", handover="00:00", since="2010-11-06")
    nights = tuple(Shift(level="L2", people=(name,), days=(day,)) for name, day in (("an", "sat"), ("binh", "sun")))
    before, after = (from_datetime(datetime.fromisoformat(f"2010-11-07T{t}Z")) for t in ("02:29", "02:31"))
    for roster in (Roster(people=PEOPLE, rotations=(turns,)), Roster(people=PEOPLE, shifts=nights)):
        assert [p.id for p in roster.on_duty("L2", "teamx", before, newfoundland)] == ["an"]
        assert [p.id for p in roster.on_duty("L2", "teamx", after, newfoundland)] == ["binh"]
        assert to_datetime(after).astimezone(newfoundland).day == 6


ZONES = st.sampled_from(
    [VIETNAM, BERLIN, *map(ZoneInfo, ("America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"))]
)
minutes = st.integers(0, 1439)
dates = st.dates(date(2026, 3, 24), date(2026, 4, 8))  # clocks change in Berlin, Santiago and on Lord Howe
windows = st.just((0, 1440)) | st.tuples(minutes, minutes)
weekdays = st.just(WEEKDAYS) | st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(tuple)
kinds = st.lists(st.sampled_from(("tet", "holiday", "makeup")), max_size=2).map(tuple)
TOGETHER = (*(person(name, team=None) for name in ("an", "binh", "chi")), person("dung", team="software"))
people = st.lists(st.sampled_from(("an", "binh", "chi", "dung")), min_size=1, max_size=3, unique=True).map(tuple)
levels = st.sampled_from((("L2", None), ("L2", "teamx"), ("L2", "software")))


@st.composite
def duties(draw: st.DrawFn, more: dict[str, st.SearchStrategy]) -> dict[str, object]:
    level, team = draw(levels)
    fixed = {"people": people, "window": windows, "days": weekdays, "only_on": st.just(()), "not_on": kinds} | more
    return {"level": level, "team": team} | {name: draw(strategy) for name, strategy in fixed.items()}


@st.composite
def spells(draw: st.DrawFn) -> dict[str, object]:
    since, length = draw(dates), draw(st.integers(0, 6))
    return {"since": (since, draw(minutes)), "until": (since + timedelta(days=1 + length), draw(minutes))}


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    span = {"since": st.none() | dates, "until": st.none() | dates, "only_on": st.just(()) | kinds}
    turns = {"since": dates, "every": st.integers(1, 15), "handover": minutes}
    who = st.sampled_from(("an", "binh", "chi", "dung"))
    overrides = [
        draw(spells()) | {"people": draw(people)} | draw(
            st.one_of(who.map(lambda w: {"instead_of": w}), levels.map(lambda of: {"level": of[0], "team": of[1]}))
        )
        for _ in range(draw(st.integers(0, 2)))
    ]  # fmt: skip
    return Roster.model_validate(
        {
            "people": [p.model_copy(update={"until": draw(st.none() | dates)}) for p in TOGETHER],
            "shifts": draw(st.lists(duties(span), max_size=2)),
            "rotations": draw(st.lists(duties(turns), max_size=2)),
            "overrides": overrides,
            "absences": [draw(spells()) | {"person": draw(who)} for _ in range(draw(st.integers(0, 2)))],
        }
    )


@settings(deadline=None, max_examples=80)
@given(roster=rosters(), zone=ZONES, day=dates, minute=minutes, length=st.integers(1, 6 * 1440), data=st.data())
def test_between_two_breakpoints_the_same_people_are_on_duty(
    *, roster: Roster, zone: ZoneInfo, day: date, minute: int, length: int, data: st.DataObject
) -> None:
    since = reached(day, minute, zone)
    until = since + length * MINUTE
    edges = [since, *roster.breakpoints(since, until, zone, SPECIAL), until]
    assert edges == sorted(set(edges))
    for start, end in pairwise(edges):
        inside = {start, end - 1, data.draw(st.integers(start, end - 1))}
        for level, team in (("L2", "teamx"), ("L2", "software"), ("L2", None)):
            found = {tuple(p.id for p in roster.on_duty(level, team, now, zone, SPECIAL)) for now in inside}
            assert len(found) == 1, (level, team, start, end)


@settings(deadline=None, max_examples=80)
@given(zone=ZONES, day=dates, every=st.integers(1, 15), handover=minutes, cut=minutes, later=st.integers(0, 20 * 1440))
def test_from_the_first_handover_on_somebody_has_the_turn_and_windows_that_meet_leave_nobody_uncovered(
    *, zone: ZoneInfo, day: date, every: int, handover: int, cut: int, later: int
) -> None:
    now = reached(day, handover, zone) + later * MINUTE
    turns = Rotation(level="L2", people=("an", "binh"), every=every, handover=handover, since=day)
    assert len(Roster(people=PEOPLE, rotations=(turns,)).on_duty("L2", "teamx", now, zone)) == 1
    halves = tuple(
        Shift(level="L2", people=(name,), window=(start, end))
        for name, start, end in (("an", cut, (cut + 600) % 1440), ("binh", (cut + 600) % 1440, cut))
    )
    assert len(Roster(people=PEOPLE, shifts=halves).on_duty("L2", "teamx", now, zone)) == 1


def test_the_numbers_of_a_person_are_rung_from_the_desk_outwards() -> None:
    assert person("an", mobile="0900", did="028", extension="101").numbers == ("101", "028", "0900")
    assert person("an", mobile="0900", did="0900").numbers == ("0900",)
    assert person("an").numbers == ()


def test_the_extensions_of_a_queue_are_first_in_their_turn() -> None:
    assert [queue_turn(("1", "2", "3"), n) for n in (0, 1, 3)] == [("1", "2", "3"), ("2", "3", "1"), ("1", "2", "3")]
    assert queue_turn((), 5) == ()
