"""The default ladder of product.md, rung by rung, to the millisecond."""

from itertools import pairwise
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sla.clock import ClockEvent
from bot.sla.escalation import reached_by
from bot.sla.instants import DAY, HOUR, MINUTE, Instant
from bot.sla.policy import Chase, Ladder, Policy, Step
from bot.sla.reminders import OwedCall
from bot.sla.rungs import Rung
from tests.rules.ladder import Climbing, at, book, local

MONDAY = at("2026-03-09 10:00")


def minute(number: int) -> Instant:
    return MONDAY + number * MINUTE


def at_the_millisecond(desk: Climbing, moment: Instant) -> list[Rung]:
    """Return what falls due at a moment; nothing of it may come a millisecond before, or again one after."""
    desk.wake(moment - 1)
    before = len(desk.rungs)
    assert all(rung.due_at < moment for rung in desk.rungs)
    desk.wake(moment)
    rungs = desk.rungs[before:]
    assert all(rung.due_at == moment for rung in rungs)
    desk.wake(moment)
    desk.wake(moment + 1)
    assert desk.rungs[before:] == rungs
    return rungs


def kinds(rungs: list[Rung]) -> list[tuple[str, str | None]]:
    return [(rung.kind, rung.level) for rung in rungs]


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


def test_triage_waits_while_a_pause_stands() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.pause(minute(14))
    desk.wake(minute(44))
    assert not [rung for rung in desk.rungs if rung.kind == "triage"]
    desk.resume(minute(44))
    assert [rung.key for rung in desk.rungs if rung.kind == "triage"] == ["t0", "t1"]


# The end


def test_a_resolved_ticket_pages_nobody() -> None:
    desk = Climbing("P1", MONDAY)
    desk.until(MONDAY)
    desk.events.append(ClockEvent(at=MONDAY + 3 * MINUTE, kind="resolve"))
    desk.rungs.clear()
    assert desk.wake(MONDAY + HOUR).next_at is None
    assert desk.rungs == []


def test_a_merged_ticket_pages_nobody_whatever_it_owed() -> None:
    desk = Climbing("P2", MONDAY, provisional=True)
    desk.pause(minute(1), chase_at=minute(10))
    desk.owed_call = OwedCall(minute(10), minute(20), "an")
    desk.events.append(ClockEvent(at=minute(3), kind="merge"))
    desk.rungs.clear()
    assert desk.wake(MONDAY + DAY).next_at is None
    assert desk.rungs == []


def test_an_owed_call_is_asked_for_twice_and_never_again() -> None:
    desk = Climbing("P1", MONDAY)
    desk.wake(minute(3))
    desk.events.append(ClockEvent(at=minute(3), kind="resolve"))
    desk.owed_call = OwedCall(minute(33), minute(63), "an")
    assert desk.wake(minute(4)).next_at == minute(33)
    (reminder,) = at_the_millisecond(desk, minute(33))
    assert (reminder.kind, reminder.level, reminder.to, reminder.by) == ("call_back", None, "an", ("teams", "mail"))
    (alert,) = at_the_millisecond(desk, minute(63))
    assert (alert.kind, alert.level, alert.to, alert.managers) == ("call_back", None, "", "channel")
    assert desk.wake(MONDAY + DAY).next_at is None


# Asking after a pause (D8)


def test_a_chase_goes_to_the_holder_first_and_then_to_l3_until_it_is_answered() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(2))
    desk.pause(minute(4), chase_at=minute(19))
    desk.rungs.clear()
    (first,) = at_the_millisecond(desk, minute(19))
    assert (first.kind, first.level, first.to_holder, first.key) == ("chase", None, True, "p1.0.0")
    for times, moment in enumerate((24, 29, 34), start=1):
        (again,) = at_the_millisecond(desk, minute(moment))
        assert (again.kind, again.level, again.to_holder) == ("chase", "L3", False)
        assert again.key == f"p1.0.{times}"
        assert again.by == ("teams", "mail", "phone")


def test_a_chase_of_a_ticket_that_nobody_holds_goes_to_the_lowest_level_that_was_paged() -> None:
    desk = Climbing("P1", MONDAY)
    desk.pause(minute(16), chase_at=minute(31))
    desk.rungs.clear()
    assert kinds(at_the_millisecond(desk, minute(31))) == [("chase", "L2")]


def test_an_answer_begins_a_new_round_and_a_resume_ends_it() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(2))
    desk.pause(minute(4), chase_at=minute(19))
    desk.wake(minute(25))
    desk.rungs.clear()
    desk.answer(minute(26), chase_at=minute(60))
    (rung,) = at_the_millisecond(desk, minute(60))
    assert (rung.key, rung.to_holder) == ("p1.1.0", True)
    desk.resume(minute(61))
    desk.wake(minute(70))
    assert [rung.kind for rung in desk.rungs].count("chase") == 1


def test_two_pauses_are_asked_after_each_at_its_time() -> None:
    desk = Climbing("P1", MONDAY)
    desk.pause(minute(1), 1, chase_at=minute(10))
    desk.pause(minute(2), 2, chase_at=minute(12))
    desk.rungs.clear()
    desk.wake(minute(16))
    assert [rung.key for rung in desk.rungs] == ["p1.0.0", "p2.0.0", "p1.0.1"]


def test_the_rhythm_of_chases_is_working_time_of_the_priority() -> None:
    """A P4 whose chase is due on Saturday at 16:00 is asked about again two working hours later: on Monday at 09:00."""
    desk = Climbing("P4", at("2026-03-07 10:00"))
    desk.pause(at("2026-03-07 11:00"), chase_at=at("2026-03-07 16:00"))
    assert kinds(at_the_millisecond(desk, at("2026-03-07 16:00")))[0] == ("chase", "L2")
    assert kinds(at_the_millisecond(desk, at("2026-03-09 09:00"))) == [("chase", "L3")]


def test_a_pause_that_nobody_looks_after_is_never_forgotten_and_never_a_flood() -> None:
    desk = Climbing("P1", MONDAY)
    desk.pause(minute(0), chase_at=minute(15))
    desk.rungs.clear()
    desk.until(MONDAY + DAY)
    times = [number for number, kind, _ in desk.told() if kind == "chase"]
    assert times[:14] == [15, *range(20, 80, 5), 135]
    assert {later - earlier for earlier, later in pairwise(times[12:])} == {60}
    assert times[-1] > 23 * 60


def test_a_chase_of_a_reclassified_ticket_is_not_asked_twice() -> None:
    desk = Climbing("P2", MONDAY)
    desk.pause(minute(4), chase_at=minute(19))
    desk.wake(minute(20))
    desk.reclassify(minute(20), "P1", "corrected")
    desk.wake(minute(20) + 1)
    assert [rung.key for rung in desk.rungs if rung.kind == "chase"] == ["p1.0.0"]


def test_a_chase_without_a_rule_in_the_policy_is_asked_once() -> None:
    desk = Climbing("P1", MONDAY, policy=_policy(_ladder(chase=None)))
    desk.pause(minute(1), chase_at=minute(5))
    desk.rungs.clear()
    result = desk.wake(MONDAY + DAY)
    assert kinds(desk.rungs) == [("chase", "L2")]
    assert result.next_at is None


# By hand


def test_a_level_paged_by_hand_gets_the_repeats_and_the_steps_keep_their_time() -> None:
    desk = Climbing("P1", MONDAY)
    desk.wake(minute(3))
    desk.rungs.clear()
    desk.escalate(minute(3), "L4")
    assert (desk.rungs[0].kind, desk.rungs[0].level, desk.rungs[0].by) == (
        "escalated",
        "L4",
        ("teams", "mail", "phone"),
    )
    assert desk.progress.levels == ("L2", "L4")
    assert kinds(at_the_millisecond(desk, minute(5))) == [("repeat", "L4")]
    assert kinds(at_the_millisecond(desk, minute(15))) == [("step", "L3"), ("repeat", "L4")]
    assert kinds(at_the_millisecond(desk, minute(24))) == [("step", "L4")]
    assert kinds(at_the_millisecond(desk, minute(30))) == [("step", "L5")]


def test_an_unacked_step_of_a_level_paged_by_hand_still_fires() -> None:
    desk = Climbing("P1", MONDAY)
    desk.escalate(minute(3), "L3")
    assert kinds(at_the_millisecond(desk, minute(15))) == [("step", "L3"), ("repeat", "L3")]


def test_after_the_breach_the_rhythm_goes_to_the_level_paged_by_hand_if_it_is_the_highest() -> None:
    desk = Climbing("P3", MONDAY)
    desk.escalate(minute(3), "L5")
    desk.wake(minute(180))
    assert kinds(at_the_millisecond(desk, minute(210))) == [("after_breach", "L5")]


def test_each_page_by_hand_has_a_key_of_its_own() -> None:
    desk = Climbing("P1", MONDAY)
    for number in (1, 2, 3):
        desk.escalate(minute(number), "L3")
    desk.reclassify(minute(4), "P2", "worsened")
    desk.escalate(minute(4), "L3")
    keys = [rung.key for rung in desk.rungs if rung.kind == "escalated"]
    assert keys == ["0.e0", "0.e1", "0.e2", "1.e0"]


def test_a_level_is_paged_by_hand_as_its_loudest_step_says_or_by_everything() -> None:
    ladder = book().policy.priorities["P4"].ladder
    assert reached_by(ladder, "L2").by == ("teams", "mail", "phone")
    assert not reached_by(ladder, "L2").whole_team
    assert reached_by(ladder, "L3").by == ("teams", "mail")
    assert reached_by(ladder, "L5").by == ("teams", "mail", "phone")


# Whatever the policy and the history


def _ladder(**changes: Any) -> Ladder:
    steps = (Step(share=0, level="L2", by=("teams",), when="unacked"),)
    values = {"steps": steps, "after_breach_every": 30 * MINUTE, "chase": None}
    return Ladder(**{**values, **changes})


def _policy(ladder: Ladder, **changes: Any) -> Policy:
    policy = book().policy
    priorities = {
        **policy.priorities,
        "P1": policy.priorities["P1"].model_copy(update={"ladder": ladder, **changes}),
    }
    return policy.model_copy(update={"priorities": priorities})


LEVELS = st.sampled_from(["L2", "L3", "L4", "L5"])
STEPS = st.builds(
    lambda share, after, level, when: Step(
        share=share, after=after if share is None else None, level=level, by=("teams", "mail"), when=when,
        inform_by=("mail",),
    ),
    st.one_of(st.none(), st.integers(0, 130)), st.integers(0, 90).map(lambda m: m * MINUTE), LEVELS,
    st.sampled_from(["always", "unacked"]),
)  # fmt: skip
LADDERS = st.builds(
    lambda steps, repeat, warning, after, chase: Ladder(
        steps=tuple(steps), repeat_every=repeat, ack_warning=warning, after_breach_every=after, chase=chase
    ),
    st.lists(STEPS, min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(1, 40).map(lambda m: m * MINUTE)),
    st.integers(0, 15).map(lambda m: m * MINUTE),
    st.integers(5, 60).map(lambda m: m * MINUTE),
    st.one_of(
        st.none(),
        st.builds(
            lambda span, level: Chase(after=MINUTE, unanswered_after=span, level=level, by=("teams",)),
            st.integers(1, 30).map(lambda m: m * MINUTE), LEVELS,
        ),
    ),
)  # fmt: skip
MOMENTS = st.one_of(st.integers(0, 300).map(lambda m: m * MINUTE), st.integers(0, 300 * MINUTE))
DEEDS = st.tuples(
    MOMENTS,
    st.sampled_from(["ack", "pause", "pause_since", "resume", "answer", "escalate", "corrected", "worsened"]),
    st.integers(0, 60),
    LEVELS,
)


def _do(desk: Climbing, deed: tuple[int, str, int, str]) -> None:
    """Do what happens, if it can happen then."""
    span, what, number, level = deed
    now = MONDAY + span
    waiting = sorted(desk.situation().reading.pauses)
    match what:
        case "ack":
            desk.acknowledge(now)
        case "pause":
            desk.pause(now, 1 + len(desk.chases), chase_at=now + (number + 1) * MINUTE)
        case "pause_since":
            desk.wake(now)
            since = max(now - number * MINUTE, *(event.at for event in desk.events))
            desk.pause(now, 1 + len(desk.chases), chase_at=now + MINUTE, since=min(since, now))
        case "resume" if waiting:
            desk.resume(now, waiting[0])
        case "answer" if waiting:
            desk.answer(now, waiting[-1], chase_at=now + (number + 1) * MINUTE)
        case "escalate":
            desk.escalate(now, level)
        case "corrected" | "worsened":
            priority = "P1" if desk.priority != "P1" else "P2"
            desk.reclassify(now, priority, "corrected" if what == "corrected" else "worsened")


@given(
    ladder=LADDERS, promise=st.tuples(st.integers(10, 200), st.integers(1, 4)), provisional=st.booleans(),
    deeds=st.lists(DEEDS, max_size=7), wakes=st.lists(MOMENTS, max_size=8),
)  # fmt: skip
def test_climbing_in_one_go_and_step_by_step_take_the_same_rungs_once_each(
    ladder: Ladder, promise: tuple[int, int], provisional: bool, deeds: list[Any], wakes: list[int]
) -> None:
    target, divisor = promise
    policy = _policy(ladder, target=target * MINUTE).model_copy(update={"ack_divisor": divisor})
    punctual, careless = (Climbing("P1", MONDAY, provisional=provisional, policy=policy) for _ in range(2))
    end = MONDAY + 320 * MINUTE
    for deed in sorted(deeds, key=lambda deed: deed[0]):
        punctual.until(MONDAY + deed[0])
        _do(punctual, deed)
    punctual.until(end)
    timeline = sorted(
        [(deed[0], deed) for deed in deeds] + [(wake, None) for wake in wakes], key=lambda entry: entry[0]
    )
    for moment, deed_or_wake in timeline:
        if deed_or_wake is None:
            careless.wake(MONDAY + moment)
        else:
            _do(careless, deed_or_wake)
    last = careless.wake(end)
    assert last.next_at is None or last.next_at > end
    assert [rung.key for rung in careless.rungs] == [rung.key for rung in punctual.rungs]
    assert careless.expired == punctual.expired
    assert len({rung.key for rung in careless.rungs}) == len(careless.rungs)


@given(
    ladder=LADDERS.map(lambda ladder: replace_ladder(ladder, repeat_every=ladder.repeat_every or 5 * MINUTE)),
    acks=st.lists(MOMENTS, min_size=1, max_size=4),
)
def test_nothing_is_repeated_while_somebody_holds_the_ticket(ladder: Ladder, acks: list[int]) -> None:
    desk = Climbing("P1", MONDAY, policy=_policy(ladder, target=180 * MINUTE))
    for moment in sorted(acks):
        desk.until(MONDAY + moment)
        desk.acknowledge(MONDAY + moment)
    desk.until(MONDAY + 400 * MINUTE)
    taken = [MONDAY + moment for moment in acks]
    held = [(start, min([end for end in desk.expired if end > start], default=start)) for start in taken]
    repeats = [rung.due_at for rung in desk.rungs if rung.kind == "repeat"]
    assert not [due for due in repeats for start, end in held if start < due < end]


def replace_ladder(ladder: Ladder, **changes: Any) -> Ladder:
    return ladder.model_copy(update=changes)


@given(
    priority=st.sampled_from(["P1", "P2", "P3", "P4"]),
    wakes=st.lists(st.integers(0, 600), min_size=1, max_size=12),
    acks=st.sets(st.integers(0, 600), max_size=3),
)
def test_late_and_double_wake_ups_take_every_rung_exactly_once(priority: str, wakes: list[int], acks: set[int]) -> None:
    """Waking at any times gives the rungs of waking on time: none missing, none twice."""
    end = 601
    punctual, careless = Climbing(priority, MONDAY), Climbing(priority, MONDAY)
    for number in sorted({*range(end + 1)}):
        punctual.wake(minute(number))
        if number in acks:
            punctual.acknowledge(minute(number))
    for number in sorted({*wakes, *acks, end}):
        careless.wake(minute(number))
        careless.wake(minute(number))
        if number in acks:
            careless.acknowledge(minute(number))
    assert [rung.key for rung in careless.rungs] == [rung.key for rung in punctual.rungs]
    assert len({rung.key for rung in careless.rungs}) == len(careless.rungs)
