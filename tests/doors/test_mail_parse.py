"""Any bytes are read: never an error, never a hang, and never a word of the sender lost to a rule about quotes."""

import base64
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.arrivals import ParsedMail
from bot.desk.ports import Letter
from bot.mail import message_ids
from bot.mail import parse as parsing
from bot.mail.bodies import ATTACHMENTS_MAX, safe_name
from bot.mail.charsets import clean, decode_header
from bot.mail.quotes import new_text

SECRET = b"a secret"
DOMAIN = "desk.example"
HEAD = b"From: An <an@khach.example>\r\nTo: support@desk.example\r\nSubject: loi\r\nMessage-ID: <m@khach.example>\r\n"
_KEYWORDS = [
    *(b"From: ", b"Subject: ", b"Content-Type: multipart/mixed; boundary=x\r\n", b"--x\r\n", b"--x--", b"=?utf-8?B?"),
    *(b"Content-Type: text/html\r\n", b"\r\n\r\n", b"<div>", b"<a ", b"charset=", b"message/rfc822", b"filename*0*="),
    *(b"Content-Transfer-Encoding: base64\r\n", b"=?x?q?=FF?=", b"\xff\xfe", "đã viết:".encode(), b"<!--", b"\x00"),
    *(b'Content-Disposition: attachment; filename="', b"multipart/report", b"References: <a@b>", b"(", b'"', b"@"),
]


def read(raw: bytes, *, envelope_from: str = "") -> ParsedMail:
    return parsing.parse(Letter("letter", raw, 7, envelope_from), secret=SECRET, domain=DOMAIN)


@given(st.lists(st.one_of(st.sampled_from(_KEYWORDS), st.binary(max_size=12)), max_size=40))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    mail = read(b"".join(pieces))
    assert mail.message_id.startswith("<")
    assert mail.sender == mail.sender.lower()
    for text in (mail.subject, mail.sender_name, mail.new_text, mail.full_text, *mail.attachments):
        assert unicodedata.is_normalized("NFC", text)
        assert "\x00" not in text
        text.encode()


@given(st.binary(max_size=300), st.sampled_from(["utf-8", "windows-1258", "x-none", "base64", "punycode", "utf-7"]))
def test_no_body_in_any_charset_raises(body: bytes, charset: str) -> None:
    mail = read(HEAD + f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode() + body)
    assert (mail.sender, mail.problem) == ("an@khach.example", "")


@given(st.text(max_size=60))
def test_any_subject_comes_back_from_an_encoded_word(subject: str) -> None:
    word = f"=?utf-8?B?{base64.b64encode(subject.encode('utf-8', 'replace')).decode()}?="
    assert decode_header(word) == " ".join(clean(subject).split())


def test_words_that_split_a_letter_are_joined_as_bytes() -> None:
    assert decode_header("=?utf-8?B?4bs=?=\r\n =?utf-8?B?lw==?= xong") == "ỗ xong"


def test_five_thousand_parts_are_read_in_part_and_shown_to_a_person() -> None:
    part = b"--x\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\ny\r\n"
    first = b"--x\r\nContent-Type: text/plain\r\n\r\nxin chao\r\n"
    mail = read(HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + first + part * 5_000 + b"--x--\r\n")
    assert (mail.problem, mail.new_text, len(mail.attachments)) == ("broken", "xin chao", ATTACHMENTS_MAX)


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 130_000,
        b"Content-Type: text/html\r\n\r\n" + b"<div>" * 80_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!-- " * 80_000,
        b"Content-Type: text/html\r\n\r\n" + b"<![ " * 80_000,
        b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "a\u0301\u0323".encode() * 100_000,
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(3_000)),
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\n\n\n" * 500_000,
        b"Content-Type: text/plain\r\n\r\n" + b"On 1 " * 100_000,
    ],
    ids=["open tags", "deep", "comments", "marked", "combining marks", "nested", "tiny parts", "one long line"],
)
def test_a_mail_made_to_be_slow_is_read_all_the_same(body: bytes) -> None:
    """The time limit of the suite is what fails here: each of these took minutes in the libraries alone."""
    assert read(HEAD + body).sender == "an@khach.example"


def test_a_mail_above_the_limit_is_read_by_its_headers_only() -> None:
    mail = read(HEAD + b"\r\n" + b"x" * 60 + b"\r\n" * (parsing.SIZE_MAX_BYTES // 2))
    assert (mail.problem, mail.sender, mail.full_text) == ("too_large", "an@khach.example", "")


def test_texts_are_cut() -> None:
    mail = read(HEAD + b"\r\n" + b"word " * 100_000)
    assert len(mail.full_text) <= parsing.TEXT_MAX_CHARS
    assert len(read(b"From: a@k.example\r\nSubject: " + b"a " * 50_000 + b"\r\n\r\nx").subject) <= 500


@pytest.mark.parametrize(
    ("header", "automatic"),
    [
        ("Auto-Submitted: auto-generated", "auto-submitted"),
        ("Auto-Submitted: no", ""),
        ("Precedence: bulk", "bulk"),
        ("Precedence: auto_reply", "bulk"),
        ("Precedence: normal", ""),
        ("List-Id: <x.example>", "list"),
        ("X-Auto-Response-Suppress: OOF, AutoReply", "suppressed"),
        ("X-Auto-Response-Suppress: DR, RN", ""),
        ("X-Loop: other-desk", "loop"),
        ("X-Autoreply: yes", "auto-submitted"),
        ("Return-Path: <>", "null-sender"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=x", "receipt"),
        ("X-Mailer: Outlook", ""),
    ],
)
def test_what_no_person_wrote_is_told_apart(header: str, automatic: str) -> None:
    assert read(HEAD + header.encode() + b"\r\n\r\nxin chao").automatic == automatic


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@khach.example", "postmaster@khach.example"])
def test_a_plain_text_failure_notice_names_our_mail(sender: str) -> None:
    own = message_ids.make(SECRET, "effect", DOMAIN)
    forged = message_ids.make(b"another", "effect", DOMAIN)
    raw = f"From: {sender}\r\n\r\nqmail could not deliver\r\n--- below\r\nMessage-ID: {forged}\r\nMessage-ID: {own}\r\n"
    mail = read(raw.encode())
    assert (mail.automatic, mail.bounced) == ("daemon", own)


def test_an_empty_envelope_sender_is_a_robot() -> None:
    assert read(HEAD + b"\r\nxin chao", envelope_from="<>").automatic == "null-sender"


def test_a_reference_that_claims_to_be_ours_with_a_bad_signature_is_not_trusted() -> None:
    own = message_ids.make(SECRET, "effect", DOMAIN)
    forged = message_ids.make(b"another", "effect", DOMAIN)
    mail = read(HEAD + f"References: <a@b> {forged} {own}\r\nIn-Reply-To: {forged}\r\n\r\nx".encode())
    assert (mail.references, mail.in_reply_to) == (("<a@b>", own), None)


def test_an_answer_of_history_only_says_nothing() -> None:
    quote = "On Mon, 23 Nov 2026 at 10:31, Desk <support@desk.example> wrote:\r\n> cũ\r\n"
    mail = read(HEAD + b"In-Reply-To: <a@b>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + quote.encode())
    assert mail.new_text == ""
    assert "cũ" in mail.full_text


@pytest.mark.parametrize(
    "header",
    [
        "On Mon, Nov 23, 2026 at 10:31 AM Desk <support@desk.example> wrote:",
        "Vào Th 2, 23 thg 11, 2026 vào lúc 10:31 Desk <support@desk.example> đã viết:",
        "Vào ngày 23 thg 11, 2026, lúc 10:31, Desk\n<support@desk.example> đã viết:",
        "Vào 23/11/2026 10:31, Desk viết:",
        "-----Original Message-----\nFrom: Desk",
        "-----Thư gốc-----\nTừ: Desk",
        "Từ: Desk <support@desk.example>\nĐã gửi: Thứ Hai 23/11\nĐến: An\nChủ đề: Re: lỗi",
        "*From:* Desk\n*Sent:* Monday\n*To:* An\n*Subject:* Re",
        "________________________________\nFrom: Desk <a@b.example>\nSent: Monday\nTo: An\nSubject: Re",
        "---------- Forwarded message ---------\nFrom: x",
    ],
)
def test_history_is_cut_below_every_known_header(header: str) -> None:
    assert new_text(f"Vẫn lỗi.\n\n{header}\n\nNỘI DUNG CŨ", reply=True) == "Vẫn lỗi."


@pytest.mark.parametrize(
    "text",
    [
        "Cuộc gọi lỗi:\nFrom: 0901000000\nTo: 0902000000\nDate: 23/11\nxin kiểm tra",
        "Xin chào\nThanks, but it still fails.\nIt rings twice.",
        "Lỗi:\n- Không gọi được\n- Mất tiếng",
        "On Monday the phone said: no line",
        "Từ: 8h sáng\nĐến: 9h\nkhông gọi được",
        "Chào anh\nCảm ơn\nP/S: máy nhánh 101 vẫn lỗi",
    ],
)
def test_what_only_looks_like_history_stays(text: str) -> None:
    assert new_text(text, reply=True) == text


def test_answers_between_quoted_lines_stay() -> None:
    assert new_text("> Mấy máy bị?\n25 máy\n> Từ lúc nào?\n8h", reply=True) == "25 máy\n8h"
    assert new_text("> show registrations\nlỗi", reply=False) == "> show registrations\nlỗi"


@pytest.mark.parametrize(
    "end", ["-- \nAn\n0901", "Trân trọng,\nAn\nTrưởng phòng", "Gửi từ iPhone của tôi", "Best regards\nAn"]
)
def test_a_signature_is_cut(end: str) -> None:
    assert new_text(f"Vẫn lỗi.\n\n{end}", reply=False) == "Vẫn lỗi."


@given(st.text(max_size=200))
def test_a_shown_file_name_is_harmless(name: str) -> None:
    safe = safe_name(name)
    assert not set(safe) & set('/\\<>:"|?*\n\r\t\u202e\u2066')
    assert len(safe) <= 120


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("Bình <BINH@Ví-dụ.example>", "binh@xn--v-d-rma6749a.example"),
        ("a@khach.example (An)", "a@khach.example"),
        ("khong-phai-dia-chi", ""),
        ('"a@khach.example" <b@khach.example>', "b@khach.example"),
    ],
)
def test_the_sender_is_an_address_in_lower_case_with_an_ascii_domain(value: str, address: str) -> None:
    assert read(f"From: {value}\r\n\r\nx".encode()).sender == address
