"""What the application imports: the engine, sessions, and what to ask of the database when it starts."""

from functools import cache

import alembic_proof
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, sessionmaker

from . import settings


@cache
def engine() -> Engine:
    """Return the application's one engine, which connects when it is first needed."""
    new = create_engine(settings.database_url(), pool_pre_ping=True)  # a connection that was lost is replaced
    if new.dialect.name == "sqlite":  # which ignores foreign keys unless each connection asks for them
        event.listen(new, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return new


@cache
def sessions() -> sessionmaker[Session]:
    """Return what makes sessions: ``with db.sessions().begin() as session:`` commits at its end, or rolls back."""
    return sessionmaker(engine())


def require_head(*, or_newer: bool = False) -> None:
    """Call this when the application starts.

    Raises alembic_proof.DatabaseNotReady, saying why, unless the database is at the newest revision. With or_newer, a
    database that a newer release has migrated will do.
    """
    alembic_proof.require_head(engine(), settings.ALEMBIC_INI, or_newer=or_newer)
