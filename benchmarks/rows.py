"""The test of every revision on tables with rows, beside the plain way up and down of the same chain."""

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .measuring import Figure, ratio, run, server_database
from .projects import generated

REVISIONS, TABLES = 100, 50
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
    """Yield the ratio on SQLite, and on PostgreSQL if it is named."""
    project = generated(directory, 2)
    with_chain(project)
    servers = {"SQLite": "", "PostgreSQL": os.environ.get("TEST_POSTGRESQL_URL", "")}
    for kind, server in servers.items():
        if server or kind == "SQLite":
            name = f"rows test / plain up and down, {kind}, {REVISIONS} revisions and {TABLES} tables"
            ours, theirs = partial(tested, project, server), partial(plain, project, server)
            yield ratio(name, 4.0, ours, theirs, min(runs, 3), times)


def with_chain(project: Path) -> None:
    """Give a project a chain of revisions: each makes a table, then each adds a column to one."""
    for n in range(REVISIONS):
        text = HEAD.format(n=n, before=f"r{n - 1:03}" if n else None)
        body = (CREATE if n < TABLES else ALTER).format(n=n % TABLES, parent=max(n - 1, 0))
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


def tested(project: Path, server: str, _: int) -> float:
    """Run the test, which must pass, and return the seconds that it took."""
    variables = {"TEST_DATABASE_URL": server} if server else {}
    plug_ins = ["-p", "no:cacheprovider", "-p", "alembic_proof.testing.plugin"]
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", *plug_ins, "tests/test_migrations.py", "-k", "rows"]
    return run(*command, cwd=project, **variables)
