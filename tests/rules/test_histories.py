"""Random histories: the clock that is derived in one step agrees with one that is counted step by step.

Another seed: HISTORIES_SEED=7 ./test tests/rules/test_histories.py. One history to read: python -m tests.rules.oracle.
"""

import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from random import Random

import pytest
from pydantic import ValidationError

from bot.sla.calendar import Calendar
from bot.sla.clock import ClockEvent
from bot.sla.instants import DAY, MINUTE
from tests.rules.oracle.compare import case, failing, fails
from tests.rules.oracle.histories import history
from tests.rules.oracle.stepping import History, count
from tests.rules.oracle.worlds import World, worlds

SEED = int(os.environ.get("HISTORIES_SEED", "1"))
SAMPLE = 1_000
ALL = 100_000
CHUNK = 2_500


def told(bad: list[int]) -> str:
    """Return the first disagreements as small cases."""
    return f"{len(bad)} histories of seed {SEED} disagree\n" + "\n\n".join(case(SEED, n) for n in bad[:3])


def test_a_sample_of_random_histories_agrees_with_the_counted_clock() -> None:
    bad = failing(SEED, range(SAMPLE))
    assert not bad, told(bad)


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_a_hundred_thousand_random_histories_agree_with_the_counted_clock() -> None:
    chunks = [range(n, n + CHUNK) for n in range(0, ALL, CHUNK)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as processes:
        bad = list(chain.from_iterable(processes.map(failing, [SEED] * len(chunks), chunks)))
    print(f"{ALL} histories of seed {SEED}: {len(bad)} disagree")
    assert not bad, told(bad)


def test_the_histories_are_worth_comparing() -> None:
    """Every kind of event, breaches and their absence, ties, things set back, pauses that overlap: none is rare."""
    seen: Counter[str] = Counter()
    for number in range(600):
        story = history(SEED, number)
        last = max(event.at for event in story.events)
        counted = count(story, last)
        breached = counted.breached_at(last) is not None
        times = [event.at for event in story.events]
        seen.update({event.kind for event in story.events})
        seen[story.world.name] += 1
        seen["breached" if breached else "never due" if counted.due_at is None else "due"] += 1
        seen["seconds"] += story.unit < MINUTE
        seen["ties"] += len(set(times)) < len(times)
        seen["set back"] += times != sorted(times)
        seen["event at the deadline"] += counted.due_at in times
    kinds = ClockEvent.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    rare = {what: seen[what] for what in (*kinds, *seen) if seen[what] < 12}
    assert not rare, rare


def test_what_happened_to_a_clock_cannot_be_changed_afterwards() -> None:
    event = ClockEvent(at=0, kind="start", priority="P1")
    with pytest.raises(ValidationError):
        event.at = 1  # type: ignore[misc]
    assert hash(event) == hash(ClockEvent(at=0, kind="start", priority="P1"))


def test_a_disagreement_is_told_as_the_smallest_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar that is a minute short is caught, and the story told of it holds nothing but what it needs."""
    between = Calendar.between
    monkeypatch.setattr(Calendar, "between", lambda self, start, end: between(self, start, end - MINUTE))
    number = next(n for n in range(100) if len(history(SEED, n).events) > 8 and fails(history(SEED, n), n))
    title, *lines = case(SEED, number).splitlines()
    assert title.startswith(f"history {number} of seed {SEED}, in ")
    events = [line.split()[2] for line in lines if not line.startswith("  →")]
    assert "start" in events
    assert len(events) <= 2
    assert any(line.startswith("  → used at ") for line in lines)


@pytest.mark.parametrize("world", worlds(), ids=lambda world: world.name)
def test_every_hours_of_every_world_add_up_to_the_minutes_that_are_written_down(world: World) -> None:
    rng = Random(SEED)
    for name, minutes in world.open_minutes.items():
        calendar = world.calendars[name]
        for _ in range(120):
            start, end = sorted(rng.randrange(40 * 1440) for _ in range(2))
            start_at, end_at = (world.since + minute * MINUTE for minute in (start, end))
            used = minutes.count(1, start, end)
            assert calendar.between(start_at, end_at) == used * MINUTE
            assert calendar.is_open(end_at) == bool(minutes[end])
            assert calendar.next_open(start_at) == world.since + minutes.find(1, start) * MINUTE
            if used and minutes[end - 1]:  # the last minute was open: it is where that much is used up
                assert calendar.add(start_at, used * MINUTE) == end_at
            if used and minutes[start]:
                assert calendar.sub(end_at, used * MINUTE) == start_at


def test_a_world_is_written_down_far_enough_for_its_longest_history() -> None:
    world = worlds()[0]
    late = world.since + 40 * DAY + 25 * DAY
    story = History(world, (ClockEvent(at=late, kind="start", priority="P4"),))
    assert count(story, late).due_at is not None
