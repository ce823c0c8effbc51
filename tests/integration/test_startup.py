"""An application that asks for its database when it starts: as a process, beside others."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from support.databases import rows
from support.project import Project

START = "from shop import db; db.require_head({}); print('started')"
# What the process has open: sockets, and an SQLite database.
OPEN = "; import os; print([f for n in os.listdir('/proc/self/fd') for f in [os.path.realpath(f'/proc/self/fd/{n}')]])"


@pytest.fixture
def service(project: Project, database: str) -> Project:
    """A project with two revisions, on each database in turn."""
    project.write(".env", f"DATABASE_URL={database}\n")
    project.revision("r1", None, "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))")
    project.revision("r2", "r1", "op.add_column('t', sa.Column('x', sa.Integer()))", "op.drop_column('t', 'x')")
    return project


def start(project: Project, arguments: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Start an application that needs its database at head."""
    return project.run("python", "-c", START.format(arguments), **variables)


def refused(done: subprocess.CompletedProcess[str], error: str = "DatabaseNotReady") -> str:
    """Return the sentence of an application that did not start: the last line of the traceback."""
    assert done.returncode == 1, done.stdout
    name, _, sentence = done.stdout.strip().splitlines()[-1].partition(": ")
    assert name == f"alembic_proof.errors.{error}", done.stdout
    return sentence


def test_it_holds_nothing(service: Project) -> None:
    """No connection waits in the pool for a fork to share it."""
    service.ok("alembic", "upgrade", "head")
    before = service.ok("python", "-c", "from shop import db" + OPEN)
    after = service.ok("python", "-c", START.format("") + OPEN)
    kept = service.ok("python", "-c", START.format("") + "; db.engine().connect()" + OPEN)
    assert [len(re.findall(r"socket:|\.db'", text)) for text in (before, after, kept)] == [0, 0, 1]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # tests/test_startup.py has the others
def test_behind_and_ahead(service: Project, database: str) -> None:
    """Through the project's own function."""
    service.ok("alembic", "upgrade", "r1")
    assert " is at revision r1, and this release needs r2: run `alembic upgrade head` before" in refused(start(service))
    rows(database, "UPDATE alembic_version SET version_num = 'r3'")
    assert " is at revision r3, which this release does not have" in refused(start(service))
    done = start(service, "or_newer=True")
    assert done.returncode == 0, done.stdout
    assert "taken for that of a newer release." in done.stdout


def test_while_it_is_being_migrated_it_is_behind(service: Project) -> None:
    """It neither waits for the migration nor disturbs it."""
    service.ok("alembic", "upgrade", "head")
    add = "op.add_column('t', sa.Column('y', sa.Integer()))"
    service.revision("r3", "r2", f"{add}\nprint('in it', flush=True)\ninput()")
    migrator = service.start("alembic", "upgrade", "head", stdin=subprocess.PIPE)
    assert migrator.stdout
    while "in it" not in (line := migrator.stdout.readline()):
        assert line, "the migrator has ended"
    assert " is at revision r2, and this release needs r3" in refused(start(service))
    migrator.communicate("\n")
    assert migrator.returncode == 0
    assert start(service).returncode == 0


def test_no_url(project: Project) -> None:
    """What a stranger sees after cloning the project."""
    (project.path / ".env").unlink()
    sentence = refused(start(project), "SettingsError")
    assert f"DATABASE_URL is not set, neither in the environment nor in {project.path / '.env'}: copy .env" in sentence
    done = project.run("alembic", "current")
    assert done.returncode != 0
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout


def test_importing_needs_no_database(project: Project) -> None:
    """Not even a URL."""
    (project.path / ".env").unlink()
    project.ok("python", "-c", "import shop, shop.db, shop.models, shop.settings")
    assert not (project.path / "shop.db").exists()
    assert os.listdir(project.path / "migrations/versions") == [".gitkeep"]
