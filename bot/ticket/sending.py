"""From rungs to messages: one per person and channel, one post in the desk's channel, one to the managers.

A rung that reaches nobody never waits: the next level's page goes at once, and the operator is told.
Source: product.md, "The default ladder".
"""

from bot.sla.escalation import Situation, pulled_rung
from bot.sla.instants import MINUTE, Instant, Span
from bot.sla.rungs import PageKind, Rung, with_level
from bot.sla.shapes import Channel
from bot.ticket.contacts import Contact, contacts, reaches_somebody, usable
from bot.ticket.draft import Draft
from bot.ticket.effects import Call, Card, Mail, Mention, PageRef
from bot.ticket.model import PendingPage, PersonKey

MANAGERS = "managers"
_MANAGERS = Contact(MANAGERS, MANAGERS, "", None, None, None)
_DESK = Contact("desk", "desk", "", None, None, None)
LATE: Span = MINUTE
"""A page that is later than this by our own fault is marked."""
_MAY_FALL_FLAT: frozenset[PageKind] = frozenset({"information", "ack_warning"})
_WEIGHT: dict[PageKind, int] = {
    "information": 0,
    "ack_warning": 1,
    "call_back": 2,
    "chase": 3,
    "repeat": 4,
    "triage": 5,
    "after_breach": 6,
    "handed_over": 7,
    "escalated": 8,
    "step": 9,
}


def send_pages(
    draft: Draft, situation: Situation, rungs: tuple[Rung, ...], *, awaited_at: Instant | None = None
) -> None:
    """Queue the pages of rungs that are due, and of the levels above where they reach nobody.

    `awaited_at`: when the desk should have been awake for them; set after an outage of our own.
    """
    _send(draft, _never_waiting(draft, situation, rungs), awaited_at)


def _never_waiting(draft: Draft, situation: Situation, rungs: tuple[Rung, ...]) -> list[Rung]:
    """Return the rungs, each that reaches nobody followed at once by the next level's step."""
    taken: list[Rung] = []
    waiting = list(rungs)
    while waiting:
        rung = waiting.pop(0)
        taken.append(rung)
        somebody_is_meant = rung.level is not None or rung.to_holder or rung.to
        if not somebody_is_meant or rung.kind in _MAY_FALL_FLAT or reaches_somebody(draft.rules, draft.ticket, rung):
            continue
        whom = rung.level or rung.to or "holder"
        draft.record("nobody_reached", occurrence=rung.key, level=rung.level, to=rung.to or None)
        tell_operator(draft, f"page {rung.key}: nobody of {whom} can be reached; going on to the next level")
        pulled = pulled_rung(situation.ladder, rung, situation.rank)
        if pulled is not None:
            _remember_level(draft, pulled.level)
            waiting.insert(0, pulled)
    return taken


def send_to_next_level(draft: Draft, situation: Situation, failed: Rung) -> None:
    """Page the level above a page that could not be delivered; once, however many of its people it failed for."""
    pulled = pulled_rung(situation.ladder, failed, situation.rank)
    progress = draft.ticket.progress
    if pulled is None or pulled.key in progress.pulled:
        return
    draft.change(progress=progress.model_copy(update={"pulled": (*progress.pulled, pulled.key)}))
    _remember_level(draft, pulled.level)
    send_pages(draft, situation, (pulled,))


def _remember_level(draft: Draft, level: str | None) -> None:
    progress = draft.ticket.progress
    draft.change(progress=progress.model_copy(update={"levels": with_level(progress.levels, level)}))


def _send(draft: Draft, rungs: list[Rung], awaited_at: Instant | None) -> None:
    rules, ticket = draft.rules, draft.ticket
    best: dict[tuple[str, Channel], tuple[Rung, Contact]] = {}
    posts: list[tuple[Rung, Contact]] = []
    for rung in rungs:
        channels = usable(rules, ticket, rung.by)
        for contact in contacts(rules, ticket, rung):
            for channel in channels:
                known = best.get((contact.id, channel))
                if known is None or _weight(rung) >= _weight(known[0]):
                    best[contact.id, channel] = (rung, contact)
                if channel == "teams" and rung.kind not in {"ack_warning", "call_back"}:
                    posts.append((rung, contact))
    queued: dict[tuple[str, str], tuple[Rung, Contact, dict[str, str]]] = {}
    for (contact_id, channel), (rung, contact) in best.items():
        if queue_to_contact(draft, _page(draft, rung, contact, awaited_at), contact, channel):
            _, _, fates = queued.setdefault((rung.key, contact_id), (rung, contact, {}))
            fates[channel] = "queued"
    posted = _post_in_desk_channel(draft, posts, awaited_at)
    # what managers learn from their digest is not posted now: the digest finds it by itself
    told = _tell_managers(draft, [rung for rung in rungs if rung.managers == "channel"], awaited_at)
    if told is not None:
        queued[told.key, MANAGERS] = (told, _MANAGERS, {"teams": "queued"})
    for rung in rungs:
        reached = {
            contact: sorted(fates)
            for (key, contact), (_, _, fates) in queued.items()
            if key == rung.key and contact != MANAGERS
        }
        late_ms = _late_ms(rung, awaited_at, rules.now)
        draft.record(
            "paged",
            occurrence=rung.key,
            page=rung.kind,
            level=rung.level,
            due_at=rung.due_at,
            contacts=reached,
            late_ms=late_ms if late_ms > LATE else None,
            channel="desk" if posted else None,
        )
    _remember_pages(draft, list(queued.values()))


def _weight(rung: Rung) -> tuple[bool, int, Instant]:
    """Return how much a page says; of several for one person the weightiest is sent."""
    return rung.breach, _WEIGHT[rung.kind], rung.due_at


def _late_ms(rung: Rung, awaited_at: Instant | None, now: Instant) -> Span:
    """Return how late a page is by our own fault.

    What only a command made due in the past, such as a phone notice entered later, is nobody's outage.
    """
    return 0 if awaited_at is None else max(0, now - max(rung.due_at, awaited_at))


def _remember_pages(draft: Draft, queued: list[tuple[Rung, Contact, dict[str, str]]]) -> None:
    """Keep what was queued until its fate is known; the next page to a queue rings its next extension."""
    if not queued:
        return
    progress = draft.ticket.progress
    if any(contact.id.startswith("queue:") for _, contact, _ in queued):
        progress = progress.model_copy(update={"turns": progress.turns + 1})
    pages = tuple(
        PendingPage.model_validate(
            {
                "occurrence": rung.key,
                "kind": rung.kind,
                "contact": contact.id,
                "level": contact.level,
                "breach": rung.breach,
                "channels": fates,
            }
        )
        for rung, contact, fates in queued
    )
    draft.change(pending=(*draft.ticket.pending, *pages), progress=progress)


def queue_to_contact(draft: Draft, page: PageRef, contact: Contact, channel: Channel) -> bool:
    """Queue a page to somebody by one channel; False if they cannot be reached by it."""
    code, effect_id = draft.ticket.code, draft.next_effect_id()
    person = contact.person
    if channel == "teams" and person is not None and person.tenant and person.object_id:
        draft.tell(
            Card(
                id=effect_id,
                ticket=code,
                slot=f"page:{page.occurrence}:{contact.id}",
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


def _post_in_desk_channel(draft: Draft, posts: list[tuple[Rung, Contact]], awaited_at: Instant | None) -> bool:
    """Post once in the desk's channel, naming everybody who is paged so that their phones alert."""
    channel = draft.rules.desk.channel("desk")
    if channel is None or not posts:
        return False
    rung = max((rung for rung, _ in posts), key=_weight)
    people = {contact.id: contact.person for _, contact in posts if contact.person is not None}
    mentions = tuple(Mention(name=person.name, object_id=person.object_id) for person in people.values())
    draft.tell(
        Card(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            slot=f"page:{rung.key}:desk",
            view="page",
            chat=channel.chat,
            language="vi",
            mentions=mentions if rung.kind != "information" else (),
            page=_page(draft, rung, _DESK, awaited_at),
            private=True,
        )
    )
    return True


def _tell_managers(draft: Draft, rungs: list[Rung], awaited_at: Instant | None) -> Rung | None:
    """Tell managers the weightiest of what they are told now; return it if it went to their channel."""
    rung = max(rungs, key=_weight, default=None)
    if rung is None:
        return None
    page = _page(draft, rung, _MANAGERS, awaited_at)
    channel = draft.rules.desk.channel("managers")
    if channel is None:
        mail_managers(draft, page)
        return None
    draft.tell(
        Card(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            slot=f"managers:{rung.key}",
            view="breach" if rung.breach else "page",
            chat=channel.chat,
            language="vi",
            page=page,
            private=True,
        )
    )
    return rung


def mail_managers(draft: Draft, page: PageRef) -> None:
    """Write to the managers where they have no channel, or where it cannot be reached."""
    book = draft.rules.book
    addresses = tuple(p.email for p in book.roster.people if p.manager and p.email) or (book.desk.operator.email,)
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            template="breach" if page.breach else "page",
            to=addresses,
            page=None if page.breach else page,
        )
    )


def tell_operator(draft: Draft, what: str) -> None:
    """Write to whoever runs the service."""
    draft.tell(
        Mail(
            id=draft.next_effect_id(),
            ticket=draft.ticket.code,
            template="operator",
            to=(draft.rules.book.desk.operator.email,),
            values={"what": what},
        )
    )


def _page(draft: Draft, rung: Rung, contact: Contact, awaited_at: Instant | None) -> PageRef:
    return PageRef(
        occurrence=rung.key,
        kind=rung.kind,
        contact=contact.id,
        level=rung.level or contact.level,
        due_at=rung.due_at,
        breach=rung.breach,
        late_ms=_late_ms(rung, awaited_at, draft.rules.now),
    )
