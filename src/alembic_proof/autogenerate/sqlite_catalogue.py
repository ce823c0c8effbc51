"""What SQLite's own catalogue has, read once for all comparisons."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import text

Row = tuple[str, str, str, str]  # the type, the name, the table and the SQL of an object

_rows: WeakKeyDictionary[AutogenContext, list[Row]] = WeakKeyDictionary()


def tables_and_indexes(autogen_context: AutogenContext) -> list[Row]:
    """Return the tables and indexes that somebody has created, in the names that they have now."""
    if autogen_context not in _rows:
        connection: Any = autogen_context.connection
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql > ''"
        _rows[autogen_context] = [tuple(row) for row in connection.execute(text(query))]
    return _rows[autogen_context]
