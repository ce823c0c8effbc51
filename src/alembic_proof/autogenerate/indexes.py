"""What an index is made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Dialect, Index, Table
from sqlalchemy.schema import CreateIndex

from .sql import sql_of


def has_expression(index: Index) -> bool:
    """Tell whether an index covers more than plain columns."""
    return not all(isinstance(expression, Column) for expression in index.expressions)


def predicate(index: Index, dialect: str) -> Any:
    """Return the WHERE of an index on a dialect, by its name, or None."""
    return index.dialect_options[dialect]["where"]


def included(table: Table, columns: Any) -> list[str]:
    """Return the names of the columns that an index, or a UNIQUE, of PostgreSQL includes: a text is a column's key."""
    return [table.c[column].name if isinstance(column, str) else column.name for column in columns or ()]


def create_index_sql(index: Index, dialect: Dialect) -> str:
    """Return the CREATE INDEX of an index."""
    return sql_of(CreateIndex(index), dialect)
