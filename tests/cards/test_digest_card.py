"""The managers' digest in words and on a card: both languages, short, and harmless whatever others wrote."""

import json
import re
import unicodedata
from dataclasses import fields
from string import Formatter
from typing import Any, get_args

import pytest

from bot.cards.digest import draw_digest, summary_digest
from bot.sla.instants import DAY, HOUR, MINUTE
from bot.text import digests_en, digests_vi
from bot.text.digests_written import LINE_MAX, digest_mail, write_digest
from bot.text.mails import Bullets, Paragraph
from bot.ticket.digest import LINES_MAX
from bot.ticket.effects import Bulletin, DigestLine, DigestSection, Section
from bot.ticket.model import Language
from tests.cards.samples import HOSTILE, NOW, ZONE
from tests.cards.test_schema import VALIDATOR, nodes

VI, EN = digests_vi.VI, digests_en.EN
ALIKE = {"heading", "ticket", "customer", "noted"}
"""Patterns without a word of their own."""
SIZE_MAX_BYTES = 80_000
"""Teams refuses a longer message."""


def line(**fields: Any) -> DigestLine:
    given = {"code": "3CX-7KD2M9Q4", "company": "Công ty Sông Hương", "priority": "P4", "at": NOW - 2 * HOUR}
    return DigestLine(**{**given, **fields})


def digest(*sections: tuple[Section, DigestLine], count: int = 1, unreadable: int = 0) -> Bulletin:
    return Bulletin(
        since=NOW - DAY,
        until=NOW,
        next_at=NOW + DAY,
        sections=tuple(DigestSection(name=name, lines=(one,), count=count) for name, one in sections),
        unreadable=unreadable,
    )


def first(made: Bulletin, language: Language = "vi") -> str:
    return write_digest(made, language, ZONE).sections[0].lines[0]


@pytest.mark.parametrize("name", [field.name for field in fields(VI)])
def test_both_languages_have_the_phrase_with_the_same_gaps(name: str) -> None:
    def gaps(phrase: str) -> set[str]:
        return {gap for _, gap, _, _ in Formatter().parse(phrase) if gap is not None}

    vietnamese, english = getattr(VI, name), getattr(EN, name)
    assert gaps(vietnamese) == gaps(english)
    assert (vietnamese == english) == (name in ALIKE)
    assert unicodedata.is_normalized("NFC", vietnamese)
    assert not re.search("[À-ỹđ]", english)


@pytest.mark.parametrize(
    ("section", "one", "vietnamese", "english"),
    [
        ("passed", line(over=2 * HOUR),
         "quá hạn 2 giờ, từ 08:26 ngày 23/11/2026; chưa có ai nhận xử lý",
         "overdue by 2 h, since 08:26 on 23 Nov 2026; nobody has taken it"),
        ("over", line(over=HOUR, who="Lê An"),
         "quá hạn 1 giờ (giờ tính SLA), từ 08:26 ngày 23/11/2026; Lê An đang xử lý",
         "overdue by 1 h (SLA time), since 08:26 on 23 Nov 2026; Lê An is working on it"),
        ("passed", line(over=30 * MINUTE, who="Lê An", resolved_at=NOW - 90 * MINUTE),
         "quá hạn 30 phút, từ 08:26 ngày 23/11/2026; Lê An đã khắc phục lúc 08:56 ngày 23/11/2026",
         "overdue by 30 min, since 08:26 on 23 Nov 2026; resolved by Lê An at 08:56 on 23 Nov 2026"),
        ("due", line(at=NOW + HOUR), "hạn xử lý 11:26 ngày 23/11/2026; chưa có ai nhận xử lý",
         "due 11:26 on 23 Nov 2026; nobody has taken it"),
        ("waiting", line(reason="third_party", note="VT-1", who="Lê An"),
         "chờ nhà cung cấp khác, từ 08:26 ngày 23/11/2026; Lê An đang xử lý (VT-1)", "since 08:26 on 23 Nov 2026"),
        ("call_backs", line(who="Lê An", resolved_at=NOW - 3 * HOUR),
         "lẽ ra đã phải gọi lại trước 08:26 ngày 23/11/2026; Lê An đã khắc phục lúc 07:26 ngày 23/11/2026",
         "should have been called back before 08:26 on 23 Nov 2026; resolved by Lê An at 07:26 on 23 Nov 2026"),
        ("call_backs", line(at=NOW + MINUTE), "cần gọi lại trước 10:27", "to be called back before 10:27"),
    ],
)  # fmt: skip
def test_each_line_says_which_ticket_whose_and_what(
    section: Section, one: DigestLine, vietnamese: str, english: str
) -> None:
    about = "3CX-7KD2M9Q4 · P4 · Công ty Sông Hương – "
    assert first(digest((section, one))).startswith(about + vietnamese)
    told = first(digest((section, one)), "en")
    assert told.startswith(about)
    assert english in told


def test_a_suspension_names_its_customer_and_a_provisional_priority_says_so() -> None:
    one = line(code="", reason="suspension", note="Cấu hình không phù hợp")
    told = "Công ty Sông Hương – SLA bị đình chỉ từ 08:26 ngày 23/11/2026 (Cấu hình không phù hợp)"
    assert first(digest(("waiting", one))) == told
    assert "P4 (tạm xếp)" in first(digest(("due", line(provisional=True))))


def test_what_has_no_room_is_counted_and_what_cannot_be_read_is_said() -> None:
    made = digest(("over", line()), count=25, unreadable=2)
    written = write_digest(made, "vi", ZONE)
    assert written.sections[0].heading == "Quá hạn từ trước, chưa khắc phục: 25"
    assert written.sections[0].lines[-1] == "… và 24 mục nữa"
    assert written.closing[0].startswith("Có 2 ticket không đọc được")
    assert summary_digest(made, "vi", ZONE) == "Bản tin quản lý: 25 quá hạn từ trước"
    assert summary_digest(digest(unreadable=2), "vi", ZONE).startswith("Có 2 ticket không đọc được")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_longest_digest_fits_a_message_and_is_a_card(language: Language) -> None:
    long = line(company="ư" * 500, who="ễ" * 500, note="ộ" * 500, reason="out_of_control", provisional=True)
    sections = tuple(DigestSection(name=name, lines=(long,) * LINES_MAX, count=9_999) for name in get_args(Section))
    made = digest().model_copy(update={"sections": sections})
    card = draw_digest(made, language, ZONE)
    assert VALIDATOR.is_valid(card)
    for encoding in ("utf-8", "utf-16-le"):
        assert len(json.dumps(card, ensure_ascii=False).encode(encoding)) < SIZE_MAX_BYTES
    assert all(
        len(text) <= LINE_MAX for section in write_digest(made, language, ZONE).sections for text in section.lines
    )
    assert "actions" not in card


def test_the_heading_burns_only_where_something_is_overdue() -> None:
    def style(section: Section) -> str:
        return str(draw_digest(digest((section, line())), "vi", ZONE)["body"][0]["style"])

    assert [style(section) for section in get_args(Section)] == ["attention", "attention", "accent", "accent", "accent"]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_hostile_text_mentions_nobody_and_links_nowhere(language: Language) -> None:
    made = digest(*((name, line(company=HOSTILE, who=HOSTILE, note=HOSTILE)) for name in get_args(Section)))
    card = draw_digest(made, language, ZONE)
    shown = json.dumps(card, ensure_ascii=False) + summary_digest(made, language, ZONE)
    for bad in ("<at", "://evil", "www.evil", "{{", "<script", "javascript:a", "\u202e", "\u200b", "\x07"):
        assert bad not in shown, bad
    texts = [str(node["text"]) for node in nodes(card) if node.get("type") == "TextBlock"]
    assert not [text for text in texts if re.search(r"(?<!\\)(\]\(|\*\*|`)", text)]


def test_the_mail_says_the_same_in_blocks() -> None:
    made = digest(("passed", line()), ("due", line(at=NOW + HOUR)))
    written = digest_mail(made, "vi", ZONE, "Bàn trực")
    assert written.subject == "Bản tin quản lý: 1 mới quá hạn, 1 sắp đến hạn"
    assert [block.items[0] for block in written.body if isinstance(block, Bullets)] == [
        section.lines[0] for section in write_digest(made, "vi", ZONE).sections
    ]
    assert written.body[-1] == Paragraph("Bàn trực")
