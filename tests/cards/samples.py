"""Views as the desk makes them, for an invented company on an invented day; tests vary them with `replace`."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.cards.views import (
    BreachView,
    Button,
    Colleague,
    Foreseen,
    Foresight,
    OpenPause,
    PagedPerson,
    PageView,
    StatusDetails,
    StatusView,
)
from bot.sla.instants import MINUTE, from_datetime
from bot.sla.rungs import PageKind
from bot.ticket.model import Word

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
KINDS: tuple[PageKind, ...] = (
    "step", "repeat", "after_breach", "triage", "ack_warning", "information", "chase", "escalated", "handed_over",
    "call_back",
)  # fmt: skip
STATES: tuple[Literal["received", "working", "waiting", "resolved"], ...] = (
    "received", "working", "waiting", "resolved",
)  # fmt: skip
PAUSES = ("third_party", "customer", "out_of_control", "customer_fault", "out_of_scope")

NOW = from_datetime(datetime(2026, 11, 23, 10, 26, 2, tzinfo=ZONE))
BUTTON = Button(ticket="3CX-7KD2M9Q4", slot="status:1a2b3c4d5e:0:7", version=7, nonce="0f1e2d3c4b5a69788796")

TITLES = {
    "P1": {"vi": "ít nhất 1 team (từ 20 kênh thoại) không gọi được", "en": "at least one team cannot call at all"},
    "P2": {"vi": "cuộc gọi không ổn định, trên 20% người dùng", "en": "calls unstable, over 20% of users"},
    "P3": {"vi": "âm thanh kém hoặc phần mềm không hoạt động", "en": "poor audio or software not working"},
    "P4": {"vi": "dashboard, wallboard hoặc report không hoạt động", "en": "dashboard or reports not working"},
}

DETAILS = StatusDetails(
    company="Công ty TNHH Giao Nhận Sông Hương",
    subject="[GẤP] Tổng đài không gọi ra được từ 10 giờ sáng, toàn bộ đội bán hàng",
    holder="Đỗ Thị Quỳnh Trâm",
    waiting_for="third_party",
    resolution="Đã chuyển sang đường truyền dự phòng và khởi động lại dịch vụ SIP.",
)

HOSTILE = (
    "<at>Giám đốc</at> [bấm vào đây](https://evil.example/x) **đậm** _nghiêng_ `mã` ![ảnh](http://evil.example/a.png) "
    "\u202eđảo chiều\u202c zero\u200bwidth\ufeff \x07chuông {{DATE(2026-01-01T00:00:00Z)}} &lt;at&gt;Lan&lt;/at&gt; "
    "<script>alert(1)</script> javascript:alert(1) www.evil.example Z̸̡̢̧̛̛̗̘̙̜̝̞̟̠̣̤̥̦̩̪̫̬̭̮̯̰̱̲̳̹̺̻̼͇͈͉͍͎a"
)

FORBIDDEN = (
    DETAILS.company, DETAILS.subject, DETAILS.holder, DETAILS.resolution,
    "tạm dừng", "paus", "nhà cung cấp", "provider", "khách hàng", "khả năng kiểm soát", "our control",
    "quá hạn", "overdue", "breach", "past its SLA", "attention", "warning",
)  # fmt: skip
"""What a channel of several customers must never show (D11)."""


TWO_PAUSES = (
    OpenPause(
        1, "third_party", NOW - 21 * MINUTE, "Đã gọi trung tâm kỹ thuật, họ kiểm tra số tổng đài",
        reference="VNPT-20261123-77", answer="Nhà mạng hẹn mười phút nữa", answered_at=NOW - 6 * MINUTE,
    ),
    OpenPause(
        3, "customer", NOW - 11 * MINUTE, "Danh sách số máy nhánh bị lỗi?", asked="Danh sách số máy nhánh bị lỗi?"
    ),
)  # fmt: skip
HANDED_OVER = Word(
    kind="handed_over", by_name="Đỗ Thị Quỳnh Trâm", at=NOW - 3 * MINUTE,
    text="Hết ca lúc 10:30.\nĐã đổi sang đường dự phòng, cần xem lại log SIP và gọi cho khách.",
)  # fmt: skip
ESCALATED = Word(
    kind="escalated", by_name="Đỗ Thị Quỳnh Trâm", text="Cần quyết định chuyển toàn bộ số sang nhà mạng khác.",
    at=NOW - 3 * MINUTE,
)  # fmt: skip
HOSTILE_WORD = Word(kind="handed_over", by_name=HOSTILE, text=HOSTILE, at=NOW - 3 * MINUTE)
HOSTILE_PAUSES = (
    replace(TWO_PAUSES[0], note=HOSTILE, reference=HOSTILE, answer=HOSTILE),
    replace(TWO_PAUSES[1], note=HOSTILE, asked="dài" * 80),
)
FORESIGHT = Foresight(
    verb="classify",
    asked=(("priority", "P1"), ("how", "corrected"), ("reason", "mất hết")),
    priority="P1",
    old_due_at=NOW + 66 * MINUTE - 2_000,
    new_due_at=NOW - 24 * MINUTE - 2_000,
    breached=True,
    paged=(Foreseen("L3", "Lê Hoài An", ("teams", "mail")), Foreseen("", "", ("teams",))),
)


def status(state: Literal["received", "working", "waiting", "resolved"] = "received", **changes: Any) -> StatusView:
    view = StatusView(
        code=BUTTON.ticket,
        priority="P1",
        priority_title=TITLES["P1"],
        provisional=False,
        state=state,
        received_at=NOW - 24 * MINUTE,
        due_at=NOW + 6 * MINUTE if state in {"received", "working"} else None,
        resolved_at=NOW - MINUTE if state == "resolved" else None,
        last_answer_at=NOW - 9 * MINUTE if state != "received" else None,
        details=replace(
            DETAILS,
            holder="" if state == "received" else DETAILS.holder,
            waiting_for=DETAILS.waiting_for if state == "waiting" else "",
            resolution=DETAILS.resolution if state == "resolved" else "",
        ),
        support_phone="028 7303 9666",
        now=NOW,
        zone=ZONE,
        button=BUTTON,
    )
    return replace(view, **changes)


def page(
    kind: PageKind = "step",
    state: Literal["received", "working", "waiting", "resolved"] = "received",
    **changes: Any,
) -> PageView:
    over = kind == "after_breach"
    running = state in {"received", "working"}
    held = state == "working" or kind == "ack_warning"
    left = (-12 if over else 6) * MINUTE - 2_000
    view = PageView(
        code=BUTTON.ticket,
        kind=kind,
        level="L4" if kind == "step" else "L2",
        priority="P2" if kind == "triage" else "P1",
        priority_title=TITLES["P2" if kind == "triage" else "P1"],
        priorities=TITLES,
        provisional=kind == "triage",
        state=state,
        company=DETAILS.company,
        contract_number="HĐ-2026/0117",
        fqdn="songhuong.my3cx.example",
        requester="Nguyễn Thị Thuỳ Dương <thuy.duong@songhuong.example>",
        subject=DETAILS.subject,
        excerpt="Kính gửi bộ phận hỗ trợ,\n\nTừ 10 giờ sáng nay tổng đài không gọi ra được, máy báo 503.\n"
        "Đội bán hàng 32 người đang phải dùng điện thoại cá nhân.\nNhờ anh chị xử lý gấp.",
        received_at=NOW - 24 * MINUTE,
        due_at=NOW + left if running else None,
        left=left if running else None,
        used_percent=140 if over else 80,
        holder=DETAILS.holder if held else "",
        ack_until=NOW + 2 * MINUTE if held else None,
        breached=over,
        waiting_for="third_party" if state == "waiting" else "",
        resolution=DETAILS.resolution if state == "resolved" else "",
        resolved_at=NOW - MINUTE if state == "resolved" else None,
        chat_linked=state != "received",
        notice_at=NOW - 20 * MINUTE if state != "received" else None,
        mentions=(),
        pauses=TWO_PAUSES[:1] if state == "waiting" else (),
        levels=("L3", "L4", "L5"),
        colleagues=(Colleague("an.le", "Lê Hoài An", "L3"), Colleague("trang.vu", "Vũ Thuỳ Trang", "L2")),
        now=NOW,
        zone=ZONE,
        button=replace(BUTTON, slot="page:P1:80:lan.l4"),
    )
    return replace(view, **changes)


def breach(state: Literal["received", "working", "waiting", "resolved"] = "received", **changes: Any) -> BreachView:
    view = BreachView(
        code=BUTTON.ticket,
        priority="P1",
        priority_title=TITLES["P1"],
        company=DETAILS.company,
        subject=DETAILS.subject,
        received_at=NOW - 42 * MINUTE,
        due_at=NOW - 12 * MINUTE,
        breached_at=NOW - 12 * MINUTE,
        over_by=12 * MINUTE,
        state=state,
        holder="" if state == "received" else DETAILS.holder,
        resolution=DETAILS.resolution if state == "resolved" else "",
        corrected=False,
        paged=(
            PagedPerson("L2", "Hàng đợi 3CX & Server", NOW - 42 * MINUTE),
            PagedPerson("L3", "Phan Đình Phước", NOW - 27 * MINUTE),
            PagedPerson("L4", "Lê Ngọc Lan", NOW - 18 * MINUTE),
            PagedPerson("L5", "Trần Vũ Hoài Ân", NOW - 12 * MINUTE),
        ),
        now=NOW,
        zone=ZONE,
        button=replace(BUTTON, slot="breach:1"),
    )
    return replace(view, **changes)


def views() -> list[tuple[str, StatusView | PageView | BreachView, bool]]:
    """Return (name, view, private) of every card that can be drawn."""
    drawn: list[tuple[str, StatusView | PageView | BreachView, bool]] = []
    for state in STATES:
        drawn += [
            (f"status-{state}-private", status(state), True),
            (f"status-{state}-shared", status(state, details=None), False),
            (f"breach-{state}", breach(state), True),
        ]
        drawn += [(f"page-{kind}-{state}", page(kind, state), True) for kind in KINDS]
    for reason in PAUSES:
        pauses = (replace(TWO_PAUSES[0], reason=reason, reference=""),)
        drawn.append((f"page-waiting-{reason}", page("step", "waiting", waiting_for=reason, pauses=pauses), True))
    drawn += [
        ("status-provisional", status("received", priority="P2", provisional=True), True),
        ("page-mentions", page(mentions=(("Lê Ngọc Lan", "oid-1"), ("Phan Đình Phước", None))), True),
        ("breach-corrected", breach("working", corrected=True, breached_at=None), True),
        ("page-hostile", page(requester=HOSTILE, subject=HOSTILE, excerpt=HOSTILE + "\n" + "dài" * 80), True),
        ("page-menu", page("step", "working", menu=1), True),
        ("page-menu-waiting", page("step", "waiting", pauses=TWO_PAUSES, menu=1), True),
        ("page-menu-waiting-2", page("step", "waiting", pauses=TWO_PAUSES, menu=2), True),
        ("page-word-handed", page("handed_over", "working", word=HANDED_OVER, offered=True), True),
        ("page-word-escalated", page("escalated", "working", word=ESCALATED), True),
        ("page-chased", page("chase", "waiting", pauses=TWO_PAUSES, chased=1), True),
        (
            "page-chased-customer",
            page("chase", "waiting", waiting_for="customer", pauses=TWO_PAUSES[1:], chased=3),
            True,
        ),
        ("page-suspended", page("step", "waiting", waiting_for="suspension", pauses=()), True),
        ("page-late", page("repeat", late_ms=23 * MINUTE), True),
        ("page-passed-hostile", page("chase", "waiting", chased=1, word=HOSTILE_WORD, pauses=HOSTILE_PAUSES), True),
        ("page-two-pauses", page("step", "waiting", pauses=TWO_PAUSES), True),
        ("page-foresight", page("step", "working", foresight=FORESIGHT), True),
        ("page-owed", page("call_back", "resolved", call_back_owed=True), True),
        ("page-menu-resolved", page("call_back", "resolved", menu=1), True),
        ("breach-nobody", breach(paged=(), over_by=0), True),
    ]
    return drawn
