"""The stage: an example desk, its Teams channels and its people, who write, press and look at what came."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from tests.demo.checks import Checks, Stopped
from tests.demo.instance import Instance
from tests.demo.sent import Mailed, Post, SentFolder, button_of, posts
from tests.harness.channel_connector import Standing
from tests.harness.example_desk import ExampleCompany, ExampleDesk, ExamplePerson
from tests.harness.letters import letter, post
from tests.harness.local_channel import Answer, LocalChannel, Persona, Place

_WITHIN_S: Final = 15.0
_LOOK_EVERY_S: Final = 0.03
_CODE: Final = re.compile(r"\b3CX-[0-9A-Z]{4}-[0-9A-Z]{4}\b")

T = TypeVar("T")


@dataclass(frozen=True)
class Act:
    """Something that somebody did, and when (`time.time_ns`)."""

    at_ns: int
    text: str


@dataclass
class Story:
    """A journey with a ticket of its own."""

    letter: str
    title: str
    priority: str
    customer: ExampleCompany
    code: str = ""
    message_id: str = ""
    began_s: float = 0.0
    """`time.monotonic` when the desk had taken the customer's mail."""
    acts: list[Act] = field(default_factory=list)
    mirrors: int = 0
    """So many messages of Teams belong into the mail thread."""
    cards: int = 0
    """So many status cards belong into the customers' threads."""
    answers: int = 0
    """So many answers by mail belong into the customers' threads."""
    outcomes: int = 0
    """So many mails about the ticket's outcome belong into the mail thread."""


class Stage:
    """Where the stories are played."""

    def __init__(
        self, channel: LocalChannel, people: ExampleDesk, instance: Instance, checks: Checks, *, speed: float
    ) -> None:
        self.channel = channel
        self.people = people
        self.instance = instance
        self.checks = checks
        self.speed = speed
        self.mails = SentFolder(instance.data / "mail" / "sent")
        staff = [self.persona(person) for person in people.staff]
        ours = [self.persona(person) for person in people.customer.people]
        others = [self.persona(person) for person in people.other_customer.people]
        self.desk_channel = channel.channel("Ca trực", *staff)
        self.managers_channel = channel.channel("Quản lý", *staff)
        self.customer_channel = channel.channel("An Phú", *staff, *ours)
        self.shared_channel = channel.channel("Hỗ trợ chung", *staff, *ours, *others)
        for person in people.staff:
            self.private(person)
        self._began_s = time.monotonic()

    # People

    def persona(self, person: ExamplePerson) -> Persona:
        """Return somebody as Teams knows them."""
        return Persona(person.name, person.tenant, person.object_id, email=person.email)

    def private(self, person: ExamplePerson) -> Place:
        """Return somebody's 1:1 chat with the bot."""
        return self.channel.personal(self.persona(person))

    async def bind_channels(self) -> None:
        """Have an engineer give the channels their purposes; raises Stopped if the bot does not confirm."""
        lead = self.persona(self.people.l2)
        for place, order in (
            (self.desk_channel, "gắn kênh trực"),
            (self.managers_channel, "gắn kênh quản lý"),
            (self.customer_channel, f"gắn kênh khách hàng {self.people.customer.id}"),
        ):
            await self.channel.message(lead, place, order, mention=True)
            if not await self.until(lambda place=place: self.channel.texts(place)):  # type: ignore[misc]
                raise Stopped(f"the bot did not confirm {order!r}\n{self.channel.told()}\n{self.instance.last_words()}")

    # Doing

    async def open_ticket(self, story: Story, subject: str, text: str) -> str:
        """Have the customer write to support@; returns the code that the auto-reply carries. Raises Stopped."""
        customer = story.customer.people[0]
        message = letter(f"{customer.name} <{customer.email}>", subject, text, to=self.people.support_mail)
        self.did(story, f"{customer.name} writes to {self.people.support_mail}: {subject}")
        story.message_id = await post(self.instance.smtp_port, message)
        story.began_s = time.monotonic()
        reply = await self.until(lambda: self.mail(lambda m: m.mail.in_reply_to == story.message_id))
        found = _CODE.search(reply.mail.text) if reply else None
        threads = reply is not None and story.message_id in reply.mail.references and reply.mail.to == customer.email
        self.check(story, reply and found and threads, "the auto-reply carries the code and stays in the mail's thread")
        if reply is None or found is None:
            raise Stopped(f"{story.letter}: no auto-reply with a code came")
        story.code = found[0]
        said = reply.mail.text
        self.check(
            story,
            "028 7303 9666" in said and "Zalo" in said,
            "the auto-reply says the support phone and that other chat services are not official",
        )
        return story.code

    async def write(
        self, story: Story, person: ExamplePerson, place: Place, text: str, *, root: str | None = None
    ) -> Answer:
        """Have somebody write in Teams."""
        self.did(story, f"{person.name} writes in {place.name}: {text}")
        answer = await self.channel.message(self.persona(person), place, text, root=root)
        self.check(story, answer.status == 200, f"Teams' request for {person.name}'s message is accepted", str(answer))
        return answer

    async def send(self, story: Story, person: ExamplePerson, subject: str, text: str, cc: str) -> None:
        """Have an engineer answer in the mail thread."""
        self.did(story, f"{person.name} answers by mail, Cc {cc}")
        message = letter(
            f"{person.name} <{person.email}>",
            subject,
            text,
            to=self.people.support_mail,
            cc=cc,
            in_reply_to=story.message_id,
        )
        await post(self.instance.smtp_port, message)

    async def press(
        self, story: Story, person: ExamplePerson, verb: str, fields: dict[str, str] | None = None
    ) -> dict[str, object] | None:
        """Have an engineer press a button of their own card; returns the card that comes back, None if refused."""
        said = f" ({', '.join(fields.values())})" if fields else ""
        self.did(story, f"{person.name} presses “{verb}”{said}")

        async def pressed() -> dict[str, object] | None:
            card = await self.until(lambda: self.page(story, person))
            if card is None:
                return None
            answer = await self.channel.tap(self.persona(person), card, verb, fields)
            body = answer.body or {}
            shown = body.get("type") == "application/vnd.microsoft.card.adaptive"
            return dict(body["value"]) if answer.status == 200 and shown else None

        # A card that a change has just overtaken is refused as old; people press again on the new one.
        give_up_at = time.monotonic() + _WITHIN_S
        while (answer := await pressed()) is None and time.monotonic() < give_up_at:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.1)
        return answer

    async def minute(self, story: Story, minutes: float) -> None:
        """Wait for a minute of the ticket's own time."""
        await asyncio.sleep(max(0.0, story.began_s + minutes * 60 / self.speed - time.monotonic()))

    # Looking

    def page(self, story: Story, person: ExamplePerson) -> Standing | None:
        """Return somebody's newest card about a ticket, as it stands now."""
        cards = [c for c in self.channel.cards(self.private(person)) if story.code in c.summary]
        return cards[-1] if cards else None

    def posts(self, story: Story, place: Place) -> list[Post]:
        """Return the cards that were posted in a place about a ticket."""
        return [p for p in posts(self.channel) if p.conversation == place.id and button_of(p.body)[0] == story.code]

    def mail(self, fits: Callable[[Mailed], bool]) -> Mailed | None:
        """Return the first mail that left and fits."""
        return next((mail for mail in self.mails.read() if fits(mail)), None)

    async def until(self, look: Callable[[], T], within_s: float = _WITHIN_S) -> T:
        """Look again and again until there is something to see, or the time is over; returns the last look."""
        give_up_at = time.monotonic() + within_s
        while not (found := look()) and time.monotonic() < give_up_at:  # noqa: ASYNC110  no event tells of a mail
            await asyncio.sleep(_LOOK_EVERY_S)
        return found

    # Telling

    def did(self, story: Story, text: str) -> None:
        """Note what somebody did."""
        story.acts.append(Act(time.time_ns(), text))
        self.say(story, text)

    def check(self, story: Story, held: object, name: str, instead: str = "") -> bool:
        """Note an expectation and say it."""
        self.say(story, f"{'ok  ' if held else 'FAIL'}  {name}")
        return self.checks.that(held, story.letter, name, instead)

    def say(self, story: Story, text: str) -> None:
        """Print a line of progress."""
        print(f"  {time.monotonic() - self._began_s:5.1f} s  {story.letter}  {text}", flush=True)


def send_off_duty(config: Path, person: ExamplePerson) -> None:
    """Give the only shift of somebody's level an end in the past: nobody of that level is on duty."""
    roster = config / "roster.yaml"
    shift = f"  - {{ level: {person.level}, people: [{person.id}], until: 2000-01-01 }}\n"
    roster.write_text(roster.read_text(encoding="utf-8") + shift, encoding="utf-8")
