"""What the application imports: the engine, sessions, and what to ask of the database when it starts."""

from functools import cache

import alembic_proof
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from . import settings


@cache
def engine() -> AsyncEngine:
    """Return the application's one engine, which connects when it is first needed."""
    url = settings.async_database_url()
    new = create_async_engine(url, pool_pre_ping=True)  # a connection that was lost is replaced
    if new.dialect.name == "sqlite":  # which ignores foreign keys unless each connection asks for them
        event.listen(new.sync_engine, "connect", lambda connection, _: connection.execute("PRAGMA foreign_keys=ON"))
    return new


@cache
def sessions() -> async_sessionmaker[AsyncSession]:
    """Return what makes sessions: ``async with db.sessions().begin() as session:`` commits at its end, or rolls back.

    Objects keep their values after the commit: nothing is read from the database without an ``await``.
    """
    return async_sessionmaker(engine(), expire_on_commit=False)


async def require_head(*, or_newer: bool = False) -> None:
    """Call this when the application starts.

    Raises alembic_proof.DatabaseNotReady, saying why, unless the database is at the newest revision. With or_newer, a
    database that a newer release has migrated will do.
    """
    await alembic_proof.async_require_head(engine(), settings.ALEMBIC_INI, or_newer=or_newer)
