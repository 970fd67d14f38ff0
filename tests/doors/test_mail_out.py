"""What the desk sends: threaded, marked against loops, one mail per effect, and no header of a stranger's making."""

import email
import re
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

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
from bot.sla.book import Book, Customers
from bot.sla.roster import Person, Roster
from bot.ticket.effects import Call, Mail, PageRef
from tests.doors.composing import CODE, DESK, NOW, VALUES, composed, effect, part

SECRET = b"a secret of the tests"
DOMAIN = "desk.example"


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
