"""Small things kept by name: indexes, policies, remembered and constant values, counted uses."""

from bot.store.room import StoreRoom
from bot.store.scripts import new_nonce


class Shelves(StoreRoom):
    """The part of the ledger that keeps values without a version."""

    async def index(self, name: str, *, newest_first: bool = False, limit: int = 100, offset: int = 0) -> list[str]:
        """Return the members of a sorted index, by score and then by name."""
        if limit <= 0:
            return []
        members = await self._ask(
            self._client.zrange(self._keys.index(name), offset, offset + limit - 1, desc=newest_first)
        )
        return [member.decode() for member in members]

    async def index_size(self, name: str) -> int:
        """Return how many members a sorted index has."""
        return int(await self._ask(self._client.zcard(self._keys.index(name))))

    async def put_policy(self, content_hash: str, body: bytes) -> None:
        """Keep a policy by its content hash; never overwritten."""
        await self._ask(self._client.set(self._keys.policy(content_hash), body, nx=True))

    async def policy(self, content_hash: str) -> bytes | None:
        """Return a policy."""
        body: bytes | None = await self._ask(self._client.get(self._keys.policy(content_hash)))
        return body

    async def remember(self, name: str, value: bytes, ttl_s: int) -> None:
        """Keep a value that can be had again for `ttl_s` of real time (a cache)."""
        await self._ask(self._client.set(self._keys.memory(name), value, ex=ttl_s))

    async def recall(self, name: str) -> bytes | None:
        """Return a remembered value."""
        value: bytes | None = await self._ask(self._client.get(self._keys.memory(name)))
        return value

    async def once(self, name: str, value: bytes) -> bytes:
        """Set a value unless it is set; return the one that stands (the desk's secret, its epoch)."""
        standing: bytes | None = await self._ask(self._client.set(self._keys.constant(name), value, nx=True, get=True))
        return value if standing is None else standing

    async def allow(self, name: str, *, limit: int, window_s: int) -> bool:
        """Count one use of `name`; False, and not counted, if `limit` uses already fell into the window."""
        return bool(await self._run("allow", [self._keys.uses(name)], [new_nonce(), limit, window_s * 1000]))
