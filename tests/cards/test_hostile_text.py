"""Text from a mail does nothing on a card but stand there."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.draw import draw, summary
from bot.cards.parts import mention_text, plain
from bot.text.phrases import mirror, say
from bot.text.plain import one_line, unlinked, visible
from bot.ticket.model import Language
from tests.cards import samples
from tests.cards.samples import HOSTILE
from tests.cards.test_schema import VALIDATOR, nodes


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_hostile_mail_gets_no_mention_link_or_hidden_character_onto_a_card(language: Language) -> None:
    view = samples.page(
        "chase", "waiting", company=HOSTILE, subject=HOSTILE, excerpt=HOSTILE * 3, requester=HOSTILE, fqdn=HOSTILE,
        contract_number=HOSTILE, word=samples.HOSTILE_WORD, pauses=samples.HOSTILE_PAUSES, chased=1,
    )  # fmt: skip
    card = draw(view, language)
    shown = json.dumps(card, ensure_ascii=False) + summary(view, language)
    for bad in ("<at", "://evil", "www.evil", "{{", "<script", "javascript:a", "\u202e", "\u200b", "\x07"):
        assert bad not in shown, bad
    read_as_markdown = [
        n.get("text") or n.get("value") for n in nodes(card) if n.get("type") == "TextBlock" or "title" in n
    ]
    assert not [text for text in read_as_markdown if re.search(r"(?<!\\)(\]\(|\*\*|`)", str(text))]
    assert VALIDATOR.is_valid(card)


@pytest.mark.parametrize(
    ("given_text", "on_the_card"),
    [
        ("abc_def*ghi*", r"abc\_def\*ghi\*"),
        ("[x](y)", r"\[x\](y)"),
        ("1. một", r"1\. một"),
        ("- gạch", r"\- gạch"),
        ("# tựa", r"\# tựa"),
        ("3CX-7KD2M9Q4", "3CX-7KD2M9Q4"),
        ("songhuong.my3cx.example", "songhuong.my3cx.example"),
        ("A & B", "A & B"),
        ("&lt;at&gt;", r"\&lt;at\&gt;"),
        ("Chị Hà <ha@abc.example>", "Chị Hà (ha@abc.example)"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("một\nhai", "một hai"),
    ],
)
def test_markdown_is_escaped_and_the_rest_left_alone(given_text: str, on_the_card: str) -> None:
    assert plain(given_text) == on_the_card


@given(st.text(max_size=400), st.integers(min_value=2, max_value=200))
def test_whatever_is_written_comes_out_short_composed_and_visible(text: str, limit: int) -> None:
    for made in (visible(text, limit), unlinked(text, limit), one_line(text, limit)):
        assert len(made) <= limit
        assert "{{" not in made
        assert "<at" not in made.lower()
        assert not {c for c in made if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c != "\n"}
    assert "\n" not in one_line(text, limit)


@given(st.text(alphabet="aăâbcđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậ 0123456789.,;?", max_size=120))
def test_ordinary_vietnamese_comes_through_unchanged_in_whichever_form_it_was_typed(text: str) -> None:
    composed = unicodedata.normalize("NFC", text).strip()
    assert visible(unicodedata.normalize("NFD", text), 200) == composed


@given(st.text(max_size=200))
def test_a_mention_holds_exactly_one_pair_of_tags(name: str) -> None:
    made = mention_text(name)
    assert made.startswith("<at>")
    assert made.endswith("</at>")
    assert made[4:-5].count("<") == made[4:-5].count(">") == 0


def test_text_that_spills_over_its_lines_is_calmed() -> None:
    made = visible(HOSTILE, 1_000)
    runs = max(len(run) for run in "".join("m" if unicodedata.combining(c) else " " for c in made).split(" "))
    assert runs <= 2


def test_what_a_stranger_wrote_is_made_harmless_in_sayings_too() -> None:
    values = {"sender": "<at>Lan</at>", "subject": "https://evil.example \u202e", "reason": "x"}
    said = say("vi", "mail_held", values)
    assert "<at>" not in said
    assert "://" not in said
    assert "\u202e" not in said


def test_an_answer_by_mail_keeps_its_links_and_paragraphs_and_loses_its_mentions() -> None:
    made = mirror("vi", "Trâm", "10:32 hôm nay", "Tải tại https://tai.example/x\n\n<at>Lan</at>", ("a.pdf",), "3CX-1")
    assert made.split("\n\n") == [
        "Trâm trả lời ticket 3CX-1 qua email lúc 10:32 hôm nay:",
        "Tải tại https://tai.example/x",
        "‹at›Lan‹/at›",
        "Tệp đính kèm (xem trong email): a.pdf",
    ]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_where_only_the_coming_of_an_answer_may_be_told_nothing_else_is(language: Language) -> None:
    made = mirror(language, "Trâm", "10:32", " \n", ("bang-gia-abc.pdf",), "3CX-1")
    assert "3CX-1" in made
    assert "Trâm" not in made
    assert "bang-gia" not in made


def test_a_very_long_answer_is_cut_and_says_where_the_rest_is() -> None:
    made = mirror("vi", "Trâm", "10:32", "chữ " * 40_000, (), "3CX-1")
    assert len(made) < 9_000
    assert made.endswith("… Phần còn lại vui lòng xem trong email.")
