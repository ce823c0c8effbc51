"""Corrections for SQLite, where a table is rebuilt."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    BINARY,
    CLOB,
    JSON,
    UUID,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Time,
    Uuid,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import UserDefinedType
from support.lab import Lab


class Point(UserDefinedType[Any]):
    """A type of which SQLite makes an integer, by its name."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Return its name."""
        return "Point"


def models(*columns: Column[Any]) -> MetaData:
    """Return a table with columns."""
    metadata = MetaData()
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


@pytest.mark.parametrize(
    ("old", "new", "value", "after", "back"),
    [
        (Date, DateTime, "2026-01-05", "2026-01-05 00:00:00.000000", "2026-01-05"),
        (DateTime, Date, "2026-02-03 04:05:06.000000", "2026-02-03", "2026-02-03 00:00:00.000000"),
        (DateTime, Time, "2026-02-03 04:05:06.000000", "04:05:06.000000", "04:05:06.000000"),
        (String, Date, "2026-02-03", "2026-02-03", "2026-02-03"),
        (String, Integer, "12", 12, "12"),
        (Date, DateTime, None, None, None),
        (String, Date, "2026-02-03 04:05:06", "2026-02-03", "2026-02-03"),
        (String, Time, "2026-02-03T04:05:06.5", "04:05:06.5", "04:05:06.5"),
        (String, Boolean, " TRUE", 1, "1"),
        (String, Boolean, "off", 0, "0"),
        (String, Boolean, "1", 1, "1"),
        (String, Boolean, None, None, None),
        (String, JSON, '{"a": 1}', '{"a": 1}', '{"a": 1}'),
        (String(36), Uuid, "0A1B2C3D-0000-0000-0000-00000000000F", *["0a1b2c3d00000000000000000000000f"] * 2),
        (String(36), Uuid, "no uuid", "no uuid", "no uuid"),
        (Date, Integer, "2026-02-03", "2026-02-03", "2026-02-03"),
        (DateTime, Boolean, "2026-02-03 04:05:06.000000", *["2026-02-03 04:05:06.000000"] * 2),
        (JSON, Integer, '[1, "a"]', '[1, "a"]', '[1, "a"]'),
        (JSON, Float, "5", 5.0, 5.0),
        (String, BINARY(16), "abc", b"abc", "abc"),
        (Uuid, BINARY(16), "0" * 31 + "f", b"0" * 31 + b"f", "0" * 31 + "f"),
        (LargeBinary, BINARY(16), "abc", "abc", "abc"),
        (LargeBinary, Integer, "abc", "abc", b"abc"),
        (Integer, BINARY(16), "5", b"5", 5),
        (String, Point, "1,2", "1,2", "1,2"),
    ],
)
def test_values_are_converted(lab_sqlite: Lab, old: Any, new: Any, value: Any, after: Any, back: Any) -> None:
    """Cast to a date, a text would be a number. Up, and down."""
    lab_sqlite.change(models(Column("at", old)))
    literal = "NULL" if value is None else f"'{value}'"
    lab_sqlite.rows(f"INSERT INTO thing (id, at) VALUES (1, {literal})")
    lab_sqlite.change(models(Column("at", new)), "allow-drop")
    assert lab_sqlite.rows("SELECT at FROM thing") == [(after,)]
    lab_sqlite.downgrade()
    assert lab_sqlite.rows("SELECT at FROM thing") == [(back,)]


@pytest.mark.parametrize("type_", [BINARY(16), CLOB(), UUID(), Point()])
def test_a_type_is_known_again(lab_sqlite: Lab, type_: Any) -> None:
    """SQLAlchemy reads most of them as numbers, to which a downgrade would convert the values."""
    lab_sqlite.change(models(Column("at", type_)))
    lab_sqlite.rows("INSERT INTO thing (id, at) VALUES (1, x'00112233445566778899aabbccddeeff')")
    assert lab_sqlite.differences(models(Column("at", Date)))
    text = lab_sqlite.change(models(Column("at", type_), Column("other", Integer)))
    assert "type_" not in text
    lab_sqlite.downgrade()
    assert lab_sqlite.rows("SELECT at FROM thing") == [(bytes.fromhex("00112233445566778899aabbccddeeff"),)]


def test_computed_columns_are_not_copied(lab_sqlite: Lab) -> None:
    """They take no value."""
    lab_sqlite.change(models(Column("size", Integer), Column("twice", Integer, Computed("size * 2"))))
    lab_sqlite.rows("INSERT INTO thing (id, size) VALUES (1, 4)")
    size: Any = Column("size", Integer, nullable=False)
    lab_sqlite.change(models(size, Column("twice", Integer, Computed("size * 2"))), "fill=thing.size=0")
    assert lab_sqlite.rows("SELECT size, twice FROM thing") == [(4, 8)]


CREATE = r"""op.execute("CREATE TABLE thing (id INTEGER PRIMARY KEY NOT NULL, name VARCHAR(10) DEFAULT 'a \\:b', "
           "CONSTRAINT named CHECK (name <> 'x \\:y'))")"""


def test_colons_are_no_parameters(lab_sqlite: Lab) -> None:
    """In a default, and in a CHECK, of a table that is rebuilt."""
    lab_sqlite.write("a1", None, CREATE)
    lab_sqlite.upgrade()
    metadata = models(Column("name", String(20), server_default=text("'a :b'")))
    metadata.tables["thing"].append_constraint(CheckConstraint("name <> 'x \\:y'", name="named"))
    lab_sqlite.change(metadata)
    lab_sqlite.rows("INSERT INTO thing (id) VALUES (1)")
    assert lab_sqlite.rows("SELECT name FROM thing") == [("a :b",)]
    with pytest.raises(DBAPIError):
        lab_sqlite.rows("UPDATE thing SET name = 'x :y'")
