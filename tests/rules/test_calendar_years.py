"""The special days of Vietnam: each line of the files against what is known, the years without a file computed."""

from datetime import date, timedelta
from pathlib import Path

import holidays
import pytest

from bot.config.load import load_book
from bot.config.years import computed_year
from bot.sla.book import Book
from bot.sla.days import Year
from bot.sla.instants import DAY, HOUR
from tests.harness.example_desk import DESK_FILES, ExampleDesk, write_example_desk
from tests.rules.files_at_hand import CHANNELS, at, edit, errors_of

TET = {2025: ("01-27", "01-31"), 2026: ("02-16", "02-20"), 2027: ("02-05", "02-09")}
"""Official for 2025 and 2026 (announced by the Prime Minister); 2027 is provisional."""
HOLIDAYS = {
    2025: ["01-01", "04-07", "04-30", "05-01", "09-01", "09-02"],
    2026: ["01-01", "04-26", "04-27", "04-30", "05-01", "09-01", "09-02"],
    2027: ["01-01", "02-10", "04-16", "04-30", "05-01", "09-02", "09-03"],
}
UNLIKE_THE_LIBRARY = {
    # date: (who closes it, why)
    "2025-01-27": ("files", "Tet 2025 was announced as 27-31 January; the library counts from the eve to the 4th"),
    "2025-02-01": ("library", "the same five days, the library's last"),
    "2025-05-02": ("library", "a state swap for Saturday 26 April; off unless the desk adopts it"),
    "2026-04-27": ("files", "26 April is a Sunday: the next working day, which the library is not asked for"),
    "2026-08-31": ("library", "a state swap for Saturday 22 August; off unless the desk adopts it"),
    "2026-11-24": ("library", "announced in 2026, no enacted text found"),
    "2027-02-10": ("files", "7 February is a Sunday: the next working day, which the library is not asked for"),
    "2027-11-24": ("library", "as in 2026"),
}


@pytest.fixture(scope="module")
def book() -> Book:
    return load_book(DESK_FILES, CHANNELS)[0]


@pytest.fixture
def desk(tmp_path: Path) -> ExampleDesk:
    return write_example_desk(tmp_path / "desk")


def add_line(desk: ExampleDesk, line: str) -> int:
    """Add a day before all others of 2026; return its line in the file."""
    line = f"  - {{ {line}, name: {{ en: Test }}, source: test }}"
    return edit(desk.folder, "calendars/2026.yaml", "days:\n", f"days:\n{line}\n") + 1


def closed(year: Year) -> set[str]:
    return {day.date.isoformat() for day in year.days}


@pytest.mark.parametrize("number", TET)
def test_a_file_has_the_days_that_are_known_and_no_others(number: int, book: Book) -> None:
    days = book.days.year(number).days
    first, last = (date.fromisoformat(f"{number}-{text}") for text in TET[number])
    assert [day.date for day in days if day.kind == "tet"] == [first + timedelta(days=n) for n in range(5)]
    assert last - first == timedelta(days=4)
    assert [f"{day.date:%m-%d}" for day in days if day.kind == "holiday"] == HOLIDAYS[number]
    assert {day.kind for day in days} == {"tet", "holiday"}, "state swaps are off"


@pytest.mark.parametrize("number", TET)
def test_every_line_of_a_file_has_its_source_and_its_name_in_both_languages(number: int, book: Book) -> None:
    for day in book.days.year(number).days:
        assert day.source.startswith(("Labour Code 2019, art. 11", "holidays 0.109 (Vietnamese lunar calendar)"))
        assert set(day.name) == {"vi", "en"}
        assert all(day.name.values())


def test_the_weekday_beside_each_date_of_a_file_is_right() -> None:
    for number in TET:
        lines = (DESK_FILES / "calendars" / f"{number}.yaml").read_text(encoding="utf-8").splitlines()
        dates = [line.split("date: ")[1].split(" # ") for line in lines if line.startswith("  - date: ")]
        assert [f"{date.fromisoformat(text):%a}" for text, _ in dates] == [weekday for _, weekday in dates]


def test_the_files_differ_from_the_library_only_where_it_is_known_why(book: Book) -> None:
    found = {}
    for number in TET:
        library = {day.isoformat() for day in holidays.country_holidays("VN", years=number, observed=False)}
        files = closed(book.days.year(number))
        found |= dict.fromkeys(files - library, "files") | dict.fromkeys(library - files, "library")
    assert found == {day: who for day, (who, _) in UNLIKE_THE_LIBRARY.items()}


@pytest.mark.parametrize("number", range(2028, 2041))
def test_a_year_without_a_file_is_computed_and_says_that_nobody_reviewed_it(number: int, book: Book) -> None:
    year = book.days.year(number)
    assert year.status == "unreviewed"
    tet = [day.date for day in year.days if day.kind == "tet"]
    assert tet == [tet[0] + timedelta(days=n) for n in range(5)]
    assert date(number, 1, 20) <= tet[0] <= date(number, 2, 20)
    fixed = {f"{number}-{text}" for text in ("01-01", "04-30", "05-01", "09-02")}
    assert fixed < closed(year)
    assert f"{number}-11-24" not in closed(year)
    assert all("computed" in day.source for day in year.days)
    assert len(closed(year)) == len(year.days)


def test_each_holiday_on_a_sunday_is_followed_by_a_working_day_off() -> None:
    for number in range(2028, 2101):
        days = computed_year("VN", number).days
        sundays = sum(day.date.weekday() == 6 for day in days)
        in_lieu = [day for day in days if day.name["vi"].startswith("Nghỉ bù")]
        assert len(in_lieu) == sundays
        assert all(day.kind == "holiday" and day.date.weekday() != 6 for day in in_lieu)


def test_a_promise_that_runs_into_a_year_without_a_file_stops_on_its_tet(book: Book) -> None:
    around, start = book.calendars["around_the_clock"], at("2028-01-24T23:00")
    assert around.add(start, 2 * HOUR) == at("2028-01-30T01:00")
    assert book.calendars["office"].add(at("2027-12-31T16:00"), 2 * HOUR) == at("2028-01-03T09:00"), "1 and 2 January"
    assert book.doubtful_years(at("2026-12-31T23:59"), at("2027-01-01T00:00")) == (2027,)
    assert around.between(at("2026-01-01T00:00"), at("2036-01-01T00:00")) == (3652 - 50) * DAY


def test_a_year_that_no_library_knows_is_unreviewed_too() -> None:
    assert computed_year("VN", 2150) == computed_year("ZZ", 2030) == Year(status="unreviewed")


def test_an_override_in_a_file_reaches_the_hours_that_it_names(desk: ExampleDesk) -> None:
    add_line(desk, 'date: 2026-04-30, kind: override, hours: [office], windows: ["09:00-11:00"]')
    add_line(desk, "date: 2026-04-30, kind: override, hours: [around_the_clock], windows: []")
    book, warnings = load_book(desk.folder, CHANNELS)
    whole_day = at("2026-04-30T00:00"), at("2026-05-01T00:00")
    older = book.policy.model_copy()
    for calendars in (book.calendars, book.calendars_for(older)):
        assert calendars["office"].between(*whole_day) == 2 * HOUR
        assert calendars["around_the_clock"].between(*whole_day) == 0
    assert not [fault for fault in warnings if fault.file == "calendars/2026.yaml"]


def test_an_override_of_hours_that_the_policy_does_not_have_is_a_warning(desk: ExampleDesk) -> None:
    line = add_line(desk, "date: 2026-12-26, kind: override, hours: [office, ofice], windows: []")
    _, warnings = load_book(desk.folder, CHANNELS)
    [found] = [fault for fault in warnings if fault.file == "calendars/2026.yaml"]
    assert (found.line, found.fatal) == (line, False)
    assert "no hours 'ofice', only" in found.message
    assert "office" in found.message


@pytest.mark.parametrize("hours", ["[office]", "[around_the_clock, office]"])
def test_two_overrides_of_the_same_hours_on_a_date_are_an_error(hours: str, desk: ExampleDesk) -> None:
    add_line(desk, "date: 2026-12-26, kind: override, hours: [office], windows: []")
    add_line(desk, f"date: 2026-12-26, kind: override, hours: {hours}, works_like: mon")
    [found] = errors_of(desk.folder)
    assert "2026-12-26 is there twice" in found.message


def test_two_kinds_of_one_date_are_an_error_still(desk: ExampleDesk) -> None:
    add_line(desk, "date: 2026-04-30, kind: makeup, works_like: mon")
    assert [fault.message for fault in errors_of(desk.folder)] == ["2026-04-30 is there twice"]


def test_a_file_that_forgot_tet_is_a_warning(desk: ExampleDesk) -> None:
    path = desk.folder / "calendars/2026.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("kind: tet", "kind: holiday"), encoding="utf-8")
    _, warnings = load_book(desk.folder, CHANNELS)
    [found] = [fault for fault in warnings if fault.file == "calendars/2026.yaml"]
    assert "has no tet days; the law gives 5" in found.message


def test_a_file_of_a_country_without_tet_has_nothing_to_forget(desk: ExampleDesk) -> None:
    (desk.folder / "calendars/2025.yaml").write_text("status: reviewed\ndays: []\n", encoding="utf-8")
    edit(desk.folder, "desk.yaml", "country: VN", "country: DE")
    _, warnings = load_book(desk.folder, CHANNELS)
    assert not [fault for fault in warnings if fault.file == "calendars/2025.yaml"]
