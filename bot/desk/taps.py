"""Presses on cards. Whoever sees a card can press it: each tap is authorised here, by identity, nonce and version."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.desk.arrivals import People, ShowCard, ShowMessage, Tap, TapAnswer
from bot.desk.handle import Desk, Done
from bot.desk.identity import author_for
from bot.desk.reads import Reads
from bot.errors import ConflictError, Refused
from bot.ticket.commands import (
    Acknowledge,
    Author,
    Command,
    CustomerSide,
    Note,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Resume,
    Staff,
)
from bot.ticket.draft import Rules
from bot.ticket.effects import Card, PageRef
from bot.ticket.model import Copy, Ticket

_INPUT_LENGTH = 2_000
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

    async def tap(self, tap: Tap) -> TapAnswer:
        """Carry out a tap; the card that comes back is drawn from the record just committed."""
        pressed = await self._authorise(tap)
        if isinstance(pressed, Refused):
            return ShowMessage(pressed, tap.language)
        if tap.automatic or tap.verb == "refresh":
            return await self._show(tap, pressed)
        if isinstance(pressed.author, Staff):
            command = _COMMANDS.get(tap.verb, _unknown)(pressed.author, tap.data)
        elif tap.verb == "reopen":
            command = Reopen(pressed.author, _text(tap.data, "note"))
        else:
            return ShowMessage(Refused("not_allowed"), tap.language)
        if isinstance(command, Refused):
            return ShowMessage(command, tap.language)
        if tap.verb not in _HARMLESS_WHEN_STALE and _int(tap.data.get("version")) < pressed.ticket.shown_version:
            return ShowMessage(Refused("old_card"), tap.language)
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

    async def _show(self, tap: Tap, pressed: _Pressed) -> TapAnswer:
        loaded = await self._desk.load_with_desk(pressed.ticket.code)
        if loaded is None:
            return ShowMessage(Refused("not_allowed"), tap.language)
        ticket, version, _, rules = loaded
        standing = next((c for c in ticket.copies if c.slot == pressed.slot), None)
        card = Card(
            id="tap",
            ticket=ticket.code,
            slot=pressed.slot,
            view=_view_of(pressed.slot, standing),
            chat=tap.chat,
            language=standing.language if standing else tap.language,
            page=_page_of(standing),
        )
        view = await self._reads.view(ticket, version, rules, card, standing)
        return ShowCard(view, card.language)


def _view_of(slot: str, standing: Copy | None) -> Literal["status", "page", "breach"]:
    if standing is not None:
        return standing.view
    return "status" if slot.startswith("status:") else "page"


def _page_of(standing: Copy | None) -> PageRef | None:
    if standing is None or standing.page is None:
        return None
    return PageRef(occurrence="", kind=standing.page, contact="", level=standing.level, due_at=0)


def _int(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(data: dict[str, object], name: str) -> str:
    return str(data.get(name) or "")[:_INPUT_LENGTH].strip()


def _acknowledge(by: Staff, _: dict[str, object]) -> Command | Refused:
    return Acknowledge(by)


def _resolve(by: Staff, data: dict[str, object]) -> Command | Refused:
    return Resolve(by, _text(data, "note"), workaround=data.get("workaround") in (True, "true"))


def _note(by: Staff, data: dict[str, object]) -> Command | Refused:
    return Note(by, _text(data, "note"))


def _classify(by: Staff, data: dict[str, object]) -> Command | Refused:
    how = _text(data, "how") or "corrected"
    if how not in ("corrected", "worsened"):
        return Refused("unknown_action")
    return Reclassify(by, _text(data, "priority"), how, _text(data, "reason"))  # type: ignore[arg-type]


def _pause(by: Staff, data: dict[str, object]) -> Command | Refused:
    reason = _text(data, "reason")
    if reason not in ("third_party", "customer", "out_of_control", "customer_fault", "out_of_scope"):
        return Refused("reason_needed")
    return Pause(by, reason, _text(data, "note"))  # type: ignore[arg-type]


def _resume(by: Staff, data: dict[str, object]) -> Command | Refused:
    return Resume(by, _text(data, "note"))


def _reopen(by: Staff, data: dict[str, object]) -> Command | Refused:
    return Reopen(by, _text(data, "note"))


def _unknown(_: Staff, __: dict[str, object]) -> Command | Refused:
    return Refused("unknown_action")


_COMMANDS: dict[str, Callable[[Staff, dict[str, object]], Command | Refused]] = {
    "acknowledge": _acknowledge,
    "resolve": _resolve,
    "note": _note,
    "classify": _classify,
    "pause": _pause,
    "resume": _resume,
    "reopen": _reopen,
}
