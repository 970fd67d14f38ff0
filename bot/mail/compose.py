"""A Mail effect becomes MIME bytes: the same effect always the same mail, marked so that no robot answers it.

Header values pass `_header_safe`: what a stranger typed as a subject or a name cannot add a header.
"""

import hashlib
import re
from email import policy
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from typing import Any, Final

from bot.mail.charsets import one_line
from bot.mail.layout import to_html, to_text
from bot.sla.book import Desk
from bot.sla.instants import Instant, to_datetime
from bot.text.digests_written import digest_mail
from bot.text.mails import BILINGUAL, Divider, Mails, Written
from bot.text.mails_en import EN
from bot.text.mails_vi import VI
from bot.ticket.effects import Mail
from bot.ticket.model import Language

LOOP_HEADER: Final = "X-Loop"
_SUBJECT_MAX_CHARS = 200
_NAME_MAX_CHARS = 60
_REFERENCES_MAX = 20
_LANGUAGES: dict[Language, Mails] = {"vi": VI, "en": EN}
_PREFIX = re.compile(r"^(?:\s*(?:re|fwd?|tr|trả lời|tl|chuyển tiếp)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_ADDRESS = re.compile(r"[!-'*+./-9=?A-Z^-~-]{1,64}@[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?")


def compose(effect: Mail, *, desk: Desk, language: Language, message_id: str, now: Instant) -> bytes:
    """Return the mail of an effect, CRLF lines. `language` counts for mails to the desk's own people only.

    Raises ValueError if the effect has no recipient that a mail can be addressed to.
    """
    to, cc = recipients(effect, desk)
    if not to:
        raise ValueError("no recipient")
    written = _written(effect, desk, language)
    mail: Message[Any, Any] = MIMEMultipart(
        "alternative", boundary=f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    )
    mail["From"] = _sender(desk)
    mail["To"] = ", ".join(to)
    if cc:
        mail["Cc"] = ", ".join(cc)
    mail["Subject"] = _encoded("Subject", _subject(effect, written.subject))
    mail["Date"] = format_datetime(to_datetime(now).astimezone(desk.zone))
    mail["Message-ID"] = message_id
    replied = _MESSAGE_ID.findall(effect.in_reply_to or "")[:1]
    if replied:
        mail["In-Reply-To"] = replied[0]
    references = [one for one in _MESSAGE_ID.findall(" ".join(effect.references)) if one not in replied] + replied
    if references:
        mail["References"] = " ".join(references[-_REFERENCES_MAX:])
    if effect.auto_submitted:
        mail["Auto-Submitted"] = "auto-replied" if effect.template in {"auto_reply", "held"} else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        mail["Precedence"] = "auto_reply"
    mail[LOOP_HEADER] = _loop_mark(desk)
    mail.attach(_part(to_text(written.body), "plain"))
    mail.attach(_part(to_html(written.body), "html"))
    return mail.as_bytes(policy=policy.compat32.clone(linesep="\r\n", max_line_length=76))


def recipients(effect: Mail, desk: Desk) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (To, Cc) without malformed addresses, duplicates and the desk's own mailbox: that would be a loop."""
    seen = {desk.support_mail.lower()}
    kept: list[list[str]] = [[], []]
    for side, addresses in zip(kept, (effect.to, effect.cc), strict=True):
        for address in addresses:
            if _ADDRESS.fullmatch(address) and address.lower() not in seen:
                seen.add(address.lower())
                side.append(address)
    if not kept[0]:
        kept = [kept[1], []]
    return tuple(kept[0]), tuple(kept[1])


def _written(effect: Mail, desk: Desk, language: Language) -> Written:
    if effect.bulletin is not None:
        return digest_mail(effect.bulletin, language, desk.zone, desk.name)
    values = {
        "code": effect.ticket,
        "support_phone": desk.support_phone,
        "support_mail": desk.support_mail,
        "desk_name": desk.name,
        "subject": effect.subject,
        **({"kind": effect.page.kind, "level": effect.page.level} if effect.page else {}),
        **effect.values,
    }
    if "at" not in values and values.get("at_ms", "").isdigit():
        values["at"] = f"{to_datetime(int(values['at_ms'])).astimezone(desk.zone):%H:%M %d/%m/%Y}"
    if effect.template not in BILINGUAL:
        return _in(effect, language, values)
    first, second = _in(effect, "vi", values), _in(effect, "en", values)
    return Written(f"{first.subject} / {second.subject}", (*first.body, Divider(), *second.body))


def _in(effect: Mail, language: Language, values: dict[str, str]) -> Written:
    mails = _LANGUAGES[language]
    templates = {
        "auto_reply": mails.auto_reply,
        "chat_mirror": mails.chat_mirror,
        "page": mails.page,
        "breach": mails.breach,
        "one_time_code": mails.one_time_code,
        "held": mails.held,
        "operator": mails.operator,
        "resolved": mails.resolved,
        "reopened": mails.reopened,
        "merged": mails.merged,
        "suspended": mails.suspended,
        "agreed": mails.agreed,
    }
    return templates[effect.template](values, effect.names)


def _subject(effect: Mail, own: str) -> str:
    """Return the thread's subject with the ticket code in it, or the template's own.

    The code stands at the end: mail programs sort conversations by how the subject begins.
    """
    thread = _PREFIX.sub("", _header_safe(effect.subject))
    if not thread or not effect.in_reply_to:
        return _header_safe(own)[:_SUBJECT_MAX_CHARS]
    marker = f" [{effect.ticket}]" if effect.ticket and effect.ticket not in thread else ""
    return f"Re: {thread[: _SUBJECT_MAX_CHARS - len(marker)]}{marker}"


def _sender(desk: Desk) -> Header | str:
    name = _header_safe(desk.name)[:_NAME_MAX_CHARS]
    if name.isascii():
        quoted = name.replace("\\", " ").replace('"', "'")
        return f'"{quoted}" <{desk.support_mail}>'
    header = Header(name, "utf-8", header_name="From", maxlinelen=76)
    header.append(f"<{desk.support_mail}>", "us-ascii")
    return header


def _encoded(name: str, value: str) -> Header | str:
    return value if value.isascii() else Header(value, "utf-8", header_name=name, maxlinelen=76)


def _header_safe(text: str) -> str:
    """Return text without control characters, line breaks and words that decode to them."""
    return one_line(text).replace("=?", "= ?")


def _loop_mark(desk: Desk) -> str:
    return f"truc-ban {_header_safe(desk.id)}"


def _part(text: str, subtype: str) -> MIMEText:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    return MIMEText(text, subtype, charset)  # type: ignore[arg-type]  # typeshed knows names only
