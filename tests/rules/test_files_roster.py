"""The roster's file: shifts, rotations, overrides and absences of people and places that are not there."""

from pathlib import Path

import pytest

from tests.harness.example_desk import ExampleDesk, write_example_desk
from tests.rules.files_at_hand import edit, errors_of


@pytest.fixture
def desk(tmp_path: Path) -> ExampleDesk:
    return write_example_desk(tmp_path / "desk")


TURNS = 'every: 1w, handover: "09:00", since: 2026-01-05'
SPAN = "since: 2026-01-05, until: 2026-01-06"


@pytest.mark.parametrize(
    ("key", "entry", "message"),
    [
        ("rotations", f"level: L3, people: [an.lee], {TURNS}", "not among the people"),
        ("rotations", f"level: L3, people: [an.le], {TURNS}", "an.le, who is of level L2 and never on it"),
        ("rotations", f"level: L2, team: software, people: [an.le], {TURNS}", "an.le, who is of team teamx and never"),
        ("rotations", f"level: L9, people: [dung.vo], {TURNS}", "level 'L9'"),
        ("rotations", f"level: L2, team: x, people: [an.le], {TURNS}", "team 'x'"),
        ("rotations", f"level: L3, people: [], {TURNS}", "at least 1 item"),
        ("rotations", f"level: L3, people: [dung.vo], {TURNS.replace('1w', 'week')}", "length of a turn"),
        ("rotations", f"level: L3, people: [dung.vo], {TURNS.replace('09:00', '9:00')}", "not a time of day"),
        ("overrides", f"people: [x], instead_of: dung.vo, {SPAN}", "names 'x'"),
        ("overrides", f"people: [an.le], instead_of: x, {SPAN}", "instead of 'x'"),
        ("overrides", f"people: [an.le], level: L9, {SPAN}", "level 'L9'"),
        ("overrides", f"people: [an.le], level: L2, team: x, {SPAN}", "team 'x'"),
        ("overrides", f"people: [an.le], {SPAN}", "one of the two"),
        ("overrides", "people: [an.le], level: L2, since: 2026-01-05, until: 2026-01-04", "comes before"),
        ("absences", f"person: x, {SPAN}", "'x' is absent"),
        ("absences", "person: an.le, since: 2026-01-05 12:00, until: 2026-01-05 12:00", "comes before"),
        ("absences", "person: an.le, since: 2026-01-05", "'until' is missing"),
    ],
)
def test_a_fault_of_the_roster_is_told_with_its_line(key: str, entry: str, message: str, desk: ExampleDesk) -> None:
    line = edit(desk.folder, "roster.yaml", "shifts:", f"{key}:\n  - {{ {entry} }}\nshifts:") + 1
    found = [fault for fault in errors_of(desk.folder) if message in fault.message]
    assert [(fault.file, fault.line) for fault in found] == [("roster.yaml", line)], errors_of(desk.folder)


def test_a_shift_of_a_team_names_people_of_that_team(desk: ExampleDesk) -> None:
    line = edit(desk.folder, "roster.yaml", "shifts:", "shifts:\n  - { level: L2, team: software, people: [an.le] }")
    assert [(fault.line, "of team teamx" in fault.message) for fault in errors_of(desk.folder)] == [(line + 1, True)]
