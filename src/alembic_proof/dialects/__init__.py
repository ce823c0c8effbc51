"""All that is special about a database: one module for each, with the interface in base.py."""

from __future__ import annotations

from .base import Dialect, Timeouts
from .mysql import MySQL
from .postgresql import PostgreSQL
from .sqlite import SQLite

__all__ = ["KNOWN", "Dialect", "Timeouts", "get"]

_DIALECTS: dict[str, Dialect] = {
    name: dialect for dialect in (SQLite(), PostgreSQL(), MySQL()) for name in (dialect.name, *dialect.aliases)
}
KNOWN = tuple(_DIALECTS)  # the names, as in a URL and as SQLAlchemy has them


def get(name: str) -> Dialect:
    """Return the dialect of this name. Raises KeyError for a database that this library does not know."""
    return _DIALECTS[name]
