"""While the store is away, what Teams was told is accepted is on the disk, in order, and comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.errors import ConflictError, StoreAwayError
from bot.teams.inbox import Inbox, InboxFullError
from tests.harness.channel_bot import ARRIVED_AT, teams_edge
from tests.harness.local_channel import LocalChannel, stranger

AN = stranger("An")


@pytest_asyncio.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    async with LocalChannel() as channel:
        yield channel


@pytest.mark.parametrize("trouble", [StoreAwayError(), ConflictError(), TimeoutError()], ids=repr)
@pytest.mark.asyncio
async def test_a_message_waits_and_is_replayed_with_its_own_time_of_arrival(
    trouble: Exception, channel: LocalChannel, tmp_path: Path
) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path) as edge:
        edge.desk.trouble = trouble
        assert (await channel.message(AN, place, "1")).status == 200
        edge.clock.instant += 1000
        assert (await channel.message(AN, place, "2")).status == 200
        assert await edge.entrance.replay() == 0
        assert len(edge.inbox) == 2
        edge.desk.trouble = None
        edge.clock.instant += 60_000
        assert await edge.entrance.replay() == 2
        assert [(a.text, a.arrived_at) for a in edge.desk.arrivals] == [("1", ARRIVED_AT), ("2", ARRIVED_AT + 1000)]
        assert (len(edge.inbox), len(Inbox(tmp_path))) == (0, 0)
        assert edge.counted["teams_inbox", "kept"] == 2


@pytest.mark.asyncio
async def test_what_waits_survives_a_restart_and_keeps_its_operation(channel: LocalChannel, tmp_path: Path) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path) as edge:
        edge.desk.trouble = StoreAwayError()
        activity = channel.activity("message", AN, place, text="x")
        await channel.post(activity)
    async with teams_edge(channel, tmp_path) as edge:
        assert len(edge.inbox) == 1
        await edge.entrance.replay()
        await channel.post(activity)
        replayed, delivered = edge.desk.arrivals
        assert replayed == delivered


@pytest.mark.asyncio
async def test_a_turn_that_hangs_is_kept_and_done_again(channel: LocalChannel, tmp_path: Path) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path, turn_timeout_s=0.05) as edge:
        edge.desk.before_answer = asyncio.Event().wait
        assert (await channel.message(AN, place, "x")).status == 200
        edge.desk.before_answer = None
        assert await edge.entrance.replay() == 1
        assert edge.only().text == "x"


@pytest.mark.asyncio
async def test_a_full_inbox_answers_503_and_loses_nothing_it_has(channel: LocalChannel, tmp_path: Path) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path, entries_max=2) as edge:
        edge.desk.trouble = StoreAwayError()
        assert [(await channel.message(AN, place, str(n))).status for n in range(3)] == [200, 200, 503]
        edge.desk.trouble = None
        assert await edge.entrance.replay() == 2
        edge.desk.trouble = StoreAwayError()
        assert (await channel.message(AN, place, "3")).status == 200


@pytest.mark.asyncio
async def test_an_entry_that_fails_is_set_aside_and_holds_nobody_up(channel: LocalChannel, tmp_path: Path) -> None:
    place = channel.channel("Hỗ trợ", AN)
    async with teams_edge(channel, tmp_path) as edge:
        (tmp_path / "000000000000000-broken.json").write_bytes(b"{")
        edge.desk.trouble = StoreAwayError()
        await channel.message(AN, place, "x")
        edge.desk.trouble = None
        assert await edge.entrance.replay() == 1
        assert [path.name for path in (tmp_path / "aside").iterdir()] == ["000000000000000-broken.json"]


@pytest.mark.asyncio
async def test_a_store_that_goes_away_again_stops_the_replay_where_it_was(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for n in range(3):
        await inbox.keep({}, {"n": n}, ARRIVED_AT + n)
    seen: list[int] = []
    tried: list[int] = []

    async def handle(_: dict[str, Any], activity: dict[str, Any], arrived_at: int) -> None:
        tried.append(activity["n"])
        if len(seen) == 1:
            raise StoreAwayError
        seen.append(activity["n"])
        assert arrived_at == ARRIVED_AT + activity["n"]

    assert await inbox.replay(handle) == 1
    assert (seen, tried, len(inbox)) == ([0], [0, 1], 2)


@pytest.mark.asyncio
async def test_arrivals_of_one_instant_keep_their_order(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    await asyncio.gather(*(inbox.keep({}, {"n": n}, ARRIVED_AT) for n in range(20)))
    seen: list[int] = []

    async def handle(_: dict[str, Any], activity: dict[str, Any], _arrived_at: int) -> None:
        seen.append(activity["n"])

    await inbox.replay(handle)
    assert seen == list(range(20))


@pytest.mark.asyncio
async def test_a_disk_that_cannot_be_written_is_a_full_inbox(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    (tmp_path / "inbox" / "aside").rmdir()
    (tmp_path / "inbox").rmdir()
    with pytest.raises(InboxFullError):
        await inbox.keep({}, {}, ARRIVED_AT)


@pytest.mark.asyncio
async def test_only_the_owner_may_read_what_waits(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    await inbox.keep({}, {}, ARRIVED_AT)
    [entry] = (tmp_path / "inbox").glob("*.json")
    assert entry.stat().st_mode & 0o077 == 0
    assert (tmp_path / "inbox" / "aside").stat().st_mode & 0o077 == 0
