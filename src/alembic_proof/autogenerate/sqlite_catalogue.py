"""What SQLite's own catalogue has, read once for all comparisons."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import text

from ..dialects.sqlite_tables import TableSql
from .renamed_inspector import RenamedInspector

Row = tuple[str, str, str, str]  # the type, the name, the table and the SQL of an object

_rows: WeakKeyDictionary[AutogenContext, list[Row]] = WeakKeyDictionary()
_tables: WeakKeyDictionary[AutogenContext, dict[str, str]] = WeakKeyDictionary()


def tables_and_indexes(autogen_context: AutogenContext) -> list[Row]:
    """Return the tables and indexes that somebody has created, in the names that they have now."""
    if autogen_context not in _rows:
        connection: Any = autogen_context.connection
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql > ''"
        _rows[autogen_context] = [tuple(row) for row in connection.execute(text(query))]
    return _rows[autogen_context]


def stored_table(autogen_context: AutogenContext, name: str, word: str, times: int = 0) -> TableSql | None:
    """Return the CREATE TABLE of a table, by the name that it will have, if a word is in it more than some times.

    None also for one that is not understood.
    """
    inspector: Any = autogen_context.inspector
    if isinstance(inspector, RenamedInspector):
        name = inspector.new_names.old_table(None, name)
    if autogen_context not in _tables:
        rows = tables_and_indexes(autogen_context)
        _tables[autogen_context] = {its_name: sql for kind, its_name, _, sql in rows if kind == "table"}
    sql = _tables[autogen_context].get(name, "")
    if len(re.findall(rf"\b{word}\b", sql, re.IGNORECASE)) <= times:
        return None
    with suppress(ValueError):
        return TableSql.parse(sql)
    return None


def in_new_names(autogen_context: AutogenContext, table: str, sql: str) -> str:
    """Return an expression of a table, by the name that it will have, in the names that its columns will have."""
    inspector: Any = autogen_context.inspector
    if not isinstance(inspector, RenamedInspector):
        return sql
    return inspector.new_names.in_sql(inspector.new_names.columns.get((None, table), {}), sql)
