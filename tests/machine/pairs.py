"""Random schemas, and random changes of them: what a hypothesis strategy draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import strategies as st

from machine.schema import Column, Enum, Item, Pair, Schema, Table
from machine.sound import SIMPLE, fresh, is_sound, key_type, keyed
from machine.values import TYPES

T = TypeVar("T")
PLAIN = sorted(SIMPLE)
ODD = ["user", "order", "select", "Name", "camelCase", "이름", "two words", "a_" + "long_" * 12, "b_" + "long_" * 12]
# What a first schema may have; a run can leave any of it out, and any of the changes below.
FEATURES = ["odd names", "odd types", "comments", "enums", "shared enums", "identity", "computed", "cycles"]
FEATURES += ["expression indexes", "composite keys"]
ODD_TYPES = ("LargeBinary", "JSON", "Uuid", "Interval", "types", "postgresql")


class Draw:
    """Choices, made by hypothesis, for one pair of schemas."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any], database: str, allowed: frozenset[str]) -> None:
        self.draw, self.database, self.allowed = draw, database, allowed
        self.key = 0
        self.taken: set[str] = set()  # names that are not to be chosen
        self.tables: set[str] = set()  # of tables, in either schema
        self.gone: set[str] = set()  # of the first schema's columns

    def one(self, options: Sequence[T]) -> T:
        """Choose one of several."""
        return options[self.number(0, len(options) - 1)]

    def number(self, low: int, high: int) -> int:
        """Choose a number."""
        return int(self.draw(st.integers(low, high)))

    def chance(self, of_ten: int, feature: str = "") -> bool:
        """Tell whether something happens, as often as given."""
        return (not feature or feature in self.allowed) and self.number(0, 9) >= 10 - of_ten

    def new_key(self) -> int:
        """Return a key that nothing has."""
        self.key += 1
        return self.key

    def name(self) -> str:
        """Choose a name that nothing has, and nothing had."""
        pool = [name for name in PLAIN + ODD * ("odd names" in self.allowed) if name not in self.taken]
        name = self.one(pool) if pool else f"n{self.new_key()}"
        self.taken.add(name)
        return name

    def comment(self) -> str | None:
        """Choose a comment, or none."""
        return self.one(["it's 100% \\ :x", "크기", "plain", 'say "so"']) if self.chance(2, "comments") else None

    def column(self, schema: Schema, nullable: bool | None = None) -> Column:
        """Choose a column."""
        enums = [enum.key for enum in schema.enums]
        used = {column.type for table in schema.tables for column in table.columns}
        if "shared enums" not in self.allowed:
            enums = [key for key in enums if key not in used]
        types = [code for code, type_ in TYPES.items() if type_.only in (None, self.database)]
        if "odd types" not in self.allowed:
            types = [code for code in types if not code.startswith(ODD_TYPES)]
        type_ = self.one(enums) if enums and self.chance(3) else self.one(types)
        if nullable is None:
            nullable = self.chance(5)
        column = Column(self.new_key(), self.name(), type_, nullable, comment=self.comment())
        return replace(column, server_default=self.server_default(schema, column) if self.chance(3) else None)

    def server_default(self, schema: Schema, column: Column) -> str | None:
        """Choose a default for a column, or none if its type has none."""
        enum = schema.enum(column.type)
        defaults = [repr(label) for label in enum.labels] if enum else TYPES[str(column.type)].defaults
        return self.one(defaults) if defaults else None

    def table(self, schema: Schema) -> Table:
        """Choose a table."""
        kind = self.one(["Integer()"] * 5 + ["BigInteger()", "String(20)", "Uuid()"])
        key = Column(self.new_key(), "id", kind, False)
        if kind == "Integer()" and self.chance(2, "identity"):
            key = replace(key, special="Identity()")
        taken, self.taken = self.taken, {table.name for table in schema.tables} | {"id"} | self.tables
        columns = [self.column(schema) for _ in range(self.number(0, 4))]
        primary = [key.key]
        if self.chance(1, "composite keys") and key.special is None:
            other = Column(self.new_key(), self.name(), "String(20)", False)
            columns.append(other)
            primary.append(other.key)
        numbers = [column for column in columns if column.type == "Integer()" and column.name in PLAIN]
        if numbers and self.chance(2, "computed"):
            columns.append(
                Column(self.new_key(), self.name(), "Integer()", special=f"Computed('<{numbers[0].key}> * 2')")
            )
        self.taken = taken | self.tables
        name = self.name()
        self.tables.add(name)
        return Table(self.new_key(), name, (key, *columns), tuple(primary), (), self.comment())

    def enum(self) -> Enum:
        """Choose an enum type."""
        labels = ["red", "it's", "초록", "Blue"][: self.number(1, 4)]
        return Enum(self.new_key(), f"mood{self.key}", tuple(labels), self.chance(7))

    def item(self, schema: Schema, table: Table, kind: str) -> Item | None:
        """Choose a constraint or an index for a table, or none if it has no column for it."""
        usable = [column for column in table.columns if keyed(schema, column)]
        item = Item(self.new_key(), kind, ())
        if kind == "check":
            usable = [c for c in usable if any(word in str(c.type) for word in ("Integer", "String", "Numeric"))]
            item = replace(item, name=f"rule{self.key}", bound=self.number(1, 3))
        elif kind == "expression index":
            usable = [c for c in usable if "String" in str(c.type)]
            item = replace(item, name=f"ix_lower_{self.key}")
        elif kind == "foreign key":
            targets = [other for other in schema.tables if key_type(other)]
            target = self.one(targets) if targets else None
            usable = [c for c in usable if target and c.type == key_type(target) and not c.computed]
            ondelete = self.one([None, None, "CASCADE", "SET NULL"])
            item = replace(item, target=target.key if target else None, ondelete=ondelete)
        if not usable:
            return None
        several = 1 if kind in ("check", "expression index", "foreign key", "partial index") else self.number(1, 2)
        columns = dict.fromkeys(self.one(usable).key for _ in range(several))
        if kind in ("unique", "index", "unique index", "partial index", "foreign key") and self.chance(1):
            item = replace(item, name=f"own_{item.key}")
        if kind == "partial index" and item.name is None:
            item = replace(item, name=f"ix_part_{item.key}")
        return replace(item, columns=tuple(columns))

    def schema(self) -> Schema:
        """Choose a schema."""
        schema = Schema((), tuple(self.enum() for _ in range(self.number(0, 2) if "enums" in self.allowed else 0)))
        for _ in range(self.number(1, 3)):
            schema = replace(schema, tables=(*schema.tables, self.table(schema)))
        for _ in range(self.number(0, 5)):
            changed = add_item(self, schema)
            if changed and is_sound(Pair(changed, changed), self.database, self.allowed):
                schema = changed
        return schema


KINDS = ["unique", "index", "unique index", "check", "foreign key", "foreign key", "partial index", "expression index"]
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


def some_column(d: Draw, schema: Schema, among: Callable[[Table, Column], bool]) -> tuple[Table, Column] | None:
    """Choose a column of which something holds, or none."""
    found = [(table, column) for table in schema.tables for column in table.columns if among(table, column)]
    return d.one(found) if found else None


def ordinary(table: Table, column: Column) -> bool:
    """Tell whether a column is neither in the primary key nor computed."""
    return column.key not in table.primary and not column.computed


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
    columns = tuple(c for c in table.columns if c.key != column.key and f"<{column.key}>" not in (c.special or ""))
    items = tuple(item for item in table.items if column.key not in item.columns)
    return put(schema, table, columns=columns, items=items)


@change("rename column")
def rename_column(d: Draw, schema: Schema) -> Schema | None:
    """Another name."""
    found = some_column(d, schema, lambda table, column: True)
    assert found
    d.taken = {column.name for column in found[0].columns} | d.gone
    return put_column(schema, *found, name=d.name())


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
    new = d.one(types(found[1]))
    kept = found[1].server_default if found[1].server_default in TYPES[new].defaults else None
    return put_column(schema, *found, type=new, server_default=kept, default=None)


@change("resize type")
def resize_type(d: Draw, schema: Schema) -> Schema | None:
    """A wider type, or a narrower one."""
    return retyped(d, schema, ("wider", "narrower"))


@change("convert type")
def convert_type(d: Draw, schema: Schema) -> Schema | None:
    """A type of another kind, which holds the same values."""
    return retyped(d, schema, ("converted",))


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
    kinds = [kind for kind in KINDS if kind != "expression index" or "expression indexes" in d.allowed]
    item = d.item(schema, table, d.one(kinds))
    return put(schema, table, items=(*table.items, item)) if item else None


@change("drop item")
def drop_item(d: Draw, schema: Schema) -> Schema | None:
    """One constraint or index less."""
    found = [(table, item) for table in schema.tables for item in table.items]
    if not found:
        return None
    table, item = d.one(found)
    return put(schema, table, items=tuple(one for one in table.items if one.key != item.key))


@change("rename item")
def rename_item(d: Draw, schema: Schema) -> Schema | None:
    """Another name for a constraint or an index."""
    found = [(table, item) for table in schema.tables for item in table.items]
    if not found:
        return None
    table, item = d.one(found)
    named = replace(item, name=f"renamed_{d.new_key()}")
    return put(schema, table, items=tuple(named if one.key == item.key else one for one in table.items))


@change("change item")
def change_item(d: Draw, schema: Schema) -> Schema | None:
    """Another condition of a CHECK, or another ON DELETE, under the same name."""
    found = [(table, item) for table in schema.tables for item in table.items if item.kind in ("check", "foreign key")]
    if not found:
        return None
    table, item = d.one(found)
    new = replace(item, bound=item.bound + 5, ondelete=None if item.ondelete else "CASCADE")
    return put(schema, table, items=tuple(new if one.key == item.key else one for one in table.items))


@change("primary key")
def change_primary_key(d: Draw, schema: Schema) -> Schema | None:
    """One column more in it, or one less."""
    table = d.one(schema.tables)
    if len(table.primary) > 1:
        return put(schema, table, primary=table.primary[:1])
    others = [
        column for column in table.columns if keyed(schema, column) and not column.nullable and ordinary(table, column)
    ]
    return put(schema, table, primary=(*table.primary, d.one(others).key)) if others else None


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
    second: Schema = first
    d.gone = {column.name for table in first.tables for column in table.columns}
    names = [name for name in CHANGES if name in allowed and name != "unrelated"]
    done: list[str] = []
    if d.chance(1, "unrelated") and d.chance(5):
        second, names, done = d.schema(), [], ["unrelated"]
    for _ in range(d.number(1, 8) if names else 0):
        name = d.one(names)
        changed = CHANGES[name](d, second)
        if changed and changed != second and is_sound(Pair(first, fresh(changed)), database, allowed):
            second = fresh(changed)
            done.append(name)
    return Pair(first, second, tuple(done))
