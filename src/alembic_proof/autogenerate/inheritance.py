"""Tables of PostgreSQL that inherit from others: their parents' columns and CHECKs are no difference of theirs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Connection, text

_INHERITED = text("""
    SELECT namespace.nspname, child.relname, part.kind, part.name
    FROM (
        SELECT attrelid AS child, 'column' AS kind, attname AS name FROM pg_catalog.pg_attribute WHERE attinhcount > 0
        UNION ALL
        SELECT conrelid, 'check_constraint', conname FROM pg_catalog.pg_constraint WHERE coninhcount > 0
    ) AS part
    JOIN pg_catalog.pg_class AS child ON child.oid = part.child
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = child.relnamespace
""")


def include_object(connection: Connection) -> Callable[..., bool]:
    """Return a hook that leaves out what a table in the database has inherited, where its model does not have it.

    PostgreSQL lets nobody drop that. It is asked, once, where a column or a CHECK would be dropped.
    """

    @cache
    def inherited() -> frozenset[tuple[str, str, str, str]]:
        return frozenset(map(tuple, connection.execute(_INHERITED)))

    def include(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        if type_ not in ("column", "check_constraint") or not reflected or compare_to is not None:
            return True
        schema = obj.table.schema or connection.dialect.default_schema_name
        return (schema, obj.table.name, type_, name) not in inherited()

    return include
