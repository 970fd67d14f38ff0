"""The mail of a page says why it came, what a colleague said, and what is waited for, in the reader's language."""

import re
from typing import get_args

import pytest

from bot.sla.rungs import PageKind
from bot.ticket.effects import PageRef
from bot.ticket.model import Language
from tests.doors.composing import VALUES, composed, effect, part

LANGUAGES: tuple[Language, ...] = ("vi", "en")
WORD = {"word": "Hết ca.\nXem <log> SIP", "word_by": "Lê Cường"}


def written(kind: PageKind, language: Language, **values: str) -> str:
    page = PageRef(occurrence="0.s0", kind=kind, contact="an", level="L2", due_at=0)
    return part(composed(effect("page", page=page, values={**VALUES, **values}), language), "plain")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_page_has_a_title_of_its_own(language: Language) -> None:
    titles = {}
    for kind in get_args(PageKind):
        page = PageRef(occurrence="0.s0", kind=kind, contact="an", level="L2", due_at=0)
        titles[kind] = str(composed(effect("page", page=page), language)["Subject"])
    assert len(set(titles.values())) == len(titles), titles


@pytest.mark.parametrize(
    ("kind", "language", "label"),
    [
        ("handed_over", "vi", "Bàn giao từ Lê Cường:"),
        ("handed_over", "en", "Handed over by Lê Cường:"),
        ("escalated", "vi", "Lý do chuyển lên cấp trên – Lê Cường:"),
        ("escalated", "en", "Why it was escalated – Lê Cường:"),
    ],
)
def test_what_a_colleague_said_stands_above_everything_else(kind: PageKind, language: Language, label: str) -> None:
    text = written(kind, language, **WORD, word_kind=kind)
    assert label in text
    said = text.index("Hết ca.")
    assert text.index(label) < said < text.index(VALUES["customer"])
    assert "Xem ‹log› SIP" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_said_where_nothing_was(language: Language) -> None:
    text = written("step", language)
    assert not re.search("Bàn giao từ|Handed over by|Lý do chuyển|Why it was", text)
    assert not re.search("Đang chờ|Waiting for|Trả lời lần trước|Last answer", text)


@pytest.mark.parametrize(
    ("language", "waits", "answered"), [("vi", "Đang chờ", "Trả lời lần trước"), ("en", "Waiting for", "Last answer")]
)
def test_a_chase_says_what_is_waited_for_in_the_readers_language(language: Language, waits: str, answered: str) -> None:
    told = {"vi": "Chờ nhà cung cấp khác: VNPT-1", "en": "Another provider: VNPT-1"}
    text = written(
        "chase",
        language,
        waiting_vi=told["vi"],
        waiting_en=told["en"],
        last_answer="hẹn 10 phút\r\nBcc: x@evil.example",
    )
    assert f"{waits}: {told[language]}" in text
    assert f"{answered}: hẹn 10 phút Bcc: x@evil.example" in text
    assert told["en" if language == "vi" else "vi"] not in text
