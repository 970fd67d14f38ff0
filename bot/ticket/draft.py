"""A decision in the making: the rules of each command write into a draft, `decide` closes it.

The draft is the only mutable thing in this room and never leaves it.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sla.book import Book, Customer
from bot.sla.clock import ClockEvent, Reading, read_clock
from bot.sla.instants import Instant, to_datetime
from bot.ticket.effects import Card, Effect, Mail, Say
from bot.ticket.model import Chat, Copy, DeskRecord, Event, Language, PersonKey, Ticket


@dataclass(frozen=True)
class Rules:
    """What a decision looks things up in. `book.policy` is the one frozen with the ticket (D16)."""

    book: Book
    desk: DeskRecord
    now: Instant
    version: int
    """The version that the record will have if this decision is committed."""

    def reading(self, ticket: Ticket) -> Reading:
        """Return the ticket's clock."""
        return read_clock(ticket.clock, self.book.policy.priorities, self.book.calendars)

    def customer(self, ticket: Ticket) -> Customer | None:
        """Return the ticket's customer; None if it left the customers' file meanwhile."""
        return self.book.customers.by_id.get(ticket.customer)

    def local(self) -> datetime:
        """Return the present time in the desk's zone."""
        return to_datetime(self.now).astimezone(self.book.desk.zone)


class Draft:
    """A ticket as it will be, with what is to be recorded and told."""

    def __init__(self, ticket: Ticket, rules: Rules) -> None:
        self.ticket = ticket
        self.rules = rules
        self.events: list[Event] = []
        self.effects: list[Effect] = []
        self.guards: list[str] = []

    def change(self, **fields: Any) -> None:
        """Set fields of the ticket."""
        self.ticket = self.ticket.model_copy(update=fields)

    def clock(self, kind: str, **fields: Any) -> None:
        """Add an event to the ticket's clock, now unless `at` says otherwise."""
        event = ClockEvent.model_validate({"at": self.rules.now, "kind": kind, **fields})
        self.change(clock=(*self.ticket.clock, event))

    def record(self, kind: str, /, *, by: str = "desk", **data: object) -> None:
        """Record an event, its empty data left out. Each carries the hash of the one before: none can change unseen."""
        known = {name: value for name, value in data.items() if value is not None}
        event = Event(
            n=self.ticket.events + 1, at=self.rules.now, kind=kind, by=by, data=known, before=self.ticket.head
        )
        digest = event_hash(event)
        self.events.append(event.model_copy(update={"hash": digest}))
        self.change(events=event.n, head=digest)

    def next_effect_id(self) -> str:
        """Return an id that deciding the same thing again would give the same effect."""
        return f"{self.ticket.code}.{self.rules.version}.{len(self.effects)}"

    def tell(self, effect: Effect) -> None:
        """Send an effect after the commit."""
        self.effects.append(effect)

    def say_to_desk(self, phrase: str, **values: str) -> None:
        """Say something in the desk's channel; where staff bound none, the operator is mailed what it was."""
        channel = self.rules.desk.channel("desk")
        if channel is not None:
            self.say(channel.chat, "vi", phrase, values)
            return
        told = ", ".join(f"{name} {value}" for name, value in values.items())
        self.tell(
            Mail(
                id=self.next_effect_id(),  # no `ticket`: one that bounces must not be told as this ticket's own
                template="operator",
                to=(self.rules.book.desk.operator.email,),
                values={"what": f"no desk channel is bound to be told: {phrase} ({told})", "code": self.ticket.code},
            )
        )

    def say(
        self, chat: Chat, language: Language, phrase: str, values: dict[str, str], person: PersonKey | None = None
    ) -> None:
        """Say something in a chat; `person`: whose private chat it is."""
        self.tell(
            Say(
                id=self.next_effect_id(),
                ticket=self.ticket.code,
                chat=chat,
                person=person,
                language=language,
                phrase=phrase,
                values=values,
            )
        )

    def redraw(self, *copies: Copy) -> None:
        """Update cards about this ticket where they stand."""
        for copy in copies:
            self.tell(
                Card(
                    id=self.next_effect_id(),
                    ticket=self.ticket.code,
                    slot=copy.slot,
                    view=copy.view,
                    chat=copy.chat,
                    person=copy.person,
                    language=copy.language,
                    activity_id=copy.activity_id,
                )
            )


def event_hash(event: Event) -> str:
    """Return the hash that chains an event: over everything but itself, keys sorted."""
    content = event.model_dump(exclude={"hash"})
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
