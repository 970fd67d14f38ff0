"""Every card that can be drawn is a valid Adaptive Card 1.5 that Teams takes."""

import json
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from itertools import product
from typing import Any

import pytest
from jsonschema import Draft6Validator

from bot.cards.draw import draw, summary
from bot.cards.views import BreachView, PageView, StatusView
from bot.ticket.model import Language
from tests.cards import samples

SIZE_MAX = 28_000
VIEWS = samples.views()
SCHEMA = json.loads(files("adaptive_cards").joinpath("schemas/schema-1.5.json").read_text())
VALIDATOR = Draft6Validator(SCHEMA)
AnyView = StatusView | PageView | BreachView


def nodes(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from nodes(value)
    elif isinstance(part, list):
        for value in part:
            yield from nodes(value)


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize(("name", "view", "private"), VIEWS, ids=[name for name, _, _ in VIEWS])
def test_every_card_obeys_the_official_schema(name: str, view: AnyView, private: bool, language: Language) -> None:
    card = draw(view, language, private=private)
    faults = [f"{list(fault.absolute_path)}: {fault.message[:200]}" for fault in VALIDATOR.iter_errors(card)]
    assert faults == []
    assert (card["version"], card["lang"]) == ("1.5", language)


def test_the_schema_check_can_fail() -> None:
    card = draw(samples.page(), "vi")
    card["actions"][0]["fallback"] = "Action.Submit"
    assert not VALIDATOR.is_valid(card)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_button_carries_its_card_and_a_fallback_with_the_same_data(language: Language) -> None:
    for name, view, private in VIEWS:
        for action in nodes(draw(view, language, private=private)):
            if action.get("type") != "Action.Execute":
                continue
            data = action["data"]
            proof = {key: data[key] for key in ("ticket", "slot", "version", "nonce")}
            assert proof == {
                "ticket": view.button.ticket, "slot": view.button.slot,
                "version": view.button.version, "nonce": view.button.nonce,
            }, name  # fmt: skip
            assert data["verb"] == action["verb"]
            assert action["fallback"]["type"] == "Action.Submit"
            assert action["fallback"]["data"] == data


def test_teams_shows_every_button_because_there_are_at_most_six() -> None:
    for name, view, private in VIEWS:
        assert len(draw(view, "vi", private=private).get("actions", [])) <= 6, name


@pytest.mark.parametrize("state", samples.STATES)
def test_teams_shows_every_button_of_every_page(state: Any) -> None:
    """Whoever holds it, whatever stands, whichever page of the menu."""
    parts = product(samples.KINDS, (0, 1, 2), ("", "Trâm"), ((), samples.TWO_PAUSES), (False, True), (False, True))
    for kind, menu, holder, pauses, offered, provisional in parts:
        view = samples.page(
            kind, state, menu=menu, holder=holder, pauses=pauses if state == "waiting" else (), offered=offered,
            provisional=provisional, call_back_owed=offered,
        )  # fmt: skip
        actions = draw(view, "vi")["actions"]
        assert 0 < len(actions) <= 6, (kind, menu, holder, pauses)
        verbs = [action.get("verb") for action in actions]
        assert verbs[-1] == ("refresh" if menu else "more"), "the way back, or the way to the rest, is the last"


def test_inputs_of_one_form_have_different_ids() -> None:
    for name, view, private in VIEWS:
        for form in nodes(draw(view, "vi", private=private)):
            if form.get("type") == "Action.ShowCard":
                ids = [field["id"] for field in form["card"]["body"]]
                assert len(ids) == len(set(ids)), name


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_largest_card_stays_far_below_what_teams_takes(language: Language) -> None:
    long = "ộ*" * 40_000
    view = samples.page(
        "step", company=long, contract_number=long, fqdn=long, requester=long, subject=long, excerpt=long, holder="",
        resolution=long, mentions=tuple((long, f"oid-{n}") for n in range(6)), chased=1,
        word=samples.HANDED_OVER.model_copy(update={"by_name": long, "text": long}),
        pauses=tuple(
            replace(samples.TWO_PAUSES[0], number=n, note=long, reference=long, asked=long + ".", answer=long)
            for n in range(1, 6)
        ),
    )  # fmt: skip
    for card in (
        draw(view, language),
        draw(replace(view, state="waiting", left=None), language),
        draw(replace(view, state="resolved"), language),
        draw(samples.status("resolved", details=samples.StatusDetails(long, long, long, "", long)), language),
        draw(samples.breach("resolved", company=long, subject=long, resolution=long), language),
    ):
        assert len(json.dumps(card)) < SIZE_MAX
    assert len(summary(view, language)) < 300


def test_no_card_refreshes_itself_for_everybody() -> None:
    for _, view, private in VIEWS:
        refresh = draw(view, "vi", private=private).get("refresh")
        assert refresh is None or 0 < len(refresh["userIds"]) <= 60
