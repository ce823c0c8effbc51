"""Values for the rows of a column, as code for a revision: read from what somebody typed, and checked by its type."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy
from alembic.util import CommandError
from sqlalchemy import Dialect

from ...ddl.types import NUMBERS, database_type, integer_range, kind_of, python_type
from ...sqltext import escape_colons, quote_literal, single_percents

# What a fill begins with that is an expression of SQL, and no value.
SQL = "sql:"
# Elements of an array whose literals PostgreSQL takes for their type.
_OF_LITERALS = ("text", "boolean", *NUMBERS)


@dataclass(frozen=True)
class Fill:
    """What rows get: the code of an SQL expression, and the same as a server default if it is one value for all rows.

    Code without characters means that no value is right, and the revision says so. ``sql`` is an expression that may
    read columns.
    """

    code: str
    default: Any = None
    sql: str = field(default="", compare=False)

    @property
    def is_constant(self) -> bool:
        """Tell whether it is one value for all rows."""
        return self.default is not None


NO_VALUE = Fill("")


def expression(sql: str) -> Fill:
    """Return what rows get from an SQL expression."""
    return Fill(f"sa.literal_column({sql!r})", sql=sql)


def literal(sql: str) -> Fill:
    """Return what rows get from a literal of SQL."""
    return Fill(f"sa.literal_column({sql!r})", sqlalchemy.text(escape_colons(sql)))


def parsed(text: str, name: str, type_: Any, dialect: Dialect) -> Any:
    """Return the value that somebody wrote, of the type's own Python type. Raises CommandError if it is none."""
    type_ = writable_type(type_, dialect)
    kind = python_type(type_)
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


def fill_of(value: Any, name: str, type_: Any, dialect: Dialect) -> Fill:
    """Return what rows get from a value, in SQL that the database takes, whatever the type is called there.

    Raises CommandError if the column cannot hold it.
    """
    try:
        bound, bound_type = _bound(value, type_, dialect)
        misfit = _misfit(bound, database_type(bound_type, dialect), dialect)
        if not misfit:
            return _code(bound, bound_type, dialect)
    except (LookupError, ValueError, TypeError, AttributeError, sqlalchemy.exc.StatementError) as error:
        misfit = str(error) or type(error).__name__  # of a TypeDecorator, which may raise anything
    raise CommandError(f"{value!r} is no value for {name}, a column of {type_!r}: {misfit}. Nothing was written.")


def writable_type(type_: Any, dialect: Dialect) -> Any:
    """Return a type, or what it is on the database if it is a TypeDecorator whose values nobody can type."""
    is_opaque = isinstance(type_, sqlalchemy.TypeDecorator) and python_type(type_) is object
    return database_type(type_, dialect) if is_opaque else type_


def _bound(value: Any, type_: Any, dialect: Dialect) -> tuple[Any, Any]:
    """Return a value as a TypeDecorator hands it to the database, and the type of that."""
    while isinstance(type_, sqlalchemy.TypeDecorator) and not isinstance(type_, sqlalchemy.Interval):
        here = type_.dialect_impl(dialect)
        if not isinstance(here, sqlalchemy.TypeDecorator):
            return value, here
        if type(here).process_bind_param is not sqlalchemy.TypeDecorator.process_bind_param:
            value = here.process_bind_param(value, dialect)
        type_ = here.impl_instance
    return value, type_


def _misfit(value: Any, type_: Any, dialect: Dialect) -> str:
    """Return why a column of the database's own type cannot hold a value, or nothing if it can."""
    kind, length = kind_of(type_), getattr(type_, "length", None)
    if kind in ("text", "binary") and isinstance(value, (str, bytes)) and length and len(value) > length:
        return f"it is {len(value)} long"
    if kind == "enum" and type(value) is str and value not in type_.enums:
        return "it is none of its labels"
    if kind == "integer" and isinstance(value, int):
        least, greatest = integer_range(type_, dialect)
        return "" if least <= value <= greatest else f"it is not from {least} to {greatest}"
    if kind in ("float", "numeric") and isinstance(value, (int, float, Decimal)):
        number = Decimal(str(value))
        if not number.is_finite():
            return "it is no number"
        scale, precision = type_.scale if kind == "numeric" else None, type_.precision
        if kind == "numeric" and precision is not None:
            scale = scale or 0
            if number != round(number, scale):
                return f"it has more than {scale} decimal places"
            if abs(number) >= 10 ** (precision - scale):
                return f"it has more than {precision - scale} digits before the point"
    return ""


def _code(value: Any, type_: Any, dialect: Dialect) -> Fill:
    kind = kind_of(database_type(type_, dialect))
    if isinstance(value, Enum) and kind != "enum":
        value = value.value
    if kind == "json":
        text = json.dumps(value)
        return Fill(f"sa.literal_column({quote_literal(text)!r})", text)
    if isinstance(value, bool):
        return Fill("sa.true()", sqlalchemy.true()) if value else Fill("sa.false()", sqlalchemy.false())
    if isinstance(value, (int, float, Decimal)):
        return literal(f"{value:f}" if isinstance(value, Decimal) else str(value))
    if isinstance(value, str) and kind == "text":
        return Fill(f"sa.literal({value!r})", value)
    if isinstance(value, bytes):
        digits = r"'\x{}'" if dialect.name == "postgresql" else "X'{}'"
        return literal(digits.format(value.hex()))
    if isinstance(value, datetime) and value.tzinfo and dialect.name != "postgresql":
        raise ValueError(f"it has an offset, which {dialect.name} does not keep")
    impl = type_.dialect_impl(dialect)
    if isinstance(impl, sqlalchemy.Interval):  # a date after the epoch, on a database that has no intervals
        return literal(quote_literal(_processor(impl.bind_processor(dialect))(value)))
    if value == []:
        return literal("'{}'")  # ARRAY[] has no type
    sql = _processor(impl.literal_processor(dialect), quote_literal)(value)
    if kind == "array" and kind_of(database_type(type_, dialect).item_type) not in _OF_LITERALS:
        sql += f"::{dialect.type_compiler_instance.process(database_type(type_, dialect))}"  # else it is text[]
    return literal(single_percents(sql, dialect))


def _processor(processor: Callable[[Any], Any] | None, otherwise: Callable[[Any], Any] = str) -> Callable[[Any], Any]:
    return otherwise if processor is None else processor
