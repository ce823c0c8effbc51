"""What the application imports: the engine and sessions, made on first use, and what it asks when it starts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .startup import DatabaseNotReady, require_head

if TYPE_CHECKING:  # at run time SQLAlchemy is imported on first use, so that the doctor starts without it
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session

__all__ = ["DatabaseNotReady", "engine", "require_head", "session"]


@cache
def engine() -> Engine:
    """Return the application's one engine, for the database in ``DATABASE_URL``.

    Raises settings.SettingsError when the URL is missing or unusable.
    """
    from sqlalchemy import create_engine, event

    from .. import settings

    new = create_engine(settings.database_url())
    if new.dialect.name == "sqlite":  # which ignores foreign keys unless each connection asks for them
        event.listen(new, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return new


def session() -> Session:
    """Return a new session on the application's engine. As in ``with session() as s, s.begin(): s.add(...)``."""
    from sqlalchemy.orm import Session

    return Session(engine())
