"""Helpers of the rules' tests: the desk's own policy, and a ladder climbed minute by minute."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.config.load import load_book
from bot.sla.book import Book
from bot.sla.clock import ClockEvent, read_clock
from bot.sla.escalation import Climb, Situation, climb, jump
from bot.sla.instants import MINUTE, Instant, from_datetime, to_datetime
from bot.sla.policy import Ladder, Policy, Step
from bot.sla.reminders import OwedCall, Waiting
from bot.sla.rungs import Ack, Progress, Rung

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
DESK_FILES = Path(__file__).parents[2] / "infra" / "desk"


@cache
def book() -> Book:
    """Return the shipped desk."""
    return load_book(DESK_FILES, frozenset({"teams", "mail", "phone"}))[0]


def at(text: str) -> Instant:
    """Return the instant of a local Vietnamese time such as `2026-03-09 10:00`."""
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def local(instant: Instant) -> str:
    """Return an instant as local Vietnamese time."""
    return f"{to_datetime(instant).astimezone(ZONE):%Y-%m-%d %H:%M}"


@dataclass
class Climbing:
    """A ticket's ladder, climbed as time passes."""

    priority: str
    start: Instant
    provisional: bool = False
    ack: Ack | None = None
    progress: Progress = field(default_factory=Progress)
    events: list[ClockEvent] = field(default_factory=list)
    rungs: list[Rung] = field(default_factory=list)
    chases: dict[int, tuple[Instant, int]] = field(default_factory=dict)
    """When each pause is asked after, and how often that was answered."""
    owed_call: OwedCall | None = None
    policy: Policy = field(default_factory=lambda: book().policy)
    expired: list[Instant] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events.append(ClockEvent(at=self.start, kind="start", priority=self.priority))

    def situation(self) -> Situation:
        policy = self.policy
        reading = read_clock(tuple(self.events), policy.priorities, book().calendars)
        return Situation(
            reading=reading,
            ladder=policy.priorities[self.priority].ladder,
            ack_lasts=policy.ack_lasts(self.priority),
            triage=policy.triage if self.provisional else None,
            triage_calendar=book().calendars[policy.triage.hours],
            triage_from=self.start,
            rank=book().desk.rank,
            hours=book().calendars[policy.priorities[self.priority].hours],
            waiting=tuple(Waiting(n, *chase) for n, chase in self.chases.items() if n in reading.pauses),
            owed_call=self.owed_call,
        )

    def wake(self, now: Instant) -> Climb:
        """Do what is due at `now`."""
        result = climb(self.situation(), self.progress, self.ack, now)
        self.progress, self.ack = result.progress, result.ack
        self.rungs += result.rungs
        self.expired += [result.expired_at] if result.expired_at is not None else []
        return result

    def until(self, end: Instant) -> None:
        """Wake at every time that the ladder itself asks for, up to `end`."""
        now = self.start
        while True:
            result = self.wake(now)
            if result.next_at is None or result.next_at > end:
                return
            assert result.next_at > now, "a wake-up that was taken must not be asked for again"
            now = result.next_at

    def acknowledge(self, now: Instant, by: str = "an", level: str = "L2") -> None:
        self.wake(now)
        self.ack = Ack(by=by, name=by, level=level, at=now, renewed_at=now)

    def pause(
        self, now: Instant, number: int = 1, *, chase_at: Instant | None = None, since: Instant | None = None
    ) -> None:
        self.wake(now)
        at = now if since is None else since
        self.events.append(ClockEvent(at=at, kind="pause", pause=number, reason="third_party"))
        if chase_at is not None:
            self.chases[number] = (chase_at, 0)
        self.wake(now)

    def resume(self, now: Instant, number: int = 1) -> None:
        self.wake(now)
        self.events.append(ClockEvent(at=now, kind="resume", pause=number))
        self.wake(now)

    def answer(self, now: Instant, number: int = 1, *, chase_at: Instant) -> None:
        self.wake(now)
        self.chases[number] = (chase_at, self.chases[number][1] + 1)
        self.wake(now)

    def escalate(self, now: Instant, level: str) -> None:
        self.wake(now)
        rung, self.progress = jump(self.situation(), self.progress, level, now)
        self.rungs.append(rung)

    def reclassify(self, now: Instant, priority: str, how: Literal["corrected", "worsened"]) -> None:
        """As the desk does it: by somebody who does not hold the ticket."""
        self.wake(now)
        self.events.append(ClockEvent(at=now, kind=how, priority=priority))
        self.priority, self.provisional, self.progress = priority, False, self.progress.anew()
        self.wake(now)

    def told(self) -> list[tuple[int, str, str | None]]:
        """Return (minutes after the start, kind, level) of every rung."""
        return [((rung.due_at - self.start) // MINUTE, rung.kind, rung.level) for rung in self.rungs]


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


def plain_ladder(**changes: Any) -> Ladder:
    """Return a ladder of one step that pages L2."""
    steps = (Step(share=0, level="L2", by=("teams",), when="unacked"),)
    values = {"steps": steps, "after_breach_every": 30 * MINUTE, "chase": None}
    return Ladder(**{**values, **changes})


def with_ladder(ladder: Ladder, **changes: Any) -> Policy:
    """Return the shipped policy with another ladder, and other promises, for P1."""
    policy = book().policy
    priorities = {
        **policy.priorities,
        "P1": policy.priorities["P1"].model_copy(update={"ladder": ladder, **changes}),
    }
    return policy.model_copy(update={"priorities": priorities})
