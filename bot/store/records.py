"""Records, their events, guards and operations: read plainly, written by one script in one step."""

from collections.abc import Sequence
from typing import Any

from bot.desk.ports import Commit, CommitResult, Committed, Conflict, GuardTaken, RecordKey, Replayed, Stored
from bot.store.room import StoreRoom
from bot.store.scripts import Argument, new_nonce, store_errors

OPERATION_LIFE_S = 24 * 3600


class Records(StoreRoom):
    """The part of the ledger that keeps records."""

    async def read(self, key: RecordKey) -> Stored | None:
        """Return a record."""
        return _stored(await self._ask(self._client.hmget(self._keys.record(key), ["v", "b"])))

    async def read_many(self, keys: Sequence[RecordKey]) -> list[Stored | None]:
        """Return records in the order of `keys`, in one round trip."""
        if not keys:
            return []
        async with store_errors(self._within_s), self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hmget(self._keys.record(key), ["v", "b"])
            return [_stored(row) for row in await pipe.execute()]

    async def commit(self, commit: Commit) -> CommitResult:
        """Write a decision in one step."""
        keys, args = self._request(commit, new_nonce())
        answer = await self._run("commit", keys, args)
        match answer[0]:
            case b"committed":
                return Committed(int(answer[1]))
            case b"replayed":
                return Replayed(answer[1])
            case b"conflict":
                return Conflict(int(answer[1]))
            case _:
                return GuardTaken(answer[1].decode(), answer[2].decode())

    async def operation_answer(self, operation: str) -> bytes | None:
        """Return what an operation was answered when it was committed; None if it was not."""
        answer: bytes | None = await self._ask(self._client.get(self._keys.operation(operation)))
        return answer

    async def guard_owner(self, name: str) -> str | None:
        """Return who owns a guard."""
        return (await self.guard_owners([name]))[0]

    async def guard_owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the owners in the order of `names`, in one round trip."""
        if not names:
            return []
        owners: list[bytes | None] = await self._ask(self._client.mget([self._keys.guard(name) for name in names]))
        return [owner.decode() if owner is not None else None for owner in owners]

    async def events(self, key: RecordKey) -> list[bytes]:
        """Return a record's events, oldest first."""
        events: list[bytes] = await self._ask(self._client.lrange(self._keys.events(key), 0, -1))
        return events

    def _request(self, commit: Commit, nonce: str) -> tuple[list[str], list[Argument]]:
        names = self._keys
        keys = [
            names.record(commit.key),
            names.events(commit.key),
            names.wakes,
            names.claims,
            names.poisoned,
            names.lanes,
            names.entries,
        ]
        args: list[Argument] = [
            str(commit.key),
            commit.expected_version,
            commit.body,
            nonce,
            "" if commit.wake_at is None else commit.wake_at,
            OPERATION_LIFE_S,
            0 if commit.operation is None else 1,
            len(commit.guards),
            len(commit.events),
            len(commit.entries),
            len(commit.indexes),
        ]
        if commit.operation is not None:
            keys.append(names.operation(commit.operation))
            args.append(commit.answer)
        for guard in commit.guards:
            keys.append(names.guard(guard.name))
            args += [guard.name, guard.owner, "" if guard.ttl_s is None else guard.ttl_s]
        args += commit.events
        for entry in commit.entries:
            keys += [names.lane(entry.lane), names.queue(entry.lane)]
            args += [entry.lane, entry.id, entry.body, entry.coalesce or ""]
        for change in commit.indexes:
            keys.append(names.index(change.index))
            args += [change.member, "" if change.score is None else change.score]
        return keys, args


def _stored(row: list[Any]) -> Stored | None:
    version, body = row
    return None if version is None else Stored(int(version), body)
