"""A ticket's clock receipt: the rows of its clock with what the ticket knows of each: who, why, by what evidence.

The customer's edition is made here too, by leaving out: whatever draws a receipt cannot show what is not in it.
Source: D1-D9, D11, D16; the clock itself is `bot.sla.receipt`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from bot.sla.clock import Reading, read_clock
from bot.sla.days import Day, YearStatus
from bot.sla.instants import Instant, Span
from bot.sla.policy import Hours
from bot.sla.receipt import Measure, measures_of
from bot.ticket.draft import Rules
from bot.ticket.model import Event, Notice, PauseDetail, State, Ticket

Audience: TypeAlias = Literal["customer", "desk"]
ContactKind: TypeAlias = Literal["mail", "phone", "teams", "merged"]

DESK_SIDE = ""
"""Stands for a member of the desk who is not named to the customer."""


@dataclass(frozen=True)
class FirstContact:
    """What started the clock (D1)."""

    at: Instant
    kind: ContactKind
    who: str


@dataclass(frozen=True)
class Heard:
    """A notice by phone or by the code in Teams (D1)."""

    at: Instant
    kind: Literal["phone", "teams"]
    caller: str
    note: str


@dataclass(frozen=True)
class Classified:
    """A priority and since when; `how` None: it was stated with the mail, or is provisional (D2, D7)."""

    at: Instant
    priority: str
    was: str
    how: Literal["corrected", "worsened", "confirmed"] | None
    by: str
    reason: str


@dataclass(frozen=True)
class Chased:
    """Somebody asked after a pause, or was reminded to (`by` empty and `reminder`)."""

    at: Instant
    reminder: bool
    by: str
    note: str


@dataclass(frozen=True)
class Paused:
    """One pause, with all that shows that it was right (D8)."""

    number: int
    reason: str
    start: Instant
    end: Instant | None
    by: str
    noted_at: Instant | None
    """When it was entered, if that was later than its start."""
    note: str
    reference: str
    asked: str
    agreed_by: str
    evidence: str
    ended_by: str
    end_note: str
    answered: bool
    """The customer's answer ended it."""
    chases: tuple[Chased, ...]


@dataclass(frozen=True)
class Suspended:
    """The contract of the whole customer stood still (article 2.1)."""

    id: str
    start: Instant
    end: Instant | None
    by: str
    reason: str
    agreement: str


@dataclass(frozen=True)
class Receipt:
    """Everything that a reader needs to count a ticket's time again. Instants and spans in ms."""

    audience: Audience
    code: str
    desk: str
    customer: str
    contract_number: str
    subject: str
    state: State
    merged_into: str
    priority: str
    priority_title: dict[str, str]
    provisional: bool
    target: Span
    working_day: Span | None
    hours: dict[str, Hours]
    """Those that applied, by their name in the policy."""
    policy: str
    zone: ZoneInfo
    as_of: Instant
    holder: str
    first_contact: FirstContact
    heard: tuple[Heard, ...]
    classified: tuple[Classified, ...]
    measures: tuple[Measure, ...]
    pauses: tuple[Paused, ...]
    suspensions: tuple[Suspended, ...]
    started_at: Instant
    due_at: Instant | None
    """None: the clock stands before it. Of a resolved ticket: as it was when it was resolved."""
    resolved_at: Instant | None
    resolved_by: str
    resolution: str
    workaround: bool
    resolution_noted_at: Instant | None
    """When the resolution was entered, if that was later."""
    resolution_evidence: str
    used: Span
    breached_at: Instant | None
    breach_alerted_at: Instant | None
    breach_corrected_at: Instant | None
    closed_days: tuple[Day, ...]
    """Days of the calendar files on which this clock stood, paused or not."""
    doubtful_years: tuple[tuple[int, YearStatus], ...]
    calendar_corrected_at: tuple[Instant, ...]
    events: int
    head: str

    @property
    def left(self) -> Span:
        """Return the working time that is left of the target; negative: by how much it was exceeded."""
        return self.target - self.used


def receipt_of(ticket: Ticket, events: tuple[Event, ...], rules: Rules, audience: Audience) -> Receipt:
    """Return the receipt of a ticket as of `rules.now`, `events` in their order, for a reader of one side."""
    book = rules.book
    measures = measures_of(
        ticket.clock, book.policy, book.calendars, rules.now, zone=book.desk.zone, days=book.days
    )  # fmt: skip
    reading, present = rules.reading(ticket), measures[-1]
    priority = book.policy.priorities[present.priority]
    customer = rules.customer(ticket)
    names = _Names(ticket, rules)
    used_hours = dict.fromkeys([row.hours for measure in measures for row in measure.rows] or [priority.hours])
    resolved = _last(events, "resolved") if ticket.state == "resolved" else None
    full = Receipt(
        audience="desk",
        code=ticket.code,
        desk=book.desk.name,
        customer=customer.name if customer is not None else ticket.customer,
        contract_number=customer.contract_number if customer is not None else "",
        subject=ticket.subject,
        state=ticket.state,
        merged_into=ticket.merged_into,
        priority=present.priority,
        priority_title={str(language): text for language, text in priority.title.items()},
        provisional=ticket.provisional,
        target=present.target,
        working_day=priority.working_day,
        hours={name: book.policy.hours[name] for name in used_hours},
        policy=ticket.policy,
        zone=book.desk.zone,
        as_of=max(rules.now, present.end),
        holder=ticket.ack.name if ticket.ack is not None else "",
        first_contact=_first_contact(ticket, events, measures[0].start),
        heard=tuple(Heard(n.at, n.channel, n.caller, n.note) for n in sorted(ticket.notices, key=_at)),
        classified=tuple(_classified(ticket, events, names)),
        measures=measures,
        pauses=tuple(_pauses(ticket, events, names)),
        suspensions=tuple(_suspensions(ticket, measures, rules, names)),
        started_at=present.start,
        due_at=deadline_of(ticket, reading, rules),
        resolved_at=reading.resolved_at,
        resolved_by=ticket.resolved_by,
        resolution=ticket.resolution,
        workaround=ticket.workaround,
        resolution_noted_at=resolved.at if resolved is not None and "resolved_at" in resolved.data else None,
        resolution_evidence=_text(resolved, "evidence"),
        used=present.used,
        breached_at=reading.breached_at(rules.now),
        breach_alerted_at=ticket.breach_alerted_at,
        breach_corrected_at=ticket.breach_corrected_at,
        closed_days=_closed_days(measures, rules),
        doubtful_years=tuple(
            (year, book.days.year(year).status) for year in book.doubtful_years(measures[0].start, present.end)
        ),
        calendar_corrected_at=tuple(event.at for event in events if event.kind == "calendar_corrected"),
        events=ticket.events,
        head=ticket.head,
    )
    return full if audience == "desk" else _for_customer(full)


def _for_customer(receipt: Receipt) -> Receipt:
    """Return the edition without internal notes and without names of the desk beyond the holder's (D11).

    What makes a pause right stays: the provider's reference, what was asked, who agreed, the evidence.
    """
    known = {receipt.holder, receipt.resolved_by} - {""}
    return replace(
        receipt,
        audience="customer",
        heard=tuple(replace(heard, note="") for heard in receipt.heard),
        classified=tuple(replace(one, by=_named(one.by, known), reason="") for one in receipt.classified),
        pauses=tuple(
            replace(
                pause,
                by=_named(pause.by, known),
                note="",
                ended_by=pause.ended_by if pause.answered else _named(pause.ended_by, known),
                end_note="",
                chases=tuple(
                    replace(chase, by=_named(chase.by, known), note="") for chase in pause.chases if not chase.reminder
                ),
            )
            for pause in receipt.pauses
        ),
        suspensions=tuple(replace(one, by=_named(one.by, known)) for one in receipt.suspensions),
        breach_alerted_at=None,
        breach_corrected_at=None,
    )


def _named(name: str, known: set[str]) -> str:
    return name if name in known else DESK_SIDE


class _Names:
    """Who stands behind the `by` of an event."""

    def __init__(self, ticket: Ticket, rules: Rules) -> None:
        self._people = rules.book.roster.by_id
        self._participants = {participant.address: participant.name for participant in ticket.participants}

    def of(self, by: str) -> str:
        """Return the name of `staff:<id>`, the name or address of `mail:<address>`; of a chat's author none."""
        kind, _, rest = by.partition(":")
        if kind == "staff":
            return self.staff(rest)
        return self._participants.get(rest) or rest if kind == "mail" else ""

    def staff(self, person: str) -> str:
        """Return somebody's name; their id if they have left the roster."""
        return self._people[person].name if person in self._people else person


def _at(item: Notice) -> Instant:
    return item.at


def _last(events: Iterable[Event], kind: str) -> Event | None:
    found = [event for event in events if event.kind == kind]
    return found[-1] if found else None


def _text(event: Event | None, name: str) -> str:
    value = event.data.get(name) if event is not None else None
    return value if isinstance(value, str) else ""


def _first_contact(ticket: Ticket, events: tuple[Event, ...], start: Instant) -> FirstContact:
    """Return by what the clock was started; a notice goes before the mail of the same instant."""
    notice = next((notice for notice in ticket.notices if notice.at == start), None)
    if notice is not None:
        return FirstContact(start, notice.channel, notice.caller)
    absorbed = next((e for e in events if e.kind == "absorbed" and e.data.get("first_contact_at") == start), None)
    if absorbed is not None and ticket.mail_at != start:
        return FirstContact(start, "merged", _text(absorbed, "ticket"))
    return FirstContact(start, "mail", ticket.requester.name or ticket.requester.address)


def _classified(ticket: Ticket, events: tuple[Event, ...], names: _Names) -> Iterable[Classified]:
    start = min((event for event in ticket.clock if event.kind == "start"), key=lambda event: event.at)
    yield Classified(start.at, start.priority or ticket.priority, "", None, "", "")
    for event in events:
        if event.kind != "reclassified":
            continue
        priority, was = _text(event, "priority"), _text(event, "was")
        how: Literal["corrected", "worsened", "confirmed"] = "corrected"
        if priority == was:
            how = "confirmed"
        elif event.data.get("how") == "worsened":
            how = "worsened"
        yield Classified(event.at, priority, was, how, names.of(event.by), _text(event, "reason"))


def _pauses(ticket: Ticket, events: tuple[Event, ...], names: _Names) -> Iterable[Paused]:
    details = {detail.pause: detail for detail in ticket.pauses}
    noted = {event.data.get("pause"): event for event in events if event.kind == "paused"}
    ends = {event.pause: event.at for event in ticket.clock if event.kind == "resume"}
    for begun in (event for event in ticket.clock if event.kind == "pause"):
        number = begun.pause or 0
        event = noted.get(number)
        detail = details.get(number) or PauseDetail(
            pause=number, reason=begun.reason, note=_text(event, "note"), by=event.by[6:] if event else ""
        )
        resumed = next((e for e in events if e.kind == "resumed" and number in _numbers(e)), None)
        yield Paused(
            number=number,
            reason=detail.reason,
            start=begun.at,
            end=ends.get(begun.pause),
            by=names.staff(detail.by),
            noted_at=event.at if event is not None and event.at > begun.at else None,
            note=detail.note,
            reference=detail.reference,
            asked=detail.asked,
            agreed_by=detail.agreed_by,
            evidence=detail.evidence,
            ended_by=names.of(resumed.by) if resumed is not None else "",
            end_note=_text(resumed, "note"),
            answered=resumed is not None and "answered_at" in resumed.data,
            chases=tuple(_chases(number, events, names)),
        )


def _numbers(event: Event) -> list[object]:
    """Return which pauses an event ended; one of before pauses had numbers ended the first."""
    numbers = event.data.get("pauses")
    return numbers if isinstance(numbers, list) else [1]


def _chases(number: int, events: tuple[Event, ...], names: _Names) -> Iterable[Chased]:
    for event in events:
        if event.kind == "chased" and event.data.get("pause") == number:
            yield Chased(event.at, reminder=False, by=names.of(event.by), note=_text(event, "note"))
        reminder = event.kind == "paged" and event.data.get("page") == "chase"
        if reminder and _text(event, "occurrence").startswith(f"p{number}."):
            yield Chased(event.at, reminder=True, by="", note=_text(event, "level"))


def _suspensions(ticket: Ticket, measures: tuple[Measure, ...], rules: Rules, names: _Names) -> Iterable[Suspended]:
    """Yield the suspensions that touched this clock: not those of the time in which the ticket was resolved."""
    counted = {one for m in measures for row in m.rows if row.kind != "resolved" for one in row.suspensions}
    known = {suspension.id: suspension for suspension in rules.desk.suspensions}
    ends = {event.reason: event.at for event in ticket.clock if event.kind == "agree"}
    for event in ticket.clock:
        if event.kind != "suspend":
            continue
        stands = event.reason not in ends and ticket.state == "open"
        if event.reason not in counted and not stands:
            continue
        told = known.get(event.reason)
        yield Suspended(
            id=event.reason,
            start=event.at,
            end=ends.get(event.reason),
            by=names.of(told.by) if told is not None else "",
            reason=told.reason if told is not None else "",
            agreement=told.agreement if told is not None else "",
        )


def deadline_of(ticket: Ticket, reading: Reading, rules: Rules) -> Instant | None:
    """Return the deadline; where the resolution keeps it from being reached, the one that stood until then."""
    if reading.due_at() is not None or reading.resolved_at is None:
        return reading.due_at()
    resolved_at = reading.resolved_at
    before = tuple(e for e in ticket.clock if e.at < resolved_at or (e.at == resolved_at and e.kind != "resolve"))
    return read_clock(before, rules.book.policy.priorities, rules.book.calendars).due_at()


def _closed_days(measures: tuple[Measure, ...], rules: Rules) -> tuple[Day, ...]:
    found: dict[str, Day] = {}
    for row in (row for measure in measures for row in measure.rows):
        for day in rules.book.calendars[row.hours].closed_days(row.start, row.end - 1):
            found[day.date.isoformat()] = day
        if row.day is not None:
            found[row.day.date.isoformat()] = row.day
    return tuple(day for _, day in sorted(found.items()))
