"""A month's uptime and what missing the promise costs: whole milliseconds and exact fractions, never a float.

Where the text can be read two ways the desk holds itself to the stricter reading: an outage is shortened by its own
confirmed deductions alone, and the denominator by nothing. Source: product.md D17; support procedure, article 5.
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from operator import attrgetter
from zoneinfo import ZoneInfo

from bot.sla.instants import MINUTE, Instant, Span, from_datetime, to_datetime
from bot.sla.intervals import Interval, cut, length, minus, union
from bot.sla.policy import Credit, Uptime

_MONTH = re.compile(r"((?:19|20|21)\d\d)-(0[1-9]|1[0-2])")
_PLACES_MIN = 3


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Month":
        """Return the month of `2026-03`; raises ValueError that says the form."""
        match = _MONTH.fullmatch(text)
        if not match:
            raise ValueError(f"{text!r} is no month; write it like 2026-03")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, at: Instant, zone: ZoneInfo) -> "Month":
        """Return the month in which an instant falls."""
        local = to_datetime(at).astimezone(zone)
        return cls(local.year, local.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def first_day(self) -> date:
        """Return the first."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Return the 28th to 31st."""
        return self.first_day.replace(day=calendar.monthrange(self.year, self.number)[1])

    @property
    def next_quarter(self) -> tuple[int, int]:
        """Return (year, quarter) of the quarter after this month's: its payment is the one that is reduced."""
        quarter = (self.number - 1) // 3 + 1
        return (self.year, quarter + 1) if quarter < 4 else (self.year + 1, 1)  # noqa: PLR2004  quarters of a year

    def window(self, zone: ZoneInfo) -> Interval:
        """Return from its first midnight to the next month's, in the wall clock of `zone`."""
        return _midnight(self.first_day, zone), _midnight(self.last_day + timedelta(days=1), zone)


@dataclass(frozen=True)
class Hole:
    """A stretch of an outage that the contract does not count."""

    start: Instant
    end: Instant
    reason: str


@dataclass(frozen=True)
class Down:
    """A confirmed outage. `end` None: it still lasts."""

    ticket: str
    start: Instant
    end: Instant | None
    holes: tuple[Hole, ...] = ()


@dataclass(frozen=True)
class Charge:
    """What an outage costs a month: within its paid time, `end - start = deducted + elsewhere + charged`."""

    ticket: str
    start: Instant
    end: Instant
    deducted: tuple[tuple[str, Span], ...]
    """By reason; time that several reasons cover is the first one's."""
    elsewhere: Span
    """Charged with an outage before this one already."""
    spans: tuple[Interval, ...]
    """What is charged here."""

    @property
    def charged(self) -> Span:
        """Return the downtime charged."""
        return length(self.spans)


@dataclass(frozen=True)
class Measure:
    """The uptime of a month's paid time, known up to `until`."""

    paid: Interval
    until: Instant
    charges: tuple[Charge, ...]

    @property
    def total(self) -> Span:
        """Return the paid time: the denominator."""
        return self.paid[1] - self.paid[0]

    @property
    def down(self) -> Span:
        """Return the downtime charged."""
        return sum(charge.charged for charge in self.charges)

    @property
    def running(self) -> bool:
        """Return whether some of the paid time is still to come."""
        return self.until < self.paid[1]

    @property
    def uptime(self) -> Fraction:
        """Return the percentage of the whole paid time; of a running month if nothing more goes down."""
        return Fraction(100 * (self.total - self.down), self.total)

    @property
    def so_far(self) -> Fraction | None:
        """Return the percentage of the paid time that has passed; None before any has."""
        passed = self.until - self.paid[0]
        return Fraction(100 * (passed - self.down), passed) if passed else None


@dataclass(frozen=True)
class Award:
    """The credit of a month: uptime was in [row.uptime_from, below)."""

    row: Credit
    below: Decimal
    amount_vnd: int
    notice_until: date | None
    """Last day on which the customer may give notice of termination; None: no such right."""


@dataclass(frozen=True)
class Crossing:
    """How much more downtime takes a month below a line of the table, and what that costs."""

    below: Decimal
    row: Credit
    more: Span
    """To the millisecond: with 1 ms less the line would hold."""
    reachable: bool
    """Whether that much of the paid time is left."""

    @property
    def more_minutes(self) -> int:
        """Return the first whole number of minutes that is too much."""
        return -(-self.more // MINUTE)


def paid_time(month: Month, zone: ZoneInfo, first: date | None, last: date) -> Interval | None:
    """Return what of a month is paid for when the contract runs from `first` to `last`, both included."""
    start, end = month.window(zone)
    start = start if first is None else max(start, _midnight(first, zone))
    if last < month.last_day:  # a contract without an end may say 9999-12-31, which has no day after it
        end = min(end, _midnight(last + timedelta(days=1), zone))
    return (start, end) if start < end else None


def measure(paid: Interval, outages: Iterable[Down], now: Instant) -> Measure:
    """Return the uptime as it is known at `now`. Time that several outages cover is charged with the earliest."""
    until = max(paid[0], min(paid[1], now))
    taken: tuple[Interval, ...] = ()
    charges = []
    for outage in sorted(outages, key=attrgetter("start", "ticket")):
        rest = cut([(outage.start, until if outage.end is None else outage.end)], (paid[0], until))
        if not rest:
            continue
        (start, end) = rest[0]
        deducted: dict[str, Span] = {}
        for hole in sorted(outage.holes, key=attrgetter("start")):
            left = minus(rest, [(hole.start, hole.end)])
            if left != rest:
                deducted[hole.reason] = deducted.get(hole.reason, 0) + length(rest) - length(left)
            rest = left
        spans = minus(rest, taken)
        charges.append(Charge(outage.ticket, start, end, tuple(deducted.items()), length(rest) - length(spans), spans))
        taken = union([*taken, *spans])
    return Measure(paid, until, tuple(charges))


def credit_at(uptime: Fraction, promise: Uptime) -> Credit | None:
    """Return the row of the table for an uptime; at the promise and above there is none."""
    if uptime >= Fraction(promise.promised):
        return None
    rows = _rows(promise)
    return next((row for row in rows if uptime >= Fraction(row.uptime_from)), rows[-1] if rows else None)


def award(uptime: Fraction, promise: Uptime, monthly_fee_vnd: int, month: Month) -> Award | None:
    """Return what a customer is owed for a month.

    The whole month's fee counts, also where only a part of the month was paid time, and a part of a đồng is a whole
    one: both in the customer's favour.
    """
    row = credit_at(uptime, promise)
    if row is None:
        return None
    rows = _rows(promise)
    place = rows.index(row)
    amount = Fraction(row.percent) * monthly_fee_vnd / 100
    notice_until = month.last_day + timedelta(days=promise.termination_notice_days) if row.may_terminate else None
    below = rows[place - 1].uptime_from if place else promise.promised
    return Award(row, below, -(-amount.numerator // amount.denominator), notice_until)


def forecast(measured: Measure, promise: Uptime) -> tuple[Crossing, ...]:
    """Return every line of the table that a month still holds, the nearest first."""
    rows = _rows(promise)
    lines = (promise.promised, *(row.uptime_from for row in rows))
    left = measured.paid[1] - measured.until
    crossings = []
    for line, row in zip(lines, rows, strict=False):
        if measured.uptime < Fraction(line):
            continue
        allowed = measured.total * (100 - Fraction(line)) / 100
        more = allowed.numerator // allowed.denominator - measured.down + 1
        crossings.append(Crossing(line, row, more, more <= left))
    return tuple(crossings)


def shown(percentage: Fraction, promise: Uptime) -> str:
    """Return `99.799`: cut off, so that no figure says more than was measured.

    Three places, or as many as the table's finest line has.
    """
    finest = max(_places(value) for value in (promise.promised, *(row.uptime_from for row in promise.credits)))
    places = max(_PLACES_MIN, finest)
    whole, part = divmod(percentage.numerator * 10**places // percentage.denominator, 10**places)
    return f"{whole}.{part:0{places}}"


def _rows(promise: Uptime) -> list[Credit]:
    return sorted(promise.credits, key=attrgetter("uptime_from"), reverse=True)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _midnight(day: date, zone: ZoneInfo) -> Instant:
    return from_datetime(datetime(day.year, day.month, day.day, tzinfo=zone))
