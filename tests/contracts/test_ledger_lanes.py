"""How every ledger hands out what waits in its lanes: run on the memory ledger, on Valkey 9 and on Redis 7.0."""

import asyncio

import pytest

from bot.desk.ports import (
    ClaimedEntry,
    Entry,
    LaneWait,
    Ledger,
)
from tests.contracts.conftest import Desk, OpenDesk, wait_until
from tests.contracts.ledger_steps import (
    LONG_MS,
    NOON,
    claim,
    claim_when_free,
    queue,
    waits,
)

pytestmark = pytest.mark.asyncio


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
