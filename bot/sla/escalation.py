"""Which rungs of the ladder are due, derived from the clock and from what was paged already.

`climb` may be called at any time and any number of times: what is due now follows from the clock, the
hold and the progress, so a wake-up that came late, twice or early does no harm.
Source: product.md, "The default ladder", D2, D4, D15.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from bot.sla.calendar import Calendar
from bot.sla.clock import Reading
from bot.sla.instants import Instant, Span
from bot.sla.policy import Ladder, Step, Triage
from bot.sla.shapes import Channel

PageKind: TypeAlias = Literal["step", "repeat", "after_breach", "triage", "ack_warning", "information"]

_LONGEST_CLIMB = 10_000  # rungs in one call; an unanswered P1 makes 48 a day, so this is months of outage


class Ack(BaseModel):
    """Somebody holds the ticket. Renewed by any act of the holder; runs out in used time."""

    model_config = ConfigDict(frozen=True, extra="allow")

    by: str
    """Person id of the roster."""
    name: str
    level: str
    at: Instant
    renewed_at: Instant
    warned: bool = False


class Progress(BaseModel):
    """How far the ladder of the present measure has been climbed."""

    model_config = ConfigDict(frozen=True, extra="allow")

    stage: int = 0
    """Counts reclassifications and reopenings: each starts the ladder anew."""
    paged: tuple[int, ...] = ()
    """Steps that paged, by index."""
    owed: tuple[int, ...] = ()
    """`unacked` steps that fell due while somebody held the ticket: fired when the hold runs out."""
    repeats: int = 0
    """Repeat slots that passed."""
    after: int = 0
    """Slots after the breach that passed."""
    triage: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()
    """Levels paged so far, over all stages, in the order of their first page."""


@dataclass(frozen=True)
class Rung:
    """One thing of the ladder that fell due: who is to be told, and how."""

    key: str
    kind: PageKind
    due_at: Instant
    level: str | None
    by: tuple[Channel, ...]
    whole_team: bool = False
    managers: Literal["channel", "digest"] | None = None
    to_holder: bool = False
    breach: bool = False


@dataclass(frozen=True)
class Situation:
    """Everything that a climb looks at."""

    reading: Reading
    ladder: Ladder
    ack_lasts: Span
    triage: Triage | None
    """Set while the priority is provisional."""
    triage_calendar: Calendar
    triage_from: Instant
    rank: Callable[[str | None], int]


@dataclass(frozen=True)
class Climb:
    """What fell due up to now, in the order of time, and what the ticket must remember of it."""

    rungs: tuple[Rung, ...]
    progress: Progress
    ack: Ack | None
    next_at: Instant | None
    """When something falls due next if nothing happens; None: never (the clock stands)."""


@dataclass(frozen=True)
class _Candidate:
    at: Instant
    order: int
    """At equal times: expiry of the hold before the step before the repeat."""
    apply: Callable[["_Climber"], None]


def climb(situation: Situation, progress: Progress, ack: Ack | None, now: Instant) -> Climb:
    """Return the rungs that are due at `now` and not yet taken, with the state after them."""
    climber = _Climber(situation, progress, ack)
    for _ in range(_LONGEST_CLIMB):
        candidate = min(climber.candidates(), key=lambda c: (c.at, c.order), default=None)
        if candidate is None or candidate.at > now:
            return Climb(
                tuple(climber.rungs), climber.progress, climber.ack, candidate.at if candidate is not None else None
            )
        candidate.apply(climber)
    return Climb(tuple(climber.rungs), climber.progress, climber.ack, now)


def pulled_rung(ladder: Ladder, rung: Rung, rank: Callable[[str | None], int]) -> Rung | None:
    """Return the page of the next level above a rung that reached nobody; None if there is none above.

    It comes besides that level's own steps, which keep their time: a breach is alerted at the breach, not before.
    """
    above = [step for step in ladder.steps if step.level is not None and rank(step.level) > rank(rung.level)]
    step = min(above, key=lambda step: rank(step.level), default=None)
    if step is None:
        return None
    key = f"{rung.key}+{step.level}"
    return Rung(key, rung.kind, rung.due_at, step.level, step.by, step.whole_team, breach=rung.breach)


def with_level(progress: Progress, level: str | None) -> Progress:
    """Return the progress after a level was paged out of turn."""
    return progress.model_copy(update={"levels": _with_level(progress.levels, level)})


def _step_rung(ladder: Ladder, target: Span, progress: Progress, index: int, due_at: Instant) -> Rung:
    """Return the rung of a step, as a page."""
    step = ladder.steps[index]
    return Rung(
        key=f"{progress.stage}.s{index}",
        kind="step",
        due_at=due_at,
        level=step.level,
        by=step.by,
        whole_team=step.whole_team,
        managers=step.managers,
        breach=step.offset(target) >= target,
    )


def _with_paged(progress: Progress, index: int, level: str | None) -> Progress:
    """Return the progress after a step has paged."""
    return progress.model_copy(
        update={
            "paged": (*progress.paged, index),
            "owed": tuple(owed for owed in progress.owed if owed != index),
            "levels": _with_level(progress.levels, level),
        }
    )


def _with_level(levels: tuple[str, ...], level: str | None) -> tuple[str, ...]:
    return levels if level is None or level in levels else (*levels, level)


class _Climber:
    """The moving state of one climb; lives only inside `climb`."""

    def __init__(self, situation: Situation, progress: Progress, ack: Ack | None) -> None:
        self.situation = situation
        self.progress = progress
        self.ack = ack
        self.rungs: list[Rung] = []

    def candidates(self) -> Iterator[_Candidate]:
        """Yield what can happen next: of each sort the first."""
        if self.situation.reading.resolved_at is not None:
            return
        yield from self._hold()
        yield from self._steps()
        yield from self._triage()
        yield from self._repeats()
        yield from self._after_breach()

    def _hold(self) -> Iterator[_Candidate]:
        if self.ack is None:
            return
        reading, lasts = self.situation.reading, self.situation.ack_lasts
        ends = reading.later(self.ack.renewed_at, lasts)
        if ends is not None:
            yield _Candidate(ends, 0, lambda c: c.expire(ends))
        warning = self.situation.ladder.ack_warning
        if warning and not self.ack.warned and warning < lasts:
            warns = reading.later(self.ack.renewed_at, lasts - warning)
            if warns is not None:
                yield _Candidate(warns, 5, lambda c: c.warn(warns))

    def _steps(self) -> Iterator[_Candidate]:
        reading = self.situation.reading
        for index, step in enumerate(self.situation.ladder.steps):
            if index in self.progress.paged or index in self.progress.owed:
                continue
            at = reading.when_used(step.offset(reading.target))
            if at is not None:
                yield _Candidate(at, 1, lambda c, i=index, a=at: c.reach(i, a))  # type: ignore[misc]

    def _triage(self) -> Iterator[_Candidate]:
        triage = self.situation.triage
        if triage is None or not self.situation.reading.running:
            return
        for index, step in enumerate(triage.steps):
            if index not in self.progress.triage:
                at = self.situation.triage_calendar.add(self.situation.triage_from, step.after or 0)
                yield _Candidate(at, 2, lambda c, i=index, a=at, s=step: c.ask_to_classify(i, a, s))  # type: ignore[misc]

    def _repeats(self) -> Iterator[_Candidate]:
        every, reading = self.situation.ladder.repeat_every, self.situation.reading
        slot = self.progress.repeats + 1
        if every is None or slot * every >= reading.target:
            return
        at = reading.when_used(slot * every)
        if at is not None:
            yield _Candidate(at, 3, lambda c: c.repeat(slot, at))

    def _after_breach(self) -> Iterator[_Candidate]:
        reading, slot = self.situation.reading, self.progress.after + 1
        at = reading.when_used(reading.target + slot * self.situation.ladder.after_breach_every)
        if at is not None:
            yield _Candidate(at, 4, lambda c: c.repeat_after_breach(slot, at))

    def expire(self, at: Instant) -> None:
        """End the hold; what it held back fires at once."""
        self.ack = None
        for index in self.progress.owed:
            self._page(index, at)

    def warn(self, at: Instant) -> None:
        """Tell the holder that the hold runs out."""
        if self.ack is None:
            return
        self.ack = self.ack.model_copy(update={"warned": True})
        key = f"{self.progress.stage}.w{self.ack.renewed_at}"
        self.rungs.append(Rung(key, "ack_warning", at, None, ("teams",), to_holder=True))

    def reach(self, index: int, at: Instant) -> None:
        """Page a step, or, while somebody holds the ticket, inform and owe it."""
        step = self.situation.ladder.steps[index]
        if step.when == "always" or self.ack is None:
            self._page(index, at)
            return
        self.progress = self.progress.model_copy(update={"owed": (*self.progress.owed, index)})
        if step.inform_by:
            key = f"{self.progress.stage}.i{index}"
            self.rungs.append(Rung(key, "information", at, step.level, step.inform_by, step.whole_team))

    def ask_to_classify(self, index: int, at: Instant, step: Step) -> None:
        """Page because nobody has classified the ticket."""
        self.progress = self.progress.model_copy(
            update={
                "triage": (*self.progress.triage, index),
                "levels": _with_level(self.progress.levels, step.level),
            }
        )
        self.rungs.append(Rung(f"t{index}", "triage", at, step.level, step.by, step.whole_team, managers=step.managers))

    def repeat(self, slot: int, at: Instant) -> None:
        """Page the highest level again while nobody holds the ticket."""
        self.progress = self.progress.model_copy(update={"repeats": slot})
        highest = self._highest()
        if self.ack is None and highest is not None:
            key = f"{self.progress.stage}.r{slot}"
            self.rungs.append(Rung(key, "repeat", at, highest.level, highest.by, highest.whole_team))

    def repeat_after_breach(self, slot: int, at: Instant) -> None:
        """Page the holder and the highest level until the ticket is resolved (D15)."""
        self.progress = self.progress.model_copy(update={"after": slot})
        highest = self._highest()
        key = f"{self.progress.stage}.b{slot}"
        if highest is not None:
            self.rungs.append(
                Rung(
                    key, "after_breach", at, highest.level, highest.by, highest.whole_team,
                    to_holder=self.ack is not None, breach=True,
                )
            )  # fmt: skip
        elif self.ack is not None:
            self.rungs.append(Rung(key, "after_breach", at, None, ("teams", "mail"), to_holder=True, breach=True))

    def _page(self, index: int, at: Instant) -> None:
        rung = _step_rung(self.situation.ladder, self.situation.reading.target, self.progress, index, at)
        self.rungs.append(rung)
        self.progress = _with_paged(self.progress, index, rung.level)

    def _highest(self) -> Step | None:
        """Return the paged step of this stage that woke the highest level."""
        steps = [self.situation.ladder.steps[index] for index in self.progress.paged]
        return max(
            (step for step in steps if step.level is not None),
            key=lambda step: self.situation.rank(step.level),
            default=None,
        )
