"""The default ladder of product.md, rung by rung, to the millisecond."""

from typing import Literal

import pytest

from bot.sla.clock import ClockEvent
from bot.sla.instants import HOUR, MINUTE
from tests.rules.ladder import MONDAY, Climbing, at, at_the_millisecond, kinds, local, minute

# The table of product.md


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


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (5, [("repeat", "L2")]),
        (15, [("step", "L3"), ("repeat", "L3")]),
        (24, [("step", "L4")]),
        (30, [("step", "L5")]),
        (60, [("after_breach", "L5")]),
    ],
)
def test_each_rung_of_a_p1_falls_due_at_its_millisecond(moment: int, told: list[tuple[str, str]]) -> None:
    assert kinds(at_the_millisecond(Climbing("P1", MONDAY), minute(moment))) == told


def test_a_share_that_is_no_whole_minute_falls_due_at_its_millisecond() -> None:
    """75 % of 90 minutes is 67.5."""
    desk = Climbing("P2", MONDAY)
    assert kinds(at_the_millisecond(desk, MONDAY + 67 * MINUTE + 30_000)) == [("step", "L3")]


# Tết (D4)


def test_a_new_p1_during_tet_pages_once_and_goes_on_after_tet() -> None:
    desk = Climbing("P1", at("2026-02-17 02:00"))
    desk.until(at("2026-02-21 00:06"))
    assert [(local(rung.due_at), rung.kind) for rung in desk.rungs] == [
        ("2026-02-17 02:00", "step"),
        ("2026-02-21 00:05", "repeat"),
    ]


def test_a_p1_that_tet_interrupts_goes_on_with_the_minutes_it_had_left() -> None:
    """23:55 on the last day before: 5 minutes are used, so the first repeat is at midnight, the second after Tết."""
    desk = Climbing("P1", at("2026-02-15 23:55"))
    assert kinds(at_the_millisecond(desk, at("2026-02-16 00:00"))) == [("repeat", "L2")]
    assert desk.wake(at("2026-02-20 23:59")).next_at == at("2026-02-21 00:05")
    assert kinds(at_the_millisecond(desk, at("2026-02-21 00:05"))) == [("repeat", "L2")]
    assert kinds(at_the_millisecond(desk, at("2026-02-21 00:10"))) == [("step", "L3"), ("repeat", "L3")]


def test_a_hold_over_tet_runs_out_when_its_working_time_is_used_up() -> None:
    desk = Climbing("P1", at("2026-02-17 02:00"))
    desk.acknowledge(at("2026-02-17 02:05"))
    assert kinds(at_the_millisecond(desk, at("2026-02-21 00:08"))) == [("ack_warning", None)]
    assert kinds(at_the_millisecond(desk, at("2026-02-21 00:10"))) == [("repeat", "L2")]
    assert desk.expired == [at("2026-02-21 00:10")]


# Acknowledging


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


def test_a_hold_warns_and_runs_out_at_its_millisecond() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(1) + 1)
    assert kinds(at_the_millisecond(desk, minute(9) + 1)) == [("ack_warning", None)]
    assert desk.rungs[-1].to_holder
    desk.wake(minute(11))
    assert desk.ack is not None
    desk.wake(minute(11) + 1)
    assert desk.ack is None
    assert desk.expired == [minute(11) + 1]


def test_any_act_of_the_holder_moves_the_end_of_the_hold() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(1))
    desk.wake(minute(10))
    assert desk.ack is not None
    desk.ack = desk.ack.model_copy(update={"renewed_at": minute(10), "warned": False})
    desk.wake(minute(20) - 1)
    assert desk.ack is not None
    desk.wake(minute(20))
    assert desk.ack is None
    assert [rung.due_at for rung in desk.rungs if rung.kind == "ack_warning"] == [minute(9), minute(18)]


def test_at_equal_times_the_hold_ends_before_the_threshold() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.acknowledge(MONDAY + 5 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 15 * MINUTE)
    assert (15, "step", "L3") in desk.told()
    assert all(kind != "information" for _, kind, _ in desk.told())


def test_a_hold_that_ends_a_millisecond_after_the_threshold_makes_it_information_first() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(5) + 1)
    desk.rungs.clear()
    desk.wake(minute(15) + 1)
    assert kinds(desk.rungs) == [("ack_warning", None), ("information", "L3"), ("step", "L3")]
    assert desk.rungs[-1].due_at == minute(15) + 1


def test_always_steps_page_although_somebody_holds_the_ticket() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.acknowledge(MONDAY + 20 * MINUTE)
    desk.rungs.clear()
    desk.until(MONDAY + 24 * MINUTE)
    assert desk.told() == [(24, "step", "L4")]


def test_a_hold_stands_still_in_a_pause() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(2))
    desk.pause(minute(4))
    assert desk.wake(minute(300)).next_at is None
    desk.resume(minute(300))
    desk.rungs.clear()
    desk.wake(minute(308) - 1)
    assert desk.ack is not None
    desk.wake(minute(308))
    assert desk.ack is None


def test_after_the_breach_the_highest_level_and_the_holder_are_paged_every_30_minutes() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(55))
    desk.rungs.clear()
    (rung,) = at_the_millisecond(desk, minute(60))
    assert (rung.kind, rung.level, rung.to_holder, rung.breach) == ("after_breach", "L5", True, True)
    desk.wake(minute(65))
    (rung,) = at_the_millisecond(desk, minute(90))
    assert (rung.kind, rung.level, rung.to_holder) == ("after_breach", "L5", False)


# Pauses and reclassification


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


def test_a_pause_at_the_millisecond_of_a_step_comes_after_it() -> None:
    desk = Climbing("P1", MONDAY)
    desk.pause(minute(15))
    assert desk.told()[-2:] == [(15, "step", "L3"), (15, "repeat", "L3")]
    desk.resume(minute(100))
    assert kinds(at_the_millisecond(desk, minute(105))) == [("repeat", "L3")]


def test_what_a_pause_that_is_set_back_takes_away_falls_due_again_at_its_new_time() -> None:
    """At 26 minutes a pause since 20 is recorded: L4, paged at 24, is paged again when 24 minutes are really used."""
    desk = Climbing("P1", MONDAY)
    desk.until(minute(26))
    desk.rungs.clear()
    desk.pause(minute(26), since=minute(20))
    assert desk.rungs == []
    desk.resume(minute(60))
    assert kinds(at_the_millisecond(desk, minute(64))) == [("step", "L4")]
    assert kinds(at_the_millisecond(desk, minute(65))) == [("repeat", "L4")]
    assert kinds(at_the_millisecond(desk, minute(70))) == [("step", "L5")]


def test_the_rhythm_after_the_breach_goes_back_with_the_clock() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(minute(61))
    desk.rungs.clear()
    desk.pause(minute(61), since=minute(50))
    desk.resume(minute(100))
    assert kinds(at_the_millisecond(desk, minute(110))) == [("after_breach", "L5")]
    assert desk.rungs[-1].key == "1.b1"


@pytest.mark.parametrize(("since", "again"), [(24 * MINUTE, 0), (24 * MINUTE - 1, 1)])
def test_a_step_whose_very_millisecond_is_still_used_is_not_taken_back(since: int, again: int) -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(minute(24))
    desk.rungs.clear()
    desk.pause(minute(25) - 1, since=MONDAY + since)
    desk.resume(minute(60))
    desk.wake(minute(60) + 1)
    assert kinds(desk.rungs) == [("step", "L4")] * again


def test_a_clock_of_the_store_that_steps_back_takes_nothing_back() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(17))
    for moment in (minute(24), minute(25)):  # a step and the warning of a hold
        desk.wake(moment)
        desk.rungs.clear()
        desk.wake(moment - 50)
        desk.wake(moment)
        assert desk.rungs == []


def test_a_warning_that_a_slower_measure_takes_back_comes_again_before_the_new_end() -> None:
    """Held for 10 minutes as a P1, warned at 8; as a P2 the hold lasts 30, so the warning is due at 25."""
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(MONDAY)
    desk.wake(minute(8))
    desk.reclassify(minute(9), "P2", "corrected")
    assert kinds(at_the_millisecond(desk, minute(25))) == [("ack_warning", None)]
    desk.wake(minute(30))
    assert desk.expired == [minute(30)]


def test_a_corrected_priority_carries_the_used_time_and_pages_at_once_what_that_makes_due() -> None:
    desk = Climbing("P3", MONDAY)
    desk.until(minute(25))
    desk.rungs.clear()
    desk.reclassify(minute(25), "P1", "corrected")
    assert kinds([rung for rung in desk.rungs if rung.kind == "step"]) == [
        ("step", "L2"),
        ("step", "L3"),
        ("step", "L4"),
    ]
    assert kinds(at_the_millisecond(desk, minute(30))) == [("step", "L5")]


def test_a_worsened_priority_starts_anew_at_its_own_millisecond() -> None:
    desk = Climbing("P3", MONDAY)
    desk.until(minute(25))
    desk.rungs.clear()
    desk.reclassify(minute(25), "P1", "worsened")
    assert kinds(desk.rungs) == [("step", "L2")]
    assert kinds(at_the_millisecond(desk, minute(40))) == [("step", "L3"), ("repeat", "L3")]
    assert kinds(at_the_millisecond(desk, minute(55))) == [("step", "L5")]


def test_the_ladder_of_a_new_measure_starts_at_its_first_rung() -> None:
    """Nothing of the old measure counts: its repeats, what it owed, its rhythm after the breach."""
    desk = Climbing("P1", MONDAY)
    desk.wake(minute(200))
    desk.rungs.clear()
    desk.reclassify(minute(200), "P2", "corrected")
    keys = [rung.key for rung in desk.rungs]
    assert keys == [
        "1.s0", "1.r1", "1.r2", "1.r3", "1.r4", "1.s1", "1.r5", "1.r6", "1.s2", "1.r7", "1.r8", "1.s3", "1.s4",
        "1.b1", "1.b2", "1.b3",
    ]  # fmt: skip


def test_what_a_hold_owed_is_told_anew_by_the_ladder_of_the_new_measure() -> None:
    desk = Climbing("P2", MONDAY)
    desk.acknowledge(minute(44))
    desk.wake(minute(46))
    desk.rungs.clear()
    desk.reclassify(minute(46), "P1", "corrected")
    assert [rung.key for rung in desk.rungs] == ["1.i1", "1.s2", "1.s3"]


@pytest.mark.parametrize(("how", "ends"), [("corrected", 20), ("worsened", 25)])
def test_a_hold_goes_over_into_the_new_measure(how: Literal["corrected", "worsened"], ends: int) -> None:
    """Taken at 10 as a P2; at 15 it becomes a P1, whose holds last 10 minutes of the time that then counts."""
    desk = Climbing("P2", MONDAY)
    desk.acknowledge(minute(10))
    desk.reclassify(minute(15), "P1", how)
    desk.wake(minute(ends) - 1)
    assert desk.ack is not None
    desk.wake(minute(ends))
    assert desk.ack is None
    owed = [rung.level for rung in desk.rungs if rung.kind == "step" and rung.due_at == minute(ends)]
    assert owed == (["L2", "L3"] if how == "corrected" else ["L2"])


def test_a_priority_that_becomes_milder_is_paged_by_its_own_ladder_from_then_on() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(minute(26))
    desk.rungs.clear()
    desk.reclassify(minute(26), "P3", "corrected")
    assert kinds(desk.rungs) == [("step", "L2")]
    assert kinds(at_the_millisecond(desk, minute(30))) == [("repeat", "L2")]
    assert kinds(at_the_millisecond(desk, minute(90))) == [("step", "L3"), ("repeat", "L3")]


# Triage (D2)


def test_a_ticket_that_nobody_classifies_wakes_l2_l3_and_managers() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.until(MONDAY + 45 * MINUTE)
    triage = [rung for rung in desk.rungs if rung.kind == "triage"]
    assert [((rung.due_at - MONDAY) // MINUTE, rung.level, rung.managers) for rung in triage] == [
        (15, "L2", None),
        (30, "L3", None),
        (45, None, "channel"),
    ]


@pytest.mark.parametrize("number", [15, 30, 45])
def test_triage_falls_due_at_its_millisecond_also_while_somebody_holds_the_ticket(number: int) -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.acknowledge(minute(1))
    assert "triage" in dict(kinds(at_the_millisecond(desk, minute(number))))


def test_a_ticket_that_is_classified_is_not_asked_about_again() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.wake(minute(20))
    desk.reclassify(minute(20), "P3", "corrected")
    desk.wake(minute(60))
    assert [rung.key for rung in desk.rungs if rung.kind == "triage"] == ["t0"]


def test_triage_waits_while_the_contract_is_suspended() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.events.append(ClockEvent(at=minute(1), kind="suspend", reason="a"))
    assert desk.wake(minute(50)).next_at is None
    assert not [rung for rung in desk.rungs if rung.kind == "triage"]


def test_triage_waits_while_a_pause_stands() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.pause(minute(14))
    desk.wake(minute(44))
    assert not [rung for rung in desk.rungs if rung.kind == "triage"]
    desk.resume(minute(44))
    assert [rung.key for rung in desk.rungs if rung.kind == "triage"] == ["t0", "t1"]
