"""Classes that are mapped to views: what is a view in the database is no table that could be created."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateTableOp, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection, inspect

log = logging.getLogger("alembic.autogenerate.views")


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    plugin.add_autogenerate_comparator(leave_views_out, "schema", plugin.name, priority=DispatchPriority.LAST)


def leave_views_out(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, _: set[str | None]
) -> PriorityDispatchResult:
    """Remove the new tables that the database has as views, materialized views or foreign tables.

    The database is asked only where there is a new table.
    """
    new = [op for op in upgrade_ops.ops if isinstance(op, CreateTableOp)]
    if new and autogen_context.connection is not None:
        views = set(_views(autogen_context.connection, {op.schema for op in new}))
        left_out = {(op.schema, op.table_name) for op in new} & views
        for _schema, name in sorted(left_out, key=str):
            log.info("Left out %s: it is a view in the database, and no table", name)
        upgrade_ops.ops[:] = [
            op
            for op in upgrade_ops.ops
            if not isinstance(op, (CreateTableOp, ModifyTableOps)) or (op.schema, op.table_name) not in left_out
        ]
    return PriorityDispatchResult.CONTINUE


def _views(connection: Connection, schemas: set[str | None]) -> Iterator[tuple[str | None, str]]:
    """Yield what can be read like a table, and is none that CREATE TABLE has made: the schema, and the name."""
    inspector: Any = inspect(connection)
    for schema in schemas:
        for method in ("get_view_names", "get_materialized_view_names", "get_foreign_table_names"):
            with suppress(NotImplementedError, AttributeError):  # a kind that the database does not have
                yield from ((schema, name) for name in getattr(inspector, method)(schema))
