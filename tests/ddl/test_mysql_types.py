"""What Alembic does not compare of MariaDB's types is seen, changed and changed back, and no row is lost for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, DateTime, Enum, Integer, LargeBinary, MetaData, Numeric, String, Table, Text, Time
from sqlalchemy.dialects import mysql
from support.lab import Lab


def models(type_: Any, **options: Any) -> MetaData:
    """Return a table with a column of a type."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("x", type_), **options)
    return metadata


def type_of(lab: Lab) -> str:
    """Return the type of the column as the database has it."""
    ((found,),) = lab.rows(
        "SELECT CONCAT_WS(' ', column_type, collation_name) FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = 'thing' AND column_name = 'x'"
    )
    return str(found)


@pytest.mark.parametrize(
    ("old", "new", "value", "kept"),
    [
        (Integer, mysql.INTEGER(unsigned=True), "7", "7"),
        (mysql.DECIMAL(8, 2, unsigned=True), Numeric(8, 2), "7.00", "7.00"),
        (DateTime, mysql.DATETIME(fsp=6), "2026-01-02 03:04:05", "2026-01-02 03:04:05.000000"),
        (mysql.TIMESTAMP(fsp=3), mysql.TIMESTAMP(fsp=6), "2026-01-02 03:04:05.123", "2026-01-02 03:04:05.123000"),
        (Enum("a", "b", "c"), Enum("c", "a", "b"), "b", "b"),
        (mysql.SET("a", "b"), mysql.SET("b", "c", "a"), "a,b", "b,a"),
        (String(20), String(20, collation="utf8mb4_bin"), "ä", "ä"),
        (String(20), mysql.VARCHAR(20, charset="latin1"), "ä", "ä"),
        (Enum("a", "b"), mysql.ENUM("a", "b", collation="utf8mb4_bin"), "b", "b"),
        (Enum("a", "b"), Enum("a", "b", native_enum=False, length=20), "b", "b"),
        (Enum("a", "b", native_enum=False, length=20), Enum("a", "b"), "b", "b"),
    ],
)
def test_a_difference(lab_mysql: Lab, old: Any, new: Any, value: str, kept: str) -> None:
    """It is a difference once, whose downgrade undoes it; the rows keep their values."""
    lab_mysql.change(models(old))
    before = type_of(lab_mysql)
    lab_mysql.rows(f"INSERT INTO thing VALUES (1, '{value}')")
    assert "modify_type" in lab_mysql.differences(models(new))
    lab_mysql.change(models(new))
    after = type_of(lab_mysql)
    assert after != before
    assert lab_mysql.rows("SELECT CAST(x AS CHAR) FROM thing") == [(kept,)]
    lab_mysql.downgrade()
    assert type_of(lab_mysql) == before
    assert lab_mysql.rows("SELECT CAST(x AS CHAR) FROM thing") == [(value,)]
    lab_mysql.upgrade()
    assert type_of(lab_mysql) == after


@pytest.mark.parametrize(
    ("type_", "options"),
    [
        (String(20, collation="utf8mb4_unicode_ci"), {"mysql_collate": "utf8mb4_unicode_ci"}),
        (mysql.VARCHAR(20, charset="utf8"), {"mysql_charset": "utf8mb3"}),
        (String(20, collation="utf8mb4_bin"), {}),
        (mysql.INTEGER(display_width=5, zerofill=True), {}),
        (Enum("a", "b", native_enum=False), {}),
    ],
)
def test_no_difference(lab_mysql: Lab, type_: Any, options: dict[str, Any]) -> None:
    """What the table has already, or the server calls by another name."""
    lab_mysql.change(models(type_, **options))
    assert lab_mysql.differences() == ""


@pytest.mark.parametrize(
    ("old", "new", "value", "said"),
    [
        (
            mysql.DATETIME(fsp=6),
            DateTime,
            "2026-01-02 03:04:05.5",
            "which cuts off fractions of seconds. Here, 1 value",
        ),
        (mysql.TIME(fsp=3), Time, "03:04:05.5", "which cuts off fractions of seconds. Here, 1 value would"),
        (Integer, mysql.INTEGER(unsigned=True), "-1", "Here, 1 value does not fit: SELECT x FROM thing"),
        (Numeric(8, 2), mysql.DECIMAL(8, 2, unsigned=True), "-1", "Here, 1 value does not fit"),
        (mysql.SET("a", "b"), mysql.SET("a"), "a,b", "the database cannot convert a value that it has"),
        (String(20), mysql.SET("a", "b"), "a long one", "the database cannot convert a value that it has"),
        (String(20), mysql.VARCHAR(20, charset="latin1"), "日", "the database cannot convert a value that it has"),
    ],
)
def test_what_would_be_lost_is_said_before(lab_mysql: Lab, old: Any, new: Any, value: str, said: str) -> None:
    """And nothing is cut off that would fit after all."""
    lab_mysql.change(models(old))
    lab_mysql.rows(f"INSERT INTO thing VALUES (1, '{value}')")
    assert said in lab_mysql.refused(models(new))


def test_a_set_in_a_script(lab_mysql: Lab) -> None:
    """It is a String to SQLAlchemy, which cannot be made one."""
    lab_mysql.change(models(mysql.SET("a", "b")))
    assert "x SET('a','b')" in lab_mysql.sql()


@pytest.mark.parametrize(
    ("type_", "stored"),
    [
        (mysql.ENUM("x", "y", charset="latin1"), "enum('x','y') latin1_swedish_ci"),
        (mysql.ENUM("x", "y", collation="utf8mb4_bin"), "enum('x','y') utf8mb4_bin"),
        (LargeBinary(100), "tinyblob"),
        (LargeBinary(300), "blob"),
        (LargeBinary(70000), "mediumblob"),
        (LargeBinary(2**24), "longblob"),
        (Text(63), "tinytext utf8mb4"),
        (Text(64), "text utf8mb4"),
        (Text(70000), "mediumtext utf8mb4"),
        (Text(50, collation="ascii_bin"), "tinytext ascii_bin"),
        (Text(100, collation="ascii_bin"), "tinytext ascii_bin"),
        (mysql.TEXT(85, charset="utf8"), "tinytext utf8mb3"),
    ],
)
def test_what_the_server_makes_of_a_type_is_no_difference(lab_mysql: Lab, type_: Any, stored: str) -> None:
    """A TEXT of a length is the smallest type that holds as many; an ENUM is written with its character set."""
    lab = lab_mysql
    lab.change(models(type_))
    assert type_of(lab).startswith(stored)
    lab.change(models(Integer), "allow-drop")
    lab.downgrade()
    assert type_of(lab).startswith(stored)


@pytest.mark.parametrize(
    ("old", "new", "stored"),
    [
        (Text(50), Text(100), "text"),
        (LargeBinary(100), LargeBinary(), "blob"),
        (Text(), Text(70000), "mediumtext"),
        (mysql.ENUM("x", "y"), mysql.ENUM("x", "y", charset="latin1"), "enum('x','y') latin1"),
    ],
)
def test_a_size_that_becomes_another_is_a_difference(lab_mysql: Lab, old: Any, new: Any, stored: str) -> None:
    """Up and down."""
    lab = lab_mysql
    lab.change(models(old))
    before = type_of(lab)
    lab.change(models(new), "allow-drop")
    assert type_of(lab).startswith(stored)
    lab.downgrade()
    assert type_of(lab) == before
