"""Rule: the lines of the upgrade that destroy data say so."""

from __future__ import annotations

from alembic.operations.ops import MigrateOperation, ModifyTableOps

from ...ddl.losses import loss
from ..draft import Draft
from ..operations import DestructiveOp, ShortenTextOp


def drop_markers(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [DestructiveOp(op) if _destroys(draft, op) else op for op in operations.ops]


def _destroys(draft: Draft, op: MigrateOperation) -> bool:
    return isinstance(op, ShortenTextOp) or loss(op, draft.dialect) is not None
