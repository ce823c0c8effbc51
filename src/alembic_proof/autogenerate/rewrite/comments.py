"""Rule: no comment in the database is removed unless somebody means it: perhaps a revision has set it by hand."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, DropTableCommentOp, MigrateOperation
from alembic.util import CommandError

from ...prompts import Question
from ...sqltext import full_name
from ..draft import Draft, each_operation


def comments(draft: Draft) -> None:
    """Ask about each comment that no model has; where nobody can be asked, the question is left open.

    Raises CommandError when the answer is no.
    """
    for op in each_operation(draft.upgrade):
        name, comment = _removed(op)
        if not comment or draft.answers.allow_drop(name):
            continue
        what = f"{name} loses its comment {comment!r}, which the model does not have"
        question = f"{what}. Is that intended?"
        if not draft.answers.can_ask:
            draft.answers.open.append(Question(question, (((f"allow-drop={name}",), "that is intended"),)))
        elif not draft.answers.yes(question):
            raise CommandError(f"{what}. Give it to the model, as comment=. Nothing was written.")


def _removed(op: MigrateOperation) -> tuple[str, str | None]:
    """Return of which table or column an operation removes the comment, and the comment, if it does."""
    if isinstance(op, DropTableCommentOp):
        return full_name(op.table_name, op.schema), op.existing_comment
    if isinstance(op, AlterColumnOp) and op.modify_comment is None:
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}", op.existing_comment
    return "", None
