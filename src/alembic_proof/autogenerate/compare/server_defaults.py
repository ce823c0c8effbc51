"""Server defaults: what Alembic's own comparison of them gets wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, DefaultClause, Dialect, Identity, Integer, Numeric, Uuid, literal_column, select
from sqlalchemy.exc import DBAPIError

from ...sqltext import quote_literal
from ..sql import sql_of

_LITERAL = re.compile(r"'(?:[^']|'')*'")


def setup(plugin: Plugin) -> None:
    """Register the comparison, before Alembic's own."""
    plugin.add_autogenerate_comparator(
        compare_server_default, "column", "server_default", priority=DispatchPriority.FIRST
    )


def compare_server_default(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    reflected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Decide what Alembic's own comparison of server defaults gets wrong, and leave the rest to it.

    MariaDB returns now() as current_timestamp() and true as 1; PostgreSQL cannot compare json, nor values of two types,
    nor a label that an enum does not have yet, nor Alembic a string with a quote in it; SQLite's empty string is taken
    for a change, and so is Identity where there is none.
    """
    before, after = reflected.server_default, model.server_default
    if before is None and after is None:
        return PriorityDispatchResult.CONTINUE
    dialect = autogen_context.dialect
    if reflected.computed is not None and model.computed is not None:  # see computed_columns.py
        return PriorityDispatchResult.STOP
    if isinstance(after, Identity) and not dialect.supports_identity_columns:
        return PriorityDispatchResult.STOP
    if not (isinstance(before, DefaultClause) and isinstance(after, DefaultClause)):
        return PriorityDispatchResult.CONTINUE
    change.existing_server_default = before
    old, new = (plain_default(default, dialect) for default in (before, after))
    if _is_same(old, new, model.type):
        return PriorityDispatchResult.STOP
    has_quote = _LITERAL.fullmatch(new) is not None and "''" in new[1:-1]
    if dialect.name == "postgresql" and (has_quote or not _is_comparable(autogen_context, before, new)):
        change.modify_server_default = after
        return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


def plain_default(default: DefaultClause, dialect: Dialect) -> str:
    """Return a default as SQL, without parentheses, casts and spellings that make no difference."""
    if isinstance(default.arg, str):
        return quote_literal(default.arg)
    text = sql_of(default.arg, dialect)
    literal = _LITERAL.match(text.lstrip("("))
    if literal and re.fullmatch(r"\)*(::.*)?", text.lstrip("(")[literal.end() :]):
        return literal[0]
    if dialect.name in ("mysql", "mariadb"):
        text = text.replace("\\\\", "\\")
        text = re.sub(r"\b(now|current_timestamp|localtime|localtimestamp)\b(\(\))?", "now", text, flags=re.IGNORECASE)
        text = {"true": "1", "false": "0"}.get(text.lower(), text)
    return text


def _is_same(old: str, new: str, type_: Any) -> bool:
    """Tell whether two plain defaults of a column are the same, apart from how its type is written."""
    if isinstance(type_, Uuid):
        old, new = old.replace("-", ""), new.replace("-", "")
    if old == new:
        return True
    return isinstance(type_, (Integer, Numeric)) and _number(old) == _number(new) is not None


def _number(default: str) -> Decimal | None:
    with suppress(InvalidOperation):
        return Decimal(default.strip("'()"))
    return None


def _is_comparable(autogen_context: AutogenContext, before: DefaultClause, after: str) -> bool:
    """Tell whether PostgreSQL can compare two defaults."""
    connection: Any = autogen_context.connection
    old = before.arg if isinstance(before.arg, str) else sql_of(before.arg, connection.dialect)
    with suppress(DBAPIError), connection.begin_nested():
        connection.execute(select(literal_column(old) == literal_column(after)))
        return True
    return False
