"""Empty databases on the servers that are named, and what is in a database."""

from __future__ import annotations

import atexit
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url

from .certificates import read_once

read_once()
# The servers to test on are named by these variables; without them the tests that need them are skipped.
SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mysql": "TEST_MYSQL_URL"}
DATABASES = ["sqlite", *SERVERS]


# Databases of servers that are free again, empty, for other tests. PostgreSQL waits for a checkpoint in each DROP
# DATABASE; and SQLAlchemy need not ask a server that it knows, nor compile again what it asks: see engine_of().
_free: dict[str, list[str]] = {kind: [] for kind in SERVERS}
# What a test may leave in one: its sessions, what was set for it, and its schemas with all that is in them.
_EMPTY = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()",
    """
    DO $$ DECLARE name text; BEGIN
        EXECUTE format('ALTER DATABASE %%I RESET ALL', current_database());
        FOR name IN SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' LOOP
            EXECUTE format('DROP EXTENSION %%I CASCADE', name);
        END LOOP;
        FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema$)' LOOP
            EXECUTE format('DROP SCHEMA %%I CASCADE', name);
        END LOOP;
    END $$
    """,
    "CREATE SCHEMA public",
    "GRANT USAGE ON SCHEMA public TO PUBLIC",
    # Nobody waits for the disk. To compile a query of the catalogue takes longer than to run it, on a few tables.
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET synchronous_commit = off', current_database()); "
    "EXECUTE format('ALTER DATABASE %%I SET jit = off', current_database()); END $$",
)


@contextmanager
def make_database(kind: str, directory: Path) -> Iterator[str]:
    """Make an empty database of a kind and yield its URL; skip the test if its server is not named."""
    if kind == "sqlite":
        yield f"sqlite:///{(directory / _name()).as_posix()}.db"
        return
    if SERVERS[kind] not in os.environ:
        pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see CONTRIBUTING.md)")
    url = _free[kind].pop() if _free[kind] else _create(make_url(os.environ[SERVERS[kind]]))
    try:
        yield url
    finally:
        _empty(url)
        _free[kind].append(url)


@lru_cache(maxsize=64)
def engine_of(url: str) -> Engine:
    """Return the engine of a database. Whoever changes something about it makes one of their own.

    A connection to PostgreSQL is used again, as if it were new: its process knows the catalogue. It is tried first, as
    the test that had the database before may have ended it.
    """
    parsed = make_url(url)
    if parsed.get_driver_name() != "psycopg" or not _NAME.fullmatch(str(parsed.database)):
        return create_engine(url, poolclass=NullPool)
    arguments = {"prepare_threshold": None}  # psycopg does not notice that its statements are discarded
    engine = create_engine(url, pool_reset_on_return=None, pool_pre_ping=True, connect_args=arguments)
    event.listen(engine, "reset", _discard)
    return engine


def _discard(connection: Any, *_: Any) -> None:
    """Let a session be as if it were new."""
    connection.rollback()
    connection.autocommit = True
    connection.execute("DISCARD ALL")
    connection.autocommit = False


_NAME = re.compile("t_[0-9a-f]{12}")  # of a database that was made here


def _name() -> str:
    return f"t_{uuid.uuid4().hex[:12]}"


def _create(server: URL) -> str:
    """Create a database beside another one, to be dropped when this process ends; return its URL."""
    url = server.set(database=_name()).render_as_string(hide_password=False)
    with _server(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {make_url(url).database}")
    atexit.register(_drop, url)
    if url.startswith("postgresql"):
        with _server(make_url(url)) as connection:
            connection.exec_driver_sql(_EMPTY[-1])
    return url


def _empty(url: str) -> None:
    """Let a database be as if it were new."""
    if url.startswith("mysql"):
        name = make_url(url).database
        with _server(make_url(os.environ[SERVERS["mysql"]])) as connection:
            for statement in (f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}"):
                connection.exec_driver_sql(statement)
        return
    engine_of(url).dispose()
    with _server(make_url(url)) as connection:
        for statement in _EMPTY:
            connection.exec_driver_sql(statement)
    engine_of(url).dispose()


def _drop(url: str) -> None:
    is_mysql = url.startswith("mysql")
    with _server(make_url(os.environ[SERVERS["mysql" if is_mysql else "postgresql"]])) as connection:
        force = "" if is_mysql else " WITH (FORCE)"
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {make_url(url).database}{force}")


def _server(url: URL) -> AbstractContextManager[Connection]:
    """Return a connection in which each statement commits by itself."""
    engine = engine_of(url.render_as_string(hide_password=False))
    return engine.execution_options(isolation_level="AUTOCOMMIT").connect()


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement over a connection of its own and return its rows."""
    with engine_of(url).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def schema(url: str) -> dict[str, list[str]]:
    """Return what is reflected of each table, without the order of its columns."""
    kinds = ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints")
    tables: dict[str, list[str]] = {}
    with engine_of(url).connect() as connection:
        for kind in kinds:
            for (_, table), items in getattr(inspect(connection), f"get_multi_{kind}")().items():
                texts = [str(item) for item in (items if isinstance(items, list) else [items])]
                tables.setdefault(table, []).extend(sorted(re.sub(" at 0x[0-9a-f]+", "", text) for text in texts))
    return tables
