"""Both languages say everything, with the same gaps, in composed letters; whatever the code asks for exists."""

import ast
import re
import unicodedata
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from bot.desk.orders import read_order, read_staff_order
from bot.errors import Refused
from bot.text.en import EN
from bot.text.groups import Phrases, Refusals, Sayings
from bot.text.phrases import phrases, refusal, say
from bot.text.vi import VI
from bot.ticket.model import Language

ALIKE = {"cards.label_fqdn", "cards.title_status", "cards.priority_with_title", "cards.paged_line", "cards.level",
         "cards.headline", "cards.summary_status", "cards.summary_with_company", "forms.channel_teams",
         "forms.colleague_choice", "forms.pause_choice", "forms.preview_paged_line",
         "sayings.order_refused"}  # fmt: skip
"""Names, and patterns without a word of their own."""
OWN_GAPS = {"times.date"}
BOT = Path(__file__).parents[2] / "bot"
MADE_BY_THE_DESK = {
    "unknown_code", "ask_address", "address_not_an_address", "code_on_its_way", "digits_wrong", "digits_expired",
    "challenge_limit", "bound", "dialog_cancelled", "help_customer", "help_staff", "welcome_personal", "welcome_team",
    "no_current_ticket", "too_many_codes", "channel_bound_desk", "channel_bound_managers",
    "channel_bound_customer", "channel_unbound", "bind_usage", "unknown_customer", "staff_only",
    "binding_lapsed", "undeliverable", "poisoned", "mail_held", "bounced", "files_hint", "store_away",
    "reading_faults", "reopen_question",
}  # fmt: skip


def everything(language: Phrases) -> dict[str, str]:
    return {
        f"{group.name}.{field.name}": str(getattr(getattr(language, group.name), field.name))
        for group in fields(language)
        for field in fields(getattr(language, group.name))
    }


def gaps(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("name", sorted(everything(VI)))
def test_both_languages_have_the_phrase_with_the_same_gaps(name: str) -> None:
    vietnamese, english = everything(VI)[name], everything(EN)[name]
    assert vietnamese.strip() == vietnamese
    assert vietnamese
    assert english.strip() == english
    assert english
    if name not in OWN_GAPS:
        assert gaps(vietnamese) == gaps(english)
    if not name.startswith("times.") and name not in ALIKE:
        assert vietnamese != english


@pytest.mark.parametrize("phrase", [*everything(VI).values(), *everything(EN).values()])
def test_phrases_are_composed_and_have_no_hidden_characters(phrase: str) -> None:
    assert unicodedata.is_normalized("NFC", phrase)
    assert not {c for c in phrase if unicodedata.category(c) in {"Cc", "Cf"} and c != "\n"}


def test_english_phrases_have_no_vietnamese_letters() -> None:
    assert [name for name, text in everything(EN).items() if re.search("[À-ỹđơư]", text)] == []


def test_vietnamese_marks_stand_on_one_side_only() -> None:
    """`huỷ`, `hoà`, `thuý`: one way of writing them, the same everywhere."""
    old_way = re.compile(r"\b\w*(?:[òóỏõọ][ae]|[ùúủũụ]y)\b", re.IGNORECASE)
    assert [text for text in everything(VI).values() if old_way.search(text)] == []


@pytest.mark.parametrize("wrong", ["vé", "phiếu", "acknowledge", "escalate", "deadline", "e-mail", "xác nhận xử lý"])
def test_vietnamese_keeps_to_the_words_of_the_desk(wrong: str) -> None:
    assert [text for text in everything(VI).values() if re.search(rf"\b{wrong}\b", text, re.IGNORECASE)] == []


def test_every_saying_the_desk_relies_on_is_there() -> None:
    assert {field.name for field in fields(Sayings)} >= MADE_BY_THE_DESK


def test_a_name_that_is_no_phrase_is_an_error() -> None:
    for name in ("no_such_phrase", "__class__", "__doc__"):
        with pytest.raises(KeyError):
            say("vi", name, {})
        with pytest.raises(KeyError):
            refusal("en", Refused(name))


def test_a_gap_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        say("vi", "digits_wrong", {})


def test_a_value_is_never_read_as_a_gap() -> None:
    assert "{support_phone}" in say("vi", "digits_wrong", {"left": "{support_phone}"})


def test_refusals_are_filled_in_the_readers_language() -> None:
    refused = Refused("already_acknowledged", {"holder": "Trâm"})
    assert refusal("vi", refused) == "Trâm đã nhận xử lý ticket này."
    assert refusal("en", refused) == "Trâm has already acknowledged this ticket."


def test_the_answer_to_a_code_that_may_not_be_shown_never_says_whether_it_exists() -> None:
    for language, telling in (("vi", "tồn tại|không có quyền|quyền xem"), ("en", "exist|permission|allowed")):
        assert gaps(phrases(language).sayings.unknown_code) == set()  # type: ignore[arg-type]
        assert not re.search(telling, phrases(language).sayings.unknown_code)  # type: ignore[arg-type]
        assert not re.search(telling, phrases(language).refusals.not_allowed)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", ["help_staff", "bind_usage", "help_customer", "welcome_personal"])
def test_every_command_that_a_text_teaches_is_understood(language: Language, name: str) -> None:
    taught = re.findall(r"“([^”]+)”", getattr(phrases(language).sayings, name))
    taught = [command.replace("3CX-…", "3CX-7K2M-9QXD") for command in taught]
    by_staff = [order for order in map(read_staff_order, taught) if order is not None]
    assert "usage" not in "".join(order.what for order in by_staff)
    orders = [read_order(command) for command in taught if read_staff_order(command) is None]
    assert None not in orders
    assert "bind_usage" not in {order.what for order in orders if order is not None}
    if name == "help_staff":
        assert {order.what for order in by_staff} == {"call", "suspend", "agree", "merge"}
    if name in {"help_staff", "bind_usage"}:
        roles = {order.role or order.what for order in orders if order is not None}
        assert roles >= {"desk", "managers", "customer", "unbind"}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_help_for_staff_says_where_the_rarer_acts_and_the_receipt_are(language: Language) -> None:
    told, buttons = phrases(language).sayings.help_staff, phrases(language).forms
    assert buttons.button_more in told
    assert buttons.button_receipt in told


def test_texts_carry_no_markdown_because_they_are_sent_plain() -> None:
    for language in (VI, EN):
        sayings = [text for name, text in everything(language).items() if not name.startswith("cards.")]
        assert [text for text in sayings if re.search(r"[`*_#]|^- |\]\(", re.sub(r"\{\w+[^}]*\}", "", text))] == []


def asked_for() -> list[tuple[str, int, str, str]]:
    """Return (file, line, group, name) of every phrase that the code names by a literal."""
    found = []
    for path in sorted(BOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called == "Refused" and node.args and isinstance(node.args[0], ast.Constant):
                found.append((str(path.relative_to(BOT)), node.lineno, "refusals", str(node.args[0].value)))
            if called == "Say":
                found += [
                    (str(path.relative_to(BOT)), node.lineno, "sayings", str(word.value.value))
                    for word in node.keywords
                    if word.arg == "phrase" and isinstance(word.value, ast.Constant)
                ]
    return found


def test_every_phrase_that_the_code_names_exists() -> None:
    known = {"refusals": {f.name for f in fields(Refusals)}, "sayings": {f.name for f in fields(Sayings)}}
    named = asked_for()
    assert named
    assert [place for place in named if place[3] not in known[place[2]]] == []
