"""Times of day on the wall clocks of zones east and west, and on the days when the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.sla.instants import DAY, HOUR, MINUTE, Instant, from_datetime
from bot.sla.walls import clock_changes, inside, local_date, minute_of_day, reached

VIETNAM, BERLIN, NEW_YORK = map(ZoneInfo, ("Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York"))


def utc(text: str) -> Instant:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("zone", "when", "day", "minute"),
    [
        (VIETNAM, "2026-03-08T16:59", "2026-03-08", 1439),
        (VIETNAM, "2026-03-08T17:00", "2026-03-09", 0),
        (VIETNAM, "2026-03-09T03:15", "2026-03-09", 615),
        (NEW_YORK, "2026-03-05T04:59", "2026-03-04", 1439),
        (NEW_YORK, "2026-03-05T05:00", "2026-03-05", 0),
    ],
    ids=str,
)
def test_the_date_and_the_minute_are_those_of_the_zone(zone: ZoneInfo, when: str, day: str, minute: int) -> None:
    assert (local_date(utc(when), zone), minute_of_day(utc(when), zone)) == (date.fromisoformat(day), minute)


@pytest.mark.parametrize(
    ("window", "members"),
    [
        ((480, 720), {480, 719}),
        ((1320, 360), {0, 359, 1320, 1439}),
        ((480, 480), {0, 359, 360, 479, 480, 719, 720, 1319, 1320, 1439}),
        ((0, 1440), {0, 359, 360, 479, 480, 719, 720, 1319, 1320, 1439}),
    ],
    ids=str,
)
def test_a_window_has_its_first_minute_and_not_its_last(window: tuple[int, int], members: set[int]) -> None:
    edges = (0, 359, 360, 479, 480, 719, 720, 1319, 1320, 1439)
    assert {minute for minute in edges if inside(window, minute)} == members


def test_every_minute_that_a_change_skips_is_reached_at_the_change() -> None:
    expected = utc("2026-03-29T01:00")
    assert {reached(date(2026, 3, 29), minute, BERLIN) for minute in range(120, 181)} == {expected}
    assert all(isinstance(reached(date(2026, 3, 29), minute, BERLIN), int) for minute in range(120, 181))
    assert reached(date(2026, 3, 29), 119, BERLIN) == expected - MINUTE
    assert reached(date(2026, 3, 29), 181, BERLIN) == expected + MINUTE


def test_every_minute_that_a_change_repeats_is_reached_the_first_time() -> None:
    first = utc("2026-10-25T00:00")
    for minute in range(60):
        assert reached(date(2026, 10, 25), 120 + minute, BERLIN) == first + minute * MINUTE
    assert reached(date(2026, 10, 25), 180, BERLIN) == first + 2 * HOUR


def test_a_change_of_the_clocks_is_found_to_the_millisecond_from_wherever_one_looks() -> None:
    forward, back = utc("2026-03-29T01:00"), utc("2026-10-25T01:00")
    for late in range(1, DAY, 7 * MINUTE + 1):
        assert list(clock_changes(forward - late, forward + 2 * DAY, BERLIN)) == [(forward, -HOUR)]
        assert list(clock_changes(back - late, back + 1, BERLIN)) == [(back, HOUR)]
    assert list(clock_changes(forward, back - 1, BERLIN)) == []
    assert list(clock_changes(utc("2026-01-01T00:00"), utc("2027-01-01T00:00"), VIETNAM)) == []
    assert list(clock_changes(utc("2026-01-01T00:07"), utc("2027-01-01T00:00"), BERLIN)) == [
        (forward, -HOUR),
        (back, HOUR),
    ]


def test_a_day_ends_where_the_next_begins() -> None:
    for zone in (VIETNAM, BERLIN, NEW_YORK):
        for ahead in range(366):
            day = date(2026, 1, 1) + timedelta(days=ahead)
            assert reached(day, 1440, zone) == reached(day + timedelta(days=1), 0, zone)
