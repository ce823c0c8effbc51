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
    losses: dict[str, str] = {}
    for op in each(draft.upgrade):
        name = _name(op)
        if name and not draft.answers.allow_drop(name) and (said := _loss(draft, op)):
            losses[name] = f"{name} {said}"
    if draft.answers.can_ask:
        losses = {name: said for name, said in losses.items() if not draft.answers.yes(f"{said}. Is that meant?")}
    if losses:
        raise CommandError(
            f"This revision would destroy data: {'; '.join(losses.values())}. If that is meant, say "
            f"-x allow-drop={next(iter(losses))} for each (alembic -x ... revision ...). Nothing was written."
        )


def mark(draft: Draft) -> None:
    """Mark the lines that destroy data."""
    for operations in (draft.upgrade, *(op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps))):
        operations.ops = [Destroys(op) if _loss(draft, op) else op for op in operations.ops]


def _name(op: MigrateOperation) -> str | None:
    """Return the name of the table or column that is dropped, or gets another type, or None."""
    if isinstance(op, DropTableOp):
        return full_name(op.table_name, op.schema)
    if isinstance(op, DropColumnOp) or (isinstance(op, AlterColumnOp) and op.modify_type is not None):
        return f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    return None


def _loss(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what is lost by an operation, in words, or None."""
    if isinstance(op, DropTableOp):
        return "is in no model any more, and is dropped with its rows"
    if isinstance(op, DropColumnOp) and op.to_column().computed is None:  # what is computed is no data of its own
        return "is in no model any more, and is dropped with its values"
    if isinstance(op, AlterColumnOp) and op.modify_type is not None:
        old, new = (impl_of(type_, draft.context.dialect) for type_ in (op.existing_type, op.modify_type))
        return f"becomes {op.modify_type!r}, and what that cannot hold is cut off" * _narrows(old, new, draft.dialect)
    return None


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
