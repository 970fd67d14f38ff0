"""The clock is a function of its events: worked cases, and what must hold for any history."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.clock import ClockEvent, Reading, Run, read_clock
from bot.sla.instants import DAY, HOUR, MINUTE, from_datetime
from bot.sla.policy import Ladder, Policy, Priority, Step, frozen_policy
from tests.rules.ladder import at, book
from tests.rules.test_calendar_cases import calendar_of_case

ROWS = json.loads((Path(__file__).parent.parent / "data" / "clocks.json").read_text())["rows"]
KINDS = {"open": "start", "pause": "pause", "resume": "resume", "resolve": "resolve", "reopen": "reopen"}
START = at("2026-03-06 09:00")


def instant(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def priorities_of(row: dict) -> dict[str, Priority]:
    """Return one priority per (calendar, target) that the row's events name."""
    ladder = Ladder(steps=(Step(share=0, level="L2", by=("teams",)),), after_breach_every=30 * MINUTE)
    named = {}
    for event in row["events"]:
        hours = event.get("calendar", next(iter(row["calendars"])))
        minutes = event.get("target_minutes", row["target_minutes"])
        named[f"{hours}/{minutes}"] = Priority(
            title={"vi": "-", "en": "-"}, target=minutes * MINUTE, hours=hours, ladder=ladder
        )
    return named


def events_of(row: dict) -> tuple[ClockEvent, ...]:
    events = []
    for event in row["events"]:
        kind = KINDS.get(event["type"], "corrected" if row["reclassify"] == "carry" else "worsened")
        hours = event.get("calendar", next(iter(row["calendars"])))
        priority = f"{hours}/{event.get('target_minutes', row['target_minutes'])}"
        sets = kind in ("start", "corrected", "worsened")
        events.append(ClockEvent(at=instant(event["at"]), kind=kind, priority=priority if sets else None, pause=1))
    return tuple(events)


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_the_worked_clock_has_the_same_answer(row: dict) -> None:
    calendars = {
        name: calendar_of_case({**calendar, "id": row["id"], "convention": "close"})
        for name, calendar in row["calendars"].items()
    }
    reading = read_clock(events_of(row), priorities_of(row), calendars)
    now = instant(row["as_of"]) if row["as_of"] else max(instant(event["at"]) for event in row["events"])
    expect = row["expect"]
    if "due_at" in expect:
        assert reading.due_at() == (instant(expect["due_at"]) if expect["due_at"] else None)
    assert (reading.breached_at(now) is not None) == expect["breached"] if "breached" in expect else True
    if "used_minutes" in expect:
        assert reading.used(now) == expect["used_minutes"] * MINUTE


def history(minutes: list[int]) -> tuple[ClockEvent, ...]:
    """Return a P2's start, then pauses and resumes in turn at these minutes."""
    events = [ClockEvent(at=START, kind="start", priority="P2")]
    for number, minute in enumerate(sorted(minutes)):
        kind = "resume" if number % 2 else "pause"
        events.append(ClockEvent(at=START + minute * MINUTE, kind=kind, pause=number // 2))
    return tuple(events)


MINUTES = st.lists(st.integers(0, 2_000), max_size=9)


@given(minutes=MINUTES, moments=st.lists(st.integers(0, 3_000), min_size=2, max_size=8))
def test_used_time_never_runs_back_and_never_outruns_the_wall_clock(minutes: list[int], moments: list[int]) -> None:
    reading = read_clock(history(minutes), book().policy.priorities, book().calendars)
    used = [reading.used(START + moment * MINUTE) for moment in sorted(moments)]
    assert used == sorted(used)
    assert all(u <= m * MINUTE for u, m in zip(used, sorted(moments), strict=True))


@given(minutes=MINUTES, offset=st.integers(1, 300))
def test_the_instant_of_a_used_time_is_where_that_time_is_used_up(minutes: list[int], offset: int) -> None:
    reading = read_clock(history(minutes), book().policy.priorities, book().calendars)
    instant_of = reading.when_used(offset * MINUTE)
    if instant_of is not None:
        assert reading.used(instant_of) == offset * MINUTE
        assert reading.used(instant_of - 1) < offset * MINUTE


@given(minutes=MINUTES)
def test_a_pause_uses_no_time(minutes: list[int]) -> None:
    events = history(minutes)
    reading = read_clock(events, book().policy.priorities, book().calendars)
    for before, after in pairwise(events):
        if before.kind == "pause":
            assert reading.used(after.at) == reading.used(before.at)


@given(minutes=MINUTES, seed=st.randoms(use_true_random=False))
def test_the_order_in_which_events_were_recorded_does_not_matter(minutes: list[int], seed: object) -> None:
    events = list(history(sorted(set(minutes))))
    shuffled = list(events)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    priorities, calendars = book().policy.priorities, book().calendars
    one, other = read_clock(tuple(events), priorities, calendars), read_clock(tuple(shuffled), priorities, calendars)
    assert one.due_at() == other.due_at()
    assert one.used(START + DAY) == other.used(START + DAY)


def test_a_resolve_set_back_in_time_takes_a_breach_back() -> None:
    events = (
        ClockEvent(at=START, kind="start", priority="P1"),
        ClockEvent(at=START + 29 * MINUTE, kind="resolve"),
    )
    reading = read_clock(events, book().policy.priorities, book().calendars)
    assert reading.breached_at(START + HOUR) is None
    assert reading.used(START + HOUR) == 29 * MINUTE


def test_a_reopened_ticket_goes_on_with_the_time_it_had_used() -> None:
    events = (
        ClockEvent(at=START, kind="start", priority="P1"),
        ClockEvent(at=START + 10 * MINUTE, kind="resolve"),
        ClockEvent(at=START + 5 * HOUR, kind="reopen"),
    )
    reading = read_clock(events, book().policy.priorities, book().calendars)
    assert reading.due_at() == START + 5 * HOUR + 20 * MINUTE


def test_a_worsened_incident_starts_its_clock_anew() -> None:
    events = (
        ClockEvent(at=START, kind="start", priority="P3"),
        ClockEvent(at=START + 100 * MINUTE, kind="worsened", priority="P1"),
    )
    reading = read_clock(events, book().policy.priorities, book().calendars)
    assert reading.due_at() == START + 130 * MINUTE
    assert reading.when_used(0) == START + 100 * MINUTE


def test_a_policy_kept_by_a_newer_version_is_read_without_what_it_added() -> None:
    policy = book().policy
    newer = json.loads(policy.model_dump_json()) | {"promises": {"new": 1}}
    newer["priorities"]["P1"]["ladder"]["siren"] = True
    assert frozen_policy(json.dumps(newer).encode()) == policy
    with pytest.raises(ValueError, match="promises"):
        Policy.model_validate(newer)


def read(*events: ClockEvent) -> Reading:
    return read_clock(events, book().policy.priorities, book().calendars)


def event(minute: int, kind: str, **fields: object) -> ClockEvent:
    return ClockEvent.model_validate({"at": START + minute * MINUTE, "kind": kind, **fields})


P1_STARTS = event(0, "start", priority="P1")


def test_a_clock_that_runs_is_read_as_a_whole() -> None:
    assert read(P1_STARTS) == Reading(
        started_at=START,
        target=30 * MINUTE,
        priority="P1",
        runs=(Run(START, None, "around_the_clock", 0),),
        calendars=book().calendars,
        pauses={},
        suspended=False,
        waits_for_notice=False,
        resolved_at=None,
        merged=False,
    )
    assert read(P1_STARTS).merged is False
    assert read(P1_STARTS, event(5, "merge")).merged is True


@pytest.mark.parametrize(
    ("events", "paused_by", "running"),
    [
        ((), (), True),
        ((event(5, "pause", pause=1, reason="third_party"),), ("third_party",), False),
        ((event(5, "suspend", reason="s1"),), ("suspension",), False),
        (
            (
                event(5, "suspend", reason="s1"),
                event(6, "pause", pause=2, reason="customer"),
                event(7, "pause", pause=1, reason="third_party"),
            ),
            ("customer", "third_party", "suspension"),
            False,
        ),
        ((event(5, "suspend", reason="s1"), event(9, "agree", reason="s1")), (), True),
        ((event(0, "resolve"),), (), False),
        ((event(5, "resolve"),), (), False),
        ((event(5, "merge"),), (), False),
    ],
)
def test_a_clock_says_why_it_stands_and_whether_it_runs(
    events: tuple[ClockEvent, ...], paused_by: tuple[str, ...], running: bool
) -> None:
    reading = read(P1_STARTS, *events)
    assert reading.paused_by == paused_by
    assert reading.running is running


def test_a_clock_that_starts_with_a_notice_waits_for_it() -> None:
    policy = book().policy
    by_notice = {"P1": policy.priorities["P1"].model_copy(update={"clock_starts": "notice"})}
    waiting = read_clock((P1_STARTS, event(5, "suspend", reason="s1")), by_notice, book().calendars)
    assert waiting.paused_by == ("notice", "suspension")
    noticed = read_clock((P1_STARTS, event(5, "notice")), by_notice, book().calendars)
    assert noticed.paused_by == ()
    assert noticed.runs == (Run(START + 5 * MINUTE, None, "around_the_clock", 0),)


def test_a_pause_without_a_number_is_ended_by_a_resume_without_one() -> None:
    paused = event(5, "pause", reason="third_party")
    assert read(P1_STARTS, paused).pauses == {0: "third_party"}
    assert read(P1_STARTS, paused, event(9, "resume")).runs == (
        Run(START, START + 5 * MINUTE, "around_the_clock", 0),
        Run(START + 9 * MINUTE, None, "around_the_clock", 5 * MINUTE),
    )


def test_what_happens_at_one_instant_makes_no_run_between() -> None:
    pause, resume = event(0, "pause", pause=1), event(0, "resume", pause=1)
    assert read(P1_STARTS, pause, resume).runs == (Run(START, None, "around_the_clock", 0),)


def test_a_start_that_names_no_priority_runs_from_the_event_that_does() -> None:
    reading = read(event(0, "start"), event(10, "corrected", priority="P1"))
    assert reading.priority == "P1"
    assert reading.started_at == START
    assert reading.runs == (Run(START + 10 * MINUTE, None, "around_the_clock", 0),)
    with pytest.raises(KeyError, match="''"):
        read(event(0, "start"))


def test_the_first_millisecond_of_use_is_after_the_start_and_none_is_the_start_itself() -> None:
    assert [read(P1_STARTS).when_used(offset) for offset in (-1, 0, 1)] == [START, START, START + 1]
    assert [read(P1_STARTS).used(START + moment) for moment in (-1, 0, 1)] == [0, 0, 1]


def test_what_was_used_before_a_run_counts_from_its_first_instant_even_outside_its_hours() -> None:
    night = START + 14 * HOUR
    carried = Reading(
        started_at=START,
        target=30 * MINUTE,
        priority="P3",
        runs=(Run(night, None, "office", 5 * MINUTE),),
        calendars=book().calendars,
        pauses={},
        suspended=False,
        waits_for_notice=False,
        resolved_at=None,
    )
    assert [carried.used(moment) for moment in (night - 1, night)] == [0, 5 * MINUTE]
    assert carried.when_used(5 * MINUTE) == night
    assert carried.when_used(5 * MINUTE + 1) != night + 1
