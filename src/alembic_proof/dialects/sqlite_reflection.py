"""What SQLAlchemy reads wrongly of SQLite's tables.

It does not know the names of all types, and takes most others for numbers. Constraints are read wrongly before 2.0.45,
and here from the CREATE TABLE itself. The name of a primary key or foreign key in quotes is not read: what is to be
dropped by its name is not found, or a revision that drops it is written and does nothing. And several constraints on
one line are taken for one of a long name, with which the table cannot be rebuilt.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import BINARY, CLOB, UUID, VARBINARY

from .. import upstream
from .sqlite_tables import TableSql

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Dialect

# Those of SQLAlchemy's own types that its dialect for SQLite creates, and does not know again.
_TYPES = {"BINARY": BINARY, "VARBINARY": VARBINARY, "CLOB": CLOB, "UUID": UUID}


def correct_reflection(dialect: Dialect) -> None:
    """Let the dialect of one engine read tables right; SQLAlchemy's class and other engines are left alone."""
    reading: Any = dialect
    if "ischema_names" not in vars(dialect):
        reading.ischema_names = _TYPES | reading.ischema_names
        upstream.keep_declared_types(dialect)
    if upstream.reads_sqlite_constraints() or "get_pk_constraint" in vars(dialect):
        return
    for method, correct in _CORRECTIONS.items():
        setattr(dialect, method, partial(_reflect, getattr(dialect, method), correct))


def _reflect(
    method: Callable[..., Any],
    correct: Callable[[Any, TableSql], Any],
    connection: Connection,
    table_name: str,
    schema: str | None = None,
    **options: Any,
) -> Any:
    """Return what a method of the dialect reads of a table, corrected where its CREATE TABLE is understood."""
    reflected = method(connection, table_name, schema, **options)
    prefix = f"{connection.dialect.identifier_preparer.quote_schema(schema)}." if schema else ""
    query = f"SELECT sql FROM {prefix}sqlite_master WHERE type = 'table' AND lower(name) = lower(?)"
    try:
        table = TableSql.parse(connection.exec_driver_sql(query, (table_name,)).scalar() or "")
    except ValueError:  # a view, a temporary or a virtual table; or one that is not understood
        return reflected
    return correct(reflected, table)


def _key(reflected: Any, table: TableSql) -> Any:
    names = [clause.name for _, clause in table.clauses if clause.kind == "PRIMARY"]
    return {**reflected, "name": names[0] if names else None}


def _foreign_keys(reflected: Any, table: TableSql) -> Any:
    return [{**each, "name": _name(table, "FOREIGN", each["constrained_columns"])} for each in reflected]


def _unique_constraints(reflected: Any, table: TableSql) -> Any:
    return [{**each, "name": _name(table, "UNIQUE", each["column_names"])} for each in reflected]


def _check_constraints(_: Any, table: TableSql) -> Any:
    checks = [clause for _, clause in table.clauses if clause.kind == "CHECK" and clause.expression]
    found = [{"sqltext": table.expression(check), "name": check.name} for check in checks]
    return sorted(found, key=lambda each: each["name"] or "~")  # as SQLAlchemy does


def _name(table: TableSql, kind: str, columns: list[str]) -> str | None:
    """Return the name that a constraint of the table has; SQLAlchemy reads none of a constraint at its column."""
    wanted = tuple(column.lower() for column in columns)
    clauses = (clause for piece in table.constraints for clause in piece.clauses)
    return next((each.name for each in clauses if each.kind == kind and each.columns == wanted), None)


_CORRECTIONS: dict[str, Callable[[Any, TableSql], Any]] = {
    "get_pk_constraint": _key,
    "get_foreign_keys": _foreign_keys,
    "get_unique_constraints": _unique_constraints,
    "get_check_constraints": _check_constraints,
}
