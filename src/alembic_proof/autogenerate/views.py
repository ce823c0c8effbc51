"""Classes that are mapped to views: what is a view in the database is no table that could be created."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Connection, inspect

log = logging.getLogger("alembic.autogenerate.views")


def include_object(connection: Connection) -> Callable[..., bool]:
    """Return a hook that leaves out a new table of the models if the database has a view of that name.

    So it does with a materialized view and a foreign table. The database is asked only where there is a new table.
    """

    @cache
    def views(schema: str | None) -> frozenset[str]:
        return frozenset(_views(connection, schema))

    def include(obj: Any, name: str, type_: str, reflected: bool, compare_to: Any) -> bool:
        if type_ != "table" or reflected or compare_to is not None or name not in views(obj.schema):
            return True
        log.info("Left out %s: it is a view in the database, and no table", obj.fullname)
        return False

    return include


def _views(connection: Connection, schema: str | None) -> Iterator[str]:
    """Yield the names of what can be read like a table, and is none that CREATE TABLE has made."""
    inspector: Any = inspect(connection)
    for method in ("get_view_names", "get_materialized_view_names", "get_foreign_table_names"):
        with suppress(NotImplementedError, AttributeError):  # a kind that the database does not have
            yield from getattr(inspector, method)(schema)
