"""Rule: CHECKs of SQLite that have no name change after the columns that they read, and only where they must."""

from __future__ import annotations

from alembic.operations.ops import DropColumnOp, ModifyTableOps, OpContainer

from ...dialects.sqlite_tables import names_in, tokens_of
from ..draft import Draft
from ..operations import UnnamedChecksOp


def unnamed_checks(draft: Draft) -> None:
    """Let the CHECKs of a table be rebuilt after its columns; what reads a dropped column goes with that."""
    for operations in (draft.upgrade, draft.downgrade):
        changes = [op for op in operations.ops if isinstance(op, UnnamedChecksOp)]
        for op in changes:
            if sum(other.table == op.table for other in changes) == 1:  # else others stand between the two
                _place(operations, op)


def _place(operations: OpContainer, op: UnnamedChecksOp) -> None:
    tables = [
        each
        for each in operations.ops
        if isinstance(each, ModifyTableOps) and each.table_name == op.table and each.schema is None
    ]
    dropped = {each.column_name.lower() for table in tables for each in table.ops if isinstance(each, DropColumnOp)}
    staying = [sql for sql in op.before if not names_in(tokens_of(sql)) & dropped]
    if len(staying) < len(op.before) and staying == op.after:
        operations.ops.remove(op)
    elif tables and operations.ops.index(tables[-1]) > operations.ops.index(op):
        operations.ops.remove(op)
        operations.ops.insert(operations.ops.index(tables[-1]) + 1, op)
