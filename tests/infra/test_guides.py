"""The guides are true where a machine can tell: links, commands, metrics, states, settings, scripts."""

import re
import unicodedata
from typing import get_args, get_type_hints

import pytest

from bot.config.load import load_book
from bot.desk.orders import read_order
from bot.settings import Settings
from bot.sla.instants import MINUTE
from bot.store.keys import Keys
from bot.telemetry import Telemetry
from bot.text.formats import span
from bot.text.phrases import phrases
from bot.web import health
from tests.infra.tools import ROOT

GUIDES = ("docs/tenant.md", "docs/operator.md", "infra/README.md", "manifest/README.md")
PAGES = ("docs/khach-hang.md", "docs/ky-su.md", "docs/quan-ly.md")
PICTURE_BYTES_MAX = 150_000


def text(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", [*GUIDES, *PAGES])
def test_links_and_named_scripts_lead_somewhere(guide: str) -> None:
    folder = (ROOT / guide).parent
    links = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", text(guide))
    assert links != []
    assert [link for link in links if not (folder / link).exists()] == []
    scripts = re.findall(r"(infra/scripts/[\w.-]+\.sh)", text(guide))
    assert [script for script in scripts if not (ROOT / script).exists()] == []


def test_every_command_that_the_guides_tell_to_type_is_understood() -> None:
    taught = re.findall(r"`@Trực Ban ([^`]+)`", text("docs/tenant.md"))
    in_english = re.findall(r"`@Trực Ban [^`]+` \(`([^`]+)`\)", text("docs/tenant.md"))
    assert (len(taught), len(in_english)) == (4, 4)
    assert [read_order(command) for command in taught] == [read_order(command) for command in in_english]
    assert all(order is not None and order.what in ("bind", "unbind") for order in map(read_order, taught))


def test_every_command_that_the_engineers_page_teaches_is_understood() -> None:
    taught = re.findall(r"`@Trực Ban ([^`]+)`", text("docs/ky-su.md"))
    orders = [read_order(command) for command in taught]
    assert len(taught) > 3
    assert [order.what for order in orders if order] == ["bind", "bind", "bind", "unbind", "help"]
    assert [order.role for order in orders if order][:3] == ["desk", "managers", "customer"]


def test_the_buttons_that_the_engineers_page_explains_are_on_the_card() -> None:
    words = phrases("vi").cards
    explained = set(re.findall(r"\*\*([^*]+)\*\*", text("docs/ky-su.md")))
    buttons = {
        words.button_acknowledge, words.button_keep, words.button_resolve, words.button_note, words.button_classify,
        words.button_reclassify, words.button_pause, words.button_resume, words.button_reopen,
    }  # fmt: skip
    assert buttons - explained == set()


def test_the_engineers_table_holds_the_policys_minutes() -> None:
    policy = load_book(ROOT / "infra" / "desk", frozenset({"mail"}))[0].policy
    rows = {
        name: [cell.removesuffix(" làm việc") for cell in re.findall(r"(?<=\| )[^|]+?(?= \|)", line)[1:]]
        for line in text("docs/ky-su.md").splitlines()
        for name in ("Giữ được", "Nhắc trước khi hết", "Chưa ai nhận thì nhắc lại mỗi")
        if line.startswith(f"| {name} |")
    }
    ladders = [policy.priorities[name].ladder for name in ("P1", "P2", "P3", "P4")]
    assert rows == {
        "Giữ được": [span("vi", policy.ack_lasts(name)) if name == "P4" else minutes(policy.ack_lasts(name))
                     for name in ("P1", "P2", "P3", "P4")],
        "Nhắc trước khi hết": [minutes(ladder.ack_warning or 0) for ladder in ladders],
        "Chưa ai nhận thì nhắc lại mỗi": [
            minutes(ladder.repeat_every) if ladder.repeat_every else "–" for ladder in ladders
        ],
    }  # fmt: skip


def minutes(length: int) -> str:
    return f"{length // MINUTE} phút"


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
