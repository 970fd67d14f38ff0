"""How a receipt writes instants, spans, hours and what people wrote: exactly, and each thing in one way.

Spans are never rounded, so that what is written adds up: seconds and thousandths appear exactly where there are any.
"""

from datetime import date
from typing import Final

from bot.sla.instants import HOUR, MINUTE, SECOND, Instant, Span, to_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS
from bot.text.groups import Times
from bot.text.plain import one_line
from bot.text.receipts import ReceiptWords
from bot.ticket.receipt import Receipt

_TEXT_MAX: Final = 400


class Pen:
    """Writes instants and spans of one receipt; its instants all in the finest unit that one of them needs."""

    def __init__(self, receipt: Receipt, words: ReceiptWords, times: Times) -> None:
        self.words = words
        self._times = times
        self._zone = receipt.zone
        self._as_of = receipt.as_of
        rows = [row for measure in receipt.measures for row in measure.rows]
        instants = [at for row in rows for at in (row.start, row.end)] or [receipt.as_of]
        self._finest = next((unit for unit in (MINUTE, SECOND) if all(at % unit == 0 for at in instants)), 1)

    def time(self, at: Instant) -> str:
        """Return `10:02`, with seconds or thousandths where the receipt has any."""
        local = to_datetime(at).astimezone(self._zone)
        if self._finest == MINUTE and at % MINUTE == 0:
            return f"{local:%H:%M}"
        if self._finest >= SECOND and at % SECOND == 0:
            return f"{local:%H:%M:%S}"
        return f"{local:%H:%M:%S}{self.words.decimal_point}{at % SECOND:03}"

    def at(self, at: Instant) -> str:
        """Return `T2 23/11/2026 10:02`."""
        local = to_datetime(at).astimezone(self._zone)
        return f"{self.date(local)} {self.time(at)}"

    def date(self, day: date) -> str:
        """Return `T2 23/11/2026`."""
        name = self._times.months[day.month - 1]
        written = self._times.date.format(day=day.day, month=day.month, name=name, year=day.year)
        return f"{self.words.weekdays[day.weekday()]} {written}"

    def day(self, at: Instant) -> str:
        """Return the date of an instant."""
        return self.date(to_datetime(at).astimezone(self._zone))

    def at_after(self, at: Instant, before: Instant) -> str:
        """Return an instant, without its date if it is that of `before`."""
        return self.time(at) if self.day(at) == self.day(before) else self.at(at)

    def offset(self) -> str:
        """Return the zone's distance from UTC, such as `+07:00`."""
        return to_datetime(self._as_of).astimezone(self._zone).isoformat()[-6:]

    def span(self, length: Span) -> str:
        """Return `1 giờ 05 phút 07,250 giây`: exact, without the parts that are nothing."""
        words = self.words
        hours, rest = divmod(length, HOUR)
        minutes, rest = divmod(rest, MINUTE)
        seconds, thousandths = divmod(rest, SECOND)
        parts = [words.hours.format(n=hours)] if hours else []
        if minutes or (hours and rest):
            parts.append(words.minutes.format(n=f"{minutes:02}" if hours else minutes))
        if rest:
            written = f"{seconds:02}" if parts else f"{seconds}"
            fraction = f"{words.decimal_point}{thousandths:03}" if thousandths else ""
            parts.append(words.seconds.format(n=written + fraction))
        return " ".join(parts) if parts else words.minutes.format(n=0)

    def column(self, length: Span) -> str:
        """Return a span for a column, in which nothing is a short sign."""
        return self.span(length) if length else self.words.nothing

    def target(self, receipt: Receipt, target: Span) -> str:
        """Return a commitment; in working days where it was promised so."""
        day = receipt.working_day
        if day is None or target != receipt.target or target % day:
            return self.span(target)
        return self.words.working_days.format(span=self.span(target), days=target // day, length=self.span(day))


def pause_reason(words: ReceiptWords, reason: str) -> str:
    """Return why a pause stands."""
    known = {
        "third_party": words.third_party,
        "customer": words.customer,
        "out_of_control": words.out_of_control,
        "customer_fault": words.customer_fault,
        "out_of_scope": words.out_of_scope,
    }
    return known.get(reason, words.other_pause)


def hours_in_words(hours: Hours, words: ReceiptWords) -> str:
    """Return `T2–T7 08:00–12:00, 13:00–17:00; không tính …`: days with the same windows put together."""
    runs: list[tuple[int, int, str]] = []
    for number, day in enumerate(WEEKDAYS):
        windows = hours.weekly.get(day, ())
        told = ", ".join(f"{_minute(start)}–{_minute(end)}" for start, end in windows)
        if windows == ((0, 24 * 60),):
            told = words.all_day
        if runs and runs[-1][2] == told:
            runs[-1] = (runs[-1][0], number, told)
        else:
            runs.append((number, number, told))
    parts = [f"{_weekdays(first, last, words)} {told}" for first, last, told in runs if told]
    if runs == [(0, len(WEEKDAYS) - 1, words.all_day)]:
        parts = [words.around_the_clock]
    closed = {"tet": words.closed_tet, "holiday": words.closed_holiday}
    days = ", ".join(closed[kind] for kind in hours.closed_on)
    written = "; ".join(parts)
    return words.not_counted.format(hours=written, days=days) if days else written


def _weekdays(first: int, last: int, words: ReceiptWords) -> str:
    if (first, last) == (0, len(WEEKDAYS) - 1):
        return words.whole_week
    if first == last:
        return words.weekdays[first]
    return words.days_to.format(first=words.weekdays[first], last=words.weekdays[last])


def _minute(of_day: int) -> str:
    return f"{of_day // 60:02}:{of_day % 60:02}"


def calm(text: str) -> str:
    """Return what somebody wrote as one harmless line."""
    return one_line(text, _TEXT_MAX)
