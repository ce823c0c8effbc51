"""A migrated database is made once per run, by the revisions; and what a killed run has left is dropped by the next."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, make_url
from support.databases import SERVERS, make_database, rows
from support.written import Written

from alembic_proof.doctor.project import Project
from alembic_proof.testing.migrated import MigrationsFailError, migrated_database
from alembic_proof.testing.sessions import OwnDatabaseError, rolled_back
from alembic_proof.url import database_url

pytest_plugins = ["pytester"]
MODELS = 'sa.Table("book", metadata, sa.Column("id", sa.Integer, primary_key=True))'
CREATE = 'op.create_table("book", sa.Column("id", sa.Integer, primary_key=True))'
DROP = 'op.drop_table("book")'
CATALOGUES = {
    "postgresql": "SELECT datname FROM pg_database",
    "mysql": "SELECT schema_name FROM information_schema.schemata",
}


@pytest.fixture
def shop(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, database: str) -> Written:
    """A project at pytest's root directory, on each database, named after this test."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    if not database.startswith("sqlite"):
        monkeypatch.setenv("TEST_DATABASE_URL", database)
    monkeypatch.chdir(pytester.path)
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    return Written(pytester.path, database, MODELS)


def tables(url: str) -> list[str]:
    """Return the names of the tables of a database."""
    engine = create_engine(url)
    try:
        return inspect(engine).get_table_names()
    finally:
        engine.dispose()


def test_it_is_at_the_newest_revision(shop: Written, tmp_path: Path) -> None:
    """The variable names it meanwhile; afterwards it does not exist any more."""
    shop.revision("r1", None, CREATE, DROP)
    with migrated_database(Project(shop.ini), tmp_path) as url:
        assert os.environ["SHOP_URL"] == url
        assert tables(url) == ["alembic_version", "book"]
        assert rows(url, "SELECT version_num FROM alembic_version") == [("r1",)]
    assert "SHOP_URL" not in os.environ
    assert tables(shop.url) == []
    if url.startswith("sqlite"):
        assert not os.path.exists(str(make_url(url).database))
    else:
        assert not [name for (name,) in existing(url, shop.url) if name == make_url(url).database]


def existing(url: str, server: str) -> list[tuple[str]]:
    """Return the databases of a server."""
    return rows(server, CATALOGUES[make_url(url).get_backend_name()])


def test_the_applications_own_database_is_not_used(shop: Written, tmp_path: Path) -> None:
    """By an engine that was made before; afterwards, and for other databases, nothing is refused."""
    shop.revision("r1", None, CREATE, DROP)
    own = create_engine(database_url("SHOP_URL", project=shop.path))
    with migrated_database(Project(shop.ini), tmp_path) as url:
        with pytest.raises(OwnDatabaseError, match="the application's own database"), rolled_back(own):
            pass
        other = create_engine(url)
        with rolled_back(other) as session:
            assert session.get_bind()
        other.dispose()
    with rolled_back(own):
        pass
    own.dispose()


def test_without_a_revision_it_is_the_first_one(shop: Written, tmp_path: Path) -> None:
    """Which autogenerate would write; none is left in the project, and the database is where the project is."""
    with migrated_database(Project(shop.ini), tmp_path) as url:
        assert "book" in tables(url)
        assert rows(url, "SELECT * FROM alembic_version") == []
    assert not list(shop.versions.glob("*.py"))


def test_a_revision_that_fails(shop: Written, tmp_path: Path) -> None:
    """One sentence, and no database is left."""
    shop.revision("r1", None, "op.execute('NONSENSE')")
    with pytest.raises(MigrationsFailError, match="The tests have no database") as error:
        migrated_database(Project(shop.ini), tmp_path).__enter__()
    assert len(str(error.value).splitlines()) == 1


def test_the_logging_is_left_alone(shop: Written, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """fileConfig() of an env.py would take pytest's own handler away."""
    import logging

    handlers = list(logging.root.handlers)
    env = shop.path / "migrations/env.py"
    loggers = (
        "from logging import config as c\nc.dictConfig({'version': 1, 'root': {'level': 'DEBUG', 'handlers': []}})\n"
    )
    env.write_text(loggers + env.read_text("utf-8"), "utf-8")
    with migrated_database(Project(shop.ini), tmp_path):
        assert logging.root.handlers == handlers


TESTS = """
import os
import pytest
from sqlalchemy import create_engine, text

@pytest.mark.parametrize("n", range(8))
def test_each(migrated_database, n):
    assert os.environ["SHOP_URL"] == migrated_database
    engine = create_engine(migrated_database)
    with engine.begin() as connection:
        before = connection.scalar(text("SELECT count(*) FROM book"))
        connection.execute(text(f"INSERT INTO book (id) VALUES ({n + 1})"))
        print(f"database {engine.url.database} had {before}")
    engine.dispose()
"""
REVISION = f"from pathlib import Path\nwith Path('runs').open('a') as runs:\n    runs.write('.')\n{CREATE}"


def started(pytester: pytest.Pytester, *arguments: str) -> subprocess.Popen[str]:
    """Start pytest in a process of its own."""
    code = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "alembic_proof.testing.plugin"]
    quick = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment = {**os.environ, **quick, "PYTHONPATH": str(code)}
    return subprocess.Popen(
        [*command, *arguments], env=environment, stdout=-1, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def test_it_is_made_once(pytester: pytest.Pytester, shop: Written) -> None:
    """For all tests of a run."""
    shop.revision("r1", None, REVISION, DROP)
    pytester.makepyfile(TESTS)
    off = [f"-pno:{name}" for name in ("cacheprovider", "hypothesispytest", "pytest_cov", "xdist", "xdist.looponfail")]
    result = pytester.runpytest_inprocess("-p", "alembic_proof.testing.plugin", *off, "-rP")
    result.assert_outcomes(passed=8)
    assert len(set(re.findall("database (.*) had", result.stdout.str()))) == 1
    assert (shop.path / "runs").read_text() == "."


def test_several_processes_have_copies(pytester: pytest.Pytester, shop: Written) -> None:
    """Each its own. Only MariaDB cannot copy: there, each process migrates."""
    shop.revision("r1", None, REVISION, DROP)
    pytester.makepyfile(TESTS)
    running = started(pytester, "-rP", "-p", "xdist.plugin", "-n2")
    output = running.communicate()[0]
    assert "8 passed" in output, output
    databases = set(re.findall("database (.*) had", output))
    assert len(databases) == 2
    assert output.count(" had 0\n") == 2  # the template is no database in use
    times = 3 if make_url(shop.url).get_backend_name() == "mysql" else 1
    assert (shop.path / "runs").read_text() == "." * times
    if not shop.url.startswith("sqlite"):
        left = {name for (name,) in existing(shop.url, shop.url)}
        assert not left & databases


WAITING = """
import os
from pathlib import Path

def test_it(migrated_database):
    Path("name").write_text(migrated_database)
    print("ready", flush=True)
    while True:
        pass
"""


@pytest.fixture(params=SERVERS)
def served(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Written]:
    """A project on a server."""
    with make_database(request.param, tmp_path) as url:
        monkeypatch.setenv("TEST_DATABASE_URL", url)
        (pytester.path / "pytest.ini").write_text("[pytest]\n")
        written = Written(pytester.path, url, MODELS)
        written.revision("r1", None, CREATE, DROP)
        yield written


def interrupted(pytester: pytest.Pytester, how: signal.Signals) -> str:
    """Start a run, end it while a test waits, and return the name of its database."""
    pytester.makepyfile(WAITING)
    running = started(pytester, "-s")
    assert running.stdout
    assert any("ready" in line for line in running.stdout), running.communicate()
    os.killpg(running.pid, how)
    running.communicate()
    return str(make_url((pytester.path / "name").read_text()).database)


def test_an_interruption_leaves_nothing(pytester: pytest.Pytester, served: Written) -> None:
    """Ctrl-C."""
    name = interrupted(pytester, signal.SIGINT)
    assert (name,) not in existing(served.url, served.url)


def test_what_a_killed_run_has_left_is_dropped_by_the_next(
    pytester: pytest.Pytester, served: Written, tmp_path: Path
) -> None:
    """Its name carries the project and the time. A run that is alive keeps its database."""
    killed = interrupted(pytester, signal.SIGKILL)
    project = re.sub("[^a-z0-9]+", "_", pytester.path.name.lower()[:24]).strip("_")
    assert re.fullmatch(rf"scratch_{project}_\d{{8}}_\d{{6}}_[0-9a-f]{{8}}", killed)
    assert (killed,) in existing(served.url, served.url)
    with migrated_database(Project(served.ini), tmp_path) as alive:
        assert (killed,) not in existing(served.url, served.url)
        (tmp_path / "other").mkdir()
        with migrated_database(Project(served.ini), tmp_path / "other"):
            assert tables(alive) == ["alembic_version", "book"]
