"""How PostgreSQL writes an expression that the models write otherwise: asked of a table that lives for a moment."""

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError


def same(
    autogen_context: AutogenContext, old: str, new: str, table: Table, made: Callable[[str], str], query: str
) -> bool:
    """Tell whether an expression in the database is the same as one of the models.

    It is if both differ only in what makes no difference (spaces, quotes, parentheses, casts); or, on PostgreSQL, if
    the answer to the query is the old one, once the DDL has made the new one on a copy of the table in ``pg_temp``.
    """
    if _bare(old) == _bare(new):
        return True
    if autogen_context.dialect.name != "postgresql":
        return False
    connection: Any = autogen_context.connection
    quote: Any = autogen_context.dialect.identifier_preparer
    copy = f"pg_temp.{quote.quote(table.name)}"
    with suppress(DBAPIError), connection.begin_nested() as savepoint:
        connection.execute(text(f"CREATE TEMP TABLE {quote.quote(table.name)} (LIKE {quote.format_table(table)})"))
        connection.exec_driver_sql(made(copy))
        stored = connection.scalar(text(query), {"table": copy})
        savepoint.rollback()
        return _bare(str(stored)) == _bare(old)
    return False


def _bare(expression: str) -> str:
    return re.sub(r"""::[a-z ]+(\(\d+\))?|[\s()"`]""", "", expression)
