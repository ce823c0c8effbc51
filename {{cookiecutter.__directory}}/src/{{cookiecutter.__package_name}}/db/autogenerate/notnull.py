"""How a column becomes NOT NULL where the table has rows: added as nullable, filled, and then set NOT NULL."""

import ast
import json
import re
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
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
from sqlalchemy import Column, Dialect

from .draft import Draft, each, full_name, model_tables
from .keys import ChangePrimaryKeyOp


class FillOp(MigrateOperation):
    """Gives the rows that have no value in a column one: an expression, as code; or nothing, where none would do."""

    def __init__(self, table: str, schema: str | None, column: str, value: str) -> None:
        self.table, self.schema, self.column, self.value = table, schema, column, value


@renderers.dispatch_for(FillOp)
def render_fill(autogen_context: AutogenContext, op: FillOp) -> str:
    """Return the UPDATE as code that runs on every database, or why there is none."""
    if not op.value:
        return f"# This fails where {op.table} has rows: what they had in {op.column} is gone."
    schema = f", schema={op.schema!r}" if op.schema else ""
    values = f"{op.column!r}: {op.value}"
    return (
        "op.execute(\n"
        f"    sa.update(sa.table({op.table!r}, sa.column({op.column!r}){schema}))\n"
        f"    .where(sa.column({op.column!r}).is_(None))\n"
        "    .values({" + values + "})\n"
        ")"
    )


def in_steps(draft: Draft) -> None:
    """Put, for every column that becomes NOT NULL without a server default, the steps in which rows survive it.

    The rows get the model's default; where that is no plain value, what ``-x fill=table.column=value`` says, or the
    answer to a question. Raises CommandError where there is none of them and nobody to ask. When a dropped column
    comes back, in the downgrade, what the rows had is gone: they get a 0, an empty string, or the like.
    """
    _split_all(draft.upgrade, lambda op: _new_value(draft, op))
    _split_all(draft.downgrade, lambda op: _stand_in(draft, op))


def _split_all(operations: OpContainer, value: Callable[[MigrateOperation], str | None]) -> None:
    steps: list[MigrateOperation] = []
    for op in operations.ops:
        steps.extend(_split(op, value) if isinstance(op, ModifyTableOps) else [op])
    operations.ops = steps


def _split(table: ModifyTableOps, value: Callable[[MigrateOperation], str | None]) -> list[MigrateOperation]:
    """Return what is done to a table, cut where rows must be filled: an UPDATE cannot stand in a batch."""
    before: list[MigrateOperation] = []
    fills: list[MigrateOperation] = []
    after: list[MigrateOperation] = []
    for op in table.ops:
        code = value(op)
        if isinstance(op, (AddColumnOp, AlterColumnOp)) and code is not None:
            nullable, not_null = _two_steps(op)
            before += [nullable] if nullable else []
            fills.append(FillOp(table.table_name, table.schema, not_null.column_name, code))
            after.append(not_null)
        else:  # a constraint may be about what is filled
            (after if fills and isinstance(op, _LATE) else before).append(op)
    parts = [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (before, after) if ops]
    return [*parts[:1], *fills, *parts[1:]] if before else [*fills, *parts]


_LATE = (AddConstraintOp, CreateIndexOp, ChangePrimaryKeyOp, DropColumnOp)


def _two_steps(op: AddColumnOp | AlterColumnOp) -> tuple[MigrateOperation | None, AlterColumnOp]:
    """Return what an operation does without NOT NULL, if it is anything, and NOT NULL by itself."""
    kept: dict[str, Any] = {"schema": op.schema, "modify_nullable": False}
    if isinstance(op, AddColumnOp):
        column = copy(op.column)  # the column itself is the model's
        column.nullable = True
        nullable = AddColumnOp(op.table_name, column, schema=op.schema)
        kept |= {"existing_type": column.type, "existing_comment": column.comment}
        return nullable, AlterColumnOp(op.table_name, column.name, **kept)
    rest = copy(op)
    rest.modify_nullable, rest.existing_nullable = None, True
    kept |= {
        "existing_type": op.existing_type if op.modify_type is None else op.modify_type,
        "existing_comment": op.existing_comment if op.modify_comment is False else op.modify_comment,
        "existing_server_default": (
            op.existing_server_default if op.modify_server_default is False else op.modify_server_default
        ),
    }
    return rest if rest.has_changes() else None, AlterColumnOp(op.table_name, op.column_name, **kept)


def _new_value(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what the rows get, as code, if the operation makes a column NOT NULL without telling that itself."""
    if isinstance(op, AddColumnOp) and not (op.column.nullable or _is_generated(op.column)):
        column = op.column
    elif isinstance(op, AlterColumnOp) and op.modify_nullable is False:
        column = model_tables(draft.context)[full_name(op.table_name, op.schema)].columns[op.column_name]
    else:
        return None
    name = f"{full_name(op.table_name, op.schema)}.{column.name}"
    dialect = draft.context.dialect
    if (given := draft.answers.fill(name)) is not None:
        return _code(_read(given, column), column.type, dialect)
    if isinstance(column.server_default, sqlalchemy.DefaultClause):
        return _default_code(column.server_default.arg, dialect)
    value = getattr(column.default, "arg", None)
    if isinstance(value, _PLAIN):
        return _code(value, column.type, dialect)
    if draft.answers.can_ask:
        return _code(
            _read(input(f"{name} becomes NOT NULL. What do the rows get that are there? "), column),
            column.type,
            dialect,
        )
    raise CommandError(
        f"{name} becomes NOT NULL, and nothing says what the rows get that are there: give the model a default=, or "
        f"run the command again with -x fill={name}=VALUE (alembic -x ... revision ...). Nothing was written."
    )


def _stand_in(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what rows get, as code, in a NOT NULL column that comes back: nothing if it is in a key or a CHECK."""
    if not isinstance(op, AddColumnOp) or op.column.nullable or _is_generated(op.column):
        return None
    keys = [inner for inner in each(draft.downgrade) if getattr(inner, "table_name", None) == op.table_name]
    if any(op.column.name in _columns(key) for key in keys):
        return ""
    type_ = op.column.type
    with suppress(NotImplementedError, KeyError):
        value = type_.enums[0] if isinstance(type_, sqlalchemy.Enum) else _STAND_INS[type_.python_type]
        return _code(value, type_, draft.context.dialect)
    return ""


_STAND_INS: dict[type, Any] = {
    bool: False,
    int: 0,
    float: 0,
    Decimal: 0,
    str: "",
    date: date(1970, 1, 1),
    datetime: datetime(1970, 1, 1),
    time: time(),
    timedelta: timedelta(),
    bytes: b"",
    UUID: UUID(int=0),
    list: [],
    object: {},  # JSON
}


_PLAIN = (bool, int, float, Decimal, str, date, time, Enum, UUID)


def _is_generated(column: Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None or column.identity is not None


def _columns(op: MigrateOperation) -> set[str]:
    """Return the columns that a new constraint or unique index is about."""
    if isinstance(op, CreateIndexOp):
        return {str(column) for column in op.columns} if op.unique else set()
    if isinstance(op, AddConstraintOp):
        constraint = op.to_constraint()
        text = str(getattr(constraint, "sqltext", ""))
        return {*getattr(constraint, "column_keys", ()), *re.findall(r"\w+", text)}
    return set()


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
        if kind is timedelta:
            return timedelta(seconds=float(text))
        if kind in (list, object):
            return json.loads(text)
        return kind(text) if kind in (int, float, Decimal, str, UUID) else ast.literal_eval(text)
    except (KeyError, ValueError, SyntaxError, ArithmeticError):
        raise CommandError(f"{text!r} is no value for {column.name}, a column of {column.type!r}.") from None


def _code(value: Any, type_: Any, dialect: Dialect) -> str:
    """Return an expression for a value that the database takes, whatever the column's type is called there."""
    if isinstance(value, bool):
        return "sa.true()" if value else "sa.false()"
    if isinstance(value, (int, float, Decimal)):
        return f"sa.literal_column({str(value)!r})"
    if isinstance(value, str) and isinstance(type_, sqlalchemy.String) and not isinstance(type_, sqlalchemy.Enum):
        return f"sa.literal({value!r})"
    if isinstance(value, bytes):
        digits = r"'\x{}'" if dialect.name == "postgresql" else "X'{}'"
        return f"sa.literal_column({digits.format(value.hex())!r})"
    if isinstance(value, (dict, list)) and not isinstance(type_, sqlalchemy.ARRAY):
        value, type_ = json.dumps(value), sqlalchemy.String()
    as_literal = type_.dialect_impl(dialect).literal_processor(dialect)
    return f"sa.literal_column({as_literal(value) if as_literal else repr(str(value))!r})"


def _default_code(default: Any, dialect: Dialect) -> str:
    """Return an expression for a server default."""
    if isinstance(default, str):
        quoted = default.replace("'", "''")
        return "sa.literal_column({!r})".format(f"'{quoted}'")
    text = str(default.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    return f"sa.literal_column({text!r})"
