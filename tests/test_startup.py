"""What an application is told when it starts on a database that is not at head, and what the check leaves behind."""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, NullPool, QueuePool, create_engine, event, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from support.asynchronous import DRIVERS, run_sync
from support.lab import Lab

from alembic_proof import startup
from alembic_proof.errors import DatabaseNotReady
from alembic_proof.schema import unfinished
from alembic_proof.startup import async_require_head, require_head


@pytest.fixture
def service(lab: Lab) -> Lab:
    """Two revisions, on each database in turn."""
    lab.write("r1", None, "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))", "op.drop_table('t')")
    lab.write("r2", "r1", "op.add_column('t', sa.Column('x', sa.Integer()))", "op.drop_column('t', 'x')")
    return lab


def ini(lab: Lab) -> Path:
    """Return the path of alembic.ini."""
    return lab.directory / "alembic.ini"


def refused(engine: Engine, config: Path, *, or_newer: bool = False, version_table: str = "alembic_version") -> str:
    """Return what an application is told that must not start."""
    with pytest.raises(DatabaseNotReady) as error:
        require_head(engine, config, or_newer=or_newer, version_table=version_table)
    return str(error.value)


def test_at_head_it_starts_and_holds_nothing(service: Lab) -> None:
    """No connection waits in the pool for a fork to share it, and later ones have no limit."""
    service.upgrade()
    engine = create_engine(service.url)
    opened: list[Any] = []
    closed: list[Any] = []
    event.listen(engine, "connect", lambda connection, _: opened.append(connection))
    event.listen(engine, "close", lambda connection, _: closed.append(connection))
    require_head(engine, ini(service))
    require_head(engine, str(ini(service)))
    assert len(opened) == 2
    assert closed == opened
    handed: list[dict[str, Any]] = []
    event.listen(engine, "do_connect", lambda *arguments: handed.append(arguments[3]))
    engine.connect().close()
    assert "connect_timeout" not in handed[0]


def test_options_that_connections_share() -> None:
    """As with an older SQLAlchemy: the limit is that of the question only, and one of the application's own stays."""
    dialect = make_url("postgresql+psycopg2://").get_dialect()()
    shared: dict[str, Any] = {"host": "here"}
    own: dict[str, Any] = {"connect_timeout": 9}
    token = startup._asking.set(True)
    for options in (shared, own):
        startup._limit(dialect, None, [], options)
    startup._asking.reset(token)
    assert shared["connect_timeout"] > 0
    for options in (shared, own):
        startup._limit(dialect, None, [], options)
    assert (shared, own) == ({"host": "here"}, {"connect_timeout": 9})


def test_no_version_table(service: Lab) -> None:
    """Nor does the check create one, or anything else."""
    sentence = refused(service.engine, ini(service))
    assert (
        "has no table alembic_version, so no migration has created its tables: run `alembic upgrade head`" in sentence
    )
    if service.engine.dialect.name == "sqlite":
        assert not Path(str(service.engine.url.database)).exists()
    service.rows("SELECT 1")  # an SQLite file exists from now on
    assert "has no table alembic_version" in refused(service.engine, ini(service))
    assert service.schema() == {}


def test_behind(service: Lab) -> None:
    """The sentence has both revisions; the database stays where it is."""
    service.upgrade("r1")
    sentence = refused(service.engine, ini(service))
    assert " is at revision r1, and this release needs r2: run `alembic upgrade head` before" in sentence
    service.downgrade("base")
    assert " is empty, at no revision, and this release needs r2" in refused(
        service.engine, ini(service), or_newer=True
    )


def test_a_newer_release_has_migrated_it(service: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """An unknown revision is refused, or let pass with a warning where the application asks for that."""
    service.upgrade()
    service.rows("UPDATE alembic_version SET version_num = 'r3'")
    sentence = refused(service.engine, ini(service))
    assert " is at revision r3, which this release does not have: a newer release" in sentence
    with caplog.at_level(logging.WARNING):
        require_head(service.engine, ini(service), or_newer=True)
    assert "is at revision r3, which this release does not have: taken for that of a newer release." in caplog.text


def test_several_heads(service: Lab) -> None:
    """All of them, or it does not start."""
    service.write("side", "r1", "pass")
    service.upgrade("r2")
    assert "is at revision r2, and this release needs r2, side" in refused(service.engine, ini(service))
    service.upgrade("heads")
    require_head(service.engine, ini(service))


def test_while_it_is_being_migrated_it_is_behind(service: Lab) -> None:
    """It neither waits for the migration nor disturbs it."""
    service.upgrade("r1")
    seen = service.directory / "seen"
    check = "from alembic_proof.startup import require_head\nfrom sqlalchemy import create_engine, pool\n"
    check += f"try:\n    require_head(create_engine({service.url!r}, poolclass=pool.NullPool), {str(ini(service))!r})\n"
    check += f"except Exception as error:\n    open({str(seen)!r}, 'w').write(str(error))"
    service.write("r3", "r2", f"op.add_column('t', sa.Column('y', sa.Integer()))\n{check}")
    service.upgrade()
    assert "and this release needs r3" in seen.read_text("utf-8")
    require_head(service.engine, ini(service))


@pytest.fixture
def half_back(lab_mysql: Lab) -> Lab:
    """A database whose downgrade from r2 has failed half-way: its revision is still r2."""
    lab_mysql.write("r1", None, "pass")
    lab_mysql.write("r2", "r1", "pass", "op.execute('CREATE TABLE t (x INT)')\nop.execute('DROP TABLE missing')")
    lab_mysql.upgrade()
    with pytest.raises(Exception, match="missing"):
        lab_mysql.downgrade()
    return lab_mysql


def test_in_the_middle_of_a_migration(half_back: Lab) -> None:
    """Its revision does not tell, on MariaDB."""
    config, engine = ini(half_back), half_back.engine
    told = (
        f"{half_back.engine.url} is in the middle of a migration. The downgrade of revision r2 is unfinished: its "
        "first statement stays. Run `alembic downgrade r1`, which goes on from there, before the application starts."
    )
    assert refused(engine, config) == refused(engine, config, or_newer=True) == told
    asynchronous = create_async_engine(make_url(half_back.url).set(drivername="mysql+asyncmy"))
    with pytest.raises(DatabaseNotReady, match="r2 is unfinished"):
        asyncio.run(async_require_head(asynchronous, config))
    half_back.rows("DELETE FROM alembic_unfinished WHERE state = 'done'")
    require_head(engine, config)  # nothing of it was carried out


def test_in_the_middle_of_a_migration_of_a_newer_release(half_back: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """An older one goes on beside it, where it asks for that."""
    half_back.rows("UPDATE alembic_unfinished SET digest = 'r3', state = 'up', columns_ = NULL WHERE position = 0")
    config, engine = ini(half_back), half_back.engine
    assert "The upgrade of revision r3 is unfinished: its first statement stays. Run `alembic" in refused(
        engine, config
    )
    with caplog.at_level(logging.WARNING):
        require_head(engine, config, or_newer=True)
    assert "The upgrade of revision r3 is unfinished: its first statement stays. It is one of a newer" in caplog.text


def test_a_migration_that_ends_while_it_is_looked_at(half_back: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of its notes is gone by the time they are read."""
    monkeypatch.setattr(unfinished, "NOTES", "SELECT * FROM gone")
    require_head(half_back.engine, ini(half_back))


def test_it_costs_one_query(service: Lab) -> None:
    """On each database, as long as no migration is unfinished."""
    service.upgrade()
    engine = create_engine(service.url)
    engine.connect().close()  # the first connection asks for more
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    require_head(engine, ini(service))
    assert len(statements) == 1


def test_another_version_table(service: Lab) -> None:
    """As env.py names it."""
    assert "has no table v, so no" in refused(service.engine, ini(service), version_table="v")
    service.rows("CREATE TABLE v (version_num VARCHAR(32))")
    assert "is empty, at no revision" in refused(service.engine, ini(service), version_table="v")
    service.rows("INSERT INTO v VALUES ('r2')")
    require_head(service.engine, ini(service), version_table="v")


def test_a_version_table_in_a_schema(lab_postgresql: Lab) -> None:
    """Of PostgreSQL."""
    lab_postgresql.rows("CREATE SCHEMA s")
    with pytest.raises(DatabaseNotReady, match=r"has no table s\.v,"):
        require_head(lab_postgresql.engine, ini(lab_postgresql), version_table="v", version_table_schema="s")
    lab_postgresql.write("r1", None, "pass")
    lab_postgresql.rows("CREATE TABLE s.v (version_num VARCHAR(32))")
    lab_postgresql.rows("INSERT INTO s.v VALUES ('r1')")
    require_head(lab_postgresql.engine, ini(lab_postgresql), version_table="v", version_table_schema="s")


def test_pyproject_configures_alembic(service: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Instead of alembic.ini; the application's sys.path stays as it is."""
    service.upgrade()
    pyproject = service.directory / "pyproject.toml"
    pyproject.write_text('[tool.alembic]\nscript_location = "%(here)s/migrations"\nprepend_sys_path = ["%(here)s"]\n')
    before = list(sys.path)
    require_head(service.engine, pyproject)
    assert sys.path == before


def test_flask_migrate(service: Lab) -> None:
    """Its alembic.ini lies beside env.py; the sentence has its command."""
    config = service.directory / "migrations/alembic.ini"
    config.write_text("[alembic]\n")
    service.upgrade("r1")
    assert "needs r2: run `flask db upgrade` before the application starts." in refused(service.engine, config)
    service.upgrade("r2")
    require_head(service.engine, config)


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql"])
def test_unreachable(lab_sqlite: Lab, driver: str) -> None:
    """Nobody listens there. The sentence has no password."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sentence = refused(create_engine(f"{driver}://app:s3cret@127.0.0.1:{port}/shop"), ini(lab_sqlite))
    assert sentence.startswith(f"{driver}://app:***@127.0.0.1:{port}/shop cannot be reached or read: ")
    assert "s3cret" not in sentence


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which a connection is accepted, and then nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+psycopg2", "mysql+pymysql"])
def test_a_host_that_does_not_answer_is_given_up(
    lab_sqlite: Lab, silent: int, monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    """The drivers would wait for minutes, or for ever."""
    monkeypatch.setattr(startup, "CONNECT_TIMEOUT", 1)
    engine = create_engine(f"{driver}://app@127.0.0.1:{silent}/shop")
    assert "/shop cannot be reached or read: " in refused(engine, ini(lab_sqlite))


def test_an_option_that_the_driver_does_not_know(lab_sqlite: Lab) -> None:
    """Such as one in the URL."""
    engine = create_engine("mysql+pymysql://app@127.0.0.1:1/shop?nonsense=1")
    assert "cannot be reached or read: " in refused(engine, ini(lab_sqlite))


def test_a_version_table_that_cannot_be_read(service: Lab) -> None:
    """It exists, so the database's own reason is given."""
    service.rows("CREATE TABLE alembic_version (x INT)")
    sentence = refused(service.engine, ini(service))
    assert " cannot be reached or read: " in sentence
    assert "version_num" in sentence


def test_no_migrations(lab_sqlite: Lab) -> None:
    """Or none that can be read: the same kind of error."""
    missing = lab_sqlite.directory / "missing.ini"
    assert f"There is no {missing}, so nobody knows which revision" in refused(lab_sqlite.engine, missing)
    shutil.rmtree(lab_sqlite.directory / "migrations")
    sentence = refused(lab_sqlite.engine, ini(lab_sqlite))
    assert f"The migrations of {ini(lab_sqlite)} cannot be read: Path doesn't exist" in sentence


@pytest.mark.parametrize("kind", DRIVERS)
def test_an_asynchronous_application(request: pytest.FixtureRequest, kind: str) -> None:
    """Inside of run_sync(), with the engine of its connection."""
    lab: Lab = request.getfixturevalue(f"lab_{kind}")
    lab.write("r1", None, "pass")
    lab.rows("SELECT 1")
    with pytest.raises(DatabaseNotReady, match="has no table alembic_version"):
        run_sync(lab.url, lambda connection: require_head(connection.engine, ini(lab)))
    lab.upgrade()
    run_sync(lab.url, lambda connection: require_head(connection.engine, ini(lab)))


@pytest.mark.parametrize("driver", ["sqlite+aiosqlite", "postgresql+psycopg", "postgresql+asyncpg", "mysql+asyncmy"])
def test_an_asynchronous_engine(request: pytest.FixtureRequest, driver: str) -> None:
    """It is asked over a connection of its own, which is closed, while the event loop goes on."""
    lab: Lab = request.getfixturevalue(f"lab_{driver.partition('+')[0]}")
    lab.write("r1", None, "pass")
    lab.rows("SELECT 1")
    open_connections: list[Any] = []

    async def check() -> int:
        engine = create_async_engine(make_url(lab.url).set(drivername=driver))
        event.listen(engine.sync_engine, "connect", lambda connection, _: open_connections.append(connection))
        event.listen(engine.sync_engine, "close", lambda connection, _: open_connections.remove(connection))
        with pytest.raises(DatabaseNotReady, match="has no table alembic_version"):
            await async_require_head(engine, ini(lab))
        await asyncio.to_thread(lab.upgrade)
        await async_require_head(engine, ini(lab))
        return len(open_connections)

    assert asyncio.run(check()) == 0


def test_the_revisions_are_read_again_only_when_one_has_changed(
    lab_sqlite: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check asks every few seconds, and there may be a thousand."""
    read: list[str] = []
    walk = ScriptDirectory.walk_revisions

    def noted(script: ScriptDirectory) -> Any:
        read.append("once")
        return walk(script)

    monkeypatch.setattr(ScriptDirectory, "walk_revisions", noted)
    lab_sqlite.write("r1", None, "pass")
    lab_sqlite.upgrade()
    read.clear()
    for _ in range(3):
        require_head(lab_sqlite.engine, ini(lab_sqlite))
    assert read == ["once"]
    lab_sqlite.write("r2", "r1", "pass")
    assert "needs r2" in refused(lab_sqlite.engine, ini(lab_sqlite))


def test_all_connections_are_in_use(service: Lab) -> None:
    """Then nobody knows, and the sentence says so."""
    service.upgrade()
    engine = create_engine(service.url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0)
    with engine.connect():
        assert "cannot be asked: all connections of this application are in use." in refused(engine, ini(service))
    require_head(engine, ini(service))
    engine.dispose()


def test_two_threads_ask_at_once(service: Lab) -> None:
    """As a health check may, and neither disturbs the other."""
    service.upgrade()
    engine = create_engine(service.url)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: require_head(engine, ini(service)), range(32))) == [None] * 32
    engine.dispose()


def test_an_asynchronous_driver_that_reaches_nobody(lab_sqlite: Lab) -> None:
    """It has errors and a time-out of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    def check(connection: object) -> None:
        engine = create_engine(make_url(f"postgresql+asyncpg://app@127.0.0.1:{port}/shop"), poolclass=NullPool)
        require_head(engine, ini(lab_sqlite))

    with pytest.raises(DatabaseNotReady, match="/shop cannot be reached or read: "):
        run_sync(lab_sqlite.url, check)


UNREADABLE = {
    "def upgrade(:\n": r"r2\.py:1: SyntaxError: ",
    "import nothing_here\n": r"r2\.py:1: ModuleNotFoundError: No module named 'nothing_here'",
    "revision = 'r2'\ndown_revision = 'gone'\n": "one of them follows revision 'gone', and there is no file",
}


@pytest.mark.parametrize("text", UNREADABLE)
@pytest.mark.filterwarnings("ignore:Revision gone")
def test_revisions_that_cannot_be_read(lab_sqlite: Lab, text: str) -> None:
    """The same kind of error, with the file and the line."""
    (lab_sqlite.directory / "migrations/versions/r2.py").write_text(text)
    sentence = refused(lab_sqlite.engine, ini(lab_sqlite))
    assert re.search(f"The migrations of .* cannot be read: .*{UNREADABLE[text]}", sentence)
