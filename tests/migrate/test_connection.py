"""How a migration connects: what is handed in, what is refused, who waits, and how everything is left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from support.lab import Lab

from alembic_proof import dialects
from alembic_proof.dialects import Timeouts
from alembic_proof.errors import SettingsError
from alembic_proof.migrate import connection as connections

TABLE = "op.create_table('t', sa.Column('id', sa.Integer(), primary_key=True))"
# As alembic init makes it, with the lines that use the library.
MIGRATING = """\
from alembic import context
from alembic_proof import migrating, options

config = context.config
own = config.attributes["own"]
with config.attributes["connection"].connect() as connection:
    pass
    with migrating(connection):
        context.configure(connection=connection, **options(connection, target_metadata=[], **own))
        with context.begin_transaction():
            context.run_migrations()
"""
# As alembic init -t async makes it.
ASYNCHRONOUS = """\
import asyncio

from alembic import context
from alembic_proof import migrating, options
from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import create_async_engine

config = context.config


def do_run_migrations(connection):
    with migrating(connection):
        context.configure(connection=connection, **options(connection, target_metadata=config.attributes["metadata"]))
        with context.begin_transaction():
            context.run_migrations()


async def run_async_migrations():
    connectable = create_async_engine(config.attributes["url"], poolclass=NullPool)
    async with connectable.connect() as connection:
        await connection.run_sync(do_run_migrations)
    await connectable.dispose()


asyncio.run(run_async_migrations())
"""


def set_env(lab: Lab, text: str) -> None:
    """Give a laboratory another env.py."""
    (lab.directory / "migrations/env.py").write_text(text, encoding="utf-8")


def by_url(lab: Lab, url: Any = None) -> Config:
    """Return a Config with which env.py connects by itself, to the laboratory's database or another one."""
    config = lab.config()
    del config.attributes["connection"]
    config.attributes["url"] = lab.engine.url if url is None else url
    return config


def at(lab: Lab) -> list[tuple[Any, ...]]:
    """Return the revisions in the database."""
    return lab.rows("SELECT version_num FROM alembic_version")


@contextmanager
def another_migrator(lab: Lab) -> Iterator[None]:
    """Have another process migrate the database, meanwhile."""
    with lab.engine.connect() as other, dialects.get(lab.engine.dialect.name).exclusive(other, Timeouts(5, 5)):
        other.exec_driver_sql("SELECT 1")
        yield


def test_by_url(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """It is told, without its password."""
    lab.write("a1", None, TABLE)
    with caplog.at_level(logging.INFO, "alembic.connection"):
        command.upgrade(by_url(lab), "head")
    assert f"Database: {lab.engine.url.set(query={}).render_as_string()}" in caplog.text
    assert at(lab) == [("a1",)]


@pytest.mark.parametrize("handed_in", ["engine", "connection", "transaction"])
def test_what_is_handed_in_is_used(lab: Lab, caplog: pytest.LogCaptureFixture, handed_in: str) -> None:
    """Whatever the URL is; with a transaction begun, its owner commits."""
    lab.write("a1", None, TABLE)
    config = by_url(lab, make_url("sqlite:////not/used"))
    with lab.engine.connect() as connection, caplog.at_level(logging.INFO, "alembic.connection"):
        if handed_in == "transaction":
            connection.begin()
        config.attributes["connection"] = lab.engine if handed_in == "engine" else connection
        command.upgrade(config, "head")
        assert connection.in_transaction() is (handed_in == "transaction")
        connection.commit()
    assert f"Database, as handed in: {lab.engine.url.render_as_string()}" in caplog.text
    assert at(lab) == [("a1",)]


def unset() -> URL:
    """Stand for a setting that is missing."""
    raise SettingsError("SHOP_URL is not set.")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (unset, "SHOP_URL is not set."),
        ("sqlite://", "The URL names an SQLite database in memory, which does not exist any more when the migration"),
        ("sqlite:///file:x?mode=memory&uri=true", "The URL names an SQLite database in memory"),
        ("sqlite:////no/such/directory/x.db", "Cannot connect to sqlite:////no/such/directory/x.db: unable to open"),
        ("postgresql+psycopg://u:s3cret@127.0.0.1:1/d", "Cannot connect to postgresql+psycopg://u:***@127.0.0.1:1/d: "),
        ("postgresql+psycopg2://u:s3cret@127.0.0.1:1/d", "Cannot connect to postgresql+psycopg2://u:***@127.0.0.1:1/d"),
        ("postgresql+psycopg://u:s3cret@127.0.0.1:1/d?ssl=require", "Cannot connect to postgresql+psycopg://u:***@"),
        ("mysql+pymysql://u:s3cret@127.0.0.1:1/d", "Cannot connect to mysql+pymysql://u:***@127.0.0.1:1/d: "),
        ("mysql+pymysql://u:s3cret@127.0.0.1:1/d?nonsense=1", "Cannot connect to mysql+pymysql://u:***@127.0.0.1:1/d"),
    ],
)
def test_a_database_that_cannot_be_had_is_a_sentence(url: str | Callable[[], URL], message: str) -> None:
    """It has no password."""
    get = (lambda: make_url(url)) if isinstance(url, str) else url
    with pytest.raises(CommandError) as error:
        connections.connect(Config(), get).__enter__()
    assert str(error.value).startswith(message)
    assert "s3cret" not in str(error.value)


def check(config: Config) -> None:
    """Compare models and database, whatever comes out."""
    with suppress(CommandError):
        command.check(config)


@pytest.mark.parametrize(
    ("run", "moves"),
    [
        (lambda config: command.upgrade(config, "head"), True),
        (lambda config: command.downgrade(config, "base"), True),
        (lambda config: command.stamp(config, "head"), True),
        (lambda config: command.current(config), False),
        (check, False),
    ],
    ids=["upgrade", "downgrade", "stamp", "current", "check"],
)
def test_who_waits_for_another_migrator(
    lab: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, run: Any, moves: bool
) -> None:
    """Whatever moves the database, for a limited time, and says so; whoever only reads does not wait."""
    lab.write("a1", None, TABLE)
    lab.upgrade()
    monkeypatch.setenv("MIGRATION_TIMEOUT", "0.2")
    with another_migrator(lab), caplog.at_level(logging.INFO, "alembic.connection"):
        if moves:
            with pytest.raises(CommandError, match=r"has been migrating .* for more than 0.2 seconds: look whether"):
                run(lab.config())
        else:
            run(lab.config())
    assert ("waiting for it, at most 0.2 seconds" in caplog.text) is moves
    run(lab.config())


def test_time_outs_of_the_project(lab_sqlite: Lab) -> None:
    """From pyproject.toml; a wrong one ends the command in a sentence."""
    lab_sqlite.write("a1", None, TABLE)
    pyproject = lab_sqlite.directory / "pyproject.toml"
    pyproject.write_text("[tool.alembic-proof]\nmigrator-timeout = 0.1\n")
    with another_migrator(lab_sqlite), pytest.raises(CommandError, match=r"for more than 0\.1 seconds"):
        lab_sqlite.upgrade()
    pyproject.write_text("[tool.alembic-proof]\nlock-timeout = 'soon'\n")
    with pytest.raises(CommandError, match="must be a number of seconds, 0 or more, not 'soon'"):
        lab_sqlite.upgrade()


@pytest.mark.parametrize("name", ["lab_postgresql", "lab_mysql", "lab_sqlite"])
def test_a_table_in_use_is_not_waited_for_long(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A reader holds the table; the migration gives up in a sentence, and can be run again when the reader has gone."""
    lab: Lab = request.getfixturevalue(name)
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "0.5")
    lab.rows("CREATE TABLE t (id INT)")
    lab.rows("INSERT INTO t VALUES (1), (2)")
    lab.write("a1", None, "op.add_column('t', sa.Column('x', sa.Integer()))")
    with lab.engine.connect() as reader:
        result = reader.exec_driver_sql("SELECT * FROM t")
        result.fetchone()  # SQLite holds the table as long as there are rows to come
        with pytest.raises(CommandError, match="Gave up waiting for a table in use") as error:
            lab.upgrade()
        result.close()
    assert name == "lab_sqlite" or "ALTER TABLE t ADD COLUMN x INTEGER" in str(error.value)
    lab.upgrade()
    assert at(lab) == [("a1",)]


def test_a_transaction_that_env_leaves_open_is_refused(lab: Lab) -> None:
    """Alembic would take it for its caller's and commit nothing, with exit code 0."""
    lab.write("a1", None, TABLE)
    set_env(lab, MIGRATING.replace("    pass\n", "    connection.exec_driver_sql('SELECT 1')\n"))
    with pytest.raises(CommandError, match="A transaction is open on the connection before the migration"):
        lab.upgrade()
    set_env(lab, MIGRATING.replace(".connect()", ".begin()"))
    with pytest.raises(CommandError, match=r"In env\.py, connect with connect"):
        lab.upgrade()
    assert "t" not in lab.schema()
    set_env(lab, MIGRATING.replace("pass\n", "connection.exec_driver_sql('SELECT 1')\n    connection.commit()\n"))
    lab.upgrade()
    assert at(lab) == [("a1",)]


@pytest.mark.parametrize("key", ["connection", "its own name"])
def test_a_transaction_in_the_attributes_is_its_owners(lab: Lab, key: str) -> None:
    """Under whichever name env.py looks for it."""
    lab.write("a1", None, TABLE)
    env = MIGRATING.replace('with config.attributes["connection"].connect() as connection:\n    pass', "if True:")
    set_env(lab, env.replace("if True:", f"if True:\n    connection = config.attributes[{key!r}]"))
    config = by_url(lab)
    with lab.engine.begin() as connection:
        config.attributes[key] = connection
        command.upgrade(config, "head")
        assert connection.in_transaction()
    assert at(lab) == [("a1",)]


def test_a_borrowed_transaction_with_foreign_keys_enforced(lab_sqlite: Lab) -> None:
    """SQLite: a batch in it would delete the children's rows, and the pragma has no effect in a transaction."""
    config = lab_sqlite.config()
    with lab_sqlite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.commit()
        connection.begin()
        config.attributes["connection"] = connection
        with pytest.raises(CommandError, match="hand over the connection before you begin one"):
            command.upgrade(config, "head")


@pytest.mark.parametrize(
    ("name", "change", "look"),
    [
        ("lab_sqlite", "PRAGMA foreign_keys=ON", "PRAGMA foreign_keys"),
        ("lab_postgresql", "SET lock_timeout = '77s'", "SHOW lock_timeout"),
        ("lab_mysql", "SET SESSION lock_wait_timeout = 77", "SELECT @@lock_wait_timeout"),
    ],
)
@pytest.mark.parametrize("fails", [False, True])
def test_a_connection_comes_back_as_it_was(
    request: pytest.FixtureRequest, name: str, change: str, look: str, fails: bool
) -> None:
    """Also after a failure: its settings are its owner's."""
    lab: Lab = request.getfixturevalue(name)
    lab.write("a1", None, "op.execute('nonsense')" if fails else TABLE)
    config = lab.config()
    with lab.engine.connect() as connection:
        connection.exec_driver_sql(change)
        connection.commit()
        before = connection.exec_driver_sql(look).scalar_one()
        connection.commit()
        info = dict(connection.info)
        config.attributes["connection"] = connection
        if fails:
            with pytest.raises(DBAPIError, match="nonsense"):
                command.upgrade(config, "head")
        else:
            command.upgrade(config, "head")
        assert not connection.in_transaction()
        assert connection.exec_driver_sql(look).scalar_one() == before
        assert connection.info == info


def test_a_missing_privilege_on_sqlite(lab_sqlite: Lab) -> None:
    """What the database says, and of which statement."""
    lab_sqlite.rows("CREATE TABLE t (id INT)")
    file = lab_sqlite.engine.url.database
    with pytest.raises(CommandError, match=r"may not do this: CREATE .*says: attempt to write a readonly database"):
        command.upgrade(by_url(lab_sqlite, make_url(f"sqlite:///file:{file}?mode=ro&uri=true")), "head")


def test_a_role_that_may_not_create_tables(lab_postgresql: Lab) -> None:
    """PostgreSQL, with a role of its own."""
    role = lab_postgresql.engine.url.database
    lab_postgresql.rows(f"CREATE ROLE {role} LOGIN PASSWORD 's3cret'")
    try:
        url = lab_postgresql.engine.url.set(username=role, password="s3cret")
        with pytest.raises(CommandError, match=r"may not do this: .*CREATE TABLE alembic_version") as error:
            command.upgrade(by_url(lab_postgresql, url), "head")
    finally:
        lab_postgresql.rows(f"DROP ROLE {role}")
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("lab_sqlite", "VACUUM"),
        ("lab_postgresql", "CREATE INDEX CONCURRENTLY ix ON t (id)"),
        ("lab_mysql", "OPTIMIZE TABLE t"),
    ],
)
def test_an_autocommit_block(request: pytest.FixtureRequest, name: str, statement: str) -> None:
    """For what cannot run in a transaction."""
    lab: Lab = request.getfixturevalue(name)
    lab.write("a1", None, TABLE)
    lab.write("b2", "a1", f"with op.get_context().autocommit_block():\n    op.execute({statement!r})")
    lab.upgrade()
    assert at(lab) == [("b2",)]


def test_a_cascade_does_not_follow_a_rebuilt_table(lab_sqlite: Lab) -> None:
    """SQLite: a batch on the parent keeps the children's rows, whatever its owner enforces."""
    foreign = "sa.ForeignKey('author.id', ondelete='CASCADE')"
    lab_sqlite.write(
        "a1",
        None,
        f"{TABLE.replace(chr(39) + 't' + chr(39), chr(39) + 'author' + chr(39))}\n"
        f"op.create_table('book', sa.Column('author_id', sa.Integer(), {foreign}))",
    )
    lab_sqlite.upgrade()
    lab_sqlite.rows("INSERT INTO author VALUES (1)")
    lab_sqlite.rows("INSERT INTO book VALUES (1)")
    lab_sqlite.write(
        "b2", "a1", "with op.batch_alter_table('author') as batch:\n    batch.alter_column('id', type_=sa.BigInteger())"
    )
    config = lab_sqlite.config()
    with lab_sqlite.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    assert lab_sqlite.rows("SELECT author_id FROM book") == [(1,)]


def version_table(lab: Lab, **names: str) -> None:
    """Let env.py give another version table to connect()."""
    env = lab.directory / "migrations/env.py"
    given = "".join(f", {name}={value!r}" for name, value in names.items())
    env.write_text(env.read_text("utf-8").replace('["url"])', f'["url"]{given})'), "utf-8")


def test_another_version_table(lab: Lab) -> None:
    """The question before a downgrade is asked by it."""
    version_table(lab, version_table="v")
    lab.write("a1", None, f"{TABLE}\nop.execute('INSERT INTO t VALUES (1)')", "op.drop_table('t')")
    lab.upgrade(version_table="v")
    assert lab.rows("SELECT version_num FROM v") == [("a1",)]
    with pytest.raises(CommandError, match="This downgrade drops t, which has 1 row"):
        lab.downgrade("base", "no-rename", version_table="v")
    lab.downgrade("base", "allow-drop", version_table="v")


@pytest.mark.parametrize(
    ("connect", "options", "message"),
    [
        (
            {},
            {"version_table": "v"},
            "configures the version table v, but connect() or migrating() has alembic_version",
        ),
        (
            {"version_table": "v"},
            {},
            "configures the version table alembic_version, but connect() or migrating() has v",
        ),
        (
            {"version_table": "v", "version_table_schema": "s"},
            {"version_table": "v"},
            "configures the version table v, but connect() or migrating() has s.v",
        ),
    ],
)
def test_options_and_connect_agree(
    lab_sqlite: Lab, connect: dict[str, str], options: dict[str, str], message: str
) -> None:
    """Else the question would be asked by another table: in any command, so that it comes out at once."""
    version_table(lab_sqlite, **connect)
    with pytest.raises(CommandError) as error:
        command.current(lab_sqlite.config(**options))
    assert message in str(error.value)
    with pytest.raises(CommandError) as error:
        command.upgrade(lab_sqlite.config(**options), "head")
    assert message in str(error.value)


DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "mysql": "mysql+asyncmy"}


@pytest.fixture
def asynchronous(lab: Lab) -> Lab:
    """A laboratory with an asynchronous driver."""
    driver = DRIVERS[lab.engine.dialect.name]
    pytest.importorskip(driver.partition("+")[2])
    set_env(lab, ASYNCHRONOUS)
    lab.write("a1", None, f"{TABLE}\nop.execute('INSERT INTO t VALUES (1)')", "op.drop_table('t')")
    lab.write("b2", "a1", "op.add_column('t', sa.Column('x', sa.Integer()))", "op.drop_column('t', 'x')")
    return lab


def async_config(lab: Lab, *answers: str) -> Config:
    """Return a Config with the URL of the asynchronous driver."""
    config = lab.config(*answers)
    config.attributes["url"] = lab.engine.url.set(drivername=DRIVERS[lab.engine.dialect.name])
    return config


def test_an_asynchronous_driver(asynchronous: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """One migration at a time, the question before a downgrade, everything committed."""
    monkeypatch.setenv("MIGRATION_TIMEOUT", "0.2")
    with another_migrator(asynchronous), pytest.raises(CommandError, match="Another process has been migrating"):
        command.upgrade(async_config(asynchronous), "head")
    command.upgrade(async_config(asynchronous), "head")
    assert at(asynchronous) == [("b2",)]
    with pytest.raises(CommandError, match="This downgrade drops t, which has 1 row"):
        command.downgrade(async_config(asynchronous), "base")
    command.downgrade(async_config(asynchronous, "allow-drop"), "base")
    assert at(asynchronous) == []


def test_an_asynchronous_driver_and_a_failure(asynchronous: Lab) -> None:
    """What failed is undone, or noted; mended, it goes on."""
    failing = "op.execute('INSERT INTO t (id, x) VALUES (2, 2)')\nop.execute('ALTER TABLE missing ADD y INT')"
    path = asynchronous.write("c3", "b2", failing)
    with pytest.raises(DBAPIError, match="missing"):
        command.upgrade(async_config(asynchronous), "head")
    path.write_text(path.read_text("utf-8").replace("missing", "t"), "utf-8")
    command.upgrade(async_config(asynchronous), "head")
    assert asynchronous.rows("SELECT id, x, y FROM t ORDER BY id") == [(1, None, None), (2, 2, None)]
    assert sorted(asynchronous.schema()) == ["alembic_version", "t"]


def test_psycopg2(lab_postgresql: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says in a way of its own that a table is in use, and which process it has connected to."""
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "0.2")
    lab_postgresql.write("a1", None, TABLE)
    lab_postgresql.write("b2", "a1", "op.add_column('t', sa.Column('x', sa.Integer()))")
    url = lab_postgresql.engine.url.set(drivername="postgresql+psycopg2")
    command.upgrade(by_url(lab_postgresql, url), "a1")
    with lab_postgresql.engine.connect() as reader:
        reader.exec_driver_sql("SELECT * FROM t")
        with pytest.raises(CommandError, match="Gave up waiting for a table in use"):
            command.upgrade(by_url(lab_postgresql, url), "head")
    command.upgrade(by_url(lab_postgresql, url), "head")
    assert at(lab_postgresql) == [("b2",)]


@pytest.mark.parametrize(
    ("ini", "toml", "directory"),
    [
        ("/a/alembic.ini", None, "/a"),
        ("b/alembic.ini", None, "{here}/b"),
        (None, "/c/pyproject.toml", "/c"),
        ("/a/alembic.ini", "/c/pyproject.toml", "/a"),
        (None, None, "{here}"),
    ],
)
def test_the_directory_of_the_project(ini: str | None, toml: str | None, directory: str) -> None:
    """That of alembic.ini, or of the pyproject.toml that configures Alembic."""
    config = Config(ini, toml_file=toml)
    assert connections.project_directory(config) == Path(directory.format(here=Path.cwd()))


def test_a_database_that_nobody_knows(lab_sqlite: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no lock for it; options() says so."""
    monkeypatch.setattr(dialects, "KNOWN", ())
    monkeypatch.setattr(dialects, "get", {}.__getitem__)
    with pytest.raises(CommandError, match="alembic-proof does not know the database sqlite"):
        lab_sqlite.upgrade()


@pytest.mark.parametrize("offline", [False, True])
def test_a_coroutine_is_no_revision(lab: Lab, offline: bool) -> None:
    """Alembic would call it, never run it, and note it as done."""
    path = lab.write("r1", None, "pass")
    path.write_text(path.read_text("utf-8").replace("def upgrade", "async def upgrade"), "utf-8")
    with pytest.raises(CommandError, match=r"r1.py: upgrade\(\) is a coroutine .* Nothing was changed"):
        lab.sql() if offline else lab.upgrade()


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("missing", ["upgrade", "downgrade"])
def test_a_revision_without_a_function(lab: Lab, missing: str, offline: bool) -> None:
    """It is told by its name, and not as a fault of env.py."""
    path = lab.write("r1", None, "pass")
    if missing == "downgrade":
        lab.upgrade()
    path.write_text(path.read_text("utf-8").replace(f"def {missing}", "def other"), "utf-8")
    to = {"upgrade": "head", "downgrade": "r1:base" if offline else "base"}[missing]
    with pytest.raises(CommandError, match=rf"r1.py has no function {missing}\(\): write it, .* Nothing was changed"):
        getattr(command, missing)(lab.config(), to, sql=offline)


def test_a_connection_is_closed_afterwards(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it was handed in."""
    monkeypatch.setattr(connections, "moves", lambda: False)
    engine = create_engine(sqlite, poolclass=NullPool)
    with connections.connect(Config(), lambda: make_url(sqlite)) as opened:
        assert not opened.closed
    assert opened.closed
    with engine.connect() as connection:
        config = Config()
        config.attributes["connection"] = connection
        with connections.connect(config, unset) as handed_in:
            assert handed_in is connection
        assert not connection.closed
        assert isinstance(connection, Connection)


def test_the_function_and_not_its_result(tmp_path: Path) -> None:
    """A URL in its place is a sentence, with what to write."""
    url: Any = make_url(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(CommandError, match="without parentheses"), connections.connect(Config(), url):
        pass
    assert not (tmp_path / "x.db").exists()


NARROWER = "op.alter_column('t', 'x', existing_type=sa.String(9), type_=sa.String(2))"


def test_a_server_that_cuts_values_refuses_them(lab_mysql: Lab) -> None:
    """A migration is strict where the connection is not, unless a revision says otherwise."""
    lab_mysql.engine = create_engine(f"{lab_mysql.url}?init_command=SET sql_mode=''", poolclass=NullPool)
    lab_mysql.write("a1", None, "op.create_table('t', sa.Column('x', sa.String(9)))")
    lab_mysql.upgrade()
    lab_mysql.rows("INSERT INTO t VALUES ('abc')")
    lab_mysql.write("b2", "a1", NARROWER)
    with pytest.raises(DBAPIError, match=r"Data (too long|truncated)"):
        lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT x FROM t") == [("abc",)]
    lab_mysql.write("b2", "a1", f"op.execute(\"SET sql_mode = ''\")\n{NARROWER}")
    lab_mysql.upgrade()
    assert lab_mysql.rows("SELECT x FROM t") == [("ab",)]
