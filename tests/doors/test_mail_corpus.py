"""Recorded mails in the shapes of real mail programs, and what is read out of each."""

from pathlib import Path
from typing import Any

import pytest

from bot.desk.ports import Letter
from bot.mail import message_ids
from bot.mail.parse import parse

FOLDER = Path(__file__).parent / "mails"
SECRET = b"corpus-secret-of-the-tests"
DOMAIN = "desk.example"
OWN = message_ids.make(SECRET, "corpus-effect", DOMAIN)
FIRST = "<first@khach.example>"
ALWAYS: dict[str, Any] = {"automatic": "", "bounced": None, "own": False, "problem": "", "attachments": ()}

EXPECTED: dict[str, dict[str, Any]] = {
    "outlook_desktop_new": {
        "sender": "an.nguyen@khach.example",
        "sender_name": "Nguyễn Văn An",
        "to": ("support@desk.example",),
        "cc": ("hotro@doitac.example",),
        "subject": "Tổng đài không gọi ra được từ sáng nay, đề nghị hỗ trợ gấp",
        "new_text": "Chào anh/chị,\n\nTừ 8h sáng nay cả nhóm 25 kênh không gọi ra được.\n"
        "- Gọi ra báo bận\n- Gọi vào bình thường",
        "attachments": ("image001.png",),
    },
    "outlook_web_reply": {
        "sender_name": "Lê Thị Bình",
        "subject": "TL: Tổng đài lỗi [TB-7K3F9]",
        "in_reply_to": OWN,
        "references": (FIRST, OWN),
        "new_text": "Chào anh An,\n\nChúng tôi đã khởi động lại SBC, anh gọi thử giúp.\n- Gọi ra\n- Gọi vào",
    },
    "outlook_desktop_reply_vi": {
        "references": (FIRST, OWN),
        "new_text": "Vẫn chưa được anh ơi.\nThanks, but it still fails.\nGọi lúc được lúc không.",
    },
    "gmail_reply_vi": {"sender_name": "Trần Cường", "new_text": "Đã gọi được rồi, cảm ơn anh."},
    "gmail_html_only": {"new_text": "Báo cáo cuối ngày trống trơn & lỗi 500."},
    "ios_reply": {"subject": "Re: TB-7K3F9", "new_text": "Tôi đang ở ngoài, chiều kiểm tra lại."},
    "windows_1258": {"subject": "Lỗi", "new_text": "Mất tiếng khi gọi"},
    "charset_missing": {"new_text": "Mất tiếng một chiều, nhờ kiểm tra."},
    "charset_wrong": {"subject": "Mất tiếng", "new_text": "Mất tiếng một chiều."},
    "subject_8bit_nfd_nbsp": {"subject": "Cuộc gọi lỗi", "new_text": "Không nghe được tiếng"},
    "forward_nested": {"subject": "Fwd: Lỗi ghi âm", "attachments": ("Lỗi ghi âm gốc.eml",)},
    "no_message_id": {
        "message_id": "<a82946f50ed6d097d2b40e9cab32fe5daab40fc3e6a417543332c84b6f5269fa@derived.invalid>",
        "new_text": "xin chao",
    },
    "broken_mime": {"problem": "broken", "sender": "hoa@khach.example"},
    "two_senders": {"problem": "no_sender", "sender": ""},
    "empty_from": {"problem": "no_sender", "sender": ""},
    "auto_reply": {"automatic": "auto-submitted"},
    "out_of_office_exchange": {"automatic": "suppressed", "subject": "Trả lời tự động: Tổng đài lỗi"},
    "mailing_list": {"automatic": "list"},
    "own_mail_back": {"automatic": "own", "own": True, "message_id": OWN},
    "bounce_postfix": {"automatic": "bounce", "bounced": OWN},
    "bounce_exchange": {"automatic": "bounce", "bounced": OWN, "attachments": ("Re x.eml",)},
    "attachment_vietnamese_name": {
        "new_text": "Nhờ xem hình đính kèm.",
        "attachments": ("Ảnh lỗi.png", "nhật ký.log", "agnp.exe"),
    },
}


def read(name: str) -> Any:
    return parse(Letter(name, (FOLDER / f"{name}.eml").read_bytes(), 5), secret=SECRET, domain=DOMAIN)


def test_every_recorded_mail_has_an_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_recorded_mail_is_read_as_expected(name: str) -> None:
    mail = read(name)
    expected = ALWAYS | EXPECTED[name]
    assert {key: getattr(mail, key) for key in expected} == expected
    assert mail.received_at == 5


def test_a_forward_without_a_word_above_it_says_what_was_forwarded() -> None:
    mail = read("forward_nested")
    assert "Ghi âm không nghe được từ hôm qua." in mail.new_text
    assert "inner text" not in mail.full_text


def test_the_full_text_keeps_signature_and_history() -> None:
    assert "Trưởng phòng CNTT" in read("outlook_desktop_new").full_text
    assert "NỘI DUNG CŨ" in read("outlook_web_reply").full_text
    assert "NỘI DUNG CŨ" in read("ios_reply").full_text


def test_html_loses_what_is_not_text() -> None:
    text = read("gmail_html_only").full_text
    assert "alert" not in text
    assert "ẩn" not in text
