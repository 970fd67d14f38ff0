"""Who may see a ticket (D10): every row of the table, and proving an address by a one-time code, over HTTP and mail."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from bot.desk.ports import RecordKey
from bot.sla.instants import DAY, MINUTE
from bot.ticket.model import PersonRecord
from tests.harness.channel_connector import Failure
from tests.harness.desk import DeskUnderTest, wait_until
from tests.harness.example_desk import ExamplePerson
from tests.harness.letters import SentMail
from tests.harness.local_channel import Persona, Place
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene

pytestmark = [pytest.mark.asyncio, pytest.mark.parametrize("desk", ENGINES[:1], indirect=True)]
UNKNOWN = "3CX-7K2M-9QXD"


async def write(scene: Scene, who: Persona, place: Place, text: str, **options: object) -> list[str]:
    """Write, and return the bot's new words in that place."""
    channel = scene.desk.channel
    before = len(channel.texts(place))
    answer = await channel.message(who, place, text, **options)  # type: ignore[arg-type]
    assert answer.status == 200
    await scene.desk.settle()
    return channel.texts(place)[before:]


async def asks_in_channel(scene: Scene, who: Persona, code: str) -> tuple[list[str], int]:
    """Have somebody write a code in the shared channel; returns the bot's words and how many cards came."""
    desk = scene.desk
    roster = desk.channel.connector.rosters[scene.shared_channel.id]
    if who not in roster:
        roster.append(who)
    cards = len(desk.channel.cards(scene.shared_channel))
    said = await write(scene, who, scene.shared_channel, code)
    return said, len(desk.channel.cards(scene.shared_channel)) - cards


# Rows 1, 2 and 4


async def test_who_sees_a_ticket_by_their_home_tenant(scene: Scene) -> None:
    people = scene.desk.people
    code = await scene.open_ticket()
    one = scene.persona(people.customer.people[0])
    new = "c1000000-0000-4000-8000-00000000"
    for allowed in (
        one,
        replace(one, object_id=f"{new}0001", account="", role="owner"),
        scene.persona(people.partner.people[0]),
        scene.persona(people.l2),
    ):
        said, cards = await asks_in_channel(scene, allowed, code)
        assert (said, cards) == ([], 1), allowed


async def test_everybody_else_gets_the_answer_of_an_unknown_code(scene: Scene) -> None:
    """Guests, other companies, external people of a shared channel, the anonymous, and a right e-mail alone."""
    people = scene.desk.people
    code = await scene.open_ticket()
    one, staff = scene.persona(people.customer.people[0]), scene.persona(people.l2)
    outsiders = {
        "of another customer": scene.persona(people.other_customer.people[0]),
        "of a foreign tenant, in the desk's shared channel": scene.persona(people.stranger),
        "guest object of the customer's tenant": replace(one, object_id="c-guest-1", role="guest"),
        "guest in the desk's team": replace(staff, object_id="d-guest-1", role="guest"),
        "staff as a guest": replace(staff, role="guest", account="29:staff-as-guest"),
        "of the desk's tenant, not on the roster": replace(staff, object_id="d-nobody-1"),
        "anonymous": Persona("Ẩn danh", people.customer.tenant, "", role="anonymous", account="29:anonymous-1"),
        "no tenant in the roster": replace(one, tenant="", object_id="c-none-1"),
        "right e-mail, wrong tenant": replace(one, tenant=people.stranger.tenant, object_id="f-mail-1"),
        "staff's object id, wrong tenant": replace(staff, tenant=people.stranger.tenant, account="29:forged-1"),
    }
    for who, persona in outsiders.items():
        known, cards = await asks_in_channel(scene, persona, code)
        unknown, _ = await asks_in_channel(scene, persona, UNKNOWN)
        assert cards == 0, who
        assert len(known) == 1, who
        assert known == unknown, who
    assert (await scene.desk.ticket(code)).threads == ()
    assert (await scene.desk.ticket(code)).notice_at is None


@pytest.mark.parametrize("status", [500, 403])
async def test_when_the_roster_call_fails_nobody_is_trusted(scene: Scene, status: int) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    customer = replace(scene.persona(desk.people.customer.people[0]), account=f"29:not-cached-{status}")
    failure = Failure(status=status, times=99, match=lambda method, path: method == "GET" and "/members/" in path)
    desk.channel.connector.failures.append(failure)
    refused, cards = await asks_in_channel(scene, customer, code)
    unknown, _ = await asks_in_channel(scene, customer, UNKNOWN)
    assert (len(refused), cards) == (1, 0)
    assert refused == unknown
    chat = desk.channel.personal(customer)
    assert await write(scene, customer, chat, code) == refused
    assert await write(scene, customer, chat, "có ai không?") == refused
    failure.times = 0
    assert await asks_in_channel(scene, customer, code) == ([], 1)


async def test_a_former_engineer_can_do_nothing_from_the_next_day_on(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    (page,) = scene.pages(people.l2)
    await edit(
        desk, "roster.yaml", lambda text: text.replace("  - id: an.le\n", "  - id: an.le\n    until: 2026-03-08\n")
    )
    await wait_until(
        lambda: _is(desk.service.desk.books.book().roster.by_id[people.l2.id].until is not None), "the roster is read"
    )
    answer = await desk.channel.tap(scene.persona(people.l2), page, "acknowledge")
    assert answer.body["type"] == "application/vnd.microsoft.activity.message"
    assert (await desk.ticket(code)).ack is None
    said, cards = await asks_in_channel(scene, scene.persona(people.l2), code)
    assert (len(said), cards) == (1, 0)
    await desk.mail(people.l2.email, "Re: sự cố", "Đã xong.", cc=people.customer.people[0].email,
                    in_reply_to=(await desk.ticket(code)).mail.root)  # fmt: skip
    assert await desk.events(code, "engineer_mail", "internal_mail") == []


# Row 3: a one-time code


class Proving:
    """The private chat of a guest of the desk's tenant with the bot: people of unbound tenants are not heard there."""

    def __init__(self, scene: Scene, who: ExamplePerson | None = None) -> None:
        self.scene = scene
        stranger = scene.persona(who or scene.desk.people.stranger)
        self.who = replace(stranger, tenant=scene.desk.people.tenant, role="guest")
        self.chat = scene.desk.channel.personal(self.who)

    async def say(self, text: str) -> str:
        said = await write(self.scene, self.who, self.chat, text)
        assert len(said) <= 1, said
        return said[0] if said else ""

    def digits_mails(self) -> list[SentMail]:
        return [mail for mail in self.scene.desk.sent_mails() if re.search(r"^\s*\d{6}\s*$", mail.text, re.MULTILINE)]

    def digits(self) -> str:
        match = re.search(r"^\s*(\d{6})\s*$", self.digits_mails()[-1].text, re.MULTILINE)
        assert match is not None
        return match[1]

    async def prove(self, code: str, address: str) -> str:
        await self.say(code)
        await self.say(address)
        return await self.say(self.digits())

    async def record_version(self) -> int:
        key = RecordKey("person", f"{self.who.tenant}/{self.who.object_id}")
        stored = await self.scene.desk.ledger.read(key)
        return stored.version if stored is not None else 0

    async def record(self) -> PersonRecord:
        key = RecordKey("person", f"{self.who.tenant}/{self.who.object_id}")
        stored = await self.scene.desk.ledger.read(key)
        assert stored is not None
        return PersonRecord.model_validate_json(stored.body)

    async def sees(self, code: str) -> bool:
        """Return whether writing the code shows a card; leaves no conversation under way."""
        cards = len(self.scene.desk.channel.cards(self.chat))
        said = await self.say(code)
        shown = len(self.scene.desk.channel.cards(self.chat)) > cards
        assert shown is (said == "")
        if not shown:
            await self.say("huỷ")
        return shown


async def test_a_stranger_proves_a_participants_address_and_is_on_the_ticket(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật")
    stranger, customer = Proving(scene), people.customer.people[0]
    sent = len(desk.sent_mails())

    assert "email" in await stranger.say(f"cho hỏi {code}")
    assert customer.email in await stranger.say(customer.email)
    (mail,) = desk.sent_mails()[sent:]
    assert (mail.to, mail.cc, mail.in_reply_to, mail.references) == (customer.email, "", "", [])
    assert people.stranger.name in mail.text
    assert "Bí Mật" not in mail.text
    assert code in await stranger.say(stranger.digits())

    assert await stranger.sees(code)
    (card,) = desk.channel.cards(stranger.chat)
    assert "Bí Mật" in json.dumps(card.card, ensure_ascii=False)
    await stranger.say("Máy tôi vẫn im lặng")
    (mirrored,) = [mail for mail in desk.sent_mails() if "vẫn im lặng" in mail.text]
    assert mirrored.in_reply_to == (await desk.ticket(code)).mail.root
    assert stranger.digits() not in json.dumps([event.data for event in await desk.events(code)])


async def test_a_message_right_after_the_digits_is_about_the_proved_ticket(scene: Scene) -> None:
    code = await scene.open_ticket()
    stranger = Proving(scene)
    await stranger.prove(code, scene.desk.people.customer.people[0].email)
    await stranger.say("Máy tôi vẫn im lặng")
    assert len([mail for mail in scene.desk.sent_mails() if "vẫn im lặng" in mail.text]) == 1


async def test_a_right_address_a_wrong_one_and_an_unknown_ticket_look_the_same(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    mine = people.customer.people[0].email
    looks: dict[str, tuple[list[str], list[int]]] = {}
    for name, ticket, address in (
        ("right", code, mine),
        ("wrong address", code, "ai.do@nowhere.example"),
        ("colleague who never wrote", code, people.customer.people[1].email),
        ("unknown ticket", UNKNOWN, mine),
        ("mistyped ticket", "3CX-7K2M-9QXE", mine),
    ):
        who = replace(people.stranger, object_id=f"f1000000-0000-4000-8000-{len(looks):012}")
        stranger = Proving(scene, who)
        sent, versions = len(desk.sent_mails()), [await stranger.record_version()]
        said = []
        for text in (ticket, address, "000 000"):
            said.append((await stranger.say(text)).replace(address, "X"))
            versions.append(await stranger.record_version())
        steps = [after - before for before, after in pairwise(versions)]
        looks[name] = (said, steps)
        assert len(desk.sent_mails()) - sent == (1 if name == "right" else 0), name
        assert not await stranger.sees(code)
    assert all(look == looks["right"] for look in looks.values()), looks


async def test_five_wrong_tries_end_it_and_the_right_digits_come_too_late(scene: Scene) -> None:
    code = await scene.open_ticket()
    stranger = Proving(scene)
    await stranger.say(code)
    await stranger.say(scene.desk.people.customer.people[0].email)
    right = stranger.digits()
    wrong = f"{(int(right) + 1) % 10**6:06}"
    answers = [await stranger.say(wrong) for _ in range(5)]
    assert len(set(answers)) == 5
    await stranger.say(right)
    assert not await stranger.sees(code)
    assert (await scene.desk.ticket(code)).bindings == ()


async def test_digits_typed_at_once_in_many_messages_are_still_only_five_tries(scene: Scene) -> None:
    desk = scene.desk
    code = await scene.open_ticket()
    stranger = Proving(scene)
    await stranger.say(code)
    await stranger.say(desk.people.customer.people[0].email)
    right = int(stranger.digits())
    guesses = [f"{(right + 1 + i) % 10**6:06}" for i in range(30)] + [f"{right:06}"]
    await asyncio.gather(*(desk.channel.message(stranger.who, stranger.chat, guess) for guess in guesses))
    await desk.settle()
    bound = (await desk.ticket(code)).bindings != ()
    wrong = [text for text in desk.channel.texts(stranger.chat) if "chưa đúng" in text]
    assert len(wrong) <= 5
    assert not (bound and len(wrong) >= 5)


async def test_digits_are_worth_nothing_after_ten_minutes(scene: Scene) -> None:
    code = await scene.open_ticket()
    stranger = Proving(scene)
    await stranger.say(code)
    await stranger.say(scene.desk.people.customer.people[0].email)
    scene.desk.clock.move_to(scene.desk.clock.now() + 10 * MINUTE)
    await stranger.say(stranger.digits())
    assert (await scene.desk.ticket(code)).bindings == ()


async def test_digits_are_worth_nothing_to_somebody_else(scene: Scene) -> None:
    code = await scene.open_ticket()
    address = scene.desk.people.customer.people[0].email
    one = Proving(scene)
    other = Proving(scene, replace(scene.desk.people.stranger, object_id="f1000000-0000-4000-8000-000000000777"))
    for who in (one, other):
        await who.say(code)
        await who.say(address)
    first = [re.search(r"^\s*(\d{6})\s*$", mail.text, re.MULTILINE) for mail in one.digits_mails()]
    assert first[0] is not None
    await other.say(first[0][1])
    assert (await scene.desk.ticket(code)).bindings == ()


async def test_three_one_time_codes_a_day_for_a_ticket(scene: Scene) -> None:
    code = await scene.open_ticket()
    address = scene.desk.people.customer.people[0].email
    answers = []
    for number in range(4):
        stranger = Proving(
            scene, replace(scene.desk.people.stranger, object_id=f"f1000000-0000-4000-8000-{number:012}")
        )
        await stranger.say(code)
        answers.append(await stranger.say(address))
    assert len(stranger.digits_mails()) == 3
    assert len(set(answers)) == 1
    for _ in range(3):
        await stranger.say(address)
    assert "028 7303 9666" in await stranger.say(address) or (await stranger.record()).step == "idle"
    assert len(stranger.digits_mails()) == 3


async def test_guessed_addresses_do_not_use_up_the_days_codes_of_a_ticket(scene: Scene) -> None:
    code = await scene.open_ticket()
    guesser = Proving(scene, replace(scene.desk.people.stranger, object_id="f1000000-0000-4000-8000-000000000888"))
    await guesser.say(code)
    for number in range(3):
        await guesser.say(f"doan{number}@anphu.example")
    stranger = Proving(scene)
    await stranger.prove(code, scene.desk.people.customer.people[0].email)
    assert await stranger.sees(code)


async def test_a_binding_lapses_after_ninety_days_and_its_chat_hears_no_more(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket("[P1] Chi nhánh Bí Mật")
    stranger = Proving(scene)
    await stranger.prove(code, people.customer.people[0].email)
    assert await stranger.sees(code)
    (page,) = scene.pages(people.l2)
    await desk.channel.tap(scene.persona(people.l2), page, "resolve", {"note": "Đã đổi SIM."})
    await desk.settle()
    desk.clock.move_to(desk.clock.now() + 90 * DAY)
    await desk.settle()
    said, updates = len(desk.channel.texts(stranger.chat)), [card.updates for card in desk.channel.cards(stranger.chat)]
    await answered(scene, code)
    await reopened(scene, code)
    assert not any("SIM trunk" in text for text in desk.channel.texts(stranger.chat))
    assert len(desk.channel.texts(stranger.chat)) == said
    assert [card.updates for card in desk.channel.cards(stranger.chat)] == updates
    assert not await stranger.sees(code)


async def test_a_binding_lapses_when_its_domain_leaves_the_customers_file(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code = await scene.open_ticket()
    stranger = Proving(scene)
    await stranger.prove(code, people.customer.people[0].email)
    assert await stranger.sees(code)
    await answered(scene, code)
    assert any("SIM trunk" in text for text in desk.channel.texts(stranger.chat))
    await edit(desk, "customers.yaml", lambda text: text.replace("domains: [anphu.example]", "domains: [moi.example]"))
    await wait_until(
        lambda: _is(desk.service.desk.books.book().customers.by_id["an-phu"].domains == ("moi.example",)), "it is read"
    )
    heard = len(desk.channel.texts(stranger.chat))
    await answered(scene, code)
    assert len(desk.channel.texts(stranger.chat)) == heard
    assert not await stranger.sees(code)


async def test_an_address_in_cc_that_never_wrote_gets_nothing(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    one, two = people.customer.people
    await desk.mail(one.email, "[P1] Tổng đài", "Không gọi được.", cc=f"{two.email}, cc@stranger.example")
    code = await desk.only_code()
    stranger = Proving(scene)
    for address in (two.email, "cc@stranger.example"):
        await stranger.say(code)
        await stranger.say(address)
        await stranger.say("huỷ")
    assert stranger.digits_mails() == []
    assert desk.sent_mails(two.email) == []
    assert desk.sent_mails("cc@stranger.example") == []


async def test_an_unfinished_proof_is_stopped_by_a_word_and_by_another_code(scene: Scene) -> None:
    desk, people = scene.desk, scene.desk.people
    code, other = await scene.open_ticket(), await scene.open_ticket("[P2] Khác")
    stranger = Proving(scene)
    await stranger.say(code)
    await stranger.say("huỷ")
    assert (await stranger.record()).step == "idle"
    await stranger.say(code)
    await stranger.say(other)
    await stranger.say(people.customer.people[0].email)
    assert other in await stranger.say(stranger.digits())
    assert (await desk.ticket(code)).bindings == ()
    assert len((await desk.ticket(other)).bindings) == 1


async def answered(scene: Scene, code: str) -> None:
    """Have an engineer answer in the mail thread."""
    desk, people = scene.desk, scene.desk.people
    await desk.mail(people.l2.email, "Re: sự cố", "Đã đổi SIM trunk.", cc=people.customer.people[0].email,
                    in_reply_to=(await desk.ticket(code)).mail.root)  # fmt: skip


async def reopened(scene: Scene, code: str) -> None:
    """Have the customer reopen a ticket from a card in their channel."""
    desk, people = scene.desk, scene.desk.people
    customer = scene.persona(people.customer.people[0])
    await desk.channel.message(customer, scene.customer_channel, code)
    await desk.settle()
    (card,) = desk.channel.cards(scene.customer_channel)
    await desk.channel.tap(customer, card, "reopen", {"note": "Lại hỏng."})
    await desk.settle()
    assert (await desk.ticket(code)).state == "open"


async def edit(desk: DeskUnderTest, name: str, change: Callable[[str], str]) -> None:
    """Save one of the desk's files, changed."""
    path: Path = desk.folder / "config" / name
    before = path.read_text(encoding="utf-8")  # noqa: ASYNC240
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")  # noqa: ASYNC240


async def _is(value: bool) -> bool:
    return value
