"""Which value existing rows get when a column becomes NOT NULL, as code for the revision."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy
from alembic.operations.ops import AddColumnOp, AddConstraintOp, AlterColumnOp, CreateIndexOp, MigrateOperation
from alembic.util import CommandError
from sqlalchemy import ClauseElement, Column, Dialect

from ...ddl.types import database_type
from ...prompts import Question
from ...sqltext import full_name, quote_literal, single_percents
from ..draft import Draft, each_operation, reflected_schema
from ..sql import sql_of

# A default= of one of these is a value for existing rows too; anything else, such as a function, is for new rows.
_PLAIN = (bool, int, float, Decimal, str, date, time, timedelta, Enum, UUID)

# What stands for the value in the command that a question proposes.
PLACEHOLDER = "VALUE"

# What rows get in a downgrade, by the Python type of the column.
_NEUTRAL: dict[type, Any] = {
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
}


def upgrade_value(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what existing rows get, as code, if an operation makes a column NOT NULL; None if it fills them itself.

    Where nothing says which value that is, and nobody can be asked, the question is left open.
    """
    if isinstance(op, AddColumnOp) and not (op.column.nullable or _is_generated(op.column)):
        column = op.column
    elif isinstance(op, AlterColumnOp) and op.modify_nullable is False:
        column = draft.column(op)
    else:
        return None
    name = f"{full_name(op.table_name, op.schema)}.{column.name}"
    given = draft.answers.fill(name)
    if given is None and (code := _default_of_model(column, draft.dialect)) is not None:
        return code
    why = "its default= is a function, for new rows" if column.default else "the model has no default="
    question = f"{name} becomes NOT NULL, and {why}. Which value should existing rows get?"
    if given is None and draft.answers.can_ask:
        given = draft.answers.text(question)
    if given is None:
        draft.answers.open.append(Question(question, (((f"fill={name}={PLACEHOLDER}",), ""),)))
        return ""
    if given == PLACEHOLDER:
        raise CommandError(
            f"{PLACEHOLDER} in -x fill={name}={PLACEHOLDER} stands for the value that existing rows get. "
            "Nothing was written."
        )
    type_ = _writable_type(column.type, draft.dialect)
    return _code(_parsed(given, name, type_), type_, draft.dialect)


def fill_arguments(draft: Draft, column: Column[Any]) -> tuple[str, ...]:
    """Return the ``-x`` arguments that a new column needs: its fill, if only a person knows it."""
    if column.nullable or _is_generated(column) or _default_of_model(column, draft.dialect) is not None:
        return ()
    table = column.table
    return (f"fill={full_name(table.name, reflected_schema(table, draft.dialect))}.{column.name}={PLACEHOLDER}",)


def downgrade_value(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what rows get, as code, where a downgrade makes a column NOT NULL; None if it does not.

    An empty string if no value would be right: the column is in a key or a CHECK, or is UNIQUE by itself.
    """
    if isinstance(op, AddColumnOp) and not (op.column.nullable or _is_generated(op.column)):
        name, type_ = op.column.name, _writable_type(op.column.type, draft.dialect)
    elif isinstance(op, AlterColumnOp) and op.modify_nullable is False:
        name, type_ = op.column_name, _writable_type(op.modify_type or op.existing_type, draft.dialect)
        if isinstance(op.existing_server_default, sqlalchemy.DefaultClause):
            return _default_code(op.existing_server_default.arg, draft.dialect)
    else:
        return None
    if any(name in columns for columns in _constrained_columns(draft, op)):
        return ""
    value: Any
    if isinstance(type_, sqlalchemy.JSON):
        value = {}
    elif isinstance(type_, sqlalchemy.Enum):
        value = type_.enums[0]
    else:
        value = _NEUTRAL.get(type_.python_type)
    return "" if value is None else _code(value, type_, draft.dialect)


def _default_of_model(column: Column[Any], dialect: Dialect) -> str | None:
    """Return the default of a column, as code, if existing rows can get it too."""
    if isinstance(column.server_default, sqlalchemy.DefaultClause):
        return _default_code(column.server_default.arg, dialect)
    value = getattr(column.default, "arg", None)
    if isinstance(value, _PLAIN):
        return _code(value, column.type, dialect)
    return _default_code(value, dialect) if isinstance(value, ClauseElement) else None


def _is_generated(column: Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None or column.identity is not None


def _constrained_columns(draft: Draft, op: AddColumnOp | AlterColumnOp) -> Iterator[set[str]]:
    """Yield the columns of each constraint and unique index, of a table or of the downgrade, that no value may fill."""
    table = draft.tables[full_name(op.table_name, op.schema)]
    added = [inner for inner in each_operation(draft.downgrade) if getattr(inner, "table_name", None) == op.table_name]
    constraints = [
        *table.constraints,
        *(inner.to_constraint() for inner in added if isinstance(inner, AddConstraintOp)),
    ]
    indexes = [*table.indexes, *(inner.to_index() for inner in added if isinstance(inner, CreateIndexOp))]
    unique = [each for each in constraints if isinstance(each, sqlalchemy.UniqueConstraint)]
    for constraint in constraints:
        if constraint not in unique:
            in_check = re.findall(r"\w+", str(getattr(constraint, "sqltext", "")))
            yield {*(column.name for column in getattr(constraint, "columns", ())), *in_check}
    for columns in (*(each.columns for each in unique), *(index.columns for index in indexes if index.unique)):
        if len(columns) == 1:  # one value for all rows; with several columns, the others may differ
            yield {column.name for column in columns}


def _writable_type(type_: Any, dialect: Dialect) -> Any:
    """Return a type, or what it is on the database if it is a TypeDecorator whose values nobody can type."""
    is_opaque = isinstance(type_, sqlalchemy.TypeDecorator) and type_.python_type is object
    return database_type(type_, dialect) if is_opaque else type_


def _parsed(text: str, name: str, type_: Any) -> Any:
    """Return the value that somebody wrote, of the type's own Python type."""
    kind = getattr(type_, "python_type", str)
    try:
        if isinstance(type_, sqlalchemy.Enum):
            return type_.enums[type_.enums.index(text)]
        if kind is bool:
            return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
        if kind in (date, datetime, time):
            return kind.fromisoformat(text)
        if kind is timedelta:
            return timedelta(seconds=float(text))
        if isinstance(type_, (sqlalchemy.JSON, sqlalchemy.ARRAY)):
            return json.loads(text)
        if kind in (int, float, Decimal, str, UUID):
            return kind(text)
        return text if kind is object else ast.literal_eval(text)  # object: only the database knows the type
    except (KeyError, ValueError, SyntaxError, ArithmeticError):
        raise CommandError(f"{text!r} is no value for {name}, a column of {type_!r}. Nothing was written.") from None


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
    if value == []:
        return "sa.literal_column(\"'{}'\")"  # ARRAY[] has no type
    if isinstance(value, datetime) and value.tzinfo and dialect.name != "postgresql":
        raise CommandError(f"{value} has an offset, which {dialect.name} does not keep. Nothing was written.")
    impl = type_.dialect_impl(dialect)
    if isinstance(impl, sqlalchemy.Interval):  # a date after the epoch, on a database that has no intervals
        return f"sa.literal_column({quote_literal(impl.bind_processor(dialect)(value))!r})"
    as_literal = impl.literal_processor(dialect)
    literal = single_percents(as_literal(value), dialect) if as_literal else quote_literal(value)
    return f"sa.literal_column({literal!r})"


def _default_code(default: Any, dialect: Dialect) -> str:
    """Return an expression for a server default."""
    if isinstance(default, str):
        return f"sa.literal_column({quote_literal(default)!r})"
    return f"sa.literal_column({sql_of(default, dialect)!r})"
