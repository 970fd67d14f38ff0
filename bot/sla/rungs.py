"""What a climb of the ladder deals in: a page that fell due, who holds the ticket, how far the ladder was climbed."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from bot.sla.instants import Instant
from bot.sla.shapes import Channel

PageKind: TypeAlias = Literal[
    "step",
    "repeat",
    "after_breach",
    "triage",
    "ack_warning",
    "information",
    "chase",
    "escalated",
    "handed_over",
    "call_back",
]


class Ack(BaseModel):
    """Somebody holds the ticket. Renewed by any act of the holder; runs out in used time."""

    model_config = ConfigDict(frozen=True, extra="allow")

    by: str
    """Person id of the roster."""
    name: str
    level: str
    at: Instant
    renewed_at: Instant
    warned: bool = False


class Progress(BaseModel):
    """How far the ladder of the present measure has been climbed. `anew` begins the next measure."""

    model_config = ConfigDict(frozen=True, extra="allow")

    stage: int = 0
    """Counts reclassifications, reopenings and corrections of the clock: each starts the ladder anew."""
    paged: tuple[int, ...] = ()
    """Steps that paged, by index."""
    owed: tuple[int, ...] = ()
    """`unacked` steps that fell due while somebody held the ticket: fired when the hold runs out."""
    repeats: int = 0
    """Repeat slots that passed."""
    after: int = 0
    """Slots after the breach that passed."""
    triage: tuple[int, ...] = ()
    levels: tuple[str, ...] = ()
    """Levels paged so far, over all stages, in the order of their first page."""
    jumps: tuple[str, ...] = ()
    """Levels that this stage paged otherwise than by a step of its ladder: by hand, by the triage; in order."""
    chased: tuple[tuple[int, int, int], ...] = ()
    """How often each pause was asked after since its last answer: (pause, answers, times). Over all stages."""
    call_backs: int = 0
    """How often somebody was reminded of the call that is owed."""
    pulled: tuple[str, ...] = ()
    """Pages that could not be delivered and were sent on to the level above, by the key of the page that followed."""
    turns: int = 0
    """Pages to a team's queue so far, over all stages: each rings the next extension."""
    climbed_at: Instant = 0
    """When something was last taken. A store's clock that steps back a little takes nothing back."""

    def anew(self) -> "Progress":
        """Return the progress of the next measure: nothing of its ladder climbed, everybody paged so far remembered."""
        return self.model_copy(
            update={
                "stage": self.stage + 1,
                "paged": (),
                "owed": (),
                "repeats": 0,
                "after": 0,
                "jumps": (),
                "pulled": (),
                "call_backs": 0,
            }
        )


@dataclass(frozen=True)
class Rung:
    """One thing of the ladder that fell due: who is to be told, and how."""

    key: str
    kind: PageKind
    due_at: Instant
    level: str | None
    by: tuple[Channel, ...] = ()
    whole_team: bool = False
    managers: Literal["channel", "digest"] | None = None
    to_holder: bool = False
    to: str = ""
    """Person id of somebody who is meant by name, whoever is on duty."""
    breach: bool = False


def with_level(levels: tuple[str, ...], level: str | None) -> tuple[str, ...]:
    """Return the levels paged so far, after a page."""
    return levels if level is None or level in levels else (*levels, level)
