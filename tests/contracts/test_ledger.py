"""What every ledger keeps: run on the memory ledger, on Valkey 9 and on Redis 7.0."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.desk.ports import (
    ClaimedEntry,
    Commit,
    Committed,
    Conflict,
    DueRecord,
    Entry,
    Guard,
    GuardTaken,
    IndexChange,
    LaneWait,
    Ledger,
    RecordKey,
    Replayed,
    Stored,
)
from tests.contracts.conftest import Desk, OpenDesk, wait_until

pytestmark = pytest.mark.asyncio

TICKET = RecordKey("ticket", "3CX-7K2M")
OTHER = RecordKey("ticket", "3CX-9Q4T")
NOON = 1_763_862_000_000
MINUTE = 60_000
LONG_MS = 60_000


def a_commit(key: RecordKey = TICKET, version: int = 0, **changes: object) -> Commit:
    return replace(Commit(key, version, b"body"), **changes)  # type: ignore[arg-type]


async def queue(ledger: Ledger, *entries: Entry, key: RecordKey = OTHER) -> None:
    stored = await ledger.read(key)
    committed = await ledger.commit(a_commit(key, stored.version if stored else 0, entries=entries))
    assert isinstance(committed, Committed)


async def claim(ledger: Ledger, lease_ms: int = LONG_MS) -> ClaimedEntry:
    claimed = await ledger.claim_lane(lease_ms=lease_ms)
    assert isinstance(claimed, ClaimedEntry), claimed
    return claimed


async def waits(ledger: Ledger) -> int | None:
    wait = await ledger.claim_lane(lease_ms=LONG_MS)
    assert isinstance(wait, LaneWait), wait
    return wait.wait_ms


async def claim_when_free(ledger: Ledger) -> ClaimedEntry:
    while isinstance(answer := await ledger.claim_lane(lease_ms=LONG_MS), LaneWait):
        assert answer.wait_ms is not None
        await asyncio.sleep(answer.wait_ms / 1000)
    return answer


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


# Lanes


async def test_a_lane_keeps_its_order_across_replicas_and_shows_only_its_head(desk: Desk) -> None:
    await queue(desk.ledger, *(Entry("f:1", str(i), str(i).encode()) for i in range(4)))
    await queue(desk.ledger, Entry("f:1", "4", b"4"))
    for i in range(5):
        claimed = await claim(desk.replicas[i % 2])
        assert (claimed.lane, claimed.id, claimed.body) == ("f:1", str(i), str(i).encode())
        assert (claimed.attempts, claimed.uncertain) == (1, False)
        assert 0 < (await waits(desk.replicas[1 - i % 2]) or 0) <= LONG_MS
        assert await desk.replicas[i % 2].settle_done(claimed)
    assert await waits(desk.ledger) is None


async def test_a_blocked_lane_does_not_hold_up_another(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b""), Entry("f:2", "b", b""))
    lanes = {(await claim(ledger)).lane, (await claim(ledger)).lane}
    assert lanes == {"f:1", "f:2"}


async def test_a_lane_that_was_served_goes_behind_those_that_wait(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b""), Entry("f:1", "b", b""))
    first = await claim(ledger)
    await queue(ledger, Entry("f:2", "c", b""))
    queued_at_ms = await ledger.store_time_ms()

    async def time_has_passed() -> bool:
        return await ledger.store_time_ms() > queued_at_ms

    await wait_until(time_has_passed, "a millisecond has passed")
    await ledger.settle_done(first)
    assert (await claim(ledger)).id == "c"


async def test_a_lease_that_ran_out_goes_to_another_who_knows_that_it_may_have_been_sent(desk: Desk) -> None:
    one, two = desk.replicas
    await queue(one, Entry("f:1", "a", b"body"), Entry("f:1", "b", b""))
    lost = await claim(one, lease_ms=30)
    taken = await claim_when_free(two)
    assert (taken.id, taken.attempts, taken.uncertain) == ("a", 2, True)
    assert taken.fence > lost.fence
    assert not await one.renew_lane(lost, lease_ms=LONG_MS)
    assert not await one.settle_done(lost)
    assert not await one.settle_retry(lost, after_ms=0, uncertain=False)
    assert not await one.settle_dead(lost, reason="late")
    assert await two.settle_done(taken)
    assert (await claim(one)).id == "b"
    assert await one.dead_letters() == []


async def test_an_old_fence_stays_void_after_its_lane_vanished_and_came_back(desk: Desk) -> None:
    one, two = desk.replicas
    await queue(one, Entry("f:1", "a", b""))
    lost = await claim(one, lease_ms=1)
    await two.settle_done(await claim_when_free(two))
    await queue(two, Entry("f:1", "b", b""))
    current = await claim(two)
    assert not await one.settle_done(lost)
    assert await two.settle_done(current)


async def test_a_renewed_lease_is_not_given_away(desk: Desk) -> None:
    one, two = desk.replicas
    await queue(one, Entry("f:1", "a", b""))
    claimed = await claim(one, lease_ms=200)
    assert await one.renew_lane(claimed, lease_ms=LONG_MS)
    wait = await waits(two)
    assert wait is not None
    assert wait > 200
    assert await one.settle_done(claimed)


async def test_a_lane_that_is_being_sent_takes_new_entries_and_keeps_its_lease(desk: Desk) -> None:
    one, two = desk.replicas
    await queue(one, Entry("f:1", "a", b""))
    claimed = await claim(one)
    await queue(two, Entry("f:1", "b", b""))
    assert (await waits(two) or 0) > LONG_MS / 2
    await one.settle_done(claimed)
    assert (await claim(two)).id == "b"


async def test_a_lease_that_ran_out_unnoticed_still_settles(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b""))
    claimed = await claim(ledger, lease_ms=1)

    async def lease_is_over() -> bool:
        return (await ledger.backlog(NOON)).oldest_lane_ms is not None

    await wait_until(lease_is_over, "the lease is over")
    assert await ledger.settle_done(claimed)
    assert await waits(ledger) is None


async def test_a_retry_keeps_the_place_and_waits(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b""), Entry("f:1", "b", b""))
    assert await ledger.settle_retry(await claim(ledger), after_ms=50, uncertain=False)
    wait = await waits(ledger)
    assert wait is not None
    assert 0 < wait <= 50
    again = await claim_when_free(ledger)
    assert (again.id, again.attempts, again.uncertain) == ("a", 2, False)


async def test_doubt_about_a_sending_stays_with_the_entry(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b""))
    await ledger.settle_retry(await claim(ledger), after_ms=0, uncertain=True)
    second = await claim(ledger)
    assert second.uncertain
    await ledger.settle_retry(second, after_ms=0, uncertain=False)
    assert (await claim(ledger)).uncertain


async def test_a_newer_entry_takes_the_place_of_a_waiting_one_of_its_key(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "a", b"a"), Entry("f:1", "card-1", b"old", "card"), Entry("f:1", "b", b"b"))
    await queue(ledger, Entry("f:1", "card-2", b"new", "card"), Entry("f:1", "other", b"", "another card"))
    await queue(ledger, Entry("f:2", "card-3", b"another lane", "card"))
    assert (await ledger.backlog(NOON)).entries == 5
    seen = []
    for _ in range(5):
        claimed = await claim(ledger)
        seen.append((claimed.lane, claimed.id, claimed.body))
        await ledger.settle_done(claimed)
    assert [entry for entry in seen if entry[0] == "f:1"] == [
        ("f:1", "a", b"a"),
        ("f:1", "card-2", b"new"),
        ("f:1", "b", b"b"),
        ("f:1", "other", b""),
    ]


async def test_an_entry_whose_sending_began_is_not_replaced(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "card-1", b"old", "card"))
    sending = await claim(ledger)
    await queue(ledger, Entry("f:1", "card-2", b"new", "card"))
    await queue(ledger, Entry("f:1", "card-3", b"newest", "card"))
    await ledger.settle_done(sending)
    last = await claim(ledger)
    assert (last.id, last.body) == ("card-3", b"newest")
    await ledger.settle_done(last)
    await queue(ledger, Entry("f:1", "card-4", b"", "card"))
    assert (await claim(ledger)).id == "card-4"


async def test_an_entry_after_one_of_its_key_was_sent_waits_at_the_end(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "card-1", b"", "card"), Entry("f:1", "b", b""))
    await ledger.settle_done(await claim(ledger))
    await queue(ledger, Entry("f:1", "card-2", b"", "card"))
    for expected in ("b", "card-2"):
        claimed = await claim(ledger)
        assert (claimed.id, claimed.attempts) == (expected, 1)
        await ledger.settle_done(claimed)


async def test_an_entry_that_surely_was_not_sent_is_replaced_and_tried_anew(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "card-1", b"old", "card"))
    await ledger.settle_retry(await claim(ledger), after_ms=0, uncertain=False)
    await queue(ledger, Entry("f:1", "card-2", b"new", "card"))
    claimed = await claim(ledger)
    assert (claimed.id, claimed.attempts) == ("card-2", 1)
    await ledger.settle_done(claimed)
    assert await waits(ledger) is None


async def test_an_entry_that_is_given_up_leaves_a_dead_letter_and_frees_its_lane(ledger: Ledger) -> None:
    await queue(ledger, Entry("f:1", "số 1", b"\x00\nbody"), Entry("f:1", "b", b""))
    first = await claim(ledger)
    assert await ledger.settle_dead(first, reason="không tồn tại")
    second = await claim(ledger)
    assert second.id == "b"
    assert await ledger.settle_dead(second, reason="gone")
    letters = await ledger.dead_letters()
    assert [(d.lane, d.id, d.body, d.reason) for d in letters] == [
        ("f:1", "b", b"", "gone"),
        ("f:1", "số 1", b"\x00\nbody", "không tồn tại"),
    ]
    assert letters[1].at_ms >= first.queued_at_ms
    assert len(await ledger.dead_letters(limit=1)) == 1


async def test_a_lane_never_exceeds_its_rates_whichever_replica_sends(open_desk: OpenDesk) -> None:
    rates = ((3, 100), (5, 300))
    desk = await open_desk({"t:": (*rates, (1_000, 2_000))})
    total = 16
    await queue(desk.ledger, *(Entry("t:chat", str(i), b"") for i in range(total)))
    order: list[str] = []

    async def worker(ledger: Ledger) -> None:
        while len(order) < total:
            answer = await ledger.claim_lane(lease_ms=LONG_MS)
            if isinstance(answer, LaneWait):
                await asyncio.sleep(min(answer.wait_ms or 0, 20) / 1000)
            else:
                order.append(answer.id)
                await ledger.settle_done(answer)

    await asyncio.gather(*(worker(ledger) for ledger in desk.replicas))
    sends = await desk.sends("t:chat")
    assert order == [str(i) for i in range(total)]
    assert len(sends) == total
    for most, period_ms in rates:
        for i in range(total - most):
            assert sends[i + most] - sends[i] >= period_ms, (most, period_ms, sends)
    assert sends[-1] - sends[0] < 3 * 300 + 200, "slower than the rates ask for"


async def test_an_exhausted_rate_is_waited_for_exactly_and_only_by_its_lane(open_desk: OpenDesk) -> None:
    desk = await open_desk({"t:": ((2, 400),), "t:free": ()})
    ledger = desk.ledger
    await queue(ledger, *(Entry("t:a", str(i), b"") for i in range(3)))
    for _ in range(2):
        await ledger.settle_done(await claim(ledger))
    wait = await waits(ledger)
    since_first = await ledger.store_time_ms() - (await desk.sends("t:a"))[0]
    assert wait is not None
    assert 400 - since_first <= wait <= 400
    await queue(ledger, Entry("t:free", "x", b""), Entry("f:1", "y", b""))
    assert {(await claim(ledger)).id, (await claim(ledger)).id} == {"x", "y"}
    assert (await claim_when_free(ledger)).id == "2"


async def test_a_lane_that_was_empty_meanwhile_remembers_what_it_sent(open_desk: OpenDesk) -> None:
    desk = await open_desk({"t:": ((1, 5_000),)})
    await queue(desk.ledger, Entry("t:a", "1", b""))
    await desk.ledger.settle_done(await claim(desk.ledger))
    await queue(desk.ledger, Entry("t:a", "2", b""))
    wait = await waits(desk.ledger)
    assert wait is not None
    assert 4_000 < wait <= 5_000


async def test_more_lanes_at_their_limit_than_one_call_looks_at_do_not_hide_a_free_one(open_desk: OpenDesk) -> None:
    desk = await open_desk({"t:": ((1, 60_000),)})
    ledger = desk.ledger
    for number in ("1", "2"):
        await queue(ledger, *(Entry(f"t:{i}", number, b"") for i in range(100)))
        if number == "1":
            for _ in range(100):
                await ledger.settle_done(await claim(ledger))
    await queue(ledger, Entry("f:1", "free", b""))
    answers = [await ledger.claim_lane(lease_ms=LONG_MS) for _ in range(3)]
    assert [a.id for a in answers if isinstance(a, ClaimedEntry)] == ["free"]


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
