"""Which Teams channel is for what: staff say so, and a customer's channel is looked at again when people join (D11)."""

from bot.desk.arrivals import Incoming, MembersChanged, People
from bot.desk.handle import Desk
from bot.desk.identity import person_key
from bot.desk.orders import Order
from bot.desk.ports import Member
from bot.sla.book import Book, Customer
from bot.ticket.commands import Staff
from bot.ticket.effects import Say
from bot.ticket.model import BoundChannel, DeskRecord, Language


class Bindings:
    """Binds channels."""

    def __init__(self, desk: Desk, people: People) -> None:
        self._desk = desk
        self._people = people

    async def order(self, incoming: Incoming, order: Order, staff: Staff | None) -> str:
        """Carry out `bind` or `unbind`, in a channel, by staff; says why not otherwise."""
        if staff is None:
            return await self._refuse(incoming, "staff_only")
        if order.what == "bind_usage" or incoming.chat.personal:
            return await self._refuse(incoming, "bind_usage")
        if order.what == "unbind":
            tell = _say(incoming, "channel_unbound", {})
            await self.forget(incoming.chat.conversation, tell=tell, operation=f"{incoming.operation}:unbind")
            return "unbound"
        book = self._desk.books.book()
        customer = book.customers.by_id.get(order.customer)
        if order.role == "customer" and customer is None:
            return await self._refuse(incoming, "unknown_customer")
        members = await self._people.members(incoming.chat)
        if members is None and customer is not None:
            return await self._refuse(incoming, "members_unknown")
        # Without a list the desk's own word stands for its own channels: they are where its pages go.
        if any(_outsider(member, customer, book) for member in members or ()):
            return await self._refuse(incoming, "channel_has_outsiders")
        await self._bind(incoming, order, customer, staff)
        return "bound"

    async def forget(
        self, conversation: str, *, team: str = "", tell: Say | None = None, operation: str | None = None
    ) -> None:
        """Treat a channel, or every channel of a team, as shared from now on."""

        def change(record: DeskRecord) -> DeskRecord:
            rest = {
                key: bound
                for key, bound in record.channels.items()
                if key != conversation and not (team and bound.team == team)
            }
            return record.model_copy(update={"channels": rest})

        await self._desk.change_desk(change, effects=[tell] if tell is not None else [], operation=operation)

    async def recheck(self, change: MembersChanged) -> str:
        """Unbind a customer's channels of this team if somebody from outside joined."""
        record, book = await self._desk.desk_record(), self._desk.books.book()
        lapsed = "silent"
        for bound in record.channels.values():
            here = bound.chat.conversation == change.chat.conversation or (change.team and bound.team == change.team)
            customer = book.customers.by_id.get(bound.customer or "")
            if not here or (bound.role == "customer" and customer is None):
                continue
            for sender in change.added:
                member = await self._people.member(change.chat, sender)
                if member is None or _outsider(member, customer, book):
                    await self._outsider_joined(record, bound, customer, change.operation)
                    lapsed = "binding_lapsed" if customer is not None else "outsider_joined"
                    break
        return lapsed

    async def _bind(self, incoming: Incoming, order: Order, customer: Customer | None, staff: Staff) -> None:
        role = order.role or "customer"
        bound = BoundChannel(
            role=role,
            chat=incoming.chat.model_copy(update={"root": None}),
            customer=customer.id if customer is not None else None,
            bound_by=staff.id,
            name=incoming.place_name,
            team=incoming.team,
        )

        def change(record: DeskRecord) -> DeskRecord:
            channels = {
                key: other
                for key, other in record.channels.items()
                if role == "customer" or other.role != role  # one desk channel, one for managers
            }
            channels[incoming.chat.conversation] = bound
            return record.model_copy(update={"channels": channels, "service_url": incoming.chat.service_url})

        values = {"customer": customer.name} if customer is not None else {}
        await self._desk.change_desk(
            change, effects=[_say(incoming, f"channel_bound_{role}", values)], operation=f"{incoming.operation}:bind"
        )

    async def _outsider_joined(
        self, record: DeskRecord, bound: BoundChannel, customer: Customer | None, operation: str
    ) -> None:
        """Unbind a customer's channel; the desk's own go on being paged, and its operator must look at them."""
        if customer is None:
            what = f"somebody from outside the desk has joined the {bound.role} channel {bound.name!r} or its team"
            await self._desk.alert_operator(what, operation=f"{operation}:{bound.role}")
            return
        desk_channel = record.channel("desk")
        tell = None
        if desk_channel is not None:
            language: Language = "vi"
            tell = Say(
                id=f"{operation}.lapsed",
                chat=desk_channel.chat,
                language=language,
                phrase="binding_lapsed",
                values={"customer": customer.name, "channel": bound.name or customer.id},
            )
        await self.forget(bound.chat.conversation, tell=tell)

    async def _refuse(self, incoming: Incoming, phrase: str) -> str:
        """Say why not. Nothing of the desk's customers is named: the channel may be anybody's (D11)."""
        member = await self._people.member(incoming.chat, incoming.sender)
        if member is not None:
            say = _say(incoming, phrase, {})
            await self._desk.change_person(
                person_key(member), lambda record: (record, [say]), operation=f"{incoming.operation}:{phrase}"
            )
        return phrase


def _outsider(member: Member, customer: Customer | None, book: Book) -> bool:
    """Return whether a member is neither of the desk nor of the customer, if any (a guest counts by no tenant)."""
    if member.role in ("guest", "anonymous"):
        return True
    tenant = member.tenant.lower()
    of_customer = customer is not None and tenant in book.customers.tenants_of(customer)
    return tenant != book.desk.tenant.lower() and not of_customer


def _say(incoming: Incoming, phrase: str, values: dict[str, str]) -> Say:
    return Say(
        id=f"{incoming.operation}.{phrase}",
        chat=incoming.chat,
        language=incoming.language,
        phrase=phrase,
        values=values,
    )
