"""What is read out of a customer's mail, and what is left to a person."""

from datetime import date

import pytest

from bot.sla.book import Customer
from bot.sla.roster import Queue, Team
from bot.ticket.reading import DUTIES, guess_team, known_facts, missing_duties, stated_priority

PRIORITIES = ("P1", "P2", "P3", "P4")
TEAMS = {
    "teamx": Team(
        title={"vi": "X"}, services=("3cx", "server", "cloud vm", "hardware warranty"), queue=Queue(), default=True
    ),
    "software": Team(
        title={"vi": "S"},
        services=("software", "module", "report", "integration", "dashboard", "wallboard"),
        queue=Queue(),
    ),
}

STATED = {
    "P1": "P1",
    "[P2] Cuộc gọi chập chờn": "P2",
    "Sự cố p3: âm thanh": "P3",
    "Mức độ ưu tiên: P2": "P2",
    "Mức độ ưu tiên: 2": "P2",
    "ưu tiên 1": "P1",
    "Muc do uu tien 4": "P4",
    "priority 3": "P3",
    "Priority: P1 - urgent": "P1",
    "khẩn cấp P1!!!": "P1",
    "P1 nhé, đúng là P1": "P1",
    "Không phải P1, chỉ là P3 thôi": "P3",
    "ＰRIORITY：１": "P1",
    "P1 hay P2 cũng được": None,
    "ưu tiên 1, priority 2": None,
    "điện thoại MP3 và P2P": None,
    "mạng P2P": None,
    "https://example.com/P1": None,
    "file a/P1": None,
    "ưu tiên 1 máy nhánh trước": None,
    "ưu tiên 10": None,
    "ưu tiên 1.5": None,
    "P7": None,
    "P1.2": None,
    "SIP-P1": None,
    "khẩn cấp lắm rồi": None,
    "": None,
}


@pytest.mark.parametrize("text", STATED)
def test_the_priority_is_what_the_customer_plainly_states(text: str) -> None:
    assert stated_priority(text, PRIORITIES) == STATED[text]


GUESSED = {
    "Báo cáo cuộc gọi không lên số liệu": "software",
    "bao cao khong chay": "software",
    "Wallboard đứng hình": "software",
    "Tích hợp CRM bị lỗi": "software",
    "Lỗi P4": "software",
    "tổng đài không gọi ra được": None,
    "server bị treo": None,
    "Reporter gọi tới": None,
    "xem https://example.com/report": None,
    "": None,
}


@pytest.mark.parametrize("text", GUESSED)
def test_the_service_that_is_named_chooses_the_team(text: str) -> None:
    assert guess_team(text, TEAMS) == GUESSED[text]


def test_two_teams_that_are_named_leave_the_choice_to_the_default() -> None:
    teams = {**TEAMS, "data": Team(title={"vi": "D"}, services=("module",), queue=Queue())}
    assert guess_team("module báo cáo", teams) is None
    assert guess_team("báo cáo", teams) == "software"


FULL = """Công ty An Phú, hợp đồng số HD-2026/014 qua đại lý Sao Nam.
Họ tên: Trần Thị Mẫu - Phòng ban: CSKH - Chức vụ: Trưởng nhóm
Di động 0912 345 678, Zalo cùng số. FQDN: anphu.my3cx.example
License key: ABCD-EFGH-1234-5678"""


def test_a_mail_with_everything_misses_nothing() -> None:
    assert missing_duties(FULL, attachments=("man-hinh.PNG",)) == ()


def test_an_empty_mail_misses_everything_but_what_the_desk_knows() -> None:
    assert missing_duties("") == DUTIES
    customer = Customer(
        id="an-phu",
        name="An Phú",
        domains=("anphu.example",),
        partner="sao-nam",
        contract_number="1",
        package="x",
        support_until=date(2030, 1, 1),
        maintenance_until=date(2030, 1, 1),
        fqdn="anphu.my3cx.example",
        monthly_fee=1,
    )
    assert missing_duties("", known_facts(customer, "Trần Thị Mẫu")) == (
        "department",
        "title",
        "mobile",
        "chat",
        "licence_key",
        "evidence",
    )
    assert "name" not in known_facts(customer, "support")


@pytest.mark.parametrize(
    ("text", "duty"),
    [
        ("sdt +84 912.345.678", "mobile"),
        ("phong ban ke toan", "department"),
        ("nick chat: mau.tran", "chat"),
        ("tổng đài abc.my3cx.vn lỗi", "fqdn"),
        ("theo HĐ số 12/2026", "contract_number"),
    ],
)
def test_a_duty_is_seen_with_marks_and_without(text: str, duty: str) -> None:
    assert duty not in missing_duties(text)


@pytest.mark.parametrize(
    ("text", "duty"),
    [("gọi 028 7303 9666", "mobile"), ("mail a@b.example.vn", "fqdn"), ("hóa đơn.pdf", "evidence")],
)
def test_what_only_resembles_a_duty_does_not_fulfil_it(text: str, duty: str) -> None:
    assert duty in missing_duties(text, attachments=("hop-dong.pdf",))
