"""Conversations of a local channel, and what the bot answers there."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """A conversation. `tenant` is the one that it lives in, not its people's."""

    id: str
    kind: str
    tenant: str
    name: str = ""
    team: str = ""


@dataclass(frozen=True)
class Answer:
    """What the bot answered to an activity."""

    status: int
    body: Any
    """Decoded JSON; None if there is none."""
    activity_id: str
