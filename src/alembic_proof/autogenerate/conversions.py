"""How PostgreSQL converts the values of a column to another type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql import JSONB

from ..ddl.types import NUMBERS, database_type, kind_of, stored_kind
from .enum_types import moved

# Within each of these families, and to any string, PostgreSQL converts by itself.
_FAMILIES = (NUMBERS, {"date", "datetime"}, {"json"})
_TIMES = ("date", "datetime")


def converts_both_ways(old_type: Any, new_type: Any, dialect: Dialect) -> bool:
    """Tell whether PostgreSQL converts from a type to another, and back, without USING."""
    old, new = (database_type(type_, dialect) for type_ in (old_type, new_type))
    return _converts(old, new) and _converts(new, old)


def conversion(
    column_name: str,
    old_type: Any,
    new_type: Any,
    dialect: Dialect,
    moved_labels: Mapping[str, str | None] | None = None,
) -> str | None:
    """Return what follows USING, in SQL, or None if PostgreSQL converts to the new type by itself.

    A number becomes a duration in seconds. What has no cast of its own is converted by way of text; labels of an enum
    become others there, as ``moved_labels`` says.
    """
    old, new = (database_type(type_, dialect) for type_ in (old_type, new_type))
    preparer: Any = dialect.identifier_preparer
    column, target = preparer.quote(column_name), dialect.type_compiler_instance.process(new)
    before, after = kind_of(old), kind_of(new)
    if _converts(old, new):
        return None
    if moved_labels:
        return f"{moved(moved_labels, column, '[]' * (before == 'array'))}::{target}"
    if before == "array" or after == "array":
        return _of_array(column, target, old, after)
    if _differ_in_time_zone(old, new):
        if _has_time_zone(old):
            return f"({column} AT TIME ZONE 'UTC')::{target}"
        return f"{column}::timestamp AT TIME ZONE 'UTC'"
    if before in NUMBERS and after == "boolean":
        return f"{column} <> 0"
    if before == "boolean" and after in NUMBERS:
        return f"{column}::INTEGER" if target == "INTEGER" else f"{column}::INTEGER::{target}"
    if _is_bits(old) and _is_bits(new):
        return f"{column}::{target}"
    if "MONEY" in (old.__visit_name__, new.__visit_name__) and not {before, after}.isdisjoint(NUMBERS):
        return f"{column}::numeric{'' if target == 'NUMERIC' else f'::{target}'}"  # as text it has a currency
    if (before, after) == ("uuid", "binary"):
        return f"decode(replace({column}::text, '-', ''), 'hex')"
    if (before, after) == ("binary", "uuid"):
        return f"encode({column}, 'hex')::{target}"
    if {old.__visit_name__, new.__visit_name__} == {"TSRANGE", "TSTZRANGE"}:
        return _of_range(column, target)
    if before in NUMBERS and after == "interval":
        return f"make_interval(secs => {column})"
    if before == "interval" and after in NUMBERS:
        return f"extract(epoch FROM {column})::{target}"
    return f"{column}{'' if before == 'text' else '::text'}::{target}"


def _of_range(column: str, target: str) -> str:
    """Return how a range of times gets a time zone, or loses it: as a single time does, by UTC."""
    ends = ", ".join(f"{end}({column}) AT TIME ZONE 'UTC'" for end in ("lower", "upper"))
    bounds = (
        f"CASE WHEN lower_inc({column}) THEN '[' ELSE '(' END || CASE WHEN upper_inc({column}) THEN ']' ELSE ')' END"
    )
    return f"CASE WHEN isempty({column}) THEN 'empty' WHEN {column} IS NOT NULL THEN {target}({ends}, {bounds}) END"


def _of_array(column: str, target: str, old: Any, after: str) -> str:
    before = kind_of(old)
    if before == after:  # an enum is cast to no other one
        return f"{column}{'::text[]' * (kind_of(old.item_type) == 'enum')}::{target}"
    if after == "json":
        return f"to_jsonb({column})" if target == "JSONB" else f"to_json({column})"
    if before == "array":
        return f"{column}[1]::{target}"
    if before == "json":
        return _of_json(column, target, "jsonb" if isinstance(old, JSONB) else "json")
    return f"CASE WHEN {column} IS NOT NULL THEN ARRAY[{column}]::{target} END"


def _of_json(column: str, target: str, kind: str) -> str:
    """Return how a JSON list becomes an array: as that column of a catalogue's row, as USING takes no subquery.

    What is no list becomes the one element.
    """
    row = f"{kind}_populate_record(NULL::pg_catalog.pg_proc, {kind}_build_object('proargnames', {column}))"
    single = f"WHEN {kind}_typeof({column}) NOT IN ('array', 'null') THEN ARRAY[{column} #>> '{{}}']"
    return f"(CASE {single} ELSE ({row}).proargnames END)::{target}"


def _converts(old: Any, new: Any) -> bool:
    before, after = (stored_kind(type_) for type_ in (old, new))
    if "array" in (before, after):
        return before == after and _converts(old.item_type, new.item_type)
    if _differ_in_time_zone(old, new) or (_is_bits(old) and _is_bits(new)):
        return False
    if before == after == "other":
        return bool(old.__visit_name__ == new.__visit_name__)
    return (
        before == after != "enum"
        or after == "text"
        or any(before in family and after in family for family in _FAMILIES)
    )


def _is_bits(type_: Any) -> bool:
    return bool(type_.__visit_name__ == "BIT")


def _differ_in_time_zone(old: Any, new: Any) -> bool:
    """Tell whether PostgreSQL would convert by the time zone that the session happens to have."""
    return kind_of(old) in _TIMES and kind_of(new) in _TIMES and _has_time_zone(old) != _has_time_zone(new)


def _has_time_zone(type_: Any) -> bool:
    return bool(getattr(type_, "timezone", False))
