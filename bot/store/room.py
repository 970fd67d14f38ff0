"""What the parts of the ledger share: the client, the names, and one way to ask."""

from collections.abc import Awaitable, Iterable
from typing import Any

from bot.store.keys import Keys
from bot.store.scripts import Argument, Client, run_script, store_errors

CALL_LIFE_MS = 60_000
"""How long the answer to a call is kept for its re-sending; longer than all retries of the client together."""


class StoreRoom:
    """Holds the client; the parts of the ledger are built on it."""

    _client: Client
    _keys: Keys
    _within_s: float

    async def _run(self, script: str, keys: Iterable[str], args: Iterable[Argument] = ()) -> Any:
        return await run_script(self._client, script, keys, args, within_s=self._within_s)

    async def _ask(self, answer: Awaitable[Any]) -> Any:
        """Return the answer to one plain command; redis-py types it for clients that decode, ours never does."""
        async with store_errors(self._within_s):
            return await answer
