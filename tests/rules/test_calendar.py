"""Working time: the arithmetic against a slow second opinion, and its laws."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import NoWorkingTime
from bot.sla.calendar import Calendar, calendar_of
from bot.sla.days import ORDINARY, Day, GivenDays, Year
from bot.sla.instants import DAY, HOUR, MINUTE, Instant, from_datetime, to_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
EVERY_DAY = dict.fromkeys(WEEKDAYS, ("00:00-24:00",))
OFFICE = dict.fromkeys(WEEKDAYS[:6], ("08:00-12:00", "13:00-17:00"))
ZONES = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"]


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


def open_minutes(hours: Hours, zone: ZoneInfo, days: GivenDays, start: Instant, minutes: int) -> list[bool]:
    """Say of each minute whether the wall clock stands in a window: the second opinion, minute by minute."""
    closed = {d.date for number in range(2023, 2028) for d in days.year(number).days if d.kind in hours.closed_on}
    worked = {d.date: d.windows for number in range(2023, 2028) for d in days.year(number).days if d.windows}

    def windows(of: date) -> tuple[tuple[int, int], ...]:
        if of in closed:
            return ()
        return worked.get(of) or hours.weekly.get(WEEKDAYS[of.weekday()], ())

    answers = []
    for n in range(minutes):
        wall = to_datetime(start + n * MINUTE).astimezone(zone)
        minute = wall.hour * 60 + wall.minute
        today = any(first <= minute < last if last > first else minute >= first for first, last in windows(wall.date()))
        tail = any(last <= first and minute < last for first, last in windows(wall.date() - timedelta(days=1)))
        answers.append(today or tail)
    return answers


minutes_of_day = st.integers(0, 95).map(lambda quarter: quarter * 15)
windows = st.tuples(minutes_of_day, st.one_of(minutes_of_day, st.just(1440)))
weeks = st.dictionaries(st.sampled_from(WEEKDAYS), st.lists(windows, min_size=1, max_size=2).map(tuple), min_size=1)
around_changes = st.sampled_from(
    [from_datetime(datetime(*d, tzinfo=UTC)) for d in ((2024, 3, 30), (2024, 10, 26), (2024, 11, 2), (2024, 4, 6))]
    + [from_datetime(datetime(*d, tzinfo=UTC)) for d in ((2024, 10, 5), (2024, 2, 15), (2023, 12, 30), (2024, 3, 9))]
)
dates = st.dates(date(2023, 12, 25), date(2024, 12, 31))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Hours, ZoneInfo, GivenDays]:
    hours = Hours(
        weekly=draw(weeks), closed_on=("tet", "holiday"), boundary=draw(st.sampled_from(["close", "next_open"]))
    )
    closed = draw(st.sets(dates, max_size=3))
    worked = draw(st.dictionaries(dates, st.lists(windows, min_size=1, max_size=2).map(tuple), max_size=2))
    days = [day(d.isoformat(), "tet") for d in sorted(closed)]
    days += [day(d.isoformat(), "makeup", windows=w) for d, w in sorted(worked.items()) if d not in closed]
    return hours, ZoneInfo(draw(st.sampled_from(ZONES))), special(*days)


@settings(max_examples=120, deadline=None)
@given(plans(), around_changes, st.integers(0, 2 * 1440))
def test_the_table_agrees_with_counting_every_minute(plan: tuple, base: Instant, offset: int) -> None:
    hours, zone, days = plan
    calendar, start = Calendar(hours, zone, days), base + offset * MINUTE
    minutes = open_minutes(hours, zone, days, start, 2000)
    assert [calendar.is_open(start + n * MINUTE) for n in range(2000)] == minutes
    for n in range(0, 2000, 97):
        assert calendar.between(start, start + n * MINUTE) == sum(minutes[:n]) * MINUTE
    total = sum(minutes)
    if total:
        last = max(n for n, is_open in enumerate(minutes) if is_open)
        close = Calendar(hours.model_copy(update={"boundary": "close"}), zone, days)
        assert close.add(start, total * MINUTE) == start + (last + 1) * MINUTE


spans = st.integers(0, 40 * HOUR)


@settings(max_examples=150, deadline=None)
@given(plans(), around_changes, st.integers(0, 3 * DAY), spans, spans)
def test_adding_and_measuring_undo_each_other(plan: tuple, base: Instant, offset: int, one: int, two: int) -> None:
    calendar, start = Calendar(*plan), base + offset
    middle = calendar.add(start, one)
    assert calendar.between(start, middle) == one
    assert calendar.between(calendar.sub(start, one), start) == one
    if two:
        assert calendar.add(start, one + two) == calendar.add(middle, two)
    assert calendar.add(start, one + two) >= middle >= start
    later = middle + two
    assert calendar.between(start, middle) + calendar.between(middle, later) == calendar.between(start, later)
    assert calendar.add(start + two, one) >= middle
    assert calendar.is_open(calendar.next_open(start))
    assert calendar.between(start, calendar.next_open(start)) == 0


@settings(max_examples=60, deadline=None)
@given(plans(), around_changes, st.lists(st.integers(-3 * 366, 3 * 366), min_size=1, max_size=6))
def test_the_order_of_questions_never_changes_an_answer(plan: tuple, base: Instant, days_away: list[int]) -> None:
    shared = Calendar(*plan)
    for away in days_away:
        start = base + away * DAY
        fresh = Calendar(*plan)
        assert shared.add(start, 5 * HOUR) == fresh.add(start, 5 * HOUR)
        assert shared.is_open(start) == fresh.is_open(start)
        assert shared.between(base, start) == fresh.between(base, start)


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


@pytest.mark.parametrize("instant", [-DAY, 10**14, 10**18])
def test_an_instant_that_cannot_be_meant_is_refused(instant: int) -> None:
    with pytest.raises(ValueError, match=r"calendars reach|no instant"):
        Calendar(Hours(weekly=EVERY_DAY), VIETNAM).is_open(instant)


def test_a_negative_span_is_refused() -> None:
    clock = Calendar(Hours(weekly=EVERY_DAY), VIETNAM)
    for step in (clock.add, clock.sub):
        with pytest.raises(ValueError, match="no span"):
            step(at("2026-01-01"), -1)


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
