"""Who sits where when a journey begins."""

from dataclasses import dataclass

from tests.harness.channel_connector import Standing
from tests.harness.desk import DeskUnderTest
from tests.harness.example_desk import ExamplePerson
from tests.harness.local_channel import Persona, Place


@dataclass
class Scene:
    """A desk, its channels, and its people as Teams knows them."""

    desk: DeskUnderTest
    desk_channel: Place
    managers_channel: Place
    customer_channel: Place
    shared_channel: Place

    def private(self, person: ExamplePerson) -> Place:
        """Return somebody's 1:1 chat with the bot."""
        return self.desk.channel.personal(self.desk.persona(person))

    def persona(self, person: ExamplePerson) -> Persona:
        """Return somebody as Teams knows them."""
        return self.desk.persona(person)

    async def open_ticket(
        self, subject: str = "[P1] Tổng đài không gọi được", text: str = "Cả team 25 kênh không gọi ra được."
    ) -> str:
        """Have the customer write to support@; returns the code of the new ticket."""
        customer = self.desk.people.customer.people[0]
        before = set(await self.desk.codes())
        await self.desk.mail(f"{customer.name} <{customer.email}>", subject, text)
        (code,) = set(await self.desk.codes()) - before
        return code

    def pages(self, person: ExamplePerson) -> list[Standing]:
        """Return the cards in somebody's private chat, oldest first."""
        return self.desk.channel.cards(self.private(person))


async def set_scene(desk: DeskUnderTest) -> Scene:
    """Install the bot for the desk's people and bind the channels."""
    people, channel = desk.people, desk.channel
    staff = [desk.persona(person) for person in people.staff]
    customers = [desk.persona(person) for person in people.customer.people]
    others = [desk.persona(person) for person in people.other_customer.people]
    scene = Scene(
        desk=desk,
        desk_channel=channel.channel("Ca trực", *staff),
        managers_channel=channel.channel("Quản lý", *staff),
        customer_channel=channel.channel("An Phú", *staff, *customers),
        shared_channel=channel.channel("Hỗ trợ chung", *staff, *customers, *others, desk.persona(people.stranger)),
    )
    for person in people.staff:
        scene.private(person)
    lead = staff[0]
    await desk.bind(lead, scene.desk_channel, "gắn kênh trực")
    await desk.bind(lead, scene.managers_channel, "gắn kênh quản lý")
    await desk.bind(lead, scene.customer_channel, f"gắn kênh khách hàng {people.customer.id}")
    return scene
