"""Run many random pairs: ``python -m tests.machine --database postgresql --pairs 2000 --seed 7``.

Prints each way in which pairs failed as soon as it is known, and later the smallest pair that fails so. Several may run
at once, with other seeds. Ctrl-C or SIGTERM ends it after the pair that is being tried, with the summary, and drops its
databases; a second one at once.
"""

from __future__ import annotations

import argparse
import logging
import math
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "src")]

from support.databases import DATABASES, make_database  # noqa: E402

from machine.bench import Bench  # noqa: E402
from machine.findings import ALL, Until, search  # noqa: E402


@contextmanager
def bench(kind: str) -> Iterator[Bench]:
    """Make a bench and two databases for it; they are dropped afterwards."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as place:
        directory = Path(place)
        with make_database(kind, directory) as work, make_database(kind, directory) as other:
            made = Bench(directory, kind, work, other)
            try:
                yield made
            finally:
                made.close()


def stopping(until: Until) -> None:
    """Let signals end the search: the first one after a pair, the second one at once.

    An exception that a handler raises can get lost where it comes, in hypothesis for one, so the first raises none.
    """

    def stop(number: int, _: object) -> None:
        until.stop()
        signal.signal(number, signal.default_int_handler)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def main() -> int:
    """Run, report, and return 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--database", choices=DATABASES, required=True)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=math.inf, help="the most that it takes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="rounds of the seed to pass over")
    parser.add_argument("--only", default="", help="the changes and features to use, separated by commas")
    parser.add_argument("--without", default="", help="those not to use; all are: " + ", ".join(sorted(ALL)))
    parser.add_argument("--no-shrink", action="store_true")
    arguments = parser.parse_args()
    only, without = (frozenset(filter(None, text.split(","))) for text in (arguments.only, arguments.without))
    if unknown := (only | without) - ALL:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    allowed = (only or ALL) - without
    until = Until(60 * arguments.minutes)
    stopping(until)
    sys.stdin = open("/dev/null")  # noqa: SIM115
    unasked = logging.getLogger("alembic.autogenerate.expressions")  # why a database could not be asked
    unasked.setLevel(logging.DEBUG)
    unasked.addHandler(logging.StreamHandler())
    unasked.propagate = False
    with bench(arguments.database) as made:
        start = time.monotonic()
        tell = partial(print, flush=True)
        tell(f"{arguments.database}: from seed {arguments.seed} on")
        shrink, seed = not arguments.no_shrink, arguments.seed
        result = search(made, arguments.pairs, seed, allowed, tell, shrink, until, arguments.skip)
        seconds = time.monotonic() - start
        findings = sorted(result.findings.values(), key=lambda finding: -finding.count)
    failed = sum(finding.count for finding in findings)
    print(f"{arguments.database}: {result.pairs} pairs from seed {arguments.seed} in {seconds:.0f} s, {failed} failed")
    print("limits:", ", ".join(f"{name} {count}" for name, count in result.limits.most_common()) or "none")
    print("changes:", ", ".join(f"{name} {count}" for name, count in sorted(result.changes.items())))
    for finding in findings:
        print(f"{finding.count:6} {finding.signature}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
