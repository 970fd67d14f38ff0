"""Journey B with two replicas, of which one is killed at every request to the store or to Teams: nobody is not told.

What a request is, and how another run finds it again, says `points`. Each point is tried in both modes: the
request is not delivered and its maker dies; it is delivered and its maker dies before the reply. In half of the
runs the victim is started again after the survivor took over, in the other half the survivor goes on alone.
"""

import os
import random
import secrets
from collections import Counter
from itertools import groupby, zip_longest

import pytest

from tests.faults.matrix import Outcome, every_point, play
from tests.faults.points import MODES, Mode, Point
from tests.harness.servers import Engine

_SAMPLE = 14
_SAMPLE_ON_REDIS = 300
_STAGES = 3
_STAGES_OF_FULL = 5
_REACHED_LEAST = 0.5
"""Runs differ in how often a lost race is decided again or a connection is made, so a late point may not come."""


@pytest.mark.asyncio
@pytest.mark.timeout(300)
async def test_a_replica_killed_at_any_request_loses_no_page() -> None:
    seed = os.environ.get("DESK_FAULT_SEED") or secrets.token_hex(4)
    print(f"DESK_FAULT_SEED={seed}")
    aims = _mixed(await every_point("valkey"), random.Random(seed))[:_SAMPLE]
    _judge(await play("valkey", aims, stages=_STAGES), f"DESK_FAULT_SEED={seed}")


@pytest.mark.long
@pytest.mark.asyncio
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ["valkey", "redis"])
async def test_a_replica_killed_at_every_request_loses_no_page(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    points = await every_point(engine)
    aims = [(point, mode) for point in points for mode in MODES]
    if engine == "redis":
        aims = _mixed(points, random.Random(engine))[:_SAMPLE_ON_REDIS]
    outcomes = await play(engine, aims, stages=_STAGES_OF_FULL)
    with capsys.disabled():
        print(f"\n{engine}: {len(aims)} of {len(points) * len(MODES)} points and modes\n{_table(outcomes)}")
    _judge(outcomes, engine)


def _mixed(points: list[Point], chance: random.Random) -> list[tuple[Point, Mode]]:
    """Return all points in both modes, in random order, but each kind of request in turn: many only read."""
    aims = [(point, mode) for point in points for mode in MODES]
    chance.shuffle(aims)
    by_kind = [list(group) for _, group in groupby(sorted(aims, key=_kind), key=_kind)]
    chance.shuffle(by_kind)
    return [aim for row in zip_longest(*by_kind) for aim in row if aim is not None]


def _kind(aim: tuple[Point, Mode]) -> str:
    return aim[0].kind


def _judge(outcomes: list[Outcome], what: str) -> None:
    bad = [str(outcome) for outcome in outcomes if outcome.lost or outcome.faults]
    assert not bad, "\n".join([what, *bad])
    reached = sum(outcome.killed for outcome in outcomes)
    assert reached >= _REACHED_LEAST * len(outcomes), f"{what}: only {reached} of {len(outcomes)} points came"


def _table(outcomes: list[Outcome]) -> str:
    """Return what came of the runs, a line per mode and kind of request."""
    lines = [f"{'':16} {'request':20} {'runs':>5} {'killed':>6} {'due':>6} {'came':>6} {'lost':>5} {'twice':>5}"]
    rows: dict[tuple[str, str], Counter[str]] = {}
    for outcome in outcomes:
        assert outcome.aim is not None
        counted = Counter(
            runs=1,
            killed=int(outcome.killed),
            due=outcome.expected,
            came=outcome.arrived,
            lost=len(outcome.lost),
            twice=len(outcome.twice),
        )
        for key in ((outcome.mode, outcome.aim.kind), ("sum", "")):
            rows.setdefault(key, Counter()).update(counted)
    for (mode, kind), row in sorted(rows.items()):
        lines.append(
            f"{mode:16} {kind:20} {row['runs']:5} {row['killed']:6} {row['due']:6} {row['came']:6}"
            f" {row['lost']:5} {row['twice']:5}"
        )
    return "\n".join(lines)
