"""The picture of a receipt in the managers' guide: `python -m tests.cards.receipt_picture`.

Writes docs/pictures/quan-ly-bang-tinh.png; needs Chromium. All people and companies are invented. `--look FOLDER`
writes the same receipt there in both languages and editions instead, to be looked at. Exits 1 if something failed.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path

from bot.receipt.page import as_page
from bot.sla.book import Book
from bot.sla.instants import MINUTE, SECOND
from bot.sla.roster import Person, Roster
from bot.text.receipts_written import write_receipt
from bot.ticket.commands import Acknowledge, AnswerChase, Pause, Resolve, Resume, Staff
from bot.ticket.model import Language, Participant, PhoneNotice
from bot.ticket.receipt import Audience, receipt_of
from tests.cards.pictures import ADDRESS, BYTES_MAX, CODE, CUSTOMER, HOLDER, OUT, RESOLUTION, START, SUBJECT, TEXT
from tests.cards.render import photograph
from tests.rules.case import Case
from tests.rules.ladder import book, local

WIDTH_PX = 800
SCALE = 0.9
AN = Staff("an.le", HOLDER, "L2")
MEASURE = """<script>
 document.title = JSON.stringify({height: document.documentElement.scrollHeight, faults:
   [...document.querySelectorAll('td,dd,p,li')]
     .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)});
</script>"""


def main() -> int:
    """Write the picture, or those to be looked at; return 1 if one failed or the guide's is too large."""
    if sys.argv[1:2] == ["--look"]:
        folder = Path(sys.argv[2])
        faults = [
            fault
            for language in ("vi", "en")
            for audience in ("desk", "customer")
            for fault in drawn(folder / f"receipt-{language}-{audience}.png", language, audience)
        ]
    else:
        out = OUT / "quan-ly-bang-tinh.png"
        faults = drawn(out, "vi", "customer")
        if out.stat().st_size > BYTES_MAX:
            faults.append(f"{out.stat().st_size} bytes, at most {BYTES_MAX}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def drawn(out: Path, language: Language, audience: Audience) -> list[str]:
    """Write a picture of the page as it is; its own rule against scripts is lifted to measure it."""
    case = played()
    page = as_page(write_receipt(receipt_of(case.ticket, tuple(case.events), case.rules(), audience), language))
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    return photograph(page.replace("</body>", f"{MEASURE}</body>"), WIDTH_PX, out, SCALE)


def played() -> Case:
    """Return a P1 that was called in before its mail and waited for the provider in between."""
    call = PhoneNotice(id="c1", customer="vi-du", at=START - 5 * MINUTE, by="staff:an.le", caller=CUSTOMER)
    opened = {
        "code": CODE,
        "customer": "vi-du",
        "sender": Participant(address=ADDRESS, name=CUSTOMER),
        "subject": SUBJECT,
        "text": TEXT,
        "call": call,
    }
    case = Case(start=local(START), book=_staffed(), opening=opened)
    for minute, command in (
        (4 * MINUTE, Acknowledge(AN)),
        (9 * MINUTE, Pause(AN, "third_party", "Đã gọi trung tâm kỹ thuật", reference="VT-20261123-0417")),
        (26 * MINUTE, AnswerChase(AN, 1, "Nhà mạng hẹn mười phút nữa")),
        (37 * MINUTE + 30 * SECOND, Resume(AN, "Nhà mạng báo đã xử lý")),
        (44 * MINUTE, Resolve(AN, RESOLUTION, called=CUSTOMER)),
    ):
        case.now = START + minute
        case.must(command)
    return case


def _staffed() -> Book:
    person = Person(id=AN.id, name=AN.name, level="L2", team="teamx", email="an.le@desk.example")
    return replace(book(), roster=Roster(people=(person,)))


if __name__ == "__main__":
    sys.exit(main())
