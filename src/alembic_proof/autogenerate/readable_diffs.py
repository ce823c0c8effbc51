"""How ``alembic check`` prints constraints: as SQL has them, where SQLAlchemy prints the addresses of objects."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import AddConstraintOp, DropConstraintOp, MigrateOperation, ModifyTableOps, OpContainer
from sqlalchemy import CheckConstraint, ForeignKeyConstraint


class _ForeignKey(ForeignKeyConstraint):
    def __repr__(self) -> str:
        columns = ", ".join(f"{self.table.fullname}.{key.parent.name}" for key in self.elements)
        return f"{self.name}: {columns} -> {', '.join(key.target_fullname for key in self.elements)}"


class _Check(CheckConstraint):
    def __repr__(self) -> str:
        return f"{self.name}: {self.sqltext}"


class ReadableOp(MigrateOperation):
    """An operation that ``alembic check`` can print."""

    def __init__(self, op: MigrateOperation) -> None:
        self.op = op

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return the same as of the operation; its constraint is of a class that has a readable repr()."""
        found: tuple[Any, ...] = self.op.to_diff_tuple()
        for item in found:
            if type(item) is ForeignKeyConstraint:
                item.__class__ = _ForeignKey
            elif type(item) is CheckConstraint:
                item.__class__ = _Check
        return found


def make_readable(operations: OpContainer) -> None:
    """Let the operations on constraints be printed, and do nothing else: no revision is written from them."""
    for op in operations.ops:
        if isinstance(op, ModifyTableOps):
            op.ops = [ReadableOp(op) if isinstance(op, (AddConstraintOp, DropConstraintOp)) else op for op in op.ops]
