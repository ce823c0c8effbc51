"""Rule: the lines of the upgrade that destroy data say so."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import column

from ...ddl.losses import alteration, loss
from ...sqltext import full_name
from ..draft import Draft
from ..operations import DestructiveOp, MoveLabelsOp, ShortenTextOp


def drop_markers(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [DestructiveOp(op, _name(op)) if _destroys(draft, op) else op for op in operations.ops]


def _destroys(draft: Draft, op: MigrateOperation) -> bool:
    is_of_rows = isinstance(op, ShortenTextOp) or (isinstance(op, MoveLabelsOp) and bool(op.replaced))
    return is_of_rows or loss(op, draft.dialect) is not None or _may_alter(draft, op)


def _may_alter(draft: Draft, op: MigrateOperation) -> bool:
    """Tell whether somebody has said that values of a column may become others in its new type."""
    if not isinstance(op, AlterColumnOp) or op.modify_type is None or not draft.answers.allow_drop(_name(op)):
        return False
    return alteration(column(op.column_name), op.existing_type, op.modify_type, draft.dialect) is not None


def _name(op: Any) -> str:
    """Return the name of the column whose values an operation changes; nothing for one that drops something."""
    if isinstance(op, AlterColumnOp):
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    is_of_rows = isinstance(op, (ShortenTextOp, MoveLabelsOp))
    return f"{full_name(op.table, op.schema)}.{op.column}" if is_of_rows else ""
