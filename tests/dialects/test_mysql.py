"""What is special about MariaDB and MySQL."""

from __future__ import annotations

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from support.databases import rows

from alembic_proof.dialects import Timeouts
from alembic_proof.dialects.mysql import _CHECK, MySQL

DIALECT = MySQL()
TIMEOUTS = "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout"


def connect(url: str) -> Connection:
    """Connect, keeping nothing."""
    return create_engine(url, poolclass=NullPool).connect()


def test_it_cannot_take_back_an_alter() -> None:
    """So each revision has a transaction for its rows only, and a journal is kept."""
    assert DIALECT.configure_options() == {"transaction_per_migration": True}
    assert not DIALECT.transactional_ddl


def test_one_migration_at_a_time(mysql: str) -> None:
    """A second one of the same database waits and gives up; afterwards nothing is held, nothing is open."""
    with connect(mysql) as first, connect(mysql) as second:
        with DIALECT.exclusive(first, Timeouts(0, 5)):
            assert not first.in_transaction()
            with pytest.raises(CommandError, match="Another process has been migrating"):
                DIALECT.exclusive(second, Timeouts(0, 5)).__enter__()
            server = make_url(mysql).set(database="mysql").render_as_string(hide_password=False)
            with connect(server) as elsewhere, DIALECT.exclusive(elsewhere, Timeouts(0, 5)):
                pass
        assert not first.in_transaction()
        with DIALECT.exclusive(second, Timeouts(0, 5)):
            pass


@pytest.mark.parametrize(("seconds", "limit"), [(3, 3), (0.2, 1), (0, 1)])
def test_the_session_is_impatient_meanwhile(mysql: str, seconds: float, limit: int) -> None:
    """For tables and for rows, whole seconds; the owner's settings come back."""
    with connect(mysql) as connection:
        connection.exec_driver_sql("SET SESSION lock_wait_timeout = 77")
        connection.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 66")
        connection.commit()
        with DIALECT.exclusive(connection, Timeouts(5, seconds)):
            assert connection.exec_driver_sql(TIMEOUTS).one() == (limit, limit)
        assert connection.exec_driver_sql(TIMEOUTS).one() == (77, 66)


MODE = "SELECT @@sql_mode"


@pytest.mark.parametrize(
    ("mode", "meanwhile"),
    [
        ("", "STRICT_TRANS_TABLES"),
        ("NO_AUTO_VALUE_ON_ZERO", "NO_AUTO_VALUE_ON_ZERO,STRICT_TRANS_TABLES"),
        ("STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES"),
        ("STRICT_ALL_TABLES", "STRICT_ALL_TABLES"),
    ],
)
def test_the_session_is_strict_meanwhile(mysql: str, mode: str, meanwhile: str) -> None:
    """So the server refuses what it would cut; what else is in the mode stays, and the owner's comes back."""
    with connect(mysql) as connection:
        connection.exec_driver_sql(f"SET SESSION sql_mode = '{mode}'")
        connection.commit()
        with DIALECT.exclusive(connection, Timeouts(5, 5)):
            assert connection.exec_driver_sql(MODE).scalar_one() == meanwhile
        assert connection.exec_driver_sql(MODE).scalar_one() == mode


def test_a_lost_connection_hides_no_error(mysql: str) -> None:
    """The error inside is told, not that of the unlocking."""

    def fail(connection: Connection) -> None:
        with DIALECT.exclusive(connection, Timeouts(5, 5)):
            thread = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar_one()
            rows(mysql, f"KILL {thread}")
            raise ZeroDivisionError

    with connect(mysql) as connection, pytest.raises(ZeroDivisionError):
        fail(connection)


def test_the_catalogue(mysql: str) -> None:
    """Everything that an upgrade and its downgrade can leave different, as the server writes it."""
    rows(mysql, "CREATE TABLE author (id INT PRIMARY KEY, name VARCHAR(9) DEFAULT 'x' NOT NULL) COMMENT 'who writes'")
    rows(
        mysql,
        "CREATE TABLE book (pages INT COMMENT 'of paper', twice INT AS (pages * 2) STORED, author_id INT, "
        "CONSTRAINT fk FOREIGN KEY (author_id) REFERENCES author (id), CONSTRAINT positive CHECK (pages > 0), "
        "UNIQUE INDEX ux (pages))",
    )
    with connect(mysql) as connection:
        items = {(table, item): text for table, item, text in DIALECT.catalogue(connection)}
        comments = list(DIALECT.comments(connection))
    texts = {key: text.replace("`", "").replace("int(11)", "int") for key, text in items.items()}
    assert texts.pop(("author", "default of name")) in ("'x'", "x")  # MariaDB's and MySQL's way
    assert "pages > 0" in texts.pop(("book", "constraint positive"))
    twice = texts.pop(("book", "column twice"))
    assert twice.startswith("int STORED GENERATED")
    assert "pages * 2" in twice
    assert texts == {
        ("author", "column id"): "int NOT NULL",
        ("author", "column name"): "varchar(9) NOT NULL",
        ("author", "index PRIMARY"): "PRIMARY KEY (id)",
        ("book", "column author_id"): "int",
        ("book", "column pages"): "int",
        ("book", "constraint fk"): "CONSTRAINT FOREIGN KEY (author_id) REFERENCES author (id)",
        ("book", "index fk"): "KEY (author_id)",
        ("book", "index ux"): "UNIQUE KEY (pages)",
    }
    assert sorted(comments) == [("author", "comment", "who writes"), ("book", "comment on pages", "of paper")]


def test_a_scratch_database(mysql: str) -> None:
    """Created, and dropped even while somebody is connected."""
    name = f"{make_url(mysql).database}_scratch"
    with connect(mysql) as server:
        DIALECT.create_database(server, name)
        with connect(make_url(mysql).set(database=name).render_as_string(hide_password=False)):
            DIALECT.drop_database(server, name)
        DIALECT.drop_database(server, name)
        assert server.exec_driver_sql(f"SHOW DATABASES LIKE '{name}'").all() == []


def test_reading_only(mysql: str) -> None:
    """The server itself refuses to write."""
    with DIALECT.read_only_engine(make_url(mysql)).connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar_one() == 1
        with pytest.raises(DBAPIError, match="READ ONLY transaction"):
            connection.exec_driver_sql("CREATE TABLE t (x INT)")


def test_the_check_of_a_column_is_found_at_once() -> None:
    """Not in a comment; and many quotes in one are not tried in all ways, which would take for ever."""
    assert _CHECK.match("  `c` int(11) COMMENT 'it''s CHECK (1)',") is None
    assert _CHECK.match("  `c` int(11) COMMENT '" + "it''s " * 60 + "',") is None
    found = _CHECK.match("  `c` varchar(9) COMMENT 'it''s' CHECK (`c` <> 'a''b'),")
    assert found is not None
    assert found[2] == "(`c` <> 'a''b')"
