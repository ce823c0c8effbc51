"""Rule: a column becomes NOT NULL in steps that the rows of its table survive."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from itertools import chain
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    DropColumnOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from alembic.util import CommandError
from sqlalchemy import DefaultClause, Text, text

from ...ddl.types import database_type, kind_of
from ...sqltext import all_tokens, escape_colons, full_name, quote_literal
from ..draft import Draft
from ..operations import AddSerialColumnOp, ChangePrimaryKeyOp, FillRowsOp, NumberingOp, altered
from .fills import counting_column, downgrade_value, upgrade_value
from .stored_rows import default_sql
from .values import Fill

# These may depend on the values with which a column is filled; PostgreSQL lets no column count that may be NULL.
_AFTER_FILLING = (AddConstraintOp, CreateIndexOp, ChangePrimaryKeyOp, DropColumnOp, NumberingOp)

# A new column with a default is added to the table's definition only: neither rewritten nor read. SQLite has no ALTER
# TABLE that drops the default again; there, NOT NULL is a rebuild in any case, after the rows were filled.
_ADDS_WITH_DEFAULT = ("postgresql", "mysql")

_ON_ROWS = (ModifyTableOps, FillRowsOp)

FillFor = Callable[[MigrateOperation], "Fill | None"]


def not_null(draft: Draft) -> None:
    """Write, for every column that becomes NOT NULL without a server default, the steps in which rows survive it.

    Existing rows get the model's default; where that is no plain value, what ``-x fill=table.column=value`` says, or
    the answer to a question. In the downgrade, where the former values are lost or never existed, rows get a 0, an
    empty string, or the like.

    A new column that has one value in all rows is added with that as its default, which is dropped then. Otherwise it
    is added as nullable, filled, and becomes NOT NULL, which reads every row.
    """
    _split_all(draft, draft.upgrade, lambda op: upgrade_value(draft, op))
    _split_all(draft, draft.downgrade, lambda op: downgrade_value(draft, op))


def _split_all(draft: Draft, operations: OpContainer, fill_for: FillFor) -> None:
    groups = [_split(draft, op, fill_for) if isinstance(op, ModifyTableOps) else [op] for op in operations.ops]
    operations.ops = [*chain.from_iterable(_reading_first(draft, groups))]


def _reading_first(draft: Draft, groups: list[list[MigrateOperation]]) -> list[list[MigrateOperation]]:
    """Return groups of operations; what fills rows from a column that another table loses comes before that table."""
    ordered: list[list[MigrateOperation]] = []
    for group in groups:
        fills = [sql for op in group if isinstance(op, FillRowsOp) for sql in op.sql.values()]
        read = {token.lower() for sql in fills for token in all_tokens(sql, draft.dialect.name)}
        at = next((place for place, other in enumerate(ordered) if read and _loses(other, read)), len(ordered))
        is_movable = all(isinstance(op, _ON_ROWS) for other in ordered[at:] for op in other)
        ordered.insert(at if is_movable else len(ordered), group)
    return ordered


def _loses(group: list[MigrateOperation], names: set[str]) -> bool:
    """Tell whether operations drop a column of a table, both of which are among names."""
    tables = [op for op in group if isinstance(op, ModifyTableOps) and op.table_name.lower() in names]
    dropped = (op for table in tables for op in table.ops if isinstance(op, DropColumnOp))
    return any(op.column_name.lower() in names for op in dropped)


def _split(draft: Draft, table: ModifyTableOps, fill_for: FillFor) -> list[MigrateOperation]:
    """Return the operations on a table, split where rows must be filled: an UPDATE cannot be in a batch."""
    before: list[MigrateOperation] = []
    filled: dict[str, tuple[Fill, bool]] = {}  # by the column: what it gets, and whether it is new
    after: list[MigrateOperation] = []
    numbered: list[MigrateOperation] = []
    for op in table.ops:
        fill = fill_for(op)
        counting = counting_column(draft, op)
        if draft.kind == "postgresql" and fill is None and counting is not None:
            op = AddSerialColumnOp(table.table_name, counting, schema=table.schema)
        if isinstance(op, AddColumnOp) and fill and fill.is_constant and draft.kind in _ADDS_WITH_DEFAULT:
            before += _with_default(draft, op, fill)
        elif isinstance(op, AddColumnOp) and op.column.nullable and fill is not None:
            before.append(op)
            filled[op.column.name] = fill, bool(fill.code)
        elif isinstance(op, (AddColumnOp, AlterColumnOp)) and fill is not None:
            nullable, set_not_null = in_two_steps(op)
            before += [nullable] if nullable else []
            filled[set_not_null.column_name] = fill, isinstance(op, AddColumnOp) and bool(fill.code)
            after.append(set_not_null)
        elif filled and (isinstance(op, _AFTER_FILLING) or _follows(op, after)):
            after.append(op)
        else:
            before.append(op)
        if draft.kind == "sqlite" and fill is None and counting is not None:
            numbered.append(op)
    if filled and numbered:  # SQLite gives numbers to the rows when it rebuilds the table with its new key
        before, after = [op for op in before if op not in numbered], [*numbered, *after]
    fills = _ordered(draft, table, filled)
    parts = [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (before, after) if ops]
    return [*parts[:1], *fills, *parts[1:]] if before else [*fills, *parts]


def _follows(op: MigrateOperation, after: list[MigrateOperation]) -> bool:
    """Tell whether an operation comes after what comes later: on a primary key, or on a column of the same name.

    What is altered after the key allows NULL, which a key does not, or leaves it.
    """
    if isinstance(op, AlterColumnOp):
        return any(isinstance(each, ChangePrimaryKeyOp) for each in after)
    names = [each.column_name for each in after if isinstance(each, DropColumnOp)]
    return isinstance(op, AddColumnOp) and op.column.name in names


def _ordered(draft: Draft, table: ModifyTableOps, filled: dict[str, tuple[Fill, bool]]) -> list[MigrateOperation]:
    """Return what fills the columns, each after those that its expression reads; several new columns at once.

    Of an existing column, only the rows without a value are written. Raises CommandError for expressions that read
    each other.
    """
    reads = {
        name: {token.lower() for token in all_tokens(fill.sql, draft.dialect.name)}
        for name, (fill, _) in filled.items()
    }
    left, steps = dict(filled), list[MigrateOperation]()
    while left:
        ready = [name for name in left if not any(other.lower() in reads[name] for other in left if other != name)]
        if not ready:
            raise CommandError(
                f"In {full_name(table.table_name, table.schema)} the fills of {', '.join(left)} read each other: give "
                "one of them an expression that does not. Nothing was written."
            )
        new = {name: left[name][0] for name in ready if left[name][1]}
        steps += [_filling(draft, table, new)] if new else []
        for name in ready:
            fill, is_new = left.pop(name)
            if not is_new:
                steps.append(_filling(draft, table, {name: fill}))
    return steps


def _filling(draft: Draft, table: ModifyTableOps, fills: dict[str, Fill]) -> FillRowsOp:
    sql = {name: default_sql(draft, fill.default) if fill.is_constant else fill.sql for name, fill in fills.items()}
    return FillRowsOp(table.table_name, table.schema, {name: fill.code for name, fill in fills.items()}, sql)


def _with_default(draft: Draft, op: AddColumnOp, fill: Fill) -> list[MigrateOperation]:
    """Return the steps in which a new column gets one value in all rows, and nothing is read or written but that."""
    default = fill.default
    kind = kind_of(database_type(op.column.type, draft.dialect))
    if draft.kind == "mysql" and (kind in ("json", "binary") or isinstance(op.column.type, Text)):
        default = text(escape_colons(f"({_sql(default)})"))  # of these types, MySQL takes expressions only
    column = copy(op.column)  # the column itself is the model's
    column.server_default = DefaultClause(default)
    kept: dict[str, Any] = {"existing_type": column.type, "existing_nullable": column.nullable, "schema": op.schema}
    drop = AlterColumnOp(
        op.table_name,
        column.name,
        existing_comment=column.comment,
        existing_server_default=column.server_default,
        modify_server_default=None,
        **kept,
    )
    return [AddColumnOp(op.table_name, column, schema=op.schema), drop]


def _sql(default: Any) -> str:
    return quote_literal(default.replace("\\", "\\\\")) if isinstance(default, str) else str(default.text)


def in_two_steps(op: AddColumnOp | AlterColumnOp) -> tuple[MigrateOperation | None, AlterColumnOp]:
    """Return what an operation does without NOT NULL, if that is anything, and NOT NULL by itself."""
    kept: dict[str, Any] = {"schema": op.schema, "modify_nullable": False}
    if isinstance(op, AddColumnOp):
        column = copy(op.column)  # the column itself is the model's
        column.nullable = True
        nullable = AddColumnOp(op.table_name, column, schema=op.schema)
        kept |= {"existing_type": column.type, "existing_comment": column.comment}
        return nullable, AlterColumnOp(op.table_name, column.name, **kept)
    rest = altered(op, type(op), modify_nullable=None, existing_nullable=True)
    kept |= {
        "existing_type": op.existing_type if op.modify_type is None else op.modify_type,
        "existing_comment": op.existing_comment if op.modify_comment is False else op.modify_comment,
        "existing_server_default": (
            op.existing_server_default if op.modify_server_default is False else op.modify_server_default
        ),
    }
    return rest if rest.has_changes() else None, AlterColumnOp(op.table_name, op.column_name, **kept)
