"""Every worked case, ours and those of other systems' test suites, has one answer here too."""

import json
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.sla.calendar import Calendar
from bot.sla.days import Day, GivenDays, Year
from bot.sla.instants import SECOND, from_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS, parse_minute_of_day

DATA = Path(__file__).parent.parent / "data"
ROWS = [
    row
    for name in ("calendar_peers", "calendar_vietnam")
    for row in json.loads((DATA / f"{name}.json").read_text())["rows"]
]

DIFFERENT = {
    # A window that begins inside the hour which spring skips: the peer drops it whole; we keep the quarter of an
    # hour that people really sat there (03:00-03:15). Vietnam has no daylight saving.
    "biz-044": "2006-04-02T10:00:00+00:00",
}


def calendar_of_case(row: dict) -> Calendar:
    """Build the row's calendar: its shifts are overrides, its cut-outs are taken from the windows of their date."""
    weekly = {day: tuple(map(_window, windows)) for day, windows in row["hours"].items()}
    hours = Hours(weekly=weekly, closed_on=("tet", "holiday"), boundary=row["convention"])
    closed = {date.fromisoformat(text) for text in row["holidays"]}
    for number in range(2000, 2032):
        closed |= {date.fromisoformat(f"{number}-{text}") for text in row.get("holidays_recurring", ())}
    worked = {date.fromisoformat(d): tuple(map(_window, w)) for d, w in row.get("shifts", {}).items()}
    for text, cuts in row.get("breaks", {}).items():
        day = date.fromisoformat(text)
        windows = worked.get(day, weekly.get(WEEKDAYS[day.weekday()], ()))
        for cut in cuts:
            windows = _without(windows, _window(cut))
        worked[day] = windows
    days = [Day(date=day, kind="holiday", name={"en": "closed"}, source="case") for day in closed]
    days += [
        Day(date=day, kind="override", name={"en": "shift"}, source="case", windows=windows, hours=("case",))
        for day, windows in worked.items()
        if day not in closed
    ]
    years = {
        number: Year(status="reviewed", days=tuple(day for day in days if day.date.year == number))
        for number in {day.date.year for day in days}
    }
    return Calendar(hours, ZoneInfo(row["tz"]), GivenDays(years, row["id"]), "case")


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_worked_case_has_the_same_answer(row: dict) -> None:
    calendar = calendar_of_case(row)
    start = from_datetime(datetime.fromisoformat(row["start"]))
    if row["op"] == "between":
        end = from_datetime(datetime.fromisoformat(row["end"]))
        assert calendar.between(start, end) == row["seconds"] * SECOND
        return
    expected = from_datetime(datetime.fromisoformat(DIFFERENT.get(row["id"], row["end"])))
    if row["op"] == "add_days":
        assert calendar.add_days(start, row["days"]) == expected
    else:
        step = {"add": calendar.add, "sub": calendar.sub}[row["op"]]
        assert step(start, row["seconds"] * SECOND) == expected


def test_only_a_documented_disagreement_is_answered_differently() -> None:
    assert {row["id"] for row in ROWS if not row["agree"]} == set(DIFFERENT)


def _window(pair: list[str]) -> tuple[int, int]:
    return parse_minute_of_day(pair[0]), parse_minute_of_day(pair[1])


def _without(windows: tuple[tuple[int, int], ...], cut: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    parts = [part for start, end in windows for part in ((start, min(end, cut[0])), (max(start, cut[1]), end))]
    return tuple((start, end) for start, end in parts if start < end)


def test_the_cut_outs_of_a_case_leave_what_is_around_them() -> None:
    assert _without(((60, 120),), (80, 90)) == ((60, 80), (90, 120))
    assert _without(((60, 120),), (0, 1440)) == ()
