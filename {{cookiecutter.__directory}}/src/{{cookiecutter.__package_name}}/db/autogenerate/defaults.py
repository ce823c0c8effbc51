"""Server defaults: what Alembic's own comparison of them gets wrong."""

import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, DefaultClause, Identity, Integer, Numeric, Uuid, literal_column, select
from sqlalchemy.exc import DBAPIError

from .draft import sql_of


def compare_defaults(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    inspected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Settle what Alembic's own comparison of server defaults gets wrong, and leave the rest to it.

    MariaDB returns now() as current_timestamp() and true as 1; PostgreSQL cannot compare json, nor values of two types,
    nor a label that an enum does not have yet, nor Alembic a string with a quote in it; SQLite's empty string is taken
    for a change, and so is Identity where there is none.
    """
    before, after = inspected.server_default, model.server_default
    if inspected.computed is not None and model.computed is not None:  # see computed.py
        return PriorityDispatchResult.STOP
    if isinstance(after, Identity) and not autogen_context.dialect.supports_identity_columns:
        return PriorityDispatchResult.STOP
    if not (isinstance(before, DefaultClause) and isinstance(after, DefaultClause)):
        return PriorityDispatchResult.CONTINUE
    change.existing_server_default = before
    old, new = (plain(default, autogen_context.dialect) for default in (before, after))
    if isinstance(model.type, Uuid):
        old, new = (default.replace("-", "") for default in (old, new))
    if old == new or (isinstance(model.type, (Integer, Numeric)) and _number(old) == _number(new) is not None):
        return PriorityDispatchResult.STOP
    quoted = _LITERAL.fullmatch(new) and "''" in new[1:-1]
    if autogen_context.dialect.name == "postgresql" and (quoted or not _comparable(autogen_context, before, new)):
        change.modify_server_default = after
        return PriorityDispatchResult.STOP
    return PriorityDispatchResult.CONTINUE


_LITERAL = re.compile(r"'(?:[^']|'')*'")
PLUGIN = "server_defaults"
Plugin(PLUGIN).add_autogenerate_comparator(
    compare_defaults, "column", "server_default", priority=DispatchPriority.FIRST
)


def _comparable(autogen_context: AutogenContext, before: DefaultClause, after: str) -> bool:
    """Tell whether PostgreSQL can compare two defaults."""
    connection: Any = autogen_context.connection
    old = before.arg if isinstance(before.arg, str) else sql_of(before.arg, connection.dialect)
    with suppress(DBAPIError), connection.begin_nested():
        connection.execute(select(literal_column(old) == literal_column(after)))
        return True
    return False


def plain(default: DefaultClause, dialect: Any) -> str:
    """Return a default as SQL, without parentheses, casts and spellings that make no difference."""
    if isinstance(default.arg, str):
        return "'{}'".format(default.arg.replace("'", "''"))
    text = sql_of(default.arg, dialect)
    literal = _LITERAL.match(text.lstrip("("))
    if literal and re.fullmatch(r"\)*(::.*)?", text.lstrip("(")[literal.end() :]):
        return literal[0]
    if dialect.name in ("mysql", "mariadb"):
        text = text.replace("\\\\", "\\")
        text = re.sub(r"\b(now|current_timestamp|localtime|localtimestamp)\b(\(\))?", "now", text, flags=re.IGNORECASE)
        text = {"true": "1", "false": "0"}.get(text.lower(), text)
    return text


def _number(default: str) -> Decimal | None:
    with suppress(InvalidOperation):
        return Decimal(default.strip("'()"))
    return None
