"""The days on which the clocks of a country differ from an ordinary week, a year at a time (D4, D5)."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, Protocol, TypeAlias

from pydantic import Field, model_validator

from bot.sla.shapes import Frozen, Weekday, Window

YearStatus: TypeAlias = Literal["reviewed", "provisional", "unreviewed"]


class Day(Frozen):
    """One day of a calendar file.

    `tet` and `holiday` close the hours that say so in `closed_on`. `makeup` is worked instead of another
    day; it concerns only hours that close on holidays. `override` replaces the windows of the `hours` that
    it names, whatever else the day is; without windows it closes them. The last two are worked by the
    windows given or by those of the weekday in `works_like`.
    """

    date: date
    kind: Literal["tet", "holiday", "makeup", "override"]
    name: dict[Literal["vi", "en"], str]
    source: str = Field(min_length=1)
    works_like: Weekday | None = None
    windows: tuple[Window, ...] | None = None
    hours: tuple[str, ...] = ()
    """The names, in the policy, of the hours that an override concerns."""

    @model_validator(mode="after")
    def _says_when_it_is_worked(self) -> "Day":
        says = (self.works_like is not None) + (self.windows is not None)
        worked = self.kind in ("makeup", "override")
        if worked and says != 1:
            raise ValueError(f"kind {self.kind} says when it is worked: 'works_like: mon', or 'windows' of its own")
        if not worked and says:
            raise ValueError(f"kind {self.kind} is not worked; only makeup and override have 'works_like' or 'windows'")
        return self

    @model_validator(mode="after")
    def _says_whose(self) -> "Day":
        if self.kind == "override" and not self.hours:
            raise ValueError("kind override names the 'hours' of the policy that it concerns, like [office]")
        if self.kind != "override" and self.hours:
            raise ValueError(f"kind {self.kind} goes by 'closed_on' of the hours; only override names 'hours'")
        return self


class Year(Frozen):
    """The special days of one year and how far they can be trusted."""

    status: YearStatus
    days: tuple[Day, ...] = ()


class Days(Protocol):
    """The special days of every year. Equal digests mean equal days."""

    @property
    def digest(self) -> str:
        """Return a name for the content."""
        ...

    @property
    def overridden(self) -> frozenset[str]:
        """Return the names of the hours that some day overrides."""
        ...

    def year(self, number: int) -> Year:
        """Return the days of a year; never fails: a year without a file is unreviewed."""
        ...


class OrdinaryDays:
    """No special days at all: for clocks that never stop, and for tests."""

    digest = "ordinary"
    overridden: frozenset[str] = frozenset()

    def year(self, number: int) -> Year:  # noqa: ARG002  the Protocol's parameter
        """Return a year without special days."""
        return _ORDINARY_YEAR


class GivenDays:
    """Exactly these years; any other year has no special days and is unreviewed."""

    def __init__(self, years: Mapping[int, Year], digest: str) -> None:
        self._years = dict(years)
        self.digest = digest
        self.overridden = overridden_in(self._years.values())

    def year(self, number: int) -> Year:
        """Return the days given for a year."""
        return self._years.get(number, Year(status="unreviewed"))


def overridden_in(years: Iterable[Year]) -> frozenset[str]:
    """Return the names of the hours that some day of these years overrides."""
    return frozenset(name for year in years for day in year.days for name in day.hours)


_ORDINARY_YEAR = Year(status="reviewed")
ORDINARY = OrdinaryDays()
