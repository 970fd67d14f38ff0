"""What became of a message: accepted, dropped, or given up. A page that was given up goes on at once.

Source: product.md, "The default ladder"; architecture.md, "A dead letter is itself an alert and, for a page, the next
channel".
"""

from bot.sla.rungs import Rung
from bot.ticket.commands import Delivered, Undelivered
from bot.ticket.contacts import contact_of, usable
from bot.ticket.draft import Draft
from bot.ticket.effects import PageRef
from bot.ticket.model import Copy, PendingPage
from bot.ticket.paging import situation_of
from bot.ticket.sending import MANAGERS, mail_managers, queue_to_contact, send_to_next_level, tell_operator

_COPIES_PER_PLACE = {"status": 3, "page": 20, "breach": 20}
_FOR_ONE_PERSON = frozenset({"information", "ack_warning", "call_back"})
"""Kinds of pages that wake no next level when they cannot be delivered."""


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
    if draft.rules.desk.channel("desk") is not None:  # without it the operator would be told twice
        draft.say_to_desk("undeliverable", code=draft.ticket.code, contact=contact, channel=channel)
    tell_operator(draft, f"page {occurrence} to {contact} by {channel} failed: {command.reason}")
    page = _settle(draft, command.page, "failed")
    if page is None or any(state != "failed" for state in page.channels.values()):
        return
    if contact == MANAGERS:
        mail_managers(draft, _ref(draft, page))
    elif not _by_another_channel(draft, page):
        _next_level(draft, page)


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
    contact = contact_of(person)
    for channel in usable(draft.rules, draft.ticket, ("teams", "mail", "phone")):
        if channel in page.channels:
            continue
        if queue_to_contact(draft, _ref(draft, page), contact, channel):
            pending = page.model_copy(update={"channels": {**page.channels, channel: "queued"}})
            draft.change(pending=(*draft.ticket.pending, pending))
            return True
    return False


def _ref(draft: Draft, page: PendingPage) -> PageRef:
    return PageRef(
        occurrence=page.occurrence,
        kind=page.kind,
        contact=page.contact,
        level=page.level,
        due_at=draft.rules.now,
        breach=page.breach,
    )


def _next_level(draft: Draft, page: PendingPage) -> None:
    if draft.ticket.state != "open" or page.kind in _FOR_ONE_PERSON:
        return
    failed = Rung(page.occurrence, page.kind, draft.rules.now, page.level, breach=page.breach)
    send_to_next_level(draft, situation_of(draft.ticket, draft.rules), failed)
