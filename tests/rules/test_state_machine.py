"""Any command, with any values of the right type, in any order, at any time: what `decide` must keep whatever happens.

The commands are those of `decide`'s own table and their values follow from their fields' types, so that a new command
takes part by itself; one whose values nobody knows how to make fails a test.
"""

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import Refused
from bot.sla.book import Book
from bot.sla.clock import Reading
from bot.sla.days import GivenDays, Year
from bot.sla.escalation import climb
from bot.sla.instants import DAY, HOUR, MINUTE, SECOND, Instant
from bot.sla.roster import Roster
from bot.text.phrases import refusal
from bot.ticket import commands as all_commands
from bot.ticket.commands import (
    Acknowledge,
    Command,
    CustomerSide,
    Delivered,
    Escalate,
    HandOver,
    OpenByMail,
    Pause,
    Reclassify,
    Resume,
    Staff,
    Undelivered,
    Wake,
)
from bot.ticket.decide import _RULES, Decision, decide
from bot.ticket.draft import Rules, event_hash
from bot.ticket.effects import EFFECT, Card, Effect, Mail
from bot.ticket.model import (
    Chat,
    Copy,
    Deduction,
    DeskRecord,
    Event,
    Participant,
    PersonKey,
    PhoneNotice,
    Suspension,
    Ticket,
)
from bot.ticket.outage import ConfirmOutage
from bot.ticket.paging import situation_of
from tests.rules.ladder import at
from tests.rules.test_decide import CUSTOMER, STAFF, desk_record, opening, page_of, staffed

STRANGER = Staff("ai.do", "Người lạ", "L9")
AUTHORS = (CUSTOMER, CustomerSide(PersonKey(tenant="c2", object_id="o2"), ""))
PEOPLE = (STAFF["L2"], *STAFF.values(), STAFF["L5"], STRANGER, replace(STAFF["L3"], manager=True))
WORDS = {
    "level": ("L3", "L4", "L5"),
    "priority": ("P1", "P2", "P3", "P4"),
    "stated_priority": ("P1", "P4"),
    "to": ("l2.one", "l3.one", "l4.one"),
    "into": ("3CX-0000-0000",),
    "team": ("teamx", "software"),
    "customer": ("an-phu",),
    "code": ("3CX-7K2M-9QXD",),
}
"""What a field of such a name holds where a command makes sense; otherwise it is any text at all."""
SENSE = st.sampled_from(["Đã gọi nhà mạng", "VNPT-12", "x" * 9_000])
ANY_TEXT = SENSE | st.sampled_from(["", "   ", "P9", "L1", "L9", "nobody", "3CX-7K2M-9QXD"]) | st.text(max_size=12)
MOMENTS = (0, -1, 1, -SECOND, -MINUTE, -25 * MINUTE, -HOUR, -3 * DAY, MINUTE, HOUR, 40 * DAY)
"""From now, in milliseconds."""
CHAT = Chat(conversation="19:khach@thread.tacv2", service_url="https://x.example/", tenant="c1", root="1")
UNKNOWN = {"of_a_newer_version": {"until": 1}}


def builder(command: type) -> st.SearchStrategy[Any]:
    """Return how a command's values are made, times as offsets from now; raises TypeError for an unknown type."""
    hints = get_type_hints(command, vars(all_commands))
    optional = {field.name for field in fields(command) if field.default is not MISSING}
    made = {sense: {name: _values(name, hints[name], sense) for name in hints} for sense in (True, False)}
    plain = {name: values for name, values in made[True].items() if name not in optional}
    return st.builds(command, **plain) | st.builds(command, **made[True]) | st.builds(command, **made[False])


def _values(name: str, kind: Any, sense: bool) -> st.SearchStrategy[Any]:
    if kind in _PARTS:
        return _PARTS[kind]
    if get_origin(kind) in (Union, UnionType):
        return st.one_of(*(_values(name, option, sense) for option in get_args(kind)))
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis:
        return st.lists(_values(name, get_args(kind)[0], sense), max_size=2).map(tuple)
    if get_origin(kind) is tuple:
        return st.tuples(*(_values(name, part, sense) for part in get_args(kind)))
    if kind is int:
        return st.integers(-1, 4) if name in ("pause", "n") else st.sampled_from(MOMENTS).map(_Offset)
    if kind is str:
        return ANY_TEXT if not sense else st.sampled_from(WORDS[name]) if name in WORDS else SENSE
    raise TypeError(f"{name}: nobody knows how to make a {kind}")


class _Offset(int):
    """A moment as milliseconds from now, until `_at` makes an instant of it."""


def _at(value: Any, now: Instant) -> Any:
    """Return a command, or a part of one, with its moments about `now`."""
    if isinstance(value, _Offset):
        return now + value
    if isinstance(value, tuple):
        return tuple(_at(part, now) for part in value)
    if isinstance(value, Deduction | PhoneNotice):
        return value.model_copy(update={name: now + part for name, part in value if type(part) is int})
    return value


def commands_at(made: Any, now: Instant) -> Any:
    return replace(made, **{field.name: _at(getattr(made, field.name), now) for field in fields(made)})


def another_ticket(customer: str, code: str, minutes: int) -> Ticket:
    """Return somebody's ticket that was opened so many minutes before a Monday in March at ten."""
    rules = Rules(book=staffed(), desk=desk_record(), now=at("2026-03-09 10:00") - minutes * MINUTE, version=1)
    opened = decide(None, replace(opening(rules.now, "P3"), customer=customer, code=code, message_id="<2@x>"), rules)
    assert isinstance(opened, Decision)
    return opened.ticket


_PARTS: dict[Any, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    Staff: st.sampled_from(PEOPLE),
    CustomerSide: st.sampled_from(AUTHORS),
    PersonKey: st.builds(PersonKey, tenant=st.sampled_from(["f1", "c1"]), object_id=st.sampled_from(["o1", "o2"])),
    Participant: st.sampled_from(["mot@anphu.example", "hai@anphu.example", ""]).map(lambda a: Participant(address=a)),
    Chat: st.sampled_from([CHAT, CHAT.model_copy(update={"root": "2"}), CHAT.model_copy(update={"personal": True})]),
    Copy: st.builds(
        Copy,
        slot=st.sampled_from(["status:1", "page:0.s0:l2.one", ""]),
        view=st.sampled_from(["status", "page", "breach"]),
        chat=st.just(CHAT),
        activity_id=st.sampled_from(["a1", "a2"]),
        language=st.sampled_from(["vi", "en"]),
        version=st.integers(0, 5),
    ),
    Deduction: st.builds(
        Deduction,
        start=st.sampled_from(MOMENTS),
        end=st.sampled_from(MOMENTS),
        reason=st.sampled_from(["provider", "excluded"]),
        note=ANY_TEXT,
    ),
    PhoneNotice: st.builds(
        PhoneNotice, id=st.just("c1"), customer=st.just("an-phu"), at=st.sampled_from(MOMENTS), by=st.just("l2.one")
    ),
    Ticket: st.builds(
        another_ticket,
        st.sampled_from(["an-phu", "nobody"]),
        st.sampled_from(["3CX-0000-0000", "3CX-7K2M-9QXD"]),
        st.sampled_from([-30, 0, 20, 3_000]),
    ),
}
KINDS = tuple(kind for kind in _RULES if kind is not OpenByMail)
OFTEN = (
    Acknowledge,
    Acknowledge,
    HandOver,
    Pause,
    Pause,
    Pause,
    Reclassify,
    Reclassify,
    Resume,
    Escalate,
    ConfirmOutage,
)
"""Without these little else is possible."""
BUILDERS = {kind: builder(kind) for kind in KINDS}
BY_STAFF = tuple(kind for kind in KINDS if get_type_hints(kind, vars(all_commands)).get("by") is Staff)
SETTLING = (Delivered, Undelivered)


def books() -> Iterator[Book]:
    """Yield a desk with a person at each level, one with nobody at all, and one whose calendar was corrected."""
    yield staffed()
    yield replace(staffed(), roster=Roster(people=()))
    yield replace(staffed(), days=GivenDays({2026: Year(status="reviewed")}, "corrected"))


class AnyLife(RuleBasedStateMachine):
    """One ticket, and every command that there is. The ledger's part is played here."""

    def __init__(self) -> None:
        super().__init__()
        self.books = list(books())
        self.book, self.desk = self.books[0], desk_record()
        self.now: Instant = at("2026-03-09 10:00")
        self.version = 0
        self.ticket: Ticket | None = None
        self.wake_at: Instant | None = None
        self.events: list[Event] = []
        self.ids: set[str] = set()
        self.waiting: list[Effect] = []

    def present(self) -> Rules:
        return Rules(book=self.book, desk=self.desk, now=self.now, version=self.version + 1)

    @property
    def one(self) -> Ticket:
        assert self.ticket is not None
        return self.ticket

    def reading(self) -> Reading:
        return self.present().reading(self.one)

    def do(self, command: Command) -> Decision | Refused:
        before, kept = self.ticket, self.ticket.model_dump_json() if self.ticket else ""
        decision = decide(before, command, self.present())
        assert decide(before, command, self.present()) == decision, "the same again must be decided alike"
        assert (before.model_dump_json() if before else "") == kept, "a record is never changed in place"
        if isinstance(decision, Refused):
            assert refusal("vi", decision)
            assert refusal("en", decision)
            return decision
        self._commit(before, decision)
        return decision

    def _commit(self, before: Ticket | None, decision: Decision) -> None:
        body = decision.ticket.model_dump_json(exclude_defaults=True)
        self.ticket = Ticket.model_validate_json(body)
        assert self.ticket == decision.ticket
        assert before is None or self.ticket.clock[: len(before.clock)] == before.clock, "the past of a clock stands"
        for effect in decision.effects:
            assert effect.id not in self.ids
            assert EFFECT.validate_json(effect.model_dump_json()) == effect
            self.ids.add(effect.id)
        assert decision.wake_at is None or decision.wake_at > self.now, "what was taken is not asked for again"
        self.version += 1
        self.wake_at = decision.wake_at
        self.events += [Event.model_validate_json(event.model_dump_json()) for event in decision.events]
        self.waiting += decision.effects
        if before is not None:
            self._only_what_is_set_back_changes_the_past(before)

    def _only_what_is_set_back_changes_the_past(self, before: Ticket) -> None:
        new = self.one.clock[len(before.clock) :]
        if any(event.at < self.now or event.kind in ("worsened", "start") for event in new):
            return
        was, now_is = self.present().reading(before), self.reading()
        assert now_is.used(self.now) == was.used(self.now)
        due = was.due_at()
        if due is not None and due < self.now and not any(event.kind == "corrected" for event in new):
            assert now_is.due_at() == due

    # What happens

    @initialize(stated=st.sampled_from([None, "P1", "P2", "P3", "P4"]), hour=st.integers(0, 23), day=st.integers(9, 15))
    def a_mail_opens_it(self, stated: str | None, hour: int, day: int) -> None:
        self.now = at(f"2026-03-{day:02} {hour:02}:00")
        self.do(opening(self.now, stated))
        body = json.loads(self.one.model_dump_json()) | UNKNOWN
        body["mail"] |= UNKNOWN
        body["progress"] |= UNKNOWN
        body["requester"] |= UNKNOWN
        body["clock"][0] |= UNKNOWN
        self.ticket = Ticket.model_validate(body)

    @rule(span=st.sampled_from([SECOND, MINUTE, 7 * MINUTE, HOUR, 9 * HOUR, 20 * HOUR]))
    def time_passes_and_the_desk_wakes(self, span: int) -> None:
        end, slept = self.now + span, self.reading()
        used, due = slept.used(self.now), slept.due_at()
        while self.wake_at is not None and self.wake_at <= end:
            self.now = max(self.now, self.wake_at)
            self.do(Wake())
        self.now = end
        assert 0 <= self.reading().used(end) - used <= span
        assert self.reading().due_at() == due

    @rule(data=st.data(), kind=st.sampled_from(KINDS + OFTEN))
    def a_command_comes(self, data: st.DataObject, kind: type) -> None:
        self.do(commands_at(data.draw(BUILDERS[kind]), self.now))

    @rule(data=st.data(), kind=st.sampled_from(BY_STAFF))
    def the_manager_acts(self, data: st.DataObject, kind: type) -> None:
        self.do(Acknowledge(STAFF["L5"]))
        self.do(replace(commands_at(data.draw(BUILDERS[kind]), self.now), by=STAFF["L5"]))

    @rule(data=st.data(), kind=st.sampled_from([kind for kind in KINDS if kind not in SETTLING]), late=st.booleans())
    def the_desk_sleeps_and_then_a_command_comes(self, data: st.DataObject, kind: type, late: bool) -> None:
        self.now += 70 * MINUTE if late else 11 * MINUTE
        self.do(commands_at(data.draw(BUILDERS[kind]), self.now))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), arrives=st.booleans())
    def a_messenger_reports(self, data: st.DataObject, arrives: bool) -> None:
        effect = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        page = page_of(effect)
        if not arrives:
            self.do(Undelivered(effect.id, "403", slot=getattr(effect, "slot", None), page=page))
            return
        copy = None
        if isinstance(effect, Card):
            copy = Copy(slot=effect.slot, view=effect.view, chat=effect.chat or CHAT, person=effect.person,
                        activity_id="a3", language="vi", version=self.version)  # fmt: skip
        self.do(Delivered(effect.id, copy=copy, page=page, message_id="<own@x>" if isinstance(effect, Mail) else ""))

    @rule(ago=st.sampled_from([0, HOUR, 3 * DAY]), customer=st.sampled_from(["an-phu", "another"]))
    def a_manager_suspends_or_agrees(self, ago: int, customer: str) -> None:
        open_ones = [s for s in self.desk.suspensions if s.ended_at is None]
        if open_ones:
            ended = open_ones[0].model_copy(update={"ended_at": self.now, "ended_by": "l5.one", "agreement": "đã ký"})
            changed = tuple(ended if s.id == ended.id else s for s in self.desk.suspensions)
        else:
            new = Suspension(id=f"s{len(self.desk.suspensions)}", customer=customer, at=self.now - ago, by="l5.one",
                             reason="cấu hình")  # fmt: skip
            changed = (*self.desk.suspensions, new)
        self.desk = self.desk.model_copy(update={"suspensions": changed})
        self.do(Wake())

    @rule(number=st.integers(0, 2), channels=st.booleans())
    def the_files_change(self, number: int, channels: bool) -> None:
        self.book = self.books[number]
        suspensions = self.desk.suspensions
        desk = desk_record() if channels else DeskRecord()
        self.desk = desk.model_copy(update={"suspensions": suspensions})
        self.do(Wake())

    # What must always hold

    @invariant()
    def nothing_that_is_due_waits(self) -> None:
        if self.ticket is None or self.events[-1].at != self.now:
            return
        again = climb(situation_of(self.one, self.present()), self.one.progress, self.one.ack, self.now)
        if self.wake_at is None or self.wake_at > self.now:
            assert again.rungs == ()
            assert again.next_at == self.wake_at
        reading = self.reading()
        if self.one.state == "open":
            used, ladder = reading.used(self.now), self.book.policy.priorities[self.one.priority].ladder
            due = {n for n, step in enumerate(ladder.steps) if step.offset(reading.target) <= used}
            assert due <= {*self.one.progress.paged, *self.one.progress.owed}
            assert used < reading.target or self.one.breach_alerted_at is not None

    @invariant()
    def it_wakes_while_anything_can_fall_due(self) -> None:
        if self.ticket is None or self.wake_at is not None:
            return
        reading = self.reading()
        assert not (self.one.state == "open" and reading.running)
        if self.one.state == "open":
            chased = {detail.pause for detail in self.one.pauses if detail.chase_at is not None}
            assert not chased & set(reading.pauses)
        if self.one.state == "resolved" and self.one.call_back is not None and self.one.call_back.at is None:
            assert self.one.progress.call_backs == 2

    @invariant()
    def the_record_and_its_clock_say_the_same(self) -> None:
        if self.ticket is None:
            return
        reading = self.reading()
        assert (self.one.state == "merged") == reading.merged
        assert reading.merged or (self.one.state == "resolved") == (reading.resolved_at is not None)
        assert reading.priority == self.one.priority
        assert self.one.state == "open" or self.one.ack is None
        assert self.one.state != "resolved" or reading.resolved_at == self.one.resolved_at
        assert set(reading.pauses) <= {detail.pause for detail in self.one.pauses}

    @invariant()
    def the_chain_of_events_holds(self) -> None:
        before = ""
        for number, event in enumerate(self.events, start=1):
            assert (event.n, event.before, event.hash) == (number, before, event_hash(event))
            before = event.hash
        if self.ticket is not None:
            assert (self.ticket.events, self.ticket.head) == (len(self.events), before)

    @invariant()
    def what_a_newer_version_wrote_is_kept(self) -> None:
        if self.version < 1:
            return
        body = json.loads(Ticket.model_validate_json(self.one.model_dump_json()).model_dump_json(exclude_defaults=True))
        for part in (body, body["mail"], body["progress"], body["requester"], body["clock"][0]):
            assert part["of_a_newer_version"] == {"until": 1}


AnyLife.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestAnyLife = AnyLife.TestCase


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_many_and_longer_lives() -> None:
    class Longer(AnyLife.TestCase):  # type: ignore[misc, valid-type]
        settings = settings(AnyLife.TestCase.settings, max_examples=800, stateful_step_count=60)

    Longer("runTest").runTest()


def test_the_table_has_a_rule_for_every_command_and_nothing_else() -> None:
    assert set(_RULES) == set(get_args(Command))


def test_a_command_of_a_type_that_nobody_knows_is_not_skipped() -> None:
    with pytest.raises(TypeError, match="nobody knows how to make"):
        _values("colour", complex, sense=True)
