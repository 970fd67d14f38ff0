"""A scenario file and the desk's files become a stage: everything that a rehearsal needs, or every fault at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bot.config.files import Loc, Source, read_source, validate
from bot.config.load import load_book
from bot.config.written import prove_roster
from bot.errors import ConfigError, Fault
from bot.rehearsal.moments import Moment
from bot.rehearsal.scenario import Scenario, read_page
from bot.sla.book import Book
from bot.sla.instants import DAY, Instant
from bot.sla.roster import Roster
from bot.sla.shapes import Frozen
from bot.ticket.model import BoundChannel, Chat, DeskRecord

LASTS_MAX = 366 * DAY
AFTER_THE_LAST_LINE = DAY
ANYBODY = "example"
"""The customer of a scenario that names none."""
_SERVICE_URL = "https://teams.example/"


@dataclass(frozen=True)
class Stage:
    """A scenario that can be played."""

    scenario: Scenario
    source: Source
    """Where each part of the scenario stands in its file."""
    book: Book
    desk: DeskRecord
    first: Instant
    until: Instant

    def at(self, moment: Moment) -> Instant:
        """Return the instant of a time of the scenario."""
        return moment.instant(self.first, self.book.desk.zone)

    @property
    def customer(self) -> str:
        """Return whose ticket it is."""
        return self.scenario.customer or ANYBODY


def set_stage(path: Path, folder: Path) -> Stage:
    """Read a scenario against the desk's files; raises ConfigError with every fault of either."""
    source = read_source(path.parent, path.name)
    scenario = validate(source, Scenario)
    channels = frozenset(scenario.channels) if scenario is not None else frozenset({"teams", "mail", "phone"})
    faults: list[Fault] = []
    book: Book | None = None
    stage: Stage | None = None
    try:
        book, _ = load_book(folder, channels)
    except ConfigError as error:
        faults = [fault for fault in error.faults if fault.fatal]
    if scenario is not None and book is not None:
        stage = _stage(source, scenario, _with_people(source, scenario, book, folder))
    if source.faults or faults or stage is None:
        raise ConfigError([*source.faults, *faults])
    return stage


def _with_people(source: Source, scenario: Scenario, book: Book, folder: Path) -> Book:
    if scenario.people is None:
        return book
    prove_roster(source, read_source(folder, "desk.yaml"))
    return replace(book, roster=Roster(people=scenario.people, shifts=scenario.shifts or ()))


def _stage(source: Source, scenario: Scenario, book: Book) -> Stage:
    """Return the stage; what does not fit together is noted in the source."""
    first = _instant(source, scenario.first_contact, 0, book, "first_contact") or 0
    for loc, moment in _moments(scenario):
        at = _instant(source, moment, first, book, *loc)
        if at is not None and abs(at - first) > LASTS_MAX:
            source.note("lies more than 366 days from the first contact", *loc)
    _prove_names(source, scenario, book)
    stage = Stage(scenario, source, book, _desk(scenario, book), first, first)
    if source.faults:
        return stage
    opening = [stage.at(line.at) for line in scenario.events if line.mail is not None]
    if len(opening) != 1:
        source.note(f"exactly one line is the 'mail' that opens the ticket; here it is {len(opening)}", "events")
        return stage
    for i, line in enumerate(scenario.events):
        if stage.at(line.at) < opening[0] and line.call is None and line.suspend is None and line.agree is None:
            source.note(f"{line.name}: there is no ticket before the mail", "events", i)
    if source.faults:
        return stage
    last = max(stage.at(line.at) for line in scenario.events)
    until = last + AFTER_THE_LAST_LINE if scenario.until is None else stage.at(scenario.until)
    if until < last:
        source.note("'until' is before the last line", "until")
    return replace(stage, until=until)


def _instant(source: Source, moment: Moment, first: Instant, book: Book, *loc: int | str) -> Instant | None:
    try:
        return moment.instant(first, book.desk.zone)
    except ValueError as error:
        source.note(str(error), *loc)
        return None


def _moments(scenario: Scenario) -> Iterator[tuple[Loc, Moment]]:
    """Yield every time in the scenario with its place."""
    if scenario.until is not None:
        yield ("until",), scenario.until
    for key in ("events", "failing", "expect"):
        for i, item in enumerate(getattr(scenario, key)):
            for name, value in item:
                if isinstance(value, Moment):
                    yield (key, i, name), value
                if isinstance(value, Frozen):
                    yield from (((key, i, name, inner), part) for inner, part in value if isinstance(part, Moment))
    for i, expected in enumerate(scenario.expect):
        for k, written in enumerate(expected.pages or ()):
            yield ("expect", i, "pages", k), read_page(written)[0]


def _prove_names(source: Source, scenario: Scenario, book: Book) -> None:
    """Note every name that the desk's files (or the scenario's own people) do not have."""
    people, priorities, levels = book.roster.by_id, book.policy.priorities, book.desk.levels
    if scenario.customer is not None and scenario.customer not in book.customers.by_id:
        source.note(f"customer {scenario.customer!r} is not in customers.yaml", "customer")
    for i, line in enumerate(scenario.events):
        action, loc = line.action, ("events", i, line.name)
        by = line.ack if line.ack is not None else getattr(action, "by", None)
        if by is not None and by not in people:
            source.note(f"{by!r} is not among the people ({_known(people)})", *loc)
        if line.hand_over is not None and line.hand_over.to not in people:
            source.note(f"{line.hand_over.to!r} is not among the people ({_known(people)})", *loc, "to")
        if line.escalate is not None and line.escalate.to not in levels:
            source.note(f"{line.escalate.to!r} is no level of the desk ({_known(levels)})", *loc, "to")
        if line.mail is not None:
            if line.mail.priority is not None and line.mail.priority not in priorities:
                source.note(f"{line.mail.priority!r} is no priority ({_known(priorities)})", *loc, "priority")
            if line.mail.team is not None and line.mail.team not in book.desk.teams:
                source.note(f"{line.mail.team!r} is no team of the desk ({_known(book.desk.teams)})", *loc, "team")
    contacts = {*people, "desk", "managers", *(f"queue:{team}" for team in book.desk.teams)}
    for i, failing in enumerate(scenario.failing):
        if failing.who not in contacts:
            source.note(f"{failing.who!r} is nobody who is paged ({_known(contacts)})", "failing", i, "who")
    for i, expected in enumerate(scenario.expect):
        for name in (expected.page, expected.never.level if expected.never is not None else None):
            if name is not None and name not in {*levels, "managers"}:
                source.note(f"{name!r} is no level of the desk ({_known(levels)}, managers)", "expect", i)


def _known(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _desk(scenario: Scenario, book: Book) -> DeskRecord:
    """Return what the desk would have learnt in operation: the channels that staff bound."""
    channels = {}
    for role in scenario.bound:
        chat = Chat(conversation=f"19:{role}@thread.tacv2", service_url=_SERVICE_URL, tenant=book.desk.tenant)
        channels[chat.conversation] = BoundChannel(role=role, chat=chat, bound_by="")
    return DeskRecord(channels=channels, service_url=_SERVICE_URL)
