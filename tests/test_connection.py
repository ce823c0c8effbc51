"""Many migrators, dead migrators, tables in use: what happens to the database."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from conftest import Project, make_database, rows
from sqlalchemy import NullPool, create_engine, inspect, make_url

CHAIN = 5


def chain(project: Project, pause: float = 0.0) -> None:
    """Write a chain of revisions by hand, with several statements, rows and a pause between two of them each."""
    for n in range(CHAIN):
        project.revision(
            f"r{n}",
            f"r{n - 1}" if n else None,
            f"op.create_table('t{n}', sa.Column('id', sa.Integer(), primary_key=True), sa.Column('x', sa.Integer()))\n"
            f"op.execute('INSERT INTO t{n} (id, x) VALUES (1, 1)')\n"
            f"op.add_column('t{n}', sa.Column('y', sa.Integer()))\n"
            f"time.sleep({pause})\n"
            f"op.execute('UPDATE t{n} SET x = x + 1')\n"
            f"op.create_index('ix{n}', 't{n}', ['x'])",
        )


def assert_whole(url: str) -> None:
    """Every revision was applied, exactly once."""
    assert rows(url, "SELECT version_num FROM alembic_version") == [(f"r{CHAIN - 1}",)]
    for n in range(CHAIN):
        assert rows(url, f"SELECT id, x, y FROM t{n}") == [(1, 2, None)]


def test_eight_migrators_at_once(project: Project, database: str) -> None:
    """All succeed, and each revision is applied once."""
    chain(project)
    migrators = [project.start("alembic", "upgrade", "head", DATABASE_URL=database) for _ in range(8)]
    outputs = [(migrator.communicate()[0], migrator.returncode) for migrator in migrators]
    assert [code for _, code in outputs] == [0] * 8, next(text for text, code in outputs if code)
    assert_whole(database)
    ran = [text.count("Running upgrade") for text, _ in outputs]
    assert sum(ran) == CHAIN


@pytest.mark.parametrize("statements", [3, 4, 13, 15])
def test_a_killed_upgrade_can_be_run_again(project: Project, database: str, statements: int, tmp_path: Path) -> None:
    """Killed after its nth statement, whichever that is: the rerun reaches head and no row is lost or doubled."""
    chain(project)
    project.write("src/PACKAGE/models/killer.py", KILLER)
    died = project.run("alembic", "upgrade", "head", DATABASE_URL=database, KILL_AFTER=str(statements))
    assert died.returncode == -signal.SIGKILL, died.stdout
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    assert_whole(database)
    with create_engine(database, poolclass=NullPool).connect() as connection:
        assert sorted(inspect(connection).get_table_names()) == ["alembic_version", *(f"t{n}" for n in range(CHAIN))]


# Dies without a word right after the nth CREATE, ALTER, INSERT or UPDATE of the revisions.
KILLER = """
import os
import signal

from sqlalchemy import Engine, event

left = int(os.environ.get("KILL_AFTER", 0))


@event.listens_for(Engine, "after_cursor_execute")
def count(connection, cursor, statement, *_):
    global left
    if statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE") and "alembic_version" not in statement:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""
