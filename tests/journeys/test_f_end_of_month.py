"""F. End of month: uptime, breaches and credits per customer, each figure with the tickets and minutes that make it."""

import argparse
import asyncio
import io
import json
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.desk.handle import Done
from bot.desk.ports import Commit, IndexChange, RecordKey
from bot.report.command import print_report
from bot.sla.book import Book, Customers
from bot.sla.credits import Month
from bot.sla.days import GivenDays
from bot.sla.instants import MINUTE
from bot.ticket.commands import Acknowledge, Command, Pause, Reclassify, Reopen, Resolve, Resume, Staff
from bot.ticket.model import Deduction
from bot.ticket.outage import ConfirmOutage, WithdrawOutage
from tests.harness.desk import DeskUnderTest
from tests.harness.example_desk import ExampleCompany
from tests.journeys.scene import Scene
from tests.journeys.test_command_line import Shell, mailed_ticket
from tests.rules.ladder import ZONE, at

MANAGER = Staff("khoa.dang", "Đặng Minh Khoa", "L5", manager=True)


@dataclass
class Quarter:
    """A desk on which time passes from incident to incident."""

    desk: DeskUnderTest
    book: Book

    async def at(self, moment: str) -> None:
        """Let time pass."""
        await self.desk.fast_forward(minutes=(at(moment) - self.desk.clock.now()) / MINUTE)

    async def mail(self, company: ExampleCompany, subject: str) -> str:
        """Have somebody of a company write and a manager take it; returns the code of the new ticket."""
        before = set(await self.desk.codes())
        await self.desk.mail(company.people[0].email, subject, "Nhờ kiểm tra.")
        (code,) = set(await self.desk.codes()) - before
        await self.do(code, Acknowledge(MANAGER))
        return code

    async def do(self, code: str, command: Command) -> None:
        """Carry out what somebody of the desk does now."""
        outcome = await self.desk.service.desk.handle(code, command)
        assert isinstance(outcome, Done), outcome

    async def confirm(self, code: str, start: str, end: str | None, *deductions: Deduction) -> None:
        """Have a manager confirm an outage."""
        ended = at(end) if end else None
        await self.do(code, ConfirmOutage(MANAGER, at(start), ended, "Nhật ký giám sát SIP", deductions))

    async def report(self, month: str, *, customer: str = "", lang: str = "vi") -> str:
        """Return the report as text."""
        return await self._print(month=month, customer=customer, lang=lang, json=False)

    async def data(self, month: str, customer: str) -> dict[str, Any]:
        """Return the report of one customer as data."""
        told = json.loads(await self._print(month=month, customer=customer, lang="vi", json=True))
        assert told["month"] == month
        (found,) = told["customers"]
        assert found["customer"]["id"] == customer
        return dict(found)

    async def _print(self, **options: object) -> str:
        out = io.StringIO()
        done = await print_report(self.desk.ledger, self.book, self.desk.clock, argparse.Namespace(**options), out=out)
        assert done == 0
        return out.getvalue()


@pytest_asyncio.fixture
async def quarter(scene: Scene) -> Quarter:
    """Return a desk on Monday, 9 March 2026, 10:00."""
    return Quarter(scene.desk, scene.desk.service.desk.books.book())


def hole(start: str, end: str, reason: str = "provider") -> Deduction:
    return Deduction.model_validate({"start": at(start), "end": at(end), "reason": reason, "note": "NCC-77"})


async def a_month_of_incidents(quarter: Quarter) -> dict[str, str]:
    """Play March: a late P1 with a paused provider, an outage mended in time, and one over the month's end."""
    customer = quarter.desk.people.customer
    late = await quarter.mail(customer, "[P1] Tổng đài không gọi được")
    await quarter.at("2026-03-09 10:10")
    await quarter.do(late, Pause(MANAGER, "third_party", "Lỗi đầu số", reference="NCC-77"))
    await quarter.at("2026-03-09 10:30")
    await quarter.do(late, Resume(MANAGER, "Đầu số đã thông"))
    await quarter.at("2026-03-09 11:00")
    await quarter.do(late, Resolve(MANAGER, "Đã khôi phục", called="Trần Thị Mẫu"))
    await quarter.confirm(late, "2026-03-09 09:30", "2026-03-09 11:00", hole("2026-03-09 10:10", "2026-03-09 10:20"))
    await quarter.at("2026-03-16 14:00")
    in_time = await quarter.mail(customer, "[P4] Tổng đài khởi động lại")
    await quarter.at("2026-03-16 14:20")
    await quarter.do(in_time, Resolve(MANAGER, "Đã khởi động lại"))
    await quarter.confirm(in_time, "2026-03-16 13:50", "2026-03-16 14:20")
    await quarter.at("2026-03-31 23:40")
    over_midnight = await quarter.mail(customer, "[P4] Tổng đài khởi động lại")
    await quarter.at("2026-04-01 00:05")
    await quarter.do(over_midnight, Resolve(MANAGER, "Đã khôi phục"))
    await quarter.confirm(over_midnight, "2026-03-31 23:30", "2026-04-01 00:05")
    return {"late": late, "in_time": in_time, "over_midnight": over_midnight}


@pytest.mark.asyncio
async def test_a_manager_gets_a_month_whose_figures_stand_up_in_a_dispute(quarter: Quarter) -> None:
    codes = await a_month_of_incidents(quarter)
    customer = quarter.desk.people.customer
    await quarter.at("2026-04-03 09:00")
    march = await quarter.data("2026-03", customer.id)
    uptime = march["uptime"]
    assert (uptime["down_minutes"], uptime["paid_minutes"]) == (80 + 30 + 30, 31 * 24 * 60)
    assert {made["ticket"]: made["charged_minutes"] for made in uptime["made_by"]} == {
        codes["late"]: 80,
        codes["in_time"]: 30,
        codes["over_midnight"]: 30,
    }
    assert Fraction(uptime["measured"]["exact"]) == 100 - Fraction(100 * 140, 44_640)
    assert Decimal(uptime["measured"]["percent"]) == Decimal("99.686")
    assert (uptime["running"], uptime["forecast"]) == (False, [])
    assert uptime["credit"] == {
        "percent": "2",
        "uptime_from": "98.5",
        "uptime_below": "99.8",
        "monthly_fee_vnd": 5_000_000,
        "amount_vnd": 100_000,
        "deducted_with_payment_of": "2026-Q2",
        "refund_within_days": 5,
        "may_terminate": False,
        "notice_until": None,
    }
    tickets = {ticket["ticket"]: ticket for ticket in march["tickets"]}
    assert set(tickets) == set(codes.values())
    late = tickets[codes["late"]]
    assert (late["used_minutes"], late["target_minutes"], late["over_minutes"]) == (40, 30, 10)
    assert (late["result"], late["breached_at"]) == ("breached", "2026-03-09T10:50:00.000+07:00")
    assert late["paused"] == [{"reason": "third_party", "ms": 20 * MINUTE, "minutes": 20}]
    assert tickets[codes["in_time"]]["result"] == tickets[codes["over_midnight"]]["result"] == "met"
    assert tickets[codes["in_time"]]["due_at"] == "2026-03-18T14:00:00.000+07:00", "what it would have been"
    assert {total["priority"]: total["count"] for total in march["totals"]} == {"P1": 1, "P2": 0, "P3": 0, "P4": 2}
    p1, *_, p4 = march["totals"]
    assert p1["breached"] == {"count": 1, "tickets": [codes["late"]]}
    assert p4["met"] == {"count": 2, "tickets": [codes["in_time"], codes["over_midnight"]]}
    (first, *_) = march["outages"]
    assert first["deducted"] == [{"reason": "provider", "ms": 10 * MINUTE, "minutes": 10}]
    assert first["proposed"] == [{"reason": "provider", "ms": 10 * MINUTE, "minutes": 10}], "paused, not confirmed"
    assert (first["evidence"], first["confirmed_by"]) == ("Nhật ký giám sát SIP", MANAGER.id)
    assert march["doubtful_years"] == []

    april = await quarter.data("2026-04", customer.id)
    assert april["tickets"] == []
    assert [(made["ticket"], made["charged_minutes"]) for made in april["uptime"]["made_by"]] == [
        (codes["over_midnight"], 5)
    ]
    other = await quarter.data("2026-03", quarter.desk.people.other_customer.id)
    assert (other["tickets"], other["outages"], other["uptime"]["measured"]["percent"]) == ([], [], "100.000")
    await in_both_languages(quarter, codes)


async def in_both_languages(quarter: Quarter, codes: dict[str, str]) -> None:
    """Look at what a manager reads."""
    customer = quarter.desk.people.customer
    vietnamese = await quarter.report("2026-03")
    for line in (
        "BÁO CÁO THÁNG 03/2026 – Công ty An Phú",
        "BÁO CÁO THÁNG 03/2026 – Công ty Bình Minh",
        "Uptime thực tế        99,686%",
        "44.640 phút, từ 00:00 01/03/2026 đến 00:00 01/04/2026",
        f"Gián đoạn được tính   140 phút ({codes['late']} 80, {codes['in_time']} 30, {codes['over_midnight']} 30)",
        "2% phí dịch vụ của tháng (5.000.000 đồng), tức 100.000 đồng; áp dụng khi uptime từ 98,5% đến dưới 99,8%",
        "chúng tôi xin khấu trừ 100.000 đồng vào đợt thanh toán quý 2/2026",
        "trong vòng 5 ngày kể từ ngày chấm dứt hợp đồng",
        "Không tính: do nhà cung cấp khác 10",
        "quá hạn 10  chờ nhà cung cấp khác 20",
        "Không phát sinh, vì uptime đạt mức cam kết.",
    ):
        assert line in vietnamese, vietnamese
    assert "{" not in vietnamese
    english = await quarter.report("2026-03", customer=customer.id, lang="en")
    for line in (
        "REPORT OF 03/2026 – Công ty An Phú",
        "Measured uptime       99.686%",
        "2% of the month's fee (VND 5,000,000), which is VND 100,000",
        "over by 10  another provider 20",
    ):
        assert line in english, english
    assert "Bình Minh" not in english


@pytest.mark.asyncio
async def test_a_running_month_says_how_much_more_crosses_the_next_line(quarter: Quarter) -> None:
    customer = quarter.desk.people.customer
    code = await quarter.mail(customer, "[P4] Không gọi được")
    await quarter.confirm(code, "2026-03-08 16:00", None)
    uptime = (await quarter.data("2026-03", customer.id))["uptime"]
    down = 18 * 60
    assert (uptime["running"], uptime["down_minutes"]) == (True, down)
    assert Fraction(uptime["so_far"]["exact"]) == 100 - Fraction(100 * down, (8 * 24 + 10) * 60)
    nearest = uptime["forecast"][0]
    assert (nearest["below"], nearest["percent"]) == ("97.5", "5")
    assert nearest["more_ms"] == 44_640 * MINUTE * 25 // 1000 - down * MINUTE + 1
    text = await quarter.report("2026-03", customer=customer.id)
    assert f"Gián đoạn thêm {nearest['more_minutes']} phút thì uptime xuống dưới 97,5%: bồi thường 5%" in text
    assert "chưa khôi phục" in text
    await quarter.do(code, WithdrawOutage(MANAGER, "Chỉ một máy bàn hỏng"))
    uptime = (await quarter.data("2026-03", customer.id))["uptime"]
    assert (uptime["down_ms"], uptime["measured"]["percent"], uptime["credit"]) == (0, "100.000", None)
    assert uptime["forecast"][0]["below"] == "99.8"


@pytest.mark.asyncio
async def test_a_grave_month_names_the_last_day_for_a_notice(quarter: Quarter) -> None:
    customer = quarter.desk.people.customer
    code = await quarter.mail(customer, "[P4] Không gọi được")
    await quarter.confirm(code, "2026-03-07 00:00", "2026-03-09 00:00")
    credit = (await quarter.data("2026-03", customer.id))["uptime"]["credit"]
    assert (credit["percent"], credit["may_terminate"], credit["notice_until"]) == ("25", True, "2026-04-30")
    assert "chậm nhất ngày 30/04/2026 (30 ngày kể từ ngày cuối cùng của tháng)" in await quarter.report("2026-03")
    assert "sent by 30 Apr 2026 at the latest" in await quarter.report("2026-03", lang="en")


@pytest.mark.asyncio
async def test_a_year_that_nobody_reviewed_is_named(quarter: Quarter) -> None:
    customer = quarter.desk.people.customer
    await quarter.mail(customer, "[P4] Báo cáo không chạy")
    reviewed = quarter.book
    assert "đều đã được duyệt" in await quarter.report("2026-03", customer=customer.id)
    years = {number: year for number in (2025, 2027) if (year := reviewed.days.year(number))}
    quarter.book = replace(reviewed, days=GivenDays(years, "without 2026"))
    assert "Lịch nghỉ năm 2026" in await quarter.report("2026-03", customer=customer.id)
    assert (await quarter.data("2026-03", customer.id))["doubtful_years"] == [2026]


@pytest.mark.asyncio
async def test_a_month_that_is_not_paid_for_has_no_uptime(quarter: Quarter) -> None:
    customer = quarter.desk.people.customer
    code = await quarter.mail(customer, "[P4] Báo cáo không chạy")
    await quarter.confirm(code, "2026-03-01 00:00", "2026-03-02 00:00")

    def contract(first: date, last: date) -> Book:
        found = quarter.desk.service.desk.books.book()
        changed = found.customers.by_id[customer.id].model_copy(update={"support_from": first, "support_until": last})
        return replace(found, customers=Customers(customers=(changed,)))

    quarter.book = contract(date(2026, 3, 2), date(2026, 3, 4))
    uptime = (await quarter.data("2026-03", customer.id))["uptime"]
    assert (uptime["paid_minutes"], uptime["down_minutes"], uptime["running"]) == (3 * 24 * 60, 0, False)
    quarter.book = contract(date(2026, 4, 1), date(2027, 3, 31))
    assert (await quarter.data("2026-03", customer.id))["uptime"] is None
    assert "hợp đồng không có thời gian trả phí" in await quarter.report("2026-03")


@pytest.mark.asyncio
async def test_tickets_from_before_there_was_an_index_of_each_customer_are_found(quarter: Quarter) -> None:
    customer = quarter.desk.people.customer
    code = await quarter.mail(customer, "[P4] Báo cáo không chạy")
    stored = await quarter.desk.ledger.read(RecordKey("ticket", code))
    assert stored is not None
    await quarter.desk.ledger.commit(
        Commit(
            key=RecordKey("ticket", code),
            expected_version=stored.version,
            body=stored.body,
            indexes=(IndexChange(f"of:{customer.id}", code, None),),
        )
    )
    assert await quarter.desk.ledger.index_size(f"of:{customer.id}") == 0
    assert [ticket["ticket"] for ticket in (await quarter.data("2026-03", customer.id))["tickets"]] == [code]


@pytest.mark.asyncio
async def test_pauses_are_counted_by_reason_in_the_clocks_own_hours_and_since_it_last_started(
    quarter: Quarter,
) -> None:
    customer = quarter.desk.people.customer
    code = await quarter.mail(customer, "[P4] Báo cáo không chạy")
    await quarter.at("2026-03-09 10:30")
    await quarter.do(code, Pause(MANAGER, "customer", "Chờ ảnh", asked="Ảnh chụp"))
    await quarter.at("2026-03-09 11:00")
    await quarter.do(code, Pause(MANAGER, "third_party", "Chờ hãng", reference="H-1"))
    await quarter.at("2026-03-10 09:00")
    await quarter.do(code, Resume(MANAGER))
    (ticket,) = (await quarter.data("2026-03", customer.id))["tickets"]
    assert {paused["reason"]: paused["minutes"] for paused in ticket["paused"]} == {
        "customer": 90 + 4 * 60 + 60,
        "third_party": 60 + 4 * 60 + 60,
    }
    assert (ticket["used_minutes"], ticket["result"]) == (30, "open")
    await quarter.do(code, Reclassify(MANAGER, "P3", "worsened", "Máy người dùng không chạy"))
    await quarter.at("2026-03-10 09:10")
    (ticket,) = (await quarter.data("2026-03", customer.id))["tickets"]
    assert (ticket["paused"], ticket["used_minutes"], ticket["priority"]) == ([], 10, "P3")
    assert ticket["first_contact_at"] < ticket["started_at"]
    await quarter.do(code, Pause(MANAGER, "third_party", "Chờ hãng", reference="H-2"))
    await quarter.at("2026-03-10 09:20")
    await quarter.do(code, Resolve(MANAGER, "Đã sửa"))
    await quarter.at("2026-03-10 09:40")
    await quarter.do(code, Reopen(MANAGER, "Lại hỏng"))
    await quarter.at("2026-03-10 09:50")
    await quarter.do(code, Resume(MANAGER))
    (ticket,) = (await quarter.data("2026-03", customer.id))["tickets"]
    assert [paused["minutes"] for paused in ticket["paused"]] == [20], "a resolved ticket does not wait"


@pytest.mark.asyncio
async def test_the_command_reports_beside_a_running_desk(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    async with shell.started() as running:
        code = await mailed_ticket(shell, running)
        listed = await asyncio.to_thread(shell.type, "tickets", "show", code, "--json")
        month = _month_of(json.loads(listed.stdout)["opened_at"])
        text = await asyncio.to_thread(shell.type, "report", "--month", month)
        data = await asyncio.to_thread(
            shell.type, "report", "--month", month, "--customer", shell.people.customer.id, "--lang", "en", "--json"
        )
    assert (text.returncode, data.returncode) == (0, 0), text.stderr + data.stderr
    assert code in text.stdout
    assert [ticket["ticket"] for ticket in json.loads(data.stdout)["customers"][0]["tickets"]] == [code]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--month", "2026-3"), "'2026-3' is no month; write it like 2026-03"),
        (("--month", "2199-12"), "2199-12 has not begun"),
        (("--month", "2026-03", "--customer", "nobody"), "there is no customer 'nobody' in customers.yaml"),
        ((), "--month"),
    ],
)
def test_a_report_that_cannot_be_made_is_refused_with_its_reason(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    done = Shell(tmp_path).type("report", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr


def test_a_desk_that_never_ran_was_up_all_month(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.type("report", "--month", "2026-03", "--customer", shell.people.customer.id)
    assert done.returncode == 0
    assert "Uptime thực tế        100,000%" in done.stdout
    assert "Trong tháng không có ticket nào." in done.stdout


def _month_of(instant: int) -> str:
    return str(Month.of(instant, ZONE))
