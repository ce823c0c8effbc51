"""How long the generated project's test of its revisions on tables with rows takes, beside the plain way up and down.

Whole processes: ``pytest tests/test_rows.py`` against ``alembic upgrade head`` and ``downgrade base`` on the same
chain, the two sides in turn, the best of several runs of each. SQLite, or the server that TEST_DATABASE_URL names. Run
it with the interpreter of an environment that has the development dependencies:
``python benchmarks/rows.py [--runs 3] [--revisions 100] [--tables 50]``.
"""

import argparse
import os
import sys
import tempfile
import uuid
from pathlib import Path

from generate import our_project, ratio, run
from sqlalchemy import NullPool, create_engine, make_url

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


def with_chain(project: Path, revisions: int, tables: int) -> None:
    """Give a project a chain of revisions: each makes a table, then each adds a column to one."""
    for n in range(revisions):
        text = HEAD.format(n=n, before=f"r{n - 1:03}" if n else None)
        body = (CREATE if n < tables else ALTER).format(n=n % tables, parent=max(n - 1, 0))
        (project / f"migrations/versions/r{n:03}.py").write_text(text + body)


def plain(project: Path) -> float:
    """Go up and down as people do, on a database that is new, and return the seconds of the two commands."""
    up, down = ["alembic", "upgrade", "head"], ["alembic", "downgrade", "base"]
    named = os.environ.get("TEST_DATABASE_URL")
    if named is None:
        (project / ".env").write_text("DATABASE_URL=sqlite:///plain.db\n")
        (project / "plain.db").unlink(missing_ok=True)
        return run(*up, cwd=project) + run(*down, cwd=project)
    name = f"plain_{uuid.uuid4().hex[:12]}"
    url = make_url(named).set(database=name).render_as_string(hide_password=False)
    (project / ".env").write_text(f"DATABASE_URL={url}\n")
    with create_engine(named, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as server:
        server.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            return run(*up, cwd=project) + run(*down, cwd=project)
        finally:
            server.exec_driver_sql(f"DROP DATABASE {name}")


def tested(project: Path) -> float:
    """Run the test, which must pass, and return the seconds that it took."""
    named = os.environ.get("TEST_DATABASE_URL")
    variables = [f"TEST_DATABASE_URL={named}"] if named else []
    return run(
        "env", *variables, sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider",
        "tests/test_rows.py",
        cwd=project,
    )  # fmt: skip


def main() -> None:
    """Measure, and print a line for the ratio with its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--revisions", type=int, default=100)
    parser.add_argument("--tables", type=int, default=50)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        project = our_project(Path(directory), 2)
        with_chain(project, arguments.revisions, arguments.tables)
        best, base, times = ratio(lambda _: tested(project), lambda _: plain(project), arguments.runs)
        what = f"{arguments.revisions} revisions and {arguments.tables} tables"
        print(f"{times:5.2f}  rows test / plain up and down (4.0), {what}: {best:.2f} s / {base:.2f} s")


if __name__ == "__main__":
    main()
