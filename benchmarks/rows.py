"""The test of every revision on tables with rows, beside the plain way up and down of the same chain."""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .measuring import Figure, Side, ratio, run, server_database, servers
from .projects import generated

REVISIONS, TABLES = 150, 50
FEWER = 75  # a revision among so many takes as long
HEAD = """\
import sqlalchemy as sa
from alembic import op

revision = "r{n:03}"
down_revision = {before!r}


"""
CREATE = """\
def upgrade() -> None:
    op.create_table(
        "t{n}",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(50), nullable=False, unique=True),
        sa.Column("amount", sa.Numeric(8, 2)),
        sa.CheckConstraint("amount > 0", name="positive"),
        sa.Column("parent_id", sa.Integer, sa.ForeignKey("t{parent}.id", name="fk_t{n}"), index=True),
    )


def downgrade() -> None:
    op.drop_table("t{n}")
"""
ALTER = """\
def upgrade() -> None:
    op.add_column("t{n}", sa.Column("note", sa.String(30)))


def downgrade() -> None:
    op.drop_column("t{n}", "note")
"""


def measure(directory: Path, runs: int, times: int) -> Iterator[Figure]:
    """Yield two ratios for each kind of database: to the plain way, and of a revision among many to one among fewer."""
    (directory / "fewer").mkdir()
    project, fewer = generated(directory, 2), generated(directory / "fewer", 2)
    with_chain(project, REVISIONS)
    with_chain(fewer, FEWER)
    for kind, server in {"SQLite": "", **servers()}.items():
        runs = min(runs, 3)
        name = f"rows test / plain up and down, {kind}, {REVISIONS} revisions and {TABLES} tables"
        yield ratio(name, 3.0, partial(tested, project, server), partial(plain, project, server), runs, times)
        name = f"rows test, a revision of {REVISIONS} / a revision of {FEWER}, {kind}"
        yield ratio(name, 1.2, each(project, server, REVISIONS), each(fewer, server, FEWER), runs, times)


def with_chain(project: Path, revisions: int) -> None:
    """Give a project a chain of revisions: each makes a table, then each adds a column to one."""
    for n in range(revisions):
        text = HEAD.format(n=n, before=f"r{n - 1:03}" if n else None)
        body = (CREATE if n < TABLES else ALTER).format(n=n % TABLES, parent=max(n - 1, 0))
        body = body.replace("note", f"note{n // TABLES}")
        (project / f"migrations/versions/r{n:03}.py").write_text(text + body)


def plain(project: Path, server: str, _: int) -> float:
    """Go up and down as people do, on a database that is new, and return the seconds of the two commands."""
    if server:
        with server_database(server) as url:
            return up_and_down(project, url)
    (project / "plain.db").unlink(missing_ok=True)
    return up_and_down(project, f"sqlite:///{project}/plain.db")


def up_and_down(project: Path, url: str) -> float:
    """Return the seconds of the two commands on a database."""
    commands = (["alembic", "upgrade", "head"], ["alembic", "downgrade", "base"])
    return sum(run(*command, cwd=project, DATABASE_URL=url) for command in commands)


def each(project: Path, server: str, revisions: int) -> Side:
    """Return the side of a ratio that is the seconds of one revision, without those of a test that runs nothing."""
    return lambda n: (tested(project, server, n) - pytest_of(project, server, "single_head")) / revisions


def tested(project: Path, server: str, _: int) -> float:
    """Run the test, which must pass, and return the seconds that it took."""
    return pytest_of(project, server, "rows")


def pytest_of(project: Path, server: str, which: str) -> float:
    """Run some of the tests of a project's migrations, and return the seconds that they took."""
    variables = {"TEST_DATABASE_URL": server} if server else {}
    plug_ins = ["-p", "no:cacheprovider", "-p", "alembic_proof.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", *plug_ins, "tests/test_migrations.py", "-k", which]
    return run(*command, cwd=project, **variables)
