"""The proof of a ticket for the shell: what became of each page, and whether its events are what they were."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk.receipts import Loaded
from bot.receipt.data import as_data, moment
from bot.sla.instants import HOUR, MINUTE, SECOND, Instant, Span
from bot.sla.roster import Roster
from bot.ticket.chain import Chain
from bot.ticket.proof import Page, Sending, pages_of


def proof_as_text(loaded: Loaded, roster: Roster, zone: ZoneInfo) -> str:
    """Return the proof as text, ends with a line break."""
    ticket = loaded.ticket
    lines = [f"{ticket.code}  {ticket.priority}  {ticket.state}", ""]
    for page in pages_of(loaded.chain.events):
        lines += _page(page, roster, zone)
    return "\n".join([*lines, chain_in_words(loaded.chain)]) + "\n"


def proof_as_data(loaded: Loaded, zone: ZoneInfo) -> dict[str, Any]:
    """Return the proof as JSON knows it."""
    chain = loaded.chain
    return {
        "code": loaded.ticket.code,
        "priority": loaded.ticket.priority,
        "state": loaded.ticket.state,
        "pages": [as_data(page, zone) for page in pages_of(chain.events)],
        "chain": {
            "holds": chain.holds,
            "events": loaded.ticket.events,
            "head": loaded.ticket.head,
            "broken_at": chain.broken_at,
            "why": chain.why,
        },
    }


def chain_in_words(chain: Chain) -> str:
    """Return whether the chain holds, or at which event it breaks."""
    if chain.holds:
        return f"chain of {len(chain.events)} events holds"
    return f"chain BREAKS at event {chain.broken_at}: {chain.why}"


def _page(page: Page, roster: Roster, zone: ZoneInfo) -> Iterable[str]:
    level = f" to {page.level}" if page.level else ""
    yield f"{page.kind}{level}  ({page.occurrence})"
    yield f"    due           {moment(page.due_at, zone)}"
    late = f", {_span(page.late)} late by the desk's own fault" if page.late else ""
    yield f"    queued        {moment(page.queued_at, zone)}  {_after(page, page.queued_at)}{late}"
    for sending in page.sendings:
        yield _sending(page, sending, roster, zone)
    if page.nobody_reached:
        yield "    nobody        of this level could be reached; the next one was paged"
    elif not page.sendings:
        yield "    sent          together with a weightier page of the same moment, or to managers only"
    answer = page.answer
    if answer is None:
        yield "    acknowledged  by nobody so far"
    else:
        by = _name(answer.by.removeprefix("staff:"), roster)
        door = f" by {answer.channel}" if answer.channel else ""
        yield f"    {answer.kind:<12}  {moment(answer.at, zone)}  {_after(page, answer.at)}, {by}{door}"
    yield ""


def _sending(page: Page, sending: Sending, roster: Roster, zone: ZoneInfo) -> str:
    to = f"{_name(sending.contact, roster)} by {sending.channel}"
    instead = ", in place of a channel that failed" if sending.instead else ""
    if sending.at is None:
        return f"    waiting       {to}: no word of it yet"
    why = f": {sending.why}" if sending.why else ""
    return f"    {sending.fate:<12}  {moment(sending.at, zone)}  {_after(page, sending.at)}, {to}{instead}{why}"


def _name(contact: str, roster: Roster) -> str:
    person = roster.by_id.get(contact)
    return f"{person.name} ({contact})" if person is not None else contact


def _after(page: Page, at: Instant) -> str:
    """Return how long after the page fell due something was."""
    return f"+{_span(page.lateness(at))}" if at >= page.due_at else f"-{_span(-page.lateness(at))}"


def _span(length: Span) -> str:
    """Return `1 h 05 min 07.250 s`, exact."""
    hours, rest = divmod(length, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes or hours else []
    if rest or not parts:
        parts.append(f"{rest / SECOND:.3f} s" if rest % SECOND else f"{rest // SECOND} s")
    return " ".join(parts)
