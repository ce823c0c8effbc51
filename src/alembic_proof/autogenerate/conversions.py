"""How PostgreSQL converts the values of a column to another type."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from sqlalchemy import Dialect

from ..ddl.types import database_type

# Within each of these families, and to any string, PostgreSQL converts by itself.
_FAMILIES = ((sqlalchemy.Integer, sqlalchemy.Numeric), (sqlalchemy.Date, sqlalchemy.DateTime), (sqlalchemy.JSON,))
# It has a cast of its own from any string, and between these; the others are converted by way of text.
_CASTABLE = (sqlalchemy.Integer, sqlalchemy.Boolean)


def converts_both_ways(old_type: Any, new_type: Any, dialect: Dialect) -> bool:
    """Tell whether PostgreSQL converts from a type to another, and back, without USING."""
    old, new = (database_type(type_, dialect) for type_ in (old_type, new_type))
    return _converts(old, new) and _converts(new, old)


def conversion(column_name: str, old_type: Any, new_type: Any, dialect: Dialect) -> str | None:
    """Return what follows USING, in SQL, or None if PostgreSQL converts to the new type by itself."""
    old, new = (database_type(type_, dialect) for type_ in (old_type, new_type))
    preparer: Any = dialect.identifier_preparer
    column, target = preparer.quote(column_name), dialect.type_compiler_instance.process(new)
    if _is_array(new) and not _is_array(old):
        return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::{target} END"
    if _is_array(old) and not _is_array(new):
        return f"{column}[1]::{target}"
    if _differ_in_time_zone(old, new):
        if _has_time_zone(old):
            return f"({column} AT TIME ZONE 'UTC')::{target}"
        return f"{column}::timestamp AT TIME ZONE 'UTC'"
    if _is_string(new):
        return None
    has_cast = _is_string(old) or (isinstance(old, _CASTABLE) and isinstance(new, _CASTABLE))
    return f"{column}{'' if has_cast else '::text'}::{target}"


def _converts(old: Any, new: Any) -> bool:
    if _is_array(old) != _is_array(new) or _differ_in_time_zone(old, new):
        return False
    return _is_string(new) or any(isinstance(old, family) and isinstance(new, family) for family in _FAMILIES)


def _differ_in_time_zone(old: Any, new: Any) -> bool:
    """Tell whether PostgreSQL would convert by the time zone that the session happens to have."""
    dates = (sqlalchemy.Date, sqlalchemy.DateTime)
    return isinstance(old, dates) and isinstance(new, dates) and _has_time_zone(old) != _has_time_zone(new)


def _has_time_zone(type_: Any) -> bool:
    return bool(getattr(type_, "timezone", False))


def _is_array(type_: Any) -> bool:
    return isinstance(type_, sqlalchemy.ARRAY)


def _is_string(type_: Any) -> bool:
    return isinstance(type_, sqlalchemy.String) and not isinstance(type_, sqlalchemy.Enum)
