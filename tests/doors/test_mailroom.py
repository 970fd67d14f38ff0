"""The mailroom where the store fails under it: no mail is lost to a limit that counted its own retries."""

from dataclasses import replace
from datetime import date

import pytest

from bot.desk.arrivals import ParsedMail
from bot.desk.handle import Desk
from bot.desk.mailroom import Mailroom
from bot.desk.ports import Commit, CommitResult
from bot.errors import StoreAwayError
from bot.sla.book import Book, Customer, Customers
from bot.ticket.effects import EFFECT, Mail
from tests.harness.memory_ledger import MemoryLedger
from tests.harness.travel import TravellingClock
from tests.rules.ladder import at, book

pytestmark = pytest.mark.asyncio
NOW = at("2026-03-09 10:00")


class Flaky(MemoryLedger):
    """A ledger whose commits fail at first."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures
        self.commits: list[Commit] = []

    async def commit(self, commit: Commit) -> CommitResult:
        if self.failures:
            self.failures -= 1
            raise StoreAwayError("gone")
        self.commits.append(commit)
        return await super().commit(commit)


class Books:
    """The shipped desk with one customer."""

    def book(self) -> Book:
        end = date(2099, 12, 31)
        customer = Customer(
            id="an-phu", name="An Phú", domains=("anphu.example",), contract_number="1", package="x",
            support_until=end, maintenance_until=end, monthly_fee=0,
        )  # fmt: skip
        return replace(book(), customers=Customers(customers=(customer,)))


def mail(sender: str = "mot@anphu.example", number: int = 1) -> ParsedMail:
    return ParsedMail(
        message_id=f"<{number}@x>", in_reply_to=None, references=(), sender=sender, sender_name="", to=(), cc=(),
        subject="[P1] Tổng đài", new_text="Không gọi được", full_text="", attachments=(), received_at=NOW, automatic="",
    )  # fmt: skip


async def test_a_mail_that_is_taken_again_and_again_while_the_store_fails_still_opens_its_ticket() -> None:
    ledger = Flaky(failures=6)
    room = Mailroom(Desk(ledger, Books(), TravellingClock(NOW), lambda: None))
    for _ in range(6):
        with pytest.raises(StoreAwayError):
            await room.receive(mail())
    assert await room.receive(mail()) == "opened"
    assert await ledger.index_size("tickets") == 1


async def test_a_held_mail_still_gets_its_polite_answer_after_a_failure() -> None:
    ledger = Flaky(failures=2)
    room = Mailroom(Desk(ledger, Books(), TravellingClock(NOW), lambda: None))
    for _ in range(2):
        with pytest.raises(StoreAwayError):
            await room.receive(mail("ai@stranger.example"))
    assert await room.receive(mail("ai@stranger.example")) == "held"
    assert [effect.template for effect in mails(ledger) if "ai@stranger.example" in effect.to] == ["held"]


async def test_without_a_desk_channel_a_held_mail_is_told_to_the_operator_within_reason() -> None:
    ledger = Flaky(failures=0)
    room = Mailroom(Desk(ledger, Books(), TravellingClock(NOW), lambda: None))
    for number in range(40):
        assert await room.receive(mail("ai@stranger.example", number)) == "held"
    told = [effect for effect in mails(ledger) if effect.template == "operator"]
    assert 1 <= len(told) <= 20
    assert "ai@stranger.example" in told[0].values["what"]


async def test_a_held_mail_that_comes_again_is_kept_once() -> None:
    ledger = Flaky(failures=0)
    room = Mailroom(Desk(ledger, Books(), TravellingClock(NOW), lambda: None))
    await room.receive(mail("ai@stranger.example"))
    assert await room.receive(mail("ai@stranger.example")) == "duplicate"
    assert len([c for c in ledger.commits if c.key.kind == "desk"]) == 1


def mails(ledger: Flaky) -> list[Mail]:
    effects = [EFFECT.validate_json(entry.body) for commit in ledger.commits for entry in commit.entries]
    return [effect for effect in effects if isinstance(effect, Mail)]
