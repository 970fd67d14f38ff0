"""Who is paged for one ticket, worked out by looking at it every half minute, from "The default ladder" of product.md.

Where that leaves room, infra/decisions/0004 says how it is read. A life's acts come one at a time: what is due at that
moment is paged before the act and after it. Only repeats that fall due on time are told: those which a new measure
finds in its past are one page with its steps.
"""

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from bot.sla.instants import MINUTE, SECOND, Instant, Span
from bot.sla.policy import Ladder, Policy
from tests.rules.oracle.worlds import World

STEP: Span = 30 * SECOND
LEVELS = ("L1", "L2", "L3", "L4", "L5")

Paged: TypeAlias = tuple[Instant, str, str | None]
"""When it fell due, the kind of page, the level."""


@dataclass(frozen=True)
class Act:
    """Something that somebody does at a whole minute."""

    at: Instant
    kind: Literal["ack", "note", "pause", "resume", "corrected", "worsened", "escalate", "resolve", "reopen"]
    by: str = ""
    """The level of whoever does it; there is one person of each. Empty: whoever holds the ticket then, else L2."""
    to: str = ""
    """A priority, or a level."""


@dataclass(frozen=True)
class Life:
    """A ticket from its first contact on. `stated` None: nobody said a priority."""

    world: World
    start: Instant
    stated: str | None
    acts: tuple[Act, ...]
    end: Instant


@dataclass
class _Pause:
    chase_at: Instant
    asked: int = 0


@dataclass
class Watched:
    """A ticket that is looked at every half minute."""

    life: Life
    policy: Policy
    told: list[Paged] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    """Which acts somebody may not do, by number."""
    done: list[Act] = field(default_factory=list)
    """Every act with whoever did it."""

    def __post_init__(self) -> None:
        self.now = self.life.start
        self.priority = self.life.stated or self.policy.provisional
        self.provisional = self.life.stated is None
        self.resolved = False
        self.holder: str | None = None
        self.held = 0
        self.warned = False
        self.pauses: list[_Pause] = []
        self.triaged = 0
        self.triage_used = 0
        self.ever_paged: set[str] = set()
        self._measure()
        self.used, self.reached = 0, [self.now]

    def watch(self) -> "Watched":
        """Look at the ticket until the life's end."""
        acts = list(enumerate(self.life.acts))
        while self.now <= self.life.end:
            self._look()
            while acts and acts[0][1].at == self.now:
                number, act = acts.pop(0)
                act = act if act.by else replace(act, by=self.holder or "L2")
                self.done.append(act)
                if not self._do(act):
                    self.refused.append(number)
                self._look()
            self._half_a_minute()
        return self

    # Time

    def _open(self, hours: str, at: Instant) -> bool:
        return bool(self.life.world.open_minutes[hours][(at - self.life.world.since) // MINUTE])

    def _half_a_minute(self) -> None:
        running = not self.resolved and not self.pauses
        if running and self._open(self._promise.hours, self.now):
            self.used += STEP
            self.held += STEP
            self.reached.append(self.now + STEP)
        if self._open(self.policy.triage.hours, self.now):
            self.triage_used += STEP
        self.now += STEP

    def _working(self, start: Instant, span: Span) -> Instant:
        """Return when so much working time of the priority has passed, whether the clock ran or not."""
        at = start
        while span > 0:
            span -= STEP * self._open(self._promise.hours, at)
            at += STEP
        return at

    def _when(self, offset: Span) -> Instant:
        """Return when so much was used up in this measure."""
        return self.reached[-(-offset // STEP)]

    # What is due

    @property
    def _promise(self) -> "_Promise":
        priority = self.policy.priorities[self.priority]
        return _Promise(priority.target, priority.hours, priority.ladder, priority.target // self.policy.ack_divisor)

    def _measure(self) -> None:
        """Begin a measure: nothing of the ladder has been climbed."""
        self.paged: set[int] = set()
        self.owed: list[int] = []
        self.woken: set[str] = set()

    def _look(self) -> None:
        if self.resolved:
            return
        self._hold_runs_out()
        self._steps()
        self._triage()
        self._rhythms()
        self._warn()
        self._chase()

    def _page(self, due_at: Instant, kind: str, level: str | None) -> None:
        self.told.append((due_at, kind, level))
        if level is not None and kind != "information":
            self.ever_paged.add(level)

    def _hold_runs_out(self) -> None:
        if self.holder is not None and self.held >= self._promise.ack_lasts:
            self.holder = None
            owed, self.owed = self.owed, []
            for index in owed:
                self._page_step(index, self.now)

    def _steps(self) -> None:
        promise = self._promise
        for index, step in enumerate(promise.ladder.steps):
            offset = promise.target * (step.share or 0) // 100
            if index in self.paged or index in self.owed or self.used < offset:
                continue
            if step.when == "always" or self.holder is None:
                self._page_step(index, self._when(offset))
                continue
            self.owed.append(index)
            if step.inform_by:
                self._page(self._when(offset), "information", step.level)

    def _page_step(self, index: int, due_at: Instant) -> None:
        level = self._promise.ladder.steps[index].level
        self.paged.add(index)
        self.woken.add(level or "")
        self._page(due_at, "step", level)

    def _triage(self) -> None:
        if not self.provisional or self.pauses:
            return
        for step in self.policy.triage.steps[self.triaged :]:
            if self.triage_used < (step.after or 0):
                return
            self._page(self._triage_due(step.after or 0), "triage", step.level)
            if step.level is not None:
                self.woken.add(step.level)  # repeats go to the highest level paged
            self.triaged += 1

    def _triage_due(self, after: Span) -> Instant:
        at, used = self.life.start, 0
        while used < after:
            used += STEP * self._open(self.policy.triage.hours, at)
            at += STEP
        return at

    def _rhythms(self) -> None:
        """Repeat until somebody holds the ticket; after the breach until it is resolved."""
        promise = self._promise
        if self.used == 0 or self._when(self.used) != self.now or not self.woken:
            return  # the clock stands, or nothing was used yet
        every, over = promise.ladder.repeat_every, self.used - promise.target
        highest = max(self.woken, key=LEVELS.index)
        if every is not None and self.used % every == 0 and over < 0 and self.holder is None:
            self._once("repeat", highest)
        if over > 0 and over % promise.ladder.after_breach_every == 0:
            self._once("after_breach", highest)

    def _once(self, kind: str, level: str) -> None:
        """Page in a rhythm, once at an instant: looking twice at the same moment finds nothing new."""
        if not any(told[:2] == (self.now, kind) for told in self.told[self._since :]):
            self._page(self.now, kind, level)

    def _warn(self) -> None:
        promise = self._promise
        before = promise.ladder.ack_warning
        if self.holder is None or self.warned or not 0 < before < promise.ack_lasts:
            return
        if self.held >= promise.ack_lasts - before:
            self.warned = True
            self._page(self.now, "ack_warning", None)

    def _chase(self) -> None:
        """Ask after each pause: its holder, or the lowest level paged; unanswered once, the level of the policy."""
        chase = self._promise.ladder.chase
        assert chase is not None
        for pause in self.pauses:
            if pause.asked == 0 and self.now >= pause.chase_at:
                level = None if self.holder is not None else min(self.ever_paged, key=LEVELS.index)
                self._page(pause.chase_at, "chase", level)
                pause.asked = 1
            if pause.asked == 1:
                again = self._working(pause.chase_at, chase.unanswered_after)
                if self.now >= again:
                    self._page(again, "chase", chase.level)
                    pause.asked = 2

    # What people do

    _since = 0
    """How many pages had been told when the present measure began."""

    def _do(self, act: Act) -> bool:
        if self.resolved != (act.kind == "reopen"):
            return False
        match act.kind:
            case "ack":
                others = self.holder is not None and self.holder != act.by
                if others and LEVELS.index(act.by) <= LEVELS.index(self.holder or ""):
                    return False
                self.holder = act.by
            case "pause":
                chase = self._promise.ladder.chase
                assert chase is not None
                if self.pauses:
                    return False  # one provider's reference is enough
                self.pauses.append(_Pause(self._working(self.now, chase.after)))
            case "resume":
                if not self.pauses:
                    return False
                self.pauses.clear()
            case "corrected" | "worsened":
                return self._reclassify(act)
            case "escalate":
                self.woken.add(act.to)
                self._page(self.now, "escalated", act.to)
            case "resolve":
                self.resolved, self.holder = True, None
            case "reopen":
                self.resolved = False
                self._begin_again()
        self._renew(act.by)
        return True

    def _reclassify(self, act: Act) -> bool:
        if act.to == self.priority and not (self.provisional and act.kind == "corrected"):
            return False
        if act.to != self.priority:
            self.priority = act.to
            if act.kind == "worsened":
                self.used, self.reached = 0, [self.now]
            self._begin_again()
        self.provisional = False
        self._renew(act.by)
        return True

    def _begin_again(self) -> None:
        self._measure()
        self._since = len(self.told)

    def _renew(self, by: str) -> None:
        if self.holder == by:
            self.held, self.warned = 0, False


@dataclass(frozen=True)
class _Promise:
    target: Span
    hours: str
    ladder: Ladder
    ack_lasts: Span
