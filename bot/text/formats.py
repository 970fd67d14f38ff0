"""How instants, spans and lists are written. Pure: the present, the zone and the language are passed in."""

from zoneinfo import ZoneInfo

from bot.sla.instants import HOUR, MINUTE, Instant, Span, to_datetime
from bot.text.phrases import phrases
from bot.ticket.model import Language


def instant(language: Language, at: Instant, now: Instant, zone: ZoneInfo) -> str:
    """Return `10:32 hôm nay`, or with its date if that is not the date of `now` in `zone`. To the minute, cut off."""
    words = phrases(language).times
    local = to_datetime(at).astimezone(zone)
    time = f"{local:%H:%M}"
    if local.date() == to_datetime(now).astimezone(zone).date():
        return words.today.format_map({"time": time})
    return words.on_day.format_map({"time": time, "date": day(language, at, zone)})


def day(language: Language, at: Instant, zone: ZoneInfo) -> str:
    """Return `23/11/2026`."""
    words = phrases(language).times
    local = to_datetime(at).astimezone(zone)
    name = words.months[local.month - 1]
    return words.date.format(day=local.day, month=local.month, name=name, year=local.year)


def span(language: Language, length: Span) -> str:
    """Return `6 phút`, `2 giờ`, `2 giờ 05 phút`: whole minutes, cut off; never days, whose length depends on hours."""
    words = phrases(language).times
    hours, rest = divmod(abs(length), HOUR)
    minutes = rest // MINUTE
    if not hours:
        return words.minutes.format(minutes=minutes) if minutes else words.under_a_minute
    if not minutes:
        return words.hours.format(hours=hours)
    return words.hours_minutes.format(hours=hours, minutes=minutes)


def left(language: Language, remaining: Span) -> str:
    """Return `còn 6 phút`, or `quá 12 phút` for a negative span.

    What is left is rounded to the nearest minute: a page made for "6 minutes before" is drawn a moment later and
    must still say 6. What is over is cut off.
    """
    words = phrases(language).times
    if remaining > 0:
        near = remaining if remaining < MINUTE else (remaining + MINUTE // 2) // MINUTE * MINUTE
        return words.left.format(span=span(language, near))
    if -remaining < MINUTE:
        return words.just_over
    return words.over.format(span=span(language, remaining))


def sla_time(language: Language, written: str) -> str:
    """Return a written span marked as time of the SLA's own hours."""
    return phrases(language).times.sla_time.format(span=written)


def listing(language: Language, items: tuple[str, ...]) -> str:
    """Return `a, b và c`."""
    if len(items) < 2:  # noqa: PLR2004  a list of one has no "and"
        return "".join(items)
    words = phrases(language).times
    return words.last_of_list.format(first=", ".join(items[:-1]), last=items[-1])
