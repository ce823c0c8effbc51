"""What Alembic loses, doubles or does not see, corrected in its Impl class for each dialect."""

from __future__ import annotations

from functools import partial
from types import new_class
from typing import Any

from .. import upstream
from .mysql import MySQLCorrections
from .postgresql import PostgreSQLCorrections
from .sqlite import SQLiteCorrections

__all__ = ["install"]

CORRECTIONS: dict[str, type] = {
    "sqlite": SQLiteCorrections,
    "postgresql": PostgreSQLCorrections,
    "mysql": MySQLCorrections,
    "mariadb": MySQLCorrections,
}


def install() -> None:
    """Let Alembic use our corrections on top of the Impl class that is registered now for each dialect.

    A project's own Impl is kept: it becomes the base class. May be called any number of times.
    """
    import alembic.ddl  # noqa: F401  which registers Alembic's own

    for dialect, corrections in CORRECTIONS.items():
        registered = upstream.registered_impl(dialect)
        if registered is None or getattr(registered, "has_corrections", False):
            continue
        # A class registers itself by its __dialect__: that is how a third party adds one.
        members = {"__dialect__": dialect, "has_corrections": True}
        new_class(f"Corrected{registered.__name__}", (corrections, registered), exec_body=partial(_add, members))


def _add(members: dict[str, Any], namespace: dict[str, Any]) -> None:
    namespace.update(members)
