"""The guides are true where a machine can tell: links, commands, metrics, states, settings, scripts."""

import argparse
import re
import shlex
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from bot.__main__ import _parser
from bot.config.load import load_book
from bot.desk.orders import read_order, read_staff_order
from bot.settings import Settings
from bot.sla.instants import HOUR, MINUTE
from bot.store.keys import Keys
from bot.telemetry import Telemetry
from bot.text.formats import span
from bot.text.phrases import phrases
from bot.web import health
from tests.infra.tools import ROOT

GUIDES = ("docs/tenant.md", "docs/operator.md", "infra/README.md", "manifest/README.md")
PAGES = ("docs/khach-hang.md", "docs/ky-su.md", "docs/quan-ly.md")
WITH_COMMANDS = (*GUIDES, *PAGES, "README.md", "infra/desk/README.md", "infra/desk/scenarios/README.md")
COMMAND = re.compile(
    r"(?:python -m bot|\./run|dc run --rm --no-deps bot-1) (?!demo\b|playground\b|COMMAND\b)([a-z][^`|\n]*)"
)
"""What is typed after the command's own name; the demo and the Playground are no commands of the bot."""
PICTURE_BYTES_MAX = 150_000
ENGINEERS_PAGE_MAX = 7_000
"""Characters that fit, with the pictures, on the two sides of one printed sheet (A4, 9 points)."""


def text(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", WITH_COMMANDS)
def test_links_and_named_scripts_lead_somewhere(guide: str) -> None:
    folder = (ROOT / guide).parent
    links = re.findall(r"\]\((?!https?:)([^)\s]+)\)", text(guide))
    lost = [link for link in links if not (folder / link.split("#")[0]).exists()]
    assert lost == []
    assert [link for link in links if "#" in link and not _is_heading(folder, guide, link)] == []
    scripts = re.findall(r"(infra/scripts/[\w.-]+\.sh)", text(guide))
    assert [script for script in scripts if not (ROOT / script).exists()] == []


def test_the_guides_lead_on() -> None:
    assert [guide for guide in (*GUIDES, *PAGES) if "](" not in text(guide)] == []


def _is_heading(folder: Path, guide: str, link: str) -> bool:
    """Return whether a page has the heading that a link names, as GitHub and others name headings."""
    page, _, heading = link.partition("#")
    written = ((folder / page) if page else ROOT / guide).read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", written, re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_command_that_the_guides_tell_to_type_is_understood() -> None:
    taught = re.findall(r"`@Trực Ban ([^`]+)`", text("docs/tenant.md"))
    in_english = re.findall(r"`@Trực Ban [^`]+` \(`([^`]+)`\)", text("docs/tenant.md"))
    assert (len(taught), len(in_english)) == (4, 4)
    assert [read_order(command) for command in taught] == [read_order(command) for command in in_english]
    assert all(order is not None and order.what in ("bind", "unbind") for order in map(read_order, taught))


def test_every_command_that_the_engineers_page_teaches_is_understood() -> None:
    taught = re.findall(r"`@Trực Ban ([^`]+)`", text("docs/ky-su.md"))
    orders = [read_order(command) or read_staff_order(command) for command in taught]
    assert [order.what for order in orders if order] == [
        "call", "call", "merge", "bind", "bind", "bind", "unbind", "help",
    ]  # fmt: skip
    assert [order.role for order in map(read_order, taught) if order][:3] == ["desk", "managers", "customer"]
    before, after = (read_staff_order(command) for command in taught[:2])
    assert before is not None
    assert after is not None
    assert (before.about, before.time, before.text) == ("vi-du", "10:05", "chị Mẫu")
    assert (after.about, after.time, after.text) == ("3cx-7kd2-m9qw", "10:05", "chị Mẫu")


def test_every_command_that_the_managers_page_teaches_is_understood() -> None:
    taught = re.findall(r"^\| `([^`]+)` \|", text("docs/quan-ly.md"), re.MULTILINE)
    orders = [read_staff_order(command) for command in taught]
    assert [(order.what, order.about, bool(order.text)) for order in orders if order] == [
        ("suspend", "vi-du", True),
        ("agree", "vi-du", True),
    ]


def test_the_buttons_that_the_engineers_page_explains_are_on_the_card() -> None:
    words, asks = phrases("vi").cards, phrases("vi").forms
    explained = set(re.findall(r"\*\*([^*]+)\*\*", text("docs/ky-su.md")))
    buttons = {
        words.button_acknowledge, words.button_keep, words.button_resolve, words.button_note, words.button_classify,
        words.button_reclassify, words.button_pause, words.button_resume, words.button_reopen,
    } | {value for name, value in asdict(asks).items() if name.startswith("button_")}  # fmt: skip
    assert buttons - explained == set()


def test_the_buttons_that_the_customers_page_explains_are_on_the_card() -> None:
    words = phrases("vi").cards
    explained = set(re.findall(r"\*\*([^*]+)\*\*", text("docs/khach-hang.md")))
    assert {words.button_refresh, words.button_reopen, words.button_how_counted} - explained == set()


def test_the_engineers_page_fits_on_one_printed_sheet() -> None:
    assert len(text("docs/ky-su.md")) <= ENGINEERS_PAGE_MAX


def test_the_engineers_table_holds_the_policys_minutes() -> None:
    policy = load_book(ROOT / "infra" / "desk", frozenset({"mail"}))[0].policy
    rows = {
        name: [cell.removesuffix(" làm việc") for cell in re.findall(r"(?<=\| )[^|]+?(?= \|)", line)[1:]]
        for line in text("docs/ky-su.md").splitlines()
        for name in (
            "Giữ được", "Nhắc trước khi hết", "Chưa ai nhận thì nhắc lại mỗi",
            "Tạm dừng: nhắc hỏi lại sau", "Chưa hỏi lại thì báo Level 3 sau",
        )
        if line.startswith(f"| {name} |")
    }  # fmt: skip
    ladders = [policy.priorities[name].ladder for name in ("P1", "P2", "P3", "P4")]
    chases = [ladder.chase for ladder in ladders if ladder.chase is not None]
    assert {chase.level for chase in chases} == {"L3"}
    assert rows == {
        "Giữ được": [span("vi", policy.ack_lasts(name)) if name == "P4" else minutes(policy.ack_lasts(name))
                     for name in ("P1", "P2", "P3", "P4")],
        "Nhắc trước khi hết": [minutes(ladder.ack_warning or 0) for ladder in ladders],
        "Chưa ai nhận thì nhắc lại mỗi": [
            minutes(ladder.repeat_every) if ladder.repeat_every else "–" for ladder in ladders
        ],
        "Tạm dừng: nhắc hỏi lại sau": [long(chase.after) for chase in chases],
        "Chưa hỏi lại thì báo Level 3 sau": [long(chase.unanswered_after) for chase in chases],
    }  # fmt: skip


def minutes(length: int) -> str:
    return f"{length // MINUTE} phút"


def long(length: int) -> str:
    """Return a length as the page writes it: minutes up to an hour."""
    return minutes(length) if length <= HOUR else span("vi", length)


def commands(parser: argparse.ArgumentParser, path: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield every command that can be typed, with what reads its arguments."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield path, parser
    for action in below:
        for name, one in action.choices.items():
            yield from commands(one, f"{path} {name}".strip())


def test_the_runbook_names_every_command_with_every_option() -> None:
    table = text("docs/operator.md").split("## Every command")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z][a-z -]*[a-z])[^`]*` \| (.*?) \| ", table, re.MULTILINE)
    known = dict(commands(_parser()))
    assert [name for name, _ in rows] == list(dict.fromkeys(name for name, _ in rows))
    assert {name for name, _ in rows} == set(known)
    for name, options in rows:
        wanted = {option for action in known[name]._actions for option in action.option_strings if option[:2] == "--"}
        assert set(re.findall(r"--[a-z]+", options)) == wanted - {"--help"}, name


@pytest.mark.parametrize("guide", WITH_COMMANDS)
def test_every_command_line_can_be_typed(guide: str, capsys: pytest.CaptureFixture[str]) -> None:
    refused = []
    for line in COMMAND.findall(text(guide)):
        words = shlex.split(line.split(">")[0], comments=True)
        try:
            _parser().parse_args(words)
        except SystemExit as end:
            refused += [line] if end.code and words[-1] != "--help" else []
    assert refused == []
    capsys.readouterr()


def test_the_runbook_has_an_example_of_every_command() -> None:
    shown = [f"{line} " for line in COMMAND.findall(text("docs/operator.md"))]
    assert [name for name, _ in commands(_parser()) if not any(line.startswith(f"{name} ") for line in shown)] == []


def test_the_runbook_names_the_list_of_dead_letters() -> None:
    desk = load_book(ROOT / "infra" / "desk", frozenset({"mail"}))[0].desk
    named = re.findall(r"valkey-cli (?:--raw )?(?:LRANGE|DEL) '([^']+)'", text("docs/operator.md"))
    assert named == [Keys(desk.id).dead] * 2


def test_every_picture_is_small_and_shown_in_a_guide() -> None:
    pictures = {f"pictures/{path.name}": path.stat().st_size for path in (ROOT / "docs" / "pictures").glob("*.png")}
    shown = set(re.findall(r"\((?:docs/)?(pictures/[\w.-]+)\)", "".join(map(text, (*PAGES, "README.md")))))
    assert shown == set(pictures)
    assert [name for name, size in pictures.items() if size > PICTURE_BYTES_MAX] == []


@pytest.mark.parametrize("page", PAGES)
def test_vietnamese_is_written_with_composed_marks(page: str) -> None:
    assert unicodedata.is_normalized("NFC", text(page))


def test_the_operators_table_explains_every_state_of_the_desk() -> None:
    states = get_args(get_type_hints(health._status)["return"])
    assert len(states) > 3
    table = text("docs/operator.md").split("### What `/healthz/desk` says")[1].split("###")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == ["status", *states]


@pytest.mark.parametrize("guide", ["docs/tenant.md", "docs/operator.md"])
def test_every_metric_that_is_named_is_on_the_page(guide: str) -> None:
    telemetry = Telemetry()
    named = set(re.findall(r"\b(desk_[a-z_]+)\b", text(guide)))
    page = telemetry.page().decode()
    assert named != set()
    assert [name for name in named if f"# HELP {name}" not in page] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_every_setting_that_is_named_exists(guide: str) -> None:
    named = set(re.findall(r"`(?:export )?((?:MICROSOFT|DESK|MAIL|REDIS|BOT)_[A-Z_]+)\b", text(guide)))
    known = {name.upper() for name in Settings.model_fields} | {"DESK_FILES"}
    assert [name for name in named - known if not any(setting.startswith(name) for setting in known)] == []
