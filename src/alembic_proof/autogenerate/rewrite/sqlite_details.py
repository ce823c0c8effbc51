"""Rule: what is dropped on SQLite comes back in the downgrade with what SQLAlchemy does not read of it."""

from __future__ import annotations

from contextlib import suppress
from copy import copy
from typing import Any

from alembic.operations.ops import AddColumnOp, CreateTableOp
from sqlalchemy import Column, MetaData, String, Table, text
from sqlalchemy.exc import ArgumentError

from ...dialects.sqlite_tables import TableSql, unquoted
from ..draft import Draft, each_operation
from .renamed_names import old_columns, old_tables


def sqlite_details(draft: Draft) -> None:
    """Give tables and columns that a downgrade creates their collations, AUTOINCREMENT, WITHOUT ROWID and STRICT."""
    created = [op for op in each_operation(draft.downgrade) if isinstance(op, (CreateTableOp, AddColumnOp))]
    if draft.kind != "sqlite" or draft.context.connection is None or not created:
        return
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql > ''"
    statements = {row[0]: str(row[1]) for row in draft.context.connection.execute(text(query))}
    tables, columns = old_tables(draft.upgrade.ops), old_columns(draft.upgrade.ops)
    for op in created:
        with suppress(KeyError, ValueError):  # a table of a schema; one that is not understood
            if isinstance(op, AddColumnOp):
                name = columns.get((None, op.table_name, op.column.name), op.column.name)
                _collate(TableSql.parse(statements[tables.get((None, op.table_name), op.table_name)]), op.column, name)
            else:  # a table that is dropped keeps its name until then
                table = TableSql.parse(statements[op.table_name])
                for column in op.columns:
                    if isinstance(column, Column):
                        _collate(table, column, column.name)
                op.kw = {**op.kw, **_options(table)}


def _collate(table: TableSql, column: Column[Any], name: str) -> None:
    """Give a column the collation that it has in a table, by its name there."""
    piece = table.columns.get(name.lower())
    collation = None if piece is None else piece.clause("COLLATE")
    if collation is not None and isinstance(column.type, String):
        type_: Any = copy(column.type)
        type_.collation = unquoted(collation.tokens[-1].text)
        column.type = type_


def _options(table: TableSql) -> dict[str, bool]:
    """Return the options of a table, as far as SQLAlchemy has a word for them."""
    options = {"sqlite_autoincrement": True} if table.counts else {}
    if "WITHOUT ROWID" in table.options:
        options["sqlite_with_rowid"] = False
    if "STRICT" in table.options:
        with suppress(ArgumentError):  # up to SQLAlchemy 2.0.36
            Table("strict", MetaData(), sqlite_strict=True)
            options["sqlite_strict"] = True
    return options
