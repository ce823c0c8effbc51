"""Rule: nothing is dropped, and no value cut off, unless somebody means it."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from alembic.util import CommandError

from ...ddl.losses import loss
from ...sqltext import full_name
from ..draft import Draft, each_operation


def drops(draft: Draft) -> None:
    """Ask about each operation that destroys data. Raises CommandError for those that nobody means."""
    losses: dict[str, str] = {}
    for op in each_operation(draft.upgrade):
        name = _name(op)
        if name and not draft.answers.allow_drop(name) and (what := loss(op, draft.dialect)):
            losses[name] = f"{name} {what}"
    if draft.answers.can_ask:
        losses = {name: what for name, what in losses.items() if not draft.answers.yes(f"{what}. Is that intended?")}
    if losses:
        raise CommandError(
            f"This revision would destroy data: {'; '.join(losses.values())}. If that is intended, say "
            f"-x allow-drop={next(iter(losses))} for each (alembic -x ... revision ...). Nothing was written."
        )


def _name(op: MigrateOperation) -> str | None:
    """Return the name of the table or column that is dropped, or gets another type, or None."""
    if isinstance(op, DropTableOp):
        return full_name(op.table_name, op.schema)
    if isinstance(op, DropColumnOp) or (isinstance(op, AlterColumnOp) and op.modify_type is not None):
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    return None
