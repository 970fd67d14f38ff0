"""What is looked at: the desk's files and store, its way to Teams, and where its doors should be."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.desk.ports import Clock, RecordKey
from bot.errors import Fault
from bot.sla.book import Book
from bot.store.redis_store import RedisLedger
from bot.teams.connector import Connector
from bot.teams.credentials import Credentials
from bot.teams.grants import Grants
from bot.teams.key_cache import KeyCache
from bot.ticket.model import DeskRecord
from bot.web.vitals import Vitals

_DESK = RecordKey("desk", "desk")


@dataclass(frozen=True)
class TeamsSide:
    """The bot's way to Teams, made for this look alone."""

    credentials: Credentials
    connector: Connector
    keys: KeyCache
    metadata_url: str
    grants: Grants | None
    """None: the login is a local channel's, and nobody said where its Graph is."""


@dataclass(frozen=True)
class Installation:
    """One desk as its settings describe it."""

    book: Book
    warnings: tuple[Fault, ...]
    """What is not fatal in the desk's files."""
    ledger: RedisLedger
    clock: Clock
    """Desk time."""
    real_s: Callable[[], float]
    """This machine's clock, seconds since the epoch."""
    vitals: Vitals
    teams: TeamsSide | None
    """None: no application id is set."""
    own_url: str
    """Where the desk's HTTP door is on this machine; empty: its port is not fixed."""
    public_url: str
    """Where Teams is to reach the desk; empty: nobody said."""
    smtp_port: int
    mail_folder: Path
    loopback_allowed: bool
    """Development mode: plain http on loopback is as good as https."""

    async def record(self) -> DeskRecord:
        """Return what the desk learnt in operation. Raises StoreAwayError."""
        stored = await self.ledger.read(_DESK)
        return DeskRecord.model_validate_json(stored.body) if stored is not None else DeskRecord()
