"""What a database is asked about two expressions."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table
from sqlalchemy.exc import CompileError

from ...sqltext import single_percents


class Question(NamedTuple):
    """Two expressions of a reflected table; and of which type their values are, where that matters."""

    table: Table
    kind: str  # default, check, computed or index
    reflected: str
    model: str
    type: Any = None


def type_sql(type_: Any, dialect: Dialect) -> str | None:
    """Return a type in SQL; None where nobody knows it."""
    if type_ is None:
        return None
    try:
        return single_percents(dialect.type_compiler_instance.process(type_), dialect)
    except CompileError:
        return None


def columns_sql(table: Table, dialect: Dialect) -> dict[str, str]:
    """Return the columns of a table with their types, in SQL; without those whose types nobody knows."""
    types = {column.name: type_sql(column.type, dialect) for column in table.columns}
    return {name: type_ for name, type_ in types.items() if type_ is not None}
