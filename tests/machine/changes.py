"""Random changes of a schema, and pairs: what a hypothesis strategy draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from machine import expressions
from machine.draw import IDENTITIES, KINDS, Draw
from machine.schema import Column, Item, Pair, Schema, Table, keys_in
from machine.sound import fresh, keyed, problems
from machine.values import TYPES, family

Change = Callable[[Draw, Schema], "Schema | None"]
CHANGES: dict[str, Change] = {}


def change(name: str) -> Callable[[Change], Change]:
    """Make a function known as a change of a schema: it returns the changed one, or None."""

    def register(function: Change) -> Change:
        CHANGES[name] = function
        return function

    return register


def put(schema: Schema, table: Table, **values: Any) -> Schema:
    """Return the schema with other values in a table."""
    tables = (replace(one, **values) if one.key == table.key else one for one in schema.tables)
    return replace(schema, tables=tuple(tables))


def put_column(schema: Schema, table: Table, column: Column, **values: Any) -> Schema:
    """Return the schema with other values in a column."""
    columns = (replace(one, **values) if one.key == column.key else one for one in table.columns)
    return put(schema, table, columns=tuple(columns))


def put_type(schema: Schema, table: Table, column: Column, type_: str) -> Schema | None:
    """Return the schema with another type of a column, or None where an expression takes it for a number."""
    texts = (text for item in table.items for text in (item.text, item.where, *item.elements) if text)
    ceases = family(column.type) == "number" != family(type_)
    if ceases and any(column.key in keys_in(text) for text in texts):
        return None
    return put_column(schema, table, column, **typed(column, type_))


def some_column(d: Draw, schema: Schema, among: Callable[[Table, Column], bool]) -> tuple[Table, Column] | None:
    """Choose a column of which something holds, or none."""
    found = [(table, column) for table in schema.tables for column in table.columns if among(table, column)]
    return d.one(found) if found else None


def ordinary(table: Table, column: Column) -> bool:
    """Tell whether a column is neither in the primary key nor given by the database."""
    return column.key not in table.primary and not column.special


def put_item(schema: Schema, table: Table, item: Item, **values: Any) -> Schema:
    """Return the schema with other values in a constraint or an index."""
    items = (replace(one, **values) if one.key == item.key else one for one in table.items)
    return put(schema, table, items=tuple(items))


def some_item(d: Draw, schema: Schema, *kinds: str) -> tuple[Table, Item] | None:
    """Choose a constraint or an index of some kinds, or none."""
    found = [(t, item) for t in schema.tables for item in t.items if not kinds or item.kind in kinds]
    return d.one(found) if found else None


@change("add table")
def add_table(d: Draw, schema: Schema) -> Schema:
    """A new table."""
    return replace(schema, tables=(*schema.tables, d.table(schema)))


@change("drop table")
def drop_table(d: Draw, schema: Schema) -> Schema | None:
    """One table less, and what refers to it."""
    gone = d.one(schema.tables)
    rest = [table for table in schema.tables if table.key != gone.key]
    tables = [replace(one, items=tuple(i for i in one.items if i.target != gone.key)) for one in rest]
    return replace(schema, tables=tuple(tables)) if tables else None


@change("rename table")
def rename_table(d: Draw, schema: Schema) -> Schema:
    """Another name."""
    d.taken = {table.name for table in schema.tables} | d.tables
    name = d.name()
    d.tables.add(name)
    return put(schema, d.one(schema.tables), name=name)


def added(d: Draw, schema: Schema, nullable: bool) -> Schema:
    """Return the schema with one column more."""
    table = d.one(schema.tables)
    d.taken = {column.name for column in table.columns} | d.gone
    return put(schema, table, columns=(*table.columns, d.column(schema, nullable)))


@change("add column")
def add_column(d: Draw, schema: Schema) -> Schema:
    """A nullable one."""
    return added(d, schema, True)


@change("add not null column")
def add_not_null(d: Draw, schema: Schema) -> Schema:
    """One that needs a value in every row."""
    return added(d, schema, False)


@change("drop column")
def drop_column(d: Draw, schema: Schema) -> Schema | None:
    """One column less, and what is made of it."""
    found = some_column(d, schema, lambda table, column: column.key not in table.primary)
    if not found:
        return None
    table, column = found
    columns = tuple(c for c in table.columns if c.key != column.key and column.key not in keys_in(c.special))
    items = tuple(item for item in table.items if column.key not in item.columns)
    return put(schema, table, columns=columns, items=items)


@change("rename column")
def rename_column(d: Draw, schema: Schema) -> Schema | None:
    """Another name."""
    found = some_column(d, schema, lambda table, column: True)
    assert found
    d.taken = {column.name for column in found[0].columns} | d.gone
    return put_column(schema, *found, name=d.name())


@change("swap columns")
def swap_columns(d: Draw, schema: Schema) -> Schema | None:
    """Two columns of a table swap their names, or one hands its name on in a chain."""
    table = d.one(schema.tables)
    if len(table.columns) < 2:
        return None
    one, other = d.one(table.columns), d.one(table.columns)
    d.taken = {column.name for column in table.columns} | d.gone
    new = d.name() if d.chance(5) else one.name
    names = {one.key: other.name, other.key: new}
    return put(schema, table, columns=tuple(replace(c, name=names.get(c.key, c.name)) for c in table.columns))


@change("swap tables")
def swap_tables(d: Draw, schema: Schema) -> Schema | None:
    """Two tables swap their names, or one hands its name on in a chain."""
    one, other = d.one(schema.tables), d.one(schema.tables)
    if one.key == other.key or one.schema != other.schema:
        return None
    d.taken = {table.name for table in schema.tables} | d.tables
    new = d.name() if d.chance(5) else one.name
    d.tables.add(new)
    return put(put(schema, one, name=other.name), other, name=new)


@change("nullable")
def make_nullable(d: Draw, schema: Schema) -> Schema | None:
    """NULL is allowed."""
    found = some_column(d, schema, lambda table, column: ordinary(table, column) and not column.nullable)
    return put_column(schema, *found, nullable=True) if found else None


@change("not null")
def make_not_null(d: Draw, schema: Schema) -> Schema | None:
    """NULL is allowed no more."""
    found = some_column(d, schema, lambda table, column: ordinary(table, column) and column.nullable)
    return put_column(schema, *found, nullable=False) if found else None


def retyped(d: Draw, schema: Schema, kinds: tuple[str, ...]) -> Schema | None:
    """Return the schema with a column of another type, from the lists that its type has."""

    def types(column: Column) -> list[str]:
        return [code for kind in kinds for code in getattr(TYPES.get(str(column.type)), kind, ())]

    found = some_column(d, schema, lambda table, column: ordinary(table, column) and bool(types(column)))
    if not found:
        return None
    return put_type(schema, *found, d.one(types(found[1])))


def typed(column: Column, type_: str) -> dict[str, Any]:
    """Return the values with which a column has another type."""
    kept = column.server_default if column.server_default in TYPES[type_].defaults else None
    return {"type": type_, "server_default": kept, "default": None}


@change("resize type")
def resize_type(d: Draw, schema: Schema) -> Schema | None:
    """A wider type, or a narrower one."""
    return retyped(d, schema, ("wider", "narrower"))


@change("convert type")
def convert_type(d: Draw, schema: Schema) -> Schema | None:
    """A type of another kind, which holds the same values."""
    return retyped(d, schema, ("converted",))


@change("enum to text")
def enum_to_text(d: Draw, schema: Schema) -> Schema | None:
    """An enum is no type of its own any more."""
    found = some_column(d, schema, lambda table, column: isinstance(column.type, int) and not column.array)
    return put_type(schema, *found, "String(20)") if found else None


@change("another enum")
def another_enum(d: Draw, schema: Schema) -> Schema | None:
    """A column is of another enum type, which has the labels that rows have."""
    found = some_column(d, schema, lambda table, column: isinstance(column.type, int))
    others = [enum for enum in schema.enums if found and enum.key != found[1].type]
    if not found or not others:
        return None
    new = d.one(others)
    default = found[1].server_default
    kept = default if found[1].array or default in {*map(repr, new.labels)} else None
    return put_column(schema, *found, type=new.key, server_default=kept)


@change("widen key")
def widen_key(d: Draw, schema: Schema) -> Schema | None:
    """A key, and all that refers to it, is BIGINT from now on, or was."""
    wide = {"Integer()": "BigInteger()", "BigInteger()": "Integer()"}
    numbered = d.numbered if d.database == "sqlite" else ()  # there, only an INTEGER counts
    found = some_column(
        d, schema, lambda table, column: column.key in {*table.primary} - {*numbered} and column.type in wide
    )
    if not found:
        return None
    keys, new = {found[1].key}, wide[str(found[1].type)]
    pairs = [
        dict(zip(item.columns, item.referred, strict=True))
        for table in schema.tables
        for item in table.items
        if item.kind == "foreign key"
    ]
    for _ in schema.tables:  # what refers to what refers to it
        keys |= {own for pair in pairs for own, other in pair.items() if other in keys}
        keys |= {other for pair in pairs for own, other in pair.items() if own in keys}
    for table in schema.tables:
        columns = (replace(c, **typed(c, new)) if c.key in keys else c for c in table.columns)
        schema = put(schema, table, columns=tuple(columns))
    return schema


@change("change computed")
def change_computed(d: Draw, schema: Schema) -> Schema | None:
    """A column is computed from now on, no longer, or otherwise."""
    table = d.one(schema.tables)
    kinds = expressions.COMPUTED
    usable = [c for c in table.columns if c.type in kinds and c.nullable and ordinary(table, c)]
    usable += [column for column in table.columns if column.computed]
    if not usable:
        return None
    column = d.one(usable)
    new = d.computed([c for c in table.columns if c.key != column.key and c.type == column.type])
    if column.computed and (new is None or d.chance(5)):
        return put_column(schema, table, column, special=None)
    return put_column(schema, table, column, special=new.special, server_default=None, default=None) if new else None


@change("change identity")
def change_identity(d: Draw, schema: Schema) -> Schema | None:
    """A column is an identity from now on, no longer, or otherwise."""

    def usable(table: Table, column: Column) -> bool:
        is_plain = column.type in ("Integer()", "BigInteger()") and not column.nullable and not column.server_default
        is_key = table.primary == (column.key,) or (d.is_postgresql and column.key not in table.primary)
        return is_plain and is_key and not column.computed

    found = some_column(d, schema, usable)
    return put_column(schema, *found, special=d.one([None, *IDENTITIES]), default=None) if found else None


@change("server default")
def change_server_default(d: Draw, schema: Schema) -> Schema | None:
    """Set, changed or removed."""
    found = some_column(d, schema, lambda table, column: ordinary(table, column) and column.special is None)
    if not found:
        return None
    default = None if found[1].server_default and d.chance(4) else d.server_default(schema, found[1])
    return put_column(schema, *found, server_default=default)


@change("default")
def change_default(d: Draw, schema: Schema) -> Schema | None:
    """Of the model, which the database does not know."""
    code = {"Integer()": "5", "String(20)": "'fill'", "Boolean()": "True"}
    found = some_column(d, schema, lambda table, column: ordinary(table, column) and column.type in code)
    return put_column(schema, *found, default=code[str(found[1].type)]) if found else None


@change("add item")
def add_item(d: Draw, schema: Schema) -> Schema | None:
    """A new constraint or index."""
    table = d.one(schema.tables)
    item = d.item(schema, table, d.one(KINDS + ["exclude"] * (d.is_postgresql and "exclude" in d.allowed)))
    return put(schema, table, items=(*table.items, item)) if item else None


@change("drop item")
def drop_item(d: Draw, schema: Schema) -> Schema | None:
    """One constraint or index less."""
    found = some_item(d, schema)
    if not found:
        return None
    table, item = found
    return put(schema, table, items=tuple(one for one in table.items if one.key != item.key))


@change("rename item")
def rename_item(d: Draw, schema: Schema) -> Schema | None:
    """Another name for a constraint or an index."""
    found = some_item(d, schema)
    return put_item(schema, *found, name=f"renamed_{d.new_key()}") if found else None


@change("check")
def change_check(d: Draw, schema: Schema) -> Schema | None:
    """Another condition under the same name."""
    found = some_item(d, schema, "check")
    text = d.expression(list(found[0].columns), expressions.CHECKS) if found else None
    return put_item(schema, *found, text=text, columns=keys_in(text)) if found and text else None


@change("predicate")
def change_predicate(d: Draw, schema: Schema) -> Schema | None:
    """An index has other rows, under the same name."""
    found = some_item(d, schema, "index", "unique index") if d.database != "mysql" else None
    if not found:
        return None
    table, item = found
    elements = item.elements or tuple(f"python @{key}" for key in item.columns)
    where = None if item.where and d.chance(4) else d.predicate(table)
    columns = keys_in(" ".join([*elements, where or ""]))
    return put_item(
        schema,
        table,
        item,
        name=item.name or f"ix_{item.key}",
        elements=elements,
        where=where,
        columns=columns,
        options=(),
    )


@change("elements")
def change_elements(d: Draw, schema: Schema) -> Schema | None:
    """An index has other columns, or has them in another order, under the same name."""
    found = some_item(d, schema, "index", "unique index")
    new = d.item(schema, found[0], found[1].kind) if found else None
    return (
        put_item(schema, *found, **{**vars(new), "key": found[1].key, "name": found[1].name or new.name})
        if found and new
        else None
    )


@change("reference")
def change_reference(d: Draw, schema: Schema) -> Schema | None:
    """Another action, or another target, of a foreign key."""
    found = some_item(d, schema, "foreign key")
    new = d.foreign_key(schema, found[0], found[1]) if found else None
    return put_item(schema, *found, **{**vars(new), "name": found[1].name}) if found and new else None


@change("unique to index")
def unique_to_index(d: Draw, schema: Schema) -> Schema | None:
    """A unique constraint becomes a unique index, an index a unique one, or the other way."""
    found = some_item(d, schema, "unique", "index", "unique index")
    if not found or found[1].elements:
        return None
    return put_item(schema, *found, kind=d.one(["unique", "index", "unique index"]))


@change("primary key")
def change_primary_key(d: Draw, schema: Schema) -> Schema | None:
    """Other columns: one more, one less, others, or none. What refers to the old ones, has a unique constraint then."""
    table = d.one(schema.tables)
    usable = [c for c in table.columns if keyed(c) and not c.nullable and not c.special and not c.server_default]
    several = [table.primary[:1]] * (len(table.primary) > 1)
    several += [()] * ("keyless" in d.allowed)
    if usable:
        several += [(d.one(usable).key,), tuple(dict.fromkeys((*table.primary, d.one(usable).key)))]
    if not several:
        return None
    new = d.one(several)
    referred = any(i.referred == table.primary and i.target == table.key for t in schema.tables for i in t.items)
    items = table.items
    if referred and table.primary:
        items = (*items, Item(d.new_key(), "unique", table.primary))
    if new:
        items = tuple(item for item in items if item.kind != "unique" or not set(new) <= set(item.columns))
    options = () if table.counted else table.options
    return put(schema, table, primary=new, items=items, options=options if new == table.primary else ())


@change("surrogate key")
def add_surrogate_key(d: Draw, schema: Schema) -> Schema | None:
    """A table of another key, or of none, gets a number for each row."""
    found = [t for t in schema.tables if t.counted is None and not any(c.special for c in t.columns)]
    table = d.one(found) if found else None
    if table is None or any(item.target == table.key for t in schema.tables for item in t.items):
        return None
    d.taken = {column.name for column in table.columns} | d.gone
    key = Column(d.new_key(), d.name(), "Integer()", False)
    d.numbered.add(key.key)
    return put(schema, table, columns=(*table.columns, key), primary=(key.key,))


@change("change autoincrement")
def change_autoincrement(d: Draw, schema: Schema) -> Schema | None:
    """AUTOINCREMENT of SQLite's begins or ends."""
    found = [table for table in schema.tables if table.counted and d.database == "sqlite"]
    table = d.one(found) if found and "autoincrement" in d.allowed else None
    return put(schema, table, options=() if table.options else ("sqlite_autoincrement=True",)) if table else None


@change("enum")
def change_enum(d: Draw, schema: Schema) -> Schema | None:
    """A label more, at any place."""
    if not schema.enums:
        return None
    enum = d.one(schema.enums)
    at = d.number(0, len(enum.labels))
    new = replace(enum, labels=(*enum.labels[:at], f"new{d.new_key()}", *enum.labels[at:]))
    return replace(schema, enums=tuple(new if one.key == enum.key else one for one in schema.enums))


@change("drop label")
def drop_label(d: Draw, schema: Schema) -> Schema | None:
    """An enum's label that no row has."""
    found = [enum for enum in schema.enums if len(enum.labels) > 3]
    if not found:
        return None
    enum = d.one(found)
    used = {column.server_default for table in schema.tables for column in table.columns}
    if repr(enum.labels[-1]) in used:
        return None
    new = replace(enum, labels=enum.labels[:-1])
    return replace(schema, enums=tuple(new if one.key == enum.key else one for one in schema.enums))


@change("comment")
def change_comment(d: Draw, schema: Schema) -> Schema | None:
    """Of a table or a column."""
    if d.chance(5):
        return put(schema, d.one(schema.tables), comment=d.comment())
    found = some_column(d, schema, lambda table, column: True)
    return put_column(schema, *found, comment=d.comment()) if found else None


@change("unrelated")
def unrelated(d: Draw, schema: Schema) -> Schema:
    """Nothing is as it was."""
    return d.schema()


@st.composite
def pairs(draw: Any, database: str, allowed: frozenset[str]) -> Pair:
    """Two schemas, the second made from the first by some of the changes that are allowed."""
    d = Draw(draw, database, allowed)
    first = d.schema()
    path = d.path()
    pair = Pair(
        first,
        first,
        d.views(first),
        d.triggers(first),
        path,
        convention=not d.chance(1, "unnamed"),
        expressions=d.chance(3, "expression fills"),
        adopt=not path and d.chance(1, "adopt"),
        offline="offline" in allowed,
    )
    d.gone = {column.name for table in first.tables for column in table.columns}
    names = [name for name in CHANGES if name in allowed and name != "unrelated"]
    done: list[str] = []
    if d.chance(1, "unrelated") and d.chance(5):
        pair, names, done = replace(pair, second=d.schema(), views=()), [], ["unrelated"]
    if any(problems(pair, database, allowed)):  # such as two indexes that SQLAlchemy gives the same name
        pair = replace(pair, convention=True)
    for _ in range(d.number(1, 8) if names else 0):
        name = d.one(names)
        changed = CHANGES[name](d, pair.second)
        after = replace(pair, second=fresh(changed)) if changed else pair
        if after == pair or any(problems(after, database, allowed)):
            continue
        pair = after
        done.append(name)
    return replace(pair, changes=tuple(done))
