"""What every ledger keeps: run on the memory ledger, on Valkey 9 and on Redis 7.0."""

import asyncio
from collections import Counter

import pytest

from bot.desk.ports import (
    Commit,
    Committed,
    Conflict,
    DueRecord,
    Entry,
    Guard,
    GuardTaken,
    IndexChange,
    Ledger,
    RecordKey,
    Replayed,
    Stored,
)
from tests.contracts.conftest import Desk, wait_until
from tests.contracts.ledger_steps import (
    MINUTE,
    NOON,
    OTHER,
    TICKET,
    a_commit,
    claim,
    waits,
)

pytestmark = pytest.mark.asyncio


# Records


async def test_a_record_is_read_as_it_was_committed(ledger: Ledger) -> None:
    assert await ledger.read(TICKET) is None
    assert await ledger.commit(a_commit(body=b"\x00\xff")) == Committed(1)
    assert await ledger.commit(a_commit(version=1, body=b"new")) == Committed(2)
    assert await ledger.read(TICKET) == Stored(2, b"new")
    assert await ledger.read_many([OTHER, TICKET]) == [None, Stored(2, b"new")]
    assert await ledger.read_many([]) == []


async def test_a_commit_on_another_version_changes_nothing(ledger: Ledger) -> None:
    await ledger.commit(a_commit())
    for expected in (0, 2):
        late = a_commit(
            version=expected,
            body=b"late",
            operation="op",
            guards=(Guard("g", "me"),),
            events=(b"event",),
            entries=(Entry("f:1", "e", b""),),
            wake_at=NOON,
            indexes=(IndexChange("open", "m", 1),),
        )
        assert await ledger.commit(late) == Conflict(1)
    assert await ledger.commit(a_commit(OTHER, 1)) == Conflict(0)
    assert await ledger.read(TICKET) == Stored(1, b"body")
    assert await ledger.operation_answer("op") is None
    assert await ledger.guard_owner("g") is None
    assert await ledger.events(TICKET) == []
    assert await ledger.index_size("open") == 0
    assert await ledger.next_wake() is None
    assert await waits(ledger) is None


async def test_of_commits_that_race_for_a_version_one_is_written(desk: Desk) -> None:
    results = await asyncio.gather(
        *(desk.replicas[i % 2].commit(a_commit(events=(str(i).encode(),))) for i in range(20))
    )
    assert Counter(results) == {Committed(1): 1, Conflict(1): 19}
    assert len(await desk.ledger.events(TICKET)) == 1


async def test_events_stay_in_order(ledger: Ledger) -> None:
    await ledger.commit(a_commit(events=(b"1", b"2")))
    await ledger.commit(a_commit(version=1))
    await ledger.commit(a_commit(version=2, events=(b"3",)))
    assert await ledger.events(TICKET) == [b"1", b"2", b"3"]


async def test_a_replayed_operation_returns_its_first_answer_and_writes_nothing(ledger: Ledger) -> None:
    await ledger.commit(a_commit(operation="op", answer=b"first", events=(b"1",)))
    again = a_commit(OTHER, operation="op", answer=b"second", events=(b"2",), guards=(Guard("g", "me"),))
    assert await ledger.commit(again) == Replayed(b"first")
    assert await ledger.commit(a_commit(version=1, operation="op")) == Replayed(b"first")
    assert await ledger.read(OTHER) is None
    assert await ledger.guard_owner("g") is None
    assert await ledger.operation_answer("op") == b"first"
    assert await ledger.operation_answer("another") is None


async def test_an_operation_may_answer_nothing(ledger: Ledger) -> None:
    await ledger.commit(a_commit(operation="op"))
    assert await ledger.commit(a_commit(version=1, operation="op")) == Replayed(b"")
    assert await ledger.operation_answer("op") == b""


# Guards


async def test_a_guard_belongs_to_one_owner(ledger: Ledger) -> None:
    mine = (Guard("<1@example.com>", "ticket:a"),)
    assert await ledger.commit(a_commit(guards=mine)) == Committed(1)
    assert await ledger.commit(a_commit(version=1, guards=mine)) == Committed(2)
    theirs = (Guard("free", "ticket:b"), Guard("<1@example.com>", "ticket:b"))
    assert await ledger.commit(a_commit(OTHER, guards=theirs)) == GuardTaken("<1@example.com>", "ticket:a")
    assert await ledger.read(OTHER) is None
    assert await ledger.guard_owners(["free", "<1@example.com>"]) == [None, "ticket:a"]
    assert await ledger.guard_owners([]) == []


async def test_a_commit_cannot_give_one_guard_to_two_owners(ledger: Ledger) -> None:
    assert await ledger.commit(a_commit(guards=(Guard("g", "a"), Guard("g", "b")))) == GuardTaken("g", "a")
    assert await ledger.read(TICKET) is None


async def test_of_records_that_race_for_a_guard_one_is_written(desk: Desk) -> None:
    def opening(i: int) -> Commit:
        return a_commit(RecordKey("ticket", str(i)), guards=(Guard("<mail@example.com>", f"ticket:{i}"),))

    results = await asyncio.gather(*(desk.replicas[i % 2].commit(opening(i)) for i in range(20)))
    assert results.count(Committed(1)) == 1
    owner = f"ticket:{results.index(Committed(1))}"
    assert results.count(GuardTaken("<mail@example.com>", owner)) == 19


# Wake-ups


async def test_a_due_record_is_claimed_by_one_replica(desk: Desk) -> None:
    one, two = desk.replicas
    await one.commit(a_commit(wake_at=NOON))
    await one.commit(a_commit(OTHER, wake_at=NOON + 1))
    assert await one.next_wake() == NOON
    assert await one.claim_due(NOON - 1, limit=10, claim_ms=MINUTE) == []
    assert await one.claim_due(NOON, limit=10, claim_ms=MINUTE) == [DueRecord(TICKET, NOON)]
    assert await two.claim_due(NOON, limit=10, claim_ms=MINUTE) == []
    assert await two.next_wake() == NOON + 1


async def test_due_records_come_oldest_first_and_in_bounded_numbers(ledger: Ledger) -> None:
    for i in (2, 0, 1):
        await ledger.commit(a_commit(RecordKey("ticket", str(i)), wake_at=NOON + i))
    first = await ledger.claim_due(NOON + 5, limit=2, claim_ms=MINUTE)
    assert [record.due_at for record in first] == [NOON, NOON + 1]
    assert [record.due_at for record in await ledger.claim_due(NOON + 5, limit=2, claim_ms=MINUTE)] == [NOON + 2]


async def test_a_claim_that_nobody_commits_lapses_and_keeps_the_time_that_was_armed(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.claim_due(NOON + 5, limit=1, claim_ms=MINUTE)
    assert await ledger.next_wake() == NOON + 5 + MINUTE
    assert await ledger.claim_due(NOON + 4 + MINUTE, limit=1, claim_ms=MINUTE) == []
    assert await ledger.claim_due(NOON + 5 + MINUTE, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, NOON)]


async def test_a_commit_during_a_claim_frees_the_record_at_once(ledger: Ledger) -> None:
    """A version conflict must not wait out the claim: several timers on one ticket were 5 s late."""
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE)
    await ledger.commit(a_commit(version=1, wake_at=NOON))
    assert await ledger.commit(a_commit(version=1)) == Conflict(2)
    assert await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, NOON)]


async def test_a_wake_up_moved_after_its_claim_does_not_fire_early(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE)
    await ledger.commit(a_commit(version=1, wake_at=NOON + 10 * MINUTE))
    assert await ledger.commit(a_commit(version=1, wake_at=None)) == Conflict(2)
    assert await ledger.claim_due(NOON + 2 * MINUTE, limit=1, claim_ms=MINUTE) == []
    later = NOON + 10 * MINUTE
    assert await ledger.claim_due(later, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, later)]


async def test_a_late_failure_leaves_a_wake_up_that_was_armed_since(ledger: Ledger) -> None:
    """Only the commit changes the set: a separate removal once deleted a timer that had been armed again."""
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE)
    await ledger.commit(a_commit(version=1, wake_at=NOON + 1))
    assert not await ledger.wake_failed(TICKET, retry_at=NOON + MINUTE, give_up_after=1, reason="late")
    assert await ledger.poisoned() == []
    assert await ledger.claim_due(NOON + 1, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, NOON + 1)]


async def test_a_commit_without_wake_up_takes_it_away(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.commit(a_commit(version=1))
    assert await ledger.next_wake() is None
    assert await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE) == []


async def test_a_record_that_keeps_failing_is_set_aside_until_it_is_committed(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    for failure, now in ((1, NOON), (2, NOON + MINUTE)):
        assert await ledger.claim_due(now, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, NOON)]
        aside = await ledger.wake_failed(TICKET, retry_at=NOON + MINUTE, give_up_after=2, reason="bug")
        assert aside is (failure == 2)
    assert await ledger.poisoned() == [TICKET]
    assert await ledger.next_wake() is None
    behind = await ledger.backlog(NOON + MINUTE)
    assert (behind.due, behind.oldest_due_at, behind.poisoned) == (0, None, 1)
    assert not await ledger.wake_failed(TICKET, retry_at=NOON, give_up_after=2, reason="once more")

    await ledger.commit(a_commit(version=1, wake_at=NOON))
    assert await ledger.poisoned() == []
    await ledger.claim_due(NOON, limit=1, claim_ms=MINUTE)
    assert not await ledger.wake_failed(TICKET, retry_at=NOON, give_up_after=2, reason="counted anew")


async def test_a_failed_wake_up_is_tried_again_at_its_time(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.claim_due(NOON, limit=1, claim_ms=10 * MINUTE)
    await ledger.wake_failed(TICKET, retry_at=NOON + 5, give_up_after=3, reason="store was away")
    assert await ledger.claim_due(NOON + 4, limit=1, claim_ms=MINUTE) == []
    assert await ledger.claim_due(NOON + 5, limit=1, claim_ms=MINUTE) == [DueRecord(TICKET, NOON)]


# Small things


async def test_an_index_is_sorted_by_score_then_by_name(ledger: Ledger) -> None:
    changes = tuple(IndexChange("open", m, s) for m, s in (("b", 1), ("a", 1), ("c", NOON), ("d", 0)))
    await ledger.commit(a_commit(indexes=changes))
    assert await ledger.index("open") == ["d", "a", "b", "c"]
    assert await ledger.index("open", newest_first=True, limit=2) == ["c", "b"]
    assert await ledger.index("open", limit=2, offset=1) == ["a", "b"]
    await ledger.commit(a_commit(version=1, indexes=(IndexChange("open", "c", None), IndexChange("open", "d", 2))))
    assert await ledger.index("open") == ["a", "b", "d"]
    assert await ledger.index_size("open") == 3
    assert await ledger.index("unknown") == []


async def test_a_policy_is_never_overwritten(ledger: Ledger) -> None:
    assert await ledger.policy("hash") is None
    await ledger.put_policy("hash", b"one")
    await ledger.put_policy("hash", b"two")
    assert await ledger.policy("hash") == b"one"


async def test_what_is_set_once_stands(desk: Desk) -> None:
    values = await asyncio.gather(*(desk.replicas[i % 2].once("secret", str(i).encode()) for i in range(6)))
    assert len(set(values)) == 1
    assert await desk.ledger.once("another", b"") == b""


async def test_what_has_a_life_ends_with_it(desk: Desk) -> None:
    ledger = desk.ledger
    await ledger.commit(a_commit(guards=(Guard("g", "a", ttl_s=1),)))
    await ledger.remember("name", b"old", 60)
    await ledger.remember("name", b"new", 1)
    assert await ledger.guard_owner("g") == "a"
    assert await ledger.recall("name") == b"new"

    async def guard_is_free() -> bool:
        return await ledger.guard_owner("g") is None

    async def value_is_forgotten() -> bool:
        return await ledger.recall("name") is None

    await wait_until(guard_is_free, "the guard is free")
    await wait_until(value_is_forgotten, "the value is forgotten")
    assert await ledger.commit(a_commit(OTHER, guards=(Guard("g", "b"),))) == Committed(1)


async def test_uses_are_counted_within_a_sliding_window_and_refusals_are_not(desk: Desk) -> None:
    one, two = desk.replicas
    assert [await one.allow("code", limit=2, window_s=1) for _ in range(2)] == [True, True]
    assert not await two.allow("code", limit=2, window_s=1)
    assert await two.allow("another", limit=2, window_s=1)

    async def allowed_again() -> bool:
        return await one.allow("code", limit=2, window_s=1)

    await wait_until(allowed_again, "the window has moved on")


async def test_the_store_tells_its_time(desk: Desk) -> None:
    await desk.ledger.ping()
    times = [await replica.store_time_ms() for replica in desk.replicas]
    assert times == sorted(times)
    assert times[0] > NOON


async def test_the_backlog_counts_what_is_due_and_what_waits(ledger: Ledger) -> None:
    empty = await ledger.backlog(NOON)
    assert (empty.due, empty.oldest_due_at, empty.lanes, empty.entries, empty.oldest_lane_ms) == (0, None, 0, 0, None)

    before_ms = await ledger.store_time_ms()
    await ledger.commit(a_commit(wake_at=NOON, entries=(Entry("f:1", "a", b""), Entry("f:1", "b", b""))))
    await ledger.commit(a_commit(OTHER, wake_at=NOON + 2, entries=(Entry("f:2", "c", b""),)))
    behind = await ledger.backlog(NOON + 1)
    assert (behind.due, behind.oldest_due_at, behind.lanes, behind.entries) == (1, NOON, 2, 3)
    assert behind.oldest_lane_ms is not None
    assert before_ms <= behind.oldest_lane_ms <= await ledger.store_time_ms()

    await ledger.settle_dead(await claim(ledger), reason="gone")
    for _ in range(2):
        await claim(ledger)
    after = await ledger.backlog(NOON + 1)
    assert (after.lanes, after.entries, after.dead, after.oldest_lane_ms) == (2, 2, 1, None)


async def test_a_claimed_record_is_behind_until_it_is_committed(ledger: Ledger) -> None:
    await ledger.commit(a_commit(wake_at=NOON))
    await ledger.commit(a_commit(OTHER, wake_at=NOON + 1))
    await ledger.claim_due(NOON + 1, limit=1, claim_ms=MINUTE)
    behind = await ledger.backlog(NOON + 1)
    assert (behind.due, behind.oldest_due_at) == (2, NOON)
    await ledger.commit(a_commit(version=1, wake_at=NOON + MINUTE))
    behind = await ledger.backlog(NOON + 1)
    assert (behind.due, behind.oldest_due_at) == (1, NOON + 1)
