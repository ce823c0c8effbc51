"""AUTOINCREMENT, which SQLite has, and neither Alembic nor SQLAlchemy reads."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Dialect, Table

from ...ddl.types import database_type, kind_of
from ...dialects.sqlite_tables import TableSql
from ..operations import AutoincrementOp
from ..renamed_inspector import RenamedInspector
from ..sql import column_names, stored_name
from ..sqlite_catalogue import tables_and_indexes


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    plugin.add_autogenerate_comparator(
        compare_autoincrement, "schema", plugin.name, qualifier="sqlite", priority=DispatchPriority.LAST
    )


def compare_autoincrement(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any
) -> PriorityDispatchResult:
    """Add what gives AUTOINCREMENT to a table, or takes it away."""
    inspector: Any = autogen_context.inspector
    existing = {}
    for kind, name, _, sql in tables_and_indexes(autogen_context):
        new_name = name
        if isinstance(inspector, RenamedInspector):
            if (None, name) in inspector.new_names.hidden:
                continue
            new_name = inspector.new_names.table(None, name)[1]
        if kind == "table" and (counts := _counts(sql)) is not None:
            existing[new_name] = counts
    for table in autogen_context.sorted_tables:
        wanted = _is_wanted(table, autogen_context.dialect)
        if table.schema is None and existing.get(table.name, wanted) != wanted:
            columns = column_names(table.primary_key)
            key = stored_name(table.primary_key, autogen_context.dialect) if columns else None
            upgrade_ops.ops.append(AutoincrementOp(table.name, columns, key, wanted))
    return PriorityDispatchResult.CONTINUE


def _counts(sql: str) -> bool | None:
    """Tell whether a table has AUTOINCREMENT; None where that is not known."""
    if "autoincrement" not in sql.lower():
        return False
    try:
        return TableSql.parse(sql).counts
    except ValueError:
        return None


def _is_wanted(table: Table, dialect: Dialect) -> bool:
    """Tell whether SQLAlchemy creates a table with AUTOINCREMENT."""
    key = list(table.primary_key.columns)
    is_counter = len(key) == 1 and kind_of(database_type(key[0].type, dialect)) == "integer" and not key[0].foreign_keys
    return is_counter and bool(table.dialect_options["sqlite"]["autoincrement"])
