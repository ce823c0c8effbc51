"""Columns that are computed from another expression: Alembic sees it, warns, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Dialect, Table, UniqueConstraint

from ..expressions import Expression
from ..sql import column_names, sql_of
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

    No database changes that in place. The values of a column that was not computed are lost: see ddl/losses.py.
    """
    for column in model.columns:
        old = reflected.columns.get(column.name)
        if old is None or (old.computed is None and column.computed is None):
            continue
        if not autogen_context.run_object_filters(column, column.name, "column", False, old):
            continue
        replace = partial(_replace, reflected, model, old, column)
        if old.computed is None or column.computed is None or _is_stored_otherwise(autogen_context, old, column):
            replace(operations)
        elif (expression := _expression(autogen_context.dialect, reflected, old, column)).reflected:
            # SQLAlchemy cannot read it everywhere, as from NUMERIC(10, 2) on SQLite.
            compare_expression(autogen_context, expression, replace)


def _is_stored_otherwise(autogen_context: AutogenContext, old: Column[Any], new: Column[Any]) -> bool:
    """Tell whether one of two computed columns is stored, and the other is not."""
    before, after = (getattr(column.computed, "persisted", None) for column in (old, new))
    if after is None and autogen_context.dialect.name != "postgresql":  # whose choice depends on its version
        after = False
    return before is not None and after is not None and before != after


def _expression(dialect: Dialect, table: Table, old: Column[Any], new: Column[Any]) -> Expression:
    before, after = (sql_of(getattr(column.computed, "sqltext", None), dialect) for column in (old, new))
    return Expression(table, new.name, "computed", before, after, new.type)


def _replace(reflected: Table, model: Table, old: Column[Any], new: Column[Any], operations: ModifyTableOps) -> None:
    schema, name = operations.schema, operations.table_name
    kept = [op for op in operations.ops if getattr(op, "column_name", None) != new.name]  # type, nullable, ...
    operations.ops[:] = [
        *kept,
        DropColumnOp.from_column_and_tablename(schema, name, old),
        AddColumnOp.from_column_and_tablename(schema, name, new),
        *_on_column(reflected, model, new.name),
    ]


def _on_column(reflected: Table, model: Table, column: str) -> Iterator[MigrateOperation]:
    """Yield what recreates the indexes and UNIQUEs that are dropped with a column, and that Alembic finds unchanged."""
    indexes = {index.name: index for index in reflected.indexes}
    for index in model.indexes:
        if column in index.columns and index.name in indexes:
            yield DropIndexOp.from_index(indexes[index.name])
            yield CreateIndexOp.from_index(index)
    uniques = {tuple(column_names(unique)): unique for unique in _uniques(reflected)}
    for unique in _uniques(model):
        existing = uniques.get(tuple(column_names(unique)))
        if column in unique.columns and existing is not None:
            yield DropConstraintOp.from_constraint(existing)
            yield AddConstraintOp.from_constraint(unique)


def _uniques(table: Table) -> list[UniqueConstraint]:
    return [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
