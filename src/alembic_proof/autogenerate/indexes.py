"""What an index is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations.ops import CreateIndexOp, DropIndexOp
from sqlalchemy import Column, Dialect, Index, Table, UniqueConstraint, text
from sqlalchemy.schema import CreateIndex
from sqlalchemy.types import NullType

from ..sqltext import between_parentheses, escape_colons
from .sql import sql_of


def has_expression(index: Index) -> bool:
    """Tell whether an index covers more than plain columns."""
    return not all(isinstance(expression, Column) for expression in index.expressions)


_COLUMN = re.compile(r"(`(?:[^`]|``)+`|[\w$]+)(?:\s+(?:ASC|DESC))?", re.IGNORECASE)


def plain_columns(index: Index, dialect: Dialect) -> Iterator[str]:
    """Yield the names of the columns with which an index of MariaDB or MySQL begins, in whatever order they are."""
    for expression in index.expressions:
        if isinstance(expression, Column):
            yield expression.name
            continue
        found = _COLUMN.fullmatch(sql_of(expression, dialect))
        if found is None:
            return
        yield found[1][1:-1].replace("``", "`") if found[1][0] == "`" else found[1]


def predicate(index: Index, dialect: str) -> Any:
    """Return the WHERE of an index on a dialect, by its name, or None."""
    return index.dialect_options[dialect]["where"]


def included(table: Table, columns: Any) -> list[str]:
    """Return the names of the columns that an index, or a UNIQUE, of PostgreSQL includes: a text is a column's key."""
    return [table.c[column].name if isinstance(column, str) else column.name for column in columns or ()]


def index_of(op: CreateIndexOp | DropIndexOp) -> Index:
    """Return the index of an operation; its table has what it includes, too, without which it has no SQL."""
    index = op.to_index()
    table: Any = index.table
    for name in index.kwargs.get("postgresql_include") or ():
        if name not in table.c:
            table.append_column(Column(name, NullType()))
    return index


def use_column_names(item: Any, table: Table, dialect: Dialect) -> None:
    """Let what creates an index or a UNIQUE have columns by their names, not by the keys that the models give them.

    In what is included, a text is a key; and Alembic cannot copy an expression of a column that has one.
    """
    options = item.kwargs if isinstance(item, UniqueConstraint) else item.kw
    if options.get("postgresql_include"):
        options["postgresql_include"] = included(table, options["postgresql_include"])
    if isinstance(item, CreateIndexOp):
        _write_out_expressions(item, table, dialect)


def _write_out_expressions(op: CreateIndexOp, table: Table, dialect: Dialect) -> None:
    """Let the elements of an index that are more than columns be SQL, where a column has a key of its own."""
    index = next((each for each in table.indexes if each.name == op.index_name), None)
    if index is None or not has_expression(index) or all(column.key == column.name for column in index.columns):
        return
    sql = between_parentheses(create_index_sql(index, dialect))
    op.columns = [
        element if isinstance(element, (str, Column)) else text(escape_colons(written))
        for element, written in zip(op.columns, sql, strict=True)
    ]


def create_index_sql(index: Index, dialect: Dialect) -> str:
    """Return the CREATE INDEX of an index."""
    return sql_of(CreateIndex(index), dialect)
