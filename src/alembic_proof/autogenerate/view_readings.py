"""Which views, triggers and policies read which columns, as the database knows it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_POSTGRESQL = text("""
SELECT DISTINCT CASE v.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, v.oid\\:\\:regclass\\:\\:text,
    CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, t.relname, a.attname
FROM pg_depend d
JOIN pg_rewrite r ON d.classid = 'pg_rewrite'\\:\\:regclass AND r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class AND v.relkind IN ('v', 'm')
JOIN pg_class t ON d.refclassid = 'pg_class'\\:\\:regclass AND t.oid = d.refobjid AND t.oid <> v.oid
JOIN pg_namespace n ON n.oid = t.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
""")
# Functions are texts of which PostgreSQL knows nothing; UPDATE OF and WHEN are of the trigger itself.
_POSTGRESQL_TRIGGERS = text("""
SELECT DISTINCT 'TRIGGER', quote_ident(t.tgname) || ' ON ' || c.oid\\:\\:regclass\\:\\:text,
    CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname, a.attname
FROM pg_depend d
JOIN pg_trigger t ON d.classid = 'pg_trigger'\\:\\:regclass AND t.oid = d.objid AND NOT t.tgisinternal
JOIN pg_class c ON c.oid = t.tgrelid AND d.refclassid = 'pg_class'\\:\\:regclass AND d.refobjid = c.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
""")
_POSTGRESQL_POLICIES = text("""
SELECT DISTINCT 'POLICY', quote_ident(p.polname) || ' ON ' || p.polrelid\\:\\:regclass\\:\\:text,
    CASE WHEN n.nspname = current_schema() THEN NULL ELSE n.nspname END, c.relname, a.attname
FROM pg_depend d
JOIN pg_policy p ON d.classid = 'pg_policy'\\:\\:regclass AND p.oid = d.objid
JOIN pg_class c ON d.refclassid = 'pg_class'\\:\\:regclass AND d.refobjid = c.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
""")
_MYSQL_TRIGGERS = text("""
SELECT trigger_name, event_object_table, action_statement FROM information_schema.triggers
WHERE trigger_schema = DATABASE() AND event_object_schema = DATABASE()
""")
_MYSQL = text("SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE()")
_SQLITE = text("SELECT name FROM sqlite_master WHERE type = 'view'")


class Reading(NamedTuple):
    """A view, a trigger or a policy reads a column of a table; or the table, as far as is known."""

    kind: str  # VIEW, MATERIALIZED VIEW, TRIGGER or POLICY
    view: str
    schema: str | None
    table: str
    column: str | None


def readings(connection: Connection) -> set[Reading]:
    """Return what views and policies read, and the triggers but those of SQLite: see broken_triggers.py."""
    kind = connection.dialect.name
    if kind == "postgresql":
        queries = _POSTGRESQL, _POSTGRESQL_TRIGGERS, _POSTGRESQL_POLICIES
        return {Reading(*row) for query in queries for row in connection.execute(query)}
    if kind == "sqlite":
        names = connection.scalars(_SQLITE).all()
        return {Reading("VIEW", *row) for name in names for row in _on_sqlite(connection, name)}
    in_views = {
        Reading("VIEW", view, None, table, column)
        for view, definition in connection.execute(_MYSQL)
        for table, column in _in_definition(str(definition))
    }
    in_triggers = {
        Reading("TRIGGER", trigger, None, *read)
        for trigger, table, statement in connection.execute(_MYSQL_TRIGGERS)
        for read in _in_statement(str(statement), table)
    }
    return in_views | in_triggers


def _on_sqlite(connection: Connection, view: str) -> Iterator[tuple[str, str | None, str, str | None]]:
    """Yield what SQLite reads when it prepares a query of a view: it asks for permission, column by column."""
    found: set[tuple[str, str]] = set()
    driver: Any = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        return

    def permit(action: int, table: str | None, column: str | None, *_: Any) -> int:
        if action == sqlite3.SQLITE_READ and table and column is not None:
            found.add((table, column))
        return sqlite3.SQLITE_OK

    name = connection.dialect.identifier_preparer.quote(view)
    driver.set_authorizer(permit)
    try:
        with suppress(sqlite3.Error):  # it does not work as it is
            driver.execute(f"EXPLAIN SELECT * FROM {name}").close()
    finally:
        driver.set_authorizer(None)
    for table, column in found - {(view, "")}:
        yield view, None, table, column or None


_TABLE = re.compile(r"`[^`]+`\.`([^`]+)`(?: `([^`]+)`)?(?!\.)")
_COLUMN = re.compile(r"(?:`[^`]+`\.)?`([^`]+)`\.`([^`]+)`")


def _in_definition(definition: str) -> Iterator[tuple[str, str | None]]:
    """Yield the tables and columns in the definition of a view as MariaDB writes it: all names are complete."""
    _, _, tables = definition.partition(" from ")
    names = {alias or table: table for table, alias in _TABLE.findall(tables)}
    names |= {table: table for table in {*names.values()} - names.keys()}
    yield from ((table, None) for table in names.values())
    for table, column in _COLUMN.findall(definition):
        if table in names:
            yield names[table], column


_OF_ROW = re.compile(r"\b(?:NEW|OLD)\s*\.\s*(?:`([^`]+)`|(\w+))", re.IGNORECASE)
_OTHER_TABLE = re.compile(r"\b(?:INTO|UPDATE|FROM|JOIN)\s+(?:`([^`]+)`|(\w+))", re.IGNORECASE)


def _in_statement(statement: str, table: str) -> Iterator[tuple[str, str | None]]:
    """Yield what a trigger reads, by its words: columns of its row, other tables, and what may be their columns."""
    yield from ((table, quoted or name) for quoted, name in _OF_ROW.findall(statement))
    others = {quoted or name for quoted, name in _OTHER_TABLE.findall(statement)} - {table}
    for other in others:
        yield other, None
        yield from ((other, word) for word in set(re.findall(r"\w+", statement)))
