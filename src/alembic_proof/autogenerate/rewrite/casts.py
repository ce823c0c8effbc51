"""Rule: PostgreSQL is told how to convert the values of a column whose type is of another kind."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps

from ..conversions import converts_both_ways
from ..draft import Draft
from ..operations import CastColumnOp, altered


def casts(draft: Draft) -> None:
    """Add USING where PostgreSQL does not convert by itself; the default is dropped before and set again after."""
    if draft.kind == "postgresql":
        for table in draft.upgrade.ops:
            if isinstance(table, ModifyTableOps):
                table.ops = [step for op in table.ops for step in _steps(op, draft)]


def _steps(op: MigrateOperation, draft: Draft) -> list[MigrateOperation]:
    """Return an operation, or the steps in which a column without its default gets a type of another kind."""
    if not isinstance(op, AlterColumnOp) or op.modify_type is None:
        return [op]
    if converts_both_ways(op.existing_type, op.modify_type, draft.dialect):
        return [op]
    before, after = op.existing_server_default or None, op.modify_server_default
    if before is not None and after is False:  # unchanged; the model has it without a cast to the old type
        after = draft.column(op).server_default
    cast = altered(op, CastColumnOp, existing_server_default=None, modify_server_default=False)
    steps: list[MigrateOperation] = [cast]
    if before is not None:
        steps.insert(0, _change_default(op, op.existing_type, before, None))
    if after:
        steps.append(_change_default(op, op.modify_type, None, after))
    return steps


def _change_default(op: AlterColumnOp, type_: Any, before: Any, after: Any) -> AlterColumnOp:
    return AlterColumnOp(
        op.table_name,
        op.column_name,
        schema=op.schema,
        existing_type=type_,
        existing_server_default=before,
        modify_server_default=after,
    )
