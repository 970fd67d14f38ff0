"""Asks the server how well it keeps what it is given: by INFO, which managed stores allow, and CONFIG, which few do."""

from dataclasses import dataclass
from typing import Any

from redis.exceptions import ResponseError

from bot.store.scripts import Client, store_errors


@dataclass(frozen=True)
class Durability:
    """What the server says of itself."""

    server: str
    appendonly: bool
    appendfsync: str
    """`always`, `everysec` or `no`; empty where the server does not tell."""
    maxmemory_policy: str
    last_write_ok: bool
    """The last write to the append-only log reached the disk."""
    last_rewrite_ok: bool
    """The last rewrite of the log, or the last snapshot, was finished."""
    delayed_syncs: int
    """How often, since the server started, a write waited because the disk was still busy with the one before."""


async def ask_durability(client: Client, *, within_s: float) -> Durability | None:
    """Return what the server says; None if it tells nobody. Raises StoreAwayError."""
    async with store_errors(within_s):
        try:
            told: dict[str, Any] = await client.info()
        except ResponseError:
            return None
        try:
            appendfsync = _word((await client.config_get("appendfsync")).get("appendfsync"))
        except ResponseError:
            appendfsync = ""
    return Durability(
        server=_server(told),
        appendonly=_word(told.get("aof_enabled")) == "1",
        appendfsync=appendfsync,
        maxmemory_policy=_word(told.get("maxmemory_policy", "")),
        last_write_ok=_word(told.get("aof_last_write_status", "ok")) == "ok",
        last_rewrite_ok=_word(told.get("aof_last_bgrewrite_status", "ok")) == "ok"
        and _word(told.get("rdb_last_bgsave_status", "ok")) == "ok",
        delayed_syncs=int(told.get("aof_delayed_fsync", 0)),
    )


def _server(told: dict[str, Any]) -> str:
    if "valkey_version" in told:
        return f"Valkey {_word(told['valkey_version'])}"
    return f"Redis {_word(told.get('redis_version', ''))}".strip()


def _word(value: object) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
