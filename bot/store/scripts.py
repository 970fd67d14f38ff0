"""Runs the Lua scripts beside this file, and is the one place where the store's errors become ours."""

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.asyncio.cluster import RedisCluster
from redis.exceptions import (
    ClusterError,
    ConnectionError,  # noqa: A004  the store's, not the system's
    MasterDownError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TimeoutError,  # noqa: A004  the store's, not the system's
    TryAgainError,
)

from bot.errors import StoreAwayError

Client: TypeAlias = Redis | RedisCluster
Argument: TypeAlias = str | bytes | int

_AWAY = (
    ConnectionError,
    TimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
    ClusterError,
    MasterDownError,
    RedisClusterException,
    TryAgainError,
    OSError,  # and with it the built-in TimeoutError, which our own bound raises
)
_AWAY_WORDS = ("MISCONF", "NOREPLICAS", "LOADING", "UNKILLABLE", "BUSY")
"""Answers of a server that is there and cannot serve: its disk is full, its replicas are gone, it is starting."""


@asynccontextmanager
async def store_errors(within_s: float) -> AsyncIterator[None]:
    """Turn "the store does not serve now" into StoreAwayError; any other answer of it is a bug and passes.

    Bounds the whole call, its retries included. The client's own `socket_timeout` must stay unset: up to Python
    3.11 it sends through `asyncio.wait_for`, which swallowed 3 in 10 cancellations of a busy loop (measured).
    """
    try:
        async with asyncio.timeout(within_s):
            yield
    except _AWAY as error:
        raise StoreAwayError(f"{type(error).__name__}: {error}") from error
    except ResponseError as error:
        if str(error).startswith(_AWAY_WORDS):
            raise StoreAwayError(f"{type(error).__name__}: {error}") from error
        raise


def new_nonce() -> str:
    """Return a name for one call, 16 characters, by which the store knows the call when it is sent again."""
    return secrets.token_hex(8)


@dataclass(frozen=True)
class _Script:
    text: str
    sha: str


def _load() -> dict[str, _Script]:
    scripts = {}
    for file in files("bot.store").joinpath("lua").iterdir():
        if file.name.endswith(".lua"):
            text = file.read_text(encoding="utf-8")
            sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
            scripts[file.name.removesuffix(".lua")] = _Script(text, sha)
    return scripts


_SCRIPTS = _load()


async def run_script(
    client: Client, name: str, keys: Iterable[str], args: Iterable[Argument], *, within_s: float
) -> Any:
    """Run `lua/<name>.lua` and return what it returned. Raises StoreAwayError.

    By its hash; a server that does not know it (new, restarted, flushed) is sent the text, which it then keeps.
    """
    script, keys = _SCRIPTS[name], list(keys)
    async with store_errors(within_s):
        try:
            return await client.evalsha(script.sha, len(keys), *keys, *args)
        except NoScriptError:
            return await client.eval(script.text, len(keys), *keys, *args)
