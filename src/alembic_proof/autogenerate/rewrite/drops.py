"""Rule: nothing is dropped, and no value cut off, unless somebody means it."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from alembic.util import CommandError

from ...ddl.losses import loss
from ...prompts import Question
from ...sqltext import full_name
from ..draft import Draft, each_operation


def drops(draft: Draft) -> None:
    """Ask about each operation that destroys data; where nobody can be asked, the question is left open.

    Raises CommandError when the answer is no.
    """
    refused = []
    for op in each_operation(draft.upgrade):
        name = _name(op)
        if not name or draft.answers.allow_drop(name) or not (what := loss(op, draft.dialect)):
            continue
        if not draft.answers.can_ask:
            answer = ((f"allow-drop={name}",), "that is intended")
            draft.answers.open.append(Question(f"{name} {what}. Is that intended?", (answer,)))
        elif not draft.answers.yes(f"{name} {what}. Is that intended?"):
            refused.append(f"{name} {what}")
    if refused:
        raise CommandError(
            f"This revision would destroy data: {'; '.join(refused)}. Answer with yes if that is intended, or give the "
            "models what they miss. Nothing was written."
        )


def _name(op: MigrateOperation) -> str | None:
    """Return the name of the table or column that is dropped, or gets another type, or None."""
    if isinstance(op, DropTableOp):
        return full_name(op.table_name, op.schema)
    if isinstance(op, DropColumnOp) or (isinstance(op, AlterColumnOp) and op.modify_type is not None):
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    return None
