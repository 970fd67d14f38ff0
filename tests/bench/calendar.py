"""Working time: ours beside three libraries on the same calendars, in one run; and a deadline with 20 pauses.

Everybody answers the same inputs first, and where an answer differs from ours that is listed. Then all are timed in
turns, round by round, on inputs that are aware datetimes in UTC and in the desk's zone: the desk's own promises
(16 working hours; 30, 90 and 180 minutes around the clock), anything up to ten working days, and up to 14 days to
measure. The libraries live in a venv of their own under .cache/, made at the first run from the package index that
pip is set up for. Without one, fill a folder elsewhere with `pip download` of the pins below and set PIP_NO_INDEX=1
PIP_FIND_LINKS=FOLDER, or measure --alone.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import venv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from bot.config.load import load_book
from bot.sla.book import Book
from bot.sla.calendar import Calendar
from bot.sla.clock import ClockEvent, read_clock
from bot.sla.days import GivenDays, Year
from bot.sla.instants import from_datetime, to_datetime
from bot.sla.policy import Hours
from bot.sla.shapes import WEEKDAYS
from tests.bench._working_time import DAY, HOUR, MINUTE, ZONE, Plan, Question, ask, aware, draw, since_epoch, timed

ROOT = Path(__file__).parents[2]
PINS = ("businesstimedelta==1.0.1", "opening-hours-py==2.1.4", "business-duration==0.68")
NAMES = tuple(pin.split("==")[0] for pin in PINS)
ZONES: Mapping[str, tzinfo] = {"utc": UTC, "desk": ZoneInfo(ZONE)}
YEARS = range(2025, 2028)
PAUSES = 20
GOALS = {"businesstimedelta": 500, "opening-hours-py": 30}
"""How many times as fast ours should be."""

Figures: TypeAlias = dict[tuple[str, str, str, str], list[float]]
"""Answers a second, round by round, by calendar, operation, zone and contender."""


class Ours:
    """The desk's calendar, with aware datetimes at its edges."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def moment(self, instant: int, zone: tzinfo) -> datetime:
        return aware(instant, zone)

    def span(self, ms: int) -> int:
        return ms

    def add(self, moment: datetime, span: int) -> datetime:
        return to_datetime(self._calendar.add(from_datetime(moment), span))

    def between(self, start: datetime, end: datetime) -> int:
        return self._calendar.between(from_datetime(start), from_datetime(end))

    def ms(self, answer: Any) -> int:
        return since_epoch(answer) if isinstance(answer, datetime) else answer


class OursBare(Ours):
    """The same without edges: integers in, integers out, as the rules of the desk use it."""

    def moment(self, instant: int, zone: tzinfo) -> Any:
        return instant

    def add(self, moment: Any, span: int) -> Any:
        return self._calendar.add(moment, span)

    def between(self, start: Any, end: Any) -> int:
        return self._calendar.between(start, end)


@dataclass
class Others:
    """The libraries, in a process of their own."""

    process: subprocess.Popen[str]

    def order(self, contender: str, question: Question, zone: str, **more: float) -> dict[str, Any]:
        order = {"contender": contender, "op": question.op, "inputs": question.inputs, "zone": zone, **more}
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps({"plan": asdict(question.plan), **order}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: the process of the libraries ended at {contender} {question.op}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def plans(book: Book) -> tuple[Plan, Plan, Plan]:
    """Return the desk's two calendars with the days of its files, and one with night shifts."""
    days = [day for number in YEARS for day in book.days.year(number).days]
    closed = tuple(day.date.isoformat() for day in days)
    tet = tuple(day.date.isoformat() for day in days if day.kind == "tet")
    week = tuple(range(7))
    return (
        Plan("office", ((480, 720), (780, 1020)), week[:6], closed),
        Plan("around_the_clock", ((0, 1440),), week, tet),
        Plan("nights", ((1320, 360),), week),
    )


def calendar_of_plan(plan: Plan, book: Book) -> Calendar:
    """Return our calendar of a plan, from the same dates as everybody's."""
    weekly = {WEEKDAYS[number]: plan.windows for number in plan.weekdays}
    dates = plan.dates()
    years = {
        number: Year(status="reviewed", days=tuple(d for d in book.days.year(number).days if d.date in dates))
        for number in YEARS
    }
    return Calendar(Hours(weekly=weekly, closed_on=("tet", "holiday")), ZoneInfo(ZONE), GivenDays(years, plan.name))


def asked_of(plan: Plan, book: Book, options: argparse.Namespace) -> Iterator[Question]:
    """Yield what is timed on a calendar."""
    targets = [promise.target for promise in book.policy.priorities.values() if promise.hours == plan.name]
    kinds: tuple[tuple[str, str, Callable[[random.Random], int]], ...] = (
        ("add", "add promise", lambda rng: rng.choice(targets)),
        ("add", "add <=80h", lambda rng: rng.randrange(MINUTE, 80 * HOUR, 1000)),
        ("between", "between", lambda rng: rng.randrange(MINUTE, 14 * DAY, 1000)),
    )
    for op, label, second in kinds:
        inputs = draw(options.seed, options.inputs, second)
        if op == "between":
            inputs = [(start, start + length) for start, length in inputs]
        yield Question(plan, op, inputs, label)


def traps(office: Plan, nights: Plan) -> dict[str, Question]:
    """Return inputs at which calendars go wrong, by what is special about them."""
    monday, evening = _at("2026-03-09T08:00"), _at("2026-03-09T23:00")
    return {
        "an end before the start is no time": Question(office, "between", [(monday + 2 * HOUR, monday)]),
        "16 hours end at closing": Question(office, "add", [(monday, 16 * HOUR)]),
        "a start in the lunch break": Question(office, "add", [(monday + 270 * MINUTE, HOUR)]),
        "over the five days of Tet": Question(office, "add", [(_at("2026-02-14T16:00"), 2 * HOUR)]),
        "nothing to add while closed": Question(office, "add", [(monday - HOUR, 0)]),
        "a night shift from its evening": Question(nights, "add", [(evening, 8 * HOUR)]),
        "a night shift from its morning": Question(nights, "add", [(evening + 3 * HOUR, HOUR)]),
        "a night, measured": Question(nights, "between", [(evening, evening + 10 * HOUR)]),
        "the second half of a night, measured": Question(nights, "between", [(evening + 3 * HOUR, evening + 4 * HOUR)]),
    }


def compare(questions: Mapping[str, Question], ours: Mapping[str, Ours], others: Others) -> list[str]:
    """Print where each contender's answers are not ours, as JSON; returns them as lines to read."""
    lines = []
    for name, question in questions.items():
        expected = [_answer(ours[question.plan.name], question.op, pair) for pair in question.inputs]
        for contender in NAMES:
            answered = others.order(contender, question, "desk")
            if "cannot" in answered:
                continue
            pairs = zip(question.inputs, expected, answered["ms"], strict=True)
            found = [(pair, want, got) for pair, want, got in pairs if want != got]
            if not found:
                continue
            off = [abs(got - want) for _, want, got in found if isinstance(got, int)]
            (start, second), want, got = found[0]
            told = {
                "question": name,
                "contender": contender,
                "asked": len(expected),
                "different": len(found),
                "off_max_ms": max(off, default=None),
                "first": {"start": _iso(start), "span_or_end_ms": second, "ours_ms": want, "theirs_ms": got},
            }
            print(json.dumps(told), flush=True)
            worst = f"up to {max(off) / 1000:,.3f} s off" if off else str(got)
            lines.append(f"{contender:18} {name}: {len(found)} of {len(expected)} differ, {worst}")
    return lines


def measure(
    questions: Mapping[str, Question], ours: Mapping[str, Ours], others: Others | None, options: argparse.Namespace
) -> Figures:
    """Time everybody in turns, in another order each round."""
    figures: Figures = defaultdict(list)
    turns = [(name, zone) for name in ("ours", *(NAMES if others else ())) for zone in ZONES] + [("ours", "bare")]
    rng = random.Random(options.seed)
    for number in range(options.rounds):
        for question in questions.values():
            for contender, zone in rng.sample(turns, len(turns)):
                if contender == "ours":
                    mine = ours[question.plan.name]
                    asked = OursBare(mine._calendar) if zone == "bare" else mine
                    run = ask(asked, question.op, question.inputs, ZONES.get(zone, UTC))
                    answers, took = timed(run, options.seconds)
                else:
                    assert others
                    told = others.order(contender, question, zone, seconds=options.seconds)
                    if "cannot" in told:
                        continue
                    answers, took = told["answers"], told["took_s"]
                key = (question.plan.name, question.label, zone, contender)
                figures[key].append(answers / took)
                line = dict(zip(("calendar", "op", "zone", "contender"), key, strict=True))
                print(json.dumps({"round": number, **line, "answers_per_s": round(answers / took)}), flush=True)
    return figures


def table(figures: Figures) -> Iterator[str]:
    """Yield the medians, and how many times as fast ours is by the median of the rounds' ratios."""
    yield f"{'calendar':17}{'op':13}{'moments':9}{'ours /s':>12}" + "".join(f"{name + ' /s':>30}" for name in NAMES)
    for (calendar, op, zone, contender), mine in figures.items():
        if contender != "ours":
            continue
        cells = []
        for name in NAMES:
            theirs = figures.get((calendar, op, zone, name))
            ratio = [a / b for a, b in zip(mine, theirs, strict=True)] if theirs else []
            goal = GOALS.get(name) if calendar == "office" else None
            mark = "" if not goal or not ratio else " ok" if statistics.median(ratio) >= goal else " !!"
            text = f"{statistics.median(theirs):,.0f}  {statistics.median(ratio):,.0f}x{mark}" if theirs else "-"
            cells.append(f"{text:>30}")
        yield f"{calendar:17}{op:13}{zone:9}{statistics.median(mine):>12,.0f}" + "".join(cells)
    yield "ok, !!: the office's goal of " + ", ".join(f"{goal}x {name}" for name, goal in GOALS.items())


def histories(seed: int, count: int) -> list[tuple[ClockEvent, ...]]:
    """Return clocks of P4 with 20 pauses that have ended, some in closed hours, and a deadline still ahead."""
    rng = random.Random(seed)
    found = []
    for _ in range(count):
        at = _at("2026-03-09T08:00") + rng.randrange(0, 200 * DAY, 1000)
        events = [ClockEvent(at=at, kind="start", priority="P4")]
        for number in range(1, PAUSES + 1):
            at += rng.randrange(MINUTE, 40 * MINUTE, 1000)
            events.append(ClockEvent(at=at, kind="pause", pause=number, reason="third_party"))
            at += rng.randrange(MINUTE, 30 * HOUR, 1000)
            events.append(ClockEvent(at=at, kind="resume", pause=number))
        found.append(tuple(events))
    return found


def deadlines(book: Book, options: argparse.Namespace) -> str:
    """Time the whole derivation of a deadline from its events; returns the line to read."""
    known = histories(options.seed, 50)
    priorities, calendars = book.policy.priorities, book.calendars

    def run() -> list[Any]:
        return [read_clock(events, priorities, calendars).due_at() for events in known]

    if None in run():
        raise AssertionError("a clock whose pauses have ended has a deadline")
    taken = []
    for number in range(options.rounds):
        answers, took = timed(run, options.seconds)
        taken.append(took / answers * 1e6)
        print(json.dumps({"round": number, "due_with_pauses": PAUSES, "us": round(taken[-1], 1)}), flush=True)
    spread = f"{min(taken):.1f}-{max(taken):.1f}"
    median = statistics.median(taken)
    return f"a deadline from {2 * PAUSES + 1} events with {PAUSES} pauses: {median:.1f} us ({spread}); goal 100"


@contextmanager
def libraries() -> Iterator[Others]:
    """Yield the process of the libraries, with the venv made if it is not there."""
    folder = ROOT / ".cache" / "bench-calendar"
    ready, python = folder / "pins.txt", folder / "bin" / "python"
    if not ready.is_file() or ready.read_text() != "\n".join(PINS):
        print(f"bench: installing {', '.join(PINS)} into {folder.relative_to(ROOT)}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", *PINS]
        if subprocess.run(pip, check=False, stdout=sys.stderr).returncode:
            raise SystemExit(
                "bench: pip could not install the libraries (see above). Without a package index, fill a folder\n"
                f"elsewhere with `pip download {' '.join(PINS)}` and run this again\n"
                "with PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER, or measure ours with --alone."
            )
        ready.write_text("\n".join(PINS))
    command = [str(python), "-m", "tests.bench._contenders"]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Others(process)
        assert process.stdin
        process.stdin.close()


def run(options: argparse.Namespace, others: Others | None) -> None:
    """Compare, measure, and print the tables after the JSON lines."""
    book, _ = load_book(ROOT / "infra" / "desk", frozenset({"teams", "mail"}))
    office, around, nights = plans(book)
    ours = {plan.name: Ours(calendar_of_plan(plan, book)) for plan in (office, around, nights)}
    questions = {}
    for plan in (office, around):
        for question in asked_of(plan, book, options):
            questions[f"{options.inputs} inputs, {plan.name}, {question.label}"] = question
    differences = compare(questions | traps(office, nights), ours, others) if others else []
    figures = measure(questions, ours, others, options)
    due = deadlines(book, options)
    print(f"\n{options.rounds} rounds in turns, medians; x = how many times as fast ours is in the same zone")
    print("\n".join(table(figures)))
    print(due)
    if others:
        print("\nwhere answers are not ours:")
        print("\n".join(differences) or "nowhere")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="./bench calendar", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody is timed (5)")
    parser.add_argument("--inputs", type=int, default=200, help="different inputs of each operation (200)")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long each is timed in a round, at least (0.2)")
    parser.add_argument("--seed", type=int, default=1, help="of the inputs and of the turns (1)")
    parser.add_argument("--alone", action="store_true", help="ours only; needs no package index")
    options = parser.parse_args(arguments)
    if options.alone:
        run(options, None)
        return
    with libraries() as others:
        run(options, others)


def _answer(ours: Ours, op: str, pair: tuple[int, int]) -> int:
    run: Callable[[], list[Any]] = ask(ours, op, [pair], UTC)
    return ours.ms(run()[0])


def _at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(f"{text}+07:00"))


def _iso(instant: int) -> str:
    return aware(instant, ZoneInfo(ZONE)).isoformat()
