"""A downgrade that asks a person, and those of a project's own tests, which are not asked."""

from __future__ import annotations

import os
import pty
import re
import subprocess

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


def until(running: subprocess.Popen[str], words: str) -> str:
    """Read the output of a process until it has said something."""
    assert running.stdout
    said = ""
    while words not in said:
        letter = running.stdout.read(1)
        assert letter, said
        said += letter
    return said


@pytest.mark.parametrize(("typed", "goes_on"), [("y\n", True), ("n\n", False), ("\x04", False)])
def test_on_a_terminal_it_asks(seeded: Project, typed: str, goes_on: bool) -> None:
    """Ctrl-D is no. While it waits, the table is free."""
    database = f"sqlite:///{seeded.path}/shop.db"
    ours, theirs = pty.openpty()
    running = seeded.start("alembic", "downgrade", "-1", stdin=theirs)
    assert "This downgrade drops t, which has 1 row. Go on? [y/N]" in until(running, "[y/N]")
    rows(database, "INSERT INTO t VALUES (2)")
    os.write(ours, typed.encode())
    said = running.communicate()[0]
    assert (running.returncode == 0) is goes_on, said
    assert ("Nothing was changed." in said) is not goes_on
    assert "Traceback" not in said
    assert rows(database, "SELECT version_num FROM alembic_version") == ([] if goes_on else [("r1",)])


def test_without_a_terminal_it_stops(seeded: Project) -> None:
    """In a sentence, before anything is changed."""
    done = seeded.run("alembic", "downgrade", "-1")
    assert done.returncode != 0
    assert "This downgrade drops t, which has 1 row. If that is meant, say -x allow-drop=t for each" in done.stdout
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
