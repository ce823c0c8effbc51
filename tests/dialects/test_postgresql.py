"""What is special about PostgreSQL."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from support.databases import rows

from alembic_proof.dialects import Timeouts, postgresql

DIALECT = postgresql.PostgreSQL()
DRIVERS = ("psycopg", "psycopg2")
LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database"
LOCKS += " WHERE datname = current_database())"


def connect(url: str, driver: str = "psycopg") -> Connection:
    """Connect with one of the drivers."""
    return create_engine(make_url(url).set(drivername=f"postgresql+{driver}"), poolclass=NullPool).connect()


def test_each_revision_is_a_transaction() -> None:
    """So that a failure undoes it."""
    assert DIALECT.configure_options() == {"transaction_per_migration": True}
    assert DIALECT.transactional_ddl


@pytest.mark.parametrize("driver", DRIVERS)
def test_one_migration_at_a_time(postgresql: str, driver: str) -> None:
    """A second one waits and gives up; afterwards nothing is held, nothing is open."""
    with connect(postgresql, driver) as first, connect(postgresql, driver) as second:
        with DIALECT.exclusive(first, Timeouts(0, 5)):
            assert not first.in_transaction()
            assert rows(postgresql, LOCKS) == [(1,)]
            with pytest.raises(CommandError, match="Another process has been migrating"):
                DIALECT.exclusive(second, Timeouts(0, 5)).__enter__()
        assert not first.in_transaction()
        assert rows(postgresql, LOCKS) == [(0,)]
        with DIALECT.exclusive(second, Timeouts(0, 5)):
            pass


@pytest.mark.parametrize("driver", DRIVERS)
def test_only_transactions_are_impatient(postgresql: str, driver: str) -> None:
    """CREATE INDEX CONCURRENTLY, in AUTOCOMMIT mode, may wait; and the owner's setting comes back."""

    def limit() -> Any:
        value = connection.exec_driver_sql("SHOW lock_timeout").scalar_one()
        connection.rollback()
        return value

    with connect(postgresql, driver) as connection:
        connection.exec_driver_sql("SET lock_timeout = '77s'")
        connection.commit()
        with DIALECT.exclusive(connection, Timeouts(5, 0.25)):
            assert limit() == "250ms"
            connection.execution_options(isolation_level="AUTOCOMMIT")
            assert limit() == "77s"
            connection.execution_options(isolation_level="READ COMMITTED")
        assert limit() == "77s"


def test_no_time_to_wait_is_not_for_ever(postgresql: str) -> None:
    """To the server, 0 is no limit."""
    with connect(postgresql) as connection, DIALECT.exclusive(connection, Timeouts(5, 0)):
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar_one() == "1ms"


def test_a_lost_connection_hides_no_error(postgresql: str) -> None:
    """The error inside is told, not that of the unlocking."""

    def fail(connection: Connection) -> None:
        with DIALECT.exclusive(connection, Timeouts(5, 5)):
            backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            rows(postgresql, f"SELECT pg_terminate_backend({backend})")
            raise ZeroDivisionError

    with connect(postgresql) as connection, pytest.raises(ZeroDivisionError):
        fail(connection)


class _Pooled:
    """A connection to a pooler: the process that it has connected to is not the one that answers."""

    engine = SimpleNamespace(url=make_url("postgresql://u:s3cret@pooler/d"))
    connection = SimpleNamespace(driver_connection=SimpleNamespace(info=SimpleNamespace(backend_pid=7)))

    def exec_driver_sql(self, _: str) -> Any:
        """Return the process that answers."""
        return SimpleNamespace(scalar_one=lambda: 8)


def test_a_pooler_is_refused() -> None:
    """It is named, without its password, with what to do."""
    pooled: Any = _Pooled()
    with pytest.raises(CommandError) as error:
        DIALECT.exclusive(pooled, Timeouts(5, 5)).__enter__()
    assert "A connection pooler such as PgBouncer answers at postgresql://u:***@pooler/d" in str(error.value)
    assert "give this command the server's own address" in str(error.value)


SCHEMA = """
CREATE TYPE mood AS ENUM ('sad', 'it''s fine');
CREATE TABLE author (id SERIAL PRIMARY KEY, name TEXT COLLATE "C" DEFAULT 'x' NOT NULL, mood mood);
CREATE TABLE book (id INT GENERATED ALWAYS AS IDENTITY, pages INT, twice INT GENERATED ALWAYS AS (pages * 2) STORED,
    author_id INT CONSTRAINT fk REFERENCES author (id), CONSTRAINT positive CHECK (pages > 0));
CREATE INDEX ix ON book (pages) WHERE pages > 5;
CREATE SCHEMA other;
CREATE TABLE other.part (day DATE) PARTITION BY RANGE (day);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION f();
COMMENT ON TABLE book IS 'what is read';
COMMENT ON COLUMN book.pages IS 'of paper';
"""


def test_the_catalogue(postgresql: str) -> None:
    """Everything that an upgrade and its downgrade can leave different, as the server writes it."""
    rows(postgresql, SCHEMA)
    with connect(postgresql) as connection:
        items = {(table, item): text for table, item, text in DIALECT.catalogue(connection)}
        comments = list(DIALECT.comments(connection))
    assert items == {
        ("", "type mood"): "'sad', 'it''s fine'",
        ("author", ""): "",
        ("author", "column id"): "integer NOT NULL",
        ("author", "column mood"): "mood",
        ("author", "column name"): 'text NOT NULL COLLATE "C"',
        ("author", "constraint author_pkey"): "PRIMARY KEY (id)",
        ("author", "default of id"): "nextval() of its sequence",
        ("author", "default of name"): "'x'::text",
        ("book", ""): "",
        ("book", "column author_id"): "integer",
        ("book", "column id"): "integer NOT NULL IDENTITY",
        ("book", "column pages"): "integer",
        ("book", "column twice"): "integer GENERATED (pages * 2)",
        ("book", "constraint fk"): "FOREIGN KEY (author_id) REFERENCES author(id)",
        ("book", "constraint positive"): "CHECK ((pages > 0))",
        ("book", "index ix"): "CREATE INDEX ix ON book USING btree (pages) WHERE pages > 5",
        ("book", "trigger tr"): "CREATE TRIGGER tr BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION f()",
        ("other.part", ""): "",
        ("other.part", "column day"): "date",
        ("other.part", "partitioned by"): "RANGE (day)",
    }
    assert sorted(comments) == [("book", "comment", "what is read"), ("book", "comment on pages", "of paper")]


def test_a_scratch_database(postgresql: str) -> None:
    """Created, and dropped even while somebody is connected."""
    name = f"{make_url(postgresql).database}_scratch"
    with connect(postgresql).execution_options(isolation_level="AUTOCOMMIT") as server:
        DIALECT.create_database(server, name)
        url = make_url(postgresql).set(database=name).render_as_string(hide_password=False)
        assert rows(url, "SHOW synchronous_commit") == [("off",)]
        with connect(url):
            DIALECT.drop_database(server, name)
        DIALECT.drop_database(server, name)
        query = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"
        assert server.exec_driver_sql(query).all() == []


@pytest.mark.parametrize("driver", DRIVERS)
def test_reading_only(postgresql: str, driver: str) -> None:
    """The server itself refuses to write."""
    engine = DIALECT.read_only_engine(make_url(postgresql).set(drivername=f"postgresql+{driver}"))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        with pytest.raises(DBAPIError, match="read-only transaction"):
            connection.exec_driver_sql("CREATE TABLE t (x INT)")
