"""What left the desk, from the outside: the requests that Teams got, and the mails in the folder of sent ones."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.harness.channel_connector import Sent
from tests.harness.letters import SentMail
from tests.harness.local_channel import LocalChannel


@dataclass(frozen=True)
class Mailed:
    """A mail and when it left (real time, the file's)."""

    at_ns: int
    mail: SentMail

    @property
    def automatic(self) -> str:
        """Return what the mail says of itself: auto-replied, auto-generated or nothing."""
        return str(self.mail.message.get("Auto-Submitted", ""))


class SentFolder:
    """A Maildir; each file is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Mailed] = {}

    def read(self) -> list[Mailed]:
        """Return all mails so far, in the order in which they left."""
        for path in (self._folder / "new").glob("*"):
            if path.name not in self._read:
                message = message_from_bytes(path.read_bytes(), policy=policy.default)
                assert isinstance(message, EmailMessage)
                self._read[path.name] = Mailed(path.stat().st_mtime_ns, SentMail(message))
        return sorted(self._read.values(), key=lambda mailed: mailed.at_ns)


@dataclass(frozen=True)
class Post:
    """A message that Teams took: a new one, or a change of one that stands."""

    at_s: float
    conversation: str
    root: str | None
    activity_id: str
    body: dict[str, Any]
    is_change: bool


def posts(channel: LocalChannel) -> list[Post]:
    """Return every accepted message of the bot, in order."""
    return [
        Post(sent.at_s, sent.conversation, sent.root, sent.activity_id, sent.body, sent.method == "PUT")
        for sent in channel.sent
        if _is_message(sent)
    ]


def is_outcome(text: str) -> bool:
    """Return whether a mail tells its customer that the ticket is resolved."""
    return "Kết quả: Đã khắc phục" in text


def button_of(body: dict[str, Any]) -> tuple[str, str]:
    """Return (ticket code, slot) that a card's buttons carry; empty words if it has none."""
    data = _button_data(body.get("attachments") or [])
    return str(data.get("ticket", "")), str(data.get("slot", ""))


def mentioned(body: dict[str, Any]) -> frozenset[str]:
    """Return the names of those whose phones a card rings."""
    cards = [attachment["content"] for attachment in body.get("attachments") or []]
    entities = [entity for card in cards for entity in card.get("msteams", {}).get("entities", [])]
    return frozenset(entity["mentioned"]["name"] for entity in entities)


def _is_message(sent: Sent) -> bool:
    return bool(sent.activity_id) and (sent.method, sent.status) in {("POST", 201), ("PUT", 200)}


def _button_data(part: Any) -> dict[str, Any]:
    match part:
        case {"type": "Action.Execute", "data": dict(data)} if "slot" in data:
            return data
        case dict():
            children = list(part.values())
        case list():
            children = part
        case _:
            return {}
    return next((found for child in children if (found := _button_data(child))), {})
