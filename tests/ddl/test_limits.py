"""A length or digits that a type loses, or gets, are a difference; what a database gives it by itself is none."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import (
    ARRAY,
    CHAR,
    DECIMAL,
    REAL,
    Column,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    TypeDecorator,
    Unicode,
    Uuid,
)
from sqlalchemy.dialects import mysql, postgresql
from support.lab import Lab

TYPE = {
    "sqlite": "SELECT type FROM pragma_table_info('thing') WHERE name = 'x'",
    "postgresql": "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = 'thing'::regclass AND attname = 'x'",
    "mysql": "SELECT column_type FROM information_schema.columns "
    "WHERE table_schema = DATABASE() AND table_name = 'thing' AND column_name = 'x'",
}


class Short(TypeDecorator[str]):
    """A text of an application's own type."""

    impl = String
    cache_ok = True


def models(type_: Any) -> MetaData:
    """Return a table with a column of a type."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("x", type_))
    return metadata


def type_of(lab: Lab) -> str:
    """Return the type of the column as the database has it."""
    kind = "mysql" if lab.engine.dialect.name == "mariadb" else lab.engine.dialect.name
    return str(lab.rows(TYPE[kind])[0][0])


def change_and_back(lab: Lab, limited: Any, free: Any, value: str) -> None:
    """Let a type lose its limit, by a revision and by a downgrade, and get it; a row stays in each case."""
    lab.change(models(limited))
    before = type_of(lab)
    lab.rows(f"INSERT INTO thing VALUES (1, {value})")
    kept = lab.rows("SELECT * FROM thing")
    lab.change(models(free), "allow-drop")
    after = type_of(lab)
    assert after != before
    lab.downgrade()
    assert type_of(lab) == before
    lab.upgrade()
    assert lab.rows("SELECT * FROM thing") == kept
    lab.change(models(limited), "allow-drop")
    assert type_of(lab) == before
    lab.downgrade()
    assert type_of(lab) == after
    assert lab.rows("SELECT * FROM thing") == kept


@pytest.mark.parametrize(
    ("limited", "free", "value"),
    [
        (String(5), String(), "'abc'"),
        (Short(5), Short(), "'abc'"),
        (Unicode(4), Unicode(), "'abc'"),
        (String(5).with_variant(String(9), "mysql"), String(5).with_variant(String(), "postgresql"), "'abc'"),
        (Numeric(10, 2), Numeric(), "1.25"),
        (postgresql.INTERVAL(precision=0), postgresql.INTERVAL(), "'1 day'"),
        (postgresql.TIMESTAMP(precision=0), postgresql.TIMESTAMP(), "'2026-01-02 03:04:05'"),
        (postgresql.TIMESTAMP(timezone=True, precision=0), DateTime(timezone=True), "'2026-01-02 03:04:05'"),
        (ARRAY(String(5)), ARRAY(String()), "'{abc}'"),
        (ARRAY(Numeric(5, 1)), ARRAY(Numeric()), "'{1.5}'"),
        (postgresql.BIT(5, varying=True), postgresql.BIT(varying=True), "B'101'"),
    ],
)
def test_on_postgresql(lab_postgresql: Lab, limited: Any, free: Any, value: str) -> None:
    """Also of items, intervals and an application's own type."""
    change_and_back(lab_postgresql, limited, free, value)


@pytest.mark.parametrize(
    ("limited", "free", "value"),
    [
        (Numeric(12, 2), Numeric(), "7.00"),
        (mysql.FLOAT(8, 3), Float(), "1.5"),
        (mysql.DOUBLE(10, 2), mysql.DOUBLE(), "1.5"),
        (mysql.BIT(5), mysql.BIT(), "1"),
        (CHAR(5), CHAR(), "'a'"),
        (mysql.DECIMAL(12, 2, unsigned=True), mysql.DECIMAL(unsigned=True), "7.00"),
    ],
)
def test_on_mariadb(lab_mysql: Lab, limited: Any, free: Any, value: str) -> None:
    """Where nothing is said, most types have a limit, which is no longer the one that was said."""
    change_and_back(lab_mysql, limited, free, value)


@pytest.mark.parametrize(
    ("limited", "free", "value"), [(String(5), String(), "'abc'"), (Numeric(10, 2), Numeric(), "1.25")]
)
def test_on_sqlite(lab_sqlite: Lab, limited: Any, free: Any, value: str) -> None:
    """As where a length becomes another: the table is rebuilt."""
    change_and_back(lab_sqlite, limited, free, value)


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("numeric(10)", Numeric(10, 0)),
        ("numeric(10,0)", Numeric(10)),
        ("decimal(10,2)", Numeric(10, 2)),
        ("char", CHAR(1)),
        ("bit", postgresql.BIT(1)),
        ("timestamp(6)", DateTime()),
        ("double precision", Float(53)),
        ("varchar", String()),
        ("varchar(9)", Enum("a", "long name", native_enum=False)),
        ("bytea", LargeBinary(100)),
        ("text", Text()),
        ("uuid", Uuid()),
        ("char(32)", Uuid(native_uuid=False)),
        ("interval", Interval()),
    ],
)
def test_what_is_the_same_on_postgresql(lab_postgresql: Lab, stored: str, wanted: Any) -> None:
    """In a database that was made by hand."""
    lab_postgresql.rows(f"CREATE TABLE thing (id SERIAL PRIMARY KEY, x {stored})")
    assert lab_postgresql.differences(models(wanted)) == ""


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("INTEGER(7)", Integer()),
        ("BIGINT(20)", mysql.BIGINT()),
        ("DECIMAL", Numeric(10, 0)),
        ("DECIMAL(10,0)", Numeric()),
        ("DECIMAL(8)", DECIMAL(8)),
        ("FLOAT", Float()),
        ("FLOAT(20)", Float(20)),
        ("DOUBLE", mysql.DOUBLE()),
        ("CHAR(1)", CHAR()),
        ("BIT", mysql.BIT(1)),
        ("YEAR(4)", mysql.YEAR()),
        ("TEXT", Text()),
    ],
)
def test_what_is_the_same_on_mariadb(lab_mysql: Lab, stored: str, wanted: Any) -> None:
    """In a database that was made by hand: a display width is no limit."""
    lab_mysql.rows(f"CREATE TABLE thing (id INTEGER AUTO_INCREMENT PRIMARY KEY, x {stored})")
    assert lab_mysql.differences(models(wanted)) == ""


def test_values_that_lose_their_places_are_asked_about(lab_mysql: Lab) -> None:
    """The limit that MariaDB gives is one like any other."""
    lab_mysql.change(models(Numeric(12, 2)))
    lab_mysql.rows("INSERT INTO thing VALUES (1, 7.25)")
    assert "thing.x" in lab_mysql.refused(models(Numeric()))


FLOATS = [Float(), Float(24), Float(53), Double(), REAL(), Float(10), Float(40)]
SIZES = {"postgresql": (8, 4, 8, 8, 4, 4, 8), "mysql": (4, 4, 8, 8, 8, 4, 8)}


@pytest.mark.parametrize("stored", range(len(FLOATS)))
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_floats(request: pytest.FixtureRequest, kind: str, stored: int) -> None:
    """They are the same where they have as many bytes, however they are called."""
    lab: Lab = request.getfixturevalue(f"lab_{kind}")
    lab.change(models(FLOATS[stored]))
    assert lab.differences(models(Float().with_variant(Integer(), kind)))
    found = [bool(lab.differences(models(other))) for other in FLOATS]
    assert found == [size != SIZES[kind][stored] for size in SIZES[kind]]


@pytest.mark.parametrize(
    ("free", "limited", "value"),
    [
        (Float(), mysql.FLOAT(8, 1), "7.25"),
        (mysql.DOUBLE(10, 2), mysql.DOUBLE(10, 1), "7.25"),
        (mysql.DECIMAL(12, 2), mysql.DOUBLE(10, 1), "7.25"),
    ],
)
def test_numbers_that_are_rounded_are_asked_about(lab_mysql: Lab, free: Any, limited: Any, value: str) -> None:
    """Those of MariaDB that have digits, too."""
    lab_mysql.change(models(free))
    lab_mysql.rows(f"INSERT INTO thing VALUES (1, {value})")
    assert "thing.x" in lab_mysql.refused(models(limited))


@pytest.mark.parametrize(
    ("free", "limited", "value"),
    [
        (postgresql.TIMESTAMP(), postgresql.TIMESTAMP(precision=0), "'2026-01-02 03:04:05.5'"),
        (postgresql.TIME(precision=3), postgresql.TIME(precision=1), "'03:04:05.123'"),
        (postgresql.INTERVAL(), postgresql.INTERVAL(precision=0), "'1.5 seconds'"),
        (Numeric(), Numeric(8, 1), "7.25"),
        (Numeric(8, 2), Numeric(8), "7.25"),
        (ARRAY(Numeric()), ARRAY(Numeric(8, 1)), "'{7.25}'"),
        (ARRAY(Numeric(8, 1)), ARRAY(Numeric(8)), "'{7.2}'"),
    ],
)
def test_values_that_are_rounded_are_asked_about(lab_postgresql: Lab, free: Any, limited: Any, value: str) -> None:
    """PostgreSQL does it without a word."""
    lab_postgresql.change(models(free))
    lab_postgresql.rows(f"INSERT INTO thing VALUES (1, {value})")
    assert "thing.x" in lab_postgresql.refused(models(limited))


def test_values_that_are_too_long_are_said(lab_mysql: Lab) -> None:
    """A CHAR without a length has one character."""
    lab_mysql.change(models(CHAR(5)))
    lab_mysql.rows("INSERT INTO thing VALUES (1, 'abc')")
    assert "thing.x" in lab_mysql.refused(models(CHAR()))


def test_a_downgrade_that_rounds_asks(lab_postgresql: Lab) -> None:
    """It gives back the places that the column had, and a value with more of them is rounded; another is not."""
    lab = lab_postgresql
    lab.change(models(Numeric(10, 2)))
    lab.change(models(Numeric()))
    lab.rows("INSERT INTO thing VALUES (1, 1.2345)")
    with pytest.raises(CommandError, match=r"thing\.x.*1 value"):
        command.downgrade(lab.config(), "-1")
    lab.rows("UPDATE thing SET x = 1.2")
    command.downgrade(lab.config(), "-1")
    assert type_of(lab) == "numeric(10,2)"
