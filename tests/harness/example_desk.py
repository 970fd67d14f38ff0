"""An invented desk with people at every level, two customers and a partner, for journeys, attacks and the demo.

It is `infra/desk` with another tenant, roster and customer list: whatever the real policy says is what is tested.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DESK_FILES = Path(__file__).resolve().parents[2] / "infra" / "desk"
DESK_TENANT = "d0000000-0000-4000-8000-000000000001"
CUSTOMER_TENANTS = ("c0000000-0000-4000-8000-000000000001", "c0000000-0000-4000-8000-000000000002")
PARTNER_TENANT = "b0000000-0000-4000-8000-000000000001"
STRANGER_TENANT = "f0000000-0000-4000-8000-000000000001"
DESK_DOMAIN = "trucban.example"
OPERATOR_MAIL = f"vanhanh@{DESK_DOMAIN}"
_PLACEHOLDER = "tenant: 00000000-0000-0000-0000-000000000000"
_DOMAINS = "mail_domains: [idb.com.vn]"


@dataclass(frozen=True)
class ExamplePerson:
    """Somebody with a Teams identity and an address. `id` is the roster's; empty for people outside the desk."""

    id: str
    name: str
    tenant: str
    object_id: str
    email: str
    level: str = ""
    team: str | None = None


@dataclass(frozen=True)
class ExampleCompany:
    """A customer or the partner, with two people of its own."""

    id: str
    name: str
    tenant: str
    domain: str
    people: tuple[ExamplePerson, ExamplePerson]


@dataclass(frozen=True)
class ExampleDesk:
    """What was written, by name. `l2` and `l2_second` are of teamx, `l2_software` of software."""

    folder: Path
    tenant: str
    support_mail: str
    l2: ExamplePerson
    l2_second: ExamplePerson
    l2_software: ExamplePerson
    l3: ExamplePerson
    l4: ExamplePerson
    l5: ExamplePerson
    manager: ExamplePerson
    """Of level L5, but on no shift: never paged."""
    customer: ExampleCompany
    """Bought through the partner, whose tenant may follow its tickets."""
    other_customer: ExampleCompany
    """Has no partner."""
    partner: ExampleCompany
    stranger: ExamplePerson
    """Of a tenant that is bound to nobody."""

    @property
    def staff(self) -> tuple[ExamplePerson, ...]:
        """Return everybody on the roster."""
        return (self.l2, self.l2_second, self.l2_software, self.l3, self.l4, self.l5, self.manager)


def write_example_desk(
    folder: Path,
    *,
    desk_tenant: str = DESK_TENANT,
    customer_tenants: Sequence[str] = CUSTOMER_TENANTS,
    partner_tenant: str = PARTNER_TENANT,
) -> ExampleDesk:
    """Write the desk's files into `folder` (made if it is not there) and say who is in them.

    `customer_tenants`: the tenant of the first and of the second customer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(DESK_FILES, folder, dirs_exist_ok=True)
    desk = (DESK_FILES / "desk.yaml").read_text(encoding="utf-8")
    for line in (_PLACEHOLDER, _DOMAINS):
        if line not in desk:
            raise ValueError(f"infra/desk/desk.yaml has no line {line!r} to replace")
    desk = desk.replace(_PLACEHOLDER, f"tenant: {desk_tenant}")
    before, mark, _ = desk.rpartition("operator:")
    desk = f"{before}{mark}\n  name: Vận hành\n  email: {OPERATOR_MAIL}\n"
    desk = desk.replace(_DOMAINS, f"mail_domains: [idb.com.vn, {DESK_DOMAIN}]")
    (folder / "desk.yaml").write_text(desk, encoding="utf-8")

    def staff(number: int, person: str, name: str, level: str, team: str | None = None) -> ExamplePerson:
        object_id = f"d1000000-0000-4000-8000-{number:012}"
        return ExamplePerson(person, name, desk_tenant, object_id, f"{person}@{DESK_DOMAIN}", level, team)

    example = ExampleDesk(
        folder=folder,
        tenant=desk_tenant,
        support_mail="support@idb.com.vn",
        l2=staff(1, "an.le", "Lê Hoài An", "L2", "teamx"),
        l2_second=staff(2, "binh.tran", "Trần Quốc Bình", "L2", "teamx"),
        l2_software=staff(3, "chi.pham", "Phạm Linh Chi", "L2", "software"),
        l3=staff(4, "dung.vo", "Võ Trí Dũng", "L3"),
        l4=staff(5, "giang.do", "Đỗ Trường Giang", "L4"),
        l5=staff(6, "hanh.bui", "Bùi Mỹ Hạnh", "L5"),
        manager=staff(7, "khoa.dang", "Đặng Minh Khoa", "L5"),
        customer=_company(1, "an-phu", "Công ty An Phú", customer_tenants[0], ("Trần Thị Mẫu", "Nguyễn Văn Thử")),
        other_customer=_company(
            2, "binh-minh", "Công ty Bình Minh", customer_tenants[1], ("Lý Thị Giả", "Hồ Văn Định")
        ),
        partner=_company(3, "sao-nam", "Công ty Sao Nam", partner_tenant, ("Mai Thị Đại", "Phan Văn Lý")),
        stranger=ExamplePerson(
            "", "Người Lạ", STRANGER_TENANT, "f1000000-0000-4000-8000-000000000001", "nguoi.la@stranger.example"
        ),
    )
    (folder / "roster.yaml").write_text(_roster(example), encoding="utf-8")
    (folder / "customers.yaml").write_text(_customers(example), encoding="utf-8")
    return example


def _company(number: int, company: str, name: str, tenant: str, people: tuple[str, str]) -> ExampleCompany:
    domain = f"{company.replace('-', '')}.example"
    one, two = (
        ExamplePerson("", person, tenant, f"c1000000-0000-4000-8000-{number * 100 + i:012}", f"{account}@{domain}")
        for i, (person, account) in enumerate(zip(people, ("mot", "hai"), strict=True), start=1)
    )
    return ExampleCompany(company, name, tenant, domain, (one, two))


def _roster(example: ExampleDesk) -> str:
    lines = ["people:"]
    for i, person in enumerate(example.staff):
        lines += [
            f"  - id: {person.id}",
            f"    name: {person.name}",
            f"    level: {person.level}",
            *([f"    team: {person.team}"] if person.team else []),
            *(["    manager: true"] if person is example.manager else []),
            f"    tenant: {person.tenant}",
            f"    object_id: {person.object_id}",
            f"    email: {person.email}",
            f'    extension: "{20001 + i}"',
        ]
    lines += ["shifts:", f"  - {{ level: L5, people: [{example.l5.id}] }}"]
    return "\n".join(lines) + "\n"


def _customers(example: ExampleDesk) -> str:
    lines = ["customers:"]
    for company, partner in ((example.customer, example.partner), (example.other_customer, None)):
        lines += [
            f"  - id: {company.id}",
            f"    name: {company.name}",
            f"    domains: [{company.domain}]",
            f"    tenants: [{company.tenant}]",
            *([f"    partner: {partner.id}"] if partner else []),
            f"    contract_number: HD-0001/{company.id.upper()}",
            "    package: Hỗ trợ tiêu chuẩn",
            "    support_until: 2099-12-31",
            "    maintenance_until: 2099-12-31",
            f"    fqdn: {company.id}.my3cx.example",
            "    monthly_fee: 5000000",
        ]
    partner = example.partner
    lines += [
        "partners:",
        f"  - id: {partner.id}",
        f"    name: {partner.name}",
        f"    domains: [{partner.domain}]",
        f"    tenants: [{partner.tenant}]",
    ]
    return "\n".join(lines) + "\n"
