"""Which operations destroy data, and which values of a column they destroy."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, MigrateOperation
from sqlalchemy import ColumnElement, Date, Dialect, Integer, Numeric, String, and_, cast, func, not_, or_

from .sqlite_conversions import FALSE, TRUE
from .types import NUMBERS, database_type, integer_range, kind_of


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
    before, after = kind_of(old), kind_of(new)
    if before == after == "array":
        return _narrows(old.item_type, new.item_type, dialect)
    if before == "array":
        return after not in ("array", "json")  # only the first element is kept
    if before == "datetime":
        return after in ("date", "time")
    if before in ("float", "numeric"):
        had, has = (getattr(type_, "scale", None) for type_ in (old, new))
        rounds = after == "numeric" and had is not None and has is not None and had > has
        return rounds or after in ("integer", "boolean")
    if before == "integer":
        return after == "boolean"
    # SQLite takes a text that is no number for 0.
    return dialect == "sqlite" and before == "text" and (after in NUMBERS or after == "boolean")


def shortened_to(op: AlterColumnOp, dialect: Dialect) -> int | None:
    """Return the length to which an operation shortens texts that may be longer, or None.

    A database refuses those that are, or keeps them: SQLite has no lengths.
    """
    if dialect.name == "sqlite" or op.modify_type is None:
        return None
    old, new = (database_type(type_, dialect) for type_ in (op.existing_type, op.modify_type))
    if kind_of(old) != "text" or kind_of(new) != "text" or not new.length:
        return None
    return int(new.length) if not old.length or old.length > new.length else None


def lost_values(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which a value is not the same in a column of another type.

    None where only the conversion itself would tell: any value may be lost.
    """
    old, new = (database_type(type_, dialect) for type_ in (old, new))
    before, after = kind_of(old), kind_of(new)
    if before == after == "text":
        length: ColumnElement[int] = (func.length if dialect.name == "sqlite" else func.char_length)(value)
        return length > int(new.length)
    if after == "boolean" and before in NUMBERS:
        return cast(value, Integer).not_in([0, 1])
    if before == "text":
        differs = cast(cast(value, new), String) != cast(value, String)
        is_word = func.lower(func.trim(value)).in_([*TRUE, *FALSE])
        return and_(differs, not_(is_word)) if after == "boolean" else differs
    if before in NUMBERS and after == "integer":
        return cast(value, new) != value
    if before in NUMBERS and after == "numeric":
        return func.round(cast(value, Numeric) if dialect.name == "postgresql" else value, new.scale or 0) != value
    if before == "datetime" and after == "date":
        if dialect.name == "sqlite":
            return and_(func.length(value) > 10, func.substr(value, 12, 8) != "00:00:00")
        return (cast(value, Date) if dialect.name == "postgresql" else func.date(value)) != value
    return None


def too_great(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[bool] | None:
    """Return the condition under which a database refuses a number in a column of another type, or None.

    SQLite refuses none.
    """
    old, new = (database_type(type_, dialect) for type_ in (old, new))
    before, after = kind_of(old), kind_of(new)
    if dialect.name == "sqlite" or before not in NUMBERS:
        return None
    if after == "integer":
        least, greatest = integer_range(new, dialect)
        if before == "integer":
            (was_least, was_greatest) = integer_range(old, dialect)
            if was_least >= least and was_greatest <= greatest:
                return None
        return or_(value < least, value > greatest)
    if after == "numeric" and new.precision is not None:
        digits = new.precision - (new.scale or 0)
        if before == "numeric" and old.precision is not None and old.precision - (old.scale or 0) <= digits:
            return None
        magnitude: ColumnElement[Any] = func.abs(value)
        return magnitude >= int(10**digits)
    return None
