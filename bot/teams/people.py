"""The roster call: the only place that says who somebody is, and of which tenant (D10).

An answer is kept for ten minutes; a failure is never kept and means that nobody is trusted.
"""

import hashlib
import logging
from typing import Protocol

import orjson

from bot.desk.arrivals import Sender
from bot.desk.ports import Ledger, Member
from bot.errors import DeliveryError
from bot.teams.drawing import Count
from bot.ticket.model import Chat

_log = logging.getLogger(__name__)

_KEPT_S = 600


class Roster(Protocol):
    """What this module needs of the connector."""

    async def member(self, chat: Chat, account: str) -> Member:
        """Return one member of a conversation."""
        ...

    async def members(self, chat: Chat) -> list[Member]:
        """Return all members of a conversation."""
        ...


class TeamsPeople:
    """Implements `desk.arrivals.People`. Raises StoreAwayError: an unread cache is no reason to distrust somebody."""

    def __init__(self, roster: Roster, ledger: Ledger, count: Count, *, kept_s: int = _KEPT_S) -> None:
        self._roster = roster
        self._ledger = ledger
        self._count = count
        self._kept_s = kept_s

    async def member(self, chat: Chat, sender: Sender) -> Member | None:
        """Return who the sender is; None if Teams did not say."""
        account = sender.account or sender.object_id
        if not account:
            return None
        name = _cache_name(chat.conversation, account)
        kept = await self._ledger.recall(name)
        if kept:
            return Member(**orjson.loads(kept))
        try:
            member = await self._roster.member(chat, account)
        except DeliveryError as error:
            self._count("teams_roster_calls", "failed")
            _log.warning("the roster call failed: %s", error)
            return None
        if not member.tenant:
            self._count("teams_roster_calls", "no_tenant")
            return None
        self._count("teams_roster_calls", "answered")
        await self._ledger.remember(name, orjson.dumps(member), self._kept_s)
        return member

    async def members(self, chat: Chat) -> list[Member] | None:
        """Return everybody in the conversation, asked anew each time; None if Teams did not say."""
        try:
            return await self._roster.members(chat)
        except DeliveryError as error:
            self._count("teams_roster_calls", "failed")
            _log.warning("the roster of a conversation was not given: %s", error)
            return None


def _cache_name(conversation: str, account: str) -> str:
    digest = hashlib.sha256(f"{conversation}\x1f{account}".encode()).hexdigest()
    return f"member:{digest[:40]}"
