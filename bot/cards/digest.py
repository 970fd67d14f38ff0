"""The managers' digest as a card: a heading, and a short list for each thing that needs a manager. Staff only."""

from zoneinfo import ZoneInfo

from bot.cards import parts
from bot.cards.parts import Element
from bot.text.digests_written import LINE_MAX, WrittenSection, write_digest
from bot.ticket.effects import Bulletin
from bot.ticket.model import Language


def draw_digest(bulletin: Bulletin, language: Language, zone: ZoneInfo) -> Element:
    """Return the card of a digest. It has no buttons: it tells what was when it was made."""
    written = write_digest(bulletin, language, zone)
    urgent = any(section.name in ("passed", "over") for section in bulletin.sections)
    body = [
        parts.headline(written.title, written.period, "attention" if urgent else "accent"),
        *(element for section in written.sections for element in _section(section)),
        *(parts.text(line, isSubtle=True, size="Small", spacing="Medium") for line in written.closing),
    ]
    return parts.card(language, written.summary, body, [])


def summary_digest(bulletin: Bulletin, language: Language, zone: ZoneInfo) -> str:
    """Return how much of what there is, for the notification."""
    return write_digest(bulletin, language, zone).summary


def _section(section: WrittenSection) -> list[Element]:
    heading = parts.text(section.heading, weight="Bolder", spacing="Medium", separator=True)
    lines = [parts.text(parts.plain(line, LINE_MAX), spacing="Small", size="Small") for line in section.lines]
    return [heading, *lines]
