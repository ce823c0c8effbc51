"""Drops: what they destroy is gone for good, so somebody has to mean them, and the revision says so in the line."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import DropColumnOp, DropTableOp, MigrateOperation, ModifyTableOps
from alembic.util import CommandError

from .draft import Draft, each, full_name


class Destroys(MigrateOperation):
    """An operation that destroys data on purpose."""

    def __init__(self, op: MigrateOperation) -> None:
        self.op = op

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return how alembic check calls it."""
        return self.op.to_diff_tuple()


@renderers.dispatch_for(Destroys)
def render_destroys(autogen_context: AutogenContext, op: Destroys) -> str:
    """Return the code, with the comment that the tests and the doctor look for."""
    (line,) = render_op(autogen_context, op.op)
    return f"{line}  # destroys data"


def ask(draft: Draft) -> None:
    """Let only those drops pass that somebody means. Raises CommandError for the others."""
    drops = {name: op for op in each(draft.upgrade) if (name := _dropped(op))}
    refused = [name for name, op in drops.items() if not draft.answers.allow_drop(name) and _destroys(op)]
    if draft.answers.can_ask:
        refused = [name for name in refused if not draft.answers.yes(f"Drop {name}, with its data?")]
    if refused:
        raise CommandError(
            f"No model has {', '.join(refused)} any more, and a revision would drop what is in there. If that is "
            f"meant, say -x allow-drop={refused[0]} for each (alembic -x ... revision ...). Nothing was written."
        )


def mark(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [Destroys(op) if _destroys(op) else op for op in operations.ops]


def _dropped(op: MigrateOperation) -> str | None:
    """Return the name of the table or column that is dropped, or None."""
    if isinstance(op, DropTableOp):
        return full_name(op.table_name, op.schema)
    return f"{full_name(op.table_name, op.schema)}.{op.column_name}" if isinstance(op, DropColumnOp) else None


def _destroys(op: MigrateOperation) -> bool:
    """Tell whether data go with what is dropped: a column that is computed has none of its own."""
    return isinstance(op, DropTableOp) or (isinstance(op, DropColumnOp) and op.to_column().computed is None)
