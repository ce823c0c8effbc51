"""Whether a pair of schemas is one that people could have, and that keeps its promises to the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from machine.schema import Column, Item, Pair, Schema, Table
from machine.values import ROWS, TYPES


def key_type(table: Table) -> str | int | None:
    """Return the type of the one column of a table's primary key, or None if there are several."""
    column = table.column(table.primary[0]) if len(table.primary) == 1 else None
    return column.type if column else None


def keyed(schema: Schema, column: Column) -> bool:
    """Tell whether a column can be in a key: its type allows it, and its rows are all different."""
    return column.type in TYPES and TYPES[str(column.type)].keyed and not column.computed


def fresh(schema: Schema) -> Schema:
    """Return the schema without what refers to something that is gone."""
    tables = []
    keys = {table.key for table in schema.tables}
    for table in schema.tables:
        own = {column.key for column in table.columns}
        items = (i for i in table.items if own.issuperset(i.columns) and (i.target is None or i.target in keys))
        tables.append(replace(table, items=tuple(items)))
    return replace(schema, tables=tuple(tables))


def values(schema: Schema, column: Column) -> tuple[Any, ...]:
    """Return the values of a column's rows, and one that fills."""
    enum = schema.enum(column.type)
    if enum:
        kept = enum.labels[:3]
        return tuple(kept[n % len(kept)] for n in range(ROWS + 1))
    return TYPES[str(column.type)].values


def row(schema: Schema, table: Table, number: int) -> dict[int, Any]:
    """Return the values of a row, by the keys of its columns: what the database computes is left out."""
    found: dict[int, Any] = {}
    for column in table.columns:
        if column.computed:
            continue
        at = number if column.key in table.primary else (number + column.key) % ROWS
        empty = column.nullable and column.key not in table.primary and at == 0
        found[column.key] = None if empty else values(schema, column)[at]
    return found


def fill(pair: Pair, table: Table, column: Column) -> tuple[bool, Any]:
    """Tell whether rows without a value in a column get one, and which."""
    before = pair.first.table(table.key)
    old = before.column(column.key) if before else None
    if before is None or column.nullable or column.computed or column.special or (old and not old.nullable):
        return False, None
    if old is None and column.server_default is not None:
        return False, None
    refers = any(item.kind == "foreign key" and column.key in item.columns for item in table.items)
    known = pair.first if pair.first.enum(column.type) else pair.second  # a label that both schemas have
    return True, values(known, column)[0 if refers else ROWS]


def is_sound(pair: Pair, database: str, allowed: frozenset[str]) -> bool:
    """Tell whether a pair can be demanded to work."""
    return not any(_faults(pair, database, allowed))


def _faults(pair: Pair, database: str, allowed: frozenset[str]) -> Iterator[str]:
    for schema in (pair.first, pair.second):
        if not schema.tables or not _unique(table.name for table in schema.tables):
            yield "tables"
        for table in schema.tables:
            yield from _table_faults(schema, table, database)
        if "cycles" not in allowed and _in_cycle(schema):
            yield "a cycle"
    for table in pair.second.tables:
        before = pair.first.table(table.key)
        if before:
            yield from _row_faults(pair, before, table)
            yield from _beyond(before, table, database)


def _beyond(before: Table, table: Table, database: str) -> Iterator[str]:
    """What autogenerate does not reach: docs/decisions.md names each."""
    counting = {column.key for column in before.columns if column.type in ("Integer()", "BigInteger()")}
    if database != "sqlite" and before.primary != table.primary and counting & {before.primary[0], table.primary[0]}:
        yield "a key that begins or ceases to count by itself"
    bases = {str(column.special) for column in table.columns if column.computed}
    changed = [column for column in table.columns if (was := before.column(column.key)) and was.type != column.type]
    if database == "postgresql" and any(f"<{column.key}>" in special for column in changed for special in bases):
        yield "another type for what a generated column is computed from"
    checks = {item.key: item.bound for item in before.items if item.kind == "check"}
    if database == "mysql" and any(checks.get(item.key, item.bound) != item.bound for item in table.items):
        yield "another text for a CHECK"


def _unique(names: Iterator[str]) -> bool:
    found = [name.lower() for name in names]
    return len(found) == len(set(found))


def _table_faults(schema: Schema, table: Table, database: str) -> Iterator[str]:
    columns = {column.key: column for column in table.columns}
    if not table.primary or not columns.keys() >= set(table.primary):
        yield "a primary key of missing columns"
        return
    if not _unique(column.name for column in table.columns):
        yield "two columns of one name"
    for column in table.columns:
        if isinstance(column.type, int) and schema.enum(column.type) is None:
            yield "an enum that is gone"
        enum = schema.enum(column.type)
        if enum and column.server_default and column.server_default not in map(repr, enum.labels):
            yield "a default that is no label"
        if column.computed:
            base = columns.get(int((column.special or "").partition("<")[2].partition(">")[0]))
            if base is None or base.type != "Integer()" or base.name not in SIMPLE:
                yield "computed from what is gone"
        if column.key in table.primary and (not keyed(schema, column) or column.nullable or column.server_default):
            yield "not a column for a primary key"
    seen = set()
    for item in table.items:
        if not columns.keys() >= set(item.columns):
            yield "an item of missing columns"
            return
        if (item.kind.replace("unique index", "index"), item.columns) in seen:
            yield "twice the same"
        seen.add((item.kind.replace("unique index", "index"), item.columns))
        if any(not keyed(schema, columns[key]) for key in item.columns):
            yield "not a column for a key"
        if "unique" in item.kind and set(table.primary) & set(item.columns):
            yield "unique anyway"
        yield from _item_faults(schema, table, item, columns, database)


def _item_faults(schema: Schema, table: Table, item: Item, columns: dict[int, Column], database: str) -> Iterator[str]:
    types = [str(columns[key].type) for key in item.columns]
    if item.kind == "foreign key":
        target = schema.table(item.target)
        if target is None or key_type(target) != columns[item.columns[0]].type:
            yield "a foreign key to another type"
        if item.ondelete == "SET NULL" and not columns[item.columns[0]].nullable:
            yield "SET NULL of a NOT NULL column"
        if item.ondelete and set(item.columns) & set(table.primary):
            yield "unusual"
    if item.kind == "expression index" and ("String" not in types[0] or database == "mysql"):
        yield "no expression for this type"
    if item.kind == "partial index" and database == "mysql":
        yield "no partial indexes"
    if item.kind == "check" and not any(word in types[0] for word in ("Integer", "String", "Numeric")):
        yield "no check for this type"
    if item.kind == "check" and database == "mysql" and set(item.columns) & set(table.primary):
        yield "no check of AUTO_INCREMENT"


SIMPLE = {"alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "theta", "lambda_", "zeta", "rho", "tau"}


def _row_faults(pair: Pair, before: Table, table: Table) -> Iterator[str]:
    columns = {column.key: column for column in table.columns}
    old = {column.key for column in before.columns}
    for column in table.columns:
        was = before.column(column.key)
        if was and was.special != column.special:
            yield "special from now on"
        if was and isinstance(was.type, int) != isinstance(column.type, int):
            yield "an enum from now on"
        if was and was.type != column.type and not _holds(str(column.type), str(was.type)):
            yield "values that do not fit"
        if was and was.type != column.type and fill(pair, table, column)[0]:
            yield "a value that fills, and goes back as one of another type"
        enum = pair.second.enum(column.type)
        if was and enum and not set(values(pair.first, was)) <= set(enum.labels):
            yield "rows with a label that goes"
        if was is None and column.key in table.primary:
            yield "a new column in the primary key"
    for item in before.items:
        gone = [c for key in item.columns if table.column(key) is None and (c := before.column(key))]
        lost = any(not column.nullable or column.server_default for column in gone)
        kept = item.kind in ("index", "partial index", "expression index")
        kept |= "unique" in item.kind and len(gone) < len(item.columns)
        orphaned = item.target is not None and pair.second.table(item.target) is None and not gone
        if (lost and not kept) or orphaned:
            yield "values that a downgrade cannot bring back"
    filled = {column.key for column in table.columns if fill(pair, table, column)[0]}
    defaulted = {c.key for c in table.columns if c.key not in old and c.server_default is not None}
    for item in table.items:
        if "unique" in item.kind and not set(item.columns) & old - filled:
            yield "unique, and the same in every row"
        if item.kind == "foreign key" and item.columns[0] in defaulted:
            yield "rows that refer to nothing"
        if item.kind == "foreign key" and item.columns[0] in filled and columns[item.columns[0]].default:
            yield "rows that refer to nothing"
        if item.kind == "foreign key" and item.columns[0] in table.primary and item.target == table.key:
            yield "refers to itself"
        if item.kind == "foreign key" and (target := pair.first.table(item.target)) is None:
            if item.columns[0] in old or not columns[item.columns[0]].nullable:
                yield "rows that refer to an empty table"
        elif item.kind == "foreign key" and target:
            after = pair.second.table(item.target)
            if after and after.primary != target.primary:
                yield "another primary key"
            was = before.column(item.columns[0])
            if was and was.type != key_type(target):
                yield "values of another type"


def _holds(new: str, old: str) -> bool:
    type_ = TYPES.get(old)
    return bool(type_ and new in (*type_.wider, *type_.narrower, *type_.converted))


def _in_cycle(schema: Schema) -> bool:
    edges = {t.key: {i.target for i in t.items if i.kind == "foreign key" and i.target != t.key} for t in schema.tables}
    while free := [key for key, targets in edges.items() if not targets & edges.keys()]:
        for key in free:
            del edges[key]
    return bool(edges)
