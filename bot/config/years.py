"""The special days of every year: from the reviewed files, else computed and marked unreviewed (D5)."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import holidays

from bot.config.files import Source, read_source, validate
from bot.sla.days import Day, Year, overridden_in
from bot.sla.shapes import Frozen

_LIBRARY_VERSION = version("holidays")
TET_DAYS = 5
"""Labour Code 2019, art. 112.1.b."""
_SUNDAY = 6
_TET = "Tết Nguyên Đán"
_SWAP = "(thay cho"
_NOT_ENACTED = "Ngày Văn hóa Việt Nam"
"""24 November: announced, no enacted text found (D5)."""


class YearFile(Frozen):
    """The form of a file in `calendars/`."""

    status: Literal["reviewed", "provisional"]
    days: tuple[Day, ...]


class FiledDays:
    """The desk's files where there are any, the library where there are none."""

    def __init__(self, years: Mapping[int, Year], country: str) -> None:
        self._years = dict(years)
        self._country = country
        content = "".join(f"{number}{year.model_dump_json()}" for number, year in sorted(self._years.items()))
        self.digest = hashlib.sha256(f"{country}{content}".encode()).hexdigest()
        self.overridden = overridden_in(self._years.values())

    def year(self, number: int) -> Year:
        """Return the days of a year."""
        return self._years.get(number) or computed_year(self._country, number)


def read_years(folder: Path) -> tuple[dict[int, Year], list[Source]]:
    """Read `calendars/YYYY.yaml`; the faults are in the sources, which come in the order of the years."""
    years: dict[int, Year] = {}
    sources = []
    for path in year_files(folder):
        source = read_source(folder, f"calendars/{path.name}")
        sources.append(source)
        if not re.fullmatch(r"(19|20|21)\d\d", path.stem):
            source.note("the file's name must be its year, like 2026.yaml")
            continue
        number = int(path.stem)
        read = validate(source, YearFile)
        if read is not None:
            years[number] = Year(status=read.status, days=read.days)
            if read.status == "provisional":
                source.note(f"{number} is provisional; reports that use it say so", "status", fatal=False)
        _prove_year(source, number)
    return years, sources


def prove_years(sources: Iterable[Source], country: str, hours: Collection[str]) -> None:
    """Note what the calendar files say in vain, or leave out, as warnings.

    `hours` are the names of the present policy's hours; a ticket may be frozen with others (D16).
    """
    for source in sources:
        for i, item in source.items("days"):
            for name in item.get("hours") or ():
                if name not in hours:
                    known = ", ".join(sorted(hours))
                    source.note(f"the policy has no hours {name!r}, only {known}", "days", i, "hours", fatal=False)
        if not any(item.get("kind") == "tet" for _, item in source.items("days")):
            number = int(Path(source.name).stem)
            if any(day.kind == "tet" for day in computed_year(country, number).days):
                source.note(f"has no tet days; the law gives {TET_DAYS}", "days", fatal=False)


def year_files(folder: Path) -> list[Path]:
    """Return the calendar files; what an editor leaves beside them while it saves is none."""
    return sorted(path for path in (folder / "calendars").glob("*.yaml") if not path.name.startswith("."))


@lru_cache(maxsize=512)
def computed_year(country: str, number: int) -> Year:
    """Return a year as the `holidays` library has it, weekly day off Sunday, marked unreviewed.

    State swaps and days in lieu of a Saturday are left out; a holiday on a Sunday moves to the next working
    day. Years or countries that the library does not know have no special days.
    """
    try:
        language = "vi" if country == "VN" else None
        known = holidays.country_holidays(country, years=number, observed=False, language=language)
    except (NotImplementedError, ValueError):
        return Year(status="unreviewed")
    source = f"holidays {_LIBRARY_VERSION}, computed"
    days = [
        Day(date=when, kind="tet" if _TET in name else "holiday", name={"vi": name, "en": name}, source=source)
        for when, name in sorted(known.items())
        if when.year == number and _SWAP not in name and _NOT_ENACTED not in name
    ]
    taken = {day.date for day in days}
    for sunday in sorted(day.date for day in days if day.date.weekday() == _SUNDAY):
        instead = _next_working(sunday, taken)
        taken.add(instead)
        if instead.year == number:
            name = f"{sunday:%d/%m} là Chủ nhật"
            lieu = {"vi": f"Nghỉ bù ({name})", "en": f"In lieu of Sunday {sunday.isoformat()}"}
            days.append(Day(date=instead, kind="holiday", name=lieu, source=source))
    return Year(status="unreviewed", days=tuple(sorted(days, key=lambda day: day.date)))


def _prove_year(source: Source, number: int) -> None:
    seen: set[tuple[date, str]] = set()
    tet = 0
    for i, item in source.items("days"):
        when = item.get("date")
        tet += item.get("kind") == "tet"
        try:
            when = date.fromisoformat(str(when))
        except ValueError:
            continue
        if when.year != number:
            source.note(f"{when.isoformat()} is not in {number}", "days", i, "date")
        names = item.get("hours")
        concerned = {(when, str(name)) for name in (names if isinstance(names, list) and names else ("",))}
        if concerned & seen:
            source.note(f"{when.isoformat()} is there twice", "days", i, "date")
        seen |= concerned
    if tet not in (0, TET_DAYS):
        source.note(f"has {tet} tet days; the law gives {TET_DAYS}, days in lieu are holidays", "days", fatal=False)


def _next_working(day: date, taken: set[date]) -> date:
    day += timedelta(days=1)
    while day in taken or day.weekday() == _SUNDAY:
        day += timedelta(days=1)
    return day
