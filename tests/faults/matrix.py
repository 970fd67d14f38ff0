"""Plays journey B once per point and mode, with a kill at that point: what arrived, what was lost, what came twice."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bot.sla.instants import MINUTE
from bot.ticket.draft import event_hash
from bot.ticket.model import Event, Ticket
from tests.faults.points import MODES, Mode, Point, slot_of
from tests.faults.stage import Run, Stage, fresh_run, standing_stage
from tests.harness.example_desk import ExampleDesk
from tests.harness.servers import Engine
from tests.rules.ladder import at

START = at("2026-03-09 10:00")
_MINUTES = (0, 5, 10, 15, 20, 24, 25, 30, 31)

Told = tuple[int, str]
"""A minute of the journey, and who is told something then: a person, `desk`, `managers`."""


@dataclass
class Outcome:
    """What came of one run."""

    aim: Point | None
    mode: Mode
    killed: bool = False
    restarted: bool = False
    expected: int = 0
    arrived: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.aim} {self.mode}: lost {self.lost}, twice {self.twice}, faults {self.faults}"


async def every_point(engine: Engine) -> list[Point]:
    """Return the points of undisturbed runs: which replica finds the work differs, so the union of two is taken."""
    async with standing_stage(engine) as stage:
        runs = [await journey(stage, None, MODES[0]) for _ in range(2)]
    for run in runs:
        assert run.lost + run.twice + run.faults == [], run
    return sorted({point for run in runs for point in run.points})


async def play(engine: Engine, aims: Sequence[tuple[Point, Mode]], *, stages: int) -> list[Outcome]:
    """Return what came of a kill at each aim; several stages work through them side by side."""
    waiting, outcomes = list(reversed(aims)), []

    async def work(stage: Stage) -> None:
        while waiting:
            point, mode = waiting.pop()
            try:
                outcomes.append(await journey(stage, point, mode))
            except (AssertionError, TimeoutError) as error:
                outcomes.append(Outcome(point, mode, killed=True, faults=[f"{type(error).__name__}: {error}"]))

    async with AsyncExitStack() as stack:
        standing = [await stack.enter_async_context(standing_stage(engine)) for _ in range(stages)]
        async with asyncio.TaskGroup() as group:
            for stage in standing:
                group.create_task(work(stage))
    return outcomes


async def journey(stage: Stage, aim: Point | None, mode: Mode) -> Outcome:
    """Play journey B to minute 31; every other victim is started again once the survivor has taken over."""
    async with fresh_run(stage, START, aim, mode) as run:
        outcome = Outcome(aim, mode)
        starts_again = aim is not None and (aim.minute + aim.ordinal) % 2 == 0
        customer = stage.people.customer.people[0]
        await run.write_mail(customer, "[P1] Tổng đài không gọi được", "Cả team 25 kênh không gọi ra được.")
        for minute in _MINUTES:
            await run.travel(to_minute=minute)
            if run.victim is not None and starts_again and not outcome.restarted:
                await run.start_replicas(run.victim.name)
                outcome.restarted = True
        await _examine(run, outcome)
    return outcome


def expected_cards(people: ExampleDesk) -> Counter[Told]:
    """Return who must be told by card, and when. Source: product.md, the default ladder of P1."""
    ladder = {0: (people.l2, people.l2_second), 15: (people.l3,), 24: (people.l4,), 30: (people.l5,)}
    ladder |= {5: ladder[0], 10: ladder[0], 20: ladder[15], 25: ladder[24]}
    told = Counter((minute, person.id) for minute, persons in ladder.items() for person in persons)
    return told + Counter((minute, "desk") for minute in ladder) + Counter([(30, "managers")])


def expected_mails(people: ExampleDesk) -> Counter[str]:
    """Return who must get how many mails: a page each time, and the customer one answer with the code."""
    pages = Counter(who for _, who in expected_cards(people).elements())
    mails = Counter({person.email: pages[person.id] for person in people.staff if pages[person.id]})
    return mails + Counter([people.customer.people[0].email])


async def _examine(run: Run, outcome: Outcome) -> None:
    stage, people = run.stage, run.stage.people
    ticket, events = await run.ticket()
    outcome.killed, outcome.points = run.victim is not None, run.numbering.points()
    due = {str(e.data["occurrence"]): int(str(e.data["due_at"])) for e in events if e.kind == "paged"}
    slots = Counter(_posted_slots(stage))
    cards: Counter[Told] = Counter()
    for slot, count in slots.items():
        what, occurrence, *who = slot.split(":")
        minute = (due[occurrence] - ticket.opened_at) // MINUTE
        cards[minute, who[0] if what == "page" else what] += count
        if count > 1:
            outcome.twice.append(slot)
            if count > 2 or run.victim is None or run.posters[slot][0] not in {0, run.victim.pid}:
                outcome.faults.append(f"{slot} came {count} times, and not because its sender was killed")
    mails = Counter(address.strip() for mail in run.sent_mails() for address in mail.to.split(","))
    ids = Counter(mail.message_id for mail in run.sent_mails())
    wanted_cards, wanted_mails = expected_cards(people), expected_mails(people)
    outcome.expected = wanted_cards.total() + wanted_mails.total()
    lost = [f"{minute}' {who}" for minute, who in (wanted_cards - cards).elements()]
    lost += [f"mail to {address}" for address in (wanted_mails - mails).elements()]
    outcome.lost, outcome.arrived = lost, outcome.expected - len(lost)
    outcome.faults += [f"nobody expected {minute}' {who}" for minute, who in set(cards) - set(wanted_cards)]
    outcome.faults += [f"mail too many to {address}" for address in (mails - wanted_mails).elements()]
    outcome.faults += [f"mail sent twice: {name}" for name, count in ids.items() if count > 1]
    outcome.faults += [*_faults_of_ticket(ticket, events), *await _faults_of_store(run)]


def _posted_slots(stage: Stage) -> Iterable[str]:
    """Yield the slot of every accepted card, looked up in the chat where it belongs."""
    chats = {place.id: name for name, place in stage.places.items()}
    for sent in stage.channel.sent:
        if sent.method == "POST" and sent.status == 201 and sent.activity_id:
            slot = slot_of(sent.body)
            chat = chats[sent.conversation]
            assert chat in slot, f"{slot!r} was posted in the chat of {chat}: {sent.body}"
            yield slot


def _faults_of_ticket(ticket: Ticket, events: list[Event]) -> Iterable[str]:
    before = ""
    for number, event in enumerate(events, start=1):
        if event.n != number or event.before != before or event_hash(event) != event.hash:
            yield f"the chain of events breaks at {event.n} ({event.kind})"
        before = event.hash
    if (ticket.events, ticket.head) != (len(events), before):
        yield "the ticket does not name its last event"
    if ticket.pending:
        yield f"pending: {[(page.occurrence, page.contact, page.channels) for page in ticket.pending]}"
    queued = {
        (e.data["occurrence"], contact, channel)
        for e in events
        if e.kind == "paged"
        for contact, channels in e.data["contacts"].items()  # type: ignore[attr-defined]
        for channel in channels
    }
    accepted = Counter(
        (e.data["occurrence"], e.data["contact"], e.data["channel"]) for e in events if e.kind == "page_accepted"
    )
    yield from (f"never accepted: {page}" for page in queued - set(accepted))
    yield from (f"accepted {count} times: {page}" for page, count in accepted.items() if count > 1)


async def _faults_of_store(run: Run) -> Iterable[str]:
    ledger = run.stage.ledger
    faults = [f"dead letter {letter.id}: {letter.reason}" for letter in await ledger.dead_letters()]
    faults += [f"set aside: {key}" for key in await ledger.poisoned()]
    backlog = await ledger.backlog(run.clock.now())
    if backlog.due or backlog.entries:
        faults.append(f"left over: {backlog}")
    faults += [
        f"replica {replica.name} ended by itself"
        for replica in run.replicas.values()
        if replica.alive and replica.has_ended()
    ]
    return faults
