"""The doctor: its first two stages against `alembic current`, and all of it as a schema grows."""

import sys
from collections.abc import Iterator
from pathlib import Path

from .measuring import Figure, ratio, run
from .projects import generated

SIZES = (100, 300, 1000)
PER_TABLE = 31  # milliseconds for each table or revision


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the ratio, then the milliseconds for each size."""
    project = generated(directory, 2)
    run("alembic", "revision", "--autogenerate", "-m", "first", cwd=project)
    run("alembic", "upgrade", "head", cwd=project)
    yield ratio(
        "doctor, static and probe / alembic current",
        1.3,
        lambda _: examine(project, "--only", "static", "probe"),
        lambda _: run("alembic", "current", cwd=project),
        runs,
        times,
    )
    for tables in SIZES:
        (directory / str(tables)).mkdir()
        project = generated(directory / str(tables), tables)
        revisions = tables // 5
        with_chain(project, revisions)
        plain = run("alembic", "upgrade", "head", cwd=project)
        seconds = examine(project)
        each = 1000 * seconds / (tables + revisions)
        name = f"doctor, milliseconds for each of {tables} tables and {revisions} revisions"
        yield Figure(name, each, PER_TABLE, f"{seconds:.2f} s; alembic upgrade head {plain:.2f} s")


def examine(project: Path, *arguments: str) -> float:
    """Run the doctor on a project that must be sound, and return the seconds that it took."""
    return run(sys.executable, "-m", "alembic_proof", "doctor", *arguments, cwd=project)


def with_chain(project: Path, revisions: int) -> None:
    """Give a project a first revision, then many small ones that alter nothing of what the models describe."""
    run("alembic", "revision", "--autogenerate", "-m", "first", "--rev-id", "r0", cwd=project)
    for n in range(1, revisions):
        (project / f"migrations/versions/r{n}.py").write_text(
            f"from alembic import op\n\nrevision = 'r{n}'\ndown_revision = 'r{n - 1}'\n\n\ndef upgrade() -> None:\n"
            f"    op.execute('UPDATE t{n % 10} SET amount = {n}')\n\n\ndef downgrade() -> None:\n    pass\n"
        )
