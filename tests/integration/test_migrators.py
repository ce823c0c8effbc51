"""Several processes that migrate one database, others that use its tables, and programs that run migrations."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url
from support.chains import CHAIN, assert_whole, chain
from support.databases import rows
from support.project import Project

CONCURRENTLY = """\
with op.get_context().autocommit_block():
    op.create_index('ix', 't', ['id'], postgresql_concurrently=True)"""
IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    "AND starts_with(query, 'CREATE INDEX CONCURRENTLY') AND clock_timestamp() - query_start > interval '0.5 seconds'"
)


def wait_for(condition: Callable[[], bool], *running: subprocess.Popen[str]) -> None:
    """Return when something is so, while processes run that must not end before."""
    while not condition():
        for process in running:
            assert process.poll() is None, process.communicate()[0]
        time.sleep(0.05)


def results(migrators: list[subprocess.Popen[str]]) -> list[str]:
    """Wait until all have ended, without an error, and return what they say."""
    outputs = [(migrator.communicate()[0], migrator.returncode) for migrator in migrators]
    assert [code for _, code in outputs] == [0] * len(migrators), next(text for text, code in outputs if code)
    return [text for text, _ in outputs]


@pytest.mark.slow
def test_eight_migrators_at_once(project: Project, database: str) -> None:
    """All succeed, and each revision is applied once."""
    chain(project)
    said = results([project.start("alembic", "upgrade", "head", DATABASE_URL=database) for _ in range(8)])
    assert_whole(database)
    assert sum(text.count("Running upgrade") for text in said) == CHAIN


def test_concurrent_indexes_and_four_migrators(project: Project, postgresql: str) -> None:
    """PostgreSQL: the waiting must not hold up CREATE INDEX CONCURRENTLY."""
    project.revision("a1", None, "op.create_table('t', sa.Column('id', sa.Integer()))")
    project.revision("b2", "a1", CONCURRENTLY)
    results([project.start("alembic", "upgrade", "head", DATABASE_URL=postgresql) for _ in range(4)])
    assert rows(postgresql, IS_VALID) == [(True,)]


def test_a_concurrent_index_waits_for_writers(project: Project, postgresql: str) -> None:
    """PostgreSQL: giving up would leave an invalid index, and it holds nobody up."""
    rows(postgresql, "CREATE TABLE t (id INT)")
    project.revision("a1", None, CONCURRENTLY)
    with create_engine(postgresql, poolclass=NullPool).connect() as writer:
        writer.exec_driver_sql("INSERT INTO t VALUES (1)")
        migrator = project.start("alembic", "upgrade", "head", DATABASE_URL=postgresql, MIGRATION_LOCK_TIMEOUT="0.1")
        wait_for(lambda: rows(postgresql, WAITING) == [(1,)], migrator)
    results([migrator])
    assert rows(postgresql, IS_VALID) == [(True,)]


def test_a_second_migrator_waits_and_says_so(project: Project, database: str) -> None:
    """Announced, bounded, and ended by a sentence; reading commands do not wait."""
    project.revision("a1", None, "op.execute('SELECT 1')\nopen('begun', 'w').close()\ninput()")
    slow = project.start("alembic", "upgrade", "head", stdin=subprocess.PIPE, DATABASE_URL=database)
    wait_for((project.path / "begun").exists, slow)
    assert "waiting" not in project.ok("alembic", "current", DATABASE_URL=database)
    done = project.run("alembic", "upgrade", "head", DATABASE_URL=database, MIGRATION_TIMEOUT="0.3")
    slow.kill()
    slow.communicate()
    assert done.returncode != 0
    assert "Another process is migrating this database: waiting for it, at most 0.3 seconds." in done.stdout
    assert "has been migrating" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_pooler_is_recognized(project: Project, postgresql: str) -> None:
    """PgBouncer in transaction mode: named, with what to do, and nothing is migrated."""
    if not shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin"):
        pytest.skip("needs pgbouncer: install the package of that name")
    server = make_url(postgresql)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ini = Path("/tmp") / f"pgbouncer-{port}.ini"  # which another user has to read
    ini.write_text(
        f"[databases]\n* = host={server.host} port={server.port or 5432} user={server.username} "
        f"{f'password={server.password}' if server.password else ''}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        "auth_type = any\npool_mode = transaction\nunix_socket_dir =\nignore_startup_parameters = extra_float_digits\n"
    )
    user = "nobody" if os.getuid() == 0 else None
    environment = {"PATH": "/usr/sbin:/usr/bin:/usr/local/bin"}
    bouncer = subprocess.Popen(["pgbouncer", "-q", str(ini)], env=environment, user=user, text=True)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, bouncer)
        pooled = server.set(host="127.0.0.1", port=port, username="any", password="s3cret")
        done = project.run("alembic", "upgrade", "head", DATABASE_URL=pooled.render_as_string(hide_password=False))
    finally:
        bouncer.kill()
        bouncer.wait()
        ini.unlink()
    assert done.returncode != 0
    assert "A connection pooler such as PgBouncer answers at" in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "DATABASE_URL in the environment is not a URL"),
        ("sqlite://", "in memory"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", "Cannot connect to postgresql+psycopg://u:***@127.0.0.1:1/d"),
    ],
)
def test_alembic_says_in_a_sentence_what_is_wrong(project: Project, url: str, sentence: str) -> None:
    """Exit code not 0, no traceback, no password."""
    done = project.run("alembic", "current", DATABASE_URL=url)
    assert done.returncode != 0
    assert sentence in done.stdout
    assert "Traceback" not in done.stdout
    assert "s3cret" not in done.stdout


@pytest.mark.parametrize("directory", ["migrations/versions", "src", "/"])
def test_every_working_directory_leads_to_the_same_database(project: Project, directory: str) -> None:
    """With the .env of the project, and a relative path in it."""
    done = project.run("alembic", "-c", str(project.path / "alembic.ini"), "upgrade", "head", cwd=directory)
    assert done.returncode == 0, done.stdout
    assert f"Database: sqlite+pysqlite:///{project.path}/shop.db" in done.stdout
    assert (project.path / "shop.db").exists()


def test_an_odd_directory_is_no_obstacle(project: Project, tmp_path: Path) -> None:
    """A path with a space, quotes and Korean letters; a percent sign is refused, as Alembic cannot read such a path."""
    odd = tmp_path / "ein 가 'b'"
    project.path.rename(odd)
    project = Project(odd, project.home)
    project.alembic("revision --autogenerate -m first", "upgrade head")
    assert (odd / "shop.db").exists()
    done = project.doctor()
    assert done.returncode == 0, done.stdout


LOGGING = """
import logging
from alembic import command
from alembic.config import Config

logging.basicConfig(level=logging.INFO, format="mine: %(message)s")
mine = logging.getLogger("mine")
root = logging.getLogger()
before = (root.level, list(root.handlers))
command.upgrade(Config("alembic.ini"), "head")
assert not mine.disabled
assert (root.level, list(root.handlers)) == before
"""


def test_an_application_keeps_its_logging(project: Project) -> None:
    """Running migrations in a program changes neither its loggers nor its handlers."""
    assert "mine: Database: sqlite+pysqlite" in project.ok("python", "-c", LOGGING)


def test_the_application_enforces_foreign_keys_on_sqlite(project: Project) -> None:
    """Its engine asks for it on every connection."""
    shown = "from shop.db import engine; print(engine().connect().exec_driver_sql('PRAGMA foreign_keys').scalar())"
    assert project.ok("python", "-c", shown).strip() == "1"
