"""The guides are true where a machine can tell: links, commands, metrics, states, settings, scripts."""

import re
from typing import get_args, get_type_hints

import pytest

from bot.desk.orders import read_order
from bot.settings import Settings
from bot.telemetry import Telemetry
from bot.web import health
from tests.infra.tools import ROOT

GUIDES = ("docs/tenant.md", "docs/operator.md", "infra/README.md", "manifest/README.md")


def text(guide: str) -> str:
    return (ROOT / guide).read_text(encoding="utf-8")


@pytest.mark.parametrize("guide", GUIDES)
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
