"""Measure everything, or what is named: ``python -m benchmarks [generation commands ...] [--runs 5] [--times 3]``.

Run it on a quiet machine, with the interpreter of an environment that has the development dependencies. PostgreSQL and
MariaDB are measured where TEST_POSTGRESQL_URL and TEST_MYSQL_URL name a database. Exits with 1 where a figure is over
its limit.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from . import autogenerate, commands, doctor, fleet, generation, rows, serving

SUBJECTS = {
    "generation": generation.measure,
    "commands": commands.measure,
    "autogenerate": autogenerate.measure,
    "doctor": doctor.measure,
    "rows": rows.measure,
    "fleet": fleet.measure,
    "serving": serving.measure,
}


def main() -> int:
    """Print a line for each figure; return 1 where one is over its limit."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=f"of {', '.join(SUBJECTS)}; default: all")
    parser.add_argument("--runs", type=int, default=5, help="of each side of a ratio; the best counts")
    parser.add_argument("--times", type=int, default=1, help="to measure each figure; the one in the middle counts")
    arguments = parser.parse_args()
    if unknown := set(arguments.subjects) - set(SUBJECTS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(SUBJECTS)}")
    over = 0
    for subject in arguments.subjects or SUBJECTS:
        with tempfile.TemporaryDirectory() as directory:
            for figure in SUBJECTS[subject](Path(directory), arguments.runs, arguments.times):
                print(figure, flush=True)
                over += figure.over
    print(f"{over} over their limits")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
