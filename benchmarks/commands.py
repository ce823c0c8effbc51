"""What the library adds to the start of a command."""

import sys
from collections.abc import Iterator
from pathlib import Path

from .measuring import Figure, ratio, run
from .projects import generated, plain

IMPORTS = "from alembic_proof import connect, database_url, options, require_head"  # all of it, not the lazy package


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the ratios for `alembic current` and for the import."""
    ours, theirs = generated(directory, 2), plain(directory, 2)
    for project in (ours, theirs):
        run("alembic", "revision", "--autogenerate", "-m", "first", cwd=project)
        run("alembic", "upgrade", "head", cwd=project)
    yield ratio(
        "alembic current / in a plain project",
        1.15,
        lambda _: run("alembic", "current", cwd=ours),
        lambda _: run("alembic", "current", cwd=theirs),
        runs,
        times,
    )
    yield ratio(
        "import alembic_proof / import alembic",
        1.1,
        lambda _: run(sys.executable, "-c", "import alembic_proof", cwd=directory),
        lambda _: run(sys.executable, "-c", "import alembic", cwd=directory),
        runs,
        times,
    )
    yield ratio(
        "import of every public name / import of what an env.py of alembic init imports",
        1.25,
        lambda _: run(sys.executable, "-c", IMPORTS, cwd=directory),
        lambda _: run(sys.executable, "-c", "import alembic.config, alembic.command, sqlalchemy.orm", cwd=directory),
        runs,
        times,
    )
