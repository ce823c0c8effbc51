"""A colon in the SQL of a model: SQLAlchemy takes ``:c`` for a parameter, and writes NULL for it into a revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from alembic.util import CommandError
from sqlalchemy import BindParameter, CheckConstraint, ClauseElement, Dialect, Table, TextClause
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.sql.visitors import iterate


def require_no_parameters(tables: Iterable[Table], dialect: Dialect) -> None:
    """Raise CommandError for SQL of a model that has a parameter without a value: nobody means the word NULL."""
    for table in tables:
        for what, expression in _expressions(table, dialect):
            name = _parameter(expression)
            if name is not None:
                raise CommandError(
                    f"{what} of the table {table.fullname} has :{name} in its SQL, which SQLAlchemy takes for a "
                    f"parameter, and writes as NULL. Where the colon is meant, write \\\\:{name} in the models. "
                    "Nothing was written."
                )


def _parameter(expression: Any) -> str | None:
    """Return the name of a parameter that has no value; a literal, as 5 in ``column == 5``, is one that has."""
    if not isinstance(expression, ClauseElement):
        return None
    found = (each for each in iterate(expression) if isinstance(each, BindParameter))
    return next((each.key for each in found if each.required and each.callable is None), None)


def _expressions(table: Table, dialect: Dialect) -> Iterator[tuple[str, Any]]:
    """Yield the expressions that a database gets with a table, and what to call them."""
    for column in table.columns:
        default = getattr(column.server_default, "arg", None)
        if not isinstance(default, TextClause):  # which is written as it stands
            yield f"The server default of the column {column.name}", default
        yield f"Computed() of the column {column.name}", getattr(column.computed, "sqltext", None)
    for constraint in table.constraints:
        named = f" {constraint.name}" if isinstance(constraint.name, str) else ""
        if isinstance(constraint, CheckConstraint):
            yield f"The CHECK{named}", constraint.sqltext
        elif isinstance(constraint, ExcludeConstraint):
            yield f"The EXCLUDE constraint{named}", constraint.where
    ours = {"mysql_", "mariadb_"} if dialect.name in ("mysql", "mariadb") else {f"{dialect.name}_"}
    for index in table.indexes:
        options = (value for name, value in index.dialect_kwargs.items() if name.startswith(tuple(ours)))
        for expression in (*index.expressions, *options):
            yield f"The index {index.name}", expression
