"""`./bench calendar` runs, and would tell if a library answered otherwise. No time is judged here."""

import json
from typing import Any

import pytest

from tests.bench import calendar as bench
from tests.bench._working_time import Plan, Question
from tests.harness.example_desk import DESK_FILES
from tests.rules.files_at_hand import CHANNELS, at


def test_ours_alone_is_measured_and_the_medians_stand_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    bench.main(["--alone", "--rounds", "2", "--inputs", "3", "--seconds", "0"])
    lines = capsys.readouterr().out.splitlines()
    figures = [json.loads(line) for line in lines if line.startswith("{")]
    kinds = {(f["calendar"], f["op"], f["zone"]) for f in figures if "zone" in f}
    assert len(kinds) == 2 * 3 * 3
    assert sum("zone" in f for f in figures) == 2 * len(kinds)
    assert [f["due_with_pauses"] for f in figures if "us" in f] == [20, 20]
    assert sum(line.startswith(("office ", "around_the_clock ")) for line in lines) == len(kinds)


class Library(bench.Others):
    """Answers what it is told to, without a process."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def order(self, contender: str, question: Question, zone: str, **more: float) -> dict[str, Any]:
        return self.answers[contender]


def test_an_answer_that_is_not_ours_is_listed_with_its_first_example(capsys: pytest.CaptureFixture[str]) -> None:
    book = bench.load_book(DESK_FILES, CHANNELS)[0]
    plan = Plan("office", ((480, 720), (780, 1020)), tuple(range(6)), ("2026-04-30",))
    ours = {"office": bench.Ours(bench.calendar_of_plan(plan, book))}
    start = at("2026-04-29T16:00")
    question = Question(plan, "add", [(start, 1000), (start, 2 * 3_600_000)])
    right = at("2026-05-01T09:00")
    library = Library(
        {
            "businesstimedelta": {"ms": [start + 1000, right + 5000]},
            "opening-hours-py": {"ms": [start + 1000, right]},
            "business-duration": {"cannot": True},
        }
    )
    assert bench.compare({"a question": question}, ours, library) == [
        "businesstimedelta  a question: 1 of 2 differ, up to 5.000 s off"
    ]
    told = json.loads(capsys.readouterr().out)
    assert (told["asked"], told["different"], told["off_max_ms"]) == (2, 1, 5000)
    assert told["first"]["ours_ms"] == right
