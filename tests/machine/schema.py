"""A schema as plain values, and as the code of its models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql


@dataclass(frozen=True)
class Enum:
    """An enum type, which several columns may have. Columns name it by its key."""

    key: int
    name: str
    labels: tuple[str, ...]
    native: bool = True

    @property
    def code(self) -> str:
        """The type's code."""
        return f"Enum({', '.join(map(repr, self.labels))}, name={self.name!r}{'' if self.native else NOT_NATIVE})"


NOT_NATIVE = ", native_enum=False, length=20"


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

    @property
    def computed(self) -> bool:
        """Whether the database computes it."""
        return (self.special or "").startswith("Computed")


@dataclass(frozen=True)
class Item:
    """A constraint or an index of a table."""

    key: int
    kind: str  # unique, index, unique index, partial index, expression index, check, foreign key
    columns: tuple[int, ...]
    name: str | None = None
    target: int | None = None  # of a foreign key: a table's key
    ondelete: str | None = None
    bound: int = 0  # of a check or a partial index


@dataclass(frozen=True)
class Table:
    """A table. Its key stays when it is renamed."""

    key: int
    name: str
    columns: tuple[Column, ...]
    primary: tuple[int, ...]
    items: tuple[Item, ...] = ()
    comment: str | None = None

    def column(self, key: int) -> Column | None:
        """Return a column by its key, or None."""
        return next((column for column in self.columns if column.key == key), None)


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
        return enum.code if enum else str(column.type)

    def code(self) -> str:
        """Return the code of the models."""
        return "\n".join(line for table in self.tables for line in _table(self, table))

    def metadata(self, convention: Any, types: Any) -> MetaData:
        """Run the code, and return a new MetaData with its tables."""
        metadata = MetaData(naming_convention=convention)
        names = {**vars(sqlalchemy), "postgresql": postgresql, "metadata": metadata, "types": types}
        exec(compile(self.code(), "<models>", "exec"), names)
        return metadata


@dataclass(frozen=True)
class Pair:
    """Two schemas; the second came from the first, and what has the same key in both is the same thing."""

    first: Schema
    second: Schema
    changes: tuple[str, ...] = field(default=(), compare=False)


def _table(schema: Schema, table: Table) -> Iterator[str]:
    """Yield the lines of a Table, and of the indexes that need its columns."""
    variable = f"t{table.key}"
    yield f"{variable} = Table("
    yield f"    {table.name!r},"
    yield "    metadata,"
    for column in table.columns:
        yield f"    Column({', '.join(_column(schema, table, column))}),"
    later = []
    for item in table.items:
        line = _item(schema, table, item, variable)
        if "index" in item.kind:
            later.append(line)
        else:
            yield f"    {line},"
    if table.comment is not None:
        yield f"    comment={table.comment!r},"
    yield ")"
    yield from later


def _column(schema: Schema, table: Table, column: Column) -> Iterator[str]:
    yield repr(column.name)
    yield schema.type_code(column)
    if column.special:
        yield special(table, column)
    if column.key in table.primary:
        yield "primary_key=True"
        if column.special is None and column.type in ("Integer()", "BigInteger()"):
            yield "autoincrement=False" if len(table.primary) > 1 else "autoincrement=True"
    elif not column.nullable:
        yield "nullable=False"
    for name in ("default", "server_default"):
        if (code := getattr(column, name)) is not None:
            yield f"{name}={code}"
    if column.comment is not None:
        yield f"comment={column.comment!r}"


def special(table: Table, column: Column) -> str:
    """Return the code of an Identity or a Computed, whose text names another column by its key."""

    def name(match: re.Match[str]) -> str:
        other = table.column(int(match[1]))
        return other.name if other else "missing"

    return re.sub(r"<(\d+)>", name, column.special or "")


def _item(schema: Schema, table: Table, item: Item, variable: str) -> str:
    columns = [column for key in item.columns if (column := table.column(key))]
    names = [column.name for column in columns]
    named = f", name={item.name!r}" if item.name else ""
    of_table = [f"{variable}.c[{name!r}]" for name in names]
    if item.kind == "unique":
        return f"UniqueConstraint({', '.join(map(repr, names))}{named})"
    if item.kind == "check":
        is_number = "Integer" in str(columns[0].type) or "Numeric" in str(columns[0].type)
        if re.fullmatch("[a-z_]+", names[0]) and names[0] not in KEYWORDS:
            tested = names[0] if is_number else f"length({names[0]})"
            return f"CheckConstraint({f'{tested} > -{item.bound}'!r}{named})"
        tested = f"column({names[0]!r})" if is_number else f"func.length(column({names[0]!r}))"
        return f"CheckConstraint({tested} > -{item.bound}{named})"
    if item.kind == "foreign key":
        target = schema.table(item.target)
        assert target
        referred = [column.name for key in target.primary if (column := target.column(key))]
        options = f", ondelete={item.ondelete!r}" if item.ondelete else ""
        return f"ForeignKeyConstraint({names!r}, {[f'{target.name}.{name}' for name in referred]!r}{named}{options})"
    if item.kind == "expression index":
        return f"Index({item.name!r}, func.lower({of_table[0]}))"
    unique = ", unique=True" if item.kind == "unique index" else ""
    where = ""
    if item.kind == "partial index":
        where = "".join(f", {name}_where={of_table[0]}.is_not(None)" for name in ("postgresql", "sqlite"))
    return f"Index({item.name!r}, {', '.join(of_table)}{unique}{where})"


KEYWORDS = {"user", "order", "group", "select", "table", "check", "index", "desc", "key", "from", "to", "end", "values"}
