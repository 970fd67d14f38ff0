"""The outbox: one ordered lane per destination. The time of a lane's next send is its rate limit across replicas."""

import json
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from bot.desk.ports import ClaimedEntry, DeadLetter, LaneWait
from bot.store.room import CALL_LIFE_MS, StoreRoom
from bot.store.scripts import Argument, new_nonce

Rate: TypeAlias = tuple[int, int]
"""So many sends in so many milliseconds."""
Limits: TypeAlias = Mapping[str, Sequence[Rate]]
"""Rates by the prefix of a lane's name; a lane that no prefix fits is not limited."""

_JITTER_MS = 100
"""Added to every period: two sends may reach the other side closer together than they left us."""


def _within(*rates: Rate) -> tuple[Rate, ...]:
    return tuple((count, period_ms + _JITTER_MS) for count, period_ms in rates)


DEFAULT_LIMITS: Limits = {
    # Teams, per bot and conversation: "7 in 1 s, 8 in 2 s, 60 in 30 s, 1,800 in 3,600 s"; beyond them it answers 429.
    "t:": _within((7, 1_000), (8, 2_000), (60, 30_000), (1_800, 3_600_000)),
    # Mail, per thread or address: Exchange Online takes 30 a minute from a mailbox.
    "m:": _within((30, 60_000)),
}

_LANES_LOOKED_AT = 64
_DEAD_LETTERS_KEPT = 1_000


class Lanes(StoreRoom):
    """The part of the ledger that hands out messages."""

    _limits_json: str

    async def claim_lane(self, *, lease_ms: int) -> ClaimedEntry | LaneWait:
        """Lease the lane that may send next, within its rate limits; counts the send against them.

        `attempts` counts this one. `wait_ms` is 0 if many lanes had to be put off: call again.
        """
        names = self._keys
        answer = await self._run(
            "claim_lane",
            [names.lanes, names.fence, names.call(new_nonce())],
            [
                names.lane_prefix,
                names.queue_prefix,
                names.sent_prefix,
                lease_ms,
                self._limits_json,
                _LANES_LOOKED_AT,
                CALL_LIFE_MS,
            ],
        )
        if answer[0] == b"wait":
            return LaneWait(None if answer[1] < 0 else int(answer[1]))
        _, lane, fence, entry_id, body, attempts, uncertain, queued_at_ms = answer
        return ClaimedEntry(
            lane=lane.decode(),
            fence=fence,
            id=entry_id.decode(),
            body=body,
            attempts=attempts,
            uncertain=bool(uncertain),
            queued_at_ms=queued_at_ms,
        )

    async def renew_lane(self, claimed: ClaimedEntry, *, lease_ms: int) -> bool:
        """Prolong a lease; False if it was lost."""
        names = self._keys
        keys = [names.lanes, names.lane(claimed.lane)]
        return bool(await self._run("renew_lane", keys, [claimed.lane, claimed.fence, lease_ms]))

    async def settle_done(self, claimed: ClaimedEntry) -> bool:
        """Delete a sent entry and free its lane; False if the lease was lost."""
        return await self._settle(claimed, "done")

    async def settle_retry(self, claimed: ClaimedEntry, *, after_ms: int, uncertain: bool) -> bool:
        """Keep the entry at the head of its lane and try again after `after_ms` of real time.

        An entry that was claimed as uncertain stays so: a later attempt tells nothing of an earlier one.
        """
        return await self._settle(claimed, "retry", after_ms, int(uncertain))

    async def settle_dead(self, claimed: ClaimedEntry, *, reason: str) -> bool:
        """Move an entry to the dead letters, of which the newest 1,000 are kept, and free its lane."""
        return await self._settle(claimed, "dead", reason, _DEAD_LETTERS_KEPT)

    async def dead_letters(self, limit: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters, the latest first."""
        rows: list[bytes] = await self._ask(self._client.lrange(self._keys.dead, 0, limit - 1))
        return [_dead_letter(row) for row in rows]

    async def _settle(self, claimed: ClaimedEntry, how: str, *details: Argument) -> bool:
        names = self._keys
        keys = [
            names.lanes,
            names.lane(claimed.lane),
            names.queue(claimed.lane),
            names.entries,
            names.dead,
            names.call(new_nonce()),
        ]
        return bool(await self._run("settle", keys, [claimed.lane, claimed.fence, how, CALL_LIFE_MS, *details]))


def limits_as_json(limits: Limits) -> str:
    """Return limits as the script reads them: the longest prefix first, so that the closest one counts."""
    ordered = sorted(limits.items(), key=lambda item: -len(item[0]))
    return json.dumps([[prefix, [list(rate) for rate in rates]] for prefix, rates in ordered])


def _dead_letter(row: bytes) -> DeadLetter:
    head, _, rest = row.partition(b"\n")
    lane_size, id_size, reason_size, at_ms = (int(part) for part in head.split())
    id_at, reason_at = lane_size, lane_size + id_size
    body_at = reason_at + reason_size
    return DeadLetter(
        lane=rest[:id_at].decode(),
        id=rest[id_at:reason_at].decode(),
        body=rest[body_at:],
        reason=rest[reason_at:body_at].decode(errors="replace"),
        at_ms=at_ms,
    )
