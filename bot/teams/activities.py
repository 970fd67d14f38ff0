"""The wall to botbuilder's schema: JSON becomes an Activity, an Activity becomes typed facts; `Any` ends here.

Only fields that are used are passed on, each in the shape it must have. botbuilder's reader raises on
an odd timestamp or entity, recurses without limit and loses `conversation.tenantId` (it looks for
`tenantID`), so that one strange field would cost the whole message.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from botbuilder.schema import Activity

from bot.desk.arrivals import Sender
from bot.ticket.model import Language

_DEPTH_MAX = 40
_ID_SIZE_MAX_CHARS = 1024
_ITEMS_MAX = 200
_THREAD_MARK: Final = ";messageid="

_STRINGS = ("id", "type", "serviceUrl", "channelId", "text", "textFormat", "locale", "name", "action", "replyToId")
_AUTHORED = frozenset({"message", "messageUpdate", "messageDelete", "invoke"})


class MalformedError(Exception):
    """The body is not an activity. The message names the field, never its value."""


@dataclass(frozen=True)
class Seen:
    """What an activity says, in the product's own types. Nothing of it is trusted for identity (D10)."""

    type: str
    id: str
    timestamp: str
    event_type: str
    service_url: str
    channel_id: str
    conversation: str
    """Without `;messageid=`."""
    root: str | None
    """The thread's root message, in channels."""
    conversation_type: str
    tenant: str
    """The conversation's tenant (an external author of a shared channel appears under it too)."""
    sender: Sender
    recipient: str
    text: str
    language: Language
    name: str
    action: str
    reply_to: str
    place_name: str
    team: str
    """Teams id of the team around a channel: membership is told for the team, in its General channel."""
    value: dict[str, Any] = field(default_factory=dict)
    entities: tuple[dict[str, Any], ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()
    added: tuple[Sender, ...] = ()
    removed: tuple[Sender, ...] = ()

    def operation(self, *parts: str) -> str:
        """Return a bounded name that is equal for every delivery of the same happening."""
        digest = hashlib.sha256("\x1f".join((self.conversation, self.type, self.event_type, *parts)).encode())
        return f"teams:{digest.hexdigest()[:40]}"


def read_activity(raw: object) -> Any:
    """Return botbuilder's Activity of a decoded body; raises MalformedError."""
    if not isinstance(raw, dict):
        raise MalformedError("body is not an object")
    _limit_depth(raw)
    for name in ("type", "serviceUrl", "channelId"):
        _require(raw.get(name), name)
    for name in ("conversation", "recipient", *(("from",) if raw["type"] in _AUTHORED else ())):
        _require(_object(raw.get(name)).get("id"), f"{name}.id")
    if raw["type"] in _AUTHORED:
        _require(raw.get("id"), "id")
    return Activity().deserialize(_clean(raw))


def seen(activity: Any) -> Seen:
    """Return the facts of an Activity made by `read_activity`."""
    channel_data = _object(activity.channel_data)
    base, mark, root = str(activity.conversation.id).partition(_THREAD_MARK)
    conversation_type = activity.conversation.conversation_type or ("personal" if base.startswith("a:") else "")
    in_channel = conversation_type == "channel" or (not conversation_type and "channel" in channel_data)
    tenant = activity.conversation.additional_properties.get("tenantId") or _text(
        _object(channel_data.get("tenant")).get("id")
    )
    return Seen(
        type=activity.type,
        id=activity.id or "",
        timestamp=activity.timestamp.isoformat() if activity.timestamp else "",
        event_type=_text(channel_data.get("eventType")),
        service_url=activity.service_url,
        channel_id=activity.channel_id,
        conversation=base,
        root=_root(activity, root if mark else "") if in_channel else None,
        conversation_type="channel" if in_channel else conversation_type,
        tenant=str(tenant).lower(),
        sender=_sender(activity.from_property),
        recipient=activity.recipient.id,
        text=activity.text or "",
        language=_language(activity),
        name=activity.name or "",
        action=activity.action or "",
        reply_to=activity.reply_to_id or "",
        place_name=_place_name(channel_data),
        team=_text(_object(channel_data.get("team")).get("id")),
        value=_object(activity.value),
        entities=tuple({"type": e.type, **e.additional_properties} for e in activity.entities or []),
        attachments=tuple(
            {"contentType": a.content_type or "", "content": a.content} for a in activity.attachments or []
        ),
        added=tuple(_sender(account) for account in activity.members_added or []),
        removed=tuple(_sender(account) for account in activity.members_removed or []),
    )


def _limit_depth(raw: dict[str, Any]) -> None:
    level: list[Any] = [raw]
    for _ in range(_DEPTH_MAX):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise MalformedError("body is nested too deeply")


def _require(value: object, name: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise MalformedError(f"{name} is missing")
    if len(value) > _ID_SIZE_MAX_CHARS:
        raise MalformedError(f"{name} is too long")


def _clean(raw: dict[str, Any]) -> dict[str, Any]:
    clean: dict[str, Any] = {name: raw[name] for name in _STRINGS if isinstance(raw.get(name), str)}
    if _is_timestamp(raw.get("timestamp")):
        clean["timestamp"] = raw["timestamp"]
    for name in ("from", "recipient"):
        clean[name] = _account(_object(raw.get(name)))
    conversation = _object(raw["conversation"])
    clean["conversation"] = {
        name: conversation[name]
        for name in ("id", "name", "conversationType", "tenantId")
        if isinstance(conversation.get(name), str)
    }
    for name in ("membersAdded", "membersRemoved"):
        clean[name] = [_account(item) for item in _objects(raw.get(name))]
    clean["entities"] = [
        {**entity, "type": entity["type"]} for entity in _objects(raw.get("entities")) if _text(entity.get("type"))
    ]
    clean["attachments"] = [
        {"contentType": _text(a.get("contentType")), "content": a.get("content")}
        for a in _objects(raw.get("attachments"))
    ]
    for name in ("channelData", "value"):
        if isinstance(raw.get(name), dict):
            clean[name] = raw[name]
    return clean


def _account(raw: dict[str, Any]) -> dict[str, str]:
    return {name: raw[name] for name in ("id", "name", "aadObjectId", "role") if isinstance(raw.get(name), str)}


def _sender(account: Any) -> Sender:
    if account is None:
        return Sender(account="", object_id=None, name="")
    object_id = (account.aad_object_id or "").lower() or None
    return Sender(account=account.id or "", object_id=object_id, name=account.name or "")


def _root(activity: Any, marked: str) -> str | None:
    if marked:
        return marked
    if activity.reply_to_id:
        return str(activity.reply_to_id)
    return str(activity.id) if activity.type in _AUTHORED - {"invoke"} else None


def _language(activity: Any) -> Language:
    locale = activity.locale or next(
        (
            _text(entity.additional_properties.get("locale"))
            for entity in activity.entities or []
            if entity.type == "clientInfo"
        ),
        "",
    )
    return "vi" if not locale or locale.lower().partition("-")[0] == "vi" else "en"


def _place_name(channel_data: dict[str, Any]) -> str:
    return _text(_object(channel_data.get("channel")).get("name")) or _text(
        _object(channel_data.get("team")).get("name")
    )


def _is_timestamp(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value[:_ITEMS_MAX] if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
