"""Rule: the lines of the upgrade that destroy data say so."""

from __future__ import annotations

from alembic.operations.ops import ModifyTableOps

from ...ddl.losses import loss
from ..draft import Draft
from ..operations import DestructiveOp


def drop_markers(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [DestructiveOp(op) if loss(op, draft.dialect) else op for op in operations.ops]
