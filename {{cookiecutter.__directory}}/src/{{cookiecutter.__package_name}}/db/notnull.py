"""How a column becomes NOT NULL where the table has rows: added as nullable, filled, and then set NOT NULL."""

import ast
import sys
from copy import copy
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
from alembic.operations.ops import AddColumnOp, AlterColumnOp, MigrateOperation, ModifyTableOps, OpContainer
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError


class FillOp(MigrateOperation):
    """Gives the rows that have no value in a column one: an expression, as code."""

    def __init__(self, table: str, schema: str | None, column: str, value: str) -> None:
        self.table, self.schema, self.column, self.value = table, schema, column, value

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return how alembic check calls it."""
        return ("fill", self.schema, self.table, self.column, self.value)


@renderers.dispatch_for(FillOp)
def render_fill(autogen_context: AutogenContext, op: FillOp) -> str:
    """Return the UPDATE as code that runs on every database."""
    schema = f", schema={op.schema!r}" if op.schema else ""
    values = f"{op.column!r}: {op.value}"
    return (
        "op.execute(\n"
        f"    sa.update(sa.table({op.table!r}, sa.column({op.column!r}){schema}))\n"
        f"    .where(sa.column({op.column!r}).is_(None))\n"
        "    .values({" + values + "})\n"
        ")"
    )


def in_steps(context: MigrationContext, operations: OpContainer, written: bool) -> None:
    """Put, for every column that becomes NOT NULL without a server default, the steps in which rows survive it.

    The rows get the model's default; where that is no plain value, what ``-x fill=table.column=value`` says, or the
    answer to a question. Where there is none of them and nobody to ask: raises CommandError if the revision is to be
    written, else leaves the operation as it is.
    """
    steps: list[MigrateOperation] = []
    for op in operations.ops:
        steps.extend(_split(context, op, written) if isinstance(op, ModifyTableOps) else [op])
    operations.ops = steps


def tables(context: MigrationContext) -> dict[str, sqlalchemy.Table]:
    """Return the tables of the models, by their full names."""
    metadata = context.opts["target_metadata"]
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    return {name: table for one in several for name, table in one.tables.items()}


def _split(context: MigrationContext, table: ModifyTableOps, written: bool) -> list[MigrateOperation]:
    """Return what is done to a table, cut where rows must be filled: an UPDATE cannot stand in a batch."""
    before: list[MigrateOperation] = []
    fills: list[MigrateOperation] = []
    after: list[MigrateOperation] = []
    for op in table.ops:
        column = _column(context, op)
        if column is None or (value := _value(context, table.table_name, column, written)) is _UNKNOWN:
            before.append(op)
            continue
        fills.append(FillOp(table.table_name, table.schema, column.name, _code(value, column.type)))
        if isinstance(op, AddColumnOp):
            nullable = copy(column)  # the column itself is the model's
            nullable.nullable = True
            before.append(AddColumnOp(op.table_name, nullable, schema=op.schema))
            where = {"schema": op.schema, "existing_type": column.type}
            op = AlterColumnOp(op.table_name, column.name, modify_nullable=False, **where)
        after.append(op)
    parts = [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (before, after) if ops]
    return [*parts[:1], *fills, *parts[1:]] if before else [*fills, *parts]


def _column(context: MigrationContext, op: MigrateOperation) -> Any:
    """Return the model's column that an operation makes NOT NULL without telling what old rows get, or None."""
    if isinstance(op, AddColumnOp):
        column = op.column
        generated = column.server_default is not None or column.computed is not None or column.identity is not None
        return None if column.nullable or generated else column
    if isinstance(op, AlterColumnOp) and op.modify_nullable is False and op.modify_type is None:
        table = tables(context).get(f"{op.schema}.{op.table_name}" if op.schema else op.table_name)
        return None if table is None else table.columns.get(op.column_name)
    return None


_UNKNOWN = object()


def _value(context: MigrationContext, table: str, column: Any, written: bool) -> Any:
    """Return what old rows get in a column, or _UNKNOWN where nothing is to be written."""
    given = dict(_given(context))
    name = f"{table}.{column.name}"
    if name in given:
        return _read(given[name], column)
    if column.default is not None and column.default.is_scalar and _is_plain(column.default.arg):
        return column.default.arg
    if not written:
        return _UNKNOWN
    if context.config and context.config.cmd_opts and sys.stdin is not None and sys.stdin.isatty():
        return _read(input(f"{name} becomes NOT NULL. What do the rows get that are there? "), column)
    raise CommandError(
        f"{name} becomes NOT NULL, and nothing says what the rows get that are there: give the model a default=, or "
        f"run the command again with -x fill={name}=VALUE (alembic -x ... revision ...). Nothing was written."
    )


def _given(context: MigrationContext) -> list[tuple[str, str]]:
    """Return the answers on the command line: columns and values."""
    environment = context.environment_context
    arguments = environment.get_x_argument() if environment else []
    fills = [argument.partition("=")[2] for argument in arguments if argument.startswith("fill=")]
    return [(name, value) for name, _, value in (fill.partition("=") for fill in fills)]


def _read(text: str, column: Any) -> Any:
    """Return the value that somebody wrote, of the column's own Python type."""
    kind = getattr(column.type, "python_type", str)
    if isinstance(column.type, sqlalchemy.Enum) and text in column.type.enums:
        return text
    try:
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if kind in (date, datetime, time):
            return kind.fromisoformat(text)
        return kind(text) if kind in (int, float, Decimal, str) else ast.literal_eval(text)
    except (KeyError, ValueError, SyntaxError, ArithmeticError):
        raise CommandError(f"{text!r} is no value for {column.name}, a column of {column.type!r}.") from None


def _is_plain(value: Any) -> bool:
    return isinstance(value, (bool, int, float, Decimal, str, date, time, Enum))


def _code(value: Any, type_: Any) -> str:
    """Return an expression for a value that every database takes, whatever the column's type is called there."""
    if isinstance(value, bool):
        return "sa.true()" if value else "sa.false()"
    if isinstance(value, (int, float, Decimal)):
        return f"sa.literal_column({str(value)!r})"
    if isinstance(value, str) and isinstance(type_, sqlalchemy.String) and not isinstance(type_, sqlalchemy.Enum):
        return f"sa.literal({value!r})"
    text = value.name if isinstance(value, Enum) else str(value)
    return "sa.literal_column({!r})".format("'{}'".format(text.replace("'", "''")))
