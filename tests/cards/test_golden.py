"""A handful of cards, kept as files: a changed word or layout shows in review.

`UPDATE_GOLDEN=1 pytest tests/cards/test_golden.py` writes them anew; look at the pictures, then at the diff.
"""

import json
import os
from pathlib import Path

import pytest

from bot.cards.draw import draw, summary
from bot.ticket.model import Language
from tests.cards import samples

FOLDER = Path(__file__).parent / "golden"
KEPT = {
    "status-received-shared", "status-waiting-private", "status-resolved-private", "page-step-received",
    "page-repeat-working", "page-triage-received", "page-after_breach-received", "page-mentions",
    "page-menu-waiting", "page-two-pauses", "page-foresight",
    "breach-received", "breach-corrected",
}  # fmt: skip
VIEWS = [sample for sample in samples.views() if sample[0] in KEPT]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("sample", VIEWS, ids=[name for name, _, _ in VIEWS])
def test_a_card_is_drawn_as_it_was_last_looked_at(sample: tuple[str, object, bool], language: Language) -> None:
    name, view, private = sample
    drawn = {"summary": summary(view, language), "card": draw(view, language, private=private)}  # type: ignore[arg-type]
    path = FOLDER / f"{name}.{language}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(json.dumps(drawn, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == drawn


def test_every_golden_file_belongs_to_a_card() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.{code}.json" for name in KEPT for code in ("vi", "en")}
