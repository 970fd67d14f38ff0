"""What the desk's mails say, in both parts and both languages, whatever is missing and whatever strangers wrote."""

import re
import unicodedata
from typing import Any, get_args

import pytest

from bot.sla.rungs import PageKind
from bot.text.mails import Mails
from bot.text.mails_en import EN
from bot.text.mails_vi import VI
from bot.text.phrases import phrases
from bot.ticket.effects import MailTemplate, PageRef
from bot.ticket.model import Language
from tests.doors.composing import CODE, DUTIES, NOW, VALUES, composed, effect, part

TEMPLATES = tuple(name for name in get_args(MailTemplate) if name != "digest")
"""The digest is written from its bulletin, not from values; `tests/cards/test_digest_card.py` reads it."""
LANGUAGES: tuple[tuple[Language, Mails], ...] = (("vi", VI), ("en", EN))


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
    "merged": {
        "vi": [
            f"Mã ticket: {CODE}",
            "Được xử lý tiếp tại: 3CX-AAAA-BBBB",
            "về cùng một sự cố nên đã được gộp",
            "email hoặc tin nhắn Teams về ticket nào chúng tôi cũng nhận được",
            "are about the same fault and have been merged",
            "Goes on as: 3CX-AAAA-BBBB",
            "e-mail or Teams message about either of them reaches us",
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
