"""Rule: what rebuilds a table of SQLite as a whole comes after what changes in its columns, and only where it must.

That is AUTOINCREMENT, which needs its key, and the CHECKs that have no name, which need the columns that they read.
"""

from __future__ import annotations

from alembic.operations.ops import DropColumnOp, ModifyTableOps, OpContainer

from ...dialects.sqlite_tables import names_in, tokens_of
from ..draft import Draft
from ..operations import AutoincrementOp, ChangePrimaryKeyOp, UnnamedChecksOp


def sqlite_rebuilds(draft: Draft) -> None:
    """Place them in both directions; a CHECK that reads a dropped column goes with that."""
    for operations in (draft.upgrade, draft.downgrade):
        checks = [op for op in operations.ops if isinstance(op, UnnamedChecksOp)]
        for check in checks:
            if sum(other.table == check.table for other in checks) == 1:  # else others stand between the two
                if _goes_with_columns(operations, check):
                    operations.ops.remove(check)
                else:
                    _place(operations, check)
        for op in [op for op in operations.ops if isinstance(op, AutoincrementOp)]:
            if op.counts:
                _place(operations, op)
            else:
                _place_first(operations, op)


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


def _place_first(operations: OpContainer, op: AutoincrementOp) -> None:
    """Let AUTOINCREMENT end before its column gets another type; with another key, it ends by itself."""
    tables = _on(operations, op.table)
    is_key_changed = any(isinstance(each, ChangePrimaryKeyOp) for table in tables for each in table.ops)
    if tables and not is_key_changed and operations.ops.index(tables[0]) < operations.ops.index(op):
        operations.ops.remove(op)
        operations.ops.insert(operations.ops.index(tables[0]), op)


def _on(operations: OpContainer, table: str) -> list[ModifyTableOps]:
    ops = (op for op in operations.ops if isinstance(op, ModifyTableOps))
    return [op for op in ops if op.table_name == table and op.schema is None]
