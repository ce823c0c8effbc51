"""A schema as plain values, and as the code of its models.

SQL in it names columns by their keys: ``<7>`` is the name of column 7, quoted where it must be. Python code in it
does, too: ``@7`` is the column itself. So a rename changes one name, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import MetaData
from sqlalchemy.dialects import mysql, postgresql

# What an Enum does on a database without enum types, and whether it has a CHECK there.
ENUM_OPTIONS = {
    "native": "",
    "text": ", native_enum=False, length=20",
    "checked": ", native_enum=False, length=20, create_constraint=True",
}
PYTHON = "python "  # how an expression begins that is Python code; else it is SQL


@dataclass(frozen=True)
class Enum:
    """An enum type, which several columns may have. Columns name it by its key."""

    key: int
    name: str
    labels: tuple[str, ...]
    kind: str = "native"  # of ENUM_OPTIONS
    schema: str | None = None

    @property
    def code(self) -> str:
        """The type's code."""
        schema = f", schema={self.schema!r}" if self.schema else ""
        return f"Enum({', '.join(map(repr, self.labels))}, name={self.name!r}{ENUM_OPTIONS[self.kind]}{schema})"


@dataclass(frozen=True)
class Column:
    """A column. Its key stays when it is renamed."""

    key: int
    name: str
    type: str | int  # the code, or an enum's key
    nullable: bool = True
    default: str | None = None
    server_default: str | None = None
    comment: str | None = None
    special: str | None = None  # Identity or Computed
    attribute: str | None = None  # key=
    array: bool = False  # of the enum
    autoincrement: bool | None = None

    @property
    def computed(self) -> bool:
        """Whether the database computes it."""
        return (self.special or "").startswith("Computed")

    @property
    def counting(self) -> bool:
        """Whether the database gives each row a number, where the column is the whole primary key."""
        return self.autoincrement is not False and self.type in ("Integer()", "BigInteger()", "SmallInteger()")

    @property
    def reference(self) -> str:
        """The name by which the models know it."""
        return self.attribute or self.name


@dataclass(frozen=True)
class Item:
    """A constraint or an index of a table."""

    key: int
    kind: str  # unique, index, unique index, check, foreign key, exclude
    columns: tuple[int, ...]  # all that it is made of
    name: str | None = None
    text: str | None = None  # of a CHECK
    elements: tuple[str, ...] = ()  # of an index, where they are more than its columns
    where: str | None = None  # of an index
    target: int | None = None  # of a foreign key: a table's key
    referred: tuple[int, ...] = ()  # and columns of that table
    options: tuple[str, ...] = ()  # as they are written


@dataclass(frozen=True)
class Table:
    """A table. Its key stays when it is renamed."""

    key: int
    name: str
    columns: tuple[Column, ...]
    primary: tuple[int, ...]
    items: tuple[Item, ...] = ()
    comment: str | None = None
    schema: str | None = None
    options: tuple[str, ...] = ()  # as they are written

    def column(self, key: int) -> Column | None:
        """Return a column by its key, or None."""
        return next((column for column in self.columns if column.key == key), None)

    def known(self, key: int) -> Column:
        """Return a column by its key."""
        column = self.column(key)
        assert column
        return column

    @property
    def full_name(self) -> str:
        """The name with the schema."""
        return f"{self.schema}.{self.name}" if self.schema else self.name

    @property
    def counted(self) -> int | None:
        """The column in which the database numbers the rows by itself, or None."""
        only = self.column(self.primary[0]) if len(self.primary) == 1 else None
        return only.key if only and only.counting else None


@dataclass(frozen=True)
class Schema:
    """All tables, and the enum types that their columns have."""

    tables: tuple[Table, ...]
    enums: tuple[Enum, ...] = ()

    def table(self, key: int | None) -> Table | None:
        """Return a table by its key, or None."""
        return next((table for table in self.tables if table.key == key), None)

    def enum(self, key: str | int) -> Enum | None:
        """Return an enum by its key, or None."""
        return next((enum for enum in self.enums if enum.key == key), None)

    def type_code(self, column: Column) -> str:
        """Return the code of a column's type."""
        enum = self.enum(column.type)
        if enum:
            return f"postgresql.ARRAY({enum.code})" if column.array else enum.code
        return str(column.type).replace("KEY", str(column.key))

    def code(self, database: str) -> str:
        """Return the code of the models."""
        return "\n".join(line for table in self.tables for line in _Code(self, table, database).lines())

    def metadata(self, database: str, convention: Any, types: Any) -> MetaData:
        """Run the code, and return a new MetaData with its tables."""
        metadata = MetaData(naming_convention=convention)
        names = {**vars(sqlalchemy), "mysql": mysql, "postgresql": postgresql, "metadata": metadata, "types": types}
        exec(compile(self.code(database), "<models>", "exec"), names)
        return metadata


VIEW = "some_view"


@dataclass(frozen=True)
class View:
    """A view of some columns of a table, which no model knows."""

    table: int
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Pair:
    """Two schemas; the second came from the first, and what has the same key in both is the same thing."""

    first: Schema
    second: Schema
    views: tuple[View, ...] = ()
    triggers: tuple[int, ...] = ()  # the tables that have one
    path: str = ""  # PostgreSQL's search_path
    convention: bool = True  # whether constraints without a name get one
    expressions: bool = False  # whether rows are filled with an expression, not with a constant
    adopt: bool = False  # whether the first schema is made by create_all(), and adopted
    offline: bool = False  # whether it is tried by scripts as well
    changes: tuple[str, ...] = field(default=(), compare=False)


def keys_in(text: str | None) -> tuple[int, ...]:
    """Return the keys of the columns that a text names."""
    return tuple(dict.fromkeys(int(one or other) for one, other in re.findall(r"<(\d+)>|@(\d+)", text or "")))


def quoted(name: str, database: str) -> str:
    """Return a name as SQL has it."""
    if re.fullmatch("[a-z_][a-z0-9_]*", name) and name not in KEYWORDS:
        return name
    return f"`{name}`" if database == "mysql" else f'"{name}"'


class _Code:
    """Writes a table of the models."""

    def __init__(self, schema: Schema, table: Table, database: str) -> None:
        self.schema, self.table, self.database = schema, table, database
        self.variable = f"t{table.key}"

    def lines(self) -> Iterator[str]:
        """Yield the lines of a Table, and of the indexes that need its columns."""
        table = self.table
        yield f"{self.variable} = Table("
        yield f"    {table.name!r},"
        yield "    metadata,"
        for column in table.columns:
            yield f"    Column({', '.join(self.column(column))}),"
        later = []
        for item in table.items:
            if "index" in item.kind:
                later.append(self.index(item))
            else:
                yield f"    {self.constraint(item)},"
        if table.comment is not None:
            yield f"    comment={table.comment!r},"
        if table.schema:
            yield f"    schema={table.schema!r},"
        yield from (f"    {option}," for option in table.options)
        yield ")"
        yield from later

    def column(self, column: Column) -> Iterator[str]:
        """Yield the arguments of a Column."""
        yield repr(column.name)
        yield self.schema.type_code(column)
        if column.special:
            yield self.special(column.special)
        if column.key in self.table.primary:
            yield "primary_key=True"
            if column.special is None and column.counting:
                yield f"autoincrement={self.table.counted == column.key}"
            elif column.autoincrement is False:
                yield "autoincrement=False"
        elif not column.nullable:
            yield "nullable=False"
        for name in ("default", "server_default"):
            if (code := getattr(column, name)) is not None:
                yield f"{name}={code}"
        if column.comment is not None:
            yield f"comment={column.comment!r}"
        if column.attribute is not None:
            yield f"key={column.attribute!r}"

    def special(self, text: str) -> str:
        """Return the code of an Identity or of a Computed, whose first argument is SQL."""
        kind, _, rest = text.partition("(")
        if kind == "Identity":
            return text
        sql, _, options = rest.removesuffix(")").rpartition(";")
        return f"Computed({self.sql(sql)!r}{options})"

    def sql(self, text: str) -> str:
        """Return SQL with the names of its columns, for text()."""

        def name(match: re.Match[str]) -> str:
            return quoted(self.table.known(int(match[1])).name, self.database).replace(":", "\\:")

        return re.sub(r"<(\d+)>", name, text)

    def expression(self, text: str, of: str) -> str:
        """Return the code of an expression; of is the code of a column, with NAME and REFERENCE in it."""
        if not text.startswith(PYTHON):
            return repr(self.sql(text)) if of.startswith("column") else f"text({self.sql(text)!r})"

        def code(match: re.Match[str]) -> str:
            column = self.table.known(int(match[1]))
            return of.replace("NAME", repr(column.name)).replace("REFERENCE", repr(column.reference))

        return re.sub(r"@(\d+)", code, text.removeprefix(PYTHON))

    def constraint(self, item: Item) -> str:
        """Return the code of a constraint."""
        columns = [self.table.known(key).reference for key in item.columns]
        options = [f"name={item.name!r}"] * bool(item.name) + list(item.options)
        if item.kind == "check":
            return _call("CheckConstraint", self.expression(item.text or "", "column(NAME)"), *options)
        if item.kind == "exclude":
            return _call("postgresql.ExcludeConstraint", f"({columns[0]!r}, '&&')", *options)
        if item.kind == "unique":
            return _call("UniqueConstraint", *map(repr, columns), *options)
        target = self.schema.table(item.target)
        assert target
        referred = [f"{target.full_name}.{target.known(key).reference}" for key in item.referred]
        return _call("ForeignKeyConstraint", repr(columns), repr(referred), *options)

    def index(self, item: Item) -> str:
        """Return the code of an index."""
        of = f"{self.variable}.c[REFERENCE]"
        elements = item.elements or tuple(f"{PYTHON}@{key}" for key in item.columns)
        options = ["unique=True"] * (item.kind == "unique index")
        options += [
            re.sub(r"@(\d+)", lambda key: repr(self.table.known(int(key[1])).reference), option)
            for option in item.options
        ]
        if item.where:
            options.append(f"{self.database}_where={self.expression(item.where, of)}")
        return _call("Index", repr(item.name), *(self.expression(text, of) for text in elements), *options)


def _call(name: str, *arguments: str) -> str:
    return f"{name}({', '.join(arguments)})"


KEYWORDS = {"user", "order", "group", "select", "table", "check", "index", "desc", "key", "from", "to", "end", "values"}
