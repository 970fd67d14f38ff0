"""The default ladder of product.md, rung by rung."""

from hypothesis import given
from hypothesis import strategies as st

from bot.sla.clock import ClockEvent
from bot.sla.instants import HOUR, MINUTE
from tests.rules.ladder import Climbing, at, local

MONDAY = at("2026-03-09 10:00")


def test_an_unanswered_p1_climbs_at_0_15_24_and_30_minutes_with_repeats_between() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY + 95 * MINUTE)
    assert desk.told() == [
        (0, "step", "L2"),
        (5, "repeat", "L2"),
        (10, "repeat", "L2"),
        (15, "step", "L3"),
        (15, "repeat", "L3"),
        (20, "repeat", "L3"),
        (24, "step", "L4"),
        (25, "repeat", "L4"),
        (30, "step", "L5"),
        (60, "after_breach", "L5"),
        (90, "after_breach", "L5"),
    ]
    assert [rung.managers for rung in desk.rungs if rung.breach and rung.kind == "step"] == ["channel"]


def test_an_unanswered_p2_pages_l3_twice_then_l4_then_l5() -> None:
    desk = Climbing("P2", MONDAY)
    desk.until(MONDAY + 90 * MINUTE)
    steps = [(minute, level) for minute, kind, level in desk.told() if kind == "step"]
    assert steps == [(0, "L2"), (45, "L3"), (67, "L3"), (81, "L4"), (90, "L5")]
    assert [minute for minute, kind, _ in desk.told() if kind == "repeat"] == [10, 20, 30, 40, 50, 60, 70, 80]


def test_an_unanswered_p3_reaches_l4_and_managers_at_the_breach() -> None:
    desk = Climbing("P3", MONDAY)
    desk.until(MONDAY + 180 * MINUTE)
    steps = [(minute, level) for minute, kind, level in desk.told() if kind == "step"]
    assert steps == [(0, "L2"), (90, "L3"), (135, "L3"), (180, "L4")]
    assert desk.rungs[-1].managers == "channel"


def test_a_p4_counts_working_hours_and_never_repeats_before_the_breach() -> None:
    desk = Climbing("P4", at("2026-03-07 16:30"))
    desk.until(at("2026-03-10 17:00"))
    assert [(local(rung.due_at), rung.kind, rung.level) for rung in desk.rungs] == [
        ("2026-03-07 16:30", "step", "L2"),
        ("2026-03-10 11:30", "step", "L2"),
        ("2026-03-10 16:30", "step", "L3"),
        ("2026-03-10 17:00", "after_breach", "L3"),
    ]
    assert desk.rungs[0].whole_team
    assert desk.rungs[2].managers == "digest"


def test_a_new_p1_during_tet_pages_once_and_goes_on_after_tet() -> None:
    desk = Climbing("P1", at("2026-02-17 02:00"))
    desk.until(at("2026-02-21 00:06"))
    assert [(local(rung.due_at), rung.kind) for rung in desk.rungs] == [
        ("2026-02-17 02:00", "step"),
        ("2026-02-21 00:05", "repeat"),
    ]


def test_an_ack_stops_repeats_and_turns_unacked_steps_into_information() -> None:
    desk = Climbing("P2", MONDAY)
    desk.until(MONDAY)
    desk.acknowledge(MONDAY + 25 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 50 * MINUTE)
    assert desk.told() == [(45, "information", "L3"), (50, "ack_warning", None)]
    assert desk.rungs[0].by == ("teams", "mail")


def test_a_forgotten_ack_warns_runs_out_after_a_third_and_fires_what_it_held_back() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY + 5 * MINUTE)
    desk.acknowledge(MONDAY + 10 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 30 * MINUTE)
    assert desk.told() == [
        (15, "information", "L3"),
        (18, "ack_warning", None),
        (20, "step", "L3"),
        (20, "repeat", "L3"),
        (24, "step", "L4"),
        (25, "repeat", "L4"),
        (30, "step", "L5"),
    ]


def test_at_equal_times_the_hold_ends_before_the_threshold() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.acknowledge(MONDAY + 5 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 15 * MINUTE)
    assert (15, "step", "L3") in desk.told()
    assert all(kind != "information" for _, kind, _ in desk.told())


def test_always_steps_page_although_somebody_holds_the_ticket() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.acknowledge(MONDAY + 20 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 24 * MINUTE)
    assert desk.told() == [(24, "step", "L4")]


def test_nothing_is_paged_while_the_clock_is_paused_and_the_ladder_goes_on_where_it_stood() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY + 12 * MINUTE)
    desk.events.append(ClockEvent(at=MONDAY + 12 * MINUTE, kind="pause", pause=1, reason="third_party"))
    desk.rungs.clear()
    assert desk.wake(MONDAY + 5 * HOUR).next_at is None
    assert desk.rungs == []
    desk.events.append(ClockEvent(at=MONDAY + 5 * HOUR, kind="resume", pause=1))
    desk.until(MONDAY + 5 * HOUR + 3 * MINUTE)
    assert desk.told() == [(303, "step", "L3"), (303, "repeat", "L3")]


def test_a_ticket_that_nobody_classifies_wakes_l2_l3_and_managers() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.until(MONDAY + 45 * MINUTE)
    triage = [rung for rung in desk.rungs if rung.kind == "triage"]
    assert [((rung.due_at - MONDAY) // MINUTE, rung.level, rung.managers) for rung in triage] == [
        (15, "L2", None),
        (30, "L3", None),
        (45, None, "channel"),
    ]


def test_a_resolved_ticket_pages_nobody() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.events.append(ClockEvent(at=MONDAY + 3 * MINUTE, kind="resolve"))
    desk.rungs.clear()
    assert desk.wake(MONDAY + HOUR).next_at is None
    assert desk.rungs == []


@given(
    priority=st.sampled_from(["P1", "P2", "P3", "P4"]),
    wakes=st.lists(st.integers(0, 600), min_size=1, max_size=12),
    acks=st.sets(st.integers(0, 600), max_size=3),
)
def test_late_and_double_wake_ups_take_every_rung_exactly_once(priority: str, wakes: list[int], acks: set[int]) -> None:
    """Waking at any times gives the rungs of waking on time: none missing, none twice."""
    end = 601
    punctual, careless = Climbing(priority, MONDAY), Climbing(priority, MONDAY)
    for minute in sorted({*range(end + 1)}):
        punctual.wake(MONDAY + minute * MINUTE)
        if minute in acks:
            punctual.acknowledge(MONDAY + minute * MINUTE)
    for minute in sorted({*wakes, *acks, end}):
        careless.wake(MONDAY + minute * MINUTE)
        careless.wake(MONDAY + minute * MINUTE)
        if minute in acks:
            careless.acknowledge(MONDAY + minute * MINUTE)
    assert [rung.key for rung in careless.rungs] == [rung.key for rung in punctual.rungs]
    assert len({rung.key for rung in careless.rungs}) == len(careless.rungs)
