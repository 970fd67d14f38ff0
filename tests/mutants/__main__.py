"""Put faults into the rules of clock and ladder and see whether the tests notice.

`python -m tests.mutants` tries every fault; `--module bot/sla/clock.py` one module's, `--sample 200 --seed 3` some.
Survivors are printed with their fault; one that is no fault at all belongs in justified.toml, with the reason.
"""

import argparse
import difflib
import json
import random
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mutants.faults import CACHE, ROOT, TESTS, Mutant, digest, in_a_copy, modules, mutants_of

JUSTIFIED = Path(__file__).with_name("justified.toml")
_NO_FAULT = "no fault"
LONGEST_S = 90.0
"""Of the tests that run a line the quickest are tried, up to so much time of theirs."""


@dataclass(frozen=True)
class Covered:
    """Which tests run which lines, and how long they take."""

    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[int, frozenset[str]]]
    """By module and line."""

    def tests(self, mutant: Mutant) -> list[str]:
        """Return the tests that run a mutant's lines, the quickest first."""
        by_line = self.lines.get(mutant.module, {})
        runs_in_a_function = any(line in by_line for line in range(mutant.first, mutant.last + 1))
        lines = range(mutant.first, mutant.last + 1) if runs_in_a_function else by_line
        found = set[str]().union(*(by_line.get(line, frozenset()) for line in lines))
        return sorted(found, key=lambda name: (self.seconds[name], name))


def main() -> int:
    """Try faults and print what became of them; 1 if one survived that nobody justified."""
    given = _arguments()
    code = in_a_copy(sys.argv[1:])
    if code is not None:
        return code
    mutants = [mutant for module in given.module or modules() for mutant in mutants_of(module)]
    if given.sample is not None and given.sample < len(mutants):
        mutants = random.Random(given.seed).sample(mutants, given.sample)
    covered = trace()
    outcomes = {mutant.id: "survived" for mutant in mutants if not covered.tests(mutant)}
    tried = [mutant for mutant in mutants if mutant.id not in outcomes]
    print(f"{len(mutants)} faults, {len(outcomes)} of them in lines that no test runs", file=sys.stderr, flush=True)
    outcomes |= _try("fast", tried, covered, given.workers)
    again = [mutant for mutant in tried if outcomes.get(mutant.id, "unfit") in ("survived", "unfit")]
    print(f"{len(again)} faults are tried afresh", file=sys.stderr, flush=True)
    outcomes |= _try("fresh", again, covered, given.workers)
    return report(mutants, outcomes, whole=given.sample is None and not given.module)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--module", action="append", help="a module such as bot/sla/clock.py; may be given again")
    parser.add_argument("--sample", type=int, help="so many faults, chosen at random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


def trace() -> Covered:
    """Return which tests run which lines; a file of tests is traced again when it, a helper or a rule has changed."""
    tests = sorted((ROOT / TESTS).glob("test_*.py"))
    helpers = [path for path in sorted((ROOT / TESTS).rglob("*.py")) if path not in tests]
    shared = digest([*(ROOT / name for name in modules()), *helpers, Path(__file__).with_name("worker.py")])
    kept = {path.relative_to(ROOT).as_posix(): CACHE / f"covered-{shared}-{digest([path])}.jsonl" for path in tests}
    missing = [name for name, file in kept.items() if not file.exists()]
    if missing:
        print(f"noting which lines {len(missing)} files of tests run …", file=sys.stderr, flush=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        told = list(_worker("trace", missing, ""))
        if not told:
            raise RuntimeError("no test was traced: do the tests of the rules run without any fault?")
        for name in missing:
            kept[name].write_text("".join(line for line in told if json.loads(line)["test"].startswith(f"{name}::")))
    seconds: dict[str, float] = {}
    lines: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for test in (json.loads(line) for file in kept.values() for line in file.read_text().splitlines()):
        seconds[test["test"]] = test["seconds"]
        for module, numbers in test["lines"].items():
            for number in numbers:
                lines[module][number].add(test["test"])
    return Covered(seconds, {m: {n: frozenset(tests) for n, tests in of.items()} for m, of in lines.items()})


def _try(how: str, mutants: list[Mutant], covered: Covered, workers: int) -> dict[str, str]:
    """Return what became of each fault."""
    trials = [_trial(mutant, covered) for mutant in mutants]
    shares = ["\n".join(map(json.dumps, trials[n::workers])) for n in range(min(workers, len(trials)))]
    if shares:
        shares[0] = f"{json.dumps(_no_fault(trials, covered))}\n{shares[0]}"
    outcomes: dict[str, str] = {}
    noticed: dict[str, str] = {}

    def work(share: str) -> None:
        for line in _worker(how, [], share):
            told = json.loads(line)
            if "noticed_by" in told:
                noticed[told["id"]] = told["noticed_by"]
                continue
            outcomes[told["id"]] = told["outcome"]
            if told["id"] == _NO_FAULT and told["outcome"] != "survived":
                why = noticed.get(_NO_FAULT, told["outcome"])
                raise RuntimeError(f"a test fails without any fault, so that nothing is proved ({how}): {why}")

    with ThreadPoolExecutor(max_workers=workers) as threads:
        list(threads.map(work, shares))
    outcomes.pop(_NO_FAULT, None)
    if len(outcomes) < len(trials):
        raise RuntimeError(f"{len(trials) - len(outcomes)} faults were not tried")
    return outcomes


def _no_fault(trials: list[dict[str, Any]], covered: Covered) -> dict[str, Any]:
    """Return a trial of no fault at all, which every test must survive."""
    tests = sorted({name for trial in trials for name in trial["tests"]})
    return {"id": _NO_FAULT, "module": "", "inside": "", "source": "",
            "tests": tests, "expected_s": sum(covered.seconds[name] for name in tests)}  # fmt: skip


def _trial(mutant: Mutant, covered: Covered) -> dict[str, Any]:
    chosen: list[str] = []
    spent = 0.0
    for name in covered.tests(mutant):
        if chosen and spent + covered.seconds[name] > LONGEST_S:
            break
        chosen.append(name)
        spent += covered.seconds[name]
    return {"id": mutant.id, "module": mutant.module, "inside": mutant.inside, "source": mutant.source,
            "tests": chosen, "expected_s": spent}  # fmt: skip


def _worker(how: str, arguments: Iterable[str], given: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.mutants.worker", how, *arguments]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        with ThreadPoolExecutor(max_workers=1) as writer:
            writer.submit(lambda: (process.stdin.write(given), process.stdin.close()))  # type: ignore[union-attr]
            yield from process.stdout


def report(mutants: list[Mutant], outcomes: Mapping[str, str], *, whole: bool) -> int:
    """Print survivors and the score of each module; return 1 if somebody has to look."""
    justified = {entry["id"]: entry for entry in tomllib.loads(JUSTIFIED.read_text("utf-8")).get("survivor", [])}
    survivors = [mutant for mutant in mutants if outcomes[mutant.id] == "survived"]
    open_ones = [mutant for mutant in survivors if mutant.id not in justified]
    for mutant in open_ones:
        print(f"\n{mutant.id} survived in {mutant.module}, {mutant.inside or 'top'}:\n{diff(mutant)}")
    counts = {module: Counter(_fate(m, outcomes, justified) for m in mutants if m.module == module)
              for module in dict.fromkeys(mutant.module for mutant in mutants)}  # fmt: skip
    print(f"\n{'module':<32}{'faults':>8}{'killed':>8}{'timeout':>9}{'justified':>11}{'open':>6}{'score':>8}")
    for module, count in [*counts.items(), ("all", Counter[str]())]:
        row = count or sum(counts.values(), Counter[str]())
        faults = row.total()
        score = 100 * (faults - row["survived"] - row["justified"]) / faults if faults else 100.0
        print(f"{module:<32}{faults:>8}{row['killed']:>8}{row['timeout']:>9}{row['justified']:>11}"
              f"{row['survived']:>6}{score:>7.1f}%")  # fmt: skip
    stale = sorted(set(justified) - {mutant.id for mutant in survivors}) if whole else []
    if stale:
        print(f"\njustified, but killed or gone: {', '.join(stale)}")
    return 1 if open_ones or stale else 0


def _fate(mutant: Mutant, outcomes: Mapping[str, str], justified: Mapping[str, object]) -> str:
    outcome = outcomes[mutant.id]
    return "justified" if outcome == "survived" and mutant.id in justified else outcome


def diff(mutant: Mutant) -> str:
    """Return a fault as the lines that it changes."""
    was = (ROOT / mutant.module).read_text(encoding="utf-8").splitlines()
    lines = list(difflib.unified_diff(was, mutant.source.splitlines(), n=0, lineterm=""))[2:]
    return "\n".join(f"  {line}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
