"""When the desk asks after what waits outside the ladder: an open pause (D8), a call that is owed (D9).

These run by time, not by used time: the clock of a paused or resolved ticket stands, the desk must not.
"""

from dataclasses import dataclass

from bot.sla.calendar import Calendar
from bot.sla.instants import Instant
from bot.sla.policy import Chase

_EAGER = 12
"""Unanswered, the level is asked so many times in the policy's rhythm, then only every twelfth time: a pause that
nobody looks after is never forgotten, and never a flood (a P1 would make 288 pages a day)."""


@dataclass(frozen=True)
class Waiting:
    """An open pause that somebody is to ask after."""

    pause: int
    chase_at: Instant
    answers: int = 0
    """How often it was asked after and answered: each answer begins a new round."""


@dataclass(frozen=True)
class OwedCall:
    """A call that the customer is owed after the resolution."""

    due_at: Instant
    again_at: Instant
    """When managers are told that it was not made; after that nobody is."""
    by: str
    """Person id of whoever resolved the ticket."""


def asked_at(waiting: Waiting, chase: Chase | None, hours: Calendar, n: int) -> Instant | None:
    """Return when a pause is asked after for the n-th time (0: the holder); None: never.

    The first time is the one that was named, also outside working hours; the level's are working time after it.
    """
    if n == 0:
        return waiting.chase_at
    if chase is None:
        return None
    slots = max(n, _EAGER * (n - _EAGER + 1))
    return hours.add(waiting.chase_at, slots * chase.unanswered_after)
