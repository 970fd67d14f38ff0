"""The schemas of the desk's files: kept as the models export them, and the shipped files are sound by them."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bot.config.files import read_source, validate
from bot.config.schema import MODELS, print_schema, schema_text
from bot.sla.roster import Roster
from bot.sla.shapes import (
    DURATION_PATTERN,
    SHARE_PATTERN,
    WINDOW_PATTERN,
    parse_duration,
    parse_share,
    parse_window,
    write_duration,
    write_window,
)
from tests.harness.example_desk import DESK_FILES, write_example_desk

SCHEMAS = DESK_FILES / "schemas"
FILES = {
    **{f"{name}.yaml": name for name in ("policy", "desk", "roster", "customers")},
    **{f"calendars/{path.name}": "calendar" for path in sorted((DESK_FILES / "calendars").glob("*.yaml"))},
}


def validator(name: str) -> Draft202012Validator:
    schema = json.loads(schema_text(MODELS[name]))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("name", MODELS)
def test_the_schema_that_is_kept_is_the_one_that_the_model_exports(name: str) -> None:
    kept = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    told = f"changed; python -m bot schema {name} > infra/desk/schemas/{name}.schema.json"
    assert kept == schema_text(MODELS[name]), told


def test_nothing_else_is_kept_among_the_schemas() -> None:
    assert sorted(path.name for path in SCHEMAS.iterdir()) == sorted(f"{name}.schema.json" for name in MODELS)


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_the_desk_is_sound_by_its_schema_and_names_it_for_editors(file: str, tmp_path: Path) -> None:
    write_example_desk(tmp_path)
    for folder in (DESK_FILES, tmp_path):
        errors = [error.message for error in validator(FILES[file]).iter_errors(read_source(folder, file).data)]
        assert errors == []
    first, _ = (DESK_FILES / file).read_text(encoding="utf-8").split("\n", 1)
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert ((DESK_FILES / file).parent / named).resolve() == SCHEMAS / f"{FILES[file]}.schema.json"


ROSTER: dict[str, Any] = {
    "people": [{"id": "an.le", "name": "Lê An", "level": "L2", "did": "028 0000 0000"}],
    "shifts": [{"level": "L2", "people": ["an.le"], "window": "22:00-06:00", "not_on": ["tet"]}],
    "rotations": [{"level": "L2", "people": ["an.le"], "every": "2w", "handover": "09:00", "since": "2026-01-05"}],
    "overrides": [{"people": ["an.le"], "level": "L2", "since": "2026-04-30 08:00", "until": "2026-05-03"}],
    "absences": [{"person": "an.le", "since": "2026-04-30", "until": "2026-05-03T12:00", "reason": "nghỉ phép"}],
}


@pytest.mark.parametrize(
    ("key", "entry"),
    [
        ("shifts", {"window": "8-12"}),
        ("shifts", {"window": [480, 720]}),
        ("shifts", {"only_on": ["sunday"]}),
        ("rotations", {"every": "7"}),
        ("rotations", {"handover": 540}),
        ("rotations", {"hand_over": "09:00"}),
        ("overrides", {"since": "30/04/2026"}),
        ("absences", {"until": "2026-05-03 25:00"}),
        ("people", {"extension": 101}),
    ],
)
def test_an_editor_sees_what_the_desk_would_refuse(key: str, entry: dict[str, Any]) -> None:
    assert validator("roster").is_valid(ROSTER)
    MODELS["roster"].model_validate(ROSTER)
    assert not validator("roster").is_valid(ROSTER | {key: [ROSTER[key][0] | entry]})


EXAMPLES = re.findall(r"```yaml\n(.*?)```", (DESK_FILES / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_examples_of_the_guide_are_sound(tmp_path: Path) -> None:
    told = set()
    for example in EXAMPLES:
        (tmp_path / "roster.yaml").write_text(example, encoding="utf-8")
        source = read_source(tmp_path, "roster.yaml")
        assert validate(source, Roster) is not None, source.faults
        assert [error.message for error in validator("roster").iter_errors(source.data)] == []
        told |= set(source.data)
    assert told == {"shifts", "rotations", "overrides", "absences"}


def written_as(pattern: str) -> st.SearchStrategy[str]:
    return st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)


@given(written_as(DURATION_PATTERN), written_as(SHARE_PATTERN), written_as(WINDOW_PATTERN))
def test_what_a_pattern_takes_can_be_read(duration: str, share: str, window: str) -> None:
    assert parse_duration(duration) >= 0
    assert 0 <= parse_share(share) <= 999
    read = parse_window(window)
    assert isinstance(read, tuple)
    assert parse_window(write_window(read)) == read


@given(st.integers(0, 10**10).map(lambda seconds: seconds * 1000))
def test_a_duration_is_written_as_it_is_read(span: int) -> None:
    assert parse_duration(write_duration(span)) == span
    assert re.fullmatch(DURATION_PATTERN, write_duration(span))


def test_defaults_are_given_as_people_write_them() -> None:
    roster, policy = (json.loads(schema_text(MODELS[name]))["$defs"] for name in ("roster", "policy"))
    assert roster["Shift"]["properties"]["window"]["default"] == "00:00-24:00"
    assert policy["Ladder"]["properties"]["ack_warning"]["default"] == "0m"


def test_the_command_lists_the_schemas_and_prints_one() -> None:
    names, one = io.StringIO(), io.StringIO()
    assert print_schema(None, out=names) == print_schema("desk", out=one) == 0
    assert names.getvalue().split() == list(MODELS)
    assert one.getvalue() == schema_text(MODELS["desk"])
