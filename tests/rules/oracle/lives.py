"""Random lives of one ticket, and the same led through `decide`: woken as it asks, or looked at all the time."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random

from bot.errors import Refused
from bot.sla.instants import DAY, HOUR, MINUTE, Instant, Span
from bot.ticket.commands import (
    Acknowledge,
    Command,
    Escalate,
    Note,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Resume,
    Wake,
)
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.model import Event, Ticket
from tests.rules.ladder import book, local
from tests.rules.oracle.paging import LEVELS, Act, Life, Paged, Watched
from tests.rules.oracle.worlds import worlds
from tests.rules.test_decide import STAFF, desk_record, opening, staffed

ACTS_MAX = 9


def disagreement(seed: int, number: int) -> str:
    """Return how a life differs when it is watched, led by its own wake-ups, and woken all the time; "" if not."""
    watched = Watched(life(seed, number), book().policy).watch()
    led_by = replace(watched.life, acts=tuple(watched.done))
    led = Led(led_by, None).lead()
    found = []
    only_watched, only_led = Counter(watched.told) - Counter(led.pages()), Counter(led.pages()) - Counter(watched.told)
    if only_watched or only_led or watched.refused != led.refused:
        found += [f"only watched: {_told(only_watched)}", f"only decided: {_told(only_led)}"]
        found += [f"refused: {watched.refused} and {led.refused}"]
    if number % 4 == 0:
        often = Led(led_by, MINUTE if led_by.end - led_by.start < DAY else 15 * MINUTE).lead()
        only_often, only_own = Counter(often.keys()) - Counter(led.keys()), Counter(led.keys()) - Counter(often.keys())
        if only_often or only_own:
            found += [f"only when woken often: {only_often}", f"only when woken as asked: {only_own}"]
    if not found:
        return ""
    acts = [f"  {local(act.at)}  {act.kind} {act.by} {act.to}" for act in led_by.acts]
    title = f"life {number} of seed {seed}: {led_by.stated} from {local(led_by.start)} to {local(led_by.end)}"
    return "\n".join([title, *acts, *(f"  → {line}" for line in found)])


def disagreements(seed: int, numbers: range) -> list[str]:
    """Return the first lives of a range that differ; for a process of its own."""
    return [told for told in (disagreement(seed, number) for number in numbers) if told]


def _told(pages: Counter[Paged]) -> list[str]:
    return [f"{local(due_at)} {kind} {level}" for due_at, kind, level in sorted(pages, key=str)]


def life(seed: int, number: int) -> Life:
    """Return one life of a seed: minutes to days of a ticket whose clock starts with its mail."""
    rng = Random(f"life/{seed}/{number}")
    world = rng.choice(worlds()[:3])
    stated = rng.choices((None, "P1", "P2", "P3", "P4"), (3, 4, 4, 3, 2))[0]
    slow = stated == "P4" or rng.random() < 0.1
    start = world.since + rng.randrange(DAY, 40 * DAY, MINUTE)
    pace = 5 * HOUR if slow else rng.choice((6 * MINUTE, 20 * MINUTE, 50 * MINUTE))
    acts, now = list[Act](), start
    for _ in range(rng.randrange(ACTS_MAX)):
        now += int(rng.expovariate(1 / pace)) // MINUTE * MINUTE
        acts.append(_act(rng, now, resolved=_resolved(acts)))
    end = min(now + (2 * DAY if slow else 3 * HOUR), start + 6 * DAY)
    return Life(world, start, stated, tuple(act for act in acts if act.at <= end), end)


def _act(rng: Random, now: Instant, *, resolved: bool) -> Act:
    if resolved:
        return Act(now, "reopen", "L2")
    kind = rng.choices(
        ("ack", "note", "pause", "resume", "corrected", "worsened", "escalate", "resolve"), (9, 5, 4, 5, 3, 2, 2, 1)
    )[0]
    if kind in ("ack", "note", "pause", "resume"):
        return Act(now, kind, rng.choice(LEVELS[1:]))  # type: ignore[arg-type]
    to = {"escalate": LEVELS[2:], "resolve": ("",)}.get(kind, ("P1", "P2", "P3", "P4"))
    return Act(now, kind, to=rng.choice(to))  # type: ignore[arg-type]


def _resolved(acts: list[Act]) -> bool:
    return next((act.kind == "resolve" for act in reversed(acts) if act.kind in ("resolve", "reopen")), False)


@dataclass
class Led:
    """A life as `decide` has it."""

    life: Life
    every: Span | None
    """How often the ticket is woken; None: only when it asked to be."""
    events: list[Event] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.book, self.desk = staffed(), desk_record()
        self.version = 0
        self.ticket: Ticket | None = None
        self.wake_at: Instant | None = None
        self.now = self.life.start

    def lead(self) -> "Led":
        """Lead the life to its end."""
        assert self._do(opening(self.now, self.life.stated))
        for number, act in enumerate(self.life.acts):
            self._sleep(act.at)
            if not self._do(_command(act)):
                self.refused.append(number)
        self._sleep(self.life.end)
        return self

    def pages(self) -> list[Paged]:
        """Return what was paged, less the repeats and chases that no half-minute watch tells."""
        return [
            (_due(event), str(event.data["page"]), _level(event))
            for event in self.events
            if event.kind == "paged" and _watched(event)
        ]

    def keys(self) -> list[tuple[str, Instant]]:
        """Return every occurrence that was paged, with its instant."""
        return [(str(event.data["occurrence"]), _due(event)) for event in self.events if event.kind == "paged"]

    def _sleep(self, until: Instant) -> None:
        for now in self._wakes(until):
            self.now = now
            self._do(Wake())
        self.now = until

    def _wakes(self, until: Instant) -> Iterator[Instant]:
        if self.every is not None:
            yield from range(self.now + self.every, until + 1, self.every)
            yield until
            return
        while self.wake_at is not None and self.wake_at <= until:
            assert self.wake_at > self.now
            yield self.wake_at

    def _do(self, command: Command) -> bool:
        rules = Rules(book=self.book, desk=self.desk, now=self.now, version=self.version + 1)
        decision = decide(self.ticket, command, rules)
        if isinstance(decision, Refused):
            return False
        assert isinstance(decision, Decision)
        self.ticket, self.wake_at = decision.ticket, decision.wake_at
        self.version += 1
        self.events += decision.events
        return True


def _due(event: Event) -> Instant:
    due_at = event.data["due_at"]
    assert isinstance(due_at, int)
    return due_at


def _level(event: Event) -> str | None:
    level = event.data.get("level")
    return None if level is None else str(level)


def _watched(event: Event) -> bool:
    kind, late = event.data["page"], event.at - _due(event)
    if kind in ("repeat", "after_breach"):
        return late < MINUTE
    if kind == "chase":
        return str(event.data["occurrence"]).endswith((".0", ".1"))
    return kind != "call_back"


def _command(act: Act) -> Command:
    by = STAFF[act.by]
    match act.kind:
        case "ack":
            return Acknowledge(by)
        case "note":
            return Note(by, "đang xem")
        case "pause":
            return Pause(by, "third_party", "chờ nhà mạng", reference="NM-1")
        case "resume":
            return Resume(by)
        case "escalate":
            return Escalate(by, act.to, "cần cấp trên")
        case "resolve":
            return Resolve(by, "đã xong")
        case "reopen":
            return Reopen(by, "lại hỏng")
        case "corrected" | "worsened":
            return Reclassify(by, act.to, act.kind, "lý do")
