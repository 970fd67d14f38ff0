"""A digest in the words of one language: what card and mail only lay out. Every string is plain text on one line."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from bot.sla.instants import MINUTE, Instant
from bot.text import digests_en, digests_vi, formats
from bot.text.digests import DigestWords
from bot.text.mails import Bullets, Paragraph, Written
from bot.text.phrases import phrases
from bot.text.plain import one_line
from bot.ticket.effects import Bulletin, DigestLine, DigestSection, Section
from bot.ticket.model import Language

LINE_MAX: Final = 240
_NAME_MAX: Final = 60
_NOTE_MAX: Final = 80
_LANGUAGES: Final[dict[Language, DigestWords]] = {"vi": digests_vi.VI, "en": digests_en.EN}


@dataclass(frozen=True)
class WrittenSection:
    """A section with its heading; what had no room is its last line."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class WrittenDigest:
    """A digest in words."""

    title: str
    period: str
    sections: tuple[WrittenSection, ...]
    closing: tuple[str, ...]
    summary: str


def write_digest(bulletin: Bulletin, language: Language, zone: ZoneInfo) -> WrittenDigest:
    """Return the digest in a language; instants with their date, for it may be read on another day."""
    return _Pen(bulletin, language, zone).digest()


def digest_mail(bulletin: Bulletin, language: Language, zone: ZoneInfo, desk_name: str) -> Written:
    """Return the digest as a mail to one manager."""
    written = write_digest(bulletin, language, zone)
    sections = [block for one in written.sections for block in (Paragraph(one.heading), Bullets(one.lines))]
    closing = [Paragraph(text) for text in (*written.closing, desk_name)]
    first = (Paragraph(_LANGUAGES[language].greeting), Paragraph(f"{written.title}. {written.period}."))
    return Written(written.summary, (*first, *sections, *closing))


class _Pen:
    def __init__(self, bulletin: Bulletin, language: Language, zone: ZoneInfo) -> None:
        self.bulletin = bulletin
        self.language: Language = language
        self.zone = zone
        self.words = _LANGUAGES[language]

    def digest(self) -> WrittenDigest:
        words, bulletin = self.words, self.bulletin
        since, until = self._at(bulletin.since), self._at(bulletin.until)
        return WrittenDigest(
            title=words.title.format(at=until),
            period=words.period.format(since=since, until=until),
            sections=tuple(self._section(section) for section in bulletin.sections),
            closing=tuple(self._closing()),
            summary=self._summary(),
        )

    def _section(self, section: DigestSection) -> WrittenSection:
        words, more = self.words, section.count - len(section.lines)
        title = getattr(words, f"section_{section.name}")
        lines = [one_line(self._line(section.name, line), LINE_MAX) for line in section.lines]
        rest = [words.more.format(count=more)] if more > 0 else []
        return WrittenSection(words.heading.format(section=title, count=section.count), (*lines, *rest))

    def _closing(self) -> Iterator[str]:
        if self.bulletin.unreadable:
            yield self.words.unreadable.format(count=self.bulletin.unreadable)
        yield self.words.next_one.format(at=self._at(self.bulletin.next_at))

    def _summary(self) -> str:
        counts = [
            getattr(self.words, f"count_{section.name}").format(count=section.count)
            for section in self.bulletin.sections
        ]
        if not counts:
            return self.words.unreadable.format(count=self.bulletin.unreadable)
        return self.words.summary.format(counts=", ".join(counts))

    def _line(self, section: Section, line: DigestLine) -> str:
        words, company = self.words, one_line(line.company, _NAME_MAX)
        what = self._what(section, line)
        if note := one_line(line.note, _NOTE_MAX):
            what = words.noted.format(what=what, note=note)
        if not line.code:
            return words.customer.format(company=company, what=what)
        priority = words.provisional.format(priority=line.priority) if line.provisional else line.priority
        return words.ticket.format(code=line.code, priority=priority, company=company, what=what)

    def _what(self, section: Section, line: DigestLine) -> str:
        words, at = self.words, self._at(line.at)
        match section:
            case "passed" | "over":
                return words.overdue.format(span=self._over(line), at=at, who=self._who(line))
            case "due":
                return words.due.format(at=at, who=self._who(line))
            case "waiting" if line.reason == "suspension":
                return words.suspended.format(at=at)
            case "waiting":
                return words.paused.format(reason=self._reason(line.reason), at=at, who=self._who(line))
            case "call_backs":
                phrase = words.call_back_late if line.at < self.bulletin.until else words.call_back
                return phrase.format(at=at, who=self._who(line))

    def _over(self, line: DigestLine) -> str:
        """Return by how much, marked as time of the SLA's hours where the wall clock would say something else."""
        written = formats.span(self.language, line.over)
        ended_at = self.bulletin.until if line.resolved_at is None else line.resolved_at
        if abs(ended_at - line.at - line.over) <= MINUTE:
            return written
        return formats.sla_time(self.language, written)

    def _who(self, line: DigestLine) -> str:
        name = one_line(line.who, _NAME_MAX)
        if line.resolved_at is not None:
            return self.words.resolved.format(name=name, at=self._at(line.resolved_at))
        return self.words.held_by.format(name=name) if name else self.words.nobody

    def _reason(self, reason: str) -> str:
        words = phrases(self.language).cards
        known = {
            "third_party": words.pause_third_party,
            "customer": words.pause_customer,
            "out_of_control": words.pause_out_of_control,
            "customer_fault": words.pause_customer_fault,
            "out_of_scope": words.pause_out_of_scope,
        }
        told = known.get(reason, words.pause_other)
        return told[:1].lower() + told[1:]

    def _at(self, at: Instant) -> str:
        return formats.instant(self.language, at, 0, self.zone)
