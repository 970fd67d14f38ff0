"""The signing keys: rotated, slow, lying and absent metadata."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.teams.key_cache import KeyCache, KeysAwayError
from tests.harness.channel_bot import teams_edge
from tests.harness.local_channel import LocalChannel, stranger

AN = stranger("An")


class Ticks:
    """Real seconds that move when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def _keys(channel: LocalChannel, ticks: Callable[[], float], timeout_s: float = 5) -> KeyCache:
    return KeyCache(
        channel.metadata_url,
        allow_loopback_http=True,
        gap_s=15,
        refresh_after_s=3600,
        timeout_s=timeout_s,
        monotonic=ticks,
    )


@pytest.mark.asyncio
async def test_a_rotated_key_works_within_one_fetch(tmp_path: Path) -> None:
    async with LocalChannel() as channel, teams_edge(channel, tmp_path):
        place = channel.channel("Hỗ trợ", AN)
        assert (await channel.message(AN, place, "1")).status == 200
        channel.rotate_key()
        assert (await channel.message(AN, place, "2")).status == 200
        assert channel.metadata_requests == 2


@pytest.mark.asyncio
async def test_many_waiters_for_an_unknown_key_share_one_fetch() -> None:
    async with LocalChannel() as channel:
        keys = _keys(channel, Ticks())
        found = await asyncio.gather(*(keys.get(channel.key.kid) for _ in range(50)))
        assert all(key is not None for key in found)
        assert channel.metadata_requests == 1


@pytest.mark.asyncio
async def test_invented_key_ids_cause_one_fetch_per_gap() -> None:
    async with LocalChannel() as channel:
        ticks = Ticks()
        keys = _keys(channel, ticks)
        assert await keys.warm()
        assert [await keys.get(f"invented-{n}") for n in range(20)] == [None] * 20
        assert channel.metadata_requests == 2
        ticks.now_s += 16
        channel.rotate_key()
        assert await keys.get(channel.key.kid) is not None
        assert channel.metadata_requests == 3


@pytest.mark.asyncio
async def test_known_keys_stay_when_a_refresh_fails_and_nobody_waits_for_it() -> None:
    async with LocalChannel() as channel:
        ticks = Ticks()
        keys = _keys(channel, ticks)
        await keys.warm()
        channel.metadata_status = 500
        ticks.now_s += 3601
        assert await keys.get(channel.key.kid) is not None
        await channel.wait_for(lambda: keys.failures == 1, "the background refresh to fail")
        assert await keys.get(channel.key.kid) is not None
        await keys.close()


@pytest.mark.asyncio
async def test_a_key_that_is_no_longer_listed_is_forgotten_by_the_next_refresh() -> None:
    async with LocalChannel() as channel:
        keys = _keys(channel, Ticks())
        await keys.warm()
        old = channel.key.kid
        channel.rotate_key()
        assert await keys.get(channel.key.kid) is not None
        assert await keys.get(old) is None


@pytest.mark.asyncio
async def test_a_slow_metadata_server_delays_nobody_else(tmp_path: Path) -> None:
    async with LocalChannel() as channel:
        keys = KeyCache(channel.metadata_url, allow_loopback_http=True)
        await keys.warm()
        async with teams_edge(channel, tmp_path, keys=keys) as edge:
            place = channel.channel("Hỗ trợ", AN)
            channel.metadata_delay_s = 60
            known = channel.key
            channel.rotate_key()
            waiting = asyncio.create_task(channel.message(AN, place, "new key"))
            await channel.wait_for(lambda: channel.metadata_requests == 2, "the fetch for the new key")
            channel.key = known
            assert (await channel.message(AN, place, "known key")).status == 200
            assert edge.only().text == "known key"
            assert not waiting.done()
            await keys.close()
            waiting.cancel()
            await asyncio.wait([waiting])


@pytest.mark.asyncio
async def test_without_any_key_the_answer_is_503_and_the_next_gap_tries_again(tmp_path: Path) -> None:
    async with LocalChannel() as channel:
        ticks = Ticks()
        channel.metadata_status = 500
        async with teams_edge(channel, tmp_path, keys=_keys(channel, ticks)) as edge:
            place = channel.channel("Hỗ trợ", AN)
            assert (await channel.message(AN, place, "1")).status == 503
            channel.metadata_status = 200
            ticks.now_s += 16
            assert (await channel.message(AN, place, "2")).status == 200
            assert edge.only().text == "2"


@asynccontextmanager
async def _lying_server(**answers: web.Response) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return answers[request.match_info["name"]]

    app = web.Application()
    app.router.add_get("/{name}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize(
    "metadata",
    [
        web.Response(text="<html>sign in</html>"),
        web.Response(text="[]"),
        web.Response(text='{"jwks_uri": "http://keys.example/keys"}'),
        web.Response(text='{"jwks_uri": "file:///etc/passwd"}'),
        web.Response(text='{"jwks_uri": 7}'),
        web.Response(text="{}"),
        web.Response(body=b" " * (2 << 20)),
        web.Response(status=302, headers={"Location": "https://keys.example/"}),
        web.Response(status=204),
    ],
    ids=["html", "list", "plain http elsewhere", "file", "number", "empty", "endless", "redirect", "no content"],
)
@pytest.mark.asyncio
async def test_a_lying_metadata_server_gives_no_keys_and_no_crash(metadata: web.Response) -> None:
    async with _lying_server(metadata=metadata) as url:
        keys = KeyCache(f"{url}/metadata", allow_loopback_http=True)
        with pytest.raises(KeysAwayError):
            await keys.get("any")
        assert keys.failures == 1


@pytest.mark.asyncio
async def test_plain_http_on_loopback_is_refused_outside_development() -> None:
    async with LocalChannel() as channel:
        keys = KeyCache(channel.metadata_url)
        assert not await keys.warm()
        assert channel.metadata_requests == 0
