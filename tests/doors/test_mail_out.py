"""What the desk sends: readable in both parts and languages, threaded, marked against loops, once per effect."""

import email
import re
import unicodedata
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.ports import Letter
from bot.errors import DeliveryError
from bot.mail import message_ids
from bot.mail.compose import compose
from bot.mail.local_mailbox import LocalMailbox
from bot.mail.messenger import MailMessenger
from bot.mail.parse import parse
from bot.sla.book import Book, Customers, Desk, Operator
from bot.sla.roster import Person, Roster
from bot.sla.rungs import PageKind
from bot.text.mails import Mails
from bot.text.mails_en import EN
from bot.text.mails_vi import VI
from bot.text.phrases import phrases
from bot.ticket.effects import Call, Mail, PageRef
from bot.ticket.model import Language

SECRET = b"a secret of the tests"
DOMAIN = "desk.example"
NOW = 1_795_404_720_000
CODE = "TB-7K3F9"
TEMPLATES = get_args(Mail.model_fields["template"].annotation)
LANGUAGES: tuple[tuple[Language, Mails], ...] = (("vi", VI), ("en", EN))
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


def templates(mails: Mails) -> dict[str, Any]:
    return {name: getattr(mails, name) for name in TEMPLATES}


SAYS: dict[str, dict[Language, list[str]]] = {
    "auto_reply": {
        "vi": [
            "Kính gửi Anh/Chị,",
            f"Mã ticket: {CODE}",
            "Mức độ ưu tiên: P2 – cuộc gọi không ổn định",
            "Hạn xử lý: 12:02 ngày 23/11/2026",
            "tạm xếp: kỹ thuật viên sẽ phân loại",
            "gọi 028 7300 0000 hoặc gửi mã này trong kênh Microsoft Teams",
            "- Số di động",
            "- Số hợp đồng",
            "- FQDN (tên miền truy cập tổng đài)",
            "- License Key",
            "- Chi tiết lỗi, hình ảnh hoặc video minh họa",
            "(Zalo, Viber, …) không phải là kênh hỗ trợ chính thức",
            "Trân trọng,\nBàn hỗ trợ Ví Dụ",
            "Dear Sir or Madam,",
            f"Ticket code: {CODE}",
            "Deadline: 12:02 on 23 November 2026",
            "This priority is provisional",
            "call 028 7300 0000 or post this code in the Microsoft Teams channel",
            "- Mobile number",
            "are not official support channels",
        ]
    },
    "chat_mirror": {
        "vi": ["Nguyễn An (Teams, 10:32 23/11/2026): vẫn chưa gọi được", "lưu tự động từ Microsoft Teams"],
        "en": ["Nguyễn An (Teams, 10:32 23/11/2026): vẫn chưa gọi được", "copied from Microsoft Teams"],
    },
    "page": {
        "vi": [
            "Chào Lê Cường,",
            "Khách hàng: Công ty Khách Ví Dụ",
            "Thời gian: còn 6 phút",
            "| không gọi được",
            "“Nhận xử lý” trên thẻ",
        ],
        "en": ["Hello Lê Cường,", "Customer: Công ty Khách Ví Dụ", "Time: 6 min left", "press “Acknowledge”"],
    },
    "breach": {
        "vi": ["đã quá hạn SLA", "Quá hạn: 12 phút", "Người xử lý: chưa có ai nhận xử lý"],
        "en": ["passed its SLA deadline", "Over by: 12 phút", "Held by: nobody yet"],
    },
    "one_time_code": {
        "vi": [
            "482913",
            "10 phút",
            "“Trần Bình”",
            "Nếu không phải anh/chị yêu cầu, hãy bỏ qua",
            "valid for 10 minutes",
            "If you did not ask for it, ignore",
        ]
    },
    "held": {
        "vi": ["chưa đăng ký", "tên miền công ty đã đăng ký đến support@desk.example", "registered company domain"]
    },
    "operator": {
        "vi": ["nobody of L2 can be reached", "Việc cần làm", "/healthz/desk"],
        "en": ["nobody of L2 can be reached", "What to do", "/healthz/desk"],
    },
    "resolved": {
        "vi": [
            "Sự cố của anh/chị đã được khắc phục:",
            f"Mã ticket: {CODE}",
            "Kết quả: Đã khắc phục",
            "Thời điểm khắc phục: 11:40 ngày 23/11/2026",
            "Hạn xử lý: 12:02 ngày 23/11/2026",
            "Người xử lý: Lê Cường",
            "| Đã khởi động lại trunk.",
            "| Gọi thử ‹tốt›.",
            "Chúng tôi sẽ gọi điện lại cho anh/chị",
            "trả lời email này hoặc bấm “Sự cố tái diễn”",
            "anh/chị vui lòng gọi 028 7300 0000",
            "The fault that you reported has been resolved:",
            "Outcome: Resolved",
            "Resolved at: 11:40 on 23 November 2026",
            "Deadline: 12:02 on 23 November 2026",
            "Handled by: Lê Cường",
            "We will call you",
            "reply to this e-mail or press “The fault is back”",
            "please call 028 7300 0000",
        ]
    },
    "reopened": {
        "vi": [
            "đã được mở lại và chúng tôi đang tiếp tục xử lý:",
            "Hạn xử lý: 12:02 ngày 23/11/2026",
            "hiện được tạm đình chỉ (từ 10:45 ngày 23/11/2026)",
            "Your ticket has been reopened",
            "Deadline: 12:02 on 23 November 2026",
            "has been suspended since 10:45 on 23 November 2026",
        ]
    },
    "suspended": {
        "vi": [
            "chưa phù hợp để bảo đảm mức dịch vụ đã cam kết",
            "SLA được tạm đình chỉ từ 10:45 ngày 23/11/2026 cho đến khi hai bên thống nhất và thực hiện cấu hình",
            "Đình chỉ từ: 10:45 ngày 23/11/2026",
            "| unregistered",
            "liên hệ Bùi Hạnh qua số 028 7300 0000 hoặc trả lời email này",
            "not suitable for the promised level of service",
            "suspended from 10:45 on 23 November 2026 until both sides have agreed on and applied",
            "contact Bùi Hạnh on 028 7300 0000 or reply to this e-mail",
        ]
    },
    "agreed": {
        "vi": [
            "SLA được áp dụng trở lại từ 11:15 ngày 23/11/2026.",
            "Đình chỉ từ: 10:45 ngày 23/11/2026",
            "Tính lại từ: 11:15 ngày 23/11/2026",
            "Hạn xử lý: 12:02 ngày 23/11/2026",
            "Nội dung đã thống nhất:",
            "| Mở cổng 5060",
            "the SLA applies again from 11:15 on 23 November 2026.",
            "Counts again from: 11:15 on 23 November 2026",
            "Deadline: 12:02 on 23 November 2026",
            "What was agreed:",
        ]
    },
}


@pytest.mark.parametrize(("template", "language"), [(t, lang) for t, by in SAYS.items() for lang in by])
def test_a_template_says_what_it_must_in_both_parts(template: str, language: Language) -> None:
    message = composed(effect(template), language)
    text = part(message, "plain")
    html = part(message, "html")
    unmarked = " ".join(re.sub(r"<[^>]+>", " ", html).split())
    for sentence in SAYS[template][language]:
        assert sentence in text
        bare = sentence.lstrip("-| ").replace("\n", " ")
        for piece in bare.split(": ") if ": " in bare else [bare]:
            assert piece in unmarked
    assert set(SAYS) == set(TEMPLATES)


@pytest.mark.parametrize("mails", [VI, EN])
def test_no_value_and_no_name_is_needed(mails: Mails) -> None:
    for template in templates(mails).values():
        written = template({}, ())
        assert written.subject
        assert written.body
        text = repr(written)
        assert "None" not in text
        assert "[]" not in text
        assert unicodedata.is_normalized("NFC", text)


def test_both_languages_name_the_same_duties() -> None:
    for mails, name in ((VI, "Số di động"), (EN, "Mobile number")):
        text = repr(mails.auto_reply({}, DUTIES))
        assert name in text
        assert not [duty for duty in DUTIES if f"'{duty}'" in text]


@pytest.mark.parametrize(
    ("reason", "says"), [("support", "hết hạn"), ("certificate", "CO"), ("something", "đã đăng ký")]
)
def test_a_held_mail_says_why(reason: str, says: str) -> None:
    assert says in part(composed(effect("held", values={"reason": reason})), "plain")


@pytest.mark.parametrize(("change", "says"), [("edited", "đã sửa tin nhắn:"), ("deleted", "đã xóa tin nhắn:")])
def test_a_changed_chat_message_says_so(change: str, says: str) -> None:
    assert says in part(composed(effect("chat_mirror", values=VALUES | {"change": change})), "plain")


@pytest.mark.parametrize(("kind", "acknowledges"), [("step", True), ("information", False), ("ack_warning", False)])
def test_a_page_tells_how_to_acknowledge_only_if_that_is_wanted(kind: Any, acknowledges: bool) -> None:
    page = PageRef(occurrence="o", kind=kind, contact="c", level="L3", due_at=NOW)
    text = part(composed(effect("page", page=page)), "plain")
    assert ("nhận xử lý, anh/chị bấm" in text) == acknowledges
    assert "L3" in text


@pytest.mark.parametrize("mails", [VI, EN])
def test_each_kind_of_page_has_a_title_of_its_own(mails: Mails) -> None:
    kinds = get_args(PageKind)
    assert len({mails.page({"kind": kind}, ()).subject for kind in kinds}) == len(kinds)


@pytest.mark.parametrize(
    ("kind", "button"), [("call_back", "button_called_back"), ("chase", "button_chase"), ("ack_warning", None)]
)
def test_a_page_that_asks_for_something_else_names_its_button(kind: str, button: str | None) -> None:
    for language, mails in LANGUAGES:
        text = repr(mails.page({"kind": kind}, ()))
        assert ("“Nhận xử lý”" in text, "“Acknowledge”" in text) == (False, False)
        if button is not None:
            assert f"“{getattr(phrases(language).forms, button)}”" in text


def test_a_workaround_is_called_one_and_never_a_restoration() -> None:
    text = part(composed(effect("resolved", values=VALUES | {"outcome": "workaround"})), "plain")
    assert "Kết quả: Giải pháp tạm thời" in text
    assert "Outcome: Workaround" in text
    assert "đã được khắc phục" not in text
    assert "has been resolved" not in text


@pytest.mark.parametrize(
    ("values", "says", "leaves_out"),
    [
        ({"call_back": "done", "called": "chị Mẫu"}, ["đã gọi điện cho chị Mẫu", "have called chị Mẫu"], "sẽ gọi điện"),
        ({"call_back": "owed"}, ["sẽ gọi điện lại cho anh/chị", "We will call you"], "đã gọi điện"),
        ({"call_back": ""}, [], "gọi điện"),
    ],
)
def test_a_resolution_promises_a_call_only_where_one_is_owed(
    values: dict[str, str], says: list[str], leaves_out: str
) -> None:
    text = part(composed(effect("resolved", values=VALUES | values)), "plain")
    assert all(sentence in text for sentence in says)
    assert leaves_out not in text


def test_a_reopened_ticket_whose_clock_runs_says_that_the_used_time_counts_on() -> None:
    text = part(composed(effect("reopened", values=VALUES | {"since_vi": "", "since_en": ""})), "plain")
    assert "cộng với phần đã sử dụng" in text
    assert "counts on from what had been used" in text
    assert "đình chỉ" not in text


def test_the_mail_names_the_button_as_the_customers_card_does() -> None:
    for language, mails in LANGUAGES:
        assert f"“{phrases(language).cards.button_reopen}”" in repr(mails.resolved(VALUES, ()))


@pytest.mark.parametrize("template", TEMPLATES)
def test_html_escapes_what_others_wrote_and_loads_nothing(template: str) -> None:
    hostile = "<script>alert(1)</script><img src=http://x.example/a.png>&"
    html = part(composed(effect(template, values=dict.fromkeys((*VALUES, "subject"), hostile))), "html")
    tags = re.findall(r"<[^>]*>", html)
    names = {re.split(r"[\s>]", tag.lower().strip("</!"))[0] for tag in tags}
    assert names <= {"doctype", "html", "head", "meta", "body", "table", "tr", "td", "p", "b", "br", "ul", "li", "hr"}
    assert not [tag for tag in tags if "src" in tag or "href" in tag or "url" in tag or "http" in tag]
    assert "&amp;" in html


def test_a_mail_in_a_thread_carries_its_references_and_subject() -> None:
    references = tuple(f"<{number}.{'x' * 60}@khach.example>" for number in range(30))
    message = composed(
        effect(in_reply_to="<last@khach.example>", references=references, subject="RE: Fwd: Tổng đài lỗi")
    )
    assert message["In-Reply-To"] == "<last@khach.example>"
    kept = re.findall(r"<[^>]+>", str(message["References"]))
    assert kept == [*references[-19:], "<last@khach.example>"]
    assert message["Subject"] == f"Re: Tổng đài lỗi [{CODE}]"
    assert message["From"] == "Bàn hỗ trợ Ví Dụ <support@desk.example>"
    assert str(message["Date"]) == "Mon, 23 Nov 2026 10:32:00 +0700"


def test_a_long_vietnamese_subject_survives_its_encoding() -> None:
    subject = "Tổng đài chi nhánh Thủ Đức không gọi ra được từ sáng nay, rất mong được hỗ trợ gấp, xin cảm ơn"
    assert composed(effect(in_reply_to="<a@b.example>", subject=subject))["Subject"] == f"Re: {subject} [{CODE}]"


def test_a_mail_outside_a_thread_has_its_templates_subject() -> None:
    assert composed(effect("page"))["Subject"] == f"[{CODE}] P2 còn 6 phút – Cần nhận xử lý – Công ty Khách Ví Dụ"


@pytest.mark.parametrize(
    ("template", "auto_submitted", "marks"),
    [
        ("auto_reply", True, "auto-replied"),
        ("page", True, "auto-generated"),
        ("resolved", True, "auto-generated"),
        ("suspended", True, "auto-generated"),
        ("chat_mirror", False, None),
    ],
)
def test_own_mails_are_marked_so_that_no_robot_answers(template: str, auto_submitted: bool, marks: str | None) -> None:
    message = composed(effect(template, auto_submitted=auto_submitted))
    assert message["Auto-Submitted"] == marks
    assert message["X-Auto-Response-Suppress"] == ("All" if marks else None)
    assert message["Precedence"] == ("auto_reply" if marks else None)
    assert message["X-Loop"]


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=40))
def test_no_value_of_a_stranger_adds_a_header(subject: str, value: str, reference: str) -> None:
    evil = "\r\nBcc: evil@x.example\r\n\r\n"
    mail = effect(
        in_reply_to=f"<a@b.example>{evil}",
        references=(reference + evil, f"<c@d.example>{evil}"),
        subject=subject + evil + value,
        to=("an@khach.example", f"b@khach.example{evil}", "c@khach.example, d@x.example"),
        values=dict.fromkeys(VALUES, value + evil),
    )
    desk = DESK.model_copy(update={"name": value + evil})
    raw = compose(mail, desk=desk, language="vi", message_id="<1@desk.example>", now=NOW)
    message = email.message_from_bytes(raw, policy=policy.compat32)
    wanted = "Content-Type MIME-Version From To Subject Date Message-ID In-Reply-To References Auto-Submitted"
    assert sorted(message.keys()) == sorted(f"{wanted} X-Auto-Response-Suppress Precedence X-Loop".split())
    assert message["To"] == "an@khach.example"
    assert len(message.get_payload()) == 2


def test_message_ids_are_deterministic_signed_and_bound_to_the_domain() -> None:
    one = message_ids.make(SECRET, "effect.1", DOMAIN)
    assert one == message_ids.make(SECRET, "effect.1", "Desk.Example")
    assert one != message_ids.make(SECRET, "effect.2", DOMAIN)
    assert message_ids.is_own(SECRET, one, DOMAIN)
    assert not message_ids.is_own(b"another", one, DOMAIN)
    assert not message_ids.is_own(SECRET, one, "other.example")
    assert not message_ids.is_own(SECRET, one.replace("@desk.example", "@other.example"), "other.example")
    assert not message_ids.is_own(SECRET, "<a@b>", DOMAIN)


class FixedClock:
    def now(self) -> int:
        return NOW


class FixedBooks:
    def __init__(self) -> None:
        person = Person(id="le", name="Lê Cường", level="L2", email="le@desk.example", language="en")
        self.value = Book(
            policy=None,  # type: ignore[arg-type]  # no mail looks at it
            desk=DESK,
            roster=Roster(people=(person,)),
            customers=Customers(),
            calendars={},
        )

    def book(self) -> Book:
        return self.value


class Rig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mailbox = LocalMailbox(folder, FixedClock())
        self.books = FixedBooks()

    def messenger(self, **options: Any) -> MailMessenger:
        return MailMessenger(self.mailbox, SECRET, self.books, FixedClock(), **options)

    def sent(self) -> list[EmailMessage]:
        files = sorted((self.folder / "sent" / "new").iterdir())
        return [email.message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]  # type: ignore[misc]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.mark.asyncio
async def test_an_effect_leaves_one_mail_however_often_it_is_sent(rig: Rig) -> None:
    for uncertain in (False, True, False):
        receipt = await rig.messenger().send(effect(), uncertain=uncertain)
        assert receipt.outcome == "sent"
    (message,) = rig.sent()
    assert message_ids.is_own(SECRET, str(message["Message-ID"]), DOMAIN)


@pytest.mark.asyncio
async def test_our_own_mail_is_recognised_when_it_comes_back(rig: Rig) -> None:
    await rig.messenger().send(effect(), uncertain=False)
    (file,) = (rig.folder / "sent" / "new").iterdir()
    mail = parse(Letter("x", file.read_bytes(), 0), secret=SECRET, domain=DOMAIN)
    assert (mail.own, mail.automatic) == (True, "own")
    assert "Kính gửi Anh/Chị," in mail.full_text


@pytest.mark.asyncio
async def test_the_desks_own_people_read_their_language(rig: Rig) -> None:
    await rig.messenger().send(effect("page", to=("le@desk.example",)), uncertain=False)
    assert "Hello Lê Cường," in part(rig.sent()[0], "plain")


@pytest.mark.asyncio
async def test_the_desk_never_writes_to_itself(rig: Rig) -> None:
    copy = effect(to=("an@khach.example",), cc=("Support@desk.example", "le@desk.example", "an@khach.example"))
    await rig.messenger().send(copy, uncertain=False)
    assert (rig.sent()[0]["To"], rig.sent()[0]["Cc"]) == ("an@khach.example", "le@desk.example")
    receipt = await rig.messenger().send(effect(id="e2", to=("support@desk.example",)), uncertain=False)
    assert receipt.outcome == "dropped"
    assert len(rig.sent()) == 1


@pytest.mark.asyncio
async def test_an_address_that_is_none_goes_to_the_next_channel_at_once(rig: Rig) -> None:
    with pytest.raises(DeliveryError) as refused:
        await rig.messenger().send(effect(to=("an at khach",)), uncertain=False)
    assert refused.value.permanent


@pytest.mark.asyncio
async def test_what_is_no_mail_is_refused(rig: Rig) -> None:
    page = PageRef(occurrence="o", kind="step", contact="c", level="L2", due_at=NOW)
    with pytest.raises(DeliveryError) as refused:
        await rig.messenger().send(Call(id="c", extension="101", page=page), uncertain=False)
    assert refused.value.permanent


@pytest.mark.asyncio
async def test_an_effect_is_drawn_when_it_is_sent_and_may_be_dropped(rig: Rig) -> None:
    async def fresh(mail: Mail) -> Mail | None:
        return mail.model_copy(update={"values": {**mail.values, "customer": "Tên mới"}}) if mail.id == "a" else None

    messenger = rig.messenger(draw=fresh)
    assert (await messenger.send(effect("page", id="a"), uncertain=False)).outcome == "sent"
    assert (await messenger.send(effect("page", id="b"), uncertain=False)).outcome == "dropped"
    (message,) = rig.sent()
    assert "Tên mới" in part(message, "plain")


def test_quotation_marks_in_the_desks_name_stay_inside_the_name() -> None:
    desk = DESK.model_copy(update={"name": 'Help "Desk", <evil@x.example>'})
    raw = compose(effect(), desk=desk, language="vi", message_id="<1@desk.example>", now=NOW)
    message = email.message_from_bytes(raw, policy=policy.default)
    assert [address.addr_spec for address in message["From"].addresses] == ["support@desk.example"]
