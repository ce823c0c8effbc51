"""Sessions for tests of an application: whatever a test writes, and commits, is rolled back after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from ..dialects import base
from ..errors import ProofError

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

_own: list[URL] = []  # of the application, while its tests have another database


class OwnDatabaseError(ProofError):
    """A test would run on the application's own database."""


@contextmanager
def protecting(url: URL | None) -> Iterator[None]:
    """Let no session lead to the application's own database meanwhile; None where there is none."""
    added = [] if url is None else [url]
    _own.extend(added)
    try:
        yield
    finally:
        del _own[len(_own) - len(added) :]


@contextmanager
def rolled_back(engine: Engine, **options: Any) -> Iterator[Session]:
    """Yield a session in a transaction that is rolled back. A commit() or rollback() in it ends a savepoint.

    :param engine: leads to the database; on SQLite, PostgreSQL, MariaDB and MySQL.
    :param options: for the Session, as the application makes its own.
    :raises OwnDatabaseError: where it is the application's own database, and the fixture ``migrated_database`` is used.
    """
    from sqlalchemy.orm import Session

    _require_other(engine.url)
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

    _require_other(engine.url)
    async with engine.connect() as connection:
        before = await connection.run_sync(_begin)
        try:
            async with AsyncSession(connection, join_transaction_mode="create_savepoint", **options) as session:
                yield session
        finally:
            await connection.run_sync(_roll_back, before)


def _require_other(url: URL) -> None:
    """Raise OwnDatabaseError for the application's own database."""
    from ..url import masked

    if _place(url) in map(_place, _own):
        raise OwnDatabaseError(
            f"This engine leads to {masked(url)}, the application's own database, and not to the one of the tests: it "
            "was made before a test asked for the fixture migrated_database. Let the application make its engine when "
            "it is first needed, and not when a module is imported."
        )


def _place(url: URL) -> tuple[str, str | None, int | None, str | None]:
    return url.get_backend_name(), url.host, url.port, url.database


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
