"""Rule: a computed column is not NOT NULL on MariaDB, which has no such thing, as long as the model does not say so."""

from __future__ import annotations

from copy import copy
from typing import Any

from alembic.operations.ops import AddColumnOp, CreateTableOp
from sqlalchemy import Column

from ... import upstream
from ..draft import Draft, each_operation


def computed_nullability(draft: Draft) -> None:
    """Write nullable=True where ``Mapped[int]`` alone made it False: SQLAlchemy's create_all() leaves it out there."""
    if not getattr(draft.dialect, "is_mariadb", False):
        return
    for op in each_operation(draft.upgrade):
        if isinstance(op, AddColumnOp):
            op.column = _nullable(op.column)
        elif isinstance(op, CreateTableOp):
            op.columns = [_nullable(item) if isinstance(item, Column) else item for item in op.columns]


def _nullable(column: Column[Any]) -> Column[Any]:
    if column.computed is None or column.nullable or not upstream.leaves_nullability_open(column):
        return column
    column = copy(column)  # the column itself is the model's
    column.nullable = True
    return column
