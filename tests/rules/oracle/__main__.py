"""Compare random histories by hand: `python -m tests.rules.oracle --count 20000 --seed 7`, or one: `--only 4711`."""

import argparse

from tests.rules.oracle.compare import case, failing

parser = argparse.ArgumentParser(prog="python -m tests.rules.oracle", description=__doc__)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--count", type=int, default=2_000)
parser.add_argument("--only", type=int, help="this one history, as a case to read")
given = parser.parse_args()
if given.only is not None:
    print(case(given.seed, given.only))
else:
    bad = failing(given.seed, range(given.count))
    print(f"{given.count} histories of seed {given.seed}: {len(bad)} disagree {bad[:20]}")
    print("\n\n".join(case(given.seed, number) for number in bad[:5]))
