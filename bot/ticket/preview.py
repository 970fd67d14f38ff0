"""What would follow: the old and the new deadline, and who would be paged now, before somebody confirms. Source: D7."""

from dataclasses import dataclass

from bot.errors import Refused
from bot.sla.instants import Instant
from bot.ticket.commands import Command
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules
from bot.ticket.effects import Call, Card, Effect, Mail, PageRef
from bot.ticket.model import Ticket


@dataclass(frozen=True)
class PagedNow:
    """Somebody who would be paged at once."""

    level: str
    contact: str
    """Person id of the roster, `queue:<team>` or `managers`."""
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Preview:
    """A decision that was not taken."""

    old_due_at: Instant | None
    """None: the clock stands before its deadline."""
    new_due_at: Instant | None
    new_priority: str
    breached: bool
    """The deadline would have passed already."""
    paged: tuple[PagedNow, ...]


def preview(ticket: Ticket, command: Command, rules: Rules) -> Preview | Refused:
    """Return what a command would do now, by the rules that would carry it out; nothing is changed."""
    decision = decide(ticket, command, rules)
    if isinstance(decision, Refused):
        return decision
    after = rules.reading(decision.ticket)
    return Preview(
        old_due_at=rules.reading(ticket).due_at(),
        new_due_at=after.due_at(),
        new_priority=decision.ticket.priority,
        breached=after.breached_at(rules.now) is not None,
        paged=_paged(decision),
    )


def _paged(decision: Decision) -> tuple[PagedNow, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for effect in decision.effects:
        page = _page_of(effect)
        if page is not None and page.contact != "desk":
            channels = found.setdefault((page.level, page.contact), [])
            channel = {"card": "teams", "mail": "mail", "call": "phone"}[effect.kind]
            if channel not in channels:
                channels.append(channel)
    return tuple(PagedNow(level, contact, tuple(channels)) for (level, contact), channels in found.items())


def _page_of(effect: Effect) -> PageRef | None:
    return effect.page if isinstance(effect, (Card, Mail, Call)) else None
