# ruff: noqa: E501
"""Rows are generated for tables that are hard to fill, and a table that accepts none is named."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import MetaData, NullPool, create_engine, event

from alembic_proof.sqltext import full_name
from alembic_proof.testing import rows

# Tables that are hard to fill, one statement a line; by dialect, those that only one has.
HARD = """\
CREATE TABLE sizes (id INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL, CONSTRAINT ck_order CHECK (low < high AND high < 1000))
CREATE TABLE status (id INTEGER PRIMARY KEY, word VARCHAR(8) NOT NULL, CONSTRAINT ck_word CHECK (word IN ('new', 'it''s')))
CREATE TABLE either (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, CONSTRAINT ck_either CHECK ((a IS NULL) <> (b IS NULL)))
CREATE TABLE codes (code CHAR(2) PRIMARY KEY, price NUMERIC(5, 2) NOT NULL, part NUMERIC(2, 2) NOT NULL, CONSTRAINT ck_price CHECK (price >= 100.5))
CREATE TABLE mails (id INTEGER PRIMARY KEY, mail VARCHAR(40) NOT NULL UNIQUE, CONSTRAINT ck_mail CHECK (mail LIKE '%@%'), CONSTRAINT ck_length CHECK (length(mail) > 4))
CREATE TABLE period (id INTEGER PRIMARY KEY, start_on DATE NOT NULL, end_on DATE NOT NULL, CONSTRAINT ck_period CHECK (start_on < end_on))
CREATE TABLE tree (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL, FOREIGN KEY (parent) REFERENCES tree (id))
CREATE TABLE pairs (tenant INTEGER NOT NULL, n INTEGER NOT NULL, other INTEGER, PRIMARY KEY (tenant, n), FOREIGN KEY (tenant, other) REFERENCES pairs (tenant, n))
CREATE TABLE of_pairs (id INTEGER PRIMARY KEY, tenant INTEGER NOT NULL, n INTEGER NOT NULL, FOREIGN KEY (tenant, n) REFERENCES pairs (tenant, n))
CREATE TABLE one_to_one (code CHAR(2) PRIMARY KEY, flag BOOLEAN NOT NULL UNIQUE, FOREIGN KEY (code) REFERENCES codes (code))
CREATE TABLE "order" ("select" INTEGER PRIMARY KEY, "a b" FLOAT NOT NULL, moment TIMESTAMP NULL, hour TIME, note TEXT)
CREATE VIEW seen AS SELECT id FROM sizes
"""
HARD_BY_DIALECT = {
    "sqlite": """\
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL REFERENCES b (id))
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id))
CREATE TABLE untyped (id INTEGER PRIMARY KEY, x NOT NULL, doubled INTEGER GENERATED ALWAYS AS (id * 2), data JSON NOT NULL, raw BLOB NOT NULL)
""",
    "postgresql": """\
CREATE TYPE mood AS ENUM ('sad', 'it''s ok')
CREATE DOMAIN positive AS INTEGER CONSTRAINT ck_positive CHECK (VALUE > 500)
CREATE SCHEMA other
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL)
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id))
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id) DEFERRABLE
CREATE TABLE other.abroad (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id INTEGER NOT NULL REFERENCES a (id), twice INTEGER GENERATED ALWAYS AS (a_id * 2) STORED)
CREATE TABLE kinds (id SERIAL PRIMARY KEY, m mood NOT NULL, ms mood[] NOT NULL, d positive NOT NULL, u UUID NOT NULL UNIQUE, j JSONB NOT NULL, js JSON NOT NULL, i INET NOT NULL, c CIDR NOT NULL, mac MACADDR NOT NULL, r INT4RANGE NOT NULL, t TSTZRANGE NOT NULL, mr INT4MULTIRANGE NOT NULL, v INTERVAL NOT NULL, raw BYTEA NOT NULL, bits BIT(3) NOT NULL, at TIMESTAMPTZ NOT NULL, h TIMETZ NOT NULL, words TEXT[] NOT NULL, p POINT NOT NULL, ts TSVECTOR NOT NULL, x XML NOT NULL, f REAL NOT NULL, cash MONEY NOT NULL, s SMALLINT NOT NULL, vb BIT VARYING(5) NOT NULL)
CREATE TABLE coded (code TEXT PRIMARY KEY CONSTRAINT ck_code CHECK (code ~ '^[A-Z]{3}$'), EXCLUDE (code WITH =))
CREATE TABLE logs (at DATE NOT NULL) PARTITION BY RANGE (at)
CREATE TABLE logs_2024 PARTITION OF logs FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
""",
    "mysql": """\
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL)
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL, FOREIGN KEY (a_id) REFERENCES a (id))
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id)
CREATE TABLE kinds (id INTEGER AUTO_INCREMENT PRIMARY KEY, e ENUM('sad', 'it''s ok') NOT NULL, s SET('x', 'y') NOT NULL, y YEAR NOT NULL, u TINYINT UNSIGNED NOT NULL, b BIGINT UNSIGNED NOT NULL UNIQUE, j JSON NOT NULL, bits BIT(4) NOT NULL, raw VARBINARY(4) NOT NULL, uid BINARY(16) NOT NULL UNIQUE, d DOUBLE NOT NULL, dt DATETIME(6) NOT NULL, m MEDIUMTEXT NOT NULL, twice INTEGER AS (y * 2) STORED, at TIMESTAMP NOT NULL, lb LONGBLOB NOT NULL)
""",
}  # fmt: skip

FEW = {"one_to_one", "either", "status"}  # they accept two or three rows, as their constraints say


def execute(url: str, statements: list[str]) -> None:
    """Execute statements."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%") if "sqlite" not in url else statement)


def fill(url: str, own: rows.Rows | None = None, only: set[str] | None = None) -> dict[str, int]:
    """Generate rows for all tables; return how many each has."""
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", rows.without_durability)
    with engine.begin() as connection:
        metadata = MetaData()
        existing = rows.table_names(connection)
        names = [full_name(name, schema) for schema, name in existing]
        rows.reflect(connection, metadata, existing, names, [])
        rows.fill(connection, metadata.tables, only or names, own or {})
        counted = sa.select(sa.func.count())
        return {name: connection.scalar(counted.select_from(metadata.tables[name])) or 0 for name in names}


def test_hard_tables_get_rows(database: str) -> None:
    """All of them, and more the second time, when rows exist."""
    dialect = sa.make_url(database).get_backend_name()
    execute(database, (HARD + HARD_BY_DIALECT[dialect]).replace('"', "`" if dialect == "mysql" else '"').splitlines())
    assert all(fill(database).values())
    numbers = fill(database)
    assert {name for name, number in numbers.items() if number < 5} <= FEW, numbers
    assert not set(numbers) & {"seen", "alembic_version", "alembic_unfinished"}


NEVER = "CREATE TABLE closed (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, CONSTRAINT ck_never CHECK (n < 7 AND n > 7))"


def test_a_table_that_accepts_none(database: str) -> None:
    """It is named, with what the database says; unless nobody wants rows in it."""
    execute(database, [NEVER])
    with pytest.raises(rows.NoRowsError, match=r"^closed; the database said to the last of many attempts: "):
        fill(database)
    with pytest.raises(rows.NoRowsError, match="ck_never"):
        fill(database, {"closed": [{"n": 8}]})
    assert fill(database, {"closed": []}) == {"closed": 0}


def test_own_rows_are_completed(sqlite: str) -> None:
    """With generated values for the other columns."""
    execute(sqlite, ["CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL, pages INTEGER NOT NULL)"])
    assert fill(sqlite, {"book": [{"title": "흰"}, {"title": "흰", "pages": 7}]}) == {"book": 2}
    with create_engine(sqlite, poolclass=NullPool).connect() as connection:
        stored = connection.exec_driver_sql("SELECT title, pages FROM book ORDER BY id").all()
    assert [tuple(row) for row in stored] == [("흰", 1), ("흰", 7)]


@pytest.fixture
def parent_and_child() -> MetaData:
    """Two tables, and one that has to do with neither."""
    metadata = MetaData()
    sa.Table("parent", metadata, sa.Column("id", sa.Integer, primary_key=True))
    sa.Table("child", metadata, sa.Column("parent_id", sa.ForeignKey("parent.id")))
    sa.Table("other", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return metadata


# A statement, and the tables whose rows it may change without naming them.
STATEMENTS: dict[str, set[str]] = {
    "SELECT id FROM parent": set(),
    "INSERT INTO parent VALUES (1)": set(),
    "ALTER TABLE parent ADD x INTEGER": set(),
    "DELETE FROM parent": {"parent", "child"},
    "update parent set id = 2": {"parent", "child"},
    "UPDATE child SET x = NULL": {"child"},
    "UPDATE CHILD SET x = NULL": {"child"},
    "DELETE FROM my_view": {"parent", "child", "other"},
    "UPDATE parents SET x = NULL\nDELETE FROM child": {"parent", "child", "other"},
    "TRUNCATE parent CASCADE": {"parent", "child"},
    "DROP TABLE other CASCADE": {"other"},
    "SELECT my_function()": {"parent", "child", "other"},
    "select my_function()": {"parent", "child", "other"},
    "CALL my_procedure()": {"parent", "child", "other"},
    "DO $$ BEGIN END $$": {"parent", "child", "other"},
    "SELECT pg_advisory_unlock(1)": set(),
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_a_statement_may_change(parent_and_child: MetaData, statement: str) -> None:
    """A foreign key may cascade, and a function may do anything."""
    assert rows.possibly_changed(parent_and_child.tables, statement) == STATEMENTS[statement]


NAMES = [
    ("UPDATE book SET x = 1", "book", True),
    ("UPDATE BOOK SET x = 1", "book", True),
    ('UPDATE shop."Book" SET x = 1', "Book", True),
    ("UPDATE books SET x = 1", "book", False),
    ('UPDATE "two words" SET x = 1', "two words", True),
    ("UPDATE `a-b` SET x = 1", "a-b", True),
    ("UPDATE Größe SET x = 1", "GRÖSSE", True),
]


@pytest.mark.parametrize(("sql", "name", "is_there"), NAMES)
def test_names(sql: str, name: str, is_there: bool) -> None:
    """In whichever case, as whole words; a name that is no word may be part of one."""
    assert (name in rows.Names(sql)) is is_there


def test_emptying_a_table_empties_what_refers_to_it(parent_and_child: MetaData, database: str) -> None:
    """And returns the names of all of them."""
    engine = create_engine(database, poolclass=NullPool)
    parent_and_child.create_all(engine)
    numbers = fill(database)
    assert all(numbers.values())
    with engine.begin() as connection:
        assert rows.empty(connection, parent_and_child.tables, ["parent"]) == {"parent", "child"}

        def count(name: str) -> Any:
            return connection.scalar(sa.select(sa.func.count()).select_from(parent_and_child.tables[name]))

        assert [count(name) for name in ("parent", "child", "other")] == [0, 0, 3]
