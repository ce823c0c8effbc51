"""What an index is made of."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, func, text
from support.models import dialect_of

from alembic_proof.autogenerate.indexes import create_index_sql, has_expression, predicate


@pytest.mark.parametrize(
    ("index", "expression", "where", "sql"),
    [
        (Index("i", "a"), False, None, "CREATE INDEX i ON t (a)"),
        (Index("i", "a", "b", unique=True), False, None, "CREATE UNIQUE INDEX i ON t (a, b)"),
        (Index("i", func.lower(text("b"))), True, None, "CREATE INDEX i ON t (lower(b))"),
        (Index("i", "a", sqlite_where=text("a > 1")), False, "a > 1", "CREATE INDEX i ON t (a) WHERE a > 1"),
    ],
)
def test_an_index(index: Any, expression: bool, where: str | None, sql: str) -> None:
    """Its expressions, its predicate and its SQL."""
    Table("t", MetaData(), Column("a", Integer), Column("b", String), index)
    assert has_expression(index) is expression
    assert (where is None) == (predicate(index, "sqlite") is None)
    assert str(predicate(index, "sqlite")) == str(where)
    assert predicate(index, "postgresql") is None
    assert create_index_sql(index, dialect_of("sqlite")) == sql
    assert " WHERE " not in create_index_sql(index, dialect_of("postgresql"))
