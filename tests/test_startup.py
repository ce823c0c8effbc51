"""What an application hears when it starts on a database that is not at head, and what the check leaves behind."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import BIN, Project, rows

START = "from shop import db; db.require_head({}); print('started')"
# After the check, what the process has open: sockets, and an SQLite database.
OPEN = "; import os; print([f for n in os.listdir('/proc/self/fd') for f in [os.path.realpath(f'/proc/self/fd/{n}')]])"
PASSED_ON = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}


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


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the sentence of an application that did not start: the last line of the traceback."""
    assert done.returncode == 1, done.stdout
    name, _, sentence = done.stdout.strip().splitlines()[-1].partition(": ")
    assert name == "shop.db.startup.DatabaseNotReady", done.stdout
    return sentence


def test_at_head_it_starts_and_holds_nothing(service: Project) -> None:
    """No connection waits in the pool for a fork to share it."""
    service.ok("alembic", "upgrade", "head")
    before = service.ok("python", "-c", "from shop import db" + OPEN)
    after = service.ok("python", "-c", START.format("") + OPEN)
    kept = service.ok("python", "-c", START.format("") + "; db.engine().connect()" + OPEN)
    assert [len(re.findall(r"socket:|\.db'", text)) for text in (before, after, kept)] == [0, 0, 1]


def test_no_version_table(service: Project, database: str) -> None:
    """Nor does the check make one, or anything else."""
    assert "has no table alembic_version, so no migration has made its tables: run `alembic upgrade head`" in refused(
        start(service)
    )
    if database.startswith("sqlite"):
        assert not Path(database.removeprefix("sqlite:///")).exists()
    rows(database, "SELECT 1")  # an SQLite file is there from now on
    assert "has no table alembic_version" in refused(start(service))


def test_behind(service: Project) -> None:
    """The sentence has both revisions; the database stays where it is."""
    service.ok("alembic", "upgrade", "r1")
    assert " is at revision r1, and this release needs r2: run `alembic upgrade head` before" in refused(start(service))
    assert "r1" in service.ok("alembic", "current")
    service.ok("alembic", "downgrade", "base")
    assert " is empty, at no revision, and this release needs r2" in refused(start(service, "or_newer=True"))


def test_a_newer_release_has_migrated_it(service: Project, database: str) -> None:
    """An unknown revision is refused, or let pass with a warning where the application asks for that."""
    service.ok("alembic", "upgrade", "head")
    rows(database, "UPDATE alembic_version SET version_num = 'r3'")
    assert " is at revision r3, which this release does not have: a newer release" in refused(start(service))
    done = start(service, "or_newer=True")
    assert done.returncode == 0, done.stdout
    assert "is at revision r3, which this release does not have: taken for that of a newer release." in done.stdout


def test_several_heads(service: Project) -> None:
    """All of them, or it does not start."""
    service.revision("side", "r1", "pass")
    service.ok("alembic", "upgrade", "r2")
    assert "is at revision r2, and this release needs r2, side" in refused(start(service))
    service.ok("alembic", "upgrade", "heads")
    assert start(service).returncode == 0


def test_while_it_is_being_migrated_it_is_behind(service: Project) -> None:
    """It neither waits for the migration nor disturbs it."""
    service.ok("alembic", "upgrade", "head")
    service.revision(
        "r3", "r2", "op.add_column('t', sa.Column('y', sa.Integer()))\nprint('in it', flush=True)\ninput()"
    )
    migrator = service.start("alembic", "upgrade", "head", stdin=subprocess.PIPE)
    assert migrator.stdout
    while "in it" not in migrator.stdout.readline():
        assert migrator.poll() is None
    assert " is at revision r2, and this release needs r3" in refused(start(service))
    migrator.communicate("\n")
    assert migrator.returncode == 0
    assert start(service).returncode == 0


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_unreachable(project: Project, driver: str) -> None:
    """Nobody listens there. The sentence has no password."""
    url = f"{driver}://app:s3cret@127.0.0.1:{_free_port()}/shop"
    sentence = refused(start(project, DATABASE_URL=url))
    assert f"{driver}://app:***@127.0.0.1:" in sentence
    assert "/shop cannot be reached or read: " in sentence
    assert "s3cret" not in sentence


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "mysql+pymysql"])
def test_a_host_that_does_not_answer_is_given_up(project: Project, silent: int, driver: str) -> None:
    """The drivers would wait for minutes, or for ever."""
    url = f"{driver}://app@127.0.0.1:{silent}/shop"
    assert "/shop cannot be reached or read: " in refused(start(project, DATABASE_URL=url))


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which a connection is accepted, and then nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_no_url_and_no_migrations(service: Project, database: str, tmp_path: Path) -> None:
    """Both are the same kind of error."""
    service.write(".env", "")
    assert "DATABASE_URL is not set" in refused(start(service))
    (service.path / "alembic.ini").unlink()
    assert "There is no alembic.ini in " in refused(start(service, DATABASE_URL=database))


def test_importing_it_imports_no_database(project: Project) -> None:
    """What it needs is imported when it is called."""
    code = "import sys; from shop import db; print({'alembic', 'sqlalchemy'} & set(sys.modules))"
    assert project.ok("python", "-c", code).strip() == "set()"


def test_an_installed_wheel_migrates_and_starts(project: Project, sqlite: str, tmp_path: Path) -> None:
    """As in an image that has nothing else: with the README's line, far from any project."""
    project.revision("r1", None, "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))")
    env = {**PASSED_ON, "DATABASE_URL": sqlite, "HOME": str(tmp_path), "PATH": f"{BIN}:/usr/bin:/bin"}
    far = tmp_path / "far"
    far.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(far), str(project.path)]
    subprocess.run(pip, check=True, env=env)
    env["PYTHONPATH"] = str(far)

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=far, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
        )

    assert "has no table alembic_version" in refused(run("python", "-c", START.format("")))
    done = run("alembic", "-c", "shop/alembic.ini", "upgrade", "head")
    assert done.returncode == 0, done.stdout
    done = run("python", "-c", START.format(""))
    assert done.returncode == 0, done.stdout
