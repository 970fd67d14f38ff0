"""The desk's files as one value: what rules look things up in. Replaced whole on a reload, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from bot.sla.calendar import Calendar, calendar_of
from bot.sla.days import ORDINARY, Days
from bot.sla.instants import Instant, to_datetime
from bot.sla.policy import Policy
from bot.sla.roster import Level, Roster, Team
from bot.sla.shapes import Frozen, MinuteOfDay
from bot.sla.walls import local_date, reached


class Operator(Frozen):
    """Who is told when the service itself is in trouble."""

    name: str
    email: str


class Desk(Frozen):
    """Who the desk is and how its levels and teams are reached. Live (D16)."""

    id: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    name: str
    timezone: str
    tenant: str = Field(description="Entra tenant id of the desk; people outside it are never staff")
    support_mail: str
    support_phone: str
    mail_domains: tuple[str, ...]
    levels: dict[str, Level]
    """In order: the first is the lowest."""
    teams: dict[str, Team]
    operator: Operator
    country: str = Field(default="VN", pattern=r"^[A-Z]{2}$")
    """Whose public holidays are computed for a year without a calendar file (D5)."""
    digest_at: MinuteOfDay = Field(default=8 * 60, description="when the managers' digest goes out, every day")

    @property
    def zone(self) -> ZoneInfo:
        """Return the desk's time zone."""
        return ZoneInfo(self.timezone)

    def next_digest(self, after: Instant) -> Instant:
        """Return the first time after an instant at which the managers' digest goes out, by the desk's clocks."""
        today = local_date(after, self.zone)
        times = (reached(today + timedelta(days=days), self.digest_at, self.zone) for days in count())
        return next(at for at in times if at > after)

    def rank(self, level: str | None) -> int:
        """Return how high a level stands; -1 for none or an unknown one."""
        names = list(self.levels)
        return names.index(level) if level in names else -1

    def default_team(self) -> str:
        """Return the team that takes what no other team answers for (D3)."""
        return next(name for name, team in self.teams.items() if team.default)


class Customer(Frozen):
    """A company with a support contract."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    domains: tuple[str, ...]
    tenants: tuple[str, ...] = ()
    partner: str | None = None
    contract_number: str
    package: str
    support_from: date | None = None
    """First day of the support package, where it is known: the time before it is not paid for (D17)."""
    support_until: date
    maintenance_until: date
    ownership_certificate: bool = True
    fqdn: str | None = None
    monthly_fee: int = Field(ge=0, description="VND")


class Partner(Frozen):
    """A reseller through whom customers bought; may follow its customers' tickets."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str
    domains: tuple[str, ...]
    tenants: tuple[str, ...] = ()


class Customers(Frozen):
    """Everybody who bought."""

    customers: tuple[Customer, ...] = ()
    partners: tuple[Partner, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Customer]:
        """Return the customers by id."""
        return {customer.id: customer for customer in self.customers}

    @cached_property
    def by_domain(self) -> dict[str, Customer]:
        """Return the customers by registered mail domain (article 2.1)."""
        return {domain.lower(): customer for customer in self.customers for domain in customer.domains}

    @cached_property
    def partners_by_id(self) -> dict[str, Partner]:
        """Return the partners by id."""
        return {partner.id: partner for partner in self.partners}

    def tenants_of(self, customer: Customer) -> frozenset[str]:
        """Return the tenants bound to a customer: its own and its partner's (D10 row 2)."""
        of_partner = (t for partner in self.partners if partner.id == customer.partner for t in partner.tenants)
        return frozenset(t.lower() for t in (*customer.tenants, *of_partner))

    @cached_property
    def all_tenants(self) -> frozenset[str]:
        """Return every tenant that any customer or partner is bound to."""
        return frozenset(t.lower() for side in (self.customers, self.partners) for c in side for t in c.tenants)


@dataclass(frozen=True)
class Book:
    """The desk's files, read and proved together."""

    policy: Policy
    desk: Desk
    roster: Roster
    customers: Customers
    calendars: Mapping[str, Calendar]
    """By the name of the policy's hours."""
    channels_configured: frozenset[str] = frozenset({"teams", "mail"})
    """Which of teams, mail and phone this installation can send by."""
    days: Days = ORDINARY
    """The special days of every year, from the calendar files."""

    def calendars_for(self, policy: Policy) -> Mapping[str, Calendar]:
        """Return the calendars of a policy's hours, also of one that was frozen with an older ticket (D16)."""
        if policy is self.policy:
            return self.calendars
        return {name: calendar_of(hours, self.desk.zone, self.days, name) for name, hours in policy.hours.items()}

    def doubtful_years(self, start: Instant, end: Instant) -> tuple[int, ...]:
        """Return the years touched from `start` to `end` whose calendar nobody reviewed; reports say so (D5)."""
        zone = self.desk.zone
        first, last = (to_datetime(at).astimezone(zone).year for at in (start, end))
        return tuple(year for year in range(first, last + 1) if self.days.year(year).status != "reviewed")

    def covered(self, customer: Customer, day: date) -> Literal["ok", "support", "maintenance", "certificate"]:
        """Return whether the contract covers a day, else what is missing (D18)."""
        if day > customer.support_until:
            return "support"
        if day > customer.maintenance_until:
            return "maintenance"
        return "ok" if customer.ownership_certificate else "certificate"
