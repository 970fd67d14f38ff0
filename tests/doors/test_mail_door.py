"""The mail door: a mail is done only after the mailroom took it; one bad mail holds up nobody."""

from pathlib import Path

import pytest

from bot.desk.arrivals import ParsedMail
from bot.errors import StoreAwayError
from bot.mail import message_ids
from bot.mail.door import TRIES_MAX, MailDoor
from bot.mail.local_mailbox import LocalMailbox

SECRET = b"a secret"
DOMAIN = "desk.example"


class FixedClock:
    def now(self) -> int:
        return 1_795_404_720_000


class ListeningMailroom:
    """Takes mails; fails for subjects it was told to fail for, with the given error."""

    def __init__(self) -> None:
        self.seen: list[ParsedMail] = []
        self.fails: dict[str, Exception] = {}

    async def receive(self, mail: ParsedMail) -> str:
        if mail.subject in self.fails:
            raise self.fails[mail.subject]
        self.seen.append(mail)
        return "opened"


class Rig:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mailbox = LocalMailbox(folder, FixedClock())
        self.room = ListeningMailroom()
        self.counted: list[str] = []
        self.alarms: list[str] = []
        self.door = MailDoor(self.mailbox, self.room, SECRET, DOMAIN, count=self.counted.append, alarm=self.sound_alarm)

    async def sound_alarm(self, what: str) -> None:
        self.alarms.append(what)

    async def arrive(self, subject: str, extra: str = "") -> None:
        raw = f"From: an@khach.example\r\nSubject: {subject}\r\n{extra}\r\nxin chao\r\n".encode()
        await self.mailbox.deliver(raw, envelope_from="an@khach.example", envelope_to=["support@desk.example"])

    async def waiting(self) -> int:
        return len(await self.mailbox.waiting())

    def aside(self) -> list[bytes]:
        return [path.read_bytes() for path in (self.folder / "aside" / "new").iterdir()]


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


@pytest.mark.asyncio
async def test_every_waiting_mail_is_handed_over_in_order_and_done(rig: Rig) -> None:
    for number in range(60):
        await rig.arrive(f"loi {number}")
    assert await rig.door.work_through() == 60
    assert [mail.subject for mail in rig.room.seen] == [f"loi {number}" for number in range(60)]
    assert await rig.waiting() == 0
    assert await rig.door.work_through() == 0


@pytest.mark.asyncio
async def test_a_mail_stays_while_the_store_is_away_and_is_taken_when_it_is_back(rig: Rig) -> None:
    await rig.arrive("one")
    await rig.arrive("two")
    rig.room.fails["one"] = StoreAwayError()
    for _ in range(TRIES_MAX + 2):
        with pytest.raises(StoreAwayError):
            await rig.door.work_through()
    assert await rig.waiting() == 2
    rig.room.fails.clear()
    assert await rig.door.work_through() == 2
    assert rig.aside() == []


@pytest.mark.asyncio
async def test_a_mail_that_keeps_failing_is_set_aside_with_its_reason_and_the_others_go_on(rig: Rig) -> None:
    await rig.arrive("bad")
    await rig.arrive("good")
    rig.room.fails["bad"] = ValueError("a secret detail")
    assert await rig.door.work_through() == 1
    assert await rig.waiting() == 1
    for _ in range(TRIES_MAX - 1):
        assert await rig.door.work_through() == 0
    (kept,) = rig.aside()
    assert kept.startswith(b"X-Desk-Aside: failed 3 times: ValueError\n")
    assert await rig.waiting() == 0
    assert rig.counted == ["failed", "opened", "failed", "set_aside"]
    assert len(rig.alarms) == 1


@pytest.mark.asyncio
async def test_own_and_automatic_mails_reach_the_mailroom_marked(rig: Rig) -> None:
    own = message_ids.make(SECRET, "effect", DOMAIN)
    await rig.arrive("own", f"Message-ID: {own}\r\n")
    await rig.arrive("robot", "Auto-Submitted: auto-replied\r\n")
    assert await rig.door.work_through() == 2
    assert [(mail.own, mail.automatic) for mail in rig.room.seen] == [(True, "own"), (False, "auto-submitted")]
