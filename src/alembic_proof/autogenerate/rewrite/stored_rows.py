"""The rows of a table as a fill will find them: by the names that the revision gives to the table and its columns."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp
from sqlalchemy import Column, inspect

from ...ddl.types import database_type, kind_of
from ...sqltext import quote_literal
from ..draft import Draft, each_operation
from ..sql import quoted_name, sql_of
from .renamed_names import old_columns, old_tables

GONE = "alembic_proof_renamed"  # the one column of a table that has another name now


def new_columns(draft: Draft, op: AddColumnOp | AlterColumnOp) -> list[Column[Any]]:
    """Return the columns that the revision adds to the table of an operation."""
    key = (op.schema, op.table_name)
    ops = (each for each in each_operation(draft.upgrade) if isinstance(each, AddColumnOp))
    return [each.column for each in ops if (each.schema, each.table_name) == key]


def renamed_columns(draft: Draft, op: AddColumnOp | AlterColumnOp) -> dict[str, str]:
    """Return the new names of the columns of a table, by those that they have in the database."""
    stored = old_columns(draft.upgrade.ops)
    return {old: name for (schema, table, name), old in stored.items() if (schema, table) == (op.schema, op.table_name)}


def rows(draft: Draft, op: AddColumnOp | AlterColumnOp, values: Mapping[str, str] | None = None) -> str | None:
    """Return what is written after FROM for the rows of the table of an operation; None where it is not there yet.

    ``values`` has the SQL of what columns are taken to have. New columns have NULL else.
    """
    connection, dialect = draft.context.connection, draft.dialect
    assert connection is not None
    old_table = old_tables(draft.upgrade.ops).get((op.schema, op.table_name), op.table_name)
    inspector = inspect(connection)
    if not inspector.has_table(old_table, op.schema):
        return None
    renamed = renamed_columns(draft, op)
    stored = {
        renamed.get(each["name"], each["name"]): each["name"] for each in inspector.get_columns(old_table, op.schema)
    }
    sql = {name: quoted_name(old, dialect) for name, old in stored.items()}
    sql |= {column.name: null(draft, column) for column in new_columns(draft, op)} | dict(values or {})
    selected = ", ".join(f"{value} AS {quoted_name(name, dialect)}" for name, value in sql.items())
    table, alias = quoted_name(old_table, dialect, op.schema), quoted_name(op.table_name, dialect)
    return f"(SELECT {selected} FROM {table}) AS {alias}"


def renamed_tables(draft: Draft, names: set[str]) -> str:
    """Return the WITH that gives renamed tables and columns their new names, for SQL that reads the tables; or nothing.

    A name that no table has any more is one of nothing there: the database tells who reads it.
    """
    dialect, inspector = draft.dialect, inspect(draft.context.connection)
    assert inspector is not None
    tables, columns = old_tables(draft.upgrade.ops), old_columns(draft.upgrade.ops)
    default, parts = dialect.default_schema_name, list[str]()
    for schema, table in sorted({*tables, *(key[:2] for key in columns)}, key=str):
        if schema in (None, default) and table.lower() in names:
            old = tables.get((schema, table), table)
            new = {stored: key[2] for key, stored in columns.items() if key[:2] == (schema, table)}
            stored = [each["name"] for each in inspector.get_columns(old, schema)]
            pairs = ([quoted_name(each, dialect) for each in (name, new.get(name, name))] for name in stored)
            selected = ", ".join(f"{name} AS {after}" for name, after in pairs)
            source = f"SELECT {selected} FROM {quoted_name(old, dialect, default)}"
            parts.append(f"{quoted_name(table, dialect)} AS ({source})")
    gone = {*tables.values()} - {table for _, table in tables} - {*draft.tables}
    parts += [f"{quoted_name(old, dialect)} AS (SELECT 1 AS {GONE})" for old in sorted(gone) if old.lower() in names]
    return f"WITH {', '.join(parts)} " if parts else ""


def null(draft: Draft, column: Column[Any]) -> str:
    """Return NULL, of the type of a column if its database asks for one and has it for certain."""
    return cast_to(draft, "NULL", column.type)


def cast_to(draft: Draft, sql: str, type_: Any) -> str:
    """Return a value of a type: PostgreSQL tells operators by the types, elsewhere a value is enough."""
    type_ = database_type(type_, draft.dialect)
    if draft.kind != "postgresql" or kind_of(type_) in ("enum", "array", "other"):
        return sql
    if getattr(type_, "collation", None):  # which belongs to the expression, not to the type
        type_ = copy(type_)
        type_.collation = None
    return f"CAST({sql} AS {draft.dialect.type_compiler_instance.process(type_)})"


def default_sql(draft: Draft, default: Any) -> str:
    """Return a server default as SQL."""
    if not isinstance(default, str):
        return sql_of(default, draft.dialect)
    return quote_literal(default.replace("\\", "\\\\") if draft.kind == "mysql" else default)
