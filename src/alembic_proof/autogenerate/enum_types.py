"""Enum types of PostgreSQL, in SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Dialect
from sqlalchemy.dialects.postgresql import ENUM

from ..ddl.types import database_type
from ..sqltext import single_percents
from .name_steps import free_name, in_sequence

if TYPE_CHECKING:
    from .operations import EnumTypeOp

# Inside of an array, a label is written without quotes, between braces and commas.
_EDGES = "'\"{},"


@dataclass(frozen=True)
class EnumColumn:
    """A column of an enum type, or of an array of it, as it is in the database: all in SQL."""

    table: str
    column: str
    default: str
    array: str  # "[]" or nothing
    place: tuple[str | None, str, str] = (None, "", "")  # its schema, table and name, not quoted
    is_nullable: bool = False


def enum_of(type_: Any, dialect: Dialect) -> ENUM | None:
    """Return the PostgreSQL enum type that is, or is in, a type, or None; in the default schema, it is without one."""
    found = database_type(type_, dialect)
    if isinstance(found, ARRAY):
        return enum_of(found.item_type, dialect)
    if isinstance(found, ENUM) and found.schema and found.schema == dialect.default_schema_name:
        found = copy(found)
        found.schema = None
    return found if isinstance(found, ENUM) else None


def enums_by_name(types: Iterable[Any], dialect: Dialect) -> dict[str, ENUM]:
    """Return the PostgreSQL enum types among types, by their names in SQL."""
    enums = (enum_of(type_, dialect) for type_ in types if type_ is not None)
    return {sql_name(enum, dialect): enum for enum in enums if enum is not None}


def sql_name(enum: ENUM, dialect: Dialect, use_schema: bool = True) -> str:
    """Return the name of an enum type, quoted where it must be."""
    preparer: Any = dialect.identifier_preparer
    return single_percents(str(preparer.format_type(enum, use_schema=use_schema)), dialect)


def sql_labels(labels: Iterable[str]) -> str:
    """Return labels as SQL literals, separated by commas."""
    return ", ".join(f"'{_escaped(label)}'" for label in labels)


def statements(op: EnumTypeOp, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL of an operation on an enum type."""
    name = sql_name(op.type, dialect)
    if not op.labels_before:
        yield f"CREATE TYPE {name} AS ENUM ({sql_labels(op.labels_after)})"
        return
    if not op.labels_after:
        yield f"DROP TYPE {name}"
        return
    for old, new in in_sequence(op.renamed, {*op.labels_before, *op.labels_after}):
        yield f"ALTER TYPE {name} RENAME VALUE {sql_labels([old])} TO {sql_labels([new])}"
    existing = [op.renamed.get(label, label) for label in op.labels_before]
    added = [label for label in op.labels_after if label not in existing]
    if op.is_remade:
        yield from _recreated(op, dialect)
        return
    for position, label in enumerate(op.labels_after):
        if label in added:
            before, after = existing[0], op.labels_after[position - 1]
            place = f"AFTER {sql_labels([after])}" if position else f"BEFORE {sql_labels([before])}"
            yield f"ALTER TYPE {name} ADD VALUE {sql_labels([label])} {place}"


def _recreated(op: EnumTypeOp, dialect: Dialect) -> Iterator[str]:
    """Yield what gives a type its labels in any order, for which PostgreSQL has no ALTER."""
    name = sql_name(op.type, dialect)
    old = ENUM(name=free_name(str(op.type.name), ()), schema=op.type.schema)
    yield f"ALTER TYPE {name} RENAME TO {sql_name(old, dialect, use_schema=False)}"
    yield f"CREATE TYPE {name} AS ENUM ({sql_labels(op.labels_after)})"
    for column in op.columns:
        alter = f"ALTER TABLE {column.table} ALTER COLUMN {column.column}"
        if column.default:
            yield f"{alter} DROP DEFAULT"
        value = moved(op.replaced, column.column, column.array)
        yield f"{alter} TYPE {name}{column.array} USING {value}::{name}{column.array}"
        if column.default and not any(_labels_in(column.default, [label]) for label in op.removed_labels):
            yield f"{alter} SET DEFAULT {op.renamed_in(column.default)}"
    yield f"DROP TYPE {sql_name(old, dialect)}"


def moved(replaced: Mapping[str, str | None], column: str, array: str = "") -> str:
    """Return the value of a column as text, with other labels in place of some; None is NULL.

    ``column`` is its name in SQL, and ``array`` is "[]" where it is an array.
    """
    value = f"{column}::text{array}"
    new = {old: "NULL" if label is None else sql_labels([label]) for old, label in replaced.items()}
    if array:
        for old, label in new.items():
            value = f"array_replace({value}, {sql_labels([old])}, {label})"
    elif new:
        cases = " ".join(f"WHEN {sql_labels([old])} THEN {label}" for old, label in new.items())
        value = f"(CASE {column}::text {cases} ELSE {value} END)"
    return value


def with_renamed_labels(default: str, renamed: dict[str, str]) -> str:
    """Return a server default, in SQL, with the new names of labels: a single one in quotes, or those of an array."""
    if not renamed:
        return default
    return _pattern(renamed).sub(lambda match: _escaped(renamed[match[0].replace("''", "'")]), default)


def with_renamed_literals(sql: str, type_name: str, renamed: dict[str, str]) -> str:
    """Return an expression of PostgreSQL's own with the new names of labels: its literals have a cast to the type."""
    literals = {f"{sql_labels([old])}::{type_name}": sql_labels([new]) for old, new in renamed.items()}
    return re.sub("|".join(map(re.escape, literals)) + r"(?![\w\[])", lambda match: literals[match[0]], sql)


def _labels_in(default: str, labels: Iterable[str]) -> bool:
    return _pattern(labels).search(default) is not None


def _pattern(labels: Iterable[str]) -> re.Pattern[str]:
    either = "|".join(re.escape(_escaped(label)) for label in labels)
    return re.compile(rf"(?<=[{_EDGES}])(?:{either})(?=[{_EDGES}])")


def _escaped(label: str) -> str:
    return label.replace("'", "''")
