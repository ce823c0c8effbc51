"""What the rows get that are there when a column becomes NOT NULL, as code for the revision."""

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

from .draft import Draft, each, full_name, impl_of, model_tables, single_percents, sql_of


def new_value(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what the rows get, as code, if the operation makes a column NOT NULL without telling that itself."""
    if isinstance(op, AddColumnOp) and not (op.column.nullable or _is_generated(op.column)):
        column = op.column
    elif isinstance(op, AlterColumnOp) and op.modify_nullable is False:
        column = model_tables(draft.context)[full_name(op.table_name, op.schema)].columns[op.column_name]
    else:
        return None
    name = f"{full_name(op.table_name, op.schema)}.{column.name}"
    dialect = draft.context.dialect
    given = draft.answers.fill(name)
    value = getattr(column.default, "arg", None)
    if given is None and isinstance(column.server_default, sqlalchemy.DefaultClause):
        return _default_code(column.server_default.arg, dialect)
    if given is None and isinstance(value, _PLAIN):
        return _code(value, column.type, dialect)
    if given is None and isinstance(value, ClauseElement):
        return _default_code(value, dialect)
    if given is None and draft.answers.can_ask:
        given = draft.answers.text(f"{name} becomes NOT NULL. What do the rows get that are there?")
    if given is not None:
        type_ = _typeable(column.type, dialect)
        return _code(_read(given, name, type_), type_, dialect)
    why = "its default= is a function, for new rows" if column.default else "the model has no default="
    raise CommandError(
        f"{name} becomes NOT NULL, and nothing says what the rows get that are there: {why}. Say -x fill={name}=VALUE "
        "(alembic -x ... revision ...). Nothing was written."
    )


def stand_in(draft: Draft, op: MigrateOperation) -> str | None:
    """Return what rows get, as code, where NOT NULL comes back: nothing if the column is in a key or a CHECK."""
    dialect = draft.context.dialect
    if isinstance(op, AddColumnOp) and not (op.column.nullable or _is_generated(op.column)):
        name, type_ = op.column.name, _typeable(op.column.type, dialect)
    elif isinstance(op, AlterColumnOp) and op.modify_nullable is False:
        name, type_ = op.column_name, _typeable(op.modify_type or op.existing_type, dialect)
        if isinstance(op.existing_server_default, sqlalchemy.DefaultClause):
            return _default_code(op.existing_server_default.arg, dialect)
    else:
        return None
    if any(name in columns for columns in _bound(draft, op)):
        return ""
    if isinstance(type_, sqlalchemy.JSON):
        value: Any = {}
    else:
        value = type_.enums[0] if isinstance(type_, sqlalchemy.Enum) else _STAND_INS.get(type_.python_type)
    return "" if value is None else _code(value, type_, dialect)


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
}


_PLAIN = (bool, int, float, Decimal, str, date, time, timedelta, Enum, UUID)


def _is_generated(column: Column[Any]) -> bool:
    return column.server_default is not None or column.computed is not None or column.identity is not None


def _bound(draft: Draft, op: AddColumnOp | AlterColumnOp) -> Iterator[set[str]]:
    """Yield the columns of the constraints and unique indexes that a table has, or gets in the downgrade."""
    table = model_tables(draft.context)[full_name(op.table_name, op.schema)]
    come = [inner for inner in each(draft.downgrade) if getattr(inner, "table_name", None) == op.table_name]
    constraints = [*table.constraints, *(inner.to_constraint() for inner in come if isinstance(inner, AddConstraintOp))]
    indexes = [*table.indexes, *(inner.to_index() for inner in come if isinstance(inner, CreateIndexOp))]
    for constraint in constraints:
        text = str(getattr(constraint, "sqltext", ""))
        yield {*getattr(constraint, "column_keys", ()), *re.findall(r"\w+", text)}
    yield from ({column.name for column in index.columns} for index in indexes if index.unique)


def _typeable(type_: Any, dialect: Dialect) -> Any:
    """Return a type, or the one that lies under a TypeDecorator of the team's own: nobody can type what that takes."""
    hidden = isinstance(type_, sqlalchemy.TypeDecorator) and type_.python_type is object
    return impl_of(type_, dialect) if hidden else type_


def _read(text: str, name: str, type_: Any) -> Any:
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
        return f"sa.literal_column({_quoted(impl.bind_processor(dialect)(value))!r})"
    as_literal = impl.literal_processor(dialect)
    literal = single_percents(as_literal(value), dialect) if as_literal else _quoted(value)
    return f"sa.literal_column({literal!r})"


def _default_code(default: Any, dialect: Dialect) -> str:
    """Return an expression for a server default."""
    if isinstance(default, str):
        return f"sa.literal_column({_quoted(default)!r})"
    return f"sa.literal_column({sql_of(default, dialect)!r})"


def _quoted(value: Any) -> str:
    return "'{}'".format(str(value).replace("'", "''"))
