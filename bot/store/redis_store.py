"""The ledger on Redis or Valkey, 7.0 or later: the desk's only state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff

from bot.desk.ports import Backlog
from bot.errors import ConfigError, Fault
from bot.sla.instants import Instant
from bot.store.durability import Durability, ask_durability
from bot.store.keys import Keys
from bot.store.lanes import DEFAULT_LIMITS, Lanes, Limits, limits_as_json
from bot.store.records import Records
from bot.store.scripts import Client
from bot.store.shelves import Shelves
from bot.store.timers import Timers

_CLAIMS_LOOKED_AT = 1_000


class RedisLedger(Records, Timers, Lanes, Shelves):
    """Implements `desk.ports.Ledger` for one desk; any number of processes may hold one each.

    `limits`: how much a lane may send, by the prefix of its name. `within_s`: after how long without an answer,
    retries included, the store counts as away. The client is best made by `connect`; it must return bytes.
    """

    def __init__(self, client: Client, desk_id: str, *, limits: Limits = DEFAULT_LIMITS, within_s: float = 5.0) -> None:
        self._client = client
        self._keys = Keys(desk_id)
        self._within_s = within_s
        self._limits_json = limits_as_json(limits)

    async def ping(self) -> None:
        """Return when the store answers."""
        await self.store_time_ms()

    async def store_time_ms(self) -> int:
        """Return the store's clock, real time: the one that decides between replicas."""
        return int(await self._run("time", [self._keys.wakes]))

    async def backlog(self, now: Instant) -> Backlog:
        """Return how far behind the desk is. A claimed record is due until it is committed."""
        names = self._keys
        due, oldest_due, lanes, entries, oldest_lane, dead, poisoned = await self._run(
            "backlog",
            [names.wakes, names.claims, names.lanes, names.entries, names.dead, names.poisoned],
            [now, _CLAIMS_LOOKED_AT, names.record_prefix],
        )
        return Backlog(
            due=due,
            oldest_due_at=int(oldest_due) if oldest_due else None,
            lanes=lanes,
            entries=entries,
            oldest_lane_ms=int(oldest_lane) if oldest_lane else None,
            dead=dead,
            poisoned=poisoned,
        )

    async def durability(self) -> Durability | None:
        """Return how well the server keeps what it is given; None if it tells nobody."""
        return await ask_durability(self._client, within_s=self._within_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def connect(url: str, *, connect_timeout_s: float = 2.0, retries: int = 4, connections_max: int = 64) -> Redis:
    """Return a client for `redis://`, `rediss://` or `unix://`; it connects when first used.

    A refused or cut connection is tried again after 0.2, 0.4, 0.8 and 1 s; the ledger bounds the whole call, so
    there is no `socket_timeout` (see `scripts.store_errors`). RESP 2 and no handshake beyond AUTH and SELECT: every
    supported server knows them. When all connections are busy a call waits for one: the plain pool would say at
    once that the store is away. Raises ConfigError for a URL that is none.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections_max,
            timeout=connect_timeout_s,
            protocol=2,
            decode_responses=False,
            socket_timeout=None,
            socket_connect_timeout=connect_timeout_s,
            health_check_interval=30,
            retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), retries),
            driver_info=None,
        )
    except ValueError as error:
        raise ConfigError([Fault("environment", None, f"REDIS_URL is not a URL of a store: {error}")]) from error
    return Redis.from_pool(pool)


@asynccontextmanager
async def open_ledger(url: str, desk_id: str, *, limits: Limits = DEFAULT_LIMITS) -> AsyncIterator[RedisLedger]:
    """Yield a ledger whose store has answered; its connections are closed at the end. Raises StoreAwayError."""
    ledger = RedisLedger(connect(url), desk_id, limits=limits)
    try:
        await ledger.ping()
        yield ledger
    finally:
        await ledger.close()
