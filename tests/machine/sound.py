"""Whether a pair of schemas is one that people could have, and that keeps its promises to the rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from machine.expressions import families
from machine.rows import fill, values
from machine.schema import Column, Item, Pair, Schema, Table, keys_in
from machine.values import TYPES, family


def distinct(column: Column) -> bool:
    """Tell whether the rows of a column are all different, and can be in a key."""
    return not column.array and column.type in TYPES and TYPES[str(column.type)].keyed and not column.computed


def keyed(column: Column, unique: bool = False) -> bool:
    """Tell whether a column can be in an index; a unique one has another one besides an enum."""
    return distinct(column) or (family(column.type) == "enum" and not column.array)


def fresh(schema: Schema) -> Schema:
    """Return the schema without what refers to something that is gone."""
    tables = []
    keys = {table.key for table in schema.tables}
    for table in schema.tables:
        own = {column.key for column in table.columns}
        items = (i for i in table.items if own.issuperset(i.columns) and (i.target is None or i.target in keys))
        tables.append(replace(table, items=tuple(items)))
    return replace(schema, tables=tuple(tables))


def problems(pair: Pair, database: str, allowed: frozenset[str]) -> Iterator[str]:
    """Yield why a pair cannot be demanded to work."""
    for schema in (pair.first, pair.second):
        names = [table.full_name for table in schema.tables]
        if not schema.tables or not _unique(names, database):
            yield "tables"
        if pair.path and any(table.schema == pair.path for table in schema.tables):
            yield "the default schema by its name"
        for table in schema.tables:
            yield from _of_table(schema, table, database)
        if not pair.convention and any(_share_a_name(table) for table in schema.tables):
            yield "two indexes of one name"
        if not pair.convention and database == "mysql" and any(map(_has_too_long_a_name, schema.tables)):
            yield "a foreign key that MariaDB cannot name"
        if "cycles" not in allowed and _in_cycle(schema):
            yield "a cycle"
    dropped = {table.full_name.lower() for table in pair.first.tables if pair.second.table(table.key) is None}
    for table in pair.second.tables:
        before = pair.first.table(table.key)
        if before is None and table.full_name.lower() in dropped:
            yield "the same table, for all that can be seen"
        if before:
            yield from _of_columns(pair, before, table)
            yield from _of_downgrade(pair, before, table)
            yield from _of_rows(pair, before, table)
    yield from _of_views(pair)


def _unique(names: list[str], database: str) -> bool:
    found = names if database == "postgresql" else [name.lower() for name in names]
    return len(found) == len(set(found))


def _of_table(schema: Schema, table: Table, database: str) -> Iterator[str]:
    columns = {column.key: column for column in table.columns}
    if not columns or not columns.keys() >= set(table.primary):
        yield "a primary key of missing columns"
        return
    if not _unique([column.name for column in table.columns], database):
        yield "two columns of one name"
    for column in table.columns:
        yield from _of_column(schema, table, column, columns)
    checked = [c.type for c in table.columns if (enum := schema.enum(c.type)) and enum.kind == "checked"]
    if len(checked) != len(set(checked)):
        yield "two CHECKs of one name"
    seen = set()
    for item in table.items:
        if not columns.keys() >= set(item.columns):
            yield "an item of missing columns"
            return
        kind = item.kind.replace("unique index", "index").replace("unique", "index")
        if (kind, item.columns) in seen or (kind, tuple(item.columns)) == ("index", table.primary):
            yield "twice the same"
        seen.add((kind, item.columns))
        yield from _of_item(schema, table, item, columns, database)
    if "sqlite_autoincrement=True" in table.options and not (
        table.counted and columns[table.counted].type == "Integer()"
    ):
        yield "AUTOINCREMENT of what does not count"


def _share_a_name(table: Table) -> bool:
    """Tell whether SQLAlchemy gives two indexes without a name the same one: that of their first column."""
    first = [item.columns[0] for item in table.items if "index" in item.kind and not item.name]
    return len(first) > len({*first})


def _has_too_long_a_name(table: Table) -> bool:
    """Tell whether MariaDB's name for a foreign key without one, <table>_ibfk_1, is longer than it takes."""
    return len(table.name) > 64 - len("_ibfk_1") and any(item.kind == "foreign key" for item in table.items)


def _of_column(schema: Schema, table: Table, column: Column, columns: dict[int, Column]) -> Iterator[str]:
    if isinstance(column.type, int) and schema.enum(column.type) is None:
        yield "an enum that is gone"
    enum = schema.enum(column.type)
    if column.array and (enum is None or enum.kind != "native"):
        yield "an array of no enum"
    if enum and column.server_default and not column.array and column.server_default not in map(repr, enum.labels):
        yield "a default that is no label"
    if column.computed:
        bases = [columns.get(key) for key in keys_in(column.special)]
        if any(base is None or base.type != column.type or base.special for base in bases):
            yield "computed from what is gone"
        if table.counted in keys_in(column.special):  # which MariaDB refuses
            yield "computed from the number of the row"
        if column.server_default or column.default or not column.nullable:
            yield "computed, and given"
    if column.special and not column.computed:
        if column.server_default or column.nullable or column.type not in ("Integer()", "BigInteger()"):
            yield "not a column for an identity"
        if column.key in table.primary and len(table.primary) > 1:
            yield "an identity in a composite key"
    if column.server_default == "null()" and not column.nullable:
        yield "NULL as a default of NOT NULL"
    if column.key in table.primary:
        if not keyed(column) or column.nullable or column.server_default or column.computed:
            yield "not a column for a primary key"
        if not any(distinct(columns[key]) for key in table.primary):
            yield "a primary key of few values"


def _of_item(schema: Schema, table: Table, item: Item, columns: dict[int, Column], database: str) -> Iterator[str]:
    own = [columns[key] for key in item.columns]
    expressed = [text for text in (item.text, item.where, *item.elements) if text]
    if item.kind == "check" and database == "mysql" and table.counted in item.columns:
        yield "no check of AUTO_INCREMENT"
    if item.kind not in ("check", "exclude") and any(not keyed(columns[key]) for key in _indexed(item)):
        yield "not a column for a key"
    if "unique" in item.kind and not any(distinct(columns[key]) for key in _indexed(item)):
        yield "unique, of few values"
    if "unique" in item.kind and set(table.primary) and set(table.primary) <= set(_indexed(item)):
        yield "unique anyway"
    if any(len(families([columns[key] for key in keys_in(text)])) > 1 for text in expressed):
        yield "an expression of several families"
    if item.kind == "exclude" and not all("RANGE" in str(column.type) for column in own):
        yield "no range"
    if any(column.computed for column in own) and database == "mysql":
        yield "an index on what is computed"
    if item.kind == "foreign key":
        yield from _of_foreign_key(schema, table, item, columns, database)


def _indexed(item: Item) -> tuple[int, ...]:
    """Return the columns of an index that it orders by: neither those of its predicate, nor those included."""
    return keys_in(" ".join(item.elements)) if item.elements else item.columns


def _of_foreign_key(
    schema: Schema, table: Table, item: Item, columns: dict[int, Column], database: str
) -> Iterator[str]:
    target = schema.table(item.target)
    referred = [target.column(key) for key in item.referred] if target else []
    own = [columns[key] for key in item.columns]
    if target is None or [c and c.type for c in referred] != [c.type for c in own]:
        yield "a foreign key to another type"
        return
    uniques = [other.columns for other in target.items if other.kind == "unique"]
    if item.referred not in (target.primary, *uniques) or any(c is None or c.nullable for c in referred):
        yield "a foreign key to what is not unique"
    if "SET NULL" in str(item.options) and not all(column.nullable for column in own):
        yield "SET NULL of a NOT NULL column"
    if item.options and set(item.columns) & set(table.primary):
        yield "unusual"
    if target is table and set(item.columns) & set(item.referred):
        yield "refers to itself"
    bases = {key for column in table.columns if column.computed for key in keys_in(column.special)}
    checked = {key for other in table.items if other.kind == "check" for key in other.columns}
    if database == "mysql" and item.options and set(item.columns) & (bases | checked):
        yield "an action on what something is computed from"


def _of_columns(pair: Pair, before: Table, table: Table) -> Iterator[str]:
    """Why the values of old rows do not fit the second schema."""
    gone = {column.name.lower() for column in before.columns if table.column(column.key) is None}
    for column in table.columns:
        was = before.column(column.key)
        if was is None:
            if column.name.lower() in gone:
                yield "the same column, for all that can be seen"
            # SQLite numbers no rows in a SMALLINT.
            if column.key in table.primary and (table.counted != column.key or column.type != "Integer()"):
                yield "a new column in the primary key"
            continue
        if was.array != column.array:
            yield "an array from now on"
        if was.computed != column.computed and not (was.nullable and column.nullable):
            yield "computed, or no longer, and NOT NULL"
        if was.type != column.type and not _holds(column.type, was.type):
            yield "values that do not fit"
        if was.type != column.type and fill(pair, table, column)[0]:
            yield "a value that fills, and goes back as one of another type"
        enum = pair.second.enum(column.type)
        if enum and not _labels(pair.first, was) <= set(enum.labels):
            yield "rows with a label that goes"


def _labels(schema: Schema, column: Column) -> set[str]:
    """Return the labels that rows have in a column of an enum, or in the arrays of one."""
    found = values(schema, column)
    return {label for value in found for label in value} if column.array else set(found)


def _of_downgrade(pair: Pair, before: Table, table: Table) -> Iterator[str]:
    """Why the first schema cannot be had again."""
    items = [(item.kind, item.columns, _indexed(item), item.target) for item in before.items]
    for kind, columns, indexed, target in [*items, ("primary key", before.primary, before.primary, None)]:
        gone = [c for key in columns if table.column(key) is None and (c := before.column(key))]
        gone += [c for key in columns if (c := before.column(key)) and c.computed != _is_computed(table, key)]
        lost = any(not column.nullable or column.server_default for column in gone)
        rest = [c for key in indexed if (c := before.column(key)) and c not in gone]
        kept = kind == "index" or ("unique" in kind and any(map(distinct, rest)))
        orphaned = target is not None and pair.second.table(target) is None and len(gone) < len(columns)
        if (lost and not kept) or orphaned or (gone and kind in ("primary key", "exclude")):
            yield "values that a downgrade cannot bring back"
    for column in before.columns:
        enum = pair.first.enum(column.type)
        has_check = "create_constraint" in str(column.type) or (enum is not None and enum.kind == "checked")
        if has_check and table.column(column.key) is None and not (column.nullable or column.server_default):
            yield "values that a downgrade cannot bring back"
    for item in before.items:
        target_now = pair.second.table(item.target)
        if target_now and any(target_now.column(key) is None for key in item.referred):
            yield "values that a downgrade cannot bring back"


def _is_computed(table: Table, key: int) -> bool:
    column = table.column(key)
    return bool(column and column.computed)


def _of_rows(pair: Pair, before: Table, table: Table) -> Iterator[str]:
    """Why old rows are not what the second schema's constraints demand, or the first's again."""
    columns = {column.key: column for column in table.columns}
    old = {c.key for c in before.columns if not c.computed and c.key in columns and not columns[c.key].computed}
    filled = {column.key for column in table.columns if fill(pair, table, column)[0]}
    defaulted = {c.key for c in table.columns if c.key not in old and c.server_default is not None}
    referring = {key for item in table.items if item.kind == "foreign key" for key in item.columns}
    different = {key for key in old - filled if distinct(columns[key]) and distinct(before.known(key))}
    for item in table.items:
        if "unique" in item.kind:
            if not set(_indexed(item)) & different:
                yield "unique, and the same in every row"
            if set(item.columns) & filled & referring:
                yield "unique, and filled with what others refer to"
        if item.kind == "foreign key":
            yield from _of_references(pair, before, table, item, old, filled | defaulted)
    for item in before.items:
        if "unique" in item.kind and set(item.columns) & filled & referring:
            yield "unique, and filled with what others refer to"
        given = set(item.columns) & filled
        if item.kind == "foreign key" and given and (len(item.columns) > 1 or not given <= referring):
            yield "rows that refer to nothing"
    is_numbered = table.counted is not None and table.counted not in old
    if table.primary and not is_numbered and not set(table.primary) & different:
        yield "a primary key that is the same in every row"
    if set(before.primary) & filled:
        yield "a primary key that was empty"


def _of_references(
    pair: Pair, before: Table, table: Table, item: Item, old: set[int], given: set[int]
) -> Iterator[str]:
    own = [table.known(key) for key in item.columns]
    if set(item.columns) & given and (len(own) > 1 or any(c.default or c.server_default for c in own)):
        yield "rows that refer to nothing"
    target, after = pair.first.table(item.target), pair.second.table(item.target)
    if not any(column.nullable and column.key not in old for column in own):  # else the rows refer to nothing
        referred = [target.column(key) if target else None for key in item.referred]
        was = [before.column(column.key) for column in own]
        if not set(item.columns) <= old | given or [c and c.type for c in was] != [c and c.type for c in referred]:
            yield "rows that refer to what is not there"
        if any(c is None or c.nullable for c in referred):
            yield "rows that refer to what was empty"
    assert after


def _of_views(pair: Pair) -> Iterator[str]:
    for view in pair.views:
        before, after = pair.first.table(view.table), pair.second.table(view.table)
        if before is None or after is None or before.name != after.name:
            yield "the table of a view"
            return
        for key in view.columns:
            one, other = before.column(key), after.column(key)
            if one is None or other is None or one.name != other.name or one.computed != other.computed:
                yield "the column of a view"
            elif pair.first.enum(one.type) != pair.second.enum(other.type):
                yield "an enum of a view, which a downgrade makes anew"


def _holds(new: str | int, old: str | int) -> bool:
    """Tell whether all values of a type are values of another one, too."""
    type_ = TYPES.get(str(old))
    if isinstance(old, int):
        return new == "String(20)" or isinstance(new, int)  # whose labels are looked at besides
    return bool(type_ and new in (*type_.wider, *type_.narrower, *type_.converted))


def _in_cycle(schema: Schema) -> bool:
    edges = {t.key: {i.target for i in t.items if i.kind == "foreign key" and i.target != t.key} for t in schema.tables}
    while free := [key for key, targets in edges.items() if not targets & edges.keys()]:
        for key in free:
            del edges[key]
    return bool(edges)
