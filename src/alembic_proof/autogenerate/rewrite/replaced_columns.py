"""Rule: a table of SQLite of which no column stays gets its new columns before it is rebuilt.

A rebuild copies what stays, and Alembic's batch cannot copy a table of which nothing does.
"""

from __future__ import annotations

from alembic.operations.ops import AddColumnOp, DropColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import Table

from ...sqltext import full_name
from ..draft import Draft, each_operation
from .not_null import in_two_steps


def replaced_columns(draft: Draft) -> None:
    """Split what is done to such a table in both directions: first what is added, then all else."""
    if draft.kind != "sqlite":
        return
    added: dict[str, set[str]] = {}
    for op in each_operation(draft.upgrade):
        if isinstance(op, AddColumnOp):
            added.setdefault(full_name(op.table_name, op.schema), set()).add(op.column.name)
    replaced = {name for name in added if name in draft.tables and added[name] >= _columns(draft.tables[name])}
    for operations in (draft.upgrade, draft.downgrade):
        operations.ops = [part for op in operations.ops for part in (_split(op) if _is_on(op, replaced) else [op])]


def _columns(table: Table) -> set[str]:
    return {column.name for column in table.columns}


def _is_on(op: MigrateOperation, tables: set[str]) -> bool:
    return isinstance(op, ModifyTableOps) and full_name(op.table_name, op.schema) in tables


def _split(table: MigrateOperation) -> list[MigrateOperation]:
    """Return the operations on a table in two batches, the additions first; SQLite numbers the rows in the second."""
    assert isinstance(table, ModifyTableOps)
    dropped = {op.column_name for op in table.ops if isinstance(op, DropColumnOp)}
    first: list[MigrateOperation] = []
    second: list[MigrateOperation] = []
    for op in table.ops:
        if not isinstance(op, AddColumnOp) or op.column.name in dropped:
            second.append(op)
        elif op.column.nullable or op.column.server_default is not None or op.column.computed is not None:
            first.append(op)
        else:
            nullable, set_not_null = in_two_steps(op)
            first += [nullable] if nullable else []
            second.append(set_not_null)
    return [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (first, second) if ops]
