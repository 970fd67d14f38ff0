"""Uptime and credits (D17): the table to the second in every length of month, and what must hold whatever happens."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.credits import (
    Crossing,
    Down,
    Hole,
    Measure,
    Month,
    award,
    credit_at,
    forecast,
    measure,
    paid_time,
    shown,
)
from bot.sla.instants import DAY, HOUR, MINUTE, SECOND
from bot.sla.intervals import cut, length, minus, union
from bot.sla.policy import Credit, Policy, Uptime
from tests.rules.ladder import ZONE, at, book

PROMISE = book().policy.uptime
FEE = 5_000_000
MONTHS = {28: Month(2026, 2), 29: Month(2028, 2), 30: Month(2026, 4), 31: Month(2026, 3)}
LINES = {
    "99.8": (0, 2, False),
    "98.5": (2, 3, False),
    "97.5": (3, 5, False),
    "96.5": (5, 6, False),
    "95.5": (6, 10, True),
    "94.5": (10, 25, True),
}
"""Line: percent at it and just above, percent below it, and whether below it the customer may terminate."""


def paid(month: Month) -> tuple[int, int]:
    found = paid_time(month, ZONE, None, date(2099, 12, 31))
    assert found is not None
    return found


def after(month: Month) -> int:
    return month.window(ZONE)[1] + DAY


def down_for(month: Month, span: int) -> Measure:
    """Measure a month with one outage of `span`, in the middle of the month."""
    start = month.window(ZONE)[0] + 10 * DAY
    return measure(paid(month), [Down("3CX-1", start, start + span)], after(month))


def percent(measured: Measure) -> Decimal:
    row = credit_at(measured.uptime, PROMISE)
    return row.percent if row else Decimal(0)


class TestTheTable:
    @pytest.mark.parametrize("days", MONTHS)
    @pytest.mark.parametrize("line", LINES)
    def test_a_line_is_exact_and_one_second_more_falls_below_it(self, line: str, days: int) -> None:
        month = MONTHS[days]
        at_line, below, may_terminate = LINES[line]
        allowed = Fraction(days * DAY) * (100 - Fraction(line)) / 100
        assert allowed.denominator == 1, "every line of the table falls on a whole millisecond"
        exact = down_for(month, int(allowed))
        assert exact.total == days * DAY
        assert exact.uptime == Fraction(line)
        assert shown(exact.uptime, PROMISE) == f"{line}00"
        assert percent(exact) == at_line
        assert percent(down_for(month, int(allowed) - SECOND)) == at_line
        one_more = down_for(month, int(allowed) + SECOND)
        assert percent(one_more) == below
        assert percent(down_for(month, int(allowed) + 1)) == below, "and a millisecond is enough"
        assert Decimal(shown(one_more.uptime, PROMISE)) < Decimal(line)
        owed = award(one_more.uptime, PROMISE, FEE, month)
        assert owed is not None
        assert (owed.row.percent, owed.below, owed.amount_vnd) == (below, Decimal(line), FEE * below // 100)
        assert (owed.notice_until is not None) is may_terminate

    def test_a_month_without_outage_is_up_and_costs_nothing(self) -> None:
        measured = measure(paid(Month(2026, 3)), [], after(Month(2026, 3)))
        assert (measured.uptime, shown(measured.uptime, PROMISE)) == (100, "100.000")
        assert award(measured.uptime, PROMISE, FEE, Month(2026, 3)) is None

    def test_a_month_that_was_down_throughout_has_the_last_row(self) -> None:
        month = Month(2026, 3)
        measured = measure(paid(month), [Down("3CX-1", 0, None)], after(month))
        owed = award(measured.uptime, PROMISE, FEE, month)
        assert owed is not None
        assert (measured.uptime, owed.row.percent, owed.amount_vnd) == (0, 25, 1_250_000)

    @pytest.mark.parametrize(
        ("month", "until"),
        [("2026-03", date(2026, 4, 30)), ("2026-01", date(2026, 3, 2)), ("2025-12", date(2026, 1, 30)),
         ("2026-02", date(2026, 3, 30))],
    )  # fmt: skip
    def test_notice_of_termination_ends_thirty_days_after_the_months_last_day(self, month: str, until: date) -> None:
        owed = award(Fraction(95), PROMISE, FEE, Month.parse(month))
        assert owed is not None
        assert owed.notice_until == until

    @pytest.mark.parametrize(("fee", "amount"), [(0, 0), (49, 1), (50, 1), (51, 2), (4_999_999, 100_000)])
    def test_a_part_of_a_dong_is_a_whole_one(self, fee: int, amount: int) -> None:
        owed = award(Fraction("99.7"), PROMISE, fee, Month(2026, 3))
        assert owed is not None
        assert owed.amount_vnd == amount

    def test_rows_in_any_order_give_the_same_credit(self) -> None:
        mixed = PROMISE.model_copy(update={"credits": tuple(reversed(PROMISE.credits))})
        for uptime in ("99.8", "98.5", "96.5", "10"):
            assert credit_at(Fraction(uptime), mixed) == credit_at(Fraction(uptime), PROMISE)
        assert forecast(down_for(Month(2026, 3), HOUR), mixed) == forecast(down_for(Month(2026, 3), HOUR), PROMISE)


class TestPaidTime:
    def test_a_month_is_the_desks_own_from_midnight_to_midnight(self) -> None:
        assert Month(2026, 3).window(ZONE) == (at("2026-03-01 00:00"), at("2026-04-01 00:00"))
        assert Month(2026, 12).window(ZONE)[1] == at("2027-01-01 00:00")
        assert Month.of(at("2026-04-01 00:00") - 1, ZONE) == Month(2026, 3)

    def test_a_month_with_a_change_of_the_clock_has_its_real_length(self) -> None:
        paris = ZoneInfo("Europe/Paris")
        for month, hours in ((Month(2026, 3), 31 * 24 - 1), (Month(2026, 10), 31 * 24 + 1)):
            start, end = month.window(paris)
            assert end - start == hours * HOUR

    def test_only_the_time_of_the_contract_is_paid(self) -> None:
        month = Month(2026, 3)
        for first, last, days in (
            (None, date(2026, 3, 31), 31),
            (None, date(2026, 3, 10), 10),
            (date(2026, 3, 10), date(2026, 3, 10), 1),
            (date(2026, 3, 1), date(2026, 4, 1), 31),
            (date(2026, 3, 22), date(2030, 1, 1), 10),
        ):
            found = paid_time(month, ZONE, first, last)
            assert found is not None
            assert found[1] - found[0] == days * DAY
        assert paid_time(month, ZONE, None, date(2026, 2, 28)) is None
        assert paid_time(month, ZONE, date(2026, 4, 1), date(2030, 1, 1)) is None

    def test_an_outage_weighs_more_in_a_shorter_paid_time_and_nothing_outside_it(self) -> None:
        found = paid_time(Month(2026, 3), ZONE, None, date(2026, 3, 10))
        assert found is not None
        outages = [Down("3CX-1", at("2026-03-10 23:00"), at("2026-03-11 05:00"))]
        measured = measure(found, outages, at("2026-04-05 00:00"))
        assert measured.down == HOUR
        assert measured.uptime == 100 - Fraction(100, 240)
        assert not measured.running

    @pytest.mark.parametrize(
        "text", ["2026-3", "2026-13", "2026-00", "03-2026", "2026-03-01", "", "1026-03", "2026-03\n"]
    )
    def test_what_is_no_month_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="write it like 2026-03"):
            Month.parse(text)

    @pytest.mark.parametrize(
        ("month", "quarter"), [("2026-01", (2026, 2)), ("2026-03", (2026, 2)), ("2026-04", (2026, 3)),
                               ("2026-09", (2026, 4)), ("2026-10", (2027, 1)), ("2026-12", (2027, 1))],
    )  # fmt: skip
    def test_the_next_quarter(self, month: str, quarter: tuple[int, int]) -> None:
        assert Month.parse(month).next_quarter == quarter
        assert str(Month.parse(month)) == month


class TestDowntime:
    march = paid(Month(2026, 3))
    april = paid(Month(2026, 4))
    later = at("2026-06-01 00:00")

    def test_an_outage_over_the_end_of_a_month_is_cut_and_its_parts_make_the_whole(self) -> None:
        outages = [Down("3CX-1", at("2026-03-31 22:00"), at("2026-04-01 03:00"))]
        parts = [measure(month, outages, self.later) for month in (self.march, self.april)]
        assert [part.down for part in parts] == [2 * HOUR, 3 * HOUR]
        assert parts[1].charges[0].start == at("2026-04-01 00:00")

    def test_outages_at_the_same_time_are_charged_once_with_the_earlier_one(self) -> None:
        first = Down("3CX-9", at("2026-03-09 10:00"), at("2026-03-09 12:00"))
        second = Down("3CX-2", at("2026-03-09 11:00"), at("2026-03-09 13:00"))
        measured = measure(self.march, [second, first], self.later)
        assert [(c.ticket, c.charged, c.elsewhere) for c in measured.charges] == [
            ("3CX-9", 2 * HOUR, 0),
            ("3CX-2", HOUR, HOUR),
        ]
        assert measured.down == 3 * HOUR

    def test_deductions_that_overlap_are_taken_off_once(self) -> None:
        holes = (
            Hole(at("2026-03-09 11:00"), at("2026-03-09 11:45"), "excluded"),
            Hole(at("2026-03-09 10:30"), at("2026-03-09 11:30"), "provider"),
            Hole(at("2026-03-09 10:00"), at("2026-03-09 10:10"), "provider"),
        )
        outage = Down("3CX-1", at("2026-03-09 10:00"), at("2026-03-09 12:00"), holes)
        (charge,) = measure(self.march, [outage], self.later).charges
        assert charge.deducted == (("provider", 70 * MINUTE), ("excluded", 15 * MINUTE))
        assert charge.charged == 35 * MINUTE

    def test_a_deduction_shortens_its_own_outage_only(self) -> None:
        whole = (at("2026-03-09 10:00"), at("2026-03-09 12:00"))
        excused = Down("3CX-1", *whole, (Hole(*whole, "provider"),))
        assert measure(self.march, [excused], self.later).down == 0
        assert measure(self.march, [excused, Down("3CX-2", *whole)], self.later).down == 2 * HOUR

    def test_a_deduction_does_not_shorten_the_month(self) -> None:
        whole = (at("2026-03-09 10:00"), at("2026-03-10 10:00"))
        measured = measure(self.march, [Down("3CX-1", *whole, (Hole(*whole, "suspended"),))], self.later)
        assert (measured.total, measured.uptime) == (31 * DAY, 100)

    def test_an_outage_that_lasts_is_charged_up_to_now_and_no_further_than_the_month(self) -> None:
        outage = [Down("3CX-1", at("2026-03-30 00:00"), None)]
        assert measure(self.march, outage, at("2026-03-31 00:00")).down == DAY
        assert measure(self.march, outage, self.later).down == 2 * DAY

    def test_nothing_is_measured_before_the_month(self) -> None:
        measured = measure(self.march, [Down("3CX-1", at("2026-02-01 00:00"), None)], at("2026-02-10 00:00"))
        assert (measured.down, measured.so_far, measured.running) == (0, None, True)


class TestForecast:
    def test_it_says_how_much_more_crosses_each_line(self) -> None:
        month = Month(2026, 4)  # 43,200 minutes: 2.5 % are 1,080
        now = at("2026-04-20 00:00")
        outages = [Down("3CX-1", at("2026-04-10 00:00"), at("2026-04-10 00:00") + 1057 * MINUTE)]
        measured = measure(paid(month), outages, now)
        nearest, *rest = forecast(measured, PROMISE)
        assert (nearest.below, nearest.row.percent, nearest.more) == (Decimal("97.5"), 5, 23 * MINUTE + 1)
        assert [crossing.below for crossing in rest] == [Decimal("96.5"), Decimal("95.5"), Decimal("94.5")]
        assert [crossing.row.may_terminate for crossing in rest] == [False, True, True]
        assert rest[0].more - nearest.more == 432 * MINUTE
        assert measured.so_far == Fraction(100 * (19 * 24 * 60 - 1057), 19 * 24 * 60)

    @given(st.integers(0, 31 * DAY), st.integers(1, 31 * DAY))
    def test_a_crossing_is_exact_to_the_millisecond(self, span: int, passed: int) -> None:
        start = paid(Month(2026, 3))[0]
        now = start + max(span, passed)
        measured = measure(paid(Month(2026, 3)), [Down("3CX-1", start, start + span)], now)
        for crossing in forecast(measured, PROMISE):

            def further(more: int) -> Fraction:
                return Fraction(100 * (measured.total - measured.down - more), measured.total)

            assert further(crossing.more) < Fraction(crossing.below) <= further(crossing.more - 1)
            assert credit_at(further(crossing.more), PROMISE) == crossing.row
            assert crossing.reachable is (crossing.more <= measured.paid[1] - now)

    def test_a_month_that_stands_on_a_line_is_a_millisecond_from_crossing_it(self) -> None:
        nearest = forecast(down_for(Month(2026, 4), 1080 * MINUTE), PROMISE)[0]
        assert (nearest.below, nearest.more) == (Decimal("97.5"), 1)

    @pytest.mark.parametrize(("left", "reachable"), [(23 * MINUTE, False), (23 * MINUTE + 1, True)])
    def test_a_line_is_out_of_reach_once_too_little_of_the_month_is_left(self, left: int, reachable: bool) -> None:
        start, end = paid(Month(2026, 4))
        measured = measure((start, end), [Down("3CX-1", start, start + 1057 * MINUTE)], end - left)
        assert forecast(measured, PROMISE)[0].reachable is reachable

    def test_a_month_below_the_last_line_has_nothing_more_to_cross(self) -> None:
        assert forecast(down_for(Month(2026, 3), 3 * DAY), PROMISE) == ()


MARCH = paid(Month(2026, 3))
MOMENTS = st.integers(MARCH[0] - 3 * DAY, MARCH[1] + 3 * DAY)


@st.composite
def outage(draw: st.DrawFn) -> Down:
    start, end = sorted((draw(MOMENTS), draw(MOMENTS)))
    holes = []
    for reason in draw(st.lists(st.sampled_from(["provider", "data_centre", "suspended", "excluded"]), max_size=4)):
        inside = st.integers(start, end)
        hole_start, hole_end = sorted((draw(inside), draw(inside)))
        holes.append(Hole(hole_start, hole_end, reason))
    return Down(f"3CX-{draw(st.integers(1, 5))}", start, end, tuple(holes))


@given(st.lists(outage(), max_size=6), MOMENTS)
def test_every_millisecond_is_charged_deducted_or_charged_elsewhere_and_none_twice(
    outages: list[Down], now: int
) -> None:
    measured = measure(MARCH, outages, now)
    spans = [span for charge in measured.charges for span in charge.spans]
    assert length(union(spans)) == sum(end - start for start, end in spans) == measured.down
    assert 0 <= measured.down <= length(cut([(o.start, o.end or 0) for o in outages], (MARCH[0], max(MARCH[0], now))))
    for charge in measured.charges:
        deducted = sum(span for _, span in charge.deducted)
        assert min(deducted, charge.elsewhere, charge.charged) >= 0
        assert deducted + charge.elsewhere + charge.charged == charge.end - charge.start
    assert 0 <= measured.uptime <= 100


@given(st.lists(outage(), max_size=5), outage(), MOMENTS)
def test_more_downtime_never_means_less_credit(outages: list[Down], another: Down, now: int) -> None:
    before, then = measure(MARCH, outages, now), measure(MARCH, [*outages, another], now)
    assert then.down >= before.down
    assert percent(then) >= percent(before)
    was, becomes = (award(m.uptime, PROMISE, FEE, Month(2026, 3)) for m in (before, then))
    assert (becomes.amount_vnd if becomes else 0) >= (was.amount_vnd if was else 0)


@given(st.fractions(0, 100))
def test_a_shown_figure_never_says_more_than_was_measured(uptime: Fraction) -> None:
    figure = Decimal(shown(uptime, PROMISE))
    assert Fraction(figure) <= uptime < Fraction(figure) + Fraction(1, 1000)


def test_a_figure_has_as_many_places_as_the_finest_line() -> None:
    fine = Uptime.model_validate({"promised": "99.99995", "credits": [{"uptime_from": 0, "percent": 1}]})
    assert shown(Fraction("99.999949"), fine) == "99.99994"
    assert shown(Fraction(100), fine) == "100.00000"


INTERVALS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


@given(INTERVALS, INTERVALS)
def test_intervals_are_sets_of_moments(some: list[tuple[int, int]], others: list[tuple[int, int]]) -> None:
    def moments(intervals: object) -> set[int]:
        return {moment for start, end in intervals for moment in range(start, end)}  # type: ignore[attr-defined]

    assert moments(union(some)) == moments(some)
    assert moments(minus(some, others)) == moments(some) - moments(others)
    assert moments(cut(some, (10, 30))) == moments(some) & set(range(10, 30))
    for intervals in (union(some), minus(some, others)):
        assert all(a_end < b_start for (_, a_end), (b_start, _) in pairwise(intervals))
        assert length(intervals) == len(moments(intervals))


class TestTheUptimeOfAPolicy:
    def test_percentages_are_what_is_written(self) -> None:
        assert (PROMISE.promised, PROMISE.credits[0].uptime_from) == (Decimal("99.8"), Decimal("98.5"))

    def test_a_policy_stored_with_numbers_is_read_back_to_the_same_hash(self) -> None:
        policy = book().policy
        stored = policy.model_dump_json()
        assert '"promised":99.8,"credits":[{"uptime_from":98.5,"percent":2.0,"may_terminate":false}' in stored
        assert Policy.model_validate_json(stored) == policy
        assert Policy.model_validate_json(stored).content_hash() == policy.content_hash()

    @pytest.mark.parametrize("written", [2, 2.0, "2", "2.0", "2.000"])
    def test_one_percentage_has_one_way_into_the_hash(self, written: object) -> None:
        table = {"promised": "99.8", "credits": [{"uptime_from": 0, "percent": written}]}
        assert '"percent":2.0' in Uptime.model_validate(table).model_dump_json()

    @pytest.mark.parametrize("wrong", [-1, 100.1, "99,8", "NaN", "1e-9", True, "99.12345678"])
    def test_what_is_no_exact_percentage_is_refused(self, wrong: object) -> None:
        with pytest.raises(ValueError, match="promised"):
            Uptime.model_validate({"promised": wrong, "credits": []})


@pytest.mark.parametrize(("more", "minutes"), [(1, 1), (60_000, 1), (60_001, 2), (86 * 60_000 + 24_001, 87)])
def test_a_crossing_names_the_first_whole_minute_that_is_too_much(more: int, minutes: int) -> None:
    row = Credit(uptime_from=Decimal("98.5"), percent=Decimal(2))
    assert Crossing(Decimal("99.8"), row, more, reachable=True).more_minutes == minutes
