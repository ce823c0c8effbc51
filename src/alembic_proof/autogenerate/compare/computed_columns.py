"""Columns that are computed from another expression: Alembic sees it, warns, and writes nothing."""

from __future__ import annotations

from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddColumnOp, AlterColumnOp, DropColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Dialect, Table

from ..expressions import Expression
from ..sql import sql_of
from . import add_table_comparison
from .stored_expressions import compare_expression


def setup(plugin: Plugin) -> None:
    """Register the comparison, and keep Alembic's, which only warns, from the columns that are computed."""
    add_table_comparison(plugin, compare_computed_columns)
    plugin.add_autogenerate_comparator(_skip_computed, "column", "server_default", priority=DispatchPriority.FIRST)


def _skip_computed(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    reflected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    is_computed = reflected.computed is not None or model.computed is not None
    return PriorityDispatchResult.STOP if is_computed else PriorityDispatchResult.CONTINUE


def compare_computed_columns(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Drop and add the columns that are computed from another expression, begin or cease to be, or to be stored.

    What that means for its values, and for what is on it: rewrite/computed_columns.py.
    """
    dialect = autogen_context.dialect
    for column in model.columns:
        old = reflected.columns.get(column.name)
        if old is None or (old.computed is None and column.computed is None):
            continue
        if not autogen_context.run_object_filters(column, column.name, "column", False, old):
            continue
        replace = partial(_replace, old, column)
        begins_or_ends = old.computed is None or column.computed is None
        if (
            begins_or_ends
            or _is_stored_otherwise(autogen_context, old, column)
            or _is_altered(dialect, operations, column)
        ):
            replace(operations)
        elif (expression := _expression(dialect, reflected, old, column)).reflected:
            # SQLAlchemy cannot read it everywhere, as from NUMERIC(10, 2) on SQLite.
            compare_expression(autogen_context, expression, replace)


def _is_altered(dialect: Dialect, operations: ModifyTableOps, column: Column[Any]) -> bool:
    """Tell whether a computed column gets another type or comment where Alembic cannot change it: it is no data."""
    is_mysql = dialect.name in ("mysql", "mariadb")
    return is_mysql and any(isinstance(op, AlterColumnOp) and op.column_name == column.name for op in operations.ops)


def _is_stored_otherwise(autogen_context: AutogenContext, old: Column[Any], new: Column[Any]) -> bool:
    """Tell whether one of two computed columns is stored, and the other is not."""
    before, after = (getattr(column.computed, "persisted", None) for column in (old, new))
    if after is None and autogen_context.dialect.name != "postgresql":  # whose choice depends on its version
        after = False
    return before is not None and after is not None and before != after


def _expression(dialect: Dialect, table: Table, old: Column[Any], new: Column[Any]) -> Expression:
    before, after = (sql_of(getattr(column.computed, "sqltext", None), dialect) for column in (old, new))
    return Expression(table, new.name, "computed", before, after, new.type)


def _replace(old: Column[Any], new: Column[Any], operations: ModifyTableOps) -> None:
    schema, name = operations.schema, operations.table_name
    kept = [op for op in operations.ops if getattr(op, "column_name", None) != new.name]  # type, nullable, ...
    operations.ops[:] = [
        *kept,
        DropColumnOp.from_column_and_tablename(schema, name, old),
        AddColumnOp.from_column_and_tablename(schema, name, new),
    ]
