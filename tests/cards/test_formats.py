"""How times are written."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.instants import HOUR, MINUTE, SECOND, from_datetime
from bot.text import formats
from tests.cards.samples import ZONE

NOW = from_datetime(datetime(2026, 11, 23, 23, 50, tzinfo=ZONE))


def test_a_time_of_today_says_today_by_the_desks_clock_and_not_by_utc() -> None:
    early = from_datetime(datetime(2026, 11, 23, 0, 5, tzinfo=ZONE))  # still the 22nd in UTC
    assert formats.instant("vi", early, NOW, ZONE) == "00:05 hôm nay"
    assert formats.instant("en", early, NOW, ZONE) == "00:05 today"
    assert formats.instant("vi", early, NOW, ZoneInfo("UTC")) == "17:05 ngày 22/11/2026"


def test_a_time_of_another_day_carries_its_date() -> None:
    later = from_datetime(datetime(2026, 12, 3, 3, 32, tzinfo=UTC))
    assert formats.instant("vi", later, NOW, ZONE) == "10:32 ngày 03/12/2026"
    assert formats.instant("en", later, NOW, ZONE) == "10:32 on 3 Dec 2026"
    assert formats.day("vi", later, ZONE) == "03/12/2026"
    assert formats.day("en", later, ZONE) == "3 Dec 2026"


@pytest.mark.parametrize(
    ("length", "vietnamese", "english"),
    [
        (0, "dưới 1 phút", "under 1 min"),
        (59 * SECOND, "dưới 1 phút", "under 1 min"),
        (6 * MINUTE, "6 phút", "6 min"),
        (59 * MINUTE + 59 * SECOND, "59 phút", "59 min"),
        (HOUR, "1 giờ", "1 h"),
        (2 * HOUR + 5 * MINUTE, "2 giờ 05 phút", "2 h 05 min"),
        (-12 * MINUTE, "12 phút", "12 min"),
        (16 * HOUR, "16 giờ", "16 h"),
    ],
)
def test_a_span_is_written_in_hours_and_minutes(length: int, vietnamese: str, english: str) -> None:
    assert formats.span("vi", length) == vietnamese
    assert formats.span("en", length) == english


@pytest.mark.parametrize(
    ("remaining", "vietnamese", "english"),
    [
        (6 * MINUTE, "còn 6 phút", "6 min left"),
        (6 * MINUTE - 4 * SECOND, "còn 6 phút", "6 min left"),
        (40 * SECOND, "còn dưới 1 phút", "under 1 min left"),
        (1, "còn dưới 1 phút", "under 1 min left"),
        (0, "vừa quá hạn", "just overdue"),
        (-59 * SECOND, "vừa quá hạn", "just overdue"),
        (-12 * MINUTE - 59 * SECOND, "quá 12 phút", "12 min over"),
    ],
)
def test_what_is_left_is_said_in_one_breath(remaining: int, vietnamese: str, english: str) -> None:
    assert formats.left("vi", remaining) == vietnamese
    assert formats.left("en", remaining) == english


@given(st.integers(min_value=MINUTE, max_value=400 * HOUR))
def test_what_is_left_is_never_off_by_more_than_half_a_minute(remaining: int) -> None:
    written = re.fullmatch(r"còn (?:(\d+) giờ)? ?(?:(\d+) phút)?", formats.left("vi", remaining))
    assert written is not None
    assert abs(int(written[1] or 0) * HOUR + int(written[2] or 0) * MINUTE - remaining) <= MINUTE // 2


@pytest.mark.parametrize(
    ("items", "vietnamese", "english"),
    [((), "", ""), (("a",), "a", "a"), (("a", "b"), "a và b", "a and b"), (("a", "b", "c"), "a, b và c", "a, b and c")],
)
def test_a_list_ends_with_and(items: tuple[str, ...], vietnamese: str, english: str) -> None:
    assert formats.listing("vi", items) == vietnamese
    assert formats.listing("en", items) == english
