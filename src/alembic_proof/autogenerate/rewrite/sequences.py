"""The sequences of PostgreSQL's serial and identity columns."""

from __future__ import annotations

from sqlalchemy import text

from ..draft import Draft
from ..sql import usual_name
from .renamed_names import old_columns, old_tables

_QUERY = text("""
SELECT CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, t.relname, a.attname, s.relname
FROM pg_depend d
JOIN pg_class s ON d.classid = 'pg_class'\\:\\:regclass AND s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON d.refclassid = 'pg_class'\\:\\:regclass AND t.oid = d.refobjid
JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.deptype IN ('a', 'i')
""")


def owned_sequences(draft: Draft) -> dict[tuple[str | None, str, str], str]:
    """Return the names of the sequences that columns own: by schema, table and column, in the names after renames."""
    if draft.context.connection is None:
        return {}
    found = {(schema, table, column): name for schema, table, column, name in draft.context.connection.execute(_QUERY)}
    tables = {(key[0], old): key[1] for key, old in old_tables(draft.upgrade.ops).items()}
    columns = {(*key[:2], old): key[2] for key, old in old_columns(draft.upgrade.ops).items()}
    renamed = {}
    for (schema, table, column), name in found.items():
        its_table = tables.get((schema, table), table)
        renamed[schema, its_table, columns.get((schema, its_table, column), column)] = name
    return renamed


def usual_sequence(table: str, column: str) -> str:
    """Return the name that PostgreSQL gives to the sequence of a column."""
    return usual_name(table, column, "seq")
