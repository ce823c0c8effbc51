"""Sessions for tests of an application: whatever a test writes, and commits, is rolled back after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from ..dialects import base

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session


@contextmanager
def rolled_back(engine: Engine, **options: Any) -> Iterator[Session]:
    """Yield a session in a transaction that is rolled back. A commit() or rollback() in it ends a savepoint.

    :param engine: leads to the database; on SQLite, PostgreSQL, MariaDB and MySQL.
    :param options: for the Session, as the application makes its own.
    """
    from sqlalchemy.orm import Session

    with engine.connect() as connection:
        before = _begin(connection)
        try:
            with Session(connection, join_transaction_mode="create_savepoint", **options) as session:
                yield session
        finally:
            _roll_back(connection, before)


@asynccontextmanager
async def rolled_back_async(engine: AsyncEngine, **options: Any) -> AsyncIterator[AsyncSession]:
    """Yield an AsyncSession in a transaction that is rolled back: see rolled_back()."""
    from sqlalchemy.ext.asyncio import AsyncSession

    async with engine.connect() as connection:
        before = await connection.run_sync(_begin)
        try:
            async with AsyncSession(connection, join_transaction_mode="create_savepoint", **options) as session:
                yield session
        finally:
            await connection.run_sync(_roll_back, before)


def _begin(connection: Connection) -> Any:
    """Begin a transaction, and return what _roll_back() needs."""
    connection.begin()
    if connection.dialect.name != "sqlite":
        return None
    # Python's driver begins a transaction when the first row is written, after a savepoint: RELEASE then commits.
    facade: Any = connection.connection.dbapi_connection
    driver: Any = connection.connection.driver_connection
    before, facade.isolation_level = facade.isolation_level, None
    if not driver.in_transaction:  # as it is where the engine's own listener begins one
        base.send(connection, "BEGIN")
    return before


def _roll_back(connection: Connection, before: Any) -> None:
    connection.rollback()
    if connection.dialect.name == "sqlite" and not connection.invalidated:
        facade: Any = connection.connection.dbapi_connection
        facade.isolation_level = before
