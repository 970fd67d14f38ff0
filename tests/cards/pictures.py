"""The pictures of the guides, drawn from the cards, mails and sentences as they are: `python -m tests.cards.pictures`.

Writes docs/pictures/*.png; needs what `tests.cards.render` needs. All people and companies are invented. Exits 1 if
something could not be drawn or a file has grown too large for a guide.
"""

import email
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from email import policy
from html import escape
from typing import Any, cast

from bot.cards.draw import draw
from bot.cards.views import BreachView, Button, PagedPerson, PageView, StatusView
from bot.config.load import load_book
from bot.mail.compose import compose
from bot.sla.book import Desk, Operator
from bot.sla.instants import MINUTE, Instant, from_datetime
from bot.text.formats import instant
from bot.text.phrases import phrases
from bot.ticket.effects import Mail
from tests.cards import samples
from tests.cards.render import MODULES, ROOT, THEMES, host, photograph

OUT = ROOT / "docs" / "pictures"
BYTES_MAX = 150_000
SCALE = 1.1
SCALES = {"ky-su-bieu-mau": 1}
"""Of a picture that would grow too large otherwise."""
GAP_PX = 16

CODE = "3CX-7KD2-M9QW"
START = from_datetime(datetime(2026, 11, 23, 10, 2, tzinfo=samples.ZONE))
PHONE = "028 7303 9666"
MAIL = "support@idb.com.vn"
CUSTOMER = "Trần Thị Mẫu"
HOLDER = "Lê Hoài An"
COMPANY = "Công ty Ví Dụ"
ADDRESS = "mau.tran@vidu.example"
SUBJECT = "[P1] Tổng đài không gọi ra được"
TEXT = "Từ 10 giờ sáng nay cả nhóm 25 kênh không gọi ra được, máy báo lỗi 503.\nNhờ anh chị xử lý gấp."
RESOLUTION = "Đã chuyển sang đường truyền dự phòng và khởi động lại dịch vụ SIP."
BOOK, _ = load_book(ROOT / "infra" / "desk", frozenset({"mail", "teams"}))
TITLES: dict[str, Any] = {name: priority.title for name, priority in BOOK.policy.priorities.items()}
BUTTON = Button(ticket=CODE, slot="status:1a2b3c4d5e:0:7", version=7, nonce="0f1e2d3c4b5a69788796")
DESK = Desk(
    id="desk", name="3CX Việt Nam – IDB", timezone="Asia/Ho_Chi_Minh", tenant="t", support_mail=MAIL,
    support_phone=PHONE, mail_domains=(), levels={}, teams={}, operator=Operator(name="Op", email="op@desk.example"),
)  # fmt: skip

PAGE = """<!doctype html><meta charset="utf-8"><title>-</title>
<script src="{ac}"></script><script src="{marked}"></script>
<style>
 body{{margin:0;background:#f0f0f0;color:{text};font:14px/20px 'Noto Sans',sans-serif}}
 #all{{display:flex;gap:{gap}px;padding:{gap}px;align-items:flex-start;width:max-content}}
 .column{{display:flex;flex-direction:column;gap:10px}}
 .card,.mail{{background:#fff;border-radius:6px;box-shadow:0 0 3px #0006;overflow:hidden}}
 .who{{margin:0 0 3px;font-size:12px;color:{subtle}}} .who b{{color:{text};font-size:13px}}
 .bubble{{background:#fff;border-radius:6px;padding:8px 12px;box-shadow:0 0 2px #0004;white-space:pre-line}}
 .mine .bubble{{background:#e8ebfa}} .mine{{margin-left:48px}} .theirs{{margin-right:48px}} .reply{{margin-left:28px}}
 .bubble mark{{background:none;color:{brand};font-weight:600}}
 .ac-pushButton{{font:600 14px 'Noto Sans';padding:5px 12px;border:1px solid {line};border-radius:4px;background:#fff;
   margin-bottom:6px;white-space:nowrap}}
 .ac-pushButton.style-positive{{background:{brand};color:#fff}}
 .ac-actionSet,.ac-actionSet>div{{flex-wrap:wrap}}
 .ac-textInput,.ac-multichoiceInput{{font:14px 'Noto Sans';width:100%;box-sizing:border-box}}
</style><div id="all">{columns}</div>
<script>
 const host = new AdaptiveCards.HostConfig({settings}); const faults = [];
 AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {{
   result.outputHtml = marked.parse(text); result.didProcess = true; }};
 for (const frame of document.querySelectorAll('[data-card]')) {{
   const card = new AdaptiveCards.AdaptiveCard(); card.hostConfig = host;
   card.parse(JSON.parse(frame.dataset.card)); frame.append(card.render());
   if (!frame.innerText.trim()) faults.push('an empty card');
   for (const b of frame.querySelectorAll('button')) if (b.textContent === frame.dataset.open) b.click();
   if (frame.dataset.open) frame.querySelector('.ac-adaptiveCard').firstElementChild.scrollIntoView();
 }}
 const all = document.getElementById('all');
 document.title = JSON.stringify({{height: all.offsetHeight, width: all.offsetWidth, faults}});
</script>"""


def main() -> int:
    """Write every picture; return 1 if one failed or is too large."""
    OUT.mkdir(parents=True, exist_ok=True)
    bad = 0
    for name, columns in pictures().items():
        width = GAP_PX + sum(px + GAP_PX for px, _ in columns)
        out = OUT / f"{name}.png"
        faults = photograph(_page(columns), width, out, SCALES.get(name, SCALE))
        size = out.stat().st_size if out.exists() else 0
        if size > BYTES_MAX:
            faults.append(f"{size} bytes, at most {BYTES_MAX}")
        for fault in faults:
            bad = 1
            print(f"{name}: {fault}")
    print(f"pictures are in {OUT.relative_to(ROOT)}/")
    return bad


def pictures() -> dict[str, list[tuple[int, str]]]:
    """Return each picture as columns of (width in CSS pixels, HTML)."""
    buttons = phrases("vi").cards
    return {
        "tong-quan": [
            (440, _channel(_card(status("received")))),
            (470, _said("Trực Ban", _card(page()), at="10:02", kind="theirs-card")),
        ],
        "khach-email": [(660, _auto_reply())],
        "khach-kenh": [
            (520, _channel(_card(status("working")), _answered())),
        ],
        "khach-trang-thai": [
            (330, _card(status("received"))), (330, _card(status("waiting"))), (330, _card(status("resolved"))),
        ],
        "khach-kenh-chung": [(400, _card(status("working"), private=False))],
        "khach-xac-nhan": [(520, _confirmation())],
        "ky-su-the": [(460, _card(page())), (460, _card(page(held=True)))],
        "ky-su-nhac": [(460, _card(page("ack_warning", held=True))), (460, _card(page("repeat", minutes=5)))],
        "ky-su-bieu-mau": [
            (400, _card(page(held=True), opened=buttons.button_resolve)),
            (400, _card(page(held=True), opened=buttons.button_pause)),
            (400, _card(page(held=True), opened=buttons.button_reclassify)),
        ],
        "quan-ly-bao-dong": [(440, _card(breach())), (440, _card(breach(resolved=True)))],
    }  # fmt: skip


def status(state: str) -> StatusView:
    """Return the customer's card ten minutes after the mail."""
    view = samples.status(cast("Any", state))
    answered = START + 8 * MINUTE if state != "received" else None
    details = view.details
    assert details is not None
    return replace(
        view, code=CODE, priority_title=TITLES["P1"], button=BUTTON, support_phone=PHONE,
        received_at=START, now=START + 10 * MINUTE, last_answer_at=answered,
        due_at=START + 30 * MINUTE if state in {"received", "working"} else None,
        resolved_at=START + 21 * MINUTE if state == "resolved" else None,
        details=replace(
            details, company=COMPANY, subject=SUBJECT, holder=HOLDER if details.holder else "",
            resolution=RESOLUTION if state == "resolved" else "",
        ),
    )  # fmt: skip


def page(kind: str = "step", *, held: bool = False, minutes: int = 0) -> PageView:
    """Return the engineer's card, `minutes` after the mail; `held`: six minutes after it, and taken."""
    minutes = {"ack_warning": 14}.get(kind, 6) if held else minutes
    now = START + minutes * MINUTE
    return samples.page(
        cast("Any", kind), "working" if held else "received", code=CODE, level="L2", priority="P1",
        priority_title=TITLES["P1"], priorities=TITLES, company=COMPANY, contract_number="HD-0000/VIDU",
        fqdn="vidu.my3cx.example", requester=f"{CUSTOMER} <{ADDRESS}>", subject=SUBJECT, excerpt=TEXT,
        received_at=START, due_at=START + 30 * MINUTE, left=(30 - minutes) * MINUTE, used_percent=minutes * 100 // 30,
        holder=HOLDER if held else "", ack_until=START + 16 * MINUTE if held else None, chat_linked=held,
        notice_at=START + 3 * MINUTE if held else None, now=now, button=BUTTON,
    )  # fmt: skip


def breach(*, resolved: bool = False) -> BreachView:
    """Return the managers' card at the deadline, or after the ticket was resolved eleven minutes past it."""
    due = START + 30 * MINUTE
    over = 11 * MINUTE if resolved else 0
    paged = (
        PagedPerson("L2", HOLDER, START), PagedPerson("L3", "Phan Ví Dụ", START + 15 * MINUTE),
        PagedPerson("L4", "Ngô Thử Nghiệm", START + 24 * MINUTE), PagedPerson("L5", "Vũ Minh Hoạ", due),
    )  # fmt: skip
    return samples.breach(
        "resolved" if resolved else "received", code=CODE, priority_title=TITLES["P1"],
        company=COMPANY, subject=SUBJECT, received_at=START, due_at=due, breached_at=due, over_by=over, paged=paged,
        holder=HOLDER if resolved else "", resolution=RESOLUTION if resolved else "", now=due + over, button=BUTTON,
    )  # fmt: skip


def _page(columns: Iterable[tuple[int, str]]) -> str:
    theme = THEMES["light"]
    return PAGE.format(
        ac=(MODULES / "adaptivecards/dist/adaptivecards.min.js").as_uri(),
        marked=(MODULES / "marked/lib/marked.umd.js").as_uri(),
        gap=GAP_PX,
        settings=json.dumps(host(theme)),
        columns="".join(f'<div class="column" style="width:{px}px">{html}</div>' for px, html in columns),
        **{name: colour for name, colour in theme.items() if isinstance(colour, str)},
    )


def _card(view: StatusView | PageView | BreachView, *, private: bool = True, opened: str = "") -> str:
    card = draw(view, "vi", private=private)
    if opened:  # a form alone says more than a form below a whole card
        card["body"] = card["body"][:1]
    return f'<div class="card" data-card="{escape(json.dumps(card))}" data-open="{escape(opened)}"></div>'


def _said(who: str, html: str, *, at: str, kind: str = "theirs") -> str:
    return f'<div class="{kind}"><p class="who"><b>{escape(who)}</b>&ensp;{at}</p>{html}</div>'


def _bubble(text: str) -> str:
    return f'<div class="bubble">{escape(text).replace("@Trực Ban", "<mark>@Trực Ban</mark>")}</div>'


def _channel(card: str, *replies: str) -> str:
    asked = _said(CUSTOMER, _bubble(f"mã ticket {CODE} vẫn chưa gọi được"), at="10:05", kind="post")
    return asked + _said("Trực Ban", card, at="10:05", kind="reply") + "".join(replies)


def _answered() -> str:
    words = phrases("vi").mirrors
    now = START + 8 * MINUTE
    said = words.answer.format(author=HOLDER, code=CODE, at=_time(now))
    answer = f"{said}\nChào chị, em đang chuyển sang đường truyền dự phòng, chị chờ em ít phút ạ."
    return _said("Trực Ban", _bubble(answer), at="10:10", kind="reply") + _said(
        CUSTOMER, _bubble("Vâng, cảm ơn anh."), at="10:11", kind="reply"
    )


def _confirmation() -> str:
    words = phrases("vi").sayings
    told = {"address": ADDRESS, "code": CODE, "until": "21/02/2027", "support_phone": PHONE}
    return "".join(
        _said("Trực Ban" if bot else CUSTOMER, _bubble(text.format(**told)), at=at, kind="theirs" if bot else "mine")
        for bot, at, text in (
            (False, "10:05", CODE),
            (True, "10:05", words.ask_address),
            (False, "10:06", ADDRESS),
            (True, "10:06", words.code_on_its_way),
            (False, "10:07", "482 913"),
            (True, "10:07", words.bound),
        )
    )


def _auto_reply() -> str:
    due = _time(START + 30 * MINUTE, START - 24 * 60 * MINUTE)  # a mail names the day: nobody knows when it is read
    effect = Mail(
        id="t.1", ticket=CODE, template="auto_reply", to=(ADDRESS,), in_reply_to="<1@vidu.example>", subject=SUBJECT,
        names=("mobile", "licence_key"),
        values={
            "priority": "P1", "priority_title_vi": TITLES["P1"]["vi"], "priority_title_en": TITLES["P1"]["en"],
            "due_vi": due, "due_en": due,
        },
    )  # fmt: skip
    raw = compose(effect, desk=DESK, language="vi", message_id="<1@desk.example>", now=START)
    mail = email.message_from_bytes(raw, policy=policy.default)
    html = mail.get_body(("html",))
    assert html is not None
    body = str(html.get_content()).split("<body", 1)[1].split(">", 1)[1]
    body = body.split("<hr")[0]  # the English half says the same
    names = {"From": "Từ", "To": "Đến", "Subject": "Tiêu đề"}
    head = "".join(f"<div><b>{shown}:</b> {escape(str(mail[name]))}</div>" for name, shown in names.items())
    return (
        f'<div class="mail"><div style="padding:12px 16px;border-bottom:1px solid #d1d1d1">{head}</div>'
        f'<div style="padding:16px">{body}</td></tr></table></div></div>'
    )


def _time(at: Instant, now: Instant = START) -> str:
    return instant("vi", at, now, samples.ZONE)


if __name__ == "__main__":
    sys.exit(main())
