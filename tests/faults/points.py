"""Which requests there are to be killed at, told apart so that another run finds the same ones again.

The number of a request over the whole run says nothing: two replicas look for work twenty times a second, and
which of them finds it differs. A point is therefore (minute of the journey, kind of request, ordinal among
these), counted over both replicas. Looking for work is counted where it can find some: wake-ups from the first
claim that was sent after the clock had moved, lanes from the first commit of the minute; one claim more than
was needed stands for all that find nothing.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from bot.sla.instants import MINUTE, Instant
from tests.harness.proxy import Seen

Mode = Literal["before delivery", "before the reply"]
MODES: tuple[Mode, ...] = ("before delivery", "before the reply")

_SCRIPTS = {
    hashlib.sha1(file.read_bytes()).hexdigest(): file.name.removesuffix(".lua")
    for file in files("bot.store").joinpath("lua").iterdir()
    if file.name.endswith(".lua")
}


@dataclass(frozen=True, order=True)
class Point:
    """A request of the journey. `ordinal` from 1."""

    minute: int
    kind: str
    ordinal: int

    def __str__(self) -> str:
        return f"{self.minute:2}' {self.kind} #{self.ordinal}"


class Numbering:
    """Numbers the requests of one run. Nothing is counted before `begin`."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[int, str]] = Counter()
        self._start: Instant | None = None
        self._minute = 0
        self._clock: Instant = 0

    def begin(self, start: Instant) -> None:
        """Count from now on."""
        self._start = start
        self.moved_to(start)

    def moved_to(self, now: Instant) -> None:
        """Learn that desk time moved."""
        assert self._start is not None
        self._clock = now
        self._minute = (now - self._start) // MINUTE

    def number(self, seen: Seen) -> Point | None:
        """Return the point that a request is; None if it is not counted."""
        if self._start is None:
            return None
        kind = kind_of(seen)
        if kind == "store claim_due" and _asked_at(seen.raw) < self._clock:
            return None
        if kind == "store claim_lane" and not self.counts[self._minute, "store commit"]:
            return None
        self.counts[self._minute, kind] += 1
        return Point(self._minute, kind, self.counts[self._minute, kind])

    def points(self) -> list[Point]:
        """Return the points of this run."""
        found = []
        for (minute, kind), count in self.counts.items():
            most = count
            if kind == "store claim_due":
                most = min(count, 2)
            elif kind == "store claim_lane":
                most = min(count, self.counts[minute, "store settle"] + 1)
            found += [Point(minute, kind, ordinal) for ordinal in range(1, most + 1)]
        return sorted(found)


def kind_of(seen: Seen) -> str:
    """Return what a request does: `store commit`, `store HMGET`; `teams post`."""
    if seen.raw.startswith(b"*"):
        return f"store {_SCRIPTS.get(_words(seen.raw)[1].decode(), seen.name) if seen.name == 'EVALSHA' else seen.name}"
    method, _, path = seen.name.partition(" ")
    what = {"POST": "post", "PUT": "update", "GET": "read", "DELETE": "delete"}[method]
    return "teams create" if path.endswith("/v3/conversations") else f"teams {what}"


def slot_of(card: object) -> str:
    """Return the slot that the buttons of a card name, such as `page:step.0:an.le`; empty if there are none."""
    if isinstance(card, dict):
        data = card.get("data")
        if isinstance(data, dict) and "slot" in data:
            return str(data["slot"])
        card = list(card.values())
    if isinstance(card, list):
        return next((slot for child in card if (slot := slot_of(child))), "")
    return ""


def posted_slot(seen: Seen) -> str:
    """Return the slot of the card that a request posts; empty if it posts none."""
    if kind_of(seen) != "teams post":
        return ""
    return slot_of(json.loads(seen.raw.partition(b"\r\n\r\n")[2]))


def _asked_at(claim_due: bytes) -> Instant:
    """Return the present that a replica looked for wake-ups at: EVALSHA, sha, 3, three keys, then it."""
    return int(_words(claim_due)[6])


def _words(raw: bytes) -> list[bytes]:
    """Return the first words of a RESP command."""
    return raw.split(b"\r\n", 16)[2:16:2]
