"""Which rungs of the ladder are due, derived from the clock and from what was paged already."""

from pydantic import BaseModel, ConfigDict

from bot.sla.instants import Instant


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
    """How far the ladder of the present measure has been climbed."""

    model_config = ConfigDict(frozen=True, extra="allow")

    stage: int = 0
    """Counts reclassifications: each starts the ladder anew."""
    paged: tuple[int, ...] = ()
    """Steps that paged, by index."""
    owed: tuple[int, ...] = ()
    """`unacked` steps that fell due while somebody held the ticket: fired when the hold runs out."""
    repeats: int = 0
    """Repeat slots that passed."""
    after: int = 0
    """Slots after the breach that passed."""
    triage: tuple[int, ...] = ()
    highest: str | None = None
    """The highest level paged so far, over all stages."""
