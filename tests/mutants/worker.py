"""Try faults on the tests that run their lines: `python -m tests.mutants.worker fast|fresh|trace`.

`trace` notes for each test which lines of the rules it runs. `fast` collects the tests once and gives each fault to a
forked child, by exchanging the code of the one function that it is in. That can miss a fault whose work was done and
kept before the fork, so what survives is tried again `fresh`: by a child that imports everything with the fault in it.
Faults come as lines of JSON on stdin; what became of each goes to stdout.
"""

import contextlib
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import hypothesis
import pytest

from tests.mutants.faults import ROOT, TESTS, modules

QUIET = ["-q", "-p", "no:cacheprovider", "-m", "not long", "--no-header", "--no-summary", "--capture=no"]
QUIET += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # this module imports hypothesis before pytest does
MEMORY_MAX = 3 * 1024**3
LEAST_S, FACTOR = 20.0, 4.0
"""A child may take so many times longer than its tests did when they were traced, but never less than this."""


@dataclass(frozen=True)
class Trial:
    """A fault and the tests that might notice it, the quickest first. Without a source it is no fault."""

    id: str
    module: str
    inside: str
    source: str
    tests: tuple[str, ...]
    expected_s: float


def trials() -> Iterator[Trial]:
    for line in sys.stdin:
        fields = json.loads(line)
        yield Trial(**{**fields, "tests": tuple(fields["tests"])})


def tell(what: dict[str, object]) -> None:
    print(json.dumps(what), file=_TOLD, flush=True)


def in_child(work: Callable[[], int], seconds: float) -> str:
    """Return `survived`, `killed` or `timeout`: what a forked child came to."""
    child = os.fork()
    if child == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
            code = work()
        finally:
            os._exit(code)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return {0: "survived", 9: "unfit"}.get(os.waitstatus_to_exitcode(status), "killed")
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


class Stop:
    """Ends the child at the first test that notices, and says which it was."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            tell({"id": self.trial.id, "noticed_by": report.nodeid})
            os._exit(1)


class Fast:
    """Hands the collected tests to a child per fault instead of running them."""

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        by_name = {item.nodeid: item for item in session.items}
        for trial in trials():
            chosen = [by_name[name] for name in trial.tests if name in by_name]

            def work(trial: Trial = trial, chosen: Sequence[pytest.Item] = chosen) -> int:
                if trial.source and not exchange(trial):
                    return 9
                session.config.pluginmanager.register(Stop(trial))
                for item, following in zip(chosen, [*chosen[1:], None], strict=True):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                return 0

            tell({"id": trial.id, "outcome": in_child(work, max(LEAST_S, FACTOR * trial.expected_s))})
        return True


def exchange(trial: Trial) -> bool:
    """Give the function that a fault is in its faulty code; False if the fault is not in a function's own code."""
    function = _function(sys.modules[_name(trial.module)], trial.inside)
    if function is None:
        return False
    faulty = _code(compile(trial.source, str(ROOT / trial.module), "exec", dont_inherit=True), function.__qualname__)
    if faulty is None or faulty == function.__code__ or faulty.co_freevars != function.__code__.co_freevars:
        return False
    function.__code__ = faulty
    return True


def _function(holder: ModuleType | type, inside: str) -> FunctionType | None:
    """Return the outermost function on the way to a place such as `Reading.used`."""
    found: Any = holder
    for part in filter(None, inside.split(".")):
        found = vars(found).get(part) if isinstance(found, ModuleType | type) else None
        for name in ("fget", "func", "wrapped", "__func__", "__wrapped__"):
            found = getattr(found, name, found) if not isinstance(found, FunctionType | type) else found
        while isinstance(found, FunctionType) and hasattr(found, "__wrapped__"):
            found = found.__wrapped__
        if isinstance(found, FunctionType):
            return found
    return None


def _code(code: CodeType, qualname: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_qualname == qualname:
                return constant
            inner = _code(constant, qualname)
            if inner is not None:
                return inner
    return None


def _name(module: str) -> str:
    return module.removesuffix(".py").replace("/", ".")


class Faulty(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports one module from a source of its own."""

    def __init__(self, trial: Trial) -> None:
        self.name, self.trial = _name(trial.module), trial

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=str(ROOT / self.trial.module))

    def get_source(self, fullname: str) -> str:
        return self.trial.source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.trial.source, str(ROOT / self.trial.module), "exec", dont_inherit=True)


def fresh() -> None:
    """Import the product anew with each fault in it."""
    for trial in trials():

        def work(trial: Trial = trial) -> int:
            if trial.source:
                sys.meta_path.insert(0, Faulty(trial))
            return 0 if pytest.main([*QUIET, *trial.tests], plugins=[Stop(trial)]) == pytest.ExitCode.OK else 1

        tell({"id": trial.id, "outcome": in_child(work, max(LEAST_S, FACTOR * trial.expected_s))})


class Trace:
    """Notes for each test how long it took and which lines of the rules it ran."""

    def __init__(self, modules: Sequence[str]) -> None:
        self.modules = {str(ROOT / module): module for module in modules}
        self.lines: dict[str, set[int]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.lines = {}
        started = time.monotonic()
        sys.settrace(self._called)
        try:
            yield
        finally:
            sys.settrace(None)
            lines = {module: sorted(numbers) for module, numbers in self.lines.items()}
            tell({"test": item.nodeid, "seconds": time.monotonic() - started, "lines": lines})

    def _called(self, frame: FrameType, event: str, arg: object) -> Any:
        module = self.modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        seen = self.lines.setdefault(module, set())
        seen.add(frame.f_lineno)
        return functools.partial(self._stepped, seen)

    def _stepped(self, seen: set[int], frame: FrameType, event: str, arg: object) -> Any:
        seen.add(frame.f_lineno)
        return functools.partial(self._stepped, seen)


if __name__ == "__main__":
    _TOLD = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutants")
    with contextlib.chdir(ROOT):
        if sys.argv[1] == "fresh":
            fresh()
        elif sys.argv[1] == "fast":
            pytest.main([*QUIET, TESTS], plugins=[Fast()])
        else:
            pytest.main([*QUIET, *sys.argv[2:]], plugins=[Trace(modules())])
