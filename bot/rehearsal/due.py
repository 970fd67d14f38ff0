"""When a ticket is due whose first contact is at a given moment, and whom its ladder wakes until then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.rehearsal.words import Writer
from bot.sla.book import Book
from bot.sla.calendar import Calendar
from bot.sla.days import Day
from bot.sla.instants import Instant, Span, to_datetime
from bot.sla.policy import Hours, Step
from bot.sla.shapes import WEEKDAYS, Channel, Window
from bot.text import formats
from bot.ticket.model import Language


@dataclass(frozen=True)
class Rung:
    """One step of the ladder, at its instant if nothing pauses the clock."""

    at: Instant
    share: int | None
    used: Span
    step: Step
    by: tuple[Channel, ...]
    quiet: tuple[Channel, ...]
    """Channels of the step that are silent at that hour."""


@dataclass(frozen=True)
class Due:
    """A deadline and what leads up to it."""

    priority: str
    first: Instant
    """The first contact; the notice, where the policy lets the clock run from that only (D1)."""
    starts_at: Instant
    """When the clock first runs: later than the first contact outside its hours."""
    due_at: Instant
    target: Span
    rungs: tuple[Rung, ...]
    closed: tuple[Day, ...]
    doubtful: tuple[tuple[int, str], ...]
    """(year, status) of every year on the way whose calendar nobody reviewed."""


def due_of(book: Book, priority: str, first: Instant) -> Due:
    """Return when a ticket is due that nothing pauses. Raises KeyError for a priority that the policy does not have."""
    promise = book.policy.priorities[priority]
    calendar = book.calendars[promise.hours]
    due_at = calendar.add(first, promise.target)
    rungs = tuple(_rung(book, priority, step, first, calendar) for step in promise.ladder.steps)
    return Due(
        priority=priority,
        first=first,
        starts_at=calendar.next_open(first),
        due_at=due_at,
        target=promise.target,
        rungs=tuple(sorted(rungs, key=lambda rung: rung.used)),
        closed=calendar.closed_days(first, due_at),
        doubtful=tuple((year, book.days.year(year).status) for year in book.doubtful_years(first, due_at)),
    )


def _rung(book: Book, priority: str, step: Step, first: Instant, calendar: Calendar) -> Rung:
    ladder = book.policy.priorities[priority].ladder
    used = step.offset(book.policy.priorities[priority].target)
    at = calendar.add(first, used) if used else first
    local = to_datetime(at).astimezone(book.desk.zone)
    minute = local.hour * 60 + local.minute
    quiet = tuple(channel for channel in step.by if _inside(ladder.quiet.get(channel), minute))
    by = tuple(channel for channel in step.by if channel not in quiet)
    return Rung(at, step.share, used, step, by, quiet)


def _inside(window: Window | None, minute: int) -> bool:
    if window is None:
        return False
    start, end = window
    return start <= minute < end if start < end else minute >= start or minute < end


def on_paper(book: Book, due: Due, language: Language) -> Iterator[str]:
    """Yield the lines of an answer."""
    write = Writer(language, book.desk.zone)
    words, promise = write.words, book.policy.priorities[due.priority]
    yield words.due_title.format(
        priority=due.priority, title=promise.title[language], target=_target(write, due.target, promise.working_day)
    )
    by_notice = promise.clock_starts == "notice"
    rows = [(words.due_notice if by_notice else words.due_first, write.moment(due.first))]
    if due.starts_at != due.first:
        rows.append((words.due_starts, write.moment(due.starts_at)))
    rows += [
        (words.due_at, write.moment(due.due_at)),
        (words.due_hours, _hours(write, book.policy.hours[promise.hours])),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        yield f"  {name:<{width}}  {value}"
    if by_notice:
        yield words.due_from_notice.format(priority=due.priority)
    yield ""
    yield f"{words.due_ladder}:"
    yield from _ladder(write, due, book)
    ladder = promise.ladder
    if ladder.repeat_every is not None:
        yield words.due_repeat.format(every=write.span(ladder.repeat_every))
    yield words.due_ack.format(
        span=write.span(book.policy.ack_lasts(due.priority)), warning=write.span(ladder.ack_warning)
    )
    yield words.due_after_breach.format(every=write.span(ladder.after_breach_every))
    yield ""
    yield words.due_closed_days if due.closed else words.due_no_closed_days
    for day in due.closed:
        yield words.due_closed_day.format(day=_day(write, day), name=day.name[language], source=day.source)
    for year, status in due.doubtful:
        doubt = words.status_provisional if status == "provisional" else words.status_unreviewed
        yield words.due_doubtful.format(year=year, status=doubt)


def as_data(book: Book, due: Due) -> dict[str, object]:
    """Return an answer as JSON: instants as local ISO times, spans in ms."""
    zone = book.desk.zone

    def written(at: Instant) -> str:
        return to_datetime(at).astimezone(zone).isoformat()

    return {
        "priority": due.priority,
        "policy": book.policy.content_hash(),
        "counts_from": book.policy.priorities[due.priority].clock_starts,
        "first_contact": written(due.first),
        "clock_starts_at": written(due.starts_at),
        "due_at": written(due.due_at),
        "target_ms": due.target,
        "ladder": [
            {
                "at": written(rung.at),
                "share": rung.share,
                "used_ms": rung.used,
                "level": rung.step.level,
                "by": list(rung.by),
                "quiet": list(rung.quiet),
                "when": rung.step.when,
                "inform_by": list(rung.step.inform_by),
                "managers": rung.step.managers,
            }
            for rung in due.rungs
        ],
        "closed_days": [
            {"date": day.date.isoformat(), "kind": day.kind, "name": day.name, "source": day.source}
            for day in due.closed
        ],
        "doubtful_years": [{"year": year, "status": status} for year, status in due.doubtful],
    }


def _ladder(write: Writer, due: Due, book: Book) -> Iterator[str]:
    words = write.words
    rows = []
    for rung in due.rungs:
        step = rung.step
        mark = f"{rung.share}%" if rung.share is not None else write.span(rung.used)
        told = []
        if step.level is not None:
            who = words.due_whole_team.format(level=step.level) if step.whole_team else step.level
            told.append(f"{who}: {write.channels(rung.by)}")
        if step.managers is not None:
            told.append(words.due_managers_channel if step.managers == "channel" else words.due_managers_digest)
        notes = []
        if step.when == "unacked":
            notes.append(words.due_unacked)
            if step.inform_by:
                notes.append(words.due_informs.format(channels=write.channels(step.inform_by)))
        for channel in rung.quiet:
            window = book.policy.priorities[due.priority].ladder.quiet[channel]
            notes.append(words.due_quiet.format(window=_window(window)))
        rows.append((mark, write.moment(rung.at), " + ".join(told) + (f" ({'; '.join(notes)})" if notes else "")))
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    for mark, at, told_text in rows:
        yield f"  {mark:>{widths[0]}}  {at:<{widths[1]}}  {told_text}"


def _target(write: Writer, target: Span, working_day: Span | None) -> str:
    if not working_day or target % working_day:
        return write.span(target)
    return write.words.working_days.format(days=target // working_day, span=write.span(target))


def _hours(write: Writer, hours: Hours) -> str:
    words = write.words
    week = [tuple(hours.weekly.get(day, ())) for day in WEEKDAYS]
    told = []
    if all(windows == ((0, 24 * 60),) for windows in week):
        told.append(words.due_never_closed)
    else:
        for first, last, windows in _alike(week):
            names = words.weekdays_short[first] + (f"–{words.weekdays_short[last]}" if last > first else "")
            told.append(f"{names} {', '.join(map(_window, windows))}")
    if "holiday" in hours.closed_on:
        told.append(words.due_closed_holiday)
    elif "tet" in hours.closed_on:
        told.append(words.due_closed_tet)
    return "; ".join(told)


def _alike(week: list[tuple[Window, ...]]) -> Iterator[tuple[int, int, tuple[Window, ...]]]:
    """Yield runs of weekdays with the same windows, days off left out."""
    start = 0
    for i in range(1, len(week) + 1):
        if i == len(week) or week[i] != week[start]:
            if week[start]:
                yield start, i - 1, week[start]
            start = i


def _window(window: Window) -> str:
    return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in window)


def _day(write: Writer, day: Day) -> str:
    weekday = write.words.weekdays[day.date.weekday()]
    noon = datetime.combine(day.date, datetime.min.time(), write.zone).replace(hour=12)
    at = round(noon.timestamp() * 1000)
    return write.words.day.format(weekday=weekday, date=formats.day(write.language, at, write.zone))
