"""From rungs to messages: who is on duty, by which channels they can be reached, what happens if they cannot.

Source: product.md, "The default ladder".
"""

from dataclasses import dataclass

from bot.sla.escalation import (
    PageKind,
    Rung,
    Situation,
    climb,
    pulled_rung,
    with_level,
)
from bot.sla.instants import MINUTE, Instant
from bot.sla.roster import Person
from bot.sla.shapes import Channel
from bot.ticket.commands import Delivered, Undelivered
from bot.ticket.draft import Draft, Rules
from bot.ticket.effects import Call, Card, Mail, Mention, PageRef
from bot.ticket.model import Copy, PendingPage, PersonKey, Ticket

_MANAGERS = "managers"
_COPIES_PER_PLACE = {"status": 3, "page": 20, "breach": 20}
_LATE = MINUTE  # a page later than this is marked: the desk was not awake
_WEIGHT: dict[PageKind, int] = {
    "information": 0,
    "ack_warning": 1,
    "triage": 2,
    "repeat": 3,
    "after_breach": 4,
    "step": 5,
}


@dataclass(frozen=True)
class Contact:
    """Somebody, or a queue, that a page goes to."""

    id: str
    name: str
    level: str
    person: Person | None
    email: str | None
    extension: str | None


def situation_of(ticket: Ticket, rules: Rules) -> Situation:
    """Return what a climb of this ticket's ladder looks at."""
    policy = rules.book.policy
    return Situation(
        reading=rules.reading(ticket),
        ladder=policy.priorities[ticket.priority].ladder,
        ack_lasts=policy.ack_lasts(ticket.priority),
        triage=policy.triage if ticket.provisional else None,
        triage_calendar=rules.book.calendars[policy.triage.hours],
        triage_from=ticket.opened_at,
        rank=rules.book.desk.rank,
    )


def page_what_is_due(draft: Draft) -> Instant | None:
    """Page every rung that is due now; return when the next one falls due.

    Several rungs at once (a step and a repeat, or many after an outage of our own) make one page per person.
    """
    situation = situation_of(draft.ticket, draft.rules)
    before = draft.ticket.ack
    result = climb(situation, draft.ticket.progress, before, draft.rules.now)
    draft.change(progress=result.progress, ack=result.ack)
    if before is not None and result.ack is None:
        draft.record("ack_expired", holder=before.by)
    rungs = _never_waiting(draft, situation, result.rungs)
    _send(draft, rungs)
    if any(rung.breach and rung.kind == "step" for rung in rungs) and draft.ticket.breach_alerted_at is None:
        draft.change(breach_alerted_at=draft.rules.now)
        draft.record("breached", due_at=situation.reading.due_at())
    return result.next_at


def settle_delivered(draft: Draft, command: Delivered) -> None:
    """Record that a message was accepted; a card's copy is kept so that it can be updated."""
    if command.copy is not None:
        draft.change(copies=_with_copy(draft.ticket.copies, command.copy))
        if command.copy.version < draft.ticket.shown_version:
            draft.redraw(command.copy)
    if command.message_id:
        draft.guards.append(f"mail:{command.message_id}")
    if command.page is not None:
        occurrence, contact, channel = command.page
        fate = "dropped" if command.dropped else "accepted"
        draft.record(f"page_{fate}", occurrence=occurrence, contact=contact, channel=channel, effect=command.effect)
        _settle(draft, command.page, fate)


def _with_copy(copies: tuple[Copy, ...], new: Copy) -> tuple[Copy, ...]:
    """Return the copies with a new one; of each place only the latest are kept up to date.

    A ticket that stays open for weeks leaves a card every half hour: each would be redrawn at every change.
    """
    known = [copy.slot for copy in copies]
    if new.slot in known:
        return tuple(new if copy.slot == new.slot else copy for copy in copies)
    here = [c.slot for c in copies if (c.view, c.chat.thread_id()) == (new.view, new.chat.thread_id())]
    dropped = set(here[: max(0, len(here) + 1 - _COPIES_PER_PLACE[new.view])])
    return (*(copy for copy in copies if copy.slot not in dropped), new)


def settle_undelivered(draft: Draft, command: Undelivered) -> None:
    """Send a page that could not be delivered on at once: by the next channel, then to the next level."""
    if command.page is None:
        draft.record("undelivered", effect=command.effect, reason=command.reason)
        return
    occurrence, contact, channel = command.page
    draft.record("page_failed", occurrence=occurrence, contact=contact, channel=channel, reason=command.reason)
    draft.say_to_desk("undeliverable", code=draft.ticket.code, contact=contact, channel=channel)
    _tell_operator(draft, f"page {occurrence} to {contact} by {channel} failed: {command.reason}")
    if (contact, channel) == (_MANAGERS, "teams"):
        _mail_managers(draft, occurrence, breach=draft.ticket.breach_alerted_at is not None)
    page = _settle(draft, command.page, "failed")
    if page is None or any(state != "failed" for state in page.channels.values()):
        return
    if not _by_another_channel(draft, page):
        _next_level(draft, page)


def _never_waiting(draft: Draft, situation: Situation, rungs: tuple[Rung, ...]) -> list[Rung]:
    """Return the rungs, each that reaches nobody followed at once by the next level's step."""
    taken: list[Rung] = []
    waiting = list(rungs)
    while waiting:
        rung = waiting.pop(0)
        taken.append(rung)
        if rung.level is None or rung.kind == "information" or _reaches_somebody(draft.rules, draft.ticket, rung):
            continue
        draft.record("nobody_reached", occurrence=rung.key, level=rung.level)
        _tell_operator(draft, f"page {rung.key}: nobody of {rung.level} can be reached; going on to the next level")
        pulled = pulled_rung(situation.ladder, rung, situation.rank)
        if pulled is not None:
            draft.change(progress=with_level(draft.ticket.progress, pulled.level))
            waiting.insert(0, pulled)
    return taken


def _reaches_somebody(rules: Rules, ticket: Ticket, rung: Rung) -> bool:
    desk_channel = rules.desk.channel("desk") is not None
    for contact in contacts(rules, ticket, rung):
        for channel in _usable(rules, ticket, rung):
            if channel == "teams" and (desk_channel or _in_teams(contact)):
                return True
            if (channel == "mail" and contact.email) or (channel == "phone" and contact.extension):
                return True
    return False


def contacts(rules: Rules, ticket: Ticket, rung: Rung) -> tuple[Contact, ...]:
    """Return whom a rung wakes: people on duty, else the team's queue; the holder where the rung says so."""
    found: list[Contact] = []
    if rung.to_holder and ticket.ack is not None:
        holder = rules.book.roster.by_id.get(ticket.ack.by)
        if holder is not None:
            found.append(_person(holder))
    if rung.level is not None:
        found += _of_level(rules, ticket, rung.level, whole_team=rung.whole_team, turn=ticket.progress.repeats)
    return tuple({contact.id: contact for contact in found}.values())


def _of_level(rules: Rules, ticket: Ticket, level: str, *, whole_team: bool, turn: int) -> list[Contact]:
    desk = rules.book.desk
    definition = desk.levels.get(level)
    if definition is not None and definition.stands_in is not None:
        return _of_level(rules, ticket, definition.stands_in, whole_team=whole_team, turn=turn)
    team = ticket.team if definition is not None and definition.by_team else None
    people = [] if whole_team else list(rules.book.roster.on_duty(level, team, rules.now, desk.zone))
    if people or team is None:
        return [_person(person) for person in people]
    queue = desk.teams[team].queue
    extension = queue.extensions[turn % len(queue.extensions)] if queue.extensions else None
    return [Contact(f"queue:{team}", desk.teams[team].title.get("vi", team), level, None, queue.email, extension)]


def _person(person: Person) -> Contact:
    return Contact(person.id, person.name, person.level, person, person.email, person.extension)


def _in_teams(contact: Contact) -> bool:
    return contact.person is not None and bool(contact.person.tenant and contact.person.object_id)


def _usable(rules: Rules, ticket: Ticket, rung: Rung) -> tuple[Channel, ...]:
    """Return the rung's channels that this installation has and whose quiet hours it is not."""
    quiet = rules.book.policy.priorities[ticket.priority].ladder.quiet
    local = rules.local()
    minute = local.hour * 60 + local.minute
    return tuple(
        channel
        for channel in rung.by
        if channel in rules.book.channels_configured and not _inside(quiet.get(channel), minute)
    )


def _inside(window: tuple[int, int] | None, minute: int) -> bool:
    if window is None:
        return False
    start, end = window
    return start <= minute < end if start < end else minute >= start or minute < end


def _send(draft: Draft, rungs: list[Rung]) -> None:
    """Queue one message per person and channel, one post in the desk's channel, and what managers get."""
    rules, ticket = draft.rules, draft.ticket
    best: dict[tuple[str, Channel], tuple[Rung, Contact]] = {}
    posts: list[tuple[Rung, Contact]] = []
    for rung in rungs:
        for contact in contacts(rules, ticket, rung):
            for channel in _usable(rules, ticket, rung):
                known = best.get((contact.id, channel))
                if known is None or _WEIGHT[rung.kind] >= _WEIGHT[known[0].kind]:
                    best[contact.id, channel] = (rung, contact)
                if channel == "teams" and rung.kind != "ack_warning":
                    posts.append((rung, contact))
    queued: dict[tuple[str, str], tuple[Rung, Contact, dict[str, str]]] = {}
    for (contact_id, channel), (rung, contact) in best.items():
        if _queue_to_contact(draft, rung, contact, channel):
            _, _, channels = queued.setdefault((rung.key, contact_id), (rung, contact, {}))
            channels[channel] = "queued"
    posted = _post_in_desk_channel(draft, posts)
    for rung in rungs:
        _tell_managers(draft, rung)
        told = {contact: sorted(channels) for (key, contact), (_, _, channels) in queued.items() if key == rung.key}
        late_ms = rules.now - rung.due_at
        draft.record(
            "paged",
            occurrence=rung.key,
            page=rung.kind,
            level=rung.level,
            due_at=rung.due_at,
            contacts=told,
            late_ms=late_ms if late_ms > _LATE else None,
            channel="desk" if posted is not None else None,
        )
    pending = tuple(
        PendingPage.model_validate(
            {"occurrence": rung.key, "contact": contact.id, "level": contact.level, "channels": channels}
        )
        for rung, contact, channels in queued.values()
    )
    draft.change(pending=(*draft.ticket.pending, *pending))


def _queue_to_contact(draft: Draft, rung: Rung, contact: Contact, channel: Channel) -> bool:
    page = _page(rung, contact)
    code, effect_id = draft.ticket.code, draft.next_effect_id()
    person = contact.person
    if channel == "teams" and person is not None and person.tenant and person.object_id:
        draft.tell(
            Card(
                id=effect_id,
                ticket=code,
                slot=f"page:{rung.key}:{contact.id}",
                view="page",
                person=PersonKey(tenant=person.tenant.lower(), object_id=person.object_id.lower()),
                language=person.language,
                page=page,
                private=True,
            )
        )
    elif channel == "mail" and contact.email:
        draft.tell(
            Mail(
                id=effect_id,
                ticket=code,
                template="page",
                to=(contact.email,),
                page=page,
                values={"contact_name": contact.name},
            )
        )
    elif channel == "phone" and contact.extension:
        draft.tell(Call(id=effect_id, ticket=code, extension=contact.extension, page=page))
    else:
        return False
    return True


def _post_in_desk_channel(draft: Draft, posts: list[tuple[Rung, Contact]]) -> Card | None:
    """Post once in the desk's channel, naming everybody who is paged so that their phones alert."""
    channel = draft.rules.desk.channel("desk")
    if channel is None or not posts:
        return None
    rung = max((rung for rung, _ in posts), key=lambda r: (_WEIGHT[r.kind], r.due_at))
    people = {contact.id: contact for _, contact in posts if contact.person is not None}
    card = Card(
        id=draft.next_effect_id(),
        ticket=draft.ticket.code,
        slot=f"page:{rung.key}:desk",
        view="page",
        chat=channel.chat,
        language="vi",
        mentions=tuple(
            Mention(name=c.name, object_id=c.person.object_id if c.person else None) for c in people.values()
        )
        if rung.kind != "information"
        else (),
        page=PageRef(
            occurrence=rung.key,
            kind=rung.kind,
            contact="desk",
            level=rung.level or "",
            due_at=rung.due_at,
            breach=rung.breach,
        ),
        private=True,
    )
    draft.tell(card)
    return card


def _tell_managers(draft: Draft, rung: Rung) -> None:
    if rung.managers is None:
        return
    channel = draft.rules.desk.channel("managers")
    if channel is not None:
        view = "breach" if rung.breach else "page"
        draft.tell(
            Card(
                id=draft.next_effect_id(),
                ticket=draft.ticket.code,
                slot=f"managers:{rung.key}",
                view=view,
                chat=channel.chat,
                language="vi",
                page=_page(rung, Contact(_MANAGERS, _MANAGERS, rung.level or "", None, None, None)),
                private=True,
            )
        )
        return
    _mail_managers(draft, rung.key, breach=rung.breach)


def _mail_managers(draft: Draft, occurrence: str, *, breach: bool) -> None:
    """Write to the managers where they have no channel, or where it cannot be reached."""
    book, now = draft.rules.book, draft.rules.now
    addresses = tuple(p.email for p in book.roster.people if p.manager and p.email) or (book.desk.operator.email,)
    page = PageRef(occurrence=occurrence, kind="triage", contact=_MANAGERS, level="", due_at=now)
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            template="breach" if breach else "page",
            to=addresses,
            page=None if breach else page,
        )
    )


def _page(rung: Rung, contact: Contact) -> PageRef:
    return PageRef(
        occurrence=rung.key,
        kind=rung.kind,
        contact=contact.id,
        level=rung.level or contact.level,
        due_at=rung.due_at,
        breach=rung.breach,
    )


def _settle(draft: Draft, page: tuple[str, str, str], state: str) -> PendingPage | None:
    """Note one channel's fate; a page whose channels are all settled is forgotten (its events remain)."""
    occurrence, contact, channel = page
    found: PendingPage | None = None
    rest: list[PendingPage] = []
    for pending in draft.ticket.pending:
        if (pending.occurrence, pending.contact) == (occurrence, contact) and channel in pending.channels:
            found = PendingPage.model_validate(
                {**pending.model_dump(), "channels": {**pending.channels, channel: state}}
            )
            if "queued" in found.channels.values():
                rest.append(found)
        else:
            rest.append(pending)
    draft.change(pending=tuple(rest))
    return found


def _by_another_channel(draft: Draft, page: PendingPage) -> bool:
    """Queue a page by a channel that was not tried yet; False if there is none."""
    person = draft.rules.book.roster.by_id.get(page.contact)
    if person is None:
        return False
    contact = _person(person)
    rung = Rung(page.occurrence, "step", draft.rules.now, page.level, ())
    for channel in ("teams", "mail", "phone"):
        if channel in page.channels or channel not in draft.rules.book.channels_configured:
            continue
        if _queue_to_contact(draft, rung, contact, channel):
            pending = page.model_copy(update={"channels": {**page.channels, channel: "queued"}})
            draft.change(pending=(*draft.ticket.pending, pending))
            return True
    return False


def _next_level(draft: Draft, page: PendingPage) -> None:
    situation = situation_of(draft.ticket, draft.rules)
    if situation.reading.resolved_at is not None:
        return
    failed = Rung(page.occurrence, "step", draft.rules.now, page.level, ())
    pulled = pulled_rung(situation.ladder, failed, situation.rank)
    if pulled is not None:
        draft.change(progress=with_level(draft.ticket.progress, pulled.level))
        _send(draft, _never_waiting(draft, situation, (pulled,)))


def _tell_operator(draft: Draft, what: str) -> None:
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            template="operator",
            to=(draft.rules.book.desk.operator.email,),
            values={"what": what},
        )
    )
