"""A downgrade that asks a person, and those of a project's own tests, which are not asked."""

from __future__ import annotations

import os
import pty
import re
from contextlib import suppress

import pytest
from support.databases import rows
from support.project import Project

REVISION = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"


@pytest.fixture
def seeded(project: Project) -> Project:
    """A project at its one revision, with a row."""
    project.revision("r1", None, REVISION, "op.drop_table('t')")
    project.alembic("upgrade head")
    rows(f"sqlite:///{project.path}/shop.db", "INSERT INTO t VALUES (1)")
    return project


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), ("n\n", False), ("\x04", False)])
def test_on_a_terminal_it_asks(seeded: Project, typed: str, goes_on: bool) -> None:
    """Ctrl-D is no answer, and ends it. While it waits, the table is free."""
    database = f"sqlite:///{seeded.path}/shop.db"
    ours, theirs = pty.openpty()
    running = seeded.start("alembic", "downgrade", "-1", stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    said = ""
    with suppress(OSError):  # the terminal is closed by the last process on it
        while part := os.read(ours, 4096).decode(errors="replace"):
            is_asked = "[y/N]" in said
            said += part
            if "[y/N]" in said and not is_asked:
                rows(database, "INSERT INTO t VALUES (2)")
                os.write(ours, typed.encode())
    os.close(ours)
    assert "This downgrade drops t, which has 1 row. Go on? [y/N]" in said
    assert (running.wait() == 0) is goes_on, said
    assert ("othing was changed." in said) is not goes_on
    assert "Traceback" not in said
    assert rows(database, "SELECT version_num FROM alembic_version") == ([] if goes_on else [("r1",)])


def test_without_a_terminal_it_stops(seeded: Project) -> None:
    """In a sentence, before anything is changed."""
    done = seeded.run("alembic", "downgrade", "-1")
    assert done.returncode != 0
    assert "This downgrade drops t, which has 1 row. Go on?\n    -x allow-drop=t  that is meant\n" in done.stdout
    assert "\n    alembic -x allow-drop=t downgrade -1\nNothing was changed." in done.stdout
    assert "Running downgrade" not in done.stdout
    assert "Traceback" not in done.stdout
    seeded.ok("alembic", "-x", "allow-drop=t", "downgrade", "-1")


def test_seeded_rows_do_not_stop_the_projects_own_tests(project: Project) -> None:
    """They, and the doctor, go up and down on databases of their own."""
    project.alembic("revision --autogenerate -m first --rev-id r1")
    seed = "INSERT INTO author (id, name) VALUES (7, 'seed')"
    upgrade = f'op.execute("DELETE FROM author WHERE id = 7")\nop.execute("{seed}")'
    project.revision("r2", "r1", upgrade, "op.execute('DELETE FROM author WHERE id = 8')")
    said = project.ok("pytest", "-q", "tests/test_migrations.py")
    assert re.search(r"^\d+ passed", said, re.MULTILINE)
    assert "failed" not in said
