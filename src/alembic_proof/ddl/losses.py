"""Which operations destroy data."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from sqlalchemy import Dialect

from .types import database_type

_NUMBERS = (sqlalchemy.Integer, sqlalchemy.Numeric, sqlalchemy.Boolean)


def loss(op: MigrateOperation, dialect: Dialect) -> str | None:
    """Return what an operation destroys, as the rest of a sentence about its table or column, or None."""
    if isinstance(op, DropTableOp):
        return "is in no model that env.py imports, and is dropped with its rows"
    if isinstance(op, DropColumnOp) and op.to_column().computed is None:  # what is computed is no data of its own
        return "is in no model that env.py imports, and is dropped with its values"
    if isinstance(op, AlterColumnOp) and op.modify_type is not None:
        old, new = (database_type(type_, dialect) for type_ in (op.existing_type, op.modify_type))
        if _narrows(old, new, dialect.name):
            return f"becomes {op.modify_type!r}, which cuts off what does not fit"
    return None


def _narrows(old: Any, new: Any, dialect: str) -> bool:
    """Tell whether a database converts without a warning what the new type cannot hold."""
    if isinstance(old, sqlalchemy.ARRAY) and not isinstance(new, sqlalchemy.ARRAY):
        return True  # only the first element is kept
    if isinstance(old, sqlalchemy.DateTime):
        return isinstance(new, (sqlalchemy.Date, sqlalchemy.Time))
    if isinstance(old, sqlalchemy.Numeric):
        before, after = getattr(old, "scale", None), getattr(new, "scale", None)
        rounds = before is not None and after is not None and before > after
        return rounds or isinstance(new, (sqlalchemy.Integer, sqlalchemy.Boolean))
    if isinstance(old, sqlalchemy.Integer):
        return isinstance(new, sqlalchemy.Boolean)
    # SQLite takes a text that is no number for 0.
    return dialect == "sqlite" and isinstance(old, sqlalchemy.String) and isinstance(new, _NUMBERS)
