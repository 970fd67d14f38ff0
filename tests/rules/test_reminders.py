"""What the ladder does besides its steps: after the end, after a pause, by hand."""

from itertools import pairwise

from bot.sla.clock import ClockEvent
from bot.sla.escalation import reached_by
from bot.sla.instants import DAY, HOUR, MINUTE
from bot.sla.policy import Chase, Step
from bot.sla.reminders import OwedCall
from tests.rules.ladder import MONDAY, Climbing, at, at_the_millisecond, book, kinds, minute, plain_ladder, with_ladder

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
    assert desk.progress.call_backs == 2
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


def test_a_chase_goes_to_the_lowest_level_paged_not_of_the_ladder_and_whom_it_asks_may_act() -> None:
    steps = (
        Step(share=0, level="L4", by=("teams",)),
        Step(share=0, level="L3", by=("teams",)),
        Step(share=50, level="L2", by=("teams",)),
    )
    chase = Chase(after=MINUTE, unanswered_after=MINUTE, level="L5", by=("teams",))
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(steps=steps, chase=chase)))
    desk.pause(minute(1), chase_at=minute(2))
    desk.rungs.clear()
    desk.wake(minute(3))
    assert kinds(desk.rungs) == [("chase", "L3"), ("chase", "L5")]
    assert desk.progress.levels == ("L4", "L3", "L5")


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
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(chase=None)))
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
