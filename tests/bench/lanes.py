"""The outbox: ordered lanes beside a consumer-group stream, on one server, in one run.

Both are asked the same four questions by two workers of several tasks each, in turns within a round:
is the order within a conversation kept, is a rate limit kept across workers, is anything sent twice while
a slow send is still running, and how many entries a second are drained.
"""

import argparse
import asyncio
import json
import random
import statistics
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.desk.ports import ClaimedEntry, Commit, Entry, RecordKey
from bot.store.lanes import Limits
from bot.store.redis_store import RedisLedger, connect
from tests.harness.servers import ENGINES, running

Item: TypeAlias = tuple[str, int]
"""Conversation and place in it."""
Send: TypeAlias = Callable[[Item], Awaitable[None]]

WORKERS = 2
RATE = (5, 200)
"""Sends, milliseconds."""


class Outbox(Protocol):
    """One of the two designs."""

    async def fill(self, items: Sequence[Item]) -> None: ...

    async def work(self, worker: int, send: Send) -> None:
        """Send for ever, as one task of a worker."""
        ...


class Lanes:
    """The ledger's lanes; the lease is renewed while a send runs."""

    def __init__(self, clients: Sequence[Redis], name: str, *, limited: bool, lease_ms: int) -> None:
        limits: Limits = {"t:": (RATE,)} if limited else {}
        self._ledgers = [RedisLedger(client, name, limits=limits) for client in clients]
        self._lease_ms = lease_ms

    async def fill(self, items: Sequence[Item]) -> None:
        entries = [Entry(f"t:{lane}", str(place), b"x" * 200) for lane, place in items]
        for at in range(0, len(entries), 500):
            key = RecordKey("ticket", str(at))
            await self._ledgers[0].commit(Commit(key, 0, b"", entries=tuple(entries[at : at + 500])))

    async def work(self, worker: int, send: Send) -> None:
        ledger = self._ledgers[worker]
        while True:
            claimed = await ledger.claim_lane(lease_ms=self._lease_ms)
            if isinstance(claimed, ClaimedEntry):
                renewing = asyncio.create_task(self._renew(ledger, claimed))
                await send((claimed.lane[2:], int(claimed.id)))
                renewing.cancel()
                await ledger.settle_done(claimed)
            else:
                await asyncio.sleep(min(5 if claimed.wait_ms is None else claimed.wait_ms, 5) / 1000)

    async def _renew(self, ledger: RedisLedger, claimed: ClaimedEntry) -> None:
        while True:
            await asyncio.sleep(self._lease_ms / 3000)
            await ledger.renew_lane(claimed, lease_ms=self._lease_ms)


class Stream:
    """One stream and a consumer group; each worker keeps the rate limit by its own memory."""

    def __init__(self, clients: Sequence[Redis], name: str, *, limited: bool, lease_ms: int) -> None:
        self._clients, self._key, self._limited, self._lease_ms = clients, f"{{{name}}}:stream", limited, lease_ms
        self._sent: list[dict[str, deque[float]]] = [defaultdict(lambda: deque(maxlen=RATE[0])) for _ in clients]
        self._names = iter(range(1_000_000))

    async def fill(self, items: Sequence[Item]) -> None:
        async with self._clients[0].pipeline(transaction=False) as pipe:
            for lane, place in items:
                pipe.xadd(self._key, {"lane": lane, "place": place, "body": b"x" * 200})
            await pipe.execute()
        await self._clients[0].xgroup_create(self._key, "outbox", "0")

    async def work(self, worker: int, send: Send) -> None:
        client, consumer = self._clients[worker], str(next(self._names))
        while True:
            for entry, fields in await self._next(client, consumer):
                item = (fields[b"lane"].decode(), int(fields[b"place"]))
                await self._wait_for_rate(worker, item[0])
                await send(item)
                async with client.pipeline(transaction=False) as pipe:
                    pipe.xack(self._key, "outbox", entry)
                    pipe.xdel(self._key, entry)
                    await pipe.execute()

    async def _next(self, client: Redis, consumer: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        new: Any = await client.xreadgroup("outbox", consumer, {self._key: ">"}, count=1)
        if new:
            found: list[tuple[bytes, dict[bytes, bytes]]] = new[0][1]
            return found
        left: Any = await client.xautoclaim(self._key, "outbox", consumer, min_idle_time=self._lease_ms, count=1)
        if not left[1]:
            await asyncio.sleep(0.005)
        return [entry for entry in left[1] if entry[1]]

    async def _wait_for_rate(self, worker: int, lane: str) -> None:
        if not self._limited:
            return
        sent, now = self._sent[worker][lane], time.monotonic()
        at = max(now, sent[0] + RATE[1] / 1000) if len(sent) == RATE[0] else now
        sent.append(at)
        await asyncio.sleep(at - now)


DESIGNS: dict[str, Callable[..., Outbox]] = {"lanes": Lanes, "stream": Stream}


async def drain(
    design: str,
    url: str,
    items: Sequence[Item],
    send: Send,
    *,
    tasks: int,
    limited: bool = False,
    lease_ms: int = 5_000,
) -> float:
    """Fill an outbox and return how many seconds its workers took to send everything at least once."""
    clients = [connect(url) for _ in range(WORKERS)]
    outbox = DESIGNS[design](clients, f"bench-{random.getrandbits(48):x}", limited=limited, lease_ms=lease_ms)
    missing, done = set(items), asyncio.Event()

    async def note(item: Item) -> None:
        await send(item)
        missing.discard(item)
        if not missing:
            done.set()

    await outbox.fill(items)
    started = time.perf_counter()
    working = [asyncio.create_task(outbox.work(i % WORKERS, note)) for i in range(WORKERS * tasks)]
    finished = asyncio.create_task(done.wait())
    await asyncio.wait([finished, *working], return_when=asyncio.FIRST_COMPLETED)
    took_s = time.perf_counter() - started
    for task in (finished, *working):
        task.cancel()
    results = await asyncio.gather(*working, return_exceptions=True)
    for client in clients:
        await client.aclose()
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, ResponseError):
            raise result
    return took_s


def conversations(lanes: int, each: int) -> list[Item]:
    return [(str(lane), place) for place in range(each) for lane in range(lanes)]


async def out_of_order(design: str, url: str) -> float:
    """Count sends that began before an earlier one of their conversation had ended; sends take 0-4 ms."""
    ended: dict[str, set[int]] = defaultdict(set)
    early = 0

    async def send(item: Item) -> None:
        nonlocal early
        early += len(ended[item[0]]) < item[1]
        await asyncio.sleep(random.random() * 0.004)
        ended[item[0]].add(item[1])

    await drain(design, url, conversations(5, 40), send, tasks=4)
    return early


async def over_the_rate(design: str, url: str) -> float:
    """Count sends that came within the period of the one that should have run out before them."""
    sent: dict[str, list[float]] = defaultdict(list)

    async def send(item: Item) -> None:
        sent[item[0]].append(time.monotonic())

    await drain(design, url, conversations(2, 30), send, tasks=2, limited=True)
    most, period_s = RATE[0], RATE[1] / 1000 - 0.02  # 20 ms: the way from the store's clock to ours
    return sum(b - a < period_s for times in sent.values() for a, b in zip(times, times[most:], strict=False))


async def sent_twice(design: str, url: str) -> float:
    """Count second sends of 4 entries that take three times the lease (the minimum idle time of a stream)."""
    sends = 0

    async def send(_: Item) -> None:
        nonlocal sends
        sends += 1
        await asyncio.sleep(0.9)

    await drain(design, url, conversations(4, 1), send, tasks=4, lease_ms=300)
    return sends - 4


async def entries_per_s(design: str, url: str) -> float:
    """Drain 4,000 entries of 100 conversations as fast as the store allows."""

    async def send(_: Item) -> None:
        pass

    items = conversations(100, 40)
    return len(items) / await drain(design, url, items, send, tasks=8)


QUESTIONS = (out_of_order, over_the_rate, sent_twice, entries_per_s)


async def measure(engine: str, url: str, rounds: int) -> None:
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds):
        for question in QUESTIONS:
            for design in random.sample(sorted(DESIGNS), len(DESIGNS)):
                value = round(await question(design, url), 1)
                figures[question.__name__, design].append(value)
                line = {"engine": engine, "round": number, "design": design, question.__name__: value}
                print(json.dumps(line), flush=True)
    print(f"\n{engine}, medians of {rounds} rounds (least-most)")
    print(f"{'':18}" + "".join(f"{design:>24}" for design in DESIGNS))
    for question in QUESTIONS:
        cells = (figures[question.__name__, design] for design in DESIGNS)
        print(
            f"{question.__name__:18}"
            + "".join(f"{f'{statistics.median(c):,.0f} ({min(c):,.0f}-{max(c):,.0f})':>24}" for c in cells)
        )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./bench lanes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each question is asked (5)")
    parser.add_argument("--engine", choices=ENGINES, default="valkey", help="which server (valkey)")
    options = parser.parse_args(arguments)
    with running(options.engine) as server:
        asyncio.run(measure(options.engine, server.url, options.rounds))
