"""The digest is made from the ledger: every ticket is found, each once, whatever else goes on or is broken."""

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.desk.digest import arm, mail_instead, tell_managers, walk
from bot.desk.handle import LATE, OWED, Desk, Done
from bot.desk.ports import Commit, IndexChange, LaneWait, RecordKey
from bot.sla.book import Book, Customer, Customers
from bot.sla.instants import HOUR, MINUTE
from bot.ticket.commands import CalledBack, Reclassify, Reopen, Resolve, Wake
from bot.ticket.effects import EFFECT, Digest, Effect, Mail
from bot.ticket.model import DeskRecord, PhoneNotice
from bot.workers.timers import Timers
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.travel import TravellingClock
from tests.rules.ladder import at, local
from tests.rules.test_decide import STAFF, desk_record, opening, staffed

pytestmark = pytest.mark.asyncio

DESK = RecordKey("desk", "desk")
START = at("2026-03-09 10:00")
L2, L3, L5 = STAFF["L2"], STAFF["L3"], STAFF["L5"]


class Books:
    """The shipped desk, staffed; one of its people is a manager."""

    def __init__(self) -> None:
        end = date(2099, 12, 31)
        customer = Customer(
            id="an-phu", name="Công ty An Phú", domains=("anphu.example",), contract_number="1", package="x",
            support_until=end, maintenance_until=end, monthly_fee=0,
        )  # fmt: skip
        book: Book = staffed()
        people = tuple(p.model_copy(update={"manager": p.level in ("L4", "L5")}) for p in book.roster.people)
        roster = book.roster.model_copy(update={"people": people})
        self.value = replace(book, customers=Customers(customers=(customer,)), roster=roster)

    def book(self) -> Book:
        return self.value


class Night:
    """A desk on a ledger of its own; time stands still unless moved."""

    def __init__(self, record: DeskRecord | None = None, ledger: MemoryLedger | None = None) -> None:
        self.ledger = ledger or MemoryLedger()
        self.clock = TravellingClock(START)
        self.books = Books()
        self.desk = Desk(self.ledger, self.books, self.clock, lambda: None)
        self.record = desk_record() if record is None else record

    async def begin(self) -> "Night":
        await self.desk.change_desk(lambda _: self.record)
        await arm(self.desk)
        return self

    async def open(self, number: int, stated: str = "P1") -> str:
        command = replace(opening(self.clock.now(), stated), message_id=f"<{number}@x>")
        done = await self.desk.open(command)
        assert isinstance(done, Done)
        return done.ticket.code

    async def do(self, code: str, command: Any) -> None:
        assert isinstance(await self.desk.handle(code, command), Done)

    async def waiting(self) -> list[Effect]:
        """Take everything out of the lanes; return digests, and the mails that stand for them."""
        found: list[Effect] = []
        while not isinstance(claimed := await self.ledger.claim_lane(lease_ms=1000), LaneWait):
            found.append(EFFECT.validate_json(claimed.body))
            await self.ledger.settle_done(claimed)
        return [e for e in found if isinstance(e, Digest) or getattr(e, "template", "") in ("digest", "operator")]

    async def told(self) -> dict[str, list[str]]:
        """Return the codes of the one digest that was sent, by section."""
        (digest,) = [e for e in await self.waiting() if isinstance(e, Digest)]
        return {section.name: [line.code for line in section.lines] for section in digest.bulletin.sections}


async def test_it_is_armed_once_and_wakes_the_desk_at_its_time() -> None:
    night = await Night().begin()
    assert local(await night.ledger.next_wake() or 0) == "2026-03-10 08:00"
    night.clock.move_to(START + HOUR)
    await arm(night.desk)
    assert (await night.desk.desk_record()).digest_until == START, "a restart forgets nothing"
    assert local(await night.ledger.next_wake() or 0) == "2026-03-10 08:00"
    assert not await tell_managers(night.desk)


async def test_a_morning_with_nothing_to_tell_is_silent_and_the_next_one_is_armed() -> None:
    night = await Night().begin()
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    assert await night.waiting() == []
    assert local(await night.ledger.next_wake() or 0) == "2026-03-11 08:00"


async def test_each_late_ticket_is_found_whether_it_is_open_or_resolved_since() -> None:
    night = await Night().begin()
    late, resolved, in_time = [await night.open(n) for n in range(3)]
    await night.do(in_time, Resolve(L2, "Đã sửa", called="chị Mẫu"))
    night.clock.move_to(START + 31 * MINUTE)
    await night.do(late, Wake())
    await night.do(resolved, Wake())
    await night.do(resolved, Resolve(L5, "Đã sửa", called="chị Mẫu"))
    assert await night.ledger.index_size(LATE) == 2
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    told = await night.told()
    assert {name: sorted(codes) for name, codes in told.items()} == {"passed": sorted([late, resolved])}
    night.clock.move_to(at("2026-03-11 08:00"))
    assert await tell_managers(night.desk)
    assert await night.told() == {"over": [late]}


async def test_a_ticket_whose_breach_became_known_long_after_its_deadline_is_found_though_resolved() -> None:
    night = await Night().begin()
    code = await night.open(1, "P4")
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    night.clock.move_to(at("2026-03-10 09:00"))
    await night.do(code, Reclassify(L3, "P1", "corrected", "Mất hết cuộc gọi"))
    await night.do(code, Resolve(L5, "Đã sửa", called="chị Mẫu"))
    night.clock.move_to(at("2026-03-11 08:00"))
    assert await tell_managers(night.desk)
    assert await night.told() == {"passed": [code]}


async def test_owed_calls_are_found_until_they_are_made_or_the_ticket_is_open_again() -> None:
    night = await Night().begin()
    made, again, owed = [await night.open(n) for n in range(3)]
    for code in (made, again, owed):
        await night.do(code, Resolve(L2, "Đã sửa"))
    assert await night.ledger.index_size(OWED) == 3
    await night.do(made, CalledBack(L2, "chị Mẫu"))
    await night.do(again, Reopen(L2, "Lại hỏng"))
    assert await night.ledger.index(OWED) == [owed]
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    told = await night.told()
    assert told["call_backs"] == [owed]
    assert told["passed"] == [again]


async def test_no_ticket_is_missed_because_others_leave_the_index_between_two_pages() -> None:
    ledger = MemoryLedger()
    codes = [f"{n:02}" for n in range(60)]
    stored = Commit(DESK, 0, b"{}", indexes=tuple(IndexChange("open", code, n) for n, code in enumerate(codes)))
    await ledger.commit(stored)
    seen: list[str] = []
    gone: set[str] = set()
    async for code in walk(ledger, "open", page=10, overlap=4):
        seen.append(code)
        if len(seen) % 10 == 0:
            leaving = [one for one in dict.fromkeys(seen) if one not in gone][-4:]
            gone |= set(leaving)
            changes = tuple(IndexChange("open", one, None) for one in leaving)
            await ledger.commit(Commit(DESK, len(seen) // 10, b"{}", indexes=changes))
    assert len(gone) > 20
    assert set(seen) == set(codes)


async def test_many_tickets_are_counted_to_the_last_and_the_first_are_listed() -> None:
    night = await Night().begin()
    for number in range(30):
        await night.open(number)
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    (digest,) = [e for e in await night.waiting() if isinstance(e, Digest)]
    (passed,) = digest.bulletin.sections
    assert (passed.count, len(passed.lines)) == (30, 20)


async def test_a_ticket_that_cannot_be_read_is_counted_and_costs_the_others_nothing() -> None:
    night = await Night().begin()
    good, bad = await night.open(1), await night.open(2)
    stored = await night.ledger.read(RecordKey("ticket", bad))
    assert stored is not None
    body = {**json.loads(stored.body), "policy": "a policy that nobody kept"}
    await night.ledger.commit(Commit(RecordKey("ticket", bad), stored.version, json.dumps(body).encode()))
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    (digest,) = [e for e in await night.waiting() if isinstance(e, Digest)]
    assert digest.bulletin.unreadable == 1
    assert [line.code for section in digest.bulletin.sections for line in section.lines] == [good]


async def test_two_replicas_that_make_it_at_once_tell_it_once() -> None:
    one = await Night().begin()
    other = Night(ledger=one.ledger)
    await one.open(1)
    one.clock.move_to(at("2026-03-10 08:00"))
    other.clock.move_to(at("2026-03-10 08:00") + 40)
    record = await one.desk.desk_record()

    async def as_read_before() -> DeskRecord:
        return record

    for night in (one, other):
        night.desk.desk_record = as_read_before  # type: ignore[method-assign]
        assert await tell_managers(night.desk)
    assert len(await one.waiting()) == 1
    stored = await one.ledger.read(DESK)
    assert stored is not None
    assert DeskRecord.model_validate_json(stored.body).digest_until == at("2026-03-10 08:00"), (
        "the one that was told is the one that counts"
    )


async def test_without_a_channel_it_is_mailed_to_each_manager_once() -> None:
    night = await Night(DeskRecord()).begin()
    await night.open(1)
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    mails = await night.waiting()
    addresses = [mail.to for mail in mails if isinstance(mail, Mail)]
    assert sorted(addresses) == [("l4.one@trucban.example",), ("l5.one@trucban.example",)]
    assert len({mail.id for mail in mails}) == 2


async def test_with_neither_channel_nor_manager_the_operator_gets_it() -> None:
    night = Night(DeskRecord())
    people = tuple(p.model_copy(update={"until": date(2026, 3, 9)}) for p in night.books.value.roster.people)
    night.books.value = replace(
        night.books.value, roster=night.books.value.roster.model_copy(update={"people": people})
    )
    await night.begin()
    await night.open(1)
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    assert {mail.to for mail in await night.waiting() if isinstance(mail, Mail) and mail.template == "digest"} == {
        (night.books.value.desk.operator.email,)
    }


async def test_a_digest_that_the_channel_did_not_take_is_mailed_once_however_often_that_is_reported() -> None:
    night = await Night().begin()
    await night.open(1)
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await tell_managers(night.desk)
    (digest,) = [e for e in await night.waiting() if isinstance(e, Digest)]
    for _ in range(2):
        await mail_instead(night.desk, digest)
    assert [type(effect) for effect in await night.waiting()] == [Mail, Mail]


class Watch:
    """Counts nothing."""

    def beat(self, loop: str) -> None: ...
    def count(self, name: str, *labels: str) -> None: ...
    def wake_late(self, late_desk_ms: int) -> None: ...
    def lane_late(self, kind: str, late_s: float) -> None: ...


async def test_the_desks_wake_up_waits_for_its_own_loop_and_no_ticket_waits_for_it() -> None:
    night = await Night().begin()
    code = await night.open(1)
    timers = Timers(night.desk, Watch())
    assert await timers.errand() > 0
    night.clock.move_to(at("2026-03-10 08:00"))
    assert await timers.turn() == 0
    stored = await night.desk.load(code)
    assert stored is not None
    assert stored[0].breach_alerted_at is not None
    assert [e for e in await night.waiting() if isinstance(e, Digest)] == []
    assert await timers.errand() == 0
    assert len([e for e in await night.waiting() if isinstance(e, Digest)]) == 1
    assert await timers.errand() > 0


async def test_another_time_in_the_files_moves_the_wake_up_without_a_restart() -> None:
    night = await Night().begin()
    timers = Timers(night.desk, Watch())
    await timers.errand()
    desk = night.books.value.desk
    night.books.value = replace(night.books.value, desk=desk.model_copy(update={"digest_at": 21 * 60}))
    await timers.errand()
    assert local(await night.ledger.next_wake() or 0) == "2026-03-09 21:00"


async def test_a_wake_up_that_came_too_early_is_put_where_it_belongs() -> None:
    """A call was to lapse at 10:30; the files now give it an hour."""
    call = PhoneNotice(id="c", customer="an-phu", at=START, by="staff:l2.one")
    night = await Night(desk_record().model_copy(update={"phone_notices": (call,)})).begin()
    timers = Timers(night.desk, Watch())
    await timers.errand()
    policy = night.books.value.policy.model_copy(update={"notice_window": HOUR})
    night.books.value = replace(night.books.value, policy=policy)
    night.clock.move_to(START + 31 * MINUTE)
    await timers.turn()
    assert await timers.errand() == 0
    assert await night.ledger.next_wake() == START + HOUR + 1


async def test_a_desk_whose_wake_up_always_fails_alerts_its_operator_once_an_hour_and_not_for_ever() -> None:
    night = await Night().begin()
    timers = Timers(night.desk, Watch())
    await timers.errand()

    async def broken(*_: Any, **__: Any) -> list[str]:
        raise RuntimeError("broken")

    night.ledger.index = broken  # type: ignore[method-assign]
    night.clock.move_to(at("2026-03-10 08:00"))
    alerts = 0
    for _ in range(200):
        await timers.turn()
        await timers.errand()
        night.clock.move_to(night.clock.now() + 3_000)
        alerts += len([e for e in await night.waiting() if isinstance(e, Mail) and e.template == "operator"])
    assert alerts == 1
