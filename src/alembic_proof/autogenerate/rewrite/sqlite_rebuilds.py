"""Rule: what rebuilds a table of SQLite as a whole comes after what changes in its columns, and only where it must.

That is AUTOINCREMENT, which needs its key, and the CHECKs that have no name, which need the columns that they read.
"""

from __future__ import annotations

from alembic.operations.ops import DropColumnOp, ModifyTableOps, OpContainer

from ...dialects.sqlite_tables import names_in, tokens_of
from ..draft import Draft
from ..operations import AutoincrementOp, UnnamedChecksOp


def sqlite_rebuilds(draft: Draft) -> None:
    """Place them in both directions; a CHECK that reads a dropped column goes with that."""
    for operations in (draft.upgrade, draft.downgrade):
        checks = [op for op in operations.ops if isinstance(op, UnnamedChecksOp)]
        for op in checks:
            if sum(other.table == op.table for other in checks) == 1:  # else others stand between the two
                if _goes_with_columns(operations, op):
                    operations.ops.remove(op)
                else:
                    _place(operations, op)
        for begun in [op for op in operations.ops if isinstance(op, AutoincrementOp) and op.counts]:
            _place(operations, begun)


def _goes_with_columns(operations: OpContainer, op: UnnamedChecksOp) -> bool:
    """Tell whether nothing is left to do for CHECKs that go with the columns that they read."""
    ops = (each for table in _on(operations, op.table) for each in table.ops)
    dropped = {each.column_name.lower() for each in ops if isinstance(each, DropColumnOp)}
    staying = [sql for sql in op.before if not names_in(tokens_of(sql)) & dropped]
    return len(staying) < len(op.before) and staying == op.after


def _place(operations: OpContainer, op: UnnamedChecksOp | AutoincrementOp) -> None:
    """Let an operation follow those on the columns of its table."""
    tables = _on(operations, op.table)
    if tables and operations.ops.index(tables[-1]) > operations.ops.index(op):
        operations.ops.remove(op)
        operations.ops.insert(operations.ops.index(tables[-1]) + 1, op)


def _on(operations: OpContainer, table: str) -> list[ModifyTableOps]:
    ops = (op for op in operations.ops if isinstance(op, ModifyTableOps))
    return [op for op in ops if op.table_name == table and op.schema is None]
