"""Teams comes in here: an activity becomes what the desk understands, or is left alone and counted.

Nothing is decided about a ticket and nobody is trusted here. An unknown shape is no error: Teams stops
delivering to a bot that answers its system activities with 500.
"""

import logging
from typing import Literal

from bot.desk.arrivals import Incoming, Listener, MembersChanged
from bot.sla.instants import Instant
from bot.teams.actions import TapActions
from bot.teams.activities import Seen
from bot.teams.adapter import InvokeBody
from bot.teams.drawing import Count
from bot.teams.mentions import text_of_html, without_own_mention
from bot.ticket.model import Chat

_log = logging.getLogger(__name__)

_BOT_ACCOUNT = "28:"
_CHANGES: dict[tuple[str, str], Literal["edited", "deleted"]] = {
    ("messageUpdate", "editMessage"): "edited",
    ("messageUpdate", "undeleteMessage"): "edited",
    ("messageDelete", "softDeleteMessage"): "deleted",
}
_NOT_FILES = ("text/html", "application/vnd.microsoft.card", "application/vnd.microsoft.teams.card", "messageReference")


class TeamsDoor:
    """Hands arrivals to the desk. Raises what the desk raises (StoreAwayError, ConflictError)."""

    def __init__(self, listener: Listener, actions: TapActions, count: Count) -> None:
        self._listener = listener
        self._actions = actions
        self._count = count

    async def arrive(self, seen: Seen, arrived_at: Instant) -> InvokeBody | None:
        """Handle one verified activity; the body answers an invoke."""
        chat = chat_of(seen)
        if seen.type == "invoke":
            return await self._actions.invoke(seen, chat, arrived_at)
        outcome = await self._outcome(seen, chat, arrived_at)
        self._count("teams_activities", outcome)
        # No ids: what comes from channels that are none of the desk's must leave no trace (D12).
        _log.info("teams type=%s event=%s outcome=%s", seen.type[:40], seen.event_type[:40], outcome)
        return None

    async def _outcome(self, seen: Seen, chat: Chat, arrived_at: Instant) -> str:
        match seen.type:
            case "message" | "messageUpdate" | "messageDelete":
                return await self._message(seen, chat, arrived_at)
            case "conversationUpdate":
                change = _membership(seen, chat, arrived_at)
            case "installationUpdate":
                change = _installation(seen, chat, arrived_at)
            case _:
                return "unknown_type"
        return "unknown_change" if change is None else await self._listener.members_changed(change)

    async def _message(self, seen: Seen, chat: Chat, arrived_at: Instant) -> str:
        # Other bots too: two machines that answer each other never stop.
        if seen.sender.account == seen.recipient or seen.sender.account.startswith(_BOT_ACCOUNT):
            return "from_a_bot"
        if seen.type == "message":
            tap = self._actions.submitted(seen, chat, arrived_at)
            if tap is not None:
                await self._listener.tap(tap)
                return "submitted"
            return await self._listener.incoming(_incoming(seen, chat, arrived_at, "message"))
        kind = _CHANGES.get((seen.type, seen.event_type))
        if kind is None:
            return "unknown_change"
        return await self._listener.incoming(_incoming(seen, chat, arrived_at, kind))


def chat_of(seen: Seen) -> Chat:
    """Return where an activity happened, as the place to answer to."""
    return Chat(
        conversation=seen.conversation,
        service_url=seen.service_url,
        tenant=seen.tenant,
        root=seen.root,
        personal=seen.conversation_type == "personal",
    )


def _incoming(seen: Seen, chat: Chat, arrived_at: Instant, kind: Literal["message", "edited", "deleted"]) -> Incoming:
    written = seen.text or _html(seen)
    text, mentioned = without_own_mention(written, seen.entities, seen.recipient)
    return Incoming(
        kind=kind,
        chat=chat,
        sender=seen.sender,
        text="" if kind == "deleted" else text,
        mentioned=mentioned,
        message_id=seen.id,
        arrived_at=arrived_at,
        language=seen.language,
        # A change reuses the id of its message, and a message can be changed again and again.
        operation=seen.operation(seen.id, "" if kind == "message" else seen.timestamp),
        place_name=seen.place_name,
        team=seen.team,
        has_files=any(not str(a["contentType"]).startswith(_NOT_FILES) for a in seen.attachments),
    )


def _html(seen: Seen) -> str:
    return next(
        (
            text_of_html(attachment["content"])
            for attachment in seen.attachments
            if attachment["contentType"] == "text/html" and isinstance(attachment["content"], str)
        ),
        "",
    )


def _membership(seen: Seen, chat: Chat, arrived_at: Instant) -> MembersChanged | None:
    if not seen.added and not seen.removed:
        return None  # a rename, a new channel
    accounts = [*(f"+{one.account}" for one in seen.added), *(f"-{one.account}" for one in seen.removed)]
    return MembersChanged(
        chat=chat,
        sender=seen.sender,
        bot_added=any(one.account == seen.recipient for one in seen.added),
        bot_removed=any(one.account == seen.recipient for one in seen.removed),
        added=tuple(one for one in seen.added if one.account != seen.recipient),
        arrived_at=arrived_at,
        language=seen.language,
        operation=seen.operation(seen.id, seen.timestamp, *sorted(accounts)),
        place_name=seen.place_name,
        team=seen.team,
    )


def _installation(seen: Seen, chat: Chat, arrived_at: Instant) -> MembersChanged | None:
    if seen.action not in {"add", "remove"}:
        return None  # add-upgrade, remove-upgrade: the bot was there before and stays
    return MembersChanged(
        chat=chat,
        sender=seen.sender,
        bot_added=seen.action == "add",
        bot_removed=seen.action == "remove",
        arrived_at=arrived_at,
        language=seen.language,
        operation=seen.operation(seen.id, seen.timestamp, seen.action),
        place_name=seen.place_name,
        team=seen.team,
    )
