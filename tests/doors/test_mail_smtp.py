"""A real SMTP client against the real SMTP door: what was answered 250 is on the disk, what is too large is refused."""

import asyncio
import smtplib
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from bot.mail.local_mailbox import LocalMailbox
from bot.mail.smtp_door import SIZE_MAX_BYTES, SmtpDoor

T = TypeVar("T")
BODY = b"From: an@khach.example\r\nSubject: loi\r\n\r\nxin chao\r\n"


class FixedClock:
    def now(self) -> int:
        return 1_795_404_720_000


class Rig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mailbox = LocalMailbox(folder, FixedClock())
        self.rings = 0
        self.door = SmtpDoor(self.mailbox, port=0, on_mail=self._ring)

    def _ring(self) -> None:
        self.rings += 1

    async def client(self, work: Callable[[smtplib.SMTP], T]) -> T:
        def run() -> T:
            with smtplib.SMTP("127.0.0.1", self.door.port, local_hostname="client.example", timeout=60) as client:
                return work(client)

        return await asyncio.to_thread(run)


@pytest_asyncio.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    rig = Rig(tmp_path)
    await rig.door.start()
    yield rig
    await rig.door.stop()


@pytest.mark.asyncio
async def test_a_mail_of_a_real_client_waits_with_its_envelope_and_wakes_the_worker(rig: Rig) -> None:
    message = EmailMessage()
    message["From"] = "Nguyễn An <an@khach.example>"
    message["Subject"] = "Tổng đài lỗi"
    message.set_content("Không gọi được.\n.\n..chấm\n")
    refused = await rig.client(
        lambda client: client.send_message(message, "an@khach.example", ["support@desk.example", "teamx@desk.example"])
    )
    (letter,) = await rig.mailbox.waiting()
    assert refused == {}
    assert rig.rings == 1
    assert letter.envelope_from == "an@khach.example"
    assert letter.envelope_to == ("support@desk.example", "teamx@desk.example")
    assert letter.received_at == FixedClock().now()
    assert b"\r\n.\r\n..ch" in letter.raw or b"Content-Transfer-Encoding: base64" in letter.raw


@pytest.mark.asyncio
async def test_dots_at_the_beginning_of_a_line_come_through(rig: Rig) -> None:
    raw = b"From: an@khach.example\r\n\r\n.\r\n..two\r\n.one\r\n"
    await rig.client(lambda client: client.sendmail("an@khach.example", ["support@desk.example"], raw))
    (letter,) = await rig.mailbox.waiting()
    assert letter.raw == raw


@pytest.mark.asyncio
async def test_unicode_addresses_and_the_empty_sender_are_taken(rig: Rig) -> None:
    def work(client: smtplib.SMTP) -> None:
        client.ehlo()
        assert client.has_extn("smtputf8")
        client.sendmail("bình@khách.example", ["support@desk.example"], BODY, mail_options=["SMTPUTF8"])
        client.sendmail("", ["support@desk.example"], BODY)

    await rig.client(work)
    assert [letter.envelope_from for letter in await rig.mailbox.waiting()] == ["bình@khách.example", "<>"]


@pytest.mark.asyncio
async def test_a_line_of_many_kilobytes_is_taken(rig: Rig) -> None:
    raw = b"From: an@khach.example\r\n\r\n" + b"x" * 300_000 + b"\r\n"
    await rig.client(lambda client: client.sendmail("an@khach.example", ["support@desk.example"], raw))
    (letter,) = await rig.mailbox.waiting()
    assert letter.raw == raw


@pytest.mark.asyncio
async def test_the_announced_size_is_the_limit(rig: Rig) -> None:
    def work(client: smtplib.SMTP) -> tuple[str, int]:
        client.ehlo()
        size = client.esmtp_features["size"]
        code, _ = client.docmd(f"MAIL FROM:<an@khach.example> SIZE={SIZE_MAX_BYTES + 1}")
        return size, code

    assert await rig.client(work) == (str(SIZE_MAX_BYTES), 552)


@pytest.mark.asyncio
async def test_a_mail_of_exactly_25_mb_is_taken_and_one_byte_more_is_refused_after_it_was_sent(rig: Rig) -> None:
    head = b"From: an@khach.example\r\n\r\n"
    line = b"x" * 998 + b"\r\n"
    full = head + line * ((SIZE_MAX_BYTES - len(head)) // 1_000)
    full += b"y" * (SIZE_MAX_BYTES - len(full) - 2) + b"\r\n"
    assert len(full) == SIZE_MAX_BYTES

    def send(data: bytes) -> tuple[int, bytes]:
        with smtplib.SMTP("127.0.0.1", rig.door.port, local_hostname="client.example", timeout=60) as client:
            client.helo()  # an old client that announces no size
            client.mail("an@khach.example")
            client.rcpt("support@desk.example")
            code, text = client.data(data)
            assert client.noop()[0] == 250
            return code, text

    assert (await asyncio.to_thread(send, full))[0] == 250
    assert (await asyncio.to_thread(send, b"z" + full))[0] == 552
    (letter,) = await rig.mailbox.waiting()
    assert len(letter.raw) == SIZE_MAX_BYTES


@pytest.mark.asyncio
async def test_a_stream_without_end_is_hung_up_on(tmp_path: Path) -> None:
    mailbox = LocalMailbox(tmp_path, FixedClock())
    door = SmtpDoor(mailbox, port=0, on_mail=lambda: None, size_max_bytes=100_000)
    await door.start()

    def pour() -> int:
        with socket.create_connection(("127.0.0.1", door.port), timeout=30) as wire:
            wire.sendall(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
            sent = 0
            try:
                while sent < 100_000_000:
                    sent += wire.send(b"x" * 65_536)
            except OSError:
                pass
            return sent

    assert await asyncio.to_thread(pour) < 100_000_000
    assert await mailbox.waiting() == []
    await door.stop()


@pytest.mark.asyncio
async def test_a_mail_of_empty_lines_costs_no_more_memory_than_its_size(tmp_path: Path) -> None:
    size = 1_000_000
    mailbox = LocalMailbox(tmp_path, FixedClock())
    door = SmtpDoor(mailbox, port=0, on_mail=lambda: None, size_max_bytes=size)
    await door.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(b"HELO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n")
    answers = [await reader.readline() for _ in range(5)]
    tracemalloc.start()
    for _ in range(size // 10_000):
        writer.write(b"\r\n" * 5_000)
        await writer.drain()
    writer.write(b".\r\n")
    answers.append(await reader.readline())
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    writer.close()
    await door.stop()
    assert [answer[:3] for answer in answers] == [b"220", b"250", b"250", b"250", b"354", b"250"]
    assert peak_bytes < 6 * size


@pytest.mark.asyncio
async def test_a_disk_that_refuses_is_answered_try_again(rig: Rig) -> None:
    folder = rig.folder / "inbox" / "tmp"
    folder.rmdir()

    def work(client: smtplib.SMTP) -> int:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("an@khach.example", ["support@desk.example"], BODY)
        return refused.value.smtp_code

    assert await rig.client(work) == 451
    assert rig.rings == 0
    folder.mkdir()
    await rig.client(lambda client: client.sendmail("an@khach.example", ["support@desk.example"], BODY))
    assert rig.rings == 1


@pytest.mark.asyncio
async def test_one_connection_too_many_is_told_to_come_later(rig: Rig) -> None:
    wires = [await asyncio.open_connection("127.0.0.1", rig.door.port) for _ in range(21)]
    greetings = [(await reader.readline())[:3] for reader, _ in wires]
    for _, writer in wires:
        writer.close()
    assert sorted(greetings) == [b"220"] * 20 + [b"421"]


@pytest.mark.asyncio
async def test_the_door_is_open_on_loopback_only_and_closed_after_stop(tmp_path: Path) -> None:
    door = SmtpDoor(LocalMailbox(tmp_path, FixedClock()), port=0, on_mail=lambda: None)
    with pytest.raises(RuntimeError):
        _ = door.port
    await door.start()
    port = door.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert (await reader.readline()).startswith(b"220")
    await door.stop()
    await door.stop()
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(OSError, match=str(port)):
        await asyncio.open_connection("127.0.0.1", port)
    assert list((tmp_path / "inbox" / "new").iterdir()) == []
