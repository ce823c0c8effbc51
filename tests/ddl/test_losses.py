"""Which operations destroy data."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.operations.ops import AddColumnOp, AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from sqlalchemy import (
    ARRAY,
    JSON,
    REAL,
    Boolean,
    Column,
    Computed,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
)
from support.models import dialect_of

from alembic_proof.ddl.losses import loss

TABLE = Table("t", MetaData(), Column("a", Integer), Column("b", Integer, Computed("a * 2")))


class Money(TypeDecorator[Any]):
    """A type of a project's own."""

    impl = Numeric(12, 2)
    cache_ok = True


class Ratio(TypeDecorator[Any]):
    """Another one."""

    impl = Float
    cache_ok = True


def drop(name: str) -> MigrateOperation:
    """Return the drop of a column."""
    return DropColumnOp.from_column_and_tablename(None, "t", TABLE.columns[name])


@pytest.mark.parametrize(
    ("op", "expected"),
    [
        (DropTableOp.from_table(TABLE), "is in no model that env.py imports, and is dropped with its rows"),
        (drop("a"), "is in no model that env.py imports, and is dropped with its values"),
        (drop("b"), None),
        (AddColumnOp("t", Column("c", Integer)), None),
        (AlterColumnOp("t", "a", modify_nullable=False), None),
    ],
)
def test_drops(op: MigrateOperation, expected: str | None) -> None:
    """What is computed is no data of its own."""
    assert loss(op, dialect_of("sqlite")) == expected


BOOL, POINT = "has no value but true and false", "rounds what is after the point"
DIGITS = "takes the digits at the beginning of a text for its number, or 0"
PLACES, FIRST = "rounds to fewer places", "keeps the first element and no other"
TRUNCATED = "cuts off what is after the point"


@pytest.mark.parametrize(
    ("old", "new", "on_sqlite", "on_postgresql"),
    [
        (Integer(), Boolean(), BOOL, BOOL),
        (Integer(), Numeric(10, 2), None, None),
        (Integer(), String(), None, None),
        (Numeric(10, 2), Numeric(10, 4), None, None),
        (Numeric(10, 2), Numeric(10, 1), PLACES, PLACES),
        (Numeric(10, 2), Integer(), TRUNCATED, POINT),
        (Money(), Integer(), TRUNCATED, POINT),
        (Float(), Integer(), TRUNCATED, POINT),  # A3
        (Double(), Boolean(), BOOL, BOOL),
        (REAL(), Integer(), TRUNCATED, POINT),
        (Ratio(), Integer(), TRUNCATED, POINT),
        (Float().with_variant(Integer(), "oracle"), Integer(), TRUNCATED, POINT),
        (Float(), Double(), None, None),
        (Float(), Numeric(10, 2), None, None),
        (String(9), Double(), DIGITS, None),
        (ARRAY(Float), ARRAY(Integer), None, POINT),
        (ARRAY(Integer), ARRAY(Float), None, None),
        (ARRAY(String), JSON(), None, None),  # C19
        (DateTime(), Date(), "cuts off the time", "cuts off the time"),
        (DateTime(), Time(), "cuts off the date", "cuts off the date"),
        (Date(), DateTime(), None, None),
        (String(20), Text(), None, None),
        (Text(), Integer(), DIGITS, None),
        (ARRAY(Integer), Integer(), None, FIRST),
    ],
)
def test_changes_of_type(old: Any, new: Any, on_sqlite: str | None, on_postgresql: str | None) -> None:
    """Only those that a database carries out without a warning, in words for what it does."""
    op = AlterColumnOp("t", "a", existing_type=old, modify_type=new)
    for name, expected in (("sqlite", on_sqlite), ("postgresql", on_postgresql), ("mysql", on_postgresql)):
        if not isinstance(old, ARRAY) or name == "postgresql":
            assert loss(op, dialect_of(name)) == (expected and f"becomes {new!r}, which {expected}")
