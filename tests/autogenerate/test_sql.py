"""What SQLAlchemy compiles, as SQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table, UniqueConstraint, column, func, literal, text
from sqlalchemy.sql.elements import conv
from support.models import CONVENTION, dialect_of

from alembic_proof.autogenerate.sql import column_names, sql_of, stored_name


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        (text("a > 'x\\:y'"), "a > 'x:y'"),
        (column("a") > 5, "a > 5"),
        (func.lower(column("a")), "lower(a)"),
        (literal("100%"), "'100%'"),
        (text("a % 2"), "a % 2"),
    ],
)
def test_sql_of(element: Any, expected: str) -> None:
    """With its values in it; percent signs are single."""
    for dialect in (
        dialect_of("sqlite"),
        dialect_of("postgresql", paramstyle="pyformat"),
        dialect_of("mysql", paramstyle="format"),
    ):
        assert sql_of(element, dialect) == expected


def test_sql_of_a_column_without_its_table() -> None:
    """As an index and a CHECK have it."""
    table = Table("t", MetaData(), Column("a", Integer))
    assert sql_of(table.c.a + 1, dialect_of("sqlite")) == "a + 1"


LONG = "a_name_that_is_too_long_for_a_database_of_which_each_has_another_limit"


@pytest.mark.parametrize(
    ("name", "convention", "dialect", "expected"),
    [
        ("positive", None, "sqlite", "positive"),
        ("positive", CONVENTION, "sqlite", "ck_t_positive"),
        (conv("positive"), CONVENTION, "sqlite", "positive"),
        (None, None, "sqlite", None),
        ("Posi tive", None, "postgresql", "Posi tive"),
        (LONG, None, "sqlite", LONG),
        (conv("é" * 40), None, "postgresql", "é" * 31),
    ],
)
def test_stored_name(name: Any, convention: Any, dialect: str, expected: str | None) -> None:
    """Completed by the naming convention, and as long as the database takes: PostgreSQL counts bytes."""
    check = CheckConstraint("a > 0", name=name)
    Table("t", MetaData(naming_convention=convention), Column("a", Integer), check)
    assert stored_name(check, dialect_of(dialect)) == expected


@pytest.mark.parametrize(("dialect", "limit"), [("postgresql", 63), ("mysql", 64)])
def test_a_long_name_of_a_convention_is_shortened(dialect: str, limit: int) -> None:
    """With a digest at its end."""
    check = CheckConstraint("a > 0", name=LONG)
    Table("t", MetaData(naming_convention=CONVENTION), Column("a", Integer), check)
    name = stored_name(check, dialect_of(dialect))
    assert name is not None
    assert name.startswith("ck_t_a_name_that_is_too_long_for_a_database")
    assert len(name) <= limit


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_percent_signs_of_a_long_name_are_single(dialect: str) -> None:
    """As it is stored, whatever the driver makes of percent signs."""
    unique = UniqueConstraint("50%", name=conv(f"100%_{LONG}"))
    Table("t", MetaData(), Column("50%", Integer), unique)
    for paramstyle in ("format", "qmark"):
        name = stored_name(unique, dialect_of(dialect, paramstyle=paramstyle))
        assert name is not None
        assert name.startswith("100%_a_name")


def test_column_names() -> None:
    """In the order of the constraint."""
    unique = UniqueConstraint("b", "a")
    Table("t", MetaData(), Column("a", Integer), Column("b", Integer, key="other"), UniqueConstraint("a"))
    Table("s", MetaData(), Column("a", Integer), Column("b", Integer), unique)
    assert column_names(unique) == ["b", "a"]
