"""How the numbers of a column come about on PostgreSQL: from nowhere, a serial's sequence, or an identity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Dialect, Identity, Sequence

from .. import upstream
from ..ddl.types import database_type, integer_range
from ..sqltext import quote_literal
from .name_steps import shortened

SERIAL = "serial"

# An identity, a serial, or neither.
Numbering = Identity | str | None

_ENDS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**63 - 1}  # of sequences, by their types
_SPELLED = {"increment": "INCREMENT BY", "minvalue": "MINVALUE", "maxvalue": "MAXVALUE", "start": "START WITH"}
_SPELLED |= {"cache": "CACHE"}


@dataclass(frozen=True)
class NumberedColumn:
    """A column whose numbers come about in another way, by the names that SQL needs."""

    table: str
    schema: str | None
    column: str
    type: Any
    sequence: str  # the one that it has, or gets: without its schema


def options(identity: Identity | Sequence, type_: Any, dialect: Dialect) -> dict[str, Any]:
    """Return what is special about an identity: options that have their usual value for the type are None."""
    least, greatest = integer_range(database_type(type_, dialect), dialect)
    if dialect.name != "postgresql":
        least, greatest = least + 1, greatest - 1  # which MariaDB keeps for itself
    increment = 1 if identity.increment is None else identity.increment
    low, high = (1, greatest) if increment > 0 else (least, -1)
    minvalue, maxvalue = _or_none(identity.minvalue, low), _or_none(identity.maxvalue, high)
    begin = (low if minvalue is None else minvalue) if increment > 0 else (high if maxvalue is None else maxvalue)
    return {
        "always": bool(getattr(identity, "always", False)),
        "increment": _or_none(identity.increment, 1),
        "minvalue": minvalue,
        "maxvalue": maxvalue,
        "start": _or_none(identity.start, begin),
        "cycle": bool(identity.cycle),
        "cache": _or_none(identity.cache, _usual_cache(dialect)),
    }


def sequence_options(sequence: Sequence, dialect: Dialect) -> dict[str, Any]:
    """Return what is special about a sequence, with its type on PostgreSQL."""
    type_ = sequence.data_type or BigInteger()
    spelled = sequence_type(type_, dialect) if dialect.name == "postgresql" else None
    return {"type": spelled, **options(sequence, type_, dialect)}


def sequence_changes(before: Sequence, after: Sequence, dialect: Dialect) -> str:
    """Return the clauses of ALTER SEQUENCE that give a sequence the options of another one."""
    old, new = (sequence_options(sequence, dialect) for sequence in (before, after))
    type_ = new.pop("type")
    clauses = [f"AS {type_}"] if type_ != old.pop("type") else []
    clauses += [text.removeprefix("SET ") for text in _settings(new, old, _usual_cache(dialect))]
    changes = " ".join(clauses)
    return changes if dialect.name == "postgresql" else changes.replace("NO CYCLE", "NOCYCLE")


def count_on(sequence: str, table: str, column: str, first: int, most: int | None = None) -> str:
    """Return the SQL that lets a sequence go on after the numbers of a column; all are names in SQL.

    A number that is before its first one, or after its last, would make it fail.
    """
    within = f">= {first}" if most is None else f"BETWEEN {first} AND {most}"
    return f"SELECT setval({quote_literal(sequence)}, max({column})) FROM {table} HAVING max({column}) {within}"


def statements(at: NumberedColumn, old: Numbering, new: Numbering, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL that changes how the numbers come about. The next number stays what it is."""
    preparer: Any = dialect.identifier_preparer
    prefix = f"{preparer.quote_schema(at.schema)}." if at.schema else ""
    column = preparer.quote(at.column)
    alter = f"ALTER TABLE {prefix}{preparer.quote(at.table)} ALTER COLUMN {column}"
    sequence, other = (prefix + preparer.quote(name) for name in (at.sequence, _beside(at.sequence)))
    if isinstance(old, Identity) and isinstance(new, Identity):
        yield from _changed_identity(at, alter, old, new, dialect)
        return
    keeps = old is not None and new is not None
    if keeps:
        yield f"CREATE SEQUENCE {other} MINVALUE {-(2**62)}"
        yield f"SELECT setval({quote_literal(other)}, last_value, is_called) FROM {sequence}"
    if isinstance(old, Identity):
        yield f"{alter} DROP IDENTITY"
    elif old is not None:
        yield f"{alter} DROP DEFAULT"
        yield f"DROP SEQUENCE {sequence}"
    if isinstance(new, Identity):
        kind = "ALWAYS" if new.always else "BY DEFAULT"
        special = {**options(new, at.type, dialect), "always": None}
        named = [f"SEQUENCE NAME {sequence}", *(text.removeprefix("SET ") for text in _settings(special, {}))]
        yield f"{alter} ADD GENERATED {kind} AS IDENTITY ({' '.join(named)})"
    elif new is not None:
        yield f"CREATE SEQUENCE {sequence} AS {dialect.type_compiler_instance.process(database_type(at.type, dialect))}"
        yield f"{alter} SET DEFAULT nextval({quote_literal(sequence)})"
        yield f"ALTER SEQUENCE {sequence} OWNED BY {prefix}{preparer.quote(at.table)}.{column}"
    if keeps:
        least, first = bounds(new)
        yield (
            f"SELECT setval({quote_literal(sequence)}, last_value, is_called) FROM {other} "
            f"WHERE last_value > {first} OR (is_called AND last_value >= {least})"
        )
        yield f"DROP SEQUENCE {other}"
    elif new is not None:
        _, first = bounds(new)
        yield count_on(sequence, prefix + preparer.quote(at.table), column, first, getattr(new, "maxvalue", None))


def sequence_type(type_: Any, dialect: Dialect) -> str:
    """Return the type of the sequence that a serial column of a type gets."""
    return str(dialect.type_compiler_instance.process(type_)).lower()


def ends_at(type_: str) -> int:
    """Return the last number of a sequence of a type; of an unknown one that of the biggest."""
    return _ENDS.get(type_, _ENDS["bigint"])


def type_statements(at: NumberedColumn, type_: str, dialect: Dialect) -> Iterator[str]:
    """Yield the SQL that gives the sequence of a serial column another type; where that is smaller, it may go back."""
    preparer: Any = dialect.identifier_preparer
    prefix = f"{preparer.quote_schema(at.schema)}." if at.schema else ""
    sequence, column = prefix + preparer.quote(at.sequence), preparer.quote(at.column)
    if ends_at(type_) < _ENDS["bigint"]:
        yield (
            f"SELECT setval({quote_literal(sequence)}, greatest(max({column}), 1), max({column}) IS NOT NULL) "
            f"FROM {prefix}{preparer.quote(at.table)} HAVING (SELECT last_value FROM {sequence}) > {ends_at(type_)}"
        )
    yield f"ALTER SEQUENCE {sequence} AS {type_}"


def _changed_identity(at: NumberedColumn, alter: str, old: Identity, new: Identity, dialect: Dialect) -> Iterator[str]:
    before, after = (options(identity, at.type, dialect) for identity in (old, new))
    if after["minvalue"] is not None and after["minvalue"] != before["minvalue"]:  # no number may be out of range
        preparer: Any = dialect.identifier_preparer
        prefix = f"{preparer.quote_schema(at.schema)}." if at.schema else ""
        name = quote_literal(prefix + preparer.quote(at.sequence))
        least, first = bounds(new)
        last = f"coalesce(pg_sequence_last_value({name}::regclass), {least - 1})"
        yield f"SELECT setval({name}, {first}, false) WHERE {last} < {least}"
    changes = [*_settings(after, before)]
    if changes:
        yield f"{alter} {' '.join(changes)}"


def _settings(after: dict[str, Any], before: dict[str, Any], usual_cache: int = 1) -> Iterator[str]:
    """Yield the clauses that set the options which differ."""
    for name, value in after.items():
        if value == before.get(name):
            continue
        if name == "always":
            yield f"SET GENERATED {'ALWAYS' if value else 'BY DEFAULT'}"
        elif name == "cycle":
            if value or before:
                yield f"SET {'' if value else 'NO '}CYCLE"
        elif value is not None:
            yield f"SET {_SPELLED[name]} {value}"
        elif name in ("minvalue", "maxvalue"):
            yield f"SET NO {_SPELLED[name]}"
        else:
            yield f"SET {_SPELLED[name]} {usual_cache if name == 'cache' else _usual(name, after)}"


def _usual(name: str, options: dict[str, Any]) -> int:
    """Return the usual value of an option that has no keyword for it."""
    if name != "start":
        return 1
    descending = (options["increment"] or 1) < 0
    end = options["maxvalue"] if descending else options["minvalue"]
    return int((-1 if descending else 1) if end is None else end)


def bounds(numbering: Numbering | Sequence) -> tuple[int, int]:
    """Return the least number that there may be, and the first one."""
    if not isinstance(numbering, (Identity, Sequence)) or (numbering.increment or 1) < 0:
        return 1, 1
    least = 1 if numbering.minvalue is None else numbering.minvalue
    return least, least if numbering.start is None else numbering.start


def _usual_cache(dialect: Dialect) -> int:
    return 1 if dialect.name == "postgresql" else 1000


def _or_none(value: int | None, usual: int) -> int | None:
    return None if value == usual else value


def _beside(name: str) -> str:
    """Return a name that is not taken, for a moment."""
    return f"{shortened(name, 55)}_kept"


def numbering_of_reflected(column: Column[Any]) -> Numbering:
    """Return how the numbers of a reflected column come about."""
    if isinstance(column.server_default, Identity):
        return column.server_default
    # Alembic takes away the default of a serial.
    return SERIAL if column.autoincrement is True and column.server_default is None else None


def numbering_of_model(column: Column[Any]) -> Numbering:
    """Return how the numbers of a column of a model come about."""
    if isinstance(column.server_default, Identity):
        return column.server_default
    return SERIAL if column.server_default is None and upstream.autoincrement_column(column.table) is column else None
