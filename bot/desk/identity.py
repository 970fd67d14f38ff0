"""Who somebody is to a ticket (D10). The key is (home tenant, object id) from the roster call, nothing else."""

from typing import Literal, TypeAlias

from bot.desk.ports import Member
from bot.sla.book import Book, Customer
from bot.sla.instants import Instant, to_datetime
from bot.sla.roster import Person
from bot.ticket.commands import Author, CustomerSide, Staff
from bot.ticket.model import DeskRecord, PersonKey, Ticket

_OF_THE_COMPANY = frozenset({"user", "owner"})

Place: TypeAlias = Literal["private", "shared"]


def person_key(member: Member) -> PersonKey:
    """Return the key under which a person is known."""
    return PersonKey(tenant=member.tenant.lower(), object_id=member.object_id.lower())


def staff_of(member: Member | None, book: Book, now: Instant) -> Staff | None:
    """Return the roster's person behind a member: of the desk's tenant, no guest, still with the desk (row 1)."""
    if member is None or member.role not in _OF_THE_COMPANY or not member.object_id:
        return None
    if member.tenant.lower() != book.desk.tenant.lower():
        return None
    person = book.roster.by_identity.get((member.tenant.lower(), member.object_id.lower()))
    return as_staff(person, book, now) if person is not None else None


def staff_by_mail(address: str, book: Book, now: Instant) -> Staff | None:
    """Return whose mail address it is at the desk, a team's mailbox too: who wrote a mail, never who tapped a card."""
    person = book.roster.by_email.get(address.lower())
    if person is not None:
        return as_staff(person, book, now)
    level = next((name for name, level in book.desk.levels.items() if level.by_team), None)
    for name, team in book.desk.teams.items():
        if level is not None and (team.queue.email or "").lower() == address.lower():
            return Staff(id=f"queue:{name}", name=team.title.get("vi", name), level=level)
    return None


def as_staff(person: Person, book: Book, now: Instant) -> Staff | None:
    """Return a person as staff; None after their last day."""
    today = to_datetime(now).astimezone(book.desk.zone).date()
    if person.until is not None and today > person.until:
        return None
    return Staff(id=person.id, name=person.name, level=person.level, manager=person.manager)


def may_still_see(key: PersonKey, ticket: Ticket, book: Book, now: Instant) -> bool:
    """Return whether somebody's private chat may go on hearing of a ticket; their role was asked when it was linked.

    A binding, a contract or a job may have ended since (D10).
    """
    person = (
        book.roster.by_identity.get((key.tenant, key.object_id)) if key.tenant == book.desk.tenant.lower() else None
    )
    if person is not None and as_staff(person, book, now) is not None:
        return True
    customer = book.customers.by_id.get(ticket.customer)
    if customer is None:
        return False
    return key.tenant in book.customers.tenants_of(customer) or _bound(key, ticket, customer, now)


def author_for(member: Member | None, ticket: Ticket | None, book: Book, now: Instant) -> Author | None:
    """Return who a member is to a ticket, or None: then the answer is the same as for an unknown code (row 4)."""
    if member is None or ticket is None or not member.object_id:
        return None
    staff = staff_of(member, book, now)
    if staff is not None:
        return staff
    customer = book.customers.by_id.get(ticket.customer)
    if customer is None:
        return None
    key = person_key(member)
    of_tenant = key.tenant in book.customers.tenants_of(customer) and member.role in _OF_THE_COMPANY
    if of_tenant or _bound(key, ticket, customer, now):
        return CustomerSide(person=key, name=member.name)
    return None


def _bound(key: PersonKey, ticket: Ticket, customer: Customer, now: Instant) -> bool:
    """Return whether a binding lives: in time, and its address still a participant in a registered domain (row 3)."""
    participants = {p.address for p in ticket.participants}
    return any(
        binding.person == key
        and binding.until > now
        and binding.address in participants
        and domain_of(binding.address) in {d.lower() for d in customer.domains}
        for binding in ticket.bindings
    )


def domain_of(address: str) -> str:
    """Return the lower-case domain of a mail address."""
    return address.rpartition("@")[2].lower()


def place_of(conversation: str, *, personal: bool, ticket: Ticket, desk: DeskRecord) -> Place:
    """Return whether details may be shown: in private chats, the desk's channels, and the customer's own (D11)."""
    if personal:
        return "private"
    channel = desk.channels.get(conversation)
    if channel is None:
        return "shared"
    if channel.role == "customer" and channel.customer != ticket.customer:
        return "shared"
    return "private"
