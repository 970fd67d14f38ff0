"""Random lives of a ticket: `decide` pages as somebody would who looks at the ticket every half minute.

Another seed: HISTORIES_SEED=7 ./test tests/rules/test_lives.py.
"""

import multiprocessing
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

import pytest

from bot.ticket import paging
from tests.rules.ladder import book
from tests.rules.oracle.lives import disagreements, life
from tests.rules.oracle.paging import Watched

SEED = int(os.environ.get("HISTORIES_SEED", "1"))
SAMPLE = 80
ALL = 3_000
CHUNK = 250


def test_a_sample_of_random_lives_is_paged_as_if_somebody_looked_all_the_time() -> None:
    different = disagreements(SEED, range(SAMPLE))
    assert not different, "\n".join(different[:2])


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_thousands_of_random_lives_are_paged_as_if_somebody_looked_all_the_time() -> None:
    chunks = [range(n, n + CHUNK) for n in range(0, ALL, CHUNK)]
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as processes:
        different = list(chain.from_iterable(processes.map(disagreements, [SEED] * len(chunks), chunks)))
    print(f"{ALL} lives of seed {SEED}: {len(different)} disagree")
    assert not different, "\n".join(different[:3])


def test_the_lives_are_worth_comparing() -> None:
    """Every kind of page and of act, and refusals, come often enough to be compared."""
    seen: Counter[str] = Counter()
    for number in range(150):
        watched = Watched(life(SEED, number), book().policy).watch()
        seen.update({kind for _, kind, _ in watched.told})
        seen.update({act.kind for act in watched.done})
        seen["refused"] += bool(watched.refused)
    kinds = ("step", "repeat", "after_breach", "triage", "ack_warning", "information", "chase", "escalated")
    rare = {what: seen[what] for what in (*kinds, *seen) if seen[what] < 8}
    assert not rare, rare


def test_a_ladder_that_forgets_a_rung_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    climb = paging.climb  # type: ignore[attr-defined]

    def forgetful(*given: object) -> object:
        climbed = climb(*given)  # type: ignore[arg-type]
        return type(climbed)(climbed.rungs[:1], *list(vars(climbed).values())[1:])

    monkeypatch.setattr(paging, "climb", forgetful)
    told = disagreements(SEED, range(4))
    assert told
    assert "only watched" in told[0]
