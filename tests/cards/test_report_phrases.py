"""A month's report says the same in both languages, in the desk's own words."""

import re
import unicodedata
from dataclasses import fields
from string import Formatter

import pytest

from bot.text.reports import Reports
from bot.text.reports_en import REPORTS_EN
from bot.text.reports_vi import REPORTS_VI

NAMES = [field.name for field in fields(Reports)]
ALIKE = {"column_ticket"}


def gaps(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_phrase_with_the_same_gaps(name: str) -> None:
    vietnamese, english = getattr(REPORTS_VI, name), getattr(REPORTS_EN, name)
    for phrase in (vietnamese, english):
        assert phrase
        assert phrase.strip() == phrase
        assert unicodedata.is_normalized("NFC", phrase)
    assert gaps(vietnamese) == gaps(english)
    assert name in ALIKE or vietnamese != english
    assert not re.search("[À-ỹđơư]", english)


@pytest.mark.parametrize("wrong", [r"vé", r"phiếu", r"e-mail", r"deadline", r"\w*[òóỏõọ][ae]", r"\w*[ùúủũụ]y"])
def test_vietnamese_keeps_to_the_words_and_marks_of_the_desk(wrong: str) -> None:
    said = [getattr(REPORTS_VI, name) for name in NAMES]
    assert [phrase for phrase in said if re.search(rf"\b{wrong}\b", phrase, re.IGNORECASE)] == []
