"""Rule: the indexes with expressions that SQLite loses where a table is rebuilt are created again."""

from __future__ import annotations

from alembic.operations.ops import MigrateOperation, ModifyTableOps

from ..draft import Draft
from ..indexes import create_index_sql, has_expression
from ..operations import IndexSqlOp


def sqlite_indexes(draft: Draft) -> None:
    """Add, after each change of a table, what creates its indexes with expressions, if they do not exist."""
    if draft.kind == "sqlite":
        changed = {op.name for op in draft.upgrade.ops if isinstance(op, IndexSqlOp)}
        for operations in (draft.upgrade, draft.downgrade):
            operations.ops = [step for op in operations.ops for step in (op, *_lost(draft, op, changed))]


def _lost(draft: Draft, op: MigrateOperation, changed: set[str]) -> list[IndexSqlOp]:
    """Return what creates the indexes of a table again, except for those that the revision changes."""
    table = draft.tables.get(op.table_name) if isinstance(op, ModifyTableOps) else None
    if table is None:
        return []
    indexes = [index for index in table.indexes if has_expression(index) and index.name not in changed]
    return [
        IndexSqlOp(str(index.name), create_index_sql(index, draft.dialect), if_not_exists=True) for index in indexes
    ]
