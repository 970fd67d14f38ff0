"""What holds for every policy and every history: the ladder is the same whenever it is climbed."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.sla.instants import MINUTE
from bot.sla.policy import Chase, Ladder, Step
from tests.rules.ladder import MONDAY, Climbing, minute, with_ladder

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
    policy = with_ladder(ladder, target=target * MINUTE).model_copy(update={"ack_divisor": divisor})
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
    desk = Climbing("P1", MONDAY, policy=with_ladder(ladder, target=180 * MINUTE))
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
