"""What cards and mails show, looked up when they are drawn, so that a message that waited tells the present state."""

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from typing import Literal

from bot.cards.views import (
    BreachView,
    Button,
    Colleague,
    Foreseen,
    Foresight,
    OpenPause,
    PagedPerson,
    PageView,
    StatusDetails,
    StatusView,
)
from bot.desk.handle import Desk
from bot.desk.identity import may_still_see, place_of
from bot.desk.ports import RecordKey
from bot.sla.book import Book
from bot.sla.clock import Reading
from bot.sla.policy import Priority
from bot.sla.rungs import PageKind
from bot.ticket.contacts import still_here
from bot.ticket.draft import Rules
from bot.ticket.effects import Card
from bot.ticket.model import Chat, Copy, Event, Ticket
from bot.ticket.preview import Preview

View = StatusView | PageView | BreachView
_ASKED = {
    "classify": ("priority", "how", "reason"),
    "pause": ("reason", "note", "reference", "agreed_by", "since", "evidence", "chase_at"),
}
"""The fields of the forms whose effect is shown before it is confirmed."""
_FIELD_LENGTH = 2_000
_CHASE = re.compile(r"p(\d{1,6})\.")
"""How the occurrence of a page begins that asks after a pause."""
_COLLEAGUES_MAX = 60
USELESS_WHEN_HELD = frozenset({"repeat"})
"""Kinds of pages that say nothing any more once somebody took the ticket."""


@dataclass(frozen=True)
class Drawn:
    """A view with the version it was read at, and the copy that stands in its slot already."""

    view: View
    version: int
    activity_id: str | None


class Reads:
    """Builds views."""

    def __init__(self, desk: Desk, secret: bytes) -> None:
        self._desk = desk
        self._secret = secret

    async def card_view(self, effect: Card) -> tuple[View, int, str | None] | None:
        """Return what a card shows now, at which version, and which activity it replaces.

        None: the card is no longer wanted (a page for a ticket that was taken or resolved meanwhile), or its reader
        may not see the ticket any more.
        """
        loaded = await self._desk.load_with_desk(effect.ticket)
        if loaded is None:
            return None
        ticket, version, _, rules = loaded
        is_page = effect.page is not None
        if (
            effect.person is not None
            and not is_page
            and not may_still_see(effect.person, ticket, rules.book, rules.now)
        ):
            return None
        standing = next((copy for copy in ticket.copies if copy.slot == effect.slot), None)
        activity_id = effect.activity_id or (standing.activity_id if standing else None)
        if activity_id is None and not _still_wanted(effect, ticket):
            return None
        drawn = await self.view(ticket, version, rules, effect, standing)
        return drawn, version, activity_id

    async def view(self, ticket: Ticket, version: int, rules: Rules, card: Card, standing: Copy | None) -> View:
        """Return the view of a card about a ticket."""
        button = self.button(ticket.code, card.slot, version)
        match card.view:
            case "status":
                chat = card.chat or (standing.chat if standing else None)
                private = card.person is not None or (chat is not None and self.is_private(chat, ticket, rules))
                return status_view(ticket, rules, button, private=private)
            case "page":
                kind = card.page.kind if card.page else (standing.page if standing and standing.page else "information")
                level = card.page.level if card.page else (standing.level if standing else "")
                mentions = tuple((m.name, m.object_id) for m in card.mentions)
                late_ms = card.page.late_ms if card.page else (standing.late_ms if standing else 0)
                drawn = page_view(ticket, rules, button, kind=kind, level=level, mentions=mentions)
                _, _, occurrence = card.slot.partition(":")
                return replace(drawn, late_ms=late_ms, chased=pause_asked_after(occurrence))
            case "breach":
                return await self._breach_view(ticket, rules, button)

    def is_private(self, chat: Chat, ticket: Ticket, rules: Rules) -> bool:
        """Return whether details of a ticket may be shown in a chat (D11)."""
        return place_of(chat.conversation, personal=chat.personal, ticket=ticket, desk=rules.desk) == "private"

    def button(self, code: str, slot: str, version: int) -> Button:
        """Return what a card's buttons carry."""
        return Button(ticket=code, slot=slot, version=version, nonce=self.nonce(code, slot))

    def nonce(self, code: str, slot: str) -> str:
        """Return the proof that a button was drawn by this desk for this card."""
        return hmac.new(self._secret, f"button|{code}|{slot}".encode(), hashlib.sha256).hexdigest()[:20]

    async def _breach_view(self, ticket: Ticket, rules: Rules, button: Button) -> BreachView:
        reading = rules.reading(ticket)
        due_at = reading.due_at()
        breached_at = reading.breached_at(rules.now)
        customer = rules.customer(ticket)
        return BreachView(
            code=ticket.code,
            priority=ticket.priority,
            priority_title=_title(ticket, rules),
            company=customer.name if customer else ticket.customer,
            subject=ticket.subject,
            received_at=ticket.opened_at,
            due_at=due_at,
            breached_at=breached_at,
            over_by=max(0, reading.used(rules.now) - reading.target),
            state=state_of(ticket, reading),
            holder=ticket.ack.name if ticket.ack else ticket.resolved_by,
            resolution=ticket.resolution,
            corrected=ticket.breach_corrected_at is not None,
            paged=await self._paged(ticket.code, rules),
            now=rules.now,
            zone=rules.book.desk.zone,
            button=button,
        )

    async def _paged(self, code: str, rules: Rules) -> tuple[PagedPerson, ...]:
        """Return who was paged first at each level, out of the ticket's events."""
        found: dict[str, PagedPerson] = {}
        for body in await self._desk.ledger.events(RecordKey("ticket", code)):
            event = Event.model_validate_json(body)
            if event.kind != "paged" or not event.data.get("level"):
                continue
            told = event.data.get("contacts")
            for contact in told if isinstance(told, dict) else ():
                person = rules.book.roster.by_id.get(contact)
                name = person.name if person is not None else contact.removeprefix("queue:")
                level = str(event.data["level"])
                found.setdefault(f"{level}/{contact}", PagedPerson(level=level, name=name, at=event.at))
        return tuple(found.values())


def status_view(ticket: Ticket, rules: Rules, button: Button, *, private: bool) -> StatusView:
    """Return the customer's view; details only in private (D11)."""
    reading = rules.reading(ticket)
    customer = rules.customer(ticket)
    details = StatusDetails(
        company=customer.name if customer else "",
        subject=ticket.subject,
        holder=ticket.ack.name if ticket.ack else ticket.resolved_by,
        waiting_for=reading.paused_by[-1] if reading.paused_by else "",
        resolution=ticket.resolution,
    )
    return StatusView(
        code=ticket.code,
        priority=ticket.priority,
        priority_title=_title(ticket, rules),
        provisional=ticket.provisional,
        state=state_of(ticket, reading),
        received_at=ticket.opened_at,
        due_at=reading.due_at() if ticket.state == "open" else None,
        resolved_at=ticket.resolved_at,
        last_answer_at=ticket.last_answer_at,
        details=details if private else None,
        support_phone=rules.book.desk.support_phone,
        now=rules.now,
        zone=rules.book.desk.zone,
        button=button,
    )


def page_view(
    ticket: Ticket,
    rules: Rules,
    button: Button,
    *,
    kind: PageKind,
    level: str,
    mentions: tuple[tuple[str, str | None], ...] = (),
) -> PageView:
    """Return the engineer's view."""
    reading = rules.reading(ticket)
    customer = rules.customer(ticket)
    policy, used = rules.book.policy, reading.used(rules.now)
    ack = ticket.ack
    requester = ticket.requester
    return PageView(
        code=ticket.code,
        kind=kind,
        level=level,
        priority=ticket.priority,
        priority_title=_title(ticket, rules),
        priorities={name: _titles(priority) for name, priority in policy.priorities.items()},
        provisional=ticket.provisional,
        state=state_of(ticket, reading),
        company=customer.name if customer else ticket.customer,
        contract_number=customer.contract_number if customer else "",
        fqdn=(customer.fqdn or "") if customer else "",
        requester=f"{requester.name} <{requester.address}>" if requester.name else requester.address,
        subject=ticket.subject,
        excerpt=ticket.excerpt,
        received_at=ticket.opened_at,
        due_at=reading.due_at() if ticket.state == "open" else None,
        left=reading.target - used if ticket.state == "open" and not reading.paused_by else None,
        used_percent=used * 100 // reading.target,
        holder=ack.name if ack else ticket.resolved_by,
        ack_until=reading.later(ack.renewed_at, policy.ack_lasts(ticket.priority)) if ack else None,
        breached=reading.breached_at(rules.now) is not None,
        waiting_for=reading.paused_by[-1] if reading.paused_by else "",
        resolution=ticket.resolution,
        resolved_at=ticket.resolved_at,
        chat_linked=bool(ticket.threads),
        notice_at=ticket.notice_at,
        mentions=mentions,
        word=ticket.word,
        pauses=open_pauses(ticket, reading),
        levels=tuple(name for name in rules.book.desk.levels if rules.book.desk.rank(name) > _lowest(rules.book)),
        colleagues=_colleagues(ticket, rules),
        call_back_owed=ticket.call_back is not None and ticket.call_back.at is None,
        merged_into=ticket.merged_into,
        offered=bool(ticket.offered_to),
        now=rules.now,
        zone=rules.book.desk.zone,
        button=button,
    )


def foresight_of(verb: str, data: dict[str, object], seen: Preview, book: Book) -> Foresight:
    """Return what would follow from a press, and what it asked, so that it can be asked again to confirm."""
    people, teams = book.roster.by_id, book.desk.teams
    fields = _ASKED["pause" if verb == "pause" else "classify"]

    def name(contact: str) -> str:
        if contact in people:
            return people[contact].name
        team = contact.removeprefix("queue:")
        return teams[team].title.get("vi", team) if team in teams else ""

    return Foresight(
        verb="pause" if verb == "pause" else "classify",
        asked=tuple((field, str(data[field])[:_FIELD_LENGTH]) for field in fields if data.get(field)),
        priority=seen.new_priority,
        old_due_at=seen.old_due_at,
        new_due_at=seen.new_due_at,
        breached=seen.breached,
        paged=tuple(Foreseen(paged.level, name(paged.contact), paged.channels) for paged in seen.paged),
    )


def pause_asked_after(occurrence: str) -> int | None:
    """Return the number of the pause that a page asks after; None: it asks after none."""
    chase = _CHASE.match(occurrence)
    return int(chase[1]) if chase is not None else None


def open_pauses(ticket: Ticket, reading: Reading) -> tuple[OpenPause, ...]:
    """Return the pauses that stand, oldest first, with what the desk knows of each."""
    details = {detail.pause: detail for detail in ticket.pauses}
    since = {event.pause or 0: event.at for event in ticket.clock if event.kind == "pause"}
    return tuple(
        OpenPause(number, reason, since[number], "")
        if (detail := details.get(number)) is None
        else OpenPause(
            number=number,
            reason=reason,
            since=since[number],
            note=detail.note,
            reference=detail.reference,
            asked=detail.asked,
            answer=detail.answer,
            answered_at=detail.answered_at,
        )
        for number, reason in reading.pauses.items()
    )


def state_of(ticket: Ticket, reading: Reading) -> Literal["received", "working", "waiting", "resolved"]:
    """Return the state as people are told it."""
    if ticket.state != "open":
        return "resolved"
    if reading.paused_by:
        return "waiting"
    return "working" if ticket.ack is not None else "received"


def _lowest(book: Book) -> int:
    """Return the rank of the lowest level with people of its own: nobody is sent up to it."""
    return min((book.desk.rank(name) for name, level in book.desk.levels.items() if level.stands_in is None), default=0)


def _colleagues(ticket: Ticket, rules: Rules) -> tuple[Colleague, ...]:
    """Return whom the ticket can be handed over to, the team's own people first."""
    holder = ticket.ack.by if ticket.ack is not None else ""
    here = [person for person in rules.book.roster.people if person.id != holder and still_here(person, rules)]
    here.sort(key=lambda person: person.team != ticket.team)
    return tuple(Colleague(person.id, person.name, person.level) for person in here[:_COLLEAGUES_MAX])


def _title(ticket: Ticket, rules: Rules) -> dict[str, str]:
    return _titles(rules.book.policy.priorities[ticket.priority])


def _titles(priority: Priority) -> dict[str, str]:
    return {str(language): text for language, text in priority.title.items()}


def _still_wanted(effect: Card, ticket: Ticket) -> bool:
    """Return whether a page that waited still has something to say."""
    if effect.view != "page" or effect.page is None:
        return True
    if effect.page.kind == "call_back":
        return ticket.call_back is not None and ticket.call_back.at is None
    if ticket.state != "open":
        return False
    return not (effect.page.kind in USELESS_WHEN_HELD and ticket.ack is not None)
