"""The doctor: its first two stages against `alembic current`, and all of it as a schema grows."""

import sys
from collections.abc import Iterator
from pathlib import Path

from .measuring import Figure, ratio, run, server_database, servers
from .projects import generated

SIZES = (100, 300, 1000)
PER_TABLE = 20  # milliseconds for each table or revision
ON_SERVER = (50, 250, 8)  # tables, revisions and seconds, with PostgreSQL


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield the ratio, then the milliseconds for each size, then the seconds with a server."""
    project = generated(directory, 2)
    run("alembic", "revision", "--autogenerate", "-m", "first", cwd=project)
    run("alembic", "upgrade", "head", cwd=project)
    yield ratio(
        "doctor, static and probe / alembic current",
        1.0,
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
    if server := servers().get("PostgreSQL"):
        yield on_server(directory, server)


def on_server(directory: Path, server: str) -> Figure:
    """Return the seconds for a project on PostgreSQL that has many revisions."""
    tables, revisions, limit = ON_SERVER
    (directory / "server").mkdir()
    project = generated(directory / "server", tables)
    with server_database(server) as url:
        variables = {"DATABASE_URL": url, "TEST_DATABASE_URL": server}
        with_chain(project, revisions, **variables)
        plain = run("alembic", "upgrade", "head", cwd=project, **variables)
        seconds = examine(project, **variables)
    name = f"doctor, seconds for {tables} tables and {revisions} revisions on PostgreSQL"
    return Figure(name, seconds, limit, f"alembic upgrade head {plain:.2f} s")


def examine(project: Path, *arguments: str, **variables: str) -> float:
    """Run the doctor on a project that must be sound, and return the seconds that it took."""
    return run(sys.executable, "-m", "alembic_proof", "doctor", *arguments, cwd=project, **variables)


def with_chain(project: Path, revisions: int, **variables: str) -> None:
    """Give a project a first revision, then many small ones that alter nothing of what the models describe."""
    run("alembic", "revision", "--autogenerate", "-m", "first", "--rev-id", "r0", cwd=project, **variables)
    for n in range(1, revisions):
        (project / f"migrations/versions/r{n}.py").write_text(
            f"from alembic import op\n\nrevision = 'r{n}'\ndown_revision = 'r{n - 1}'\n\n\ndef upgrade() -> None:\n"
            f"    op.execute('UPDATE t{n % 10} SET amount = {n}')\n\n\ndef downgrade() -> None:\n    pass\n"
        )
