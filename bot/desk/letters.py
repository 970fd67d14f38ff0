"""Fills messages from the record as it is when they leave, then hands them to the messenger of their channel."""

from typing import get_args
from zoneinfo import ZoneInfo

from bot.cards.parts import pause_reason
from bot.desk.handle import Desk
from bot.desk.identity import may_still_see
from bot.desk.ports import Messenger, Receipt
from bot.desk.reads import USELESS_WHEN_HELD, Reads, open_pauses, pause_asked_after
from bot.sla.instants import MINUTE, Instant
from bot.text import formats
from bot.text.phrases import phrases
from bot.ticket.draft import Rules
from bot.ticket.effects import Effect, Mail, Mirror
from bot.ticket.model import Language, Ticket


class Letters:
    """Fills mails with every value that their templates may use."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def draw(self, effect: Mail) -> Mail | None:
        """Return a mail as it is to be sent now; None for a page that says nothing any more."""
        values = self._of_desk()
        if effect.ticket:
            loaded = await self._desk.load_with_desk(effect.ticket)
            if loaded is None or _says_nothing(effect, loaded[0]):
                return None
            ticket, _, _, rules = loaded
            values |= _of_ticket(ticket, rules)
        if effect.page is not None:
            values |= {"level": effect.page.level, "kind": effect.page.kind}
            if effect.ticket:
                values |= _of_page(ticket, rules, pause_asked_after(effect.page.occurrence))
        return effect.model_copy(update={"values": values | _written(effect, self._desk.books.book().desk.zone)})

    def _of_desk(self) -> dict[str, str]:
        desk = self._desk.books.book().desk
        return {"desk_name": desk.name, "support_mail": desk.support_mail, "support_phone": desk.support_phone}


class GuardedMirror:
    """Implements `Messenger` around Teams' own: in a shared channel an answer is only announced (D11)."""

    def __init__(self, desk: Desk, reads: Reads, inner: Messenger) -> None:
        self._desk = desk
        self._reads = reads
        self._inner = inner

    async def send(self, effect: Effect, *, uncertain: bool) -> Receipt:
        """Send; whether the chat is shared is asked now, for a binding may have lapsed while the answer waited."""
        if isinstance(effect, Mirror):
            loaded = await self._desk.load_with_desk(effect.ticket)
            if loaded is None:
                return Receipt("dropped", detail="no ticket")
            ticket, _, _, rules = loaded
            gone = effect.person is not None and not may_still_see(effect.person, ticket, rules.book, rules.now)
            if gone:
                return Receipt("dropped", detail="its reader may not see the ticket any more")
            if not self._reads.is_private(effect.chat, ticket, rules):
                effect = effect.model_copy(update={"text": "", "attachments": (), "author": ""})
        return await self._inner.send(effect, uncertain=uncertain)


def _written(effect: Mail, zone: ZoneInfo) -> dict[str, str]:
    """Return what the decision gave: instants (`since_ms`) as words in both languages (`since_vi`, `since_en`)."""
    values: dict[str, str] = {}
    for name, value in effect.values.items():
        if not name.endswith("_ms"):
            values[name] = value
        elif name == "at_ms":
            values["at"] = _full("vi", int(value), zone)
        else:
            for language in get_args(Language):
                values[name.removesuffix("ms") + language] = _full(language, int(value), zone)
    return values


def _of_ticket(ticket: Ticket, rules: Rules) -> dict[str, str]:
    reading, zone = rules.reading(ticket), rules.book.desk.zone
    customer = rules.customer(ticket)
    titles = rules.book.policy.priorities[ticket.priority].title
    left = reading.target - reading.used(rules.now)
    values = {
        "code": ticket.code,
        "priority": ticket.priority,
        "priority_title_vi": titles.get("vi", ""),
        "priority_title_en": titles.get("en", ""),
        "provisional": "yes" if ticket.provisional else "",
        "customer": customer.name if customer is not None else ticket.customer,
        "subject": ticket.subject,
        "excerpt": ticket.excerpt,
        "holder": ticket.ack.name if ticket.ack is not None else "",
    }
    due_at = reading.due_at()
    if due_at is not None and ticket.state == "open":
        values |= {"due_vi": _full("vi", due_at, zone), "due_en": _full("en", due_at, zone)}
        if left >= 0:
            values["minutes_left"] = str((left + MINUTE // 2) // MINUTE)
        else:
            values["over_by"] = formats.span("vi", -left)
    return values


def _of_page(ticket: Ticket, rules: Rules, chased: int | None) -> dict[str, str]:
    """Return what only the desk is told: what a colleague said, what is waited for, what the last chase brought."""
    zone, pauses = rules.book.desk.zone, open_pauses(ticket, rules.reading(ticket))
    if chased is not None:
        pauses = tuple(pause for pause in pauses if pause.number == chased)
    values: dict[str, str] = {}
    for language in get_args(Language):
        lines = []
        for pause in pauses:
            since = phrases(language).cards.pause_since.format(at=_full(language, pause.since, zone))
            lines.append(f"{pause_reason(language, pause.reason)}, {since}: {pause.about}")
        values[f"waiting_{language}"] = "; ".join(lines)
    if chased is not None:
        values["last_answer"] = "; ".join(pause.answer for pause in pauses)
    if ticket.word is not None:
        values |= {"word": ticket.word.text, "word_by": ticket.word.by_name, "word_kind": ticket.word.kind}
    return values


def _full(language: Language, at: Instant, zone: ZoneInfo) -> str:
    """Return an instant with its date: a mail is read on another day."""
    return formats.instant(language, at, 0, zone)


def _says_nothing(effect: Mail, ticket: Ticket) -> bool:
    if effect.template != "page" or effect.page is None:
        return False
    if effect.page.kind == "call_back":
        return ticket.call_back is None or ticket.call_back.at is not None
    return ticket.state != "open" or (effect.page.kind in USELESS_WHEN_HELD and ticket.ack is not None)
