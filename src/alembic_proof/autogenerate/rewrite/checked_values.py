"""Whether the CHECKs of a table take one value for all of its rows: the database is asked, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp
from alembic.util import CommandError
from sqlalchemy import CheckConstraint, Table, text
from sqlalchemy.exc import DBAPIError

from ... import upstream
from ...dialects.sqlite_tables import names_in, unquoted
from ...sqltext import escape_colons, full_name, single_percents
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..sql import quoted_name, sql_of
from .pure_sql import sql_tokens
from .stored_rows import cast_to, default_sql, new_columns, rows
from .values import Fill, fill_of, parsed

Filling = AddColumnOp | AlterColumnOp


def refusing_check(draft: Draft, op: Filling, fill: Fill) -> str | None:
    """Return the CHECK of the models that refuses a constant fill of a column; None if none is known to."""
    if draft.context.connection is None or not fill.is_constant:
        return None
    column, table = draft.column(op), draft.tables[full_name(op.table_name, op.schema)]
    added = {each.name.lower() for each in new_columns(draft, op)} - {column.name.lower()}
    value = _value(draft, fill, column.type)
    for check, names in _checks(draft, table, column.name):
        if len(names) == 1:
            source: str | None = _one_row(draft, column.name, value, op.table_name)
        else:
            source = None if names & added else rows(draft, op, {column.name: value})
        if source is not None and _is_refused(draft, check, source):
            return check
    return None


def accepted_value(draft: Draft, op: Filling, name: str, type_: Any, neutral: Any) -> Any:
    """Return a value of a column that the CHECKs of the table take as it was before; None if none is known.

    That is the neutral one, or one of those that a CHECK names, or next to it.
    """
    table = reflected_tables(draft.context).get(full_name(op.table_name, op.schema))
    if table is None:
        table = draft.tables[full_name(op.table_name, op.schema)]
    checks = list(_checks(draft, table, name))
    if not checks:
        return neutral
    if draft.context.connection is None or any(len(names) > 1 for _, names in checks):
        return None
    for value in (neutral, *_named_in(draft, [check for check, _ in checks], name, type_)):
        with suppress(CommandError):  # of another type
            sql = _value(draft, fill_of(value, name, type_, draft.dialect), type_)
            source = _one_row(draft, name, sql, op.table_name)
            if value is not None and all(_is_refused(draft, check, source) is False for check, _ in checks):
                return value
    return None


def is_in_domain(draft: Draft, fill: Fill, type_: Any, domain: Any) -> bool:
    """Tell whether a constant fill of a type is in a domain of PostgreSQL: the database is asked."""
    connection = draft.context.connection
    if connection is None or not fill.is_constant:
        return False
    name = single_percents(draft.dialect.type_compiler_instance.process(domain), draft.dialect)
    query = f"SELECT CAST({_value(draft, fill, type_)} AS {name})"
    try:
        with connection.begin_nested():
            connection.execute(text(escape_colons(query)))
    except DBAPIError:
        return False
    return True


def _checks(draft: Draft, table: Table, column: str) -> Iterator[tuple[str, set[str]]]:
    """Yield the CHECKs of a table that read a column, and the columns that they read, in small letters."""
    columns = {each.name.lower() for each in table.columns}
    constraints: Iterable[Any] = (*table.constraints, *(each for col in table.columns for each in col.constraints))
    for check in constraints:
        if isinstance(check, CheckConstraint) and upstream.is_created(check, draft.dialect):
            sql = sql_of(check.sqltext, draft.dialect)
            names = names_in(sql_tokens(draft.kind, sql)) & columns
            if column.lower() in names:
                yield sql, names


def _one_row(draft: Draft, column: str, value: str, table: str) -> str:
    name, alias = (quoted_name(each, draft.dialect) for each in (column, table))
    return f"(SELECT {value} AS {name}) AS {alias}"


def _value(draft: Draft, fill: Fill, type_: Any) -> str:
    """Return a constant fill as SQL of its type."""
    return cast_to(draft, default_sql(draft, fill.default), type_)


def _is_refused(draft: Draft, check: str, source: str) -> bool | None:
    """Tell whether a CHECK is false for a row; None where the database cannot tell."""
    connection: Any = draft.context.connection
    query = f"SELECT 1 FROM {source} WHERE NOT ({check}) LIMIT 1"
    try:
        with connection.begin_nested():
            return connection.execute(text(escape_colons(query))).first() is not None
    except DBAPIError:
        return None


def _named_in(draft: Draft, checks: list[str], name: str, type_: Any) -> Iterator[Any]:
    """Yield the values of a type that CHECKs name, and the numbers next to them."""
    for token in (token for check in checks for token in sql_tokens(draft.kind, check) if token.kind == "literal"):
        with suppress(CommandError):
            value = parsed(unquoted(token.text), name, type_, draft.dialect)
            yield value
            if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                yield from (value + 1, value - 1, -value)
