"""Faults in the rules are noticed: a sample of them here, all of them by `python -m tests.mutants`."""

import subprocess
import sys
import tomllib

import pytest

from tests.mutants.__main__ import JUSTIFIED
from tests.mutants.faults import ROOT

SAMPLE = 250


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_no_fault_of_a_sample_survives_unless_it_is_justified() -> None:
    command = [sys.executable, "-m", "tests.mutants", "--sample", str(SAMPLE)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout


def test_every_justified_fault_says_what_it_is_and_why_it_is_none() -> None:
    entries = tomllib.loads(JUSTIFIED.read_text("utf-8")).get("survivor", [])
    assert [entry for entry in entries if {*entry} != {"id", "module", "fault", "reason"}] == []
    assert [entry["id"] for entry in entries if not all(value.strip() for value in entry.values())] == []
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert [entry["module"] for entry in entries if not (ROOT / entry["module"]).is_file()] == []
