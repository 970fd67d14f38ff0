"""Whom a rung wakes at this moment, and by which channels they can be reached.

People, shifts and contacts are live (D16): a page goes to whoever is on duty when it falls due.
"""

from dataclasses import dataclass

from bot.sla.roster import Person, queue_turn
from bot.sla.rungs import Rung
from bot.sla.shapes import Channel
from bot.ticket.draft import Rules
from bot.ticket.model import Ticket


@dataclass(frozen=True)
class Contact:
    """Somebody, or a queue, that a page goes to."""

    id: str
    name: str
    level: str
    person: Person | None
    email: str | None
    extension: str | None
    """The number to ring: of a person their first one, of a queue whose turn it is."""

    @property
    def in_teams(self) -> bool:
        """Return whether there is a private chat to write to."""
        return self.person is not None and bool(self.person.tenant and self.person.object_id)


def contacts(rules: Rules, ticket: Ticket, rung: Rung) -> tuple[Contact, ...]:
    """Return whom a rung wakes: who is meant by name, the holder where the rung says so, and the level's people.

    A level's people are those on duty, else the team's queue, whose extensions ring in turn.
    """
    found: list[Contact] = []
    named = [rung.to]  # empty: nobody's id
    if rung.to_holder and ticket.ack is not None:
        named.append(ticket.ack.by)
    for person_id in named:
        person = rules.book.roster.by_id.get(person_id)
        if person is not None and still_here(person, rules):
            found.append(contact_of(person))
    if rung.level is not None:
        found += _of_level(rules, ticket, rung.level, whole_team=rung.whole_team)
    return tuple({contact.id: contact for contact in found}.values())


def usable(rules: Rules, ticket: Ticket, channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Return those of a page's channels that this installation has and whose quiet hours it is not."""
    quiet = rules.book.policy.priorities[ticket.priority].ladder.quiet
    local = rules.local()
    minute = local.hour * 60 + local.minute
    return tuple(
        channel
        for channel in channels
        if channel in rules.book.channels_configured and not _inside(quiet.get(channel), minute)
    )


def reaches_somebody(rules: Rules, ticket: Ticket, rung: Rung) -> bool:
    """Return whether a rung has anybody to go to, by any channel that may be used now.

    A level may be reached by the desk's channel alone; who is meant by name needs a way of their own.
    """
    desk_channel = rules.desk.channel("desk") is not None and rung.level is not None
    channels = usable(rules, ticket, rung.by)
    return any(
        _reached_by(contact, channel, desk_channel=desk_channel)
        for contact in contacts(rules, ticket, rung)
        for channel in channels
    )


def contact_of(person: Person) -> Contact:
    """Return a person of the roster as somebody to be paged."""
    number = next(iter(person.numbers), None)
    return Contact(person.id, person.name, person.level, person, person.email, number)


def still_here(person: Person, rules: Rules) -> bool:
    """Return whether somebody still works for the desk today."""
    return person.until is None or rules.local().date() <= person.until


def _reached_by(contact: Contact, channel: Channel, *, desk_channel: bool) -> bool:
    match channel:
        case "teams":
            return desk_channel or contact.in_teams
        case "mail":
            return bool(contact.email)
        case "phone":
            return bool(contact.extension)


def _of_level(rules: Rules, ticket: Ticket, level: str, *, whole_team: bool) -> list[Contact]:
    desk = rules.book.desk
    definition = desk.levels.get(level)
    if definition is not None and definition.stands_in is not None:
        return _of_level(rules, ticket, definition.stands_in, whole_team=whole_team)
    team = ticket.team if definition is not None and definition.by_team else None
    people = [] if whole_team else list(rules.book.roster.on_duty(level, team, rules.now, desk.zone, rules.book.days))
    if people or team is None:
        return [contact_of(person) for person in people]
    queue = desk.teams[team].queue
    first = next(iter(queue_turn(queue.extensions, ticket.progress.turns)), None)
    return [Contact(f"queue:{team}", desk.teams[team].title.get("vi", team), level, None, queue.email, first)]


def _inside(window: tuple[int, int] | None, minute: int) -> bool:
    if window is None:
        return False
    start, end = window
    return start <= minute < end if start < end else minute >= start or minute < end
