"""What a test writes and commits is rolled back, on every database, also with asynchronous drivers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, NullPool, make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from support.databases import rows

from alembic_proof.testing.sessions import rolled_back, rolled_back_async

INSERT = sa.text("INSERT INTO t (i) VALUES (:i)")
COUNT = "SELECT count(*) FROM t"
ASYNCHRONOUS = {"sqlite": "aiosqlite", "postgresql": "psycopg", "mysql": "asyncmy"}


@pytest.fixture
def table(database: str) -> str:
    """A database with one table and a row in it."""
    rows(database, "CREATE TABLE t (i INTEGER NOT NULL UNIQUE)")
    rows(database, "INSERT INTO t VALUES (0)")
    return database


def plain(url: str) -> Engine:
    """Return an engine as applications have them."""
    return sa.create_engine(url)


def with_begin(url: str) -> Engine:
    """Return one that begins SQLite's transactions by itself, as SQLAlchemy's documentation shows."""
    engine = sa.create_engine(url, poolclass=NullPool)

    def connect(connection: Any, _: Any) -> None:
        if engine.dialect.name == "sqlite":
            connection.isolation_level = None

    def begin(connection: Connection) -> None:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")

    sa.event.listen(engine, "connect", connect)
    sa.event.listen(engine, "begin", begin)
    return engine


def work(session: Session) -> None:
    """Do what an application does: commit, fail and roll back, commit again."""
    session.execute(INSERT, {"i": 1})
    session.commit()
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(INSERT, {"i": 1})
    session.rollback()
    with session.begin_nested():
        session.execute(INSERT, {"i": 2})
    session.commit()
    assert session.scalar(sa.text(COUNT)) == 3


@pytest.mark.parametrize("make", [plain, with_begin])
def test_what_is_committed_is_rolled_back(table: str, make: Any) -> None:
    """Twice over the same connection of the pool."""
    engine = make(table)
    for _ in range(2):
        with rolled_back(engine) as session:
            work(session)
        assert rows(table, COUNT) == [(1,)]
    engine.dispose()


def test_after_an_error_as_well(table: str) -> None:
    """In the test."""
    engine = plain(table)

    def fail() -> None:
        with rolled_back(engine) as session:
            session.execute(INSERT, {"i": 1})
            session.commit()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert rows(table, COUNT) == [(1,)]
    engine.dispose()


def test_the_connection_is_as_it_was(table: str) -> None:
    """What the application does with it later is committed as ever."""
    engine = sa.create_engine(table, pool_size=1, max_overflow=0)
    with rolled_back(engine):
        pass
    with engine.begin() as connection:
        connection.execute(INSERT, {"i": 5})
    assert rows(table, COUNT) == [(2,)]
    engine.dispose()


def test_the_applications_options(table: str) -> None:
    """Of its sessions."""
    engine = plain(table)
    with rolled_back(engine, expire_on_commit=False) as session:
        assert not session.expire_on_commit
    engine.dispose()


def test_asynchronously(table: str) -> None:
    """The same, with the driver that such applications use."""
    url = make_url(table)
    driver = ASYNCHRONOUS[url.get_backend_name()]

    async def run() -> None:
        engine = create_async_engine(url.set(drivername=f"{url.get_backend_name()}+{driver}"))
        for _ in range(2):
            async with rolled_back_async(engine, expire_on_commit=False) as session:
                assert isinstance(session, AsyncSession)
                await session.run_sync(work)
        await engine.dispose()

    asyncio.run(run())
    assert rows(table, COUNT) == [(1,)]
