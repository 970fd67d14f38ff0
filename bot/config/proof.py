"""Whether every page of a year would reach somebody: asked once for each interval in which nothing changes.

An interval ends where the roster, quiet hours or a calendar change. What is asked is what `bot.ticket.contacts` will
ask when the page falls due. Pages fall due while their hours are open and at the instant they close; a step at the very
start of a ticket falls due at any time (D4).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias

from bot.config.files import Loc
from bot.errors import NoWorkingTime
from bot.sla.book import Book, Desk
from bot.sla.calendar import Calendar
from bot.sla.escalation import pulled_rung
from bot.sla.instants import HOUR, Instant
from bot.sla.policy import Ladder, Policy
from bot.sla.roster import Interval, Person
from bot.sla.rungs import Rung
from bot.sla.shapes import Channel, Window, write_duration
from bot.sla.walls import clock_changes, inside, local_date, minute_of_day, reached

DAYS = 366

Why: TypeAlias = Literal["nobody", "unreachable", "quiet"]


@dataclass(frozen=True)
class Page:
    """Something that the policy may send to a level. `hours` None: at any time."""

    name: str
    loc: Loc
    level: str
    by: tuple[Channel, ...]
    ladder: Ladder
    hours: str | None
    whole_team: bool = False


@dataclass(frozen=True, order=True)
class Cause:
    """Why pages reach nobody. `level`: who would be reached, also in place of another; `by`: what could be used."""

    level: str
    team: str
    why: Why
    by: tuple[Channel, ...]
    lost: bool
    """Whether nobody above is reached either."""


@dataclass
class Gap:
    """One cause, and pages that it concerns at exactly the same times."""

    cause: Cause
    pages: dict[str, Page] = field(default_factory=dict)
    """By name."""
    people: dict[str, None] = field(default_factory=dict)
    """Ids of those on duty whom the page does not reach."""
    goes_to: dict[str, None] = field(default_factory=dict)
    """Levels that are paged instead."""
    spans: list[Interval] = field(default_factory=list)
    """In order, apart from one another. One without length is an instant at which hours close."""

    def extend(self, start: Instant, end: Instant) -> None:
        """Add an interval that begins no earlier than the last one ended."""
        if self.spans and self.spans[-1][1] == start:
            start = self.spans.pop()[0]
        self.spans.append((start, end))

    @property
    def length(self) -> int:
        """Return how long it is in all, in ms."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True)
class Proof:
    """What was asked, and where the answer was no."""

    since: Instant
    until: Instant
    intervals: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class _Reach:
    """Who stands behind a level at some time, and by what they can be reached. `queue`: the team as a whole."""

    people: tuple[str, ...]
    queue: bool
    channels: frozenset[str]


@dataclass(frozen=True)
class _Moment:
    """Everything that the answer hangs on; equal moments have equal answers."""

    duty: tuple[_Reach, ...]
    quiet: tuple[frozenset[Channel], ...]
    open: tuple[str, ...]


@dataclass(frozen=True)
class _Miss:
    cause: Cause
    page: Page
    people: tuple[str, ...]
    goes_to: str | None


def prove_year(book: Book, first_day: date, days: int = DAYS) -> Proof:
    """Return where in `days` from a day on a page of the policy would reach nobody."""
    zone = book.desk.zone
    since, until = (reached(first_day + timedelta(days=after), 0, zone) for after in (0, days))
    return _Prover(book, since, until).prove()


def pages_of(policy: Policy) -> Iterator[Page]:
    """Yield every page to a level that the policy may send by itself."""
    for name, priority in policy.priorities.items():
        ladder = priority.ladder
        for k, step in enumerate(ladder.steps):
            if step.level is not None:
                said = f"{step.share}%" if step.share is not None else write_duration(step.after or 0)
                hours = priority.hours if step.offset(priority.target) > 0 else None
                loc: Loc = ("priorities", name, "ladder", "steps", k)
                yield Page(f"{name} {said}", loc, step.level, step.by, ladder, hours, step.whole_team)
        if ladder.chase is not None:
            loc = ("priorities", name, "ladder", "chase")
            yield Page(f"{name} chase", loc, ladder.chase.level, ladder.chase.by, ladder, priority.hours)
    provisional = policy.priorities[policy.provisional].ladder
    for k, step in enumerate(policy.triage.steps):
        if step.level is not None:
            said, loc = f"triage {write_duration(step.after or 0)}", ("triage", "steps", k)
            yield Page(said, loc, step.level, step.by, provisional, policy.triage.hours, step.whole_team)


def answering(desk: Desk, level: str) -> str:
    """Return the level whose people answer for a level (L1 has none of its own)."""
    stands_in = desk.levels[level].stands_in
    return level if stands_in is None else answering(desk, stands_in)


def addresses(person: Person) -> frozenset[str]:
    """Return by which channels a person can be reached."""
    reach = {"mail"} if person.email else set()
    reach |= {"phone"} if person.numbers else set()
    return frozenset(reach | ({"teams"} if person.tenant and person.object_id else set()))


class _Prover:
    """One walk through a year; lives only inside `prove_year`."""

    def __init__(self, book: Book, since: Instant, until: Instant) -> None:
        self.book = book
        self.since = since
        self.until = until
        self.pages = tuple(pages_of(book.policy))
        self.ladders = tuple(priority.ladder for priority in book.policy.priorities.values())
        self.groups = {group: i for i, group in enumerate(dict.fromkeys(self._groups()))}
        names = sorted({page.hours for page in self.pages if page.hours is not None})
        self.openings: Mapping[str, list[Interval]] = {
            name: list(_openings(book.calendars[name], since, until)) for name in names
        }

    def prove(self) -> Proof:
        zone, roster = self.book.desk.zone, self.book.roster
        changes = {self.since, *roster.breakpoints(self.since, self.until, zone, self.book.days)}
        edges = sorted({self.until, *changes, *self._quiet_edges(), *self._calendar_edges()})
        closing = self._closing()
        answers: dict[_Moment, tuple[_Miss, ...]] = {}
        found: dict[tuple[Cause, str], Gap] = {}
        duty: tuple[_Reach, ...] = ()
        for start, end in pairwise(edges):
            if start in changes:
                duty = self._duty(start)
            moment = _Moment(duty, self._quiet(start), self._open(start))
            at_closing = _Moment(duty, moment.quiet, closing.get(start, ()))
            for asked, until in ((at_closing, start), (moment, end)):
                if asked not in answers:
                    answers[asked] = tuple(self._misses(asked))
                _add(found, answers[asked], start, until)
        return Proof(self.since, self.until, len(edges) - 1, _together(found.values()))

    def _groups(self) -> Iterator[tuple[str, str, bool]]:
        """Yield whom pages go to: (level, team where the level has teams, whether the team as a whole)."""
        desk = self.book.desk
        for page in self.pages:
            level = answering(desk, page.level)
            for team in desk.teams if desk.levels[level].by_team else [""]:
                yield level, team, page.whole_team

    def _duty(self, at: Instant) -> tuple[_Reach, ...]:
        return tuple(self._reach(level, team, at, whole=whole) for level, team, whole in self.groups)

    def _reach(self, level: str, team: str, at: Instant, *, whole: bool) -> _Reach:
        """Return whom a page of a level goes to: people on duty, else the team's queue."""
        desk = self.book.desk
        people = () if whole else self.book.roster.on_duty(level, team or None, at, desk.zone, self.book.days)
        if people or not team:
            channels: frozenset[str] = frozenset().union(*map(addresses, people))
            return _Reach(tuple(person.id for person in people), False, channels)
        queue = desk.teams[team].queue
        mail, phone = {"mail"} if queue.email else set(), {"phone"} if queue.extensions else set()
        return _Reach((), True, frozenset({"teams"} | mail | phone))  # the desk's channel, bound by staff

    def _quiet(self, at: Instant) -> tuple[frozenset[Channel], ...]:
        minute = minute_of_day(at, self.book.desk.zone)
        return tuple(
            frozenset(channel for channel, window in ladder.quiet.items() if inside(window, minute))
            for ladder in self.ladders
        )

    def _open(self, at: Instant) -> tuple[str, ...]:
        return tuple(name for name in self.openings if self._is_open(name, at))

    def _is_open(self, name: str, at: Instant) -> bool:
        intervals = self.openings[name]
        i = bisect_right(intervals, at, key=lambda interval: interval[0]) - 1
        return i >= 0 and at < intervals[i][1]

    def _closing(self) -> dict[Instant, tuple[str, ...]]:
        """Return the hours that close at an instant, where time that runs out then is due then (D6)."""
        found: dict[Instant, tuple[str, ...]] = {}
        for name, intervals in self.openings.items():
            for _, end in intervals if self.book.policy.hours[name].boundary == "close" else ():
                found[end] = (*found.get(end, ()), name)
        return found

    def _calendar_edges(self) -> Iterator[Instant]:
        for intervals in self.openings.values():
            for start, end in intervals:
                yield from (edge for edge in (start, end) if self.since < edge < self.until)

    def _quiet_edges(self) -> Iterator[Instant]:
        """Yield where quiet hours begin and end, also where the clocks go back over it and it does so twice."""
        zone = self.book.desk.zone
        windows: set[Window] = {window for ladder in self.ladders for window in ladder.quiet.values()}
        minutes = sorted({minute for window in windows for minute in window})
        if not minutes:
            return
        changes = list(clock_changes(self.since, self.until, zone))
        yield from (at for at, _ in changes)
        first, last = local_date(self.since, zone).toordinal(), local_date(self.until, zone).toordinal()
        for day in map(date.fromordinal, range(first - 1, last + 1)):
            for edge in (reached(day, minute, zone) for minute in minutes):
                again = [edge + back for at, back in changes if at - back <= edge < at]
                yield from (at for at in (edge, *again) if self.since < at < self.until)

    def _misses(self, moment: _Moment) -> Iterator[_Miss]:
        for page in self.pages:
            if page.hours is not None and page.hours not in moment.open:
                continue
            level = answering(self.book.desk, page.level)
            for team in self.book.desk.teams:
                reach, channels = self._asked(moment, page.level, team, page, whole=page.whole_team)
                if reach.channels & channels:
                    continue
                goes_to = self._above(moment, page, team)
                why: Why = "nobody" if not reach.people and not reach.queue else "unreachable" if channels else "quiet"
                by = tuple(sorted(channels)) if why == "unreachable" else page.by if why == "quiet" else ()
                told = team if self.book.desk.levels[level].by_team else ""
                yield _Miss(Cause(level, told, why, by, goes_to is None), page, reach.people, goes_to)

    def _above(self, moment: _Moment, page: Page, team: str) -> str | None:
        """Return the level that is paged at once because a page reached nobody; None if nobody above is reached."""
        rung = Rung("", "step", 0, page.level, page.by)
        while (pulled := pulled_rung(page.ladder, rung, self.book.desk.rank)) is not None:
            rung = pulled
            above = Page("", (), rung.level or "", rung.by, page.ladder, None, rung.whole_team)
            reach, channels = self._asked(moment, above.level, team, above, whole=above.whole_team)
            if reach.channels & channels:
                return above.level
        return None

    def _asked(
        self, moment: _Moment, level: str, team: str, page: Page, *, whole: bool
    ) -> tuple[_Reach, frozenset[Channel]]:
        """Return who stands behind a level and which channels of a page may be used."""
        level = answering(self.book.desk, level)
        group = (level, team if self.book.desk.levels[level].by_team else "", whole)
        quiet = moment.quiet[self.ladders.index(page.ladder)]
        usable = {channel for channel in page.by if channel in self.book.channels_configured and channel not in quiet}
        return moment.duty[self.groups[group]], frozenset(usable)


def _add(found: dict[tuple[Cause, str], Gap], misses: tuple[_Miss, ...], start: Instant, end: Instant) -> None:
    """Note an interval once for each cause and page, whichever teams it concerns."""
    for cause, name in dict.fromkeys((miss.cause, miss.page.name) for miss in misses):
        found.setdefault((cause, name), Gap(cause)).extend(start, end)
    for miss in misses:
        gap = found[miss.cause, miss.page.name]
        gap.pages[miss.page.name] = miss.page
        gap.people.update(dict.fromkeys(miss.people))
        if miss.goes_to is not None:
            gap.goes_to[miss.goes_to] = None


def _together(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps of the same cause and the same times as one, sorted by cause."""
    found: dict[tuple[Cause, tuple[Interval, ...]], Gap] = {}
    for gap in gaps:
        whole = found.setdefault((gap.cause, tuple(gap.spans)), gap)
        whole.pages |= gap.pages
        whole.people |= gap.people
        whole.goes_to |= gap.goes_to
    return tuple(sorted(found.values(), key=lambda gap: (gap.cause, gap.spans)))


def _openings(calendar: Calendar, since: Instant, until: Instant) -> Iterator[Interval]:
    """Yield the open intervals between two instants, found by asking how far every minute counts."""
    start = since
    while True:
        try:
            start = calendar.next_open(start)
        except NoWorkingTime:
            return
        if start >= until:
            return
        low, step = start, HOUR
        while low < until and calendar.between(start, min(low + step, until)) == min(low + step, until) - start:
            low, step = min(low + step, until), 2 * step
        high = min(low + step, until)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if calendar.between(start, middle) == middle - start else (low, middle)
        yield start, low
        start = low + 1 if low < until else until
