"""Where the clock that is derived in one step and the one that is counted disagree, told by the smallest case."""

from dataclasses import replace
from random import Random

from bot.sla.clock import read_clock
from bot.sla.instants import HOUR, Instant, to_datetime
from tests.rules.oracle.histories import history
from tests.rules.oracle.stepping import Counted, History, count


def differences(story: History, seed: object = 0) -> list[str]:
    """Return what differs between the derived and the counted clock; empty if they agree."""
    rng = Random(str(seed))
    last = max(event.at for event in story.events)
    first = min(event.at for event in story.events)
    until = last + rng.randrange(0, 6 * HOUR, story.unit)
    counted = count(story, until)
    derived = read_clock(story.events, story.world.priorities, story.world.calendars)
    found = []

    def same(name: str, fast: object, slow: object) -> None:
        if fast != slow:
            found.append(f"{name}: derived {_told(story, fast)}, counted {_told(story, slow)}")

    same("due_at", derived.due_at(), counted.due_at)
    same("target", derived.target, counted.target)
    same("started_at", derived.started_at, counted.measured_from)
    same("resolved_at", derived.resolved_at, counted.resolved_at)
    same("runs", derived.running, counted.runs)
    for now in _moments(rng, story, counted, first, until):
        same(f"breached_at {_told(story, now)}", derived.breached_at(now), counted.breached_at(now))
        if now >= counted.measured_from:
            same(f"used at {_told(story, now)}", derived.used(now), counted.used(now))
    return found


def _moments(rng: Random, story: History, counted: Counted, first: Instant, until: Instant) -> list[Instant]:
    """Return instants to ask at: some at random, the last, and those about the deadline."""
    unit = story.unit
    moments = [first + rng.randrange(0, until - first + unit, unit) for _ in range(4)] + [first - unit, until]
    if counted.due_at is not None:
        moments += [at for at in (counted.due_at - unit, counted.due_at, counted.due_at + unit) if at <= until]
    return sorted(set(moments))


def steps_differ(story: History) -> list[str]:
    """Return where recording step by step told another past than deriving once: only what is set back may do so."""
    found = []
    for n in range(1, len(story.events)):
        known, event = story.events[:n], story.events[n]
        if not any(e.kind == "start" for e in known) or event.at < max(e.at for e in known):
            continue
        before = read_clock(known, story.world.priorities, story.world.calendars)
        after = read_clock(story.events[: n + 1], story.world.priorities, story.world.calendars)
        if event.kind != "worsened" and before.used(event.at) != after.used(event.at):
            found.append(f"event {n + 1} ({event.kind}) changed what was used before it")
        due = before.due_at()
        if due is not None and due < event.at and event.kind not in ("corrected", "worsened") and after.due_at() != due:
            found.append(f"event {n + 1} ({event.kind}) moved a deadline that had passed")
    return found


def failing(seed: int, numbers: range) -> list[int]:
    """Return the numbers of a seed's histories that fail; for a process of its own."""
    return [n for n in numbers if fails(history(seed, n), n)]


def fails(story: History, seed: object) -> list[str]:
    """Return every disagreement about one history."""
    return differences(story, seed) + steps_differ(story)


def smallest(story: History, seed: object) -> History:
    """Return the history with every event left out that the disagreement does not need."""
    while True:
        for n in range(len(story.events)):
            less = replace(story, events=story.events[:n] + story.events[n + 1 :])
            if any(event.kind == "start" for event in less.events) and fails(less, seed):
                story = less
                break
        else:
            return story


def case(seed: int, number: int) -> str:
    """Return a failing history as a small case to read."""
    story = smallest(history(seed, number), number)
    world = story.world
    lines = [f"history {number} of seed {seed}, in {world.name} ({world.zone.key}):"]
    for event in story.events:
        fields = [f"{event.priority} {world.priorities[event.priority]}"] if event.priority else []
        fields += [f"pause={event.pause}"] if event.pause is not None else []
        fields += [event.reason] if event.reason else []
        lines.append(f"  {_told(story, event.at)}  {event.kind:<10}{' '.join(fields)}")
    return "\n".join([*lines, *(f"  → {line}" for line in fails(story, number))])


def _told(story: History, value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return str(value)
    if value < 10**11:
        return f"{value / 60_000:g} min"
    return f"{to_datetime(value).astimezone(story.world.zone):%Y-%m-%d %H:%M:%S%z}"
