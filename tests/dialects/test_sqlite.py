"""What is special about SQLite."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from support.databases import rows

from alembic_proof.dialects import Timeouts
from alembic_proof.dialects import sqlite as sqlite_module
from alembic_proof.dialects.sqlite import SQLite

DIALECT = SQLite()
PATIENT = Timeouts(5, 5)
TABLES = """
CREATE TABLE author (id INTEGER PRIMARY KEY);
CREATE TABLE book (id INTEGER PRIMARY KEY, author_id INTEGER REFERENCES author (id) ON DELETE CASCADE);
INSERT INTO author VALUES (1);
INSERT INTO book VALUES (1, 1), (2, 7);
"""


@pytest.fixture
def library(sqlite: str) -> str:
    """A database with an author and two books, of which one has no author."""
    with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as driver:
        driver.executescript(TABLES)
    driver.close()
    return sqlite


@pytest.fixture
def connection(library: str) -> Iterator[Connection]:
    """A connection to it."""
    with create_engine(library, poolclass=NullPool).connect() as connected:
        yield connected


def pragma(connection: Connection, name: str) -> Any:
    """Return a setting of the connection."""
    value = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
    connection.rollback()
    return value


def test_a_command_is_one_transaction() -> None:
    """In which tables are rebuilt to alter them."""
    assert DIALECT.configure_options() == {"render_as_batch": True, "transactional_ddl": True}


def test_ddl_is_part_of_the_transaction(connection: Connection, library: str) -> None:
    """Python's driver would commit before it."""
    with DIALECT.exclusive(connection, PATIENT):
        connection.exec_driver_sql("CREATE TABLE t (x INT)")
        connection.exec_driver_sql("INSERT INTO t VALUES (1)")
        connection.rollback()
    assert rows(library, "SELECT name FROM sqlite_master WHERE name = 't'") == []


def test_one_writer_at_a_time(connection: Connection, library: str) -> None:
    """A transaction begins as the writer; a second migration gives up in a sentence; readers go on."""
    with (
        create_engine(library, poolclass=NullPool).connect() as second,
        DIALECT.exclusive(connection, PATIENT),
        DIALECT.exclusive(second, Timeouts(0, 5)),
    ):
        connection.exec_driver_sql("SELECT 1")
        assert rows(library, "SELECT count(*) FROM book") == [(2,)]
        with pytest.raises(CommandError, match="Another process has been migrating"):
            second.exec_driver_sql("SELECT 1")
        connection.commit()
        second.exec_driver_sql("SELECT 1")


def test_an_autocommit_block_begins_nothing(connection: Connection) -> None:
    """VACUUM cannot run in a transaction."""
    with DIALECT.exclusive(connection, PATIENT):
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")


@pytest.mark.parametrize("enforced", [0, 1])
@pytest.mark.parametrize("fails", [False, True])
def test_the_connection_comes_back_as_it_was(connection: Connection, enforced: int, fails: bool) -> None:
    """Foreign keys, the time-out and the driver's own transactions."""
    settings = ("foreign_keys", "busy_timeout")
    connection.exec_driver_sql(f"PRAGMA foreign_keys={enforced}")
    connection.exec_driver_sql("PRAGMA busy_timeout=1234")
    connection.commit()
    driver: Any = connection.connection.driver_connection
    before = driver.isolation_level
    try:
        with DIALECT.exclusive(connection, PATIENT):
            assert [pragma(connection, name) for name in settings] == [0, 5000]
            connection.exec_driver_sql("nonsense" if fails else "SELECT 1")
    except DBAPIError:
        assert fails
    assert [pragma(connection, name) for name in settings] == [enforced, 1234]
    assert driver.isolation_level == before


def test_a_dropped_parent_keeps_the_rows_that_refer_to_it(connection: Connection, library: str) -> None:
    """A batch drops the table on the way, and a cascade would follow."""
    connection.exec_driver_sql("PRAGMA foreign_keys=ON")
    connection.commit()
    with DIALECT.exclusive(connection, PATIENT):
        for statement in (
            "CREATE TABLE new (id INTEGER PRIMARY KEY)",
            "INSERT INTO new SELECT id FROM author",
            "DROP TABLE author",
            "ALTER TABLE new RENAME TO author",
        ):
            connection.exec_driver_sql(statement)
        connection.commit()
    assert rows(library, "SELECT id FROM book") == [(1,), (2,)]


def test_new_rows_without_their_parent_stop_the_commit(connection: Connection, library: str) -> None:
    """Those that had none before are not the migration's fault."""
    with DIALECT.exclusive(connection, PATIENT):
        connection.exec_driver_sql("UPDATE book SET id = id")
        connection.commit()
        connection.exec_driver_sql("INSERT INTO book VALUES (3, 8), (4, 8)")
        with pytest.raises(CommandError) as error:
            connection.commit()
        connection.rollback()
    assert "After this migration 2 rows of book would refer to missing rows of author; nothing was" in str(error.value)
    assert rows(library, "SELECT count(*) FROM book") == [(2,)]


def test_foreign_keys_that_cannot_be_checked(
    connection: Connection, library: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One to a column that is not unique is a warning: SQLite lets it be created."""
    rows(library, "CREATE TABLE odd (x INT REFERENCES book (author_id))")
    rows(library, "INSERT INTO odd VALUES (1)")
    with caplog.at_level(logging.WARNING), DIALECT.exclusive(connection, PATIENT):
        connection.exec_driver_sql("SELECT 1")
        connection.commit()
    assert "Foreign keys cannot be checked: foreign key mismatch" in caplog.text


VIEWS_AND_TRIGGERS = """
CREATE TABLE log (x);
CREATE TABLE word (a TEXT PRIMARY KEY, b AS (a)) WITHOUT ROWID;
CREATE VIEW titles AS SELECT id FROM book;
CREATE VIEW broken AS SELECT absent FROM book;
CREATE TRIGGER inserted AFTER INSERT ON author BEGIN INSERT INTO log VALUES (new.id); END;
CREATE TRIGGER updated AFTER UPDATE OF id ON author BEGIN INSERT INTO log VALUES (new.id); END;
CREATE TRIGGER changed AFTER UPDATE ON word BEGIN INSERT INTO log VALUES (new.a); END;
CREATE TRIGGER deleted INSTEAD OF DELETE ON titles BEGIN DELETE FROM log WHERE x = old.id; END;
CREATE TRIGGER "odd one" AFTER DELETE ON book BEGIN DELETE FROM missing; END;
"""


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("INSERT INTO author VALUES (5)", None),
        ("DROP VIEW titles", None),
        ("DROP VIEW broken", None),
        ("CREATE VIEW another AS SELECT absent FROM book", None),
        (
            "DROP TABLE book",
            "the view titles and the trigger deleted would not work any more: no such table: main.book",
        ),
        ("DROP TABLE log", "the trigger inserted and the trigger updated and the trigger changed and the trigger del"),
        ("ALTER TABLE author RENAME COLUMN id TO key", None),
    ],
)
def test_views_and_triggers_still_work(connection: Connection, library: str, statement: str, named: str | None) -> None:
    """C6. Those that did not work before are not the migration's fault, nor those that it creates."""
    with sqlite3.connect(library.removeprefix("sqlite:///")) as driver:
        driver.executescript(VIEWS_AND_TRIGGERS)
    driver.close()
    before = rows(library, "SELECT sql FROM sqlite_master")
    with DIALECT.exclusive(connection, PATIENT):
        if "RENAME COLUMN" in statement:
            connection.exec_driver_sql("DROP VIEW broken")
            connection.exec_driver_sql('DROP TRIGGER "odd one"')
        connection.exec_driver_sql(statement)
        if named is None:
            connection.commit()
            return
        with pytest.raises(CommandError) as error:
            connection.commit()
        connection.rollback()
    assert named in str(error.value)
    assert rows(library, "SELECT sql FROM sqlite_master") == before


@pytest.mark.parametrize("enforced", [False, True])
def test_a_borrowed_transaction(connection: Connection, enforced: bool) -> None:
    """Foreign keys cannot be switched off in it."""
    connection.exec_driver_sql(f"PRAGMA foreign_keys={enforced:d}")
    if not enforced:
        DIALECT.check_borrowed(connection)
        return
    with pytest.raises(CommandError, match="hand over the connection before you begin one"):
        DIALECT.check_borrowed(connection)


def test_the_catalogue(sqlite: str) -> None:
    """Everything that an upgrade and its downgrade can leave different."""
    path = sqlite.removeprefix("sqlite:///")
    with sqlite3.connect(path) as driver:
        driver.executescript(
            """
            CREATE TABLE author (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
                name VARCHAR(9) COLLATE NOCASE DEFAULT 'x' NOT NULL
            );
            CREATE TABLE book (pages INT, twice INT GENERATED ALWAYS AS (pages * 2), author_id VARCHAR(9), isbn TEXT,
                CONSTRAINT fk FOREIGN KEY(author_id) REFERENCES author (id) ON DELETE CASCADE,
                CONSTRAINT uq UNIQUE (isbn),
                CONSTRAINT positive CHECK (pages  >  0)
            );
            CREATE INDEX "ix" ON book (pages)
                WHERE pages > 5;
            CREATE TRIGGER tr AFTER INSERT ON book BEGIN DELETE FROM book; END;
            """
        )
    driver.close()
    with create_engine(sqlite, poolclass=NullPool).connect() as connection:
        items = {(table, item): text for table, item, text in DIALECT.catalogue(connection)}
        assert list(DIALECT.comments(connection)) == []
    assert items == {
        ("author", ""): "",
        ("author", "column id"): "INTEGER NOT NULL",
        ("author", "column name"): "VARCHAR(9) NOT NULL COLLATE NOCASE",
        ("author", "constraint PRIMARY KEY (id)"): "PRIMARY KEY (id)",
        ("author", "default of name"): "'x'",
        ("author", "option AUTOINCREMENT"): "AUTOINCREMENT",
        ("book", ""): "",
        ("book", "column author_id"): "VARCHAR(9)",
        ("book", "column isbn"): "TEXT",
        ("book", "column pages"): "INTEGER",
        ("book", "column twice"): "INTEGER GENERATED pages * 2",
        ("book", "constraint fk"): "FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE",
        ("book", "constraint positive"): "CHECK (pages > 0)",
        ("book", "constraint uq"): "UNIQUE (isbn)",
        ("book", "index ix"): "CREATE INDEX ix ON book (pages) WHERE pages > 5",
        ("book", "trigger tr"): "CREATE TRIGGER tr AFTER INSERT ON book BEGIN DELETE FROM book; END",
    }


PARENT, CHILD = "CREATE TABLE p ({})", "CREATE TABLE c (id INTEGER, x INTEGER, {})"
SAME_CHILD = "CREATE TABLE c (x INTEGER,\n\tid INTEGER, {})"
# A table and one that it refers to, then both as another database has them: whether they say the same.
READ_AGAIN = [
    ("a INTEGER PRIMARY KEY", "UNIQUE (x)", "a INTEGER PRIMARY KEY", "UNIQUE (x)", True),
    ("a INTEGER PRIMARY KEY", "UNIQUE (x), CHECK (x > 0)", "a INTEGER PRIMARY KEY", "CHECK (x > 0), UNIQUE (x)", True),
    ("a INTEGER PRIMARY KEY", "CHECK (x <> ' ')", "a INTEGER PRIMARY KEY", "CHECK (x <> '  ')", False),
    ("a INTEGER PRIMARY KEY", "UNIQUE (x)", "a INTEGER PRIMARY KEY", "CONSTRAINT uq UNIQUE (x)", False),
    ("a INTEGER PRIMARY KEY", "FOREIGN KEY (x) REFERENCES p", "b INTEGER PRIMARY KEY", None, False),
    ("a INTEGER PRIMARY KEY", "FOREIGN KEY (x) REFERENCES p (a)", "b INTEGER, a INTEGER PRIMARY KEY", None, True),
]


@pytest.mark.parametrize(("parent", "child", "other_parent", "other_child", "same"), READ_AGAIN)
def test_what_was_read_before_is_known(
    tmp_path: Path, parent: str, child: str, other_parent: str, other_child: str | None, same: bool
) -> None:
    """Only of a table with the same parts, in whatever order; and what it says is what a first reading says."""
    first, second = ({*read_items(tmp_path, "a", PARENT.format(parent), CHILD.format(child))} for _ in range(2))
    again = read_items(tmp_path, "b", PARENT.format(other_parent), SAME_CHILD.format(other_child or child))
    sqlite_module._read.clear()
    fresh = read_items(tmp_path, "b", PARENT.format(other_parent), SAME_CHILD.format(other_child or child))
    assert first == second
    assert again == fresh
    assert ({item for item in first if item[0] == "c"} == {item for item in again if item[0] == "c"}) is same


def test_a_schema_that_is_known_costs_one_query(tmp_path: Path) -> None:
    """Not several for each table."""
    tables = [f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, x INTEGER UNIQUE)" for n in range(50)]
    read_items(tmp_path, "a", *tables)
    statements: list[str] = []
    read_items(tmp_path, "b", *tables, noting=statements)
    assert len([text for text in statements if "PRAGMA" in text]) == 0


def read_items(directory: Path, name: str, *tables: str, noting: list[str] | None = None) -> set[Any]:
    """Return what the catalogue of a new database with these tables says."""
    path = directory / f"{name}.db"
    path.unlink(missing_ok=True)
    with sqlite3.connect(path) as driver:
        driver.executescript(";".join(tables))
    driver.close()
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    if noting is not None:
        event.listen(engine, "before_cursor_execute", lambda *arguments: noting.append(arguments[2]))
    with engine.connect() as connection:
        return set(DIALECT.catalogue(connection))


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_reading_only(library: str, tmp_path: Path, mode: str) -> None:
    """It cannot write, and leaves no file behind: not even beside a database in WAL mode."""
    rows(library, f"PRAGMA journal_mode={mode}")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with DIALECT.read_only_engine(make_url(library)).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM book").scalar_one() == 2
        with pytest.raises(DBAPIError, match="attempt to write a readonly database"):
            connection.exec_driver_sql("CREATE TABLE t (x INT)")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_reading_only_while_somebody_writes(library: str) -> None:
    """In WAL mode, what they have committed is seen."""
    rows(library, "PRAGMA journal_mode=wal")
    with create_engine(library, poolclass=NullPool).connect() as writer:
        writer.exec_driver_sql("INSERT INTO author VALUES (2)")
        writer.commit()
        with DIALECT.read_only_engine(make_url(library)).connect() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM author").scalar_one() == 2


def test_a_database_is_a_file(connection: Connection) -> None:
    """Nothing is created, nothing is dropped on a server."""
    DIALECT.create_database(connection, "scratch")
    DIALECT.drop_database(connection, "scratch")
    assert not connection.in_transaction()


@pytest.mark.parametrize(
    ("default", "type_", "stored"),
    [
        ("'0'", "BOOLEAN", "0"),
        ("false", "BOOLEAN", "0"),
        ("'1.5'", "NUMERIC(8, 2)", "1.5"),
        ("' -3 '", "INTEGER", "-3"),
        ("'x'", "INTEGER", "'x'"),
        ("'0'", "VARCHAR(5)", "'0'"),
        ("'7'", "POINT", "7"),  # INT is in it
        ("CURRENT_TIMESTAMP", "DATETIME", "CURRENT_TIMESTAMP"),
    ],
)
def test_a_default_as_the_column_stores_it(sqlite: str, default: str, type_: str, stored: str) -> None:
    """Two ways to write one number are one default; SQLite itself is asked what it keeps."""
    rows(sqlite, f"CREATE TABLE t (id INTEGER, a {type_} DEFAULT {default}, b {type_} DEFAULT {stored})")
    with create_engine(sqlite).connect() as connection:
        texts = {item: text for table, item, text in DIALECT.catalogue(connection) if table == "t"}
    assert texts["default of a"] == texts["default of b"] == stored
    rows(sqlite, "INSERT INTO t (id) VALUES (1)")
    assert rows(sqlite, "SELECT a = b, typeof(a) = typeof(b) FROM t") == [(1, 1)]
