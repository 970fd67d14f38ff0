"""What became of every page, read out of a ticket's events: due, queued, accepted, acknowledged, or why not.

Nothing is assumed: what no event says is shown as open. Source: "The default ladder"; D15.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.sla.instants import Instant, Span
from bot.ticket.model import Event

Fate: TypeAlias = Literal["open", "accepted", "dropped", "failed"]


@dataclass(frozen=True)
class Sending:
    """One message of a page: to whom, by which channel, and what became of it."""

    contact: str
    """Person id of the roster, `queue:<team>`, `desk` (its channel) or `managers`."""
    channel: str
    fate: Fate
    at: Instant | None
    """When it was accepted, dropped or given up."""
    why: str = ""
    """Of one that failed: the reason. Of one that was dropped: what had made it needless."""
    instead: bool = False
    """Sent because another channel had failed."""


@dataclass(frozen=True)
class Answer:
    """The first acknowledgement, or resolution, after a page."""

    at: Instant
    by: str
    kind: Literal["acknowledged", "resolved"]
    channel: str
    """By which door it came, where the event says it."""


@dataclass(frozen=True)
class Page:
    """One rung of the ladder as it was paged."""

    occurrence: str
    kind: str
    level: str
    due_at: Instant
    queued_at: Instant
    late: Span
    """By our own fault, as recorded with the page."""
    sendings: tuple[Sending, ...]
    answer: Answer | None
    nobody_reached: bool

    def lateness(self, at: Instant) -> Span:
        """Return how long after the page fell due something happened."""
        return at - self.due_at


def pages_of(events: tuple[Event, ...]) -> tuple[Page, ...]:
    """Return every page of a ticket, in the order in which they were queued."""
    paged = [event for event in events if event.kind == "paged"]
    return tuple(_page(event, events) for event in paged)


def _page(paged: Event, events: tuple[Event, ...]) -> Page:
    occurrence = str(paged.data.get("occurrence", ""))
    late, due_at = paged.data.get("late_ms"), paged.data.get("due_at")
    unreached = (e for e in events if e.kind == "nobody_reached" and e.data.get("occurrence") == occurrence)
    return Page(
        occurrence=occurrence,
        kind=str(paged.data.get("page", "")),
        level=str(paged.data.get("level") or ""),
        due_at=due_at if isinstance(due_at, int) else paged.at,
        queued_at=paged.at,
        late=late if isinstance(late, int) else 0,
        sendings=tuple(_sendings(paged, occurrence, events)),
        answer=_answer(paged, events),
        nobody_reached=any(True for _ in unreached),
    )


def _sendings(paged: Event, occurrence: str, events: tuple[Event, ...]) -> Iterable[Sending]:
    """Yield what was queued with the page, then what was sent in its place or beside it."""
    settled: dict[tuple[str, str], Event] = {}
    for event in events[paged.n :]:
        if event.kind.startswith("page_") and event.data.get("occurrence") == occurrence:
            settled.setdefault((str(event.data.get("contact")), str(event.data.get("channel"))), event)
    told = paged.data.get("contacts")
    contacts: dict[str, list[str]] = told if isinstance(told, dict) else {}
    queued = [(contact, channel) for contact, channels in contacts.items() for channel in channels]
    if paged.data.get("channel"):
        queued.append((str(paged.data["channel"]), "teams"))
    failed = {contact for (contact, _), event in settled.items() if event.kind == "page_failed"}
    for key in dict.fromkeys([*queued, *settled]):
        contact, channel = key
        event_of = settled.get(key)
        instead = key not in queued and contact in failed
        if event_of is None:
            yield Sending(contact, channel, "open", None)
        elif event_of.kind == "page_failed":
            yield Sending(contact, channel, "failed", event_of.at, str(event_of.data.get("reason", "")), instead)
        elif event_of.kind == "page_dropped":
            yield Sending(contact, channel, "dropped", event_of.at, _needless(event_of, events), instead)
        else:
            yield Sending(contact, channel, "accepted", event_of.at, "", instead)


def _needless(dropped: Event, events: tuple[Event, ...]) -> str:
    """Return what had happened before a message was dropped that left it nothing to say."""
    for event in reversed(events[: dropped.n - 1]):
        if event.kind in {"acknowledged", "resolved", "merged"}:
            return f"{event.kind} by {event.by}"
    return ""


def _answer(paged: Event, events: tuple[Event, ...]) -> Answer | None:
    for event in events[paged.n :]:
        if event.kind in {"acknowledged", "resolved"}:
            kind: Literal["acknowledged", "resolved"] = "acknowledged" if event.kind == "acknowledged" else "resolved"
            return Answer(event.at, event.by, kind, str(event.data.get("channel", "")))
    return None
