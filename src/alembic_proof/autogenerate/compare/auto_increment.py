"""AUTO_INCREMENT on MariaDB and MySQL: Alembic writes it where a column changes, and does not compare it."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Column, Sequence, Table

from ... import upstream
from ..operations import ChangePrimaryKeyOp, CountingColumnOp
from . import add_table_comparison


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_auto_increment, ("mysql", "mariadb"))


def compare_auto_increment(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Let a column begin to count, or cease to; where the primary key changes, that does it: see render.py."""
    if any(isinstance(op, ChangePrimaryKeyOp) for op in operations.ops):
        return
    changed = {op.column_name for op in operations.ops if isinstance(op, AlterColumnOp)}
    for column in model.primary_key.columns:
        old = reflected.columns.get(column.name)
        if old is None or column.name in changed or (old.autoincrement is True) == counts(column):
            continue
        if autogen_context.run_object_filters(column, column.name, "column", False, old):
            operations.ops.append(CountingColumnOp.of(operations, old, counts(column)))


def counts(column: Column[Any]) -> bool:
    """Tell whether SQLAlchemy makes a column of a model AUTO_INCREMENT."""
    table: Any = column.table
    is_numbered = column.server_default is None or column.identity is not None
    return column is upstream.autoincrement_column(table) and is_numbered and not isinstance(column.default, Sequence)
