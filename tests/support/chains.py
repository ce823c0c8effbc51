"""A chain of revisions, each with several statements and rows, and whether a database has all of it."""

from __future__ import annotations

from .databases import rows
from .project import Project

CHAIN = 5


def chain(project: Project) -> None:
    """Write the chain by hand."""
    for n in range(CHAIN):
        project.revision(
            f"r{n}",
            f"r{n - 1}" if n else None,
            f"op.create_table('t{n}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
            f"op.execute('INSERT INTO t{n} (id, x) VALUES (1, 1)')\n"
            f"op.add_column('t{n}', sa.Column('y', sa.Integer()))\n"
            f"op.execute('UPDATE t{n} SET x = x + 1')\n"
            f"op.create_index('ix{n}', 't{n}', ['x'])",
        )


def assert_whole(url: str) -> None:
    """Every revision was applied, exactly once."""
    assert rows(url, "SELECT version_num FROM alembic_version") == [(f"r{CHAIN - 1}",)]
    for n in range(CHAIN):
        assert rows(url, f"SELECT id, x, y FROM t{n}") == [(1, 2, None)]
