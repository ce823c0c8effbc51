"""The rows of a table as an operation of the revision will find them: renamed and filled, as far as that is known.

Nothing is asked of the database for it: what is here is SQL over the rows that it has now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
)
from sqlalchemy import BINARY, CHAR, Column, DefaultClause, Dialect, Table

from ...ddl.losses import shortened_to
from ...ddl.types import database_type, kind_of
from ...dialects.sqlite_tables import names_in
from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..operations import (
    AutoincrementOp,
    ChangePrimaryKeyOp,
    DomainOp,
    EnsureExistsOp,
    EnumTypeOp,
    FillRowsOp,
    IndexSqlOp,
    MoveLabelsOp,
    NumberingOp,
    RenameColumnOp,
    RenameInPlaceOp,
    RenameTableBothWaysOp,
    ShortenTextOp,
    UncomputeOp,
    UnnamedChecksOp,
)
from ..sql import sql_of
from .dependents import columns_of_enum
from .pure_sql import only_computes, sql_tokens
from .renamed_names import old_columns, old_tables
from .stored_rows import cast_to, default_sql
from .stored_values import READ, Found, number_of_rows

# Values of these kinds are kept as they are, and are equal where they were.
_PLAIN = frozenset({"integer", "text", "boolean", "date", "datetime", "uuid", "float"})

# What leaves the values of rows as they are.
_KEEPS_ROWS = (
    AddConstraintOp,
    CreateIndexOp,
    CreateTableOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    AutoincrementOp,
    ChangePrimaryKeyOp,
    DomainOp,
    EnsureExistsOp,
    IndexSqlOp,
    NumberingOp,
    RenameColumnOp,
    RenameInPlaceOp,
    RenameTableBothWaysOp,
    UnnamedChecksOp,
)


@dataclass
class _Layer:
    """New values of columns, in SQL that reads those before."""

    values: dict[str, str]
    reads: dict[str, set[str]]


@dataclass
class ExpectedRows:
    """The rows of a table, in the names that the revision gives to it and its columns.

    Of an ``unknown`` column nobody can tell the values; one of ``nulls`` is NULL in all rows; and one that is
    ``inexact`` gets what is here, converted to its type by the database.
    """

    draft: Draft
    name: str
    schema: str | None
    stored: dict[str, str]  # the names of columns in the database
    layers: list[_Layer] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    nulls: set[str] = field(default_factory=set)
    inexact: set[str] = field(default_factory=set)
    computed: dict[str, str] = field(default_factory=dict)
    partitioned: bool = False

    @classmethod
    def of(cls, draft: Draft, table: Table, schema: str | None) -> ExpectedRows:
        """Return the rows of a table, as it was reflected, before anything changes but names."""
        key = (schema, str(table.name))
        old = {name: before for (*of, name), before in old_columns(draft.upgrade.ops).items() if (*of,) == key}
        names = [column.name for column in table.columns]
        computed = {
            column.name: sql_of(column.computed.sqltext, draft.dialect) for column in table.columns if column.computed
        }
        rows = cls(draft, key[1], schema, {name: old.get(name, name) for name in names}, computed=computed)
        model = draft.tables.get(full_name(key[1], schema))
        rows.partitioned = model is not None and bool(model.dialect_options["postgresql"].get("partition_by"))
        return rows

    @property
    def columns(self) -> set[str]:
        """The names of the columns."""
        return {*self.stored, *self.unknown, *(name for layer in self.layers for name in layer.values)}

    def read_by(self, sql: str) -> set[str]:
        """Return the columns that an expression may read."""
        names = names_in(sql_tokens(self.draft.kind, sql))
        return {name for name in self.columns if name.lower() in names}

    def is_changed(self, columns: Iterable[str]) -> bool:
        """Tell whether columns have other values than now."""
        changed = {name for layer in self.layers for name in layer.values} | self.unknown
        return bool(changed & {*columns})

    def source(self, columns: Collection[str], limit: int | None = None, alias: str = "") -> str | None:
        """Return what is written after FROM for columns of the rows, or of so many of them; None if they are unknown.

        The rows are called as the table, or by an alias. Where they are counted, a table of PostgreSQL does not answer
        for those that inherit from it, unless they are its partitions.
        """
        needed = {*columns}
        if needed & self.unknown or not needed <= self.columns:
            return None
        quote = _quote(self.draft.dialect)
        steps: list[str] = []
        for layer in reversed(self.layers):
            if needed & layer.values.keys():
                steps.append(self._selected({name: layer.values.get(name, quote(name)) for name in needed}))
                reads = (layer.reads[name] for name in needed & layer.values.keys())
                needed = (needed - layer.values.keys()).union(*reads)
        old_name = old_tables(self.draft.upgrade.ops).get((self.schema, self.name), self.name)
        preparer: Any = self.draft.dialect.identifier_preparer
        stored = f"{preparer.quote_schema(self.schema)}." if self.schema else ""
        stored += quote(old_name)
        is_as_stored = old_name == self.name and all(self.stored.get(name) == name for name in needed)
        if not steps and is_as_stored and limit is None:
            return f"{stored} AS {alias}" if alias else stored
        only = "ONLY " if limit is not None and self.draft.kind == "postgresql" and not self.partitioned else ""
        limited = "" if limit is None else f" LIMIT {limit}"
        sql = f"({self._selected({name: quote(self.stored[name]) for name in needed})} FROM {only}{stored}{limited})"
        for step in reversed(steps):
            sql = f"({step} FROM {sql} AS {quote(self.name)})"
        return f"{sql} AS {alias or quote(self.name)}"

    def find(self, columns: Collection[str], shown: str, conditions: Iterable[str], end: str = "") -> Found | None:
        """Return how many of the rows there are under conditions, and the SELECT; None if there is none, or unknown.

        The conditions, and what is shown, read these columns; the end follows them, as GROUP BY. A part of a big table
        is read.
        """
        some, every = self.source(columns, READ), self.source(columns)
        if some is None or every is None:
            return None
        where = " AND ".join(conditions)
        rest = f"{where and ' WHERE '}{where}{end}"
        number = number_of_rows(self.draft, f"SELECT 1 FROM {some}{rest}")
        return Found(number, " ".join(f"SELECT {shown} FROM {every}{rest} LIMIT 20".split())) if number else None

    def _selected(self, values: dict[str, str]) -> str:
        quote = _quote(self.draft.dialect)
        listed = (sql if sql == quote(name) else f"{sql} AS {quote(name)}" for name, sql in sorted(values.items()))
        return f"SELECT {', '.join(listed) or '1'}"

    def add(self, op: AddColumnOp) -> None:
        """Take in that a column is added: existing rows have its default, or NULL."""
        column, dialect = op.column, self.draft.dialect
        default = column.server_default
        if column.computed is not None:
            self._set({column.name: (sql_of(column.computed.sqltext, dialect), column.type)})
        elif column.identity is not None or type(op) is not AddColumnOp:
            self._forget([column.name])
        elif isinstance(default, DefaultClause):
            self._set({column.name: (default_sql(self.draft, default.arg), column.type)})
        elif default is not None or not column.nullable:
            self._forget([column.name])
        else:
            self._set({column.name: ("NULL", column.type)})
            self.nulls.add(column.name)

    def alter(self, op: AlterColumnOp, reflected: Table) -> None:
        """Take in that a column is altered: a type of another kind may change its values."""
        if op.modify_type is not None and not _keeps_values(op, reflected.columns.get(op.column_name), self.draft):
            self.forget([op.column_name])

    def fill(self, sql: dict[str, str], types: dict[str, Any]) -> None:
        """Take in that columns get values where they are NULL, or new ones at all; by SQL that reads columns."""
        quote = _quote(self.draft.dialect)
        new = {name for name in sql if name in self.nulls}
        values = {
            name: (each if name in new or not each else f"COALESCE({quote(name)}, {each})", types[name])
            for name, each in sql.items()
        }
        converted = {name for name, each in sql.items() if self.read_by(each)}
        self.nulls -= {*sql}
        self._set(values, converted)
        self._forget_computed({*sql})

    def forget(self, columns: Iterable[str]) -> None:
        """Take in that columns get values of which nobody can tell."""
        self._forget(columns)
        self._forget_computed({*columns})

    def _set(self, values: dict[str, tuple[str, Any]], converted: Collection[str] = ()) -> None:
        """Give columns values, each of a type; an empty string is a value that nobody can tell.

        Those that are ``converted`` are exact only if they are cast to their type here.
        """
        layer = _Layer({}, {})
        for name, (sql, type_) in values.items():
            reads = self.read_by(sql)
            if not sql or reads & self.unknown or not only_computes(self.draft.kind, sql):
                self._forget([name])
                continue
            typed = cast_to(self.draft, sql, type_)
            layer.values[name], layer.reads[name] = typed, reads
            self.unknown.discard(name)
            self.inexact.discard(name)
            if name in converted and typed == sql:
                self.inexact.add(name)
        if layer.values:
            self.layers.append(layer)

    def _forget(self, columns: Iterable[str]) -> None:
        self.unknown.update(columns)
        self.nulls.difference_update(columns)

    def _forget_computed(self, changed: set[str]) -> None:
        """Let stored values of computed columns count as unknown that are computed from what has changed."""
        self.unknown |= {name for name, sql in self.computed.items() if self.read_by(sql) & changed}


class ExpectedTables:
    """The rows of all tables, while the operations of an upgrade are gone through."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.created: set[str] = set()  # the full names of new tables, which have no rows
        self._reflected = reflected_tables(draft.context)
        self._rows: dict[str, ExpectedRows] = {}

    def rows(self, table: str, schema: str | None) -> ExpectedRows | None:
        """Return the rows of a table of the models that exists; None of another one."""
        name = full_name(table, schema)
        if name not in self._rows and name in self._reflected:
            self._rows[name] = ExpectedRows.of(self.draft, self._reflected[name], schema)
        return self._rows.get(name)

    def take(self, op: Any) -> bool:
        """Take in what an operation does to rows; return False for one of which nobody can tell that."""
        if isinstance(op, _KEEPS_ROWS):
            if isinstance(op, CreateTableOp):
                self.created.add(full_name(op.table_name, op.schema))
            return True
        changes = next((change for kind, change in _CHANGES.items() if isinstance(op, kind)), None)
        if changes is not None:
            changes(self, op)
        return changes is not None

    def _forget(self, table: str, schema: str | None, column: str) -> None:
        if rows := self.rows(table, schema):
            rows.forget([column])

    def _replace_labels(self, op: EnumTypeOp) -> None:
        for place in columns_of_enum(self.draft, op) if op.replaced else ():
            self._forget(place[1], place[0], place[2])

    def _fill(self, op: FillRowsOp) -> None:
        if rows := self.rows(op.table, op.schema):
            columns = self.draft.tables[full_name(op.table, op.schema)].columns
            rows.fill(op.sql, {column.name: column.type for column in columns})

    def _add(self, op: AddColumnOp) -> None:
        if rows := self.rows(op.table_name, op.schema):
            rows.add(op)

    def _alter(self, op: AlterColumnOp) -> None:
        if rows := self.rows(op.table_name, op.schema):
            rows.alter(op, self._reflected[full_name(op.table_name, op.schema)])


_CHANGES: dict[Any, Callable[[ExpectedTables, Any], None]] = {
    AddColumnOp: ExpectedTables._add,
    AlterColumnOp: ExpectedTables._alter,
    FillRowsOp: ExpectedTables._fill,
    EnumTypeOp: ExpectedTables._replace_labels,
    (MoveLabelsOp, ShortenTextOp): lambda tables, op: tables._forget(op.table, op.schema, op.column),
    UncomputeOp: lambda tables, op: tables._forget(op.table_name, op.schema, op.column.name),
}


def _keeps_values(op: AlterColumnOp, reflected: Column[Any] | None, draft: Draft) -> bool:
    """Tell whether a column with another type has the same values, which are equal where they were."""
    if reflected is None or shortened_to(op, draft.dialect) is not None:
        return False
    old, new = (database_type(type_, draft.dialect) for type_ in (reflected.type, op.modify_type))
    is_padded = any(isinstance(each, (CHAR, BINARY)) for each in (old, new))
    same_texts = all(getattr(old, name, None) == getattr(new, name, None) for name in ("collation", "charset"))
    return kind_of(old) == kind_of(new) and kind_of(old) in _PLAIN and same_texts and not is_padded


def _quote(dialect: Dialect) -> Any:
    return dialect.identifier_preparer.quote
