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


@pytest.mark.parametrize(
    ("old", "new", "on_sqlite", "on_postgresql"),
    [
        (Integer(), Boolean(), True, True),
        (Integer(), Numeric(10, 2), False, False),
        (Integer(), String(), False, False),
        (Numeric(10, 2), Numeric(10, 4), False, False),
        (Numeric(10, 2), Numeric(10, 1), True, True),
        (Numeric(10, 2), Integer(), True, True),
        (Money(), Integer(), True, True),
        (Float(), Integer(), True, True),  # A3
        (Double(), Boolean(), True, True),
        (REAL(), Integer(), True, True),
        (Ratio(), Integer(), True, True),
        (Float().with_variant(Integer(), "mysql"), Integer(), True, True),
        (Float(), Double(), False, False),
        (Float(), Numeric(10, 2), False, False),
        (String(9), Double(), True, False),
        (ARRAY(Float), ARRAY(Integer), True, True),
        (ARRAY(Integer), ARRAY(Float), False, False),
        (ARRAY(String), JSON(), False, False),  # C19
        (DateTime(), Date(), True, True),
        (DateTime(), Time(), True, True),
        (Date(), DateTime(), False, False),
        (String(20), Text(), False, False),
        (Text(), Integer(), True, False),
        (ARRAY(Integer), Integer(), True, True),
    ],
)
def test_changes_of_type(old: Any, new: Any, on_sqlite: bool, on_postgresql: bool) -> None:
    """Only those that a database carries out without a warning; SQLite takes a text that is no number for 0."""
    op = AlterColumnOp("t", "a", existing_type=old, modify_type=new)
    if not isinstance(old, ARRAY):
        assert bool(loss(op, dialect_of("sqlite"))) == on_sqlite
    assert bool(loss(op, dialect_of("postgresql"))) == on_postgresql
    if on_postgresql:
        assert loss(op, dialect_of("postgresql")) == f"becomes {new!r}, which cuts off what does not fit"
