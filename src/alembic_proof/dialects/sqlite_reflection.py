"""What SQLAlchemy reads wrongly of SQLite's tables.

It does not know the names of all types, and takes most others for numbers. It reads no UNIQUE of a column behind a
length, a default or NOT NULL, and none that is written on several lines. Before 2.0.45, it does not read the name of a
primary key or foreign key in quotes: what is to be dropped by its name is not found, or a revision that drops it is
written and does nothing. And it takes several constraints on one line for one of a long name, with which the table
cannot be rebuilt. Constraints are read from the CREATE TABLE itself here.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .. import upstream
from .sqlite_tables import TableSql, unquoted

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Dialect

# Those of SQLAlchemy's own types that its dialect for SQLite creates, and does not know again.
_TYPES = ("BINARY", "VARBINARY", "CLOB", "UUID")


def correct_reflection(dialect: Dialect) -> None:
    """Let the dialect of one engine read tables right; SQLAlchemy's class and other engines are left alone."""
    reading: Any = dialect
    if "ischema_names" not in vars(dialect):
        import sqlalchemy

        known = {name: getattr(sqlalchemy, name) for name in _TYPES if hasattr(sqlalchemy, name)}  # 1.4 has no UUID
        reading.ischema_names = known | reading.ischema_names
        upstream.keep_declared_types(dialect)
    if "get_unique_constraints" in vars(dialect):
        return
    wrong = {"get_unique_constraints"} if upstream.reads_sqlite_constraints() else set(_CORRECTIONS)
    for method in wrong:
        setattr(dialect, method, partial(_reflect, getattr(dialect, method), _CORRECTIONS[method]))


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
    sql = _statements(connection, schema, options.get("info_cache")).get(table_name.lower(), "")
    if correct is _unique_constraints and "UNIQUE" not in sql.upper():  # to take a table apart takes time
        return reflected
    try:
        table = TableSql.parse(sql)
    except ValueError:  # a view, a temporary or a virtual table; or one that is not understood
        return reflected
    return correct(reflected, table)


def _statements(connection: Connection, schema: str | None, cache: Any) -> dict[str, str]:
    """Return the CREATE TABLE of each table, by its name in small letters: once for an inspector, whose cache it is."""
    key = ("alembic_proof statements", schema)
    if cache is not None and key in cache:
        known: dict[str, str] = cache[key]
        return known
    prefix = f"{connection.dialect.identifier_preparer.quote_schema(schema)}." if schema else ""
    query = f"SELECT name, sql FROM {prefix}sqlite_master WHERE type = 'table' AND sql > ''"
    found = {str(name).lower(): str(sql) for name, sql in connection.exec_driver_sql(query)}
    if cache is not None:
        cache[key] = found
    return found


def _key(reflected: Any, table: TableSql) -> Any:
    names = [clause.name for _, clause in table.clauses if clause.kind == "PRIMARY"]
    return {**reflected, "name": names[0] if names else None}


def _foreign_keys(reflected: Any, table: TableSql) -> Any:
    return [{**each, "name": _name(table, "FOREIGN", each["constrained_columns"])} for each in reflected]


def _unique_constraints(reflected: Any, table: TableSql) -> Any:
    found = [{**each, "name": _name(table, "UNIQUE", each["column_names"])} for each in reflected]
    known = [tuple(map(str.lower, each["column_names"])) for each in found]
    for kind in ("PRIMARY", "UNIQUE"):  # one that is the key, too, is left out as SQLAlchemy does
        for piece, clause in table.clauses:
            covered = clause.columns or ((unquoted(piece.name.text).lower(),) if piece.name else ())
            if clause.kind != kind or covered in known:
                continue
            known.append(covered)
            if kind == "UNIQUE" and all(column in table.columns for column in covered):
                names = [unquoted(name.text) for column in covered if (name := table.columns[column].name)]
                found.append({"name": clause.name if clause.columns else None, "column_names": names})
    return found


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
