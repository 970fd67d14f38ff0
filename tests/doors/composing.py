"""An effect as a mail that a reader's program has opened again, with every value that a template may use."""

import email
from email import policy
from email.message import EmailMessage
from typing import Any

from bot.mail.compose import compose
from bot.sla.book import Desk, Operator
from bot.ticket.effects import Mail
from bot.ticket.model import Language

NOW = 1_795_404_720_000
CODE = "TB-7K3F9"
DUTIES: tuple[str, ...] = ("company", "name", "department", "title", "mobile", "chat")
DUTIES += ("contract_number", "partner", "fqdn", "licence_key", "evidence")
VALUES = {
    "priority": "P2",
    "priority_title_vi": "cuộc gọi không ổn định",
    "priority_title_en": "calls unstable",
    "provisional": "yes",
    "due_vi": "12:02 ngày 23/11/2026",
    "due_en": "12:02 on 23 November 2026",
    "customer": "Công ty Khách Ví Dụ",
    "excerpt": "Chào anh,\nkhông gọi được <b>.",
    "minutes_left": "6",
    "author": "Nguyễn An",
    "at_ms": str(NOW),
    "text": "vẫn chưa gọi được",
    "digits": "482913",
    "asked_by": "Trần Bình",
    "reason": "unregistered",
    "what": "nobody of L2 can be reached",
    "over_by": "12 phút",
    "contact_name": "Lê Cường",
    "outcome": "resolved",
    "resolved_vi": "11:40 ngày 23/11/2026",
    "resolved_en": "11:40 on 23 November 2026",
    "resolved_by": "Lê Cường",
    "note": "Đã khởi động lại trunk.\nGọi thử <tốt>.",
    "call_back": "owed",
    "since_vi": "10:45 ngày 23/11/2026",
    "since_en": "10:45 on 23 November 2026",
    "until_vi": "11:15 ngày 23/11/2026",
    "until_en": "11:15 on 23 November 2026",
    "manager": "Bùi Hạnh",
    "agreement": "Mở cổng 5060",
    "into": "3CX-AAAA-BBBB",
}
DESK = Desk(
    id="desk",
    name="Bàn hỗ trợ Ví Dụ",
    timezone="Asia/Ho_Chi_Minh",
    tenant="t",
    support_mail="support@desk.example",
    support_phone="028 7300 0000",
    mail_domains=("desk.example",),
    levels={},
    teams={},
    operator=Operator(name="Op", email="op@desk.example"),
)


def effect(template: str = "auto_reply", **changes: Any) -> Mail:
    fields: dict[str, Any] = {
        "id": "ticket.5.1",
        "ticket": CODE,
        "template": template,
        "to": ("an@khach.example",),
        "values": VALUES,
        "names": DUTIES,
    }
    return Mail(**{**fields, **changes})


def composed(mail: Mail, language: Language = "vi") -> EmailMessage:
    raw = compose(mail, desk=DESK, language=language, message_id="<1@desk.example>", now=NOW)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    message = email.message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, subtype: str) -> str:
    body = message.get_body((subtype,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
