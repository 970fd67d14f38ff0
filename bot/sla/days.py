"""The days on which the clocks of a country differ from an ordinary week, a year at a time (D4, D5)."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, Protocol, TypeAlias

from pydantic import Field, model_validator

from bot.sla.shapes import Frozen, Weekday, Window

YearStatus: TypeAlias = Literal["reviewed", "provisional", "unreviewed"]


class Day(Frozen):
    """One day of a calendar file.

    `tet` and `holiday` close the hours that say so in `closed_on`. `makeup` is worked instead of another
    day, by the windows given or by those of the weekday in `works_like`; it concerns only hours that close
    on holidays.
    """

    date: date
    kind: Literal["tet", "holiday", "makeup"]
    name: dict[Literal["vi", "en"], str]
    source: str = Field(min_length=1)
    works_like: Weekday | None = None
    windows: tuple[Window, ...] | None = None

    @model_validator(mode="after")
    def _makeup_says_how_long(self) -> "Day":
        says = (self.works_like is not None) + (self.windows is not None)
        if self.kind == "makeup" and says != 1:
            raise ValueError("a makeup day says when it is worked: 'works_like: mon', or 'windows' of its own")
        if self.kind != "makeup" and says:
            raise ValueError(f"a {self.kind} day is not worked; only a makeup day has 'works_like' or 'windows'")
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

    def year(self, number: int) -> Year:
        """Return the days of a year; never fails: a year without a file is unreviewed."""
        ...


class OrdinaryDays:
    """No special days at all: for clocks that never stop, and for tests."""

    digest = "ordinary"

    def year(self, number: int) -> Year:  # noqa: ARG002  the Protocol's parameter
        """Return a year without special days."""
        return _ORDINARY_YEAR


class GivenDays:
    """Exactly these years; any other year has no special days and is unreviewed."""

    def __init__(self, years: Mapping[int, Year], digest: str) -> None:
        self._years = dict(years)
        self.digest = digest

    def year(self, number: int) -> Year:
        """Return the days given for a year."""
        return self._years.get(number, Year(status="unreviewed"))


_ORDINARY_YEAR = Year(status="reviewed")
ORDINARY = OrdinaryDays()
