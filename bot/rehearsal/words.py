"""How a rehearsal writes times, spans and channels, in the reader's language."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.sla.instants import MINUTE, SECOND, Instant, Span, to_datetime
from bot.text import formats
from bot.text.phrases import phrases
from bot.text.rehearsals import Rehearsals
from bot.text.rehearsals_en import EN
from bot.text.rehearsals_vi import VI
from bot.ticket.model import Language


def words_of(language: Language) -> Rehearsals:
    """Return the phrases of a language."""
    return {"vi": VI, "en": EN}[language]


@dataclass(frozen=True)
class Writer:
    """Writes for one reader, in the desk's zone."""

    language: Language
    zone: ZoneInfo

    @property
    def words(self) -> Rehearsals:
        """Return the phrases."""
        return words_of(self.language)

    def time(self, at: Instant) -> str:
        """Return `16:30`, or `16:30:05` where there are seconds."""
        local = to_datetime(at).astimezone(self.zone)
        return f"{local:%H:%M}" if not local.second else f"{local:%H:%M:%S}"

    def day(self, at: Instant) -> str:
        """Return the weekday and date."""
        local = to_datetime(at).astimezone(self.zone)
        weekday = self.words.weekdays[local.weekday()]
        return self.words.day.format(weekday=weekday, date=formats.day(self.language, at, self.zone))

    def moment(self, at: Instant, near: Instant | None = None) -> str:
        """Return time, weekday and date; the time alone on the day of `near`."""
        local = to_datetime(at).astimezone(self.zone)
        if near is not None and to_datetime(near).astimezone(self.zone).date() == local.date():
            return self.time(at)
        weekday = self.words.weekdays[local.weekday()].lower() if self.language == "vi" else f"{local:%a}"
        date = formats.day(self.language, at, self.zone)
        return self.words.moment.format(time=self.time(at), weekday=weekday, date=date)

    def span(self, length: Span) -> str:
        """Return a span, its seconds too where there are any."""
        seconds = abs(length) % MINUTE // SECOND
        if not seconds:
            return formats.span(self.language, length) if length else self._no_time()
        whole = formats.span(self.language, length) if abs(length) >= MINUTE else ""
        return self.words.and_seconds.format(span=whole, seconds=seconds).strip()

    def channels(self, names: tuple[str, ...]) -> str:
        """Return channels by name."""
        known = {
            "teams": self.words.channel_teams,
            "mail": self.words.channel_mail,
            "phone": self.words.channel_phone,
        }
        return ", ".join(known.get(name, name) for name in names)

    def _no_time(self) -> str:
        return phrases(self.language).times.minutes.format(minutes=0)


def hours_minutes(length: Span) -> str:
    """Return `0:24`, or `-0:05:30` where there are seconds: hours and minutes for a column."""
    seconds = abs(length) // SECOND
    told = f"{'-' if length < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}"
    return f"{told}:{seconds % 60:02}" if seconds % 60 else told
