"""Drops: what they destroy is gone for good, so somebody has to mean them, and the revision says so in the line."""

from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op, renderers
from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation, ModifyTableOps
from alembic.util import CommandError

from .draft import Draft, each, full_name, impl_of


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
    losses = {name: said for op in each(draft.upgrade) for name, said in _loss(draft, op).items()}
    refused = [name for name in losses if not draft.answers.allow_drop(name)]
    if draft.answers.can_ask:
        refused = [name for name in refused if not draft.answers.yes(f"{losses[name]}. Is that meant?")]
    if refused:
        said = "".join(f"  {losses[name]}\n" for name in refused)
        raise CommandError(
            f"This revision would destroy data:\n{said}If that is meant, say -x allow-drop={refused[0]} for each "
            "(alembic -x ... revision ...). Nothing was written."
        )


def mark(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [Destroys(op) if _loss(draft, op) else op for op in operations.ops]


def _loss(draft: Draft, op: MigrateOperation) -> dict[str, str]:
    """Return what loses data by an operation, a table or a column, with a sentence; or nothing."""
    if isinstance(op, DropTableOp):
        name = full_name(op.table_name, op.schema)
        return {name: f"{name} is in no model any more, and is dropped with its rows"}
    name = f"{full_name(getattr(op, 'table_name', ''), getattr(op, 'schema', None))}.{getattr(op, 'column_name', '')}"
    if isinstance(op, DropColumnOp) and op.to_column().computed is None:  # what is computed is no data of its own
        return {name: f"{name} is in no model any more, and is dropped with its values"}
    if isinstance(op, AlterColumnOp) and op.modify_type is not None:
        old, new = (impl_of(type_, draft.context.dialect) for type_ in (op.existing_type, op.modify_type))
        if _narrows(old, new, draft.dialect):
            return {name: f"{name} becomes {op.modify_type!r}, and what that cannot hold is cut off"}
    return {}


def _narrows(old: Any, new: Any, dialect: str) -> bool:
    """Tell whether a database converts without a word what the new type cannot hold."""
    if isinstance(old, sqlalchemy.ARRAY) and not isinstance(new, sqlalchemy.ARRAY):
        return True  # to its first element
    if isinstance(old, sqlalchemy.DateTime):
        return isinstance(new, (sqlalchemy.Date, sqlalchemy.Time))
    if isinstance(old, sqlalchemy.Numeric):
        before, after = getattr(old, "scale", None), getattr(new, "scale", None)
        rounds = before is not None and after is not None and before > after
        return rounds or isinstance(new, (sqlalchemy.Integer, sqlalchemy.Boolean))
    if isinstance(old, sqlalchemy.Integer):
        return isinstance(new, sqlalchemy.Boolean)
    return dialect == "sqlite" and isinstance(old, sqlalchemy.String) and isinstance(new, _NUMBERS)


_NUMBERS = (sqlalchemy.Integer, sqlalchemy.Numeric, sqlalchemy.Boolean)  # SQLite takes a text that is none for 0
