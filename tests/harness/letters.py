"""Mails as people send them, over real SMTP, and the desk's sent mails as a reader's client shows them."""

import asyncio
import smtplib
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path


@dataclass(frozen=True)
class SentMail:
    """A mail that left the desk."""

    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def to(self) -> str:
        return str(self.message["To"])

    @property
    def cc(self) -> str:
        return str(self.message.get("Cc", ""))

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"]).strip()

    @property
    def in_reply_to(self) -> str:
        return str(self.message.get("In-Reply-To", "")).strip()

    @property
    def references(self) -> list[str]:
        return str(self.message.get("References", "")).split()

    @property
    def text(self) -> str:
        body = self.message.get_body(preferencelist=("plain",))
        return body.get_content() if body is not None else ""


def letter(
    sender: str,
    subject: str,
    text: str,
    *,
    to: str,
    cc: str = "",
    in_reply_to: str | None = None,
    references: list[str] | None = None,
    attachment: tuple[str, bytes] | None = None,
    headers: dict[str, str] | None = None,
) -> EmailMessage:
    """Return a mail as a client writes it: encoded subject, quoted-printable text, perhaps a file."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    if cc:
        message["Cc"] = cc
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="client.example")
    if in_reply_to:
        message["In-Reply-To"] = in_reply_to
        message["References"] = " ".join([*(references or []), in_reply_to])
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text, cte="quoted-printable")
    if attachment is not None:
        message.add_attachment(attachment[1], maintype="image", subtype="png", filename=attachment[0])
    return message


async def post(port: int, message: EmailMessage) -> str:
    """Send a mail to the desk's SMTP door; returns its Message-ID."""

    def send() -> None:
        with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
            client.send_message(message)

    await asyncio.to_thread(send)
    return str(message["Message-ID"])


def sent_mails(folder: Path) -> list[SentMail]:
    """Return the mails of a `sent` Maildir, in the order in which they left."""
    files = [path for box in ("new", "cur") for path in (folder / box).glob("*") if path.is_file()]
    found = []
    for path in sorted(files, key=lambda path: path.stat().st_mtime_ns):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage)
        found.append(SentMail(message))
    return found
