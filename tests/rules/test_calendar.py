"""Working time: each rule by an example with its name; test_calendar_laws.py has them all at once."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from bot.errors import NoWorkingTime
from bot.sla.calendar import HORIZON, Calendar, calendar_of
from bot.sla.days import ORDINARY, Day, GivenDays, Year
from bot.sla.instants import DAY, HOUR, MINUTE, Instant, from_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EVERY_DAY = dict.fromkeys(WEEKDAYS, ("00:00-24:00",))
OFFICE = dict.fromkeys(WEEKDAYS[:6], ("08:00-12:00", "13:00-17:00"))


def at(text: str) -> Instant:
    moment = datetime.fromisoformat(text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM))


def special(*days: Day, digest: str = "test") -> GivenDays:
    years = {day.date.year for day in days}
    return GivenDays(
        {year: Year(status="reviewed", days=tuple(d for d in days if d.date.year == year)) for year in years}, digest
    )


def day(text: str, kind: str = "holiday", **more: object) -> Day:
    return Day(date=date.fromisoformat(text), kind=kind, name={"en": text}, source="test", **more)


def override(text: str, *windows: str) -> Day:
    return day(text, "override", hours=["office"], windows=list(windows))


def test_a_window_over_midnight_belongs_to_the_day_it_started_on() -> None:
    nights = Hours(weekly={"fri": ("22:00-06:00",), "sat": ("22:00-06:00",)}, closed_on=("holiday",))
    calendar = Calendar(nights, VIETNAM, special(day("2026-03-07")))
    assert calendar.is_open(at("2026-03-07T05:59")), "Friday's night runs on into the closed Saturday"
    assert not calendar.is_open(at("2026-03-07T23:00")), "Saturday's own night does not begin"
    assert not calendar.is_open(at("2026-03-08T01:00")), "nor is its tail worked on Sunday"


def test_new_years_eve_runs_into_the_new_year_for_whoever_asks_first() -> None:
    nights = Hours(weekly=dict.fromkeys(WEEKDAYS, ("22:00-06:00",)))
    assert Calendar(nights, VIETNAM).is_open(at("2026-01-01T03:00"))
    assert Calendar(nights, VIETNAM).between(at("2026-01-01T00:00"), at("2026-01-01T12:00")) == 6 * HOUR
    assert Calendar(nights, VIETNAM).add(at("2025-12-31T23:00"), 8 * HOUR) == at("2026-01-01T23:00")
    assert Calendar(nights, VIETNAM).sub(at("2026-01-01T12:00"), 9 * HOUR) == at("2025-12-31T05:00")


def test_tet_stops_the_clock_of_p1_and_a_public_holiday_does_not() -> None:
    days = special(day("2026-04-30"), *(day(f"2026-02-{d}", "tet") for d in range(16, 21)))
    clock = Calendar(Hours(weekly=EVERY_DAY, closed_on=("tet",)), VIETNAM, days)
    assert clock.add(at("2026-02-15T23:55"), 30 * MINUTE) == at("2026-02-21T00:25")
    assert clock.add(at("2026-04-30T10:00"), 30 * MINUTE) == at("2026-04-30T10:30")


def test_two_working_days_run_out_at_closing_not_at_the_next_opening() -> None:
    office = Calendar(Hours(weekly=OFFICE), VIETNAM)
    assert office.add(at("2026-03-09T08:00"), 16 * HOUR) == at("2026-03-10T17:00")
    later = Calendar(Hours(weekly=OFFICE, boundary="next_open"), VIETNAM)
    assert later.add(at("2026-03-09T08:00"), 16 * HOUR) == at("2026-03-11T08:00")


def test_a_makeup_day_is_worked_like_the_weekday_it_stands_for() -> None:
    week = Hours(weekly={d: OFFICE[d] for d in WEEKDAYS[:5]}, closed_on=("holiday",))
    days = special(day("2026-08-31"), day("2026-08-22", "makeup", works_like="mon"))
    calendar = Calendar(week, VIETNAM, days)
    assert calendar.add(at("2026-08-21T15:00"), 16 * HOUR) == at("2026-08-24T15:00")
    never_closed = Calendar(Hours(weekly=week.weekly), VIETNAM, days)
    assert not never_closed.is_open(at("2026-08-22T09:00")), "hours that ignore holidays ignore what pays for them"


def test_an_hour_that_is_repeated_counts_twice_and_a_skipped_one_not_at_all() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    nights = Calendar(Hours(weekly={"sun": ("02:00-03:00",)}), berlin)

    def midnight(text: str) -> Instant:
        return from_datetime(datetime.fromisoformat(text).replace(tzinfo=berlin))

    assert nights.between(midnight("2025-10-26"), midnight("2025-10-27")) == 2 * HOUR
    assert nights.between(midnight("2025-03-30"), midnight("2025-03-31")) == 0


def test_the_table_reaches_years_that_nobody_asked_for_before() -> None:
    clock = Calendar(Hours(weekly=EVERY_DAY), VIETNAM)
    start = at("2026-12-31T23:59")
    assert clock.add(start, 365 * 5 * DAY) == start + 365 * 5 * DAY
    assert clock.sub(start, 365 * 5 * DAY) == start - 365 * 5 * DAY
    assert clock.between(at("1999-01-01"), at("2031-01-01")) == at("2031-01-01") - at("1999-01-01")


def test_a_calendar_that_never_opens_says_so_instead_of_searching_for_ever() -> None:
    closed = Calendar(Hours(weekly={}), VIETNAM)
    for ask in (lambda: closed.add(at("2026-01-01"), 1), lambda: closed.sub(at("2026-01-01"), 1)):
        with pytest.raises(NoWorkingTime, match="366 days"):
            ask()
    with pytest.raises(NoWorkingTime, match="366 days"):
        closed.next_open(at("2026-01-01"))
    with pytest.raises(NoWorkingTime, match="no working day"):
        closed.add_days(at("2026-01-01"), 1)
    assert closed.between(at("2026-01-01"), at("2027-01-01")) == 0


def test_a_closed_stretch_of_366_days_is_waited_for_and_one_millisecond_more_is_not() -> None:
    opening, closing = at("2026-06-01T08:00"), at("2026-06-01T12:00")
    rare = Calendar(Hours(weekly={}), VIETNAM, special(override("2026-06-01", "08:00-12:00")), "office")
    assert rare.next_open(opening - HORIZON) == opening
    assert rare.add(opening - HORIZON, 1) == opening + 1
    assert rare.sub(closing + HORIZON, 1) == closing - 1
    assert rare.sub(closing + HORIZON, 0) == closing
    for ask in (
        lambda: rare.next_open(opening - HORIZON - 1),
        lambda: rare.add(opening - HORIZON - 1, 1),
        lambda: rare.add(opening, 4 * HOUR + 1),
        lambda: rare.sub(closing + HORIZON + 1, 1),
        lambda: rare.sub(closing + HORIZON + 1, 0),
        lambda: rare.sub(closing, 4 * HOUR + 1),
    ):
        with pytest.raises(NoWorkingTime, match="366 days"):
            ask()
    assert rare.add(opening, 4 * HOUR) == closing
    assert rare.sub(closing, 4 * HOUR) == opening


def test_the_366_days_are_told_with_the_instant_from_which_nothing_opens() -> None:
    days = special(override("2023-03-01", "08:00-12:00"), override("2025-03-01", "08:00-12:00"))
    rare = Calendar(Hours(weekly={}), VIETNAM, days, "office")
    assert rare.between(at("2022-01-01"), at("2026-01-01")) == 8 * HOUR, "the stretch between is in the table"
    with pytest.raises(NoWorkingTime, match="after 2023-03-01T05:00:00"):
        rare.add(at("2023-03-01T09:00"), 4 * HOUR)
    with pytest.raises(NoWorkingTime, match="after 2023-03-01T05:00:00"):
        rare.sub(at("2025-03-01T09:00"), 2 * HOUR)
    with pytest.raises(NoWorkingTime, match="before 2023-03-01T01:00:00"):
        rare.sub(at("2023-03-01T09:00"), 2 * HOUR)
    with pytest.raises(NoWorkingTime, match="after 2025-03-01T05:00:00"):
        rare.next_open(at("2025-03-01T12:00"))


def test_the_next_working_date_may_be_366_days_away_and_not_367() -> None:
    rare = Calendar(Hours(weekly={}), VIETNAM, special(override("2026-06-02", "08:00-12:00")), "office")
    assert rare.add_days(at("2025-06-01T09:00"), 1) == at("2026-06-02T09:00")
    with pytest.raises(NoWorkingTime, match="no working day in the 366 days after 2025-05-31"):
        rare.add_days(at("2025-05-31T09:00"), 1)


def test_calendars_reach_from_1970_to_2199_and_say_so_beyond() -> None:
    clock = Calendar(Hours(weekly=EVERY_DAY), VIETNAM)
    start, end = at("1970-01-01T00:00"), at("2199-12-31T23:59") + MINUTE
    assert clock.is_open(start)
    assert clock.is_open(end - 1)
    assert clock.add(end - HOUR, HOUR) == end
    assert clock.sub(start + HOUR, HOUR) == start
    for ask in (lambda: clock.add(end - HOUR, HOUR + 1), lambda: clock.sub(start + HOUR, HOUR + 1)):
        with pytest.raises(NoWorkingTime, match="from 1970 to 2199"):
            ask()
    with pytest.raises(NoWorkingTime, match="from 1970 to 2199"):
        clock.add_days(end - HOUR, 1)
    assert clock.add_days(end - HOUR, 0) == end - HOUR
    for outside in (start - 1, end):
        for ask in (
            lambda outside=outside: clock.is_open(outside),
            lambda outside=outside: clock.next_open(outside),
            lambda outside=outside: clock.add(outside, 1),
            lambda outside=outside: clock.add_days(outside, 0),
        ):
            with pytest.raises(ValueError, match="calendars reach from 1970 to 2199"):
                ask()
    with pytest.raises(ValueError, match="is in 2200"):
        clock.between(end - 1, end)


@pytest.mark.parametrize("instant", [-DAY, 10**14, 10**18])
def test_an_instant_that_cannot_be_meant_is_refused(instant: int) -> None:
    with pytest.raises(ValueError, match=r"calendars reach|no instant"):
        Calendar(Hours(weekly=EVERY_DAY), VIETNAM).is_open(instant)


def test_a_negative_span_is_refused() -> None:
    clock = Calendar(Hours(weekly=EVERY_DAY), VIETNAM)
    for step in (clock.add, clock.sub):
        with pytest.raises(ValueError, match="-1 ms is no span"):
            step(at("2026-01-01"), -1)
    with pytest.raises(ValueError, match="-1 is no number of working days"):
        clock.add_days(at("2026-01-01"), -1)


def test_nothing_to_use_up_is_the_next_opening_and_backwards_the_last_closing() -> None:
    office = Calendar(Hours(weekly=OFFICE), VIETNAM)
    opening, closing = at("2026-03-09T13:00"), at("2026-03-09T12:00")
    for moment in (closing, closing + 1, opening - 1, opening):
        assert office.add(moment, 0) == opening
        assert office.sub(moment, 0) == closing
    assert office.add(closing - 1, 0) == office.sub(closing - 1, 0) == closing - 1
    assert office.sub(opening + 1, 0) == opening + 1
    assert office.sub(opening + 1, 1) == opening, "the last instant that leaves this much: not the closing before"
    assert office.sub(opening, 1) == closing - 1


def test_the_clock_runs_from_the_opening_on_and_stands_from_the_closing_on() -> None:
    office = Calendar(Hours(weekly=OFFICE), VIETNAM)
    opening, closing = at("2026-03-09T08:00"), at("2026-03-09T12:00")
    assert [office.is_open(opening + ms) for ms in (-1, 0, 1)] == [False, True, True]
    assert [office.is_open(closing + ms) for ms in (-1, 0, 1)] == [True, False, False]
    assert [office.between(opening - 1, opening + ms) for ms in (-1, 0, 1, 2)] == [0, 0, 1, 2]
    assert office.between(closing - 1, closing + 1) == 1
    assert office.between(closing, opening) == 0, "an end before the start is no time"


@pytest.mark.parametrize("windows", [("08:00-12:00",), ("00:00-24:00",), ("22:00-06:00",)])
def test_the_first_and_last_instants_of_a_known_year_are_answered_as_by_who_knows_more(
    windows: tuple[str, ...],
) -> None:
    hours = Hours(weekly=dict.fromkeys(WEEKDAYS, windows))
    knows_more, knows_one = Calendar(hours, VIETNAM), Calendar(hours, VIETNAM)
    assert knows_more.between(at("2024-06-01T00:00"), at("2028-06-01T00:00")) > 0
    assert knows_one.is_open(at("2026-06-01T23:00")) == knows_more.is_open(at("2026-06-01T23:00"))
    first, last = at("2026-01-01T00:00"), at("2027-01-01T00:00") - 1
    for start, end in ((first, first + 1), (first, first + 9 * HOUR), (first, last), (last - DAY, last), (last, last)):
        assert knows_one.between(start, end) == knows_more.between(start, end)
    for moment in (first, first + 1, last):
        assert knows_one.is_open(moment) == knows_more.is_open(moment)
        assert knows_one.add(moment, 1) == knows_more.add(moment, 1)
        assert knows_one.sub(moment, 1) == knows_more.sub(moment, 1)
    assert knows_one.add(first, HOUR) == knows_more.add(first, HOUR)


def test_a_promise_that_ends_a_millisecond_before_or_after_closing_moves_by_the_closed_stretch_only_then() -> None:
    closing = at("2026-03-09T17:00")
    for boundary, due in (("close", closing), ("next_open", at("2026-03-10T08:00"))):
        office = Calendar(Hours(weekly=OFFICE, boundary=boundary), VIETNAM)
        assert office.add(at("2026-03-09T16:00"), HOUR - 1) == closing - 1
        assert office.add(at("2026-03-09T16:00"), HOUR) == due
        assert office.add(at("2026-03-09T16:00"), HOUR + 1) == at("2026-03-10T08:00") + 1


def test_the_days_that_did_not_count_are_named_and_a_holiday_on_a_day_off_is_not() -> None:
    days = special(day("2026-04-26"), day("2026-04-27"), day("2026-04-30"), day("2026-02-16", "tet"))
    office = Calendar(Hours(weekly=OFFICE, closed_on=("tet", "holiday")), VIETNAM, days)
    closed = office.closed_days(at("2026-04-25T10:00"), at("2026-04-30T10:00"))
    assert [d.date.isoformat() for d in closed] == ["2026-04-27", "2026-04-30"]
    clock = Calendar(Hours(weekly=EVERY_DAY, closed_on=("tet",)), VIETNAM, days)
    assert [d.kind for d in clock.closed_days(at("2026-01-01"), at("2026-12-31"))] == ["tet"]


def test_equal_hours_share_one_table_in_the_process() -> None:
    hours, same = Hours(weekly=OFFICE), Hours(weekly=OFFICE)
    assert calendar_of(hours, VIETNAM, ORDINARY) is calendar_of(same, VIETNAM, ORDINARY)
    assert calendar_of(hours, VIETNAM, special(day("2026-04-27"), digest="a")) is not calendar_of(
        hours, VIETNAM, special(day("2026-04-28"), digest="b")
    )


def test_an_override_replaces_the_windows_of_the_hours_it_names_and_of_no_others() -> None:
    days = special(override("2026-12-26", "13:00-17:00"))
    office = Calendar(Hours(weekly=OFFICE, closed_on=("holiday",)), VIETNAM, days, "office")
    assert not office.is_open(at("2026-12-26T09:00"))
    assert office.between(at("2026-12-26T00:00"), at("2026-12-27T00:00")) == 4 * HOUR
    other = Calendar(Hours(weekly=OFFICE, closed_on=("holiday",)), VIETNAM, days, "workshop")
    assert other.is_open(at("2026-12-26T09:00"))
    assert Calendar(Hours(weekly=OFFICE), VIETNAM, days).is_open(at("2026-12-26T09:00")), "hours without a name"


def test_an_override_concerns_also_hours_that_no_holiday_closes_and_days_that_are_holidays() -> None:
    days = special(override("2026-04-30", "09:00-11:00"), day("2026-04-30"))
    for closed_on in ((), ("holiday",)):
        office = Calendar(Hours(weekly=OFFICE, closed_on=closed_on), VIETNAM, days, "office")
        assert office.between(at("2026-04-30T00:00"), at("2026-05-01T00:00")) == 2 * HOUR
        assert office.closed_days(at("2026-04-30T00:00"), at("2026-04-30T23:00")) == ()
    others = Calendar(Hours(weekly=OFFICE, closed_on=("holiday",)), VIETNAM, days, "workshop")
    assert [d.kind for d in others.closed_days(at("2026-04-30T00:00"), at("2026-04-30T23:00"))] == ["holiday"]


def test_an_override_without_windows_closes_and_is_named_as_the_day_that_did_not_count() -> None:
    closed = day("2026-12-26", "override", hours=["office"], windows=[])
    office = Calendar(Hours(weekly=OFFICE), VIETNAM, special(closed), "office")
    assert office.add(at("2026-12-25T16:00"), 2 * HOUR) == at("2026-12-28T09:00")
    assert office.closed_days(at("2026-12-25T16:00"), at("2026-12-28T09:00")) == (closed,)


def test_an_override_may_be_worked_like_another_weekday() -> None:
    week = {"mon": ("08:00-12:00",), "sat": ("08:00-09:00",)}
    days = special(day("2026-12-28", "override", hours=["office"], works_like="sat"))
    office = Calendar(Hours(weekly=week), VIETNAM, days, "office")
    assert office.between(at("2026-12-28T00:00"), at("2026-12-29T00:00")) == HOUR


@pytest.mark.parametrize(
    ("kind", "more", "message"),
    [
        ("makeup", {}, "kind makeup says when it is worked"),
        ("makeup", {"works_like": "mon", "windows": ["08:00-12:00"]}, "kind makeup says when it is worked"),
        ("override", {"hours": ["office"]}, "kind override says when it is worked"),
        ("override", {"windows": []}, "kind override names the 'hours'"),
        ("holiday", {"windows": ["08:00-12:00"]}, "kind holiday is not worked"),
        ("tet", {"works_like": "mon"}, "kind tet is not worked"),
        ("holiday", {"hours": ["office"]}, "only override names 'hours'"),
        ("makeup", {"works_like": "mon", "hours": ["office"]}, "only override names 'hours'"),
    ],
)
def test_a_day_says_neither_too_little_nor_what_its_kind_does_not_have(kind: str, more: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        day("2026-12-26", kind, **more)


def test_hours_with_an_override_of_their_own_have_a_table_of_their_own() -> None:
    hours, days = Hours(weekly=OFFICE), special(override("2026-12-26", "13:00-17:00"), digest="override")
    assert calendar_of(hours, VIETNAM, days, "office") is not calendar_of(hours, VIETNAM, days, "workshop")
    assert calendar_of(hours, VIETNAM, days, "workshop") is calendar_of(hours, VIETNAM, days)
    assert not calendar_of(hours, VIETNAM, days, "office").is_open(at("2026-12-26T09:00"))


def test_a_year_without_days_is_reviewed_only_where_no_day_is_special() -> None:
    assert ORDINARY.year(2026) == Year(status="reviewed")
    assert special(day("2026-04-30")).year(2027) == Year(status="unreviewed")
