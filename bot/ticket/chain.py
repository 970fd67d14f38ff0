"""The events of a ticket form a chain: each carries the hash of the one before, and the record that of the last.

A change to any event, one left out, put in or moved, breaks the chain at its place and is told with its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from bot.ticket.draft import event_hash
from bot.ticket.model import Event


@dataclass(frozen=True)
class Chain:
    """The events that could be read, and where the chain breaks first; `broken_at` None: it holds."""

    events: tuple[Event, ...]
    broken_at: int | None = None
    """Number of the event; one more than the last if the record says that there should be more."""
    why: str = ""

    @property
    def holds(self) -> bool:
        """Return whether nothing was changed."""
        return self.broken_at is None


def read_chain(bodies: Sequence[bytes], *, count: int, head: str) -> Chain:
    """Return a ticket's events as stored, oldest first, compared with each other and with what its record says."""
    events: list[Event] = []
    broken_at, why = None, ""
    before = ""
    for n, body in enumerate(bodies, start=1):
        try:
            event = Event.model_validate_json(body)
        except ValidationError:
            return Chain(tuple(events), broken_at or n, why or "it cannot be read")
        if broken_at is None:
            why = _fault(event, n, before)
            broken_at = n if why else None
        events.append(event)
        before = event.hash
    if broken_at is None and (len(bodies), before) != (count, head):
        broken_at = min(len(bodies), count) + 1 if len(bodies) != count else len(bodies)
        why = (
            f"the record says {count} events and head {head or '-'}; there are {len(bodies)}, the last {before or '-'}"
        )
    return Chain(tuple(events), broken_at, why)


def _fault(event: Event, n: int, before: str) -> str:
    if event.hash != event_hash(event):
        return "its content is not what its hash was made of"
    if event.n != n:
        return f"it is number {event.n}, in place {n}"
    if event.before != before:
        return "it does not follow the event before it"
    return ""
