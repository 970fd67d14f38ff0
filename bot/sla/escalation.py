"""Which rungs of the ladder are due, derived from the clock and from what was paged already.

`climb` may be called at any time and any number of times: what is due now follows from the clock, the
hold and the progress, so a wake-up that came late, twice or early does no harm.
Source: product.md, "The default ladder", D2, D4, D7-D9, D15.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.sla.calendar import Calendar
from bot.sla.clock import Reading
from bot.sla.instants import Instant, Span
from bot.sla.policy import Ladder, Step, Triage
from bot.sla.reminders import OwedCall, Waiting, asked_at
from bot.sla.rungs import Ack, Progress, Rung, with_level
from bot.sla.shapes import Channel

_ALL_CHANNELS: tuple[Channel, ...] = ("teams", "mail", "phone")
_WRITTEN: tuple[Channel, ...] = ("teams", "mail")
_LONGEST_CLIMB = 10_000  # rungs in one call; an unanswered P1 makes 48 a day, so this is months of outage


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
    hours: Calendar
    """Of the priority."""
    waiting: tuple[Waiting, ...] = ()
    """Open pauses that have a time to be asked after."""
    owed_call: OwedCall | None = None
    """Set while a resolved ticket's customer is still to be called back."""


@dataclass(frozen=True)
class Climb:
    """What fell due up to now, in the order of time, and what the ticket must remember of it."""

    rungs: tuple[Rung, ...]
    progress: Progress
    ack: Ack | None
    next_at: Instant | None
    """When something falls due next if nothing happens; None: never (the clock stands)."""
    expired_at: Instant | None = None
    """When the hold ran out, if it did."""


@dataclass(frozen=True)
class _Candidate:
    at: Instant
    apply: Callable[["_Climber"], None]


def climb(situation: Situation, progress: Progress, ack: Ack | None, now: Instant) -> Climb:
    """Return the rungs that are due at `now` and not yet taken, with the state after them."""
    progress, ack = _taken_back(situation, progress, ack, now)
    climber = _Climber(situation, progress, ack)
    next_at: Instant | None = now
    for _ in range(_LONGEST_CLIMB):
        candidate = min(climber.candidates(), key=lambda c: c.at, default=None)
        if candidate is None or candidate.at > now:
            next_at = candidate.at if candidate is not None else None
            break
        candidate.apply(climber)
    after = climber.progress
    if after is not progress or climber.ack is not ack:
        after = after.model_copy(update={"climbed_at": max(now, progress.climbed_at)})
    return Climb(tuple(climber.rungs), after, climber.ack, next_at, climber.expired_at)


def jump(situation: Situation, progress: Progress, level: str, now: Instant) -> tuple[Rung, Progress]:
    """Return the page of a level that somebody asked for by hand, and the progress after it.

    The ladder's own steps keep their time; repeats go to this level if it is the highest.
    """
    step = reached_by(situation.ladder, level)
    rung = Rung(
        key=f"{progress.stage}.e{len(progress.jumps)}",
        kind="escalated",
        due_at=now,
        level=level,
        by=step.by,
        whole_team=step.whole_team,
    )
    jumped = {"jumps": (*progress.jumps, level), "levels": with_level(progress.levels, level)}
    return rung, progress.model_copy(update=jumped)


def reached_by(ladder: Ladder, level: str) -> Step:
    """Return how a level is paged out of turn: as by its own step (of several, by the loudest), else by everything."""
    own = [step for step in ladder.steps if step.level == level]
    return max(own, key=lambda step: len(step.by), default=Step(after=0, level=level, by=_ALL_CHANNELS))


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


def _taken_back(situation: Situation, progress: Progress, ack: Ack | None, now: Instant) -> tuple[Progress, Ack | None]:
    """Return the progress less what a corrected clock has not reached any more: it falls due again at its new time.

    A pause that is set back to an evidenced time gives used time back; so may a calendar that is corrected.
    """
    reading, ladder = situation.reading, situation.ladder
    if reading.resolved_at is not None or reading.merged:
        return progress, ack
    at = max(now, progress.climbed_at)
    used = reading.used(at)

    def reached(indices: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(index for index in indices if ladder.steps[index].offset(reading.target) <= used)

    every, after_every = ladder.repeat_every, ladder.after_breach_every
    still = {
        "paged": reached(progress.paged),
        "owed": reached(progress.owed),
        "repeats": progress.repeats if every is None else min(progress.repeats, used // every),
        "after": min(progress.after, max(0, (used - reading.target) // after_every)),
    }
    warned = ack is not None and ack.warned and _reached_warning(situation, ack, used)
    if all(getattr(progress, name) == value for name, value in still.items()) and (ack is None or ack.warned == warned):
        return progress, ack
    back = progress.model_copy(update={"stage": progress.stage + 1, **still})
    return back, ack if ack is None else ack.model_copy(update={"warned": warned})


def _reached_warning(situation: Situation, ack: Ack, used: Span) -> bool:
    held = used - situation.reading.used(ack.renewed_at)
    return held >= situation.ack_lasts - situation.ladder.ack_warning


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
            "levels": with_level(progress.levels, level),
        }
    )


class _Climber:
    """The moving state of one climb; lives only inside `climb`."""

    def __init__(self, situation: Situation, progress: Progress, ack: Ack | None) -> None:
        self.situation = situation
        self.progress = progress
        self.ack = ack
        self.rungs: list[Rung] = []
        self.expired_at: Instant | None = None

    def candidates(self) -> Iterator[_Candidate]:
        """Yield what can happen next, of each sort the first; what falls due at the same time happens in this order."""
        if self.situation.reading.merged:
            return
        if self.situation.reading.resolved_at is not None:
            yield from self._owed_call()
            return
        yield from self._end_of_hold()
        yield from self._steps()
        yield from self._triage()
        yield from self._repeats()
        yield from self._after_breach()
        yield from self._warning()
        yield from self._chases()

    def _end_of_hold(self) -> Iterator[_Candidate]:
        if self.ack is None:
            return
        at = self.situation.reading.later(self.ack.renewed_at, self.situation.ack_lasts)
        if at is not None:
            yield _Candidate(at, lambda c: c.expire(at))

    def _steps(self) -> Iterator[_Candidate]:
        """Yield the step of the least used time: used time only grows, so no other can come before it."""
        reading, taken = self.situation.reading, {*self.progress.paged, *self.progress.owed}
        steps = enumerate(self.situation.ladder.steps)
        offsets = [(step.offset(reading.target), index) for index, step in steps if index not in taken]
        if not offsets:
            return
        offset, index = min(offsets)
        at = reading.when_used(offset)
        if at is not None:
            yield _Candidate(at, lambda c: c.reach(index, at))

    def _triage(self) -> Iterator[_Candidate]:
        triage, reading = self.situation.triage, self.situation.reading
        if triage is None or reading.pauses or reading.suspended:
            return
        for index, step in enumerate(triage.steps):
            if index not in self.progress.triage:
                at = self.situation.triage_calendar.add(self.situation.triage_from, step.after or 0)
                yield _Candidate(at, lambda c, i=index, a=at, s=step: c.ask_to_classify(i, a, s))  # type: ignore[misc]

    def _repeats(self) -> Iterator[_Candidate]:
        every, reading = self.situation.ladder.repeat_every, self.situation.reading
        slot = self.progress.repeats + 1
        if every is None or slot * every >= reading.target:
            return
        at = reading.when_used(slot * every)
        if at is not None:
            yield _Candidate(at, lambda c: c.repeat(slot, at))

    def _after_breach(self) -> Iterator[_Candidate]:
        reading, slot = self.situation.reading, self.progress.after + 1
        at = reading.when_used(reading.target + slot * self.situation.ladder.after_breach_every)
        if at is not None:
            yield _Candidate(at, lambda c: c.repeat_after_breach(slot, at))

    def _warning(self) -> Iterator[_Candidate]:
        warning, lasts = self.situation.ladder.ack_warning, self.situation.ack_lasts
        if self.ack is None or self.ack.warned or warning >= lasts:
            return  # no warning at all (0) is due with the end, which comes first
        at = self.situation.reading.later(self.ack.renewed_at, lasts - warning)
        if at is not None:
            yield _Candidate(at, lambda c: c.warn(at))

    def _chases(self) -> Iterator[_Candidate]:
        for waiting in self.situation.waiting:
            times = self._times_chased(waiting)
            at = asked_at(waiting, self.situation.ladder.chase, self.situation.hours, times)
            if at is not None:
                yield _Candidate(at, lambda c, w=waiting, n=times, a=at: c.chase(w, n, a))  # type: ignore[misc]

    def _owed_call(self) -> Iterator[_Candidate]:
        owed, times = self.situation.owed_call, self.progress.call_backs
        if owed is not None and times == 0:
            yield _Candidate(owed.due_at, lambda c: c.remind_of_call(owed))
        if owed is not None and times == 1:
            yield _Candidate(owed.again_at, lambda c: c.tell_of_missing_call(owed))

    def expire(self, at: Instant) -> None:
        """End the hold; what it held back fires at once."""
        self.ack, self.expired_at = None, at
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
        woken = (step.level,) if step.level is not None else ()
        self.progress = self.progress.model_copy(
            update={
                "triage": (*self.progress.triage, index),
                "levels": with_level(self.progress.levels, step.level),
                "jumps": (*self.progress.jumps, *woken),
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

    def chase(self, waiting: Waiting, times: int, at: Instant) -> None:
        """Have somebody ask after a pause: the holder first, then the level that the policy names (D8)."""
        others = tuple(entry for entry in self.progress.chased if entry[0] != waiting.pause)
        chased = (*others, (waiting.pause, waiting.answers, times + 1))
        key, chase = f"p{waiting.pause}.{waiting.answers}.{times}", self.situation.ladder.chase
        by = chase.by if chase is not None else _WRITTEN
        if times == 0 and self.ack is not None:
            level = None
            self.rungs.append(Rung(key, "chase", at, None, by, to_holder=True))
        else:
            level = self._lowest() if times == 0 or chase is None else chase.level
            self.rungs.append(Rung(key, "chase", at, level, by))
        levels = with_level(self.progress.levels, level)
        self.progress = self.progress.model_copy(update={"chased": chased, "levels": levels})

    def remind_of_call(self, owed: OwedCall) -> None:
        """Remind whoever resolved the ticket of the call that the customer is owed (D9)."""
        key = f"{self.progress.stage}.c0"
        self.rungs.append(Rung(key, "call_back", owed.due_at, None, _WRITTEN, to=owed.by))
        self.progress = self.progress.model_copy(update={"call_backs": 1})

    def tell_of_missing_call(self, owed: OwedCall) -> None:
        """Tell managers that the customer was not called."""
        key = f"{self.progress.stage}.c1"
        self.rungs.append(Rung(key, "call_back", owed.again_at, None, managers="channel"))
        self.progress = self.progress.model_copy(update={"call_backs": 2})

    def _times_chased(self, waiting: Waiting) -> int:
        return next(
            (times for pause, answers, times in self.progress.chased
             if (pause, answers) == (waiting.pause, waiting.answers)),
            0,
        )  # fmt: skip

    def _lowest(self) -> str | None:
        """Return the lowest level that was paged so far, else of the ladder."""
        levels = self.progress.levels or [step.level for step in self.situation.ladder.steps if step.level is not None]
        return min(levels, key=self.situation.rank, default=None)

    def _page(self, index: int, at: Instant) -> None:
        rung = _step_rung(self.situation.ladder, self.situation.reading.target, self.progress, index, at)
        self.rungs.append(rung)
        self.progress = _with_paged(self.progress, index, rung.level)

    def _highest(self) -> Step | None:
        """Return how the highest level is reached that this stage paged, by its ladder or by hand."""
        ladder = self.situation.ladder
        steps = [ladder.steps[index] for index in self.progress.paged]
        steps += [reached_by(ladder, level) for level in self.progress.jumps]
        return max(
            (step for step in steps if step.level is not None),
            key=lambda step: self.situation.rank(step.level),
            default=None,
        )
