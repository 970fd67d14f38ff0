"""The parts of a mail: one readable text out of alternatives, and the names of what is attached. All counted."""

import re
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, TypeAlias

from bot.mail.charsets import clean, decode, decode_header, one_line
from bot.mail.html_text import html_to_text

PARTS_MAX = 1_000
DEPTH_MAX = 30
ATTACHMENTS_MAX = 50
_NAME_MAX_CHARS = 120
_TEXT_MAX_BYTES = 400_000
_HTML_MAX_BYTES = 4_000_000
_BODY_MAX_CHARS = 200_000
_NOT_IN_NAMES = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')

Part: TypeAlias = "Message[Any, Any]"


@dataclass
class Body:
    """What was found. `fresh` is `full` without what HTML marks as history; `reports` is what a bounce returned."""

    full: str = ""
    fresh: str = ""
    reports: str = ""
    names: list[str] = field(default_factory=list)
    parts: int = 0
    broken: bool = False

    @property
    def attachments(self) -> tuple[str, ...]:
        """Return the names of the first attachments."""
        return tuple(self.names[:ATTACHMENTS_MAX])


def read(message: Part) -> Body:
    """Return the text and attachments of a parsed mail."""
    body = Body()
    body.full, body.fresh = _texts(message, body, 0)
    if message.get_content_maintype() == "multipart" and not message.is_multipart():
        body.broken = True  # it promised parts and has none
    return body


def _texts(part: Part, body: Body, depth: int) -> tuple[str, str]:
    """Return the (full, fresh) text below a part; notes attachments on the way."""
    body.parts += 1
    if body.parts > PARTS_MAX or depth > DEPTH_MAX:
        body.broken = True
        return "", ""
    kind = part.get_content_type()
    if kind.startswith("message/") or kind == "text/rfc822-headers":
        _note_message(part, body)
        return "", ""
    if part.is_multipart():
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            return _best([(child.get_content_type(), _texts(child, body, depth + 1)) for child in children])
        return _joined([_texts(child, body, depth + 1) for child in children])
    name = _file_name(part)
    disposition = part.get_content_disposition()
    is_text = kind in {"text/plain", "text/html"} or (depth == 0 and part.get_content_maintype() == "multipart")
    if name or disposition == "attachment" or not is_text:
        if name or disposition == "attachment":
            body.names.append(name or f"file-{len(body.names) + 1}")
        return "", ""
    return _text(part, kind)


def _best(versions: list[tuple[str, tuple[str, str]]]) -> tuple[str, str]:
    """Return the plain version if it says anything, else the richest that does."""
    spoken = [(kind, texts) for kind, texts in versions if texts[0].strip()]
    plain = [texts for kind, texts in spoken if kind == "text/plain"]
    return plain[0] if plain else spoken[-1][1] if spoken else ("", "")


def _joined(texts: list[tuple[str, str]]) -> tuple[str, str]:
    full = "\n".join(text for text, _ in texts if text.strip())
    fresh = "\n".join(text for _, text in texts if text.strip())
    return full[:_BODY_MAX_CHARS], fresh[:_BODY_MAX_CHARS]


def _text(part: Part, kind: str) -> tuple[str, str]:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return "", ""
    size = _HTML_MAX_BYTES if kind == "text/html" else _TEXT_MAX_BYTES
    charset = part.get_content_charset()
    text = decode(data[:size], charset, cut=len(data) > size)
    if kind != "text/html":
        return text, text
    return html_to_text(text, without_quotes=False), html_to_text(text, without_quotes=True)


def _note_message(part: Part, body: Body) -> None:
    """Note an attached mail by its subject; keep the head of a returned one, which says what bounced."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else None
    if part.get_content_type() == "message/rfc822" and inner is not None:
        subject = next((str(value) for name, value in inner.raw_items() if name.lower() == "subject"), "")
        body.names.append(safe_name(f"{decode_header(subject[:1000]) or 'mail'}.eml"))
    elif part.get_content_type() == "text/rfc822-headers" or isinstance(payload, str):
        data = part.get_payload(decode=True)
        if isinstance(data, bytes):
            body.reports += decode(data[:10_000], None)[:10_000] + "\n"


def _file_name(part: Part) -> str:
    """Return the name of an attached file. The library reads raw 8-bit names only if they come as text."""
    readable: Part = Message()
    for name, value in part.raw_items():
        if name.lower() in {"content-disposition", "content-type"} and name not in readable:
            readable[name] = str(value)[:2_000].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    found = readable.get_filename("")
    return safe_name(decode_header(found)) if found else ""


def safe_name(name: str) -> str:
    """Return a file name that is safe to show: no path, no controls, nothing that turns the reading direction."""
    name = one_line(_NOT_IN_NAMES.sub(" ", clean(name).replace("\\", "/"))).rpartition("/")[2].strip(" .")
    if len(name) <= _NAME_MAX_CHARS:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 10:  # noqa: PLR2004  no file type is named longer
        return name[:_NAME_MAX_CHARS]
    return f"{stem[: _NAME_MAX_CHARS - len(extension) - 1]}.{extension}"
