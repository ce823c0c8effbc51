"""Rule: a new constraint that rows of this database violate is said when the revision is written, not by its upgrade.

The rows are counted as the revision will find them, in SQL, by the database itself: it knows when two texts are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations.ops import (
    CreateCheckConstraintOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateUniqueConstraintOp,
)
from sqlalchemy import CheckConstraint, Column, Enum, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.sql.elements import UnaryExpression

from ...ddl.types import database_type
from ...migrate.connection import VERSION_TABLE
from ...sqltext import full_name, same_sql
from ..compare.reflected import reflected_tables
from ..draft import Draft, each_operation
from ..indexes import has_expression, index_of
from ..notes import say
from ..operations import ChangePrimaryKeyOp, IndexSqlOp, UnnamedChecksOp
from ..sql import sql_of, stored_name
from .expected_rows import ExpectedRows, ExpectedTables
from .labels_in_texts import labels_in

_ORDER = re.compile(r"\s+(ASC|DESC)?(\s*NULLS\s+(FIRST|LAST))?\s*$", re.IGNORECASE)

_FAILS = "The upgrade would fail here, and wherever there are such rows"
_UNSEEN = "SQLite does not look at foreign keys here: the upgrade would pass, and leave such rows"
_DELETES = "SQLite would keep one row of each and delete the others without a word, as ON CONFLICT says"
_NULLS_EQUAL = "postgresql_nulls_not_distinct"
_AT_THE_TOP = "at the top of upgrade() in the new revision, by op.execute()."


def violations(draft: Draft) -> None:
    """Say which new constraints rows of this database violate: how many, the SELECT that shows them, and what to do.

    The revision is written. Where questions are open, nothing is written, and nothing is said.
    """
    if draft.context.connection is None or draft.answers.open:
        return
    tables = ExpectedTables(draft)
    constraints = _NewConstraints(draft, tables)
    for op in each_operation(draft.upgrade):
        constraints.look_at(op)
        if not tables.take(op):  # SQL of the project's own: from here on nobody can tell
            return


class _NewConstraints:
    """Looks at each constraint that an upgrade adds to existing tables, with what their rows are by then."""

    def __init__(self, draft: Draft, tables: ExpectedTables) -> None:
        self.draft, self.tables = draft, tables
        self.reflected = reflected_tables(draft.context)
        self.quote = draft.dialect.identifier_preparer.quote

    def look_at(self, op: Any) -> None:
        """Look at what an operation adds; at nothing that leaves the rows there are alone."""
        rows = self.tables.rows
        if isinstance(op, CreateUniqueConstraintOp):
            self._unique(rows(op.table_name, op.schema), op.to_constraint())
        elif isinstance(op, ChangePrimaryKeyOp):
            self._unique(rows(op.table_name, op.schema), op.new)
        elif isinstance(op, CreateIndexOp) and op.unique:
            self._unique(rows(str(op.table_name), op.schema), index_of(op))
        elif isinstance(op, IndexSqlOp) and not op.drop:
            for index in self._indexes(op.name):
                self._unique(rows(index.table.name, None), index)
        elif isinstance(op, CreateForeignKeyOp) and not op.kw.get("postgresql_not_valid"):
            self._foreign_key(rows(op.source_table, op.kw.get("source_schema")), op)
        elif isinstance(op, CreateCheckConstraintOp) and not op.kw.get("postgresql_not_valid"):
            sql = sql_of(op.to_constraint().sqltext, self.draft.dialect)
            self._check(rows(op.table_name, op.schema), sql)
        elif isinstance(op, UnnamedChecksOp):
            for sql in op.after:
                self._check(rows(op.table, None), sql)

    def _unique(self, rows: ExpectedRows | None, key: Any) -> None:
        """Look for values that several rows have."""
        if rows is None or (not len(key.columns) and not hasattr(key, "expressions")):  # no primary key any more
            return
        where = key.kwargs.get(f"{self.draft.kind}_where")
        predicate = "" if where is None else sql_of(where, self.draft.dialect)
        parts = [self._part(each, key.kwargs) for each in getattr(key, "expressions", key.columns)]
        columns = {name for sql in (*parts, predicate) for name in rows.read_by(sql)}
        whole = {column.name for column in key.columns} if _is_plain(key) else set()
        are_nulls_equal = bool(key.kwargs.get(_NULLS_EQUAL))
        if not rows.is_changed(columns) and any(each <= whole for each in self._unique_now(rows, are_nulls_equal)):
            return
        if columns & rows.nulls and not are_nulls_equal:
            return
        conditions = [] if are_nulls_equal else [f"{part} IS NOT NULL" for part in parts]
        conditions += [f"({predicate})"] if predicate else []
        listed = ", ".join(parts)
        end = f" GROUP BY {listed} HAVING count(*) > 1"
        if found := rows.find(columns, f"{listed}, count(*)", conditions, end):
            kind = "PRIMARY KEY" if isinstance(key, PrimaryKeyConstraint) else "UNIQUE"
            told = found.told("value is in more than one row", "values are in more than one row each")
            deletes = str(key.kwargs.get("sqlite_on_conflict")).upper() in ("REPLACE", "IGNORE")
            consequence = _DELETES if deletes and self.draft.kind == "sqlite" else _FAILS
            self._say(rows, f"{kind} ({listed}){f' WHERE {predicate}' if predicate else ''}", told, consequence)

    def _part(self, expression: Any, options: dict[str, Any]) -> str:
        """Return a column or an expression of an index in SQL, without its order; of a prefix, that."""
        while isinstance(expression, UnaryExpression) and expression.modifier is not None:  # DESC, NULLS LAST
            expression = expression.element
        if not isinstance(expression, Column):
            return f"({_ORDER.sub('', sql_of(expression, self.draft.dialect))})"
        length = options.get("mysql_length")
        length = length.get(expression.name) if isinstance(length, dict) else length
        quoted = self.quote(expression.name)
        return f"LEFT({quoted}, {length})" if length and self.draft.kind == "mysql" else quoted

    def _unique_now(self, rows: ExpectedRows, are_nulls_equal: bool) -> Iterator[set[str]]:
        """Yield the columns by which no two rows are the same already, also where two NULL are."""
        table = self.reflected[full_name(rows.name, rows.schema)]
        yield {column.name for column in table.primary_key.columns} or {""}
        keys: list[Any] = [*table.constraints, *table.indexes]
        for each in keys:
            is_unique = isinstance(each, UniqueConstraint) or getattr(each, "unique", False)
            if is_unique and _is_plain(each) and (not are_nulls_equal or each.kwargs.get(_NULLS_EQUAL)):
                yield {column.name for column in each.columns}

    def _indexes(self, name: str) -> Iterator[Any]:
        """Yield the unique index of the models of a name, on SQLite."""
        indexes = (index for table in self.draft.tables.values() for index in table.indexes if index.unique)
        yield from (index for index in indexes if stored_name(index, self.draft.dialect) == name)

    def _foreign_key(self, rows: ExpectedRows | None, op: CreateForeignKeyOp) -> None:
        """Look for rows that refer to a row that does not exist."""
        columns = {*op.local_cols}
        if rows is None or self._refers_now(rows, op) or rows.inexact & columns:
            return
        names = [self.quote(column) for column in op.local_cols]
        if self.draft.kind == "postgresql" and str(op.kw.get("match")).upper() == "FULL":
            is_empty = rows.nulls >= columns
            conditions = [f"NOT ({' AND '.join(f'{name} IS NULL' for name in names)})"]  # none is to be NULL alone
        else:
            is_empty = bool(rows.nulls & columns)
            conditions = [f"{name} IS NOT NULL" for name in names]
        referred = full_name(op.referent_table, op.kw.get("referent_schema"))
        is_new = referred in self.tables.created
        missing = "" if is_new else self._without_referred(op)
        if is_empty or missing is None:
            return
        conditions += [missing] if missing else []
        if found := rows.find(columns, ", ".join(names), conditions):
            told = found.told("row refers to one that does not exist", "rows refer to ones that do not exist")
            what = f"FOREIGN KEY ({', '.join(op.local_cols)}) REFERENCES {referred} ({', '.join(op.remote_cols)})"
            create = f"insert them after op.create_table({op.referent_table!r}, ...) and before the key, or set NULL"
            connection: Any = self.draft.context.connection
            is_unseen = self.draft.kind == "sqlite" and VERSION_TABLE not in connection.info
            self._say(rows, what, told, _UNSEEN if is_unseen else _FAILS, create if is_new else "change them")

    def _without_referred(self, op: CreateForeignKeyOp) -> str | None:
        """Return the condition that no row exists to which a row refers; None if those are unknown."""
        schema, own = op.kw.get("referent_schema"), op.source_table
        alias = "referred_rows" if own.lower() == "referred" else "referred"
        rows = self.tables.rows(op.referent_table, schema)
        if rows is None:  # of a table that is not the project's
            preparer: Any = self.draft.dialect.identifier_preparer
            stored = f"{preparer.quote_schema(schema)}." if schema else ""
            source: str | None = f"{stored}{self.quote(op.referent_table)} AS {alias}"
        else:
            source = None if rows.inexact & {*op.remote_cols} else rows.source(op.remote_cols, alias=alias)
        # On the left, a column of SQLite gives its collation to the comparison.
        pairs = [(self.quote(pair[0]), self.quote(pair[1])) for pair in zip(op.remote_cols, op.local_cols, strict=True)]
        equal = " AND ".join(f"{alias}.{remote} = {self.quote(own)}.{local}" for remote, local in pairs)
        return source and f"NOT EXISTS (SELECT 1 FROM {source} WHERE {equal})"

    def _refers_now(self, rows: ExpectedRows, op: CreateForeignKeyOp) -> bool:
        """Tell whether the table has a foreign key from and to the same columns."""
        prefix = f"{self.draft.dialect.default_schema_name}."
        referred = full_name(op.referent_table, op.kw.get("referent_schema")).removeprefix(prefix)
        wanted = {(local, f"{referred}.{remote}") for local, remote in zip(op.local_cols, op.remote_cols, strict=True)}
        for key in self.reflected[full_name(rows.name, rows.schema)].foreign_key_constraints:
            if {(each.parent.name, each.target_fullname.removeprefix(prefix)) for each in key.elements} == wanted:
                return True
        return False

    def _check(self, rows: ExpectedRows | None, sql: str) -> None:
        """Look for rows of which a CHECK is false."""
        if rows is None:
            return
        columns = rows.read_by(sql)
        if columns & rows.inexact or self._is_checked_now(rows, sql, columns) or self._is_of_enum(rows, sql, columns):
            return
        if found := rows.find(columns, ", ".join(map(self.quote, sorted(columns))) or "*", [f"NOT ({sql})"]):
            self._say(rows, f"CHECK ({sql})", found.told("row does not satisfy it", "rows do not satisfy it"))

    def _is_checked_now(self, rows: ExpectedRows, sql: str, columns: set[str]) -> bool:
        """Tell whether the table has a CHECK that says the same."""
        constraints = self.reflected[full_name(rows.name, rows.schema)].constraints
        checks = [sql_of(each.sqltext, self.draft.dialect) for each in constraints if isinstance(each, CheckConstraint)]
        same = any(same_sql(sql, each, self.draft.dialect.name, casts=False) for each in checks)
        return same and not rows.is_changed(columns)

    def _is_of_enum(self, rows: ExpectedRows, sql: str, columns: set[str]) -> bool:
        """Tell whether a CHECK is that of an enum: about other texts somebody has been asked (labels_in_texts.py)."""
        model, dialect = self.draft.tables[full_name(rows.name, rows.schema)], self.draft.dialect
        types = {column.name: database_type(column.type, dialect) for column in model.columns}
        enums = [name for name in columns if isinstance(types.get(name), Enum)]
        return any(labels_in(sql, name, dialect) for name in enums)

    def _say(
        self, rows: ExpectedRows, what: str, told: str, consequence: str = _FAILS, change: str = "change them"
    ) -> None:
        """Say that rows violate a constraint."""
        gets = f"{full_name(rows.name, rows.schema)} gets {what}, which its rows violate."
        say(self.draft.context, f"{gets} {told}. {consequence}: {change} {_AT_THE_TOP}")


def _is_plain(key: Any) -> bool:
    """Tell whether a key is one of whole columns, and of all rows."""
    if not hasattr(key, "expressions"):
        return True
    options = (value for name, value in key.kwargs.items() if name.endswith(("_where", "_length")))
    return not has_expression(key) and not any(value is not None for value in options)
