"""Collations of texts, which Alembic does not compare."""

from __future__ import annotations

from copy import copy
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp, DropColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Column, String, Table, text

from ...ddl.mysql_types import newer_name
from ...ddl.types import database_type, kind_of
from ...dialects.sqlite_tables import unquoted
from ..renamed_inspector import RenamedInspector
from ..sqlite_catalogue import stored_table
from . import add_table_comparison

# What SQLite takes for a text without a collation.
_BINARY = "BINARY"

_MYSQL = text("""
SELECT c.collation_name, t.table_collation FROM information_schema.columns c JOIN information_schema.tables t
ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = COALESCE(:schema, DATABASE()) AND c.table_name = :table AND c.column_name = :column
""")


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_collations)


def compare_collations(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Change the type of each column of texts that is to have another collation."""
    recreated = {op.column_name for op in operations.ops if isinstance(op, DropColumnOp)}
    for column in model.columns:
        old = reflected.columns.get(column.name)
        if old is None or column.name in recreated or not isinstance(old.type, String):
            continue
        if not autogen_context.run_object_filters(column, column.name, "column", False, old):
            continue
        _compare(autogen_context, operations, old, column)


def _compare(autogen_context: AutogenContext, operations: ModifyTableOps, old: Column[Any], new: Column[Any]) -> None:
    dialect, existing, wanted = autogen_context.dialect, old.type, new.type
    type_: Any = database_type(new.type, dialect)
    stored = getattr(old.type, "collation", None)
    is_different = False
    if dialect.name == "sqlite":  # SQLAlchemy does not read it
        stored = _on_sqlite(autogen_context, old)
        existing = _with(existing, stored)
    if kind_of(type_) == "text":
        is_different = _differ(autogen_context, old, stored, type_)
    if is_different and dialect.name == "sqlite":  # a rebuild keeps a collation of which nothing is said
        existing = _with(existing, stored or _BINARY)
        wanted = wanted if type_.collation else _with(type_, _BINARY)
    changes = [op for op in operations.ops if isinstance(op, AlterColumnOp) and op.column_name == new.name]
    if is_different and not changes:
        change = AlterColumnOp(
            operations.table_name,
            new.name,
            schema=operations.schema,
            existing_nullable=old.nullable,
            existing_server_default=old.server_default if old.server_default is not None else False,
            existing_comment=old.comment,
        )
        changes.append(change)
        operations.ops.append(change)
    for change in changes:
        change.existing_type = existing
        change.modify_type = wanted if is_different else change.modify_type


def _with(type_: Any, collation: str | None) -> Any:
    """Return a type with another collation."""
    copied: Any = copy(type_)
    copied.collation = collation
    return copied


def _differ(autogen_context: AutogenContext, old: Column[Any], stored: str | None, type_: Any) -> bool:
    """Tell whether a column has another collation than a text of the database's own type is to have."""
    wanted, kind = type_.collation, autogen_context.dialect.name
    if kind == "sqlite":
        return (stored or _BINARY).upper() != (wanted or _BINARY).upper()
    if kind == "postgresql":
        return bool(stored != wanted)
    if stored and wanted:
        return newer_name(stored) != newer_name(wanted)
    if stored == wanted or (wanted is None and getattr(type_, "charset", None)):
        return False
    connection: Any = autogen_context.connection
    inspector: Any = autogen_context.inspector
    table, column, schema = old.table.name, old.name, old.table.schema
    if isinstance(inspector, RenamedInspector):
        names = inspector.new_names
        column = names.old_column(schema, table, column)
        table = names.old_table(schema, table)
    row = connection.execute(_MYSQL, {"schema": schema, "table": table, "column": column}).first()
    return row is not None and row[0] is not None and newer_name(row[0]) != newer_name(wanted or row[1])


def _on_sqlite(autogen_context: AutogenContext, column: Column[Any]) -> str | None:
    """Return the collation of a column as SQLite keeps it."""
    inspector: Any = autogen_context.inspector
    stored, name = stored_table(autogen_context, column.table.name, "COLLATE"), column.name
    if isinstance(inspector, RenamedInspector):
        name = inspector.new_names.old_column(None, column.table.name, name)
    piece = None if stored is None else stored.columns.get(name.lower())
    clause = None if piece is None else piece.clause("COLLATE")
    return None if clause is None else unquoted(clause.tokens[-1].text)
