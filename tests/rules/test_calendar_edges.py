"""Working time at the edges of what a table holds: first and last years, exact horizons, changes of the clocks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.errors import NoWorkingTime
from bot.sla.calendar import HORIZON, Calendar
from bot.sla.days import ORDINARY, GivenDays, Year
from bot.sla.instants import HOUR, from_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS
from tests.rules.test_calendar import EVERY_DAY, VIETNAM, at, day, override, special

UTC_ZONE = ZoneInfo("UTC")


def only(*days: str, window: str = "00:00-24:00") -> Calendar:
    """Return a calendar that is open on these days alone."""
    return Calendar(Hours(weekly={}), VIETNAM, special(*(override(text, window) for text in days)), "office")


def always() -> Calendar:
    return Calendar(Hours(weekly=EVERY_DAY), VIETNAM)


def test_the_first_and_the_last_millisecond_are_counted_by_a_calendar_that_knows_no_year_yet() -> None:
    fresh = Calendar(Hours(weekly=EVERY_DAY), UTC_ZONE)
    assert fresh.add(0, 1) == 1
    end = at("2200-01-01T00:00")
    assert always().add(end - 1, 1) == end
    assert always().is_open(at("1970-01-01T00:00"))
    assert always().is_open(end - 1)


def test_a_year_before_the_first_and_one_after_the_last_is_never_reached() -> None:
    for ask in (
        lambda: always().add(at("2198-06-01T00:00"), 2 * HORIZON),
        lambda: always().sub(at("1971-06-01T00:00"), 2 * HORIZON),
    ):
        with pytest.raises(NoWorkingTime, match="from 1970 to 2199"):
            ask()


def test_no_time_is_no_time_also_where_no_calendar_reaches() -> None:
    far = at("2300-01-01T00:00")
    assert always().between(far, far) == always().between(far + 1, far) == 0


def test_the_instant_at_which_a_known_year_ends_belongs_to_the_next() -> None:
    clock, end = always(), at("2027-01-01T00:00")
    assert clock.is_open(at("2026-06-01T00:00"))
    assert clock.is_open(end)
    assert clock.next_open(end) == end
    assert clock.add(end, 1) == end + 1
    known = always()
    assert known.is_open(at("2026-06-01T00:00"))
    assert known.between(end - 1, end) == 1
    assert known.sub(end, 1) == end - 1


def test_a_leap_year_that_stays_closed_is_just_what_is_waited_for() -> None:
    rare, start, end = only("2027-12-31", "2029-01-01"), at("2028-01-01T00:00"), at("2029-01-01T00:00")
    assert end - start == HORIZON
    assert rare.next_open(start) == end
    assert rare.add(start, 1) == end + 1
    assert rare.sub(end, 1) == start - 1
    assert rare.sub(end, 0) == start


def test_a_stretch_too_long_is_told_from_the_instant_asked_though_work_ended_with_a_year_before_it() -> None:
    with pytest.raises(NoWorkingTime, match="before 2028-01-31T17:00:00"):
        only("2026-12-31").sub(at("2028-02-01T00:00"), 1)


def test_a_promise_used_up_with_the_last_year_is_kept_after_a_long_closed_stretch() -> None:
    rare, end = only("2199-12-31"), at("2200-01-01T00:00")
    assert not rare.is_open(at("2198-01-01T00:00"))
    assert rare.add(end - 1, 1) == end


def test_a_millisecond_after_the_only_opening_is_the_last_at_which_the_clock_ran() -> None:
    rare, opening = only("2026-06-01"), at("2026-06-01T00:00")
    assert rare.sub(opening + 1, 0) == opening + 1


def test_a_window_that_ends_when_it_starts_is_a_whole_day() -> None:
    round_the_clock = Calendar(Hours(weekly={"mon": ("08:00-08:00",)}), VIETNAM)
    assert round_the_clock.between(at("2026-03-08T00:00"), at("2026-03-12T00:00")) == 24 * HOUR
    assert round_the_clock.add(at("2026-03-09T07:00"), 24 * HOUR) == at("2026-03-10T08:00")


def test_the_next_working_date_after_366_days_is_found_by_dates_alone() -> None:
    rare = only("2026-06-01", window="08:00-12:00")
    assert rare.add_days(at("2025-05-31T09:00"), 1) == at("2026-06-01T09:00")
    with pytest.raises(NoWorkingTime, match="no working day in the 366 days after 2025-05-30"):
        rare.add_days(at("2025-05-30T09:00"), 1)


class Asked:
    """Days that remember which years somebody looked up."""

    digest, overridden = "asked", frozenset[str]()

    def __init__(self, *days: str) -> None:
        self.given: GivenDays = special(*map(day, days))
        self.years: set[int] = set()

    def year(self, number: int) -> Year:
        self.years.add(number)
        return self.given.year(number)


def test_the_days_that_did_not_count_are_looked_up_in_the_years_of_the_promise_alone() -> None:
    days = Asked("2025-12-31", "2026-01-01", "2027-01-01", "2027-01-02")
    closed = Calendar(Hours(weekly=EVERY_DAY, closed_on=("holiday",)), VIETNAM, days).closed_days
    assert [d.date for d in closed(at("2026-01-01T10:00"), at("2027-01-01T10:00"))] == [
        date(2026, 1, 1),
        date(2027, 1, 1),
    ]
    assert days.years == {2026, 2027}


@pytest.mark.parametrize(
    ("zone", "skipped", "repeated"),
    [
        ("Europe/Berlin", "02:00-03:00", "02:00-03:00"),
        ("America/New_York", "02:00-03:00", "01:00-02:00"),
        ("Atlantic/Azores", "00:00-01:00", "00:00-01:00"),
    ],
)
def test_changes_of_the_clocks_are_exact_in_every_year(zone: str, skipped: str, repeated: str) -> None:
    """A skipped window is no time at all, a repeated one twice its length, to the millisecond."""
    where = ZoneInfo(zone)
    spring, autumn = (
        Calendar(Hours(weekly=dict.fromkeys(WEEKDAYS, (window,))), where, ORDINARY) for window in (skipped, repeated)
    )
    for year in range(2010, 2030):
        start, summer, end = (
            from_datetime(datetime(year + n, m, 1, 12, tzinfo=where)) for n, m in ((0, 1), (0, 7), (1, 1))
        )
        dates = (date(year, 7, 1) - date(year, 1, 1)).days, (date(year + 1, 1, 1) - date(year, 7, 1)).days
        assert spring.between(start, summer) == (dates[0] - 1) * HOUR
        assert autumn.between(summer, end) == (dates[1] + 1) * HOUR
