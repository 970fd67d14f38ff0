"""Whatever happens to a ticket, in whatever order and however much time passes, `decide` keeps its promises."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.errors import Refused
from bot.sla.escalation import Progress
from bot.sla.instants import HOUR, MINUTE, SECOND, Instant
from bot.sla.roster import Person, Roster
from bot.ticket.commands import (
    Acknowledge,
    Bind,
    Bounced,
    ChatMessage,
    CodePosted,
    Command,
    CustomerMail,
    CustomerSide,
    Delivered,
    EngineerMail,
    Note,
    OpenByMail,
    Pause,
    Reclassify,
    Reopen,
    Resolve,
    Resume,
    Staff,
    Undelivered,
    Wake,
)
from bot.ticket.decide import Decision, decide
from bot.ticket.draft import Rules, event_hash
from bot.ticket.effects import Call, Card, Effect, Mail, PageRef
from bot.ticket.model import BoundChannel, Chat, Copy, DeskRecord, Event, Participant, PersonKey, Ticket
from tests.rules.ladder import at, book

TENANT = "d0000000-0000-4000-8000-000000000001"
LEVELS = ("L2", "L3", "L4", "L5")
STAFF = {level: Staff(f"{level.lower()}.one", f"Người {level}", level, manager=level == "L5") for level in LEVELS}
ANYBODY = st.sampled_from(list(STAFF.values()))
CUSTOMER = CustomerSide(PersonKey(tenant="c1", object_id="o1"), "Trần Thị Mẫu")
TEXTS = st.sampled_from(["", "  ", "Đã gọi nhà mạng", "x" * 9000])


def staffed() -> Any:
    """Return the shipped desk with a person at each level."""
    people = tuple(
        Person(id=one.id, name=one.name, level=level, team="teamx" if level == "L2" else None, tenant=TENANT,
               object_id=f"object-{level}", email=f"{one.id}@trucban.example", extension="100")
        for level, one in STAFF.items()
    )  # fmt: skip
    return replace(book(), roster=Roster(people=people))


def desk_record() -> DeskRecord:
    def bound(role: str) -> BoundChannel:
        chat = Chat(conversation=f"19:{role}@thread.tacv2", service_url="https://x.example/", tenant=TENANT)
        return BoundChannel(role=role, chat=chat, bound_by="l2.one")

    return DeskRecord(channels={f"19:{role}@thread.tacv2": bound(role) for role in ("desk", "managers")})


def channel_chat(number: int) -> Chat:
    return Chat(conversation="19:khach@thread.tacv2", service_url="https://x.example/", tenant="c1", root=f"{number}")


def opening(now: Instant, stated: str | None, team: str = "teamx") -> OpenByMail:
    return OpenByMail(
        code="3CX-7K2M-9QXD", customer="an-phu", sender=Participant(address="mot@anphu.example"), message_id="<1@x>",
        references=(), subject="Tổng đài", text="Không gọi được", received_at=now, stated_priority=stated, team=team,
    )  # fmt: skip


class Life(RuleBasedStateMachine):
    """One ticket's life. The ledger's part is played here: versions, events, messages and their settling."""

    desk = desk_record()

    def __init__(self) -> None:
        super().__init__()
        self.book = staffed()
        self.now: Instant = at("2026-03-09 10:00")
        self.version = 0
        self.ticket: Ticket | None = None
        self.wake_at: Instant | None = None
        self.events: list[Event] = []
        self.ids: set[str] = set()
        self.waiting: list[Effect] = []
        self.numbers = 0
        self.used = 0

    # The ledger

    def do(self, command: Command) -> Decision | Refused:
        rules = Rules(book=self.book, desk=self.desk, now=self.now, version=self.version + 1)
        before = self.ticket
        decision = decide(before, command, rules)
        if isinstance(decision, Refused):
            return decision
        assert decision.wake_at is None or decision.wake_at > self.now
        names = [effect.id for effect in decision.effects]
        assert len(set(names)) == len(names)
        assert not self.ids & set(names)
        self.ids |= set(names)
        if before is not None and before.state == "resolved" and decision.ticket.state == "resolved":
            pages = [effect for effect in decision.effects if isinstance(effect, Call) or page_of(effect)]
            assert {page.page.kind for page in pages if page.page is not None} <= {"call_back"}
        body = decision.ticket.model_dump_json(exclude_defaults=True)
        self.ticket = Ticket.model_validate_json(body)
        assert self.ticket == decision.ticket
        self.version += 1
        self.wake_at = decision.wake_at
        self.events += [Event.model_validate_json(event.model_dump_json()) for event in decision.events]
        self.waiting += decision.effects
        return decision

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    @property
    def open(self) -> Ticket:
        assert self.ticket is not None
        return self.ticket

    # What happens

    @initialize(stated=st.sampled_from([None, "P1", "P2", "P3", "P4"]), hour=st.integers(0, 23), day=st.integers(9, 15))
    def a_mail_opens_it(self, stated: str | None, hour: int, day: int) -> None:
        self.now = at(f"2026-03-{day:02} {hour:02}:00")
        self.do(opening(self.now, stated))

    @rule(span=st.sampled_from([SECOND, MINUTE, 7 * MINUTE, HOUR, 9 * HOUR, 20 * HOUR]))
    def time_passes_and_the_desk_wakes(self, span: int) -> None:
        end = self.now + span
        while self.wake_at is not None and self.wake_at <= end:
            self.now = self.wake_at
            self.wakes_twice()
        self.now = end

    @rule(minutes=st.integers(1, 600))
    def the_desk_sleeps_too_long(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        self.wakes_twice()

    def wakes_twice(self) -> None:
        self.do(Wake())
        again = self.do(Wake())
        assert isinstance(again, Decision)
        assert again.effects == ()
        assert again.events == ()

    @rule(by=ANYBODY)
    def somebody_acknowledges(self, by: Staff) -> None:
        before = self.open
        outcome = self.do(Acknowledge(by))
        rank = self.book.desk.rank
        below = before.progress.levels and rank(by.level) < min(map(rank, before.progress.levels))
        if below or before.state == "resolved":
            assert isinstance(outcome, Refused)

    @rule(by=ANYBODY, text=TEXTS, kind=st.sampled_from(["note", "resolve"]))
    def somebody_writes_on_the_card(self, by: Staff, text: str, kind: str) -> None:
        outcome = self.do(Note(by, text) if kind == "note" else Resolve(by, text))
        if not text.strip():
            assert isinstance(outcome, Refused)

    @rule(
        by=ANYBODY,
        priority=st.sampled_from(["P1", "P2", "P3", "P4", "P9"]),
        how=st.sampled_from(["corrected", "worsened"]),
    )
    def somebody_reclassifies(self, by: Staff, priority: str, how: Any) -> None:
        if isinstance(self.do(Reclassify(by, priority, how, "lý do")), Decision) and how == "worsened":
            self.used = 0

    @rule(by=ANYBODY, reason=st.sampled_from(["third_party", "customer", "out_of_control", "customer_fault"]))
    def somebody_pauses(self, by: Staff, reason: Any) -> None:
        proof = {"reference": "VNPT-1", "agreed_by": "Chị Mẫu", "evidence": "log"}
        outcome = self.do(Pause(by, reason, "chờ", **proof))
        if reason == "customer_fault" and not by.manager:
            assert isinstance(outcome, Refused)

    @rule(by=ANYBODY)
    def somebody_resumes(self, by: Staff) -> None:
        self.do(Resume(by))

    @rule(by=st.sampled_from([STAFF["L2"], CUSTOMER]))
    def somebody_reopens(self, by: Any) -> None:
        self.do(Reopen(by, "lại hỏng"))

    @rule(kind=st.sampled_from(["customer", "answer", "internal", "bounce"]))
    def a_mail_comes(self, kind: str) -> None:
        n = self.number()
        sender = Participant(address=f"nguoi{n % 3}@anphu.example")
        commands: dict[str, Command] = {
            "customer": CustomerMail(sender, f"<c{n}@x>", "Lại hỏng", self.now - n % 2 * MINUTE),
            "answer": EngineerMail(STAFF["L2"], f"<e{n}@x>", "Đã sửa", self.now, to_customer=True),
            "internal": EngineerMail(STAFF["L3"], f"<i{n}@x>", "Nội bộ", self.now, to_customer=False),
            "bounce": Bounced("<1@x>", f"<b{n}@x>", "Undelivered"),
        }
        assert isinstance(self.do(commands[kind]), Decision)

    @rule(author=st.sampled_from([CUSTOMER, STAFF["L2"]]), thread=st.integers(0, 30), text=TEXTS)
    def somebody_writes_in_teams(self, author: Any, thread: int, text: str) -> None:
        chat = channel_chat(thread)
        post = CodePosted(author, chat, "vi", self.now, text, f"19:k|{self.number()}")
        assert isinstance(self.do(post), Decision)
        assert isinstance(self.do(ChatMessage(author, chat, text, self.now, f"19:k|{self.number()}")), Decision)

    @rule(number=st.integers(0, 4))
    def somebody_proves_an_address(self, number: int) -> None:
        self.do(Bind(PersonKey(tenant="f1", object_id=f"o{number}"), "mot@anphu.example"))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data(), arrives=st.booleans())
    def a_messenger_reports(self, data: st.DataObject, arrives: bool) -> None:
        effect = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        self.report(effect, arrives=arrives)

    def report(self, effect: Effect, *, arrives: bool) -> None:
        page = page_of(effect)
        if not arrives:
            self.do(Undelivered(effect.id, "403", page=page))
            return
        copy = None
        if isinstance(effect, Card):
            chat = effect.chat or Chat(conversation=f"a:{effect.person}", service_url="https://x.example/", tenant="t",
                                       personal=True)  # fmt: skip
            copy = Copy(slot=effect.slot, view=effect.view, chat=chat, person=effect.person,
                        activity_id=effect.activity_id or f"a{self.number()}", language="vi",
                        version=self.version)  # fmt: skip
        message_id = f"<own{self.number()}@x>" if isinstance(effect, Mail) else ""
        self.do(Delivered(effect.id, copy=copy, page=page, message_id=message_id))

    # What must always hold

    @invariant()
    def used_time_never_shrinks(self) -> None:
        if self.ticket is not None:
            rules = Rules(book=self.book, desk=self.desk, now=self.now, version=self.version)
            used = rules.reading(self.ticket).used(self.now)
            assert used >= self.used
            self.used = used

    @invariant()
    def the_chain_of_events_holds(self) -> None:
        before = ""
        for number, event in enumerate(self.events, start=1):
            assert (event.n, event.before, event.hash) == (number, before, event_hash(event))
            before = event.hash
        if self.ticket is not None:
            assert (self.ticket.events, self.ticket.head) == (len(self.events), before)

    @invariant()
    def the_record_stays_small(self) -> None:
        if self.ticket is not None:
            assert len(self.ticket.threads) <= 20
            places = {(copy.view, copy.chat.thread_id()) for copy in self.ticket.copies}
            assert len(self.ticket.copies) <= 20 * len(places)
            assert len(self.ticket.mail.references) <= 20

    @invariant()
    def an_open_ticket_whose_clock_runs_wakes_again(self) -> None:
        if self.ticket is not None and self.ticket.state == "open":
            rules = Rules(book=self.book, desk=self.desk, now=self.now, version=self.version)
            if rules.reading(self.ticket).running:
                assert self.wake_at is not None

    def teardown(self) -> None:
        """Everything that waits is delivered in the end, and then no page is left unsettled."""
        for _ in range(20_000):
            if not self.waiting:
                break
            self.report(self.waiting.pop(0), arrives=True)
        if self.ticket is not None:
            assert self.waiting == []
            assert self.ticket.pending == ()


def page_of(effect: Effect) -> tuple[str, str, str] | None:
    page: PageRef | None = getattr(effect, "page", None)
    channel = {"card": "teams", "mail": "mail", "call": "phone"}.get(effect.kind)
    return (page.occurrence, page.contact, channel) if page is not None and channel is not None else None


Life.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestLife = Life.TestCase


def opened(stated: str | None = "P1", *, desk: DeskRecord | None = None) -> tuple[Ticket, Rules]:
    """Return a new ticket, and the rules of the same moment for what comes next."""
    rules = Rules(book=staffed(), desk=desk or desk_record(), now=at("2026-03-09 10:00"), version=1)
    decision = decide(None, opening(rules.now, stated), rules)
    assert isinstance(decision, Decision)
    return decision.ticket, replace(rules, version=2)


def test_fields_of_a_newer_version_survive_a_decision() -> None:
    ticket, rules = opened()
    body = json.loads(ticket.model_dump_json())
    body |= {"promise": {"until": 1}}
    body["mail"]["label"] = "mới"
    body["progress"]["round"] = 7
    decision = decide(Ticket.model_validate(body), Note(STAFF["L2"], "ghi chú"), rules)
    assert isinstance(decision, Decision)
    kept = json.loads(decision.ticket.model_dump_json(exclude_defaults=True))
    assert kept["promise"] == {"until": 1}
    assert kept["mail"]["label"] == "mới"
    assert kept["progress"]["round"] == 7


@pytest.mark.parametrize("paged", ["L3", "L4", "L5"])
@pytest.mark.parametrize("level", LEVELS)
def test_only_a_level_paged_so_far_or_above_may_take_a_ticket(paged: str, level: str) -> None:
    ticket, rules = opened()
    ticket = ticket.model_copy(update={"progress": Progress(paged=(0, 1, 2, 3), levels=(paged,))})
    outcome = decide(ticket, Acknowledge(STAFF[level]), rules)
    assert isinstance(outcome, Refused) is (LEVELS.index(level) < LEVELS.index(paged))


def test_the_alert_of_a_breach_goes_by_mail_when_the_managers_channel_cannot_be_reached() -> None:
    ticket, rules = opened()
    late = replace(rules, now=rules.now + 31 * MINUTE)
    breached = decide(ticket, Wake(), late)
    assert isinstance(breached, Decision)
    (alert,) = [effect for effect in breached.effects if isinstance(effect, Card) and effect.view == "breach"]
    failed = decide(
        breached.ticket, Undelivered(alert.id, "403", slot=alert.slot, page=page_of(alert)), replace(late, version=3)
    )
    assert isinstance(failed, Decision)
    assert [effect.template for effect in failed.effects if isinstance(effect, Mail)].count("breach") == 1


def test_managers_who_have_no_channel_are_not_told_of_a_breach_that_is_none() -> None:
    """A ticket that nobody classified is told to managers at 45 minutes; a P2 is not late then."""
    ticket, rules = opened(None, desk=DeskRecord())
    late = decide(ticket, Wake(), replace(rules, now=rules.now + 46 * MINUTE))
    assert isinstance(late, Decision)
    to_managers = [e for e in late.effects if isinstance(e, Mail) and rules.book.desk.operator.email in e.to]
    assert to_managers
    assert "breach" not in {mail.template for mail in to_managers}


def test_a_page_that_was_dropped_is_not_recorded_as_accepted() -> None:
    ticket, rules = opened()
    (occurrence,) = {pending.occurrence for pending in ticket.pending}
    page = (occurrence, ticket.pending[0].contact, "mail")
    dropped = decide(ticket, Delivered("x", page=page, dropped=True), rules)
    assert isinstance(dropped, Decision)
    assert [event.kind for event in dropped.events] == ["page_dropped"]


def test_an_answer_by_mail_does_not_renew_a_hold_that_had_run_out_before() -> None:
    """The desk was not awake when the hold ended: the step that it held back is paged all the same."""
    ticket, rules = opened()
    held = decide(ticket, Acknowledge(STAFF["L2"]), rules)
    assert isinstance(held, Decision)
    late = replace(rules, now=rules.now + 16 * MINUTE, version=3)
    answer = EngineerMail(STAFF["L2"], "<a@b>", "Đang xem.", late.now, to_customer=False)
    decision = decide(held.ticket, answer, late)
    assert isinstance(decision, Decision)
    assert decision.ticket.ack is None
    assert "L3" in [event.data.get("level") for event in decision.events if event.kind == "paged"]
