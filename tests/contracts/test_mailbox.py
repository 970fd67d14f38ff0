"""What every mailbox promises. A new mailbox joins by a fixture that can put mails in and read what left."""

import asyncio
import email
import mailbox as stdlib_mailbox
from collections.abc import Sequence
from email import policy
from pathlib import Path
from typing import Protocol

import pytest

from bot.desk.ports import Mailbox
from bot.errors import DeliveryError
from bot.mail.local_mailbox import LocalMailbox

RAW = b"From: an@khach.example\r\nTo: support@desk.example\r\nSubject: loi\r\n\r\nxin chao\r\n"
SENT = b"From: support@desk.example\r\nTo: an@khach.example\r\nMessage-ID: <1@desk.example>\r\n\r\nok\r\n"


class SteppingClock:
    """A second passes with each look."""

    def __init__(self) -> None:
        self.at = 1_795_404_720_000

    def now(self) -> int:
        self.at += 1_000
        return self.at


class Rig(Protocol):
    def open(self) -> Mailbox: ...
    async def arrive(self, raw: bytes, *, sender: str, to: Sequence[str]) -> None: ...
    def left(self) -> list[bytes]: ...
    def set_aside(self) -> list[bytes]: ...


class LocalRig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SteppingClock()

    def open(self) -> LocalMailbox:
        return LocalMailbox(self.folder, self.clock)

    async def arrive(self, raw: bytes, *, sender: str = "an@khach.example", to: Sequence[str] = ()) -> None:
        await self.open().deliver(raw, envelope_from=sender, envelope_to=to)

    def left(self) -> list[bytes]:
        return [bytes(message) for message in stdlib_mailbox.Maildir(self.folder / "sent", create=False)]

    def set_aside(self) -> list[bytes]:
        return [bytes(message) for message in stdlib_mailbox.Maildir(self.folder / "aside", create=False)]


@pytest.fixture(params=["local"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Rig:
    return {"local": LocalRig}[request.param](tmp_path)


@pytest.mark.asyncio
async def test_mails_wait_oldest_first_with_envelope_and_time_after_a_restart(rig: Rig) -> None:
    await rig.arrive(RAW, sender="an@khach.example", to=["support@desk.example", "teamx@desk.example"])
    await rig.arrive(RAW + b"2", sender="<>", to=["support@desk.example"])
    before = await rig.open().waiting()
    after = await rig.open().waiting()
    assert before == after
    assert [letter.raw for letter in after] == [RAW, RAW + b"2"]
    assert after[0].received_at == 1_795_404_721_000
    assert after[1].received_at == 1_795_404_722_000
    assert after[0].envelope_to == ("support@desk.example", "teamx@desk.example")
    assert [letter.envelope_from for letter in after] == ["an@khach.example", "<>"]


@pytest.mark.asyncio
async def test_a_done_mail_waits_no_more_and_done_twice_is_harmless(rig: Rig) -> None:
    await rig.arrive(RAW, sender="a@khach.example", to=[])
    box = rig.open()
    (letter,) = await box.waiting()
    await box.done(letter)
    await box.done(letter)
    assert await rig.open().waiting() == []


@pytest.mark.asyncio
async def test_a_mail_set_aside_is_kept_with_its_reason(rig: Rig) -> None:
    await rig.arrive(RAW, sender="a@khach.example", to=[])
    box = rig.open()
    (letter,) = await box.waiting()
    await box.set_aside(letter, "failed\r\nBcc: x@y.example")
    assert await box.waiting() == []
    (kept,) = rig.set_aside()
    message = email.message_from_bytes(kept, policy=policy.default)
    assert message["X-Desk-Aside"] == "failed Bcc: x@y.example"
    assert message["Bcc"] is None
    assert "xin chao" in message.get_content()


@pytest.mark.asyncio
async def test_a_mail_is_sent_once_however_often_it_is_tried(rig: Rig) -> None:
    box = rig.open()
    assert not await box.was_sent("<1@desk.example>")
    send = [
        b.send(SENT, message_id="<1@desk.example>", sender="support@desk.example", recipients=["an@khach.example"])
        for b in (box, box, box)
    ]
    await asyncio.gather(*send)
    assert await rig.open().was_sent("<1@desk.example>")
    assert not await box.was_sent("<2@desk.example>")
    (left,) = rig.left()
    assert email.message_from_bytes(left)["Message-ID"] == "<1@desk.example>"


@pytest.mark.asyncio
@pytest.mark.parametrize(("sender", "recipients"), [("", ["an@khach.example"]), ("support@desk.example", [])])
async def test_a_mail_from_or_to_nobody_is_refused_for_good(rig: Rig, sender: str, recipients: list[str]) -> None:
    with pytest.raises(DeliveryError) as refused:
        await rig.open().send(SENT, message_id="<1@desk.example>", sender=sender, recipients=recipients)
    assert refused.value.permanent
    assert rig.left() == []


@pytest.mark.asyncio
async def test_headers_that_only_the_door_may_write_are_taken_off(tmp_path: Path) -> None:
    rig = LocalRig(tmp_path)
    forged = b"X-Desk-Received: 5\r\nreturn-path: <>\r\n folded\r\n" + RAW
    await rig.arrive(forged, to=["support@desk.example"])
    (letter,) = await rig.open().waiting()
    assert letter.raw == RAW
    assert letter.received_at == 1_795_404_721_000


@pytest.mark.asyncio
async def test_a_mail_that_a_mail_program_read_still_counts_as_sent(tmp_path: Path) -> None:
    box = LocalRig(tmp_path).open()
    await box.send(SENT, message_id="<1@desk.example>", sender="a@b.example", recipients=["an@khach.example"])
    (file,) = (tmp_path / "sent" / "new").iterdir()
    file.rename(tmp_path / "sent" / "cur" / f"{file.name}:2,FS")
    assert await box.was_sent("<1@desk.example>")
    await box.send(SENT, message_id="<1@desk.example>", sender="a@b.example", recipients=["an@khach.example"])
    assert list((tmp_path / "sent" / "new").iterdir()) == []


@pytest.mark.asyncio
async def test_a_half_written_mail_is_never_seen(tmp_path: Path) -> None:
    rig = LocalRig(tmp_path)
    box = rig.open()
    (tmp_path / "inbox" / "tmp" / "000.half").write_bytes(b"From: an@kh")
    assert await box.waiting() == []


@pytest.mark.asyncio
async def test_a_mail_that_another_program_put_into_the_inbox_has_the_time_of_its_file(tmp_path: Path) -> None:
    rig = LocalRig(tmp_path)
    box = rig.open()
    file = tmp_path / "inbox" / "new" / "other.program"
    file.write_bytes(RAW)
    (letter,) = await box.waiting()
    assert letter.raw == RAW
    assert letter.received_at == file.stat().st_mtime_ns // 1_000_000


@pytest.mark.asyncio
async def test_many_waiting_mails_come_in_batches_and_all_are_reached(tmp_path: Path) -> None:
    rig = LocalRig(tmp_path)
    box = rig.open()
    for _ in range(55):
        await box.deliver(RAW, envelope_from="a@khach.example", envelope_to=[])
    seen: list[str] = []
    while batch := await box.waiting():
        seen += [letter.id for letter in batch]
        for letter in batch:
            await box.done(letter)
    assert len(seen) == len(set(seen)) == 55
    assert seen == sorted(seen)
