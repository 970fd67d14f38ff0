"""Presses on cards. Whoever sees a card can press it: each tap is authorised here, by identity, nonce and version."""

import hmac
from dataclasses import dataclass, replace
from typing import Literal

from bot.cards.views import Foresight, PageView, ReceiptView
from bot.desk.arrivals import People, ShowCard, ShowMessage, Tap, TapAnswer
from bot.desk.handle import Desk, Done
from bot.desk.identity import author_for
from bot.desk.presses import Press, field_text, read_press
from bot.desk.reads import Reads, foresight_of
from bot.desk.receipts import Receipts
from bot.errors import ConflictError, Refused
from bot.ticket.commands import Author, Command, CustomerSide, Pause, Reclassify, Reopen, Staff
from bot.ticket.draft import Rules
from bot.ticket.effects import Card, PageRef
from bot.ticket.model import Copy, Language, Ticket
from bot.ticket.preview import preview

_LOOKING = frozenset({"refresh", "more"})
_HARMLESS_WHEN_STALE = frozenset({"acknowledge", "note", "refresh"})
"""Acting on an older picture of the ticket does no harm with these."""


@dataclass(frozen=True)
class _Pressed:
    """A tap whose card is known to be ours."""

    ticket: Ticket
    version: int
    rules: Rules
    slot: str
    author: Author


class Taps:
    """Answers taps."""

    def __init__(self, desk: Desk, reads: Reads, people: People) -> None:
        self._desk = desk
        self._reads = reads
        self._people = people
        self._receipts = Receipts(desk)

    async def tap(self, tap: Tap) -> TapAnswer:
        """Carry out a tap; the card that comes back is drawn from the record just committed."""
        pressed = await self._authorise(tap)
        if isinstance(pressed, Refused):
            return ShowMessage(pressed, tap.language)
        if tap.automatic or tap.verb in _LOOKING:
            return await self._show(tap, pressed, menu=0 if tap.automatic else _menu(tap))
        if tap.verb == "receipt":
            return await self._count(tap, pressed)
        command = _command(tap, pressed)
        if isinstance(command, Refused):
            return ShowMessage(command, tap.language)
        if tap.verb not in _HARMLESS_WHEN_STALE and _int(tap.data.get("version")) < pressed.ticket.shown_version:
            return ShowMessage(Refused("old_card"), tap.language)
        if _is_to_be_foreseen(command, pressed.ticket) and tap.data.get("confirmed") != "true":
            return await self._foresee(tap, pressed, command)
        try:
            outcome = await self._desk.handle(pressed.ticket.code, command, operation=tap.operation)
        except ConflictError:
            return ShowMessage(Refused("conflict"), tap.language)
        if isinstance(outcome, Refused):
            return ShowMessage(outcome, tap.language)
        if not isinstance(outcome, Done):
            return ShowMessage(Refused("not_allowed"), tap.language)
        return await self._show(tap, pressed)

    async def _authorise(self, tap: Tap) -> _Pressed | Refused:
        """Return the pressed card, or the uniform refusal: a forged button learns nothing."""
        code, slot = str(tap.data.get("ticket", ""))[:64], str(tap.data.get("slot", ""))[:200]
        genuine = hmac.compare_digest(self._reads.nonce(code, slot).encode(), str(tap.data.get("nonce", "")).encode())
        member = await self._people.member(tap.chat, tap.sender)
        loaded = await self._desk.load_with_desk(code) if genuine else None
        if loaded is None:
            return Refused("not_allowed")
        ticket, version, _, rules = loaded
        author = author_for(member, ticket, rules.book, rules.now)
        if author is None:
            return Refused("not_allowed")
        if isinstance(author, CustomerSide) and not slot.startswith("status:"):
            return Refused("not_allowed")
        return _Pressed(ticket, version, rules, slot, author)

    async def _foresee(self, tap: Tap, pressed: _Pressed, command: Command) -> TapAnswer:
        """Show whoever pressed, and nobody else, what would follow; the same press confirmed does it (D7)."""
        seen = preview(pressed.ticket, command, pressed.rules)
        if isinstance(seen, Refused):
            return ShowMessage(seen, tap.language)
        return await self._show(tap, pressed, foresight_of(tap.verb, tap.data, seen, pressed.rules.book))

    async def _count(self, tap: Tap, pressed: _Pressed) -> TapAnswer:
        """Show whoever pressed how the time was counted; never where several customers could see it (D11).

        On a customer's card there is the customer's edition only, whoever presses: others look at the same screen.
        """
        if not self._reads.is_private(tap.chat, pressed.ticket, pressed.rules):
            return ShowMessage(Refused("not_allowed"), tap.language)
        code = pressed.ticket.code
        desks = isinstance(pressed.author, Staff) and not pressed.slot.startswith("status:")
        receipt = await self._receipts.of(code, "desk" if desks else "customer")
        if isinstance(receipt, Refused):
            return ShowMessage(receipt, tap.language)
        button = self._reads.button(code, pressed.slot, pressed.version)
        return ShowCard(ReceiptView(receipt, button), _language(tap, _standing(pressed.ticket, pressed.slot)))

    async def _show(
        self, tap: Tap, pressed: _Pressed, foresight: Foresight | None = None, *, menu: int = 0
    ) -> TapAnswer:
        loaded = await self._desk.load_with_desk(pressed.ticket.code)
        if loaded is None:
            return ShowMessage(Refused("not_allowed"), tap.language)
        ticket, version, _, rules = loaded
        standing = _standing(ticket, pressed.slot)
        card = Card(
            id="tap",
            ticket=ticket.code,
            slot=pressed.slot,
            view=_view_of(pressed.slot, standing),
            chat=tap.chat,
            language=_language(tap, standing),
            page=_page_of(standing),
        )
        view = await self._reads.view(ticket, version, rules, card, standing)
        if isinstance(view, PageView):
            view = replace(view, foresight=foresight, menu=menu)
        return ShowCard(view, card.language)


def _command(tap: Tap, pressed: _Pressed) -> Command | Refused:
    if isinstance(pressed.author, Staff):
        zone = pressed.rules.book.desk.zone
        return read_press(tap.verb, Press(pressed.author, tap.data, pressed.ticket, pressed.rules.now, zone))
    return Reopen(pressed.author, field_text(tap.data, "note")) if tap.verb == "reopen" else Refused("not_allowed")


def _is_to_be_foreseen(command: Command, ticket: Ticket) -> bool:
    """Return whether a command moves the deadline: then it is shown first. Confirming a guess moves nothing."""
    return isinstance(command, Pause) or (isinstance(command, Reclassify) and command.priority != ticket.priority)


def _standing(ticket: Ticket, slot: str) -> Copy | None:
    return next((copy for copy in ticket.copies if copy.slot == slot), None)


def _language(tap: Tap, standing: Copy | None) -> Language:
    return standing.language if standing is not None else tap.language


def _menu(tap: Tap) -> int:
    """Return which page of what is rarely done a tap asks for."""
    if tap.verb != "more":
        return 0
    return 2 if tap.data.get("menu") == "2" else 1


def _view_of(slot: str, standing: Copy | None) -> Literal["status", "page", "breach"]:
    if standing is not None:
        return standing.view
    return "status" if slot.startswith("status:") else "page"


def _page_of(standing: Copy | None) -> PageRef | None:
    if standing is None or standing.page is None:
        return None
    return PageRef(
        occurrence="", kind=standing.page, contact="", level=standing.level, due_at=0, late_ms=standing.late_ms
    )


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
