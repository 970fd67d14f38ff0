"""Every rung of the ladder as a whole: to whom, by what and since when; and what the ladder remembers of it."""

from dataclasses import replace

import pytest

from bot.sla.clock import ClockEvent
from bot.sla.escalation import climb, jump, pulled_rung, reached_by
from bot.sla.instants import MINUTE, SECOND, Span
from bot.sla.policy import Ladder, Step, Triage
from bot.sla.rungs import Progress, Rung
from tests.rules.ladder import MONDAY, Climbing, at_the_millisecond, book, minute, plain_ladder, with_ladder

ALL = ("teams", "mail", "phone")
TEAMS: Ladder = plain_ladder(
    steps=(
        Step(share=0, level="L2", whole_team=True, by=("teams", "mail"), when="unacked"),
        Step(share=50, level="L3", whole_team=True, by=("phone",), when="unacked", inform_by=("mail",)),
        Step(share=100, level="L4", whole_team=True, by=("teams",), managers="channel"),
    ),
    repeat_every=10 * MINUTE,
    ack_warning=2 * MINUTE,
)
"""Pages whole teams, of a P1: each step by channels of its own."""
MANAGERS_ONLY: Ladder = plain_ladder(steps=(Step(share=0, managers="channel"),))


def test_each_page_of_the_ladder_is_what_its_step_says() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(TEAMS))
    desk.until(minute(60))
    assert desk.rungs == [
        Rung("0.s0", "step", minute(0), "L2", ("teams", "mail"), whole_team=True),
        Rung("0.r1", "repeat", minute(10), "L2", ("teams", "mail"), whole_team=True),
        Rung("0.s1", "step", minute(15), "L3", ("phone",), whole_team=True),
        Rung("0.r2", "repeat", minute(20), "L3", ("phone",), whole_team=True),
        Rung("0.s2", "step", minute(30), "L4", ("teams",), whole_team=True, managers="channel", breach=True),
        Rung("0.b1", "after_breach", minute(60), "L4", ("teams",), whole_team=True, breach=True),
    ]
    assert desk.progress == Progress(
        paged=(0, 1, 2), repeats=2, after=1, levels=("L2", "L3", "L4"), climbed_at=minute(60)
    )


def test_what_a_hold_held_back_is_told_and_paged_once() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(TEAMS))
    desk.acknowledge(minute(6))
    desk.rungs.clear()
    desk.wake(minute(15))
    assert desk.progress == Progress(paged=(0,), owed=(1,), repeats=1, levels=("L2",), climbed_at=minute(15))
    desk.wake(minute(16))
    assert desk.rungs == [
        Rung(f"0.w{minute(6)}", "ack_warning", minute(14), None, ("teams",), to_holder=True),
        Rung("0.i1", "information", minute(15), "L3", ("mail",), whole_team=True),
        Rung("0.s1", "step", minute(16), "L3", ("phone",), whole_team=True),
    ]
    assert desk.progress == Progress(paged=(0, 1), repeats=1, levels=("L2", "L3"), climbed_at=minute(16))
    desk.acknowledge(minute(17))
    desk.rungs.clear()
    desk.wake(minute(28))
    assert [rung.key for rung in desk.rungs] == [f"0.w{minute(17)}"]


def test_a_ladder_without_people_tells_its_holder_after_the_breach_and_nobody_else() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(MANAGERS_ONLY))
    desk.acknowledge(minute(55))
    desk.rungs.clear()
    desk.wake(minute(60))
    assert desk.rungs == [
        Rung("0.b1", "after_breach", minute(60), None, ("teams", "mail"), to_holder=True, breach=True)
    ]
    desk.wake(minute(65))
    assert desk.ack is None
    desk.rungs.clear()
    desk.wake(minute(90))
    assert desk.rungs == []
    assert desk.progress.after == 2


def test_whom_the_triage_wakes_gets_the_repeats_from_its_very_start() -> None:
    steps = (
        Step(after=0, level="L3", whole_team=True, by=("phone",)),
        Step(after=5 * MINUTE, managers="digest"),
    )
    triage = Triage(target=15 * MINUTE, hours="around_the_clock", steps=steps)
    desk = Climbing("P1", MONDAY, provisional=True, policy=with_ladder(TEAMS).model_copy(update={"triage": triage}))
    desk.until(minute(10))
    assert desk.rungs == [
        Rung("0.s0", "step", minute(0), "L2", ("teams", "mail"), whole_team=True),
        Rung("t0", "triage", minute(0), "L3", ("phone",), whole_team=True),
        Rung("t1", "triage", minute(5), None, (), managers="digest"),
        Rung("0.r1", "repeat", minute(10), "L3", ("phone",), whole_team=True),
    ]
    assert desk.progress == Progress(
        paged=(0,), triage=(0, 1), repeats=1, levels=("L2", "L3"), jumps=("L3",), climbed_at=minute(10)
    )


def test_a_page_by_hand_is_that_of_the_levels_own_step_at_once() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(TEAMS))
    rung, after = jump(desk.situation(), Progress(levels=("L2",)), "L3", minute(3))
    assert rung == Rung("0.e0", "escalated", minute(3), "L3", ("phone",), whole_team=True)
    assert after == Progress(levels=("L2", "L3"), jumps=("L3",))
    assert reached_by(TEAMS, "L5") == Step(after=0, level="L5", by=ALL)


@pytest.mark.parametrize(
    ("level", "above"),
    [
        ("L2", Rung("0.s7+L3", "repeat", minute(3), "L3", ("phone",), whole_team=True, breach=True)),
        ("L3", Rung("0.s7+L4", "repeat", minute(3), "L4", ("mail",), breach=True)),
        (None, Rung("0.s7+L3", "repeat", minute(3), "L3", ("phone",), whole_team=True, breach=True)),
        ("L5", None),
    ],
)
def test_a_page_that_reached_nobody_goes_to_the_next_level_wherever_its_step_stands(
    level: str | None, above: Rung | None
) -> None:
    steps = (
        Step(share=0, level="L5", by=("teams",)),
        Step(share=10, managers="channel"),
        Step(share=20, level="L4", by=("mail",)),
        Step(share=30, level="L3", whole_team=True, by=("phone",)),
    )
    failed = Rung("0.s7", "repeat", minute(3), level, ALL, breach=True)
    assert pulled_rung(plain_ladder(steps=steps), failed, book().desk.rank) == above


# What is remembered


def test_a_new_measure_remembers_who_was_paged_and_what_was_asked_and_nothing_of_its_ladder() -> None:
    climbed = Progress(
        stage=3, paged=(0, 1), owed=(2,), repeats=4, after=5, triage=(0,), levels=("L2", "L3"), jumps=("L3",),
        chased=((1, 0, 2),), call_backs=1, pulled=("3.s0+L3",), turns=6, climbed_at=minute(7),
    )  # fmt: skip
    assert climbed.anew() == Progress(
        stage=4, triage=(0,), levels=("L2", "L3"), chased=((1, 0, 2),), turns=6, climbed_at=minute(7)
    )


def test_only_a_climb_that_took_something_is_remembered_as_one() -> None:
    """A hold's warning is something: a clock of the store that steps back must not bring it again."""
    desk = Climbing("P1", MONDAY)
    desk.wake(MONDAY)
    before = desk.progress
    desk.wake(minute(3))
    assert desk.progress is before
    desk.acknowledge(minute(3) + 1)
    desk.wake(minute(5))
    repeated = desk.progress
    assert repeated.climbed_at == minute(5)
    desk.wake(minute(11) + 1)
    assert desk.ack is not None
    assert desk.ack.warned
    assert desk.progress == repeated.model_copy(update={"repeats": 2, "climbed_at": minute(11) + 1})
    desk.rungs.clear()
    desk.wake(minute(11) - 50)
    desk.wake(minute(11) + 1)
    assert desk.rungs == []


def test_a_warning_alone_is_something_taken() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(ack_warning=2 * MINUTE)))
    desk.acknowledge(MONDAY)
    desk.wake(minute(8))
    assert desk.progress == Progress(paged=(0,), levels=("L2",), climbed_at=minute(8))


@pytest.mark.parametrize(("kind", "at"), [("resolve", 20), ("merge", 26)])
def test_of_a_ticket_that_is_over_nothing_is_taken_back(kind: str, at: int) -> None:
    """Resolved at an evidenced time before L4's page: what was paged was paged, and its keys stay."""
    desk = Climbing("P1", MONDAY)
    desk.until(minute(26))
    before = desk.progress
    desk.events.append(ClockEvent.model_validate({"at": minute(at), "kind": kind}))
    if kind == "merge":
        desk.events.append(ClockEvent(at=minute(10), kind="pause", pause=1, reason="third_party"))
    desk.wake(minute(27))
    assert desk.progress == before


def test_a_warning_is_taken_back_by_the_time_of_its_own_hold() -> None:
    """Held since 9 and warned at 17; as a P2 the hold, 9 minutes old, warns 25 minutes after it was taken."""
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(9))
    desk.wake(minute(17))
    desk.reclassify(minute(18), "P2", "corrected")
    desk.rungs.clear()
    assert [rung.kind for rung in at_the_millisecond(desk, minute(34))] == ["ack_warning"]


@pytest.mark.parametrize(
    ("warning", "warned_at"),
    [(0, []), (SECOND, [599]), (2 * MINUTE, [480]), (10 * MINUTE - SECOND, [1]), (10 * MINUTE, []), (11 * MINUTE, [])],
)
def test_a_hold_of_ten_minutes_is_warned_about_only_if_there_is_time_for_a_warning(
    warning: Span, warned_at: list[int]
) -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(ack_warning=warning)))
    desk.acknowledge(MONDAY)
    desk.until(minute(12))
    assert [(rung.due_at - MONDAY) // SECOND for rung in desk.rungs if rung.kind == "ack_warning"] == warned_at
    assert desk.expired == [minute(10)]


def test_a_climb_that_would_never_end_goes_on_at_once_in_the_next() -> None:
    """A page a minute for more than a week, all at once: the rest is due now, not when something falls due next."""
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(after_breach_every=MINUTE)))
    now = minute(30 + 10_005)
    first = desk.wake(now)
    assert (len(first.rungs), first.next_at) == (10_000, now)
    rest = desk.wake(now)
    assert [rung.key for rung in rest.rungs] == [f"0.b{slot}" for slot in range(10_000, 10_006)]
    assert rest.next_at == now + MINUTE


# Asking after a pause


def test_whom_a_chase_asks_is_somebody_who_may_act_only_if_it_is_a_level() -> None:
    desk = Climbing("P1", MONDAY)
    desk.acknowledge(minute(2))
    desk.pause(minute(4), chase_at=minute(19))
    desk.rungs.clear()
    desk.wake(minute(19))
    assert desk.rungs == [Rung("p1.0.0", "chase", minute(19), None, ALL, to_holder=True)]
    assert desk.progress.levels == ("L2",)


def test_before_anybody_was_paged_a_chase_goes_to_the_lowest_level_of_the_ladder() -> None:
    """The lowest as the desk orders its levels, not by their names."""
    steps = (
        Step(share=50, level="L2", by=("teams",)),
        Step(share=60, managers="channel"),
        Step(share=80, level="L3", by=("teams",)),
    )
    desk = Climbing("P1", MONDAY, policy=with_ladder(plain_ladder(steps=steps)))
    desk.pause(minute(1), chase_at=minute(5))
    backwards = replace(desk.situation(), rank=lambda level: -book().desk.rank(level))
    for situation, lowest in ((desk.situation(), "L2"), (backwards, "L3")):
        result = climb(situation, desk.progress, None, minute(5))
        assert result.rungs == (Rung("p1.0.0", "chase", minute(5), lowest, ("teams", "mail")),)
        assert result.progress.levels == (lowest,)


def test_a_chase_of_a_ladder_without_people_asks_no_level() -> None:
    desk = Climbing("P1", MONDAY, policy=with_ladder(MANAGERS_ONLY))
    desk.pause(minute(1), chase_at=minute(5))
    desk.rungs.clear()
    desk.wake(minute(5))
    assert desk.rungs == [Rung("p1.0.0", "chase", minute(5), None, ("teams", "mail"))]
    assert desk.progress.levels == ()
