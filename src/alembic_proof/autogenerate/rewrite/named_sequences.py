"""Rule: a new column whose numbers come from a sequence that the model names does not count by itself."""

from __future__ import annotations

from alembic.operations.ops import CreateTableOp
from sqlalchemy import Column, Sequence

from ..compare.sequences import is_made
from ..draft import Draft


def named_sequences(draft: Draft) -> None:
    """Let the columns of new tables be as ``create_all()`` makes them: without a default in the database.

    Alembic passes over ``Sequence(...)`` of a column, which would become SERIAL, or AUTO_INCREMENT.
    """
    for op in draft.upgrade.ops:
        for column in op.columns if isinstance(op, CreateTableOp) else ():
            if isinstance(column, Column) and isinstance(column.default, Sequence):
                column.autoincrement = column.autoincrement and not is_made(column.default, draft.dialect)
