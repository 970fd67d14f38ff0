"""The receipt of a clock: for any history its rows leave out nothing, count nothing twice, and add up to the clock."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.calendar import Calendar
from bot.sla.clock import ClockEvent, Reading, read_clock
from bot.sla.days import Day, GivenDays, Year
from bot.sla.instants import DAY, HOUR, MINUTE, SECOND, Instant
from bot.sla.policy import Hours, Policy
from bot.sla.receipt import Measure, Row, Rule, measures_of
from bot.sla.shapes import WEEKDAYS
from tests.rules.ladder import ZONE, at, book, local

THURSDAY_BEFORE_TET = at("2026-02-12 15:00")
"""P4 meets a lunch, nights, a Sunday and five Tet days from here."""
KINDS = ("notice", "pause", "resume", "suspend", "agree", "corrected", "worsened", "resolve", "reopen")


def literal() -> Policy:
    """Return the desk's policy with the literal start of the contract's SLA table for P1 (D1)."""
    policy = book().policy
    p1 = policy.priorities["P1"].model_copy(update={"clock_starts": "notice"})
    return policy.model_copy(update={"priorities": {**policy.priorities, "P1": p1}})


def receipt(events: tuple[ClockEvent, ...], now: Instant, policy: Policy | None = None) -> tuple[Measure, ...]:
    shipped = book()
    return measures_of(events, policy or shipped.policy, shipped.calendars, now, zone=ZONE, days=shipped.days)


def clock(events: tuple[ClockEvent, ...], policy: Policy | None = None) -> Reading:
    return read_clock(events, (policy or book().policy).priorities, book().calendars)


def started(priority: str, when: Instant, *events: ClockEvent) -> tuple[ClockEvent, ...]:
    return (ClockEvent(at=when, kind="start", priority=priority), *events)


@st.composite
def histories(draw: st.DrawFn) -> tuple[tuple[ClockEvent, ...], Instant]:
    """Return any history, also impossible ones, to the millisecond, and an instant after it."""
    priorities = st.sampled_from(["P1", "P2", "P3", "P4"])
    moments = st.one_of(st.integers(0, 14 * DAY), st.integers(0, 14 * 24 * 4).map(lambda n: n * 15 * MINUTE))
    events = [ClockEvent(at=THURSDAY_BEFORE_TET, kind="start", priority=draw(priorities))]
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(KINDS))
        earlier = draw(st.sampled_from([0, HOUR])) if kind in ("notice", "suspend", "agree") else 0
        events.append(
            ClockEvent(
                at=THURSDAY_BEFORE_TET + draw(moments) - earlier,
                kind=kind,
                priority=draw(priorities) if kind in ("corrected", "worsened") else None,
                pause=draw(st.integers(1, 3)) if kind in ("pause", "resume") else None,
                reason=draw(st.sampled_from(["s1", "s2"])) if kind in ("suspend", "agree") else "",
            )
        )
    now = max(event.at for event in events) + draw(moments)
    return tuple(events), now


@given(given_=histories(), literally=st.booleans())
def test_the_rows_of_any_history_are_gapless_and_add_up_to_the_clock(
    given_: tuple[tuple[ClockEvent, ...], Instant], literally: bool
) -> None:
    (events, now), policy = given_, literal() if literally else book().policy
    measures = receipt(events, now, policy)
    reading = clock(events, policy)
    rows = [row for measure in measures for row in measure.rows]
    assert all(row.end > row.start for row in rows)
    assert all(before.end == after.start for before, after in pairwise(rows))
    for measure in measures:
        assert sum(row.charged for row in measure.rows) == measure.used
        assert all(row.charged in (0, row.end - row.start) for row in measure.rows)
        assert all(bool(row.charged) == (row.kind == "running") for row in measure.rows)
        assert all(row.charged == 0 or row.stood == 0 for row in measure.rows)
        if measure.rows:
            assert (measure.rows[0].start, measure.rows[-1].end) == (measure.start, measure.end)
    assert measures[0].start == min(e.at for e in events if e.kind == "start")
    assert all(before.end == after.start for before, after in pairwise(measures))
    assert measures[-1].used == reading.used(now)
    assert (measures[-1].target, measures[-1].priority) == (reading.target, reading.priority)
    if reading.resolved_at is None:
        assert measures[-1].end == now
    else:
        assert measures[-1].end <= max(reading.resolved_at, measures[-1].start)


@given(given_=histories())
def test_an_earlier_measure_ends_with_what_its_clock_showed_when_it_was_restarted(
    given_: tuple[tuple[ClockEvent, ...], Instant],
) -> None:
    events, now = given_
    measures = receipt(events, now)
    ordered = sorted(events, key=lambda event: event.at)
    first = next(i for i, event in enumerate(ordered) if event.kind == "start")
    cuts = [i for i, event in enumerate(ordered) if i > first and event.kind == "worsened"]
    assert len(cuts) == len(measures) - 1
    for i, measure in zip(cuts, measures, strict=False):
        assert measure.used == clock(tuple(ordered[:i])).used(ordered[i].at)


@given(given_=histories())
def test_what_is_over_begins_exactly_at_the_breach(given_: tuple[tuple[ClockEvent, ...], Instant]) -> None:
    events, now = given_
    last = receipt(events, now)[-1]
    charged_over = [row for row in last.rows if row.over and row.charged]
    assert sum(row.charged for row in charged_over) == max(0, last.used - last.target)
    breached = clock(events).breached_at(now)
    if charged_over:
        assert breached is not None
        assert not any(row.charged and not row.over and row.end > breached for row in last.rows)


@given(given_=histories())
def test_what_a_row_says_is_closed_or_stood_is_the_calendars_word(
    given_: tuple[tuple[ClockEvent, ...], Instant],
) -> None:
    events, now = given_
    for measure in receipt(events, now):
        for row in measure.rows:
            open_time = book().calendars[row.hours].between(row.start, row.end)
            assert open_time == {"running": row.charged, "closed": 0, "resolved": open_time}.get(row.kind, row.stood)


def told(rows: tuple[Row, ...]) -> list[tuple[str, str, str, int]]:
    return [(local(row.start), local(row.end), row.kind, row.charged // MINUTE) for row in rows]


def test_a_p4_over_a_weekend_and_a_lunch_reads_as_the_contract_says() -> None:
    # Friday 6 March 2026, 15:30: 90 minutes, Saturday 8 hours, Monday 6.5 hours: due at 15:30 on Monday.
    events = started("P4", at("2026-03-06 15:30"))
    (measure,) = receipt(events, at("2026-03-09 16:00"))
    assert told(measure.rows) == [
        ("2026-03-06 15:30", "2026-03-06 17:00", "running", 90),
        ("2026-03-06 17:00", "2026-03-07 08:00", "closed", 0),
        ("2026-03-07 08:00", "2026-03-07 12:00", "running", 240),
        ("2026-03-07 12:00", "2026-03-07 13:00", "closed", 0),
        ("2026-03-07 13:00", "2026-03-07 17:00", "running", 240),
        ("2026-03-07 17:00", "2026-03-09 08:00", "closed", 0),
        ("2026-03-09 08:00", "2026-03-09 12:00", "running", 240),
        ("2026-03-09 12:00", "2026-03-09 13:00", "closed", 0),
        ("2026-03-09 13:00", "2026-03-09 15:30", "running", 150),
        ("2026-03-09 15:30", "2026-03-09 16:00", "running", 30),
    ]
    assert [row.over for row in measure.rows] == [False] * 9 + [True]
    assert measure.rows[0].rule == Rule("D6", "priorities.P4.hours: office")
    assert measure.rows[1].rule == Rule("D6", "hours.office.weekly")
    assert {row.day for row in measure.rows} == {None}


def test_tet_stops_a_p1_day_by_day_with_the_name_and_the_source_of_each() -> None:
    events = started("P1", at("2026-02-15 23:50"))
    (measure,) = receipt(events, at("2026-02-21 00:10"))
    assert told(measure.rows)[0] == ("2026-02-15 23:50", "2026-02-16 00:00", "running", 10)
    assert told(measure.rows)[-1] == ("2026-02-21 00:00", "2026-02-21 00:10", "running", 10)
    tet = measure.rows[1:-1]
    assert [row.day.date if row.day else None for row in tet] == [date(2026, 2, day) for day in range(16, 21)]
    assert all(row.rule == Rule("D4", "hours.around_the_clock.closed_on: tet") for row in tet)
    assert all(row.day is not None and "Labour Code" in row.day.source for row in tet)
    assert measure.rows[0].rule.decision == "D4"


def test_a_p1_runs_on_new_years_day_and_a_p4_does_not() -> None:
    night = at("2026-01-01 09:00")
    (p1,) = receipt(started("P1", night), night + HOUR)
    assert told(p1.rows) == [
        ("2026-01-01 09:00", "2026-01-01 09:30", "running", 30),
        ("2026-01-01 09:30", "2026-01-01 10:00", "running", 30),
    ]
    (p4,) = receipt(started("P4", night), at("2026-01-02 08:30"))
    assert told(p4.rows) == [
        ("2026-01-01 09:00", "2026-01-02 00:00", "closed", 0),
        ("2026-01-02 00:00", "2026-01-02 08:00", "closed", 0),
        ("2026-01-02 08:00", "2026-01-02 08:30", "running", 30),
    ]
    assert p4.rows[0].rule == Rule("D5", "hours.office.closed_on: holiday")
    assert p4.rows[0].day is not None
    assert p4.rows[0].day.name["vi"] == "Tết Dương lịch"
    assert p4.rows[1].day is None


def test_a_pause_says_how_much_it_kept_from_the_clock() -> None:
    begin = at("2026-03-06 16:00")
    events = started(
        "P4", begin,
        ClockEvent(at=begin + 30 * MINUTE, kind="pause", pause=1, reason="third_party"),
        ClockEvent(at=at("2026-03-07 09:00"), kind="resume", pause=1),
    )  # fmt: skip
    (measure,) = receipt(events, at("2026-03-07 09:30"))
    (paused,) = [row for row in measure.rows if row.kind == "paused"]
    assert (paused.pauses, paused.charged, paused.stood) == ((1,), 0, 30 * MINUTE + HOUR)
    assert paused.rule == Rule("D8")
    assert measure.used == HOUR


def test_a_correction_applies_from_the_start_and_a_worsening_starts_anew() -> None:
    begin = at("2026-03-09 10:00")
    events = started(
        "P1", begin,
        ClockEvent(at=begin + 40 * MINUTE, kind="corrected", priority="P3"),
        ClockEvent(at=begin + 60 * MINUTE, kind="worsened", priority="P1"),
    )  # fmt: skip
    first, second = receipt(events, begin + 100 * MINUTE)
    assert (first.began, first.priority, first.target, first.used) == (
        "first_contact", "P3", 180 * MINUTE, 60 * MINUTE,
    )  # fmt: skip
    assert not any(row.over for row in first.rows)
    assert [row.priority for row in first.rows] == ["P1", "P3"]
    assert (second.began, second.priority, second.used) == ("worsened", "P1", 40 * MINUTE)
    assert [row.over for row in second.rows] == [False, True]


def test_a_resolution_set_back_and_a_reopening_are_rows_of_their_own() -> None:
    begin = at("2026-03-09 10:00")
    events = started(
        "P1", begin,
        ClockEvent(at=begin + 10 * MINUTE, kind="resolve"),
        ClockEvent(at=begin + 50 * MINUTE, kind="reopen"),
        ClockEvent(at=begin + 55 * MINUTE, kind="resolve"),
    )  # fmt: skip
    (measure,) = receipt(events, begin + DAY)
    assert [(row.kind, row.charged // MINUTE) for row in measure.rows] == [
        ("running", 10), ("resolved", 0), ("running", 5),
    ]  # fmt: skip
    assert measure.end == begin + 55 * MINUTE
    assert measure.rows[1].rule == Rule("D9")


def test_a_ticket_reopened_this_very_moment_keeps_the_time_in_which_it_was_resolved() -> None:
    begin = at("2026-03-09 10:00")
    events = started(
        "P1", begin,
        ClockEvent(at=begin + 10 * MINUTE, kind="resolve"),
        ClockEvent(at=begin + 50 * MINUTE, kind="reopen"),
    )  # fmt: skip
    (measure,) = receipt(events, begin + 50 * MINUTE)
    assert [row.kind for row in measure.rows] == ["running", "resolved"]
    assert measure.end == begin + 50 * MINUTE


def test_a_target_that_runs_out_with_a_row_cuts_no_empty_row_off() -> None:
    begin = at("2026-03-09 10:00")
    (measure,) = receipt(started("P1", begin), begin + 30 * MINUTE)
    assert told(measure.rows) == [("2026-03-09 10:00", "2026-03-09 10:30", "running", 30)]
    assert not measure.rows[0].over


def test_what_changes_nothing_cuts_no_row() -> None:
    begin = at("2026-03-09 10:00")
    events = started(
        "P1", begin,
        ClockEvent(at=begin + 5 * MINUTE, kind="notice"),
        ClockEvent(at=begin + 9 * MINUTE, kind="pause", pause=1, reason="third_party"),
        ClockEvent(at=begin + 10 * MINUTE, kind="notice"),
        ClockEvent(at=begin + 12 * MINUTE, kind="resume", pause=1),
    )  # fmt: skip
    (measure,) = receipt(events, begin + 20 * MINUTE)
    assert [(row.kind, row.charged // MINUTE, row.stood // MINUTE) for row in measure.rows] == [
        ("running", 9, 0), ("paused", 0, 3), ("running", 8, 0),
    ]  # fmt: skip


def test_a_row_names_the_suspensions_and_pauses_that_stood_and_none_that_ended() -> None:
    begin = at("2026-03-09 10:00")
    events = started(
        "P1", begin,
        ClockEvent(at=begin + 2 * MINUTE, kind="pause", pause=1, reason="third_party"),
        ClockEvent(at=begin + 4 * MINUTE, kind="suspend", reason="s1"),
        ClockEvent(at=begin + 6 * MINUTE, kind="agree", reason="s1"),
        ClockEvent(at=begin + 8 * MINUTE, kind="resume", pause=1),
    )  # fmt: skip
    (measure,) = receipt(events, begin + 9 * MINUTE)
    assert [(row.kind, row.pauses, row.suspensions) for row in measure.rows] == [
        ("running", (), ()), ("paused", (1,), ()), ("suspended", (1,), ("s1",)), ("paused", (1,), ()),
        ("running", (), ()),
    ]  # fmt: skip


def test_a_clock_that_waits_for_the_notice_says_so() -> None:
    begin = at("2026-03-09 10:00")
    events = started("P1", begin, ClockEvent(at=begin + 7 * MINUTE, kind="notice"))
    (measure,) = receipt(events, begin + 10 * MINUTE, literal())
    assert [(row.kind, row.charged // MINUTE) for row in measure.rows] == [("waiting_for_notice", 0), ("running", 3)]
    assert measure.rows[0].rule == Rule("D1", "priorities.P1.clock_starts: notice")


def test_a_merged_duplicate_has_no_time_after_the_merge() -> None:
    begin = at("2026-03-09 10:00")
    events = started("P1", begin, ClockEvent(at=begin + 7 * MINUTE, kind="merge"))
    (measure,) = receipt(events, begin + DAY)
    assert (measure.end, measure.used) == (begin + 7 * MINUTE, 7 * MINUTE)


def test_a_cancelled_night_shift_is_that_days_until_the_next_morning() -> None:
    holiday = Day(date=date(2026, 3, 10), kind="holiday", name={"vi": "Lễ", "en": "Day"}, source="a law")
    short = Day(
        date=date(2026, 3, 12), kind="override", name={"vi": "Bảo trì", "en": "Works"}, source="a letter",
        hours=("office",), windows=((22 * 60, 23 * 60),),
    )  # fmt: skip
    days = GivenDays({2026: Year(status="reviewed", days=(holiday, short))}, "test")
    nights = dict.fromkeys(WEEKDAYS, ((22 * 60, 6 * 60),))
    hours = Hours.model_validate({"weekly": nights, "closed_on": ("holiday",)})
    policy = book().policy.model_copy(update={"hours": {**book().policy.hours, "office": hours}})
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    calendars = {**book().calendars, "office": Calendar(hours, zone, days, "office")}
    events = started("P4", at("2026-03-10 05:00"))
    (measure,) = measures_of(events, policy, calendars, at("2026-03-13 00:00"), zone=zone, days=days)
    names = [row.day.name["en"] if row.day else "" for row in measure.rows]
    spans = [(local(row.start)[8:], local(row.end)[8:], row.kind) for row in measure.rows]
    assert [(*span, name) for span, name in zip(spans, names, strict=True)] == [
        ("10 05:00", "10 06:00", "running", ""),
        ("10 06:00", "11 06:00", "closed", "Day"),
        ("11 06:00", "11 22:00", "closed", ""),
        ("11 22:00", "12 06:00", "running", ""),
        ("12 06:00", "12 22:00", "closed", "Works"),
        ("12 22:00", "12 23:00", "running", ""),
        ("12 23:00", "13 00:00", "closed", "Works"),
    ]
    assert measure.rows[4].rule == Rule("D5", "calendars.2026-03-12: override")
    tail = started("P4", at("2026-03-11 03:00"))
    (measure,) = measures_of(tail, policy, calendars, at("2026-03-11 07:00"), zone=zone, days=days)
    assert [(local(row.end), row.day) for row in measure.rows] == [
        ("2026-03-11 06:00", holiday), ("2026-03-11 07:00", None),
    ]  # fmt: skip


def test_without_a_start_there_is_no_receipt_and_a_present_before_the_events_is_theirs() -> None:
    with pytest.raises(ValueError, match="without a start"):
        receipt((ClockEvent(at=0, kind="notice"),), 1)
    begin = at("2026-03-09 10:00")
    events = started("P1", begin, ClockEvent(at=begin + MINUTE, kind="notice"))
    assert receipt(events, begin + SECOND)[0].end == begin + MINUTE
