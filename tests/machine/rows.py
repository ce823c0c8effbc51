"""The rows of a schema's tables, what becomes of them in a pair, and what somebody would answer to autogenerate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from machine import values as known
from machine.schema import Column, Pair, Schema, Table
from machine.values import ROWS, TYPES

# Values that fill, as expressions: what they are worth is the value of the type that fills.
EXPRESSIONS = {
    "Integer()": "1 + 4",
    "BigInteger()": "(2 + 3) * 1",
    "String(20)": "lower('FILL')",
    "String(200)": "lower('FilL')",
    "Numeric(10, 2)": "1.5 + 0.5",
}


def values(schema: Schema, column: Column) -> tuple[Any, ...]:
    """Return the values of a column's rows, and one that fills."""
    enum = schema.enum(column.type)
    if not enum:
        return TYPES[str(column.type)].values
    kept = enum.labels[:3]
    found = [kept[n % len(kept)] for n in range(ROWS + 1)]
    return tuple([label] for label in found) if column.array else tuple(found)


def row(schema: Schema, table: Table, number: int) -> dict[int, Any]:
    """Return the values of a row, by the keys of its columns: what the database computes is left out.

    All values of a row have the same place among those of their types, so a row can refer to the one of its number.
    """
    found: dict[int, Any] = {}
    for column in table.columns:
        if not column.computed:
            empty = column.nullable and column.key not in table.primary and number == column.key % ROWS
            found[column.key] = None if empty else values(schema, column)[number]
    return found


def fill(pair: Pair, table: Table, column: Column) -> tuple[bool, Any]:
    """Tell whether rows without a value in a column get one, and which."""
    before = pair.first.table(table.key)
    old = before.column(column.key) if before else None
    generated = column.computed or (column.special and not old)
    if before is None or column.nullable or generated or (old and not old.nullable):
        return False, None
    if old is None and (column.server_default is not None or column.key == table.counted):
        return False, None
    schema = pair.first if pair.first.enum(column.type) else pair.second  # a label that both schemas have
    return True, values(schema, column)[0 if _refers(table, column) else ROWS]


def _refers(table: Table, column: Column) -> bool:
    """Tell whether a column's values have to be there in another table."""
    return any(item.kind == "foreign key" and column.key in item.columns for item in table.items)


def compared(pair: Pair, table: Table, before: Table) -> list[Column]:
    """Return the columns of a table whose values stay: those of both schemas that are never computed."""
    after = pair.second.table(table.key)
    assert after

    def stays(column: Column) -> bool:
        both = (before.column(column.key), after.column(column.key))
        return all(one is not None and not one.computed for one in both)

    return [column for column in table.columns if stays(column)]


def expected(pair: Pair, table: Table, before: Table) -> tuple[list[Column], list[list[str]]]:
    """Return a table's columns, in either schema, whose values are known after the upgrade, and the rows of these."""
    after = pair.second.table(table.key)
    assert after
    kept = compared(pair, table, before)
    filled = [column for column in table.columns if not before.column(column.key) and fill(pair, table, column)[0]]
    rows = []
    for number in range(ROWS):
        one = row(pair.first, before, number)
        rows.append([_kept(pair, after, column, one[column.key]) for column in kept])
        rows[-1] += [known.plain(fill(pair, table, column)[1]) for column in filled]
    return [*kept, *filled], rows


def _kept(pair: Pair, after: Table, column: Column, value: Any) -> str:
    """Return a value of the first schema's row as it is to be from the upgrade on."""
    is_filled, given = fill(pair, after, after.known(column.key))
    if value is None and is_filled:
        value = given
    return known.plain(known.converted(value, str(column.type)))


def answers(pair: Pair) -> tuple[str, ...]:
    """Return what a person would answer: what was renamed, what is dropped on purpose, what old rows get."""
    return tuple(_answers(pair))


def _answers(pair: Pair) -> Iterator[str]:
    kept = [(old, new) for old in pair.first.tables if (new := pair.second.table(old.key))]
    lost = [table for table in pair.first.tables if pair.second.table(table.key) is None]
    came = [table for table in pair.second.tables if pair.first.table(table.key) is None]
    ambiguous = bool(lost and came)
    for enum in pair.first.enums:
        here, there = set(enum.labels), {x for e in pair.second.enums if e.key == enum.key for x in e.labels}
        ambiguous |= bool(here - there and there - here)
    for table in lost:
        yield f"allow-drop={table.full_name}"
    for old, new in kept:
        if old.name != new.name:
            yield f"rename={old.full_name}:{new.name}"
        gone = [column for column in old.columns if new.column(column.key) is None]
        added = [column for column in new.columns if old.column(column.key) is None]
        ambiguous |= bool(gone and added)
        for column in gone:
            yield f"allow-drop={new.full_name}.{column.name}"
        for column in old.columns:
            after = new.column(column.key)
            if after is None or after.name == column.name:
                continue
            if after.computed and not column.computed:  # no value of it stays, so it is another one
                yield f"allow-drop={new.full_name}.{column.name}"
            else:
                yield f"rename={new.full_name}.{column.name}:{after.name}"
        for column in new.columns:
            is_filled, value = fill(pair, new, column)
            if is_filled and (column.server_default or not column.default):
                expressed = pair.expressions and str(column.type) in EXPRESSIONS and not _refers(new, column)
                text = f"sql:{EXPRESSIONS[str(column.type)]}" if expressed else known.answer(value)
                yield f"fill={new.full_name}.{column.name}={text}"
    if ambiguous:
        yield "no-rename"
    both = [(c, after) for old, new in kept for c in old.columns if (after := new.column(c.key))]
    described = [(one.comment, other.comment) for one, other in kept]
    described += [(one.comment, other.comment) for one, other in both]
    if any(comment and not after for comment, after in described):
        yield "allow-drop"  # of what nobody says any more
    elif any(before.type != after.type or before.computed != after.computed for before, after in both):
        yield "allow-drop"  # of what another type cannot hold
