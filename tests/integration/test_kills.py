"""A migration that is killed, wherever it is, can be run again."""

from __future__ import annotations

import signal

import pytest
from support.chains import CHAIN, assert_whole, chain
from support.databases import schema
from support.project import Project

# Dies without a word at the nth CREATE, ALTER, INSERT or UPDATE of the revisions.
KILLER = """
import os
import signal

from sqlalchemy import Engine, event

left = int(os.environ.get("KILL_AT", 0))


@event.listens_for(Engine, os.environ.get("KILL_WHEN", "after_cursor_execute"))
def count(connection, cursor, statement, *_):
    global left
    if statement.split()[0] in ("CREATE", "ALTER", "INSERT", "UPDATE") and "alembic_" not in statement:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(
    ("when", "statement"), [("before", 3), ("after", 3), ("after", 4), ("before", 13), ("after", 15)]
)
def test_a_killed_upgrade_can_be_run_again(project: Project, database: str, when: str, statement: int) -> None:
    """At whichever statement: the rerun reaches head and no row is lost or doubled.

    tests/migrate/test_journal.py has the places inside of the journal.
    """
    chain(project)
    project.write("src/PACKAGE/models/killer.py", KILLER)
    variables = {"KILL_AT": str(statement), "KILL_WHEN": f"{when}_cursor_execute"}
    died = project.run("alembic", "upgrade", "head", DATABASE_URL=database, **variables)
    assert died.returncode == -signal.SIGKILL, died.stdout
    project.ok("alembic", "upgrade", "head", DATABASE_URL=database)
    assert_whole(database)
    assert sorted(schema(database)) == ["alembic_version", *(f"t{n}" for n in range(CHAIN))]
