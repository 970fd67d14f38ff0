"""Instants are exact to the millisecond for every aware datetime of the years that calendars know."""

from calendar import timegm
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.sla.instants import from_datetime, to_datetime

ZONES = ["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
zones = st.one_of(
    st.sampled_from(ZONES).map(ZoneInfo),
    st.just(UTC),
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
moments = st.datetimes(datetime(1969, 12, 30), datetime(2200, 1, 2), timezones=zones)  # noqa: DTZ001  walls


@given(moments)
@example(datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")))
@example(datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")))
@example(datetime(2024, 4, 7, 1, 45, fold=1, tzinfo=ZoneInfo("Australia/Lord_Howe")))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
def test_a_moment_becomes_the_whole_milliseconds_since_1970_that_have_passed(moment: datetime) -> None:
    utc = moment.astimezone(UTC)
    assert from_datetime(moment) == timegm(utc.timetuple()) * 1000 + moment.microsecond // 1000
    assert to_datetime(from_datetime(moment)) == utc - timedelta(microseconds=moment.microsecond % 1000)


@given(st.integers(from_datetime(datetime(1, 1, 1, tzinfo=UTC)), from_datetime(datetime.max.replace(tzinfo=UTC))))
def test_an_instant_survives_the_way_to_a_datetime_and_back(instant: int) -> None:
    moment = to_datetime(instant)
    assert moment.tzinfo is UTC
    assert from_datetime(moment) == instant


def test_a_repeated_hour_is_two_instants() -> None:
    first = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert from_datetime(first.replace(fold=1)) - from_datetime(first) == 3_600_000


class Nowhere(tzinfo):
    """A zone that does not know its offset, which is as good as none."""

    def utcoffset(self, moment: datetime | None) -> None:
        return None


@pytest.mark.parametrize("zone", [None, Nowhere()])
def test_a_moment_without_a_zone_is_refused(zone: tzinfo | None) -> None:
    with pytest.raises(ValueError, match="2026-03-07T16:30:00 has no time zone"):
        from_datetime(datetime(2026, 3, 7, 16, 30, tzinfo=zone))


def test_an_instant_beyond_every_datetime_is_refused() -> None:
    with pytest.raises(OverflowError):
        to_datetime(10**18)
