"""What the rules look up in the desk's files: ranks, digests, tenants, and what a contract covers."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.sla.book import Book, Customer, Customers, Desk, Operator, Partner
from bot.sla.roster import Level

LEVELS = {name: Level(title={"vi": name, "en": name}) for name in ("L1", "L2", "L3")}


def desk(**more: object) -> Desk:
    return Desk.model_validate(
        {
            "id": "desk", "name": "Desk", "timezone": "Asia/Ho_Chi_Minh", "tenant": "d", "levels": LEVELS, "teams": {},
            "support_mail": "a@desk.example", "support_phone": "1", "mail_domains": ("desk.example",),
            "operator": Operator(name="Op", email="op@desk.example"), **more,
        }
    )  # fmt: skip


def customer(name: str, **more: object) -> Customer:
    return Customer.model_validate(
        {
            "id": name, "name": name, "domains": (f"{name}.example",), "contract_number": "1", "package": "vip",
            "support_until": "2026-06-30", "maintenance_until": "2026-09-30", "monthly_fee": 0, **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        ("Asia/Ho_Chi_Minh", "2026-03-09T20:59:59.999", "2026-03-09T21:00"),
        ("Asia/Ho_Chi_Minh", "2026-03-09T21:00", "2026-03-10T21:00"),
        ("Asia/Ho_Chi_Minh", "2026-03-09T00:30", "2026-03-09T21:00"),
        ("America/New_York", "2026-03-09T20:30", "2026-03-09T21:00"),
        ("America/New_York", "2026-03-09T21:30", "2026-03-10T21:00"),
    ],
)
def test_the_digest_goes_out_at_its_time_by_the_clocks_of_the_desk(zone: str, after: str, expected: str) -> None:
    def at(text: str) -> int:
        return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)

    assert desk(timezone=zone, digest_at="21:00").next_digest(at(after)) == at(expected)


def test_levels_rank_in_the_order_of_the_file() -> None:
    assert [desk().rank(level) for level in ("L1", "L2", "L3", "L9", None)] == [0, 1, 2, -1, -1]


def test_a_customer_is_bound_to_its_own_tenants_and_its_partners_in_any_case() -> None:
    alone, sold = customer("alone", tenants=("AA",)), customer("sold", tenants=("Bb",), partner="shop")
    shop, other = (
        Partner(id=name, name=name, domains=(), tenants=tenants)
        for name, tenants in (("shop", ("CC", "Dd")), ("other", ("EE",)))
    )
    everybody = Customers(customers=(alone, sold), partners=(shop, other))
    assert everybody.tenants_of(alone) == {"aa"}
    assert everybody.tenants_of(sold) == {"bb", "cc", "dd"}
    assert everybody.tenants_of(customer("lost", tenants=("F",), partner="gone")) == {"f"}
    assert everybody.all_tenants == {"aa", "bb", "cc", "dd", "ee"}


@pytest.mark.parametrize(
    ("day", "certificate", "expected"),
    [
        ("2026-06-30", True, "ok"),
        ("2026-06-30", False, "certificate"),
        ("2026-07-01", True, "support"),
        ("2026-07-01", False, "support"),
    ],
)
def test_a_contract_covers_the_last_day_of_support(day: str, expected: str, *, certificate: bool) -> None:
    sold = customer("sold", ownership_certificate=certificate)
    assert Book.covered(None, sold, date.fromisoformat(day)) == expected


@pytest.mark.parametrize(
    ("day", "certificate", "expected"),
    [("2026-05-31", True, "ok"), ("2026-05-31", False, "certificate"), ("2026-06-01", False, "maintenance")],
)
def test_a_contract_covers_the_last_day_of_maintenance(day: str, expected: str, *, certificate: bool) -> None:
    sold = customer("sold", maintenance_until="2026-05-31", ownership_certificate=certificate)
    assert Book.covered(None, sold, date.fromisoformat(day)) == expected
