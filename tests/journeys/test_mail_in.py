"""Mail comes in: what opens a ticket, what continues one, what is held, and what robots send."""

import asyncio
import json
from collections.abc import Callable
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from bot.ticket.draft import event_hash
from bot.ticket.model import Event
from tests.harness.desk import DeskUnderTest, wait_until
from tests.harness.letters import SentMail, letter, post
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


def letter_of(
    scene: Scene, subject: str = "[P1] Tổng đài", text: str = "Không gọi được.", **options: object
) -> EmailMessage:
    customer = scene.desk.people.customer.people[0]
    return letter(
        f"{customer.name} <{customer.email}>", subject, text, to=scene.desk.people.support_mail, **options  # type: ignore[arg-type]
    )  # fmt: skip


async def raw(desk: DeskUnderTest, content: bytes, sender: str) -> None:
    """Hand bytes to the desk's SMTP door as they are."""
    assert desk.service.smtp is not None
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.service.smtp.port)

    async def command(line: str) -> str:
        writer.write(f"{line}\r\n".encode())
        await writer.drain()
        return (await reader.readline()).decode()

    await reader.readline()
    for line in ("HELO client.example", f"MAIL FROM:<{sender}>", f"RCPT TO:<{desk.people.support_mail}>", "DATA"):
        answer = await command(line)
        assert answer[0] in "23", answer
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    writer.write(stuffed + b"\r\n.\r\n")
    await writer.drain()
    assert (await reader.readline()).startswith(b"250")
    writer.close()
    await desk.settle()


def told(desk: DeskUnderTest, scene: Scene) -> list[str]:
    return desk.channel.texts(scene.desk_channel)


def to_customer(scene: Scene) -> list[SentMail]:
    return scene.desk.sent_mails(scene.desk.people.customer.people[0].email)


# What opens a ticket


async def test_a_real_mail_becomes_one_ticket_and_its_answer_says_what_the_contract_wants(scene: Scene) -> None:
    desk = scene.desk
    subject = "Khẩn: tổng đài Chi nhánh Đà Nẵng không gọi ra được, nhờ các anh chị kiểm tra giúp"
    message = letter_of(
        scene,
        "SUBJECT",
        "Chào anh/chị,\n\nCả đội 25 máy nhánh không gọi ra được từ 9 giờ.\nMức độ ưu tiên: 1\n",
        attachment=("màn hình lỗi.png", PNG),
    )
    # Written by email.header: the newer EmailMessage loses the space between two encoded words (CPython).
    written = message.as_bytes(policy=SMTP).replace(
        b"SUBJECT", Header(subject, "utf-8").encode(linesep="\r\n").encode()
    )
    assert b"=?utf-8?" in written
    assert b"quoted-printable" in written

    await raw(desk, written, desk.people.customer.people[0].email)

    code = await desk.only_code()
    ticket = await desk.ticket(code)
    assert ticket.subject == subject
    assert "25 máy nhánh" in ticket.excerpt
    assert (ticket.customer, ticket.priority, ticket.provisional, ticket.team) == ("an-phu", "P1", False, "teamx")
    (opened,) = await desk.events(code, "opened")
    assert opened.data["attachments"] == ["màn hình lỗi.png"]
    (answer,) = to_customer(scene)
    assert answer.in_reply_to == message["Message-ID"]
    assert answer.references == [message["Message-ID"]]
    assert answer.message["Auto-Submitted"] == "auto-replied"
    for needed in (code, "028 7303 9666", "Số di động", "License Key", "Zalo", "không phải là kênh hỗ trợ chính thức"):
        assert needed in answer.text, needed
    assert "hình ảnh" not in answer.text  # it was attached


@pytest.mark.parametrize(
    ("subject", "priority", "provisional", "team"),
    [
        ("[P1] Không gọi được", "P1", False, "teamx"),
        ("Mức độ ưu tiên 2: chập chờn", "P2", False, "teamx"),
        ("uu tien 3 - nghe khong ro", "P3", False, "teamx"),
        ("P4: báo cáo không chạy", "P4", False, "software"),
        ("Dashboard trắng màn hình", "P2", True, "software"),
        ("Nhờ kiểm tra giúp", "P2", True, "teamx"),
        ("P1 hay P2 cũng được", "P2", True, "teamx"),
    ],
)
async def test_priority_and_team_follow_from_what_is_stated(
    scene: Scene, subject: str, priority: str, provisional: bool, team: str
) -> None:
    await scene.desk.post(letter_of(scene, subject, "Nhờ anh chị xem giúp."))
    ticket = await scene.desk.ticket(await scene.desk.only_code())
    assert (ticket.priority, ticket.provisional, ticket.team) == (priority, provisional, team)
    (paged,) = await scene.desk.events(ticket.code, "paged")
    told_to = json.dumps(paged.data["contacts"])
    assert ("queue:software" in told_to or "chi.pham" in told_to) is (team == "software")


async def test_the_same_mail_twice_is_one_ticket_and_one_answer(scene: Scene) -> None:
    message = letter_of(scene)
    for _ in range(3):
        await scene.desk.post(message)
    assert len(await scene.desk.codes()) == 1
    assert len(to_customer(scene)) == 1


async def test_the_same_mail_in_two_deliveries_at_once_is_one_ticket(scene: Scene) -> None:
    desk, message = scene.desk, letter_of(scene)
    assert desk.service.smtp is not None
    await asyncio.gather(*(post(desk.service.smtp.port, message) for _ in range(4)))
    await desk.settle()
    assert len(await desk.codes()) == 1
    assert len(to_customer(scene)) == 1


async def test_a_mail_without_message_id_is_taken_once(scene: Scene) -> None:
    desk = scene.desk
    message = letter_of(scene)
    del message["Message-ID"]
    content = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    for _ in range(2):
        await raw(desk, content, desk.people.customer.people[0].email)
    assert len(await desk.codes()) == 1
    assert len(to_customer(scene)) == 1


# What is held


async def test_an_unregistered_sender_gets_one_polite_answer_a_day_and_no_ticket(scene: Scene) -> None:
    desk = scene.desk
    for number in range(3):
        await desk.mail("nguoi.la@stranger.example", f"Hỏi thăm {number}", "Giá bao nhiêu?")
    assert await desk.codes() == []
    (answer,) = desk.sent_mails("nguoi.la@stranger.example")
    assert "chưa đăng ký" in answer.text
    assert len([text for text in told(desk, scene) if "nguoi.la@stranger.example" in text]) == 3


@pytest.mark.parametrize(("key", "says"), [("support_until", "gói hỗ trợ"), ("maintenance_until", "maintenance")])
async def test_a_customer_out_of_contract_is_held_politely_without_a_clock(scene: Scene, key: str, says: str) -> None:
    desk = scene.desk
    await edit(desk, "customers.yaml", lambda text: text.replace(f"{key}: 2099-12-31", f"{key}: 2026-03-08", 1))
    await wait_until(lambda: _covered(desk), "the contract has ended")
    await desk.post(letter_of(scene))
    assert await desk.codes() == []
    (answer,) = to_customer(scene)
    assert says in answer.text
    assert scene.pages(desk.people.l2) == []
    assert len(told(desk, scene)) == 2  # that the channel was bound, and this


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List-Id": "<tin-tuc.anphu.example>"},
        {"X-Auto-Response-Suppress": "All"},
    ],
)
async def test_robots_and_lists_open_nothing_and_get_no_answer(scene: Scene, headers: dict[str, str]) -> None:
    desk = scene.desk
    await desk.post(letter_of(scene, headers=headers))
    assert await desk.codes() == []
    assert desk.sent_mails() == []


async def test_a_bounce_of_our_mail_is_told_to_the_desk_and_kept_with_the_ticket(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (answer,) = to_customer(scene)
    report = (
        "From: MAILER-DAEMON@anphu.example\r\nTo: support@idb.com.vn\r\nSubject: Undelivered Mail\r\n"
        "Message-ID: <bounce-1@anphu.example>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nmailbox full\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; anphu.example\r\n\r\n"
        f"Final-Recipient: rfc822; {people.customer.people[0].email}\r\nAction: failed\r\nStatus: 5.2.2\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {answer.message_id}\r\n\r\n--b--\r\n"
    )
    before = len(told(desk, scene))
    for _ in range(2):
        await raw(desk, report.encode(), "")
    (said,) = told(desk, scene)[before:]
    assert code in said
    (event,) = await desk.events(code, "bounced")
    assert event.data["message_id"] == answer.message_id
    assert len(await desk.codes()) == 1
    assert len(to_customer(scene)) == 1


async def test_broken_huge_and_endless_mails_disturb_nobody(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    sender = people.customer.people[0].email
    head = f"From: {sender}\r\nTo: {people.support_mail}\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    parts = b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n" * 5000
    many = (
        f'{head}Message-ID: <many@x>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'.encode()
        + parts
        + b"--b--\r\n"
    )
    broken = (
        f'{head}Message-ID: <broken@x>\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Ty'.encode()
    )
    charset = (
        f"{head}Message-ID: <charset@x>\r\nContent-Type: text/plain; charset=x-unknown\r\n\r\n".encode()
        + b"T\xf4i \xff\xfe"
    )
    for content in (many, broken, charset, b"", b"\x00\xff\r\n\r\n\x00"):
        await raw(desk, content, sender)
    good = await scene.open_ticket()
    assert good in await desk.codes()
    assert desk.service.loops["mailbox"] is not None
    assert await desk.service.mailbox.waiting() == []


async def test_a_mail_of_25_megabytes_is_held_for_a_person_or_opened_and_the_next_one_is_heard(scene: Scene) -> None:
    desk = scene.desk
    line = b"A" * 76 + b"\r\n"
    message = letter_of(scene).as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    await raw(desk, message + line * (24 * 1024 * 1024 // len(line)), desk.people.customer.people[0].email)
    assert len(await desk.codes()) + sum("An" in text or "@" in text for text in told(desk, scene)) >= 1
    assert await scene.open_ticket("[P2] Mail sau")


async def test_a_robot_without_marks_that_answers_every_answer_is_stopped(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    robot = people.customer.people[0].email
    for _ in range(30):
        answers = len(to_customer(scene))
        await desk.mail(robot, "Tôi đang nghỉ phép", "Tôi sẽ trả lời sau.")
        if len(to_customer(scene)) == answers:
            break
    assert len(to_customer(scene)) <= 3
    assert len(await desk.codes()) <= 3
    for number in range(15):
        await desk.mail(robot, f"Re: [Tự động] {number}", "Tôi sẽ trả lời sau.")
    assert len(to_customer(scene)) <= 10
    assert any("too_many" in text or robot in text for text in told(desk, scene))


# What continues a ticket


async def test_a_strangers_code_in_the_subject_is_held(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    before = await desk.ticket(code)
    await desk.mail("nguoi.la@stranger.example", f"Re: {code}", "Cho tôi xem với.")
    await desk.mail("nguoi.la@stranger.example", "Re: x", "Cho tôi xem với.", in_reply_to=before.mail.root)
    after = await desk.ticket(code)
    assert after.participants == before.participants
    assert await desk.codes() == [code]
    assert await desk.events(code, "customer_mail") == []
    await desk.mail(people.other_customer.people[0].email, f"Re: {code}", "Của tôi.")
    assert await desk.events(code, "customer_mail") == []
    assert len(await desk.codes()) == 2


async def test_a_code_in_the_subject_continues_the_ticket_for_its_own_people_and_the_desk(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    await desk.mail(people.customer.people[1].email, f"Về {code}", "Thêm ba máy.")
    await desk.mail(people.l2.email, f"[{code}] ghi chú", "Đã gọi nhà mạng.")
    await desk.mail("teamx@idb.com.vn", f"[{code}]", "Đã đổi SIM trunk.", cc=people.customer.people[0].email)
    assert await desk.codes() == [code]
    kinds = [event.kind for event in await desk.events(code, "customer_mail", "internal_mail", "engineer_mail")]
    assert kinds == ["customer_mail", "internal_mail", "engineer_mail"]


async def test_the_teams_own_mailbox_answers_like_an_engineer(scene: Scene) -> None:
    """The contract names a mailbox for level 2 and no people: its answers are the desk's."""
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    customer = scene.persona(people.customer.people[0])
    root = (await desk.channel.message(customer, scene.customer_channel, code)).activity_id
    await desk.settle()
    await desk.mail("TeamX@idb.com.vn", "Re: sự cố", "Đã đổi SIM trunk.", cc=people.customer.people[0].email,
                    in_reply_to=(await desk.ticket(code)).mail.root)  # fmt: skip
    (text,) = desk.channel.texts(scene.customer_channel)[-1:]
    assert "SIM trunk" in text
    assert desk.channel.posts(scene.customer_channel, root=root)[-1].text == text


async def test_a_reply_to_a_resolved_ticket_is_kept_there_and_the_desk_is_told(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    await desk.channel.tap(scene.persona(people.l2), page, "resolve", {"note": "Đã khởi động lại."})
    await desk.settle()
    before = len(told(desk, scene))
    await desk.mail(
        people.customer.people[0].email, "Re: sự cố", "Lại hỏng rồi.", in_reply_to=(await desk.ticket(code)).mail.root
    )
    assert await desk.codes() == [code]
    (said,) = told(desk, scene)[before:]
    assert code in said


async def test_a_colleague_in_cc_who_replies_joins_and_the_partner_too(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    one, two = people.customer.people
    await desk.post(letter_of(scene, cc=f"{two.email}, {people.partner.people[0].email}"))
    code = await desk.only_code()
    root = (await desk.ticket(code)).mail.root
    assert [p.address for p in (await desk.ticket(code)).participants] == [one.email]
    await desk.mail(two.email, "Re: Tổng đài", "Thêm ảnh.", in_reply_to=root)
    await desk.mail(people.partner.people[0].email, "Re: Tổng đài", "Bên em theo dõi.", in_reply_to=root)
    assert [p.address for p in (await desk.ticket(code)).participants] == [
        one.email, two.email, people.partner.people[0].email
    ]  # fmt: skip
    assert await desk.codes() == [code]


async def test_an_engineers_mail_without_a_ticket_is_held(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    await desk.mail(people.l2.email, "Khách gọi điện", "Khách báo qua điện thoại.")
    assert await desk.codes() == []
    assert desk.sent_mails(people.l2.email) == []
    assert any(people.l2.email in text for text in told(desk, scene))


async def test_the_customers_answer_ends_the_wait_for_the_customer(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("[P3] Nghe không rõ")
    (page,) = scene.pages(people.l2)
    await desk.channel.tap(
        scene.persona(people.l2),
        page,
        "pause",
        {"reason": "customer", "note": "Hỏi số máy nhánh.", "confirmed": "true"},
    )
    await desk.settle()
    assert (await desk.ticket(code)).clock[-1].kind == "pause"
    await desk.fast_forward(minutes=7)
    robot = {"Auto-Submitted": "auto-replied"}
    root = (await desk.ticket(code)).mail.root
    await desk.post(letter_of(scene, "Re: Nghe", "Tôi đi vắng.", in_reply_to=root, headers=robot))
    assert (await desk.ticket(code)).clock[-1].kind == "pause"
    answered_at = desk.clock.now()
    await desk.post(letter_of(scene, "Re: Nghe", "Máy 101.", in_reply_to=root))
    assert ((await desk.ticket(code)).clock[-1].kind, (await desk.ticket(code)).clock[-1].at) == ("resume", answered_at)


async def test_events_say_what_happened_without_a_gap_in_their_chain(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    await desk.fast_forward(minutes=31)
    events = await desk.events(code)
    assert [event.n for event in events] == list(range(1, len(events) + 1))
    before = ""
    for event in events:
        assert event.before == before
        assert event_hash(Event.model_validate_json(json.dumps(event.model_dump()))) == event.hash
        before = event.hash
    assert (await desk.ticket(code)).head == before


async def edit(desk: DeskUnderTest, name: str, change: Callable[[str], str]) -> None:
    """Save one of the desk's files, changed."""
    path: Path = desk.folder / "config" / name
    before = path.read_text(encoding="utf-8")  # noqa: ASYNC240
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")  # noqa: ASYNC240


async def _covered(desk: DeskUnderTest) -> bool:
    customer = desk.service.desk.books.book().customers.by_id[desk.people.customer.id]
    return min(customer.support_until, customer.maintenance_until).year == 2026
