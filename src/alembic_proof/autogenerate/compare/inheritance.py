"""Tables of PostgreSQL that inherit from others: their parents' columns and CHECKs are no difference of theirs."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import DropColumnOp, DropConstraintOp, MigrateOperation, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import text

_INHERITED = text("""
    SELECT namespace.nspname, child.relname, part.kind, part.name
    FROM (
        SELECT attrelid AS child, 'column' AS kind, attname AS name FROM pg_catalog.pg_attribute WHERE attinhcount > 0
        UNION ALL
        SELECT conrelid, 'check_constraint', conname FROM pg_catalog.pg_constraint WHERE coninhcount > 0
    ) AS part
    JOIN pg_catalog.pg_class AS child ON child.oid = part.child
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = child.relnamespace
""")


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    plugin.add_autogenerate_comparator(
        leave_inherited_out, "schema", plugin.name, qualifier="postgresql", priority=DispatchPriority.LAST
    )


def leave_inherited_out(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, _: set[str | None]
) -> PriorityDispatchResult:
    """Remove the drops of what a table has inherited, and its model does not have: PostgreSQL lets nobody drop that.

    It is asked, once, where a column or a CHECK would be dropped.
    """
    tables = [op for op in upgrade_ops.ops if isinstance(op, ModifyTableOps)]
    connection = autogen_context.connection
    if connection is not None and any(_dropped(inner) for op in tables for inner in op.ops):
        inherited = {tuple(row) for row in connection.execute(_INHERITED)}
        default = autogen_context.dialect.default_schema_name
        for op in tables:
            of = (op.schema or default, op.table_name)
            op.ops[:] = [inner for inner in op.ops if (*of, *(_dropped(inner) or ())) not in inherited]
        upgrade_ops.ops[:] = [op for op in upgrade_ops.ops if not isinstance(op, ModifyTableOps) or op.ops]
    return PriorityDispatchResult.CONTINUE


def _dropped(op: MigrateOperation) -> tuple[str, Any] | None:
    """Return what an operation drops that may be inherited: a kind, and a name; or None."""
    if isinstance(op, DropColumnOp):
        return "column", op.column_name
    if isinstance(op, DropConstraintOp) and op.constraint_type == "check":
        return "check_constraint", op.constraint_name
    return None
