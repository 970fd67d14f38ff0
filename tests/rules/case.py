"""One ticket of the shipped desk, led through its life by commands at local times."""

from dataclasses import dataclass, field, replace
from typing import Any

from bot.errors import Refused
from bot.sla.book import Book
from bot.sla.clock import Reading
from bot.sla.instants import Instant
from bot.ticket.commands import Command
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.effects import Effect
from bot.ticket.model import DeskRecord, Event, Ticket
from tests.rules.ladder import at, local
from tests.rules.test_decide import desk_record, opening, staffed

DAY = "2026-03-09"  # a Monday without anything special


@dataclass
class Case:
    """A ticket and what became of it; `now` is where the last command left the time."""

    priority: str | None = "P1"
    start: str = f"{DAY} 10:00"
    book: Book = field(default_factory=staffed)
    desk: DeskRecord = field(default_factory=desk_record)
    opening: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    events: list[Event] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = at(self.start)
        decision = decide(None, replace(opening(self.now, self.priority), **self.opening), self.rules())
        assert isinstance(decision, Decision)
        self._take(decision)

    def rules(self) -> Rules:
        return Rules(book=self.book, desk=self.desk, now=self.now, version=self.version + 1)

    def do(self, command: Command, when: str | None = None) -> Decision | Refused:
        """Carry out a command at a local time (`10:20`, or with its date)."""
        if when is not None:
            self.now = moment(when)
        decision = decide(self.ticket, command, self.rules())
        if isinstance(decision, Decision):
            self._take(decision)
        return decision

    def must(self, command: Command, when: str | None = None) -> Decision:
        """Carry out a command that must not be refused."""
        decision = self.do(command, when)
        assert isinstance(decision, Decision), decision
        return decision

    def refused(self, command: Command, when: str | None = None) -> str:
        """Return why a command was refused; nothing may have changed."""
        before = self.ticket
        outcome = self.do(command, when)
        assert isinstance(outcome, Refused), "it was carried out"
        assert self.ticket == before
        return outcome.reason

    def reading(self) -> Reading:
        return self.rules().reading(self.ticket)

    def used(self, when: str) -> int:
        """Return the used minutes at a local time."""
        used = self.reading().used(moment(when))
        assert used % 60_000 == 0
        return used // 60_000

    def due(self) -> str | None:
        """Return the deadline as `10:30`, with its date if it is not the first day."""
        due = self.reading().due_at()
        return None if due is None else local(due).removeprefix(f"{DAY} ")

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def last(self, kind: str) -> Event:
        return next(event for event in reversed(self.events) if event.kind == kind)

    def _take(self, decision: Decision) -> None:
        self.ticket: Ticket = Ticket.model_validate_json(decision.ticket.model_dump_json(exclude_defaults=True))
        self.version += 1
        self.events += decision.events
        self.effects += decision.effects


def moment(when: str) -> Instant:
    return at(when if "-" in when else f"{DAY} {when}")
