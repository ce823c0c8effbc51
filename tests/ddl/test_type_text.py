"""Types that are named in SQL."""

from __future__ import annotations

import pytest
from sqlalchemy import ARRAY
from support.models import dialect_of

from alembic_proof.ddl.type_text import read_type


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("postgresql", "int", "INTEGER()"),
        ("postgresql", "varchar(2)", "VARCHAR(length=2)"),
        ("postgresql", "character varying ( 2 )", "VARCHAR(length=2)"),
        ("postgresql", "DOUBLE PRECISION", "DOUBLE_PRECISION()"),
        ("postgresql", "numeric(9, 2)", "NUMERIC(precision=9, scale=2)"),
        ("postgresql", "timestamp(3) with time zone", "TIMESTAMP(timezone=True, precision=3)"),
        ("postgresql", "timestamptz", "TIMESTAMP(timezone=True)"),
        ("postgresql", "time", "TIME()"),
        ("postgresql", "bit varying(5)", "BIT(length=5, varying=True)"),
        ("postgresql", "app.mood", "app.mood"),
        ("postgresql", '"Mood"', '"Mood"'),
        ("mysql", "VARCHAR(2) CHARACTER SET utf8mb4 NOT NULL", "VARCHAR(length=2)"),
        ("mysql", "INT UNSIGNED NOT NULL AUTO_INCREMENT", "INTEGER(unsigned=True)"),
        ("mysql", "datetime(6) NULL", "DATETIME(fsp=6)"),
        ("mysql", "ENUM('a', 'b')", "ENUM('a', 'b')"),
        ("mysql", "DECIMAL(1, 2, 3, 4, 5)", "DECIMAL(1, 2, 3, 4, 5)"),
        ("sqlite", "VARCHAR(2)", "VARCHAR(2)"),
    ],
)
def test_a_type(dialect: str, sql: str, expected: str) -> None:
    """SQLAlchemy's own; what it does not know keeps its words."""
    assert repr(read_type(sql, dialect_of(dialect))) == expected


def test_an_array() -> None:
    """Its items have the type."""
    type_ = read_type("varchar(2)[]", dialect_of("postgresql"))
    assert isinstance(type_, ARRAY)
    assert repr(type_.item_type) == "VARCHAR(length=2)"
