"""How long the doctor takes: its first two stages against `alembic current`, and all of it as a schema grows.

Whole processes; the two sides of the ratio in turn, the best of several runs of each. Run it with the interpreter of an
environment that has the development dependencies: ``python benchmarks/doctor.py [--runs 5] [--sizes 10 100 1000]``.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from generate import our_project, ratio, run


def examine(project: Path, *arguments: str) -> float:
    """Run the doctor on a project that must be sound, and return the seconds that it took."""
    return run(sys.executable, project / "src/ours/db/doctor.py", *arguments, cwd=project)


def with_chain(project: Path, revisions: int) -> None:
    """Give a project a first revision, then many small ones that alter nothing of what the models describe."""
    run("alembic", "revision", "--autogenerate", "-m", "first", "--rev-id", "r0", cwd=project)
    for n in range(1, revisions):
        (project / f"migrations/versions/r{n}.py").write_text(
            f"from alembic import op\n\nrevision = 'r{n}'\ndown_revision = 'r{n - 1}'\n\n\ndef upgrade() -> None:\n"
            f"    op.execute('UPDATE t{n % 10} SET amount = {n}')\n\n\ndef downgrade() -> None:\n    pass\n"
        )


def main() -> None:
    """Measure, and print a line for the ratio with its limit, then a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 300, 1000])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        project = our_project(Path(directory), 2)
        run("alembic", "upgrade", "head", cwd=project)
        best, base, times = ratio(
            lambda _: examine(project, "--only", "static", "probe"),
            lambda _: run("alembic", "current", cwd=project),
            arguments.runs,
        )
        print(f"{times:5.2f}  static and probe / alembic current (1.3): {best:.2f} s / {base:.2f} s")
        for tables in arguments.sizes:
            (Path(directory) / str(tables)).mkdir()
            project = our_project(Path(directory) / str(tables), tables)
            revisions = max(tables // 5, 2)
            with_chain(project, revisions)
            plain = run("alembic", "upgrade", "head", cwd=project)
            seconds = examine(project)
            work = tables + revisions
            print(
                f"{seconds / plain:5.2f}  the whole / alembic upgrade head, {tables} tables and {revisions} revisions: "
                f"{seconds:.2f} s / {plain:.2f} s; {1000 * seconds / work:.1f} ms for each table or revision"
            )


if __name__ == "__main__":
    main()
