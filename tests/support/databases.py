"""Empty databases on the servers that are named, and what is in a database."""

from __future__ import annotations

import atexit
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, Connection, NullPool, create_engine, inspect, make_url

from .certificates import read_once

read_once()
# The servers to test on are named by these variables; without them the tests that need them are skipped.
SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mysql": "TEST_MYSQL_URL"}
DATABASES = ["sqlite", *SERVERS]


# PostgreSQL waits for a checkpoint in each DROP DATABASE: those that are free again are emptied, for other tests.
_free: list[str] = []
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
    # To compile a query of the catalogue takes longer than to run it, on a schema of a few tables.
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET jit = off', current_database()); END $$",
)


@contextmanager
def make_database(kind: str, directory: Path) -> Iterator[str]:
    """Make an empty database of a kind and yield its URL; skip the test if its server is not named."""
    if kind == "sqlite":
        yield f"sqlite:///{(directory / _name()).as_posix()}.db"
        return
    if SERVERS[kind] not in os.environ:
        pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see CONTRIBUTING.md)")
    server = make_url(os.environ[SERVERS[kind]])
    if kind == "postgresql":
        url = _free.pop() if _free else _create(server)
        try:
            yield url
        finally:
            with _server(make_url(url)) as connection:
                for statement in _EMPTY:
                    connection.exec_driver_sql(statement)
            _free.append(url)
        return
    url = _create(server)
    try:
        yield url
    finally:
        _drop(url)


def _name() -> str:
    return f"t_{uuid.uuid4().hex[:12]}"


def _create(server: URL) -> str:
    """Create a database beside another one, to be dropped at the latest when this process ends; return its URL."""
    url = server.set(database=_name()).render_as_string(hide_password=False)
    with _server(server) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {make_url(url).database}")
    if url.startswith("postgresql"):
        atexit.register(_drop, url)
        with _server(make_url(url)) as connection:
            connection.exec_driver_sql(_EMPTY[-1])
    return url


def _drop(url: str) -> None:
    is_mysql = url.startswith("mysql")
    with _server(make_url(os.environ[SERVERS["mysql" if is_mysql else "postgresql"]])) as connection:
        force = "" if is_mysql else " WITH (FORCE)"
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {make_url(url).database}{force}")


def _server(url: URL) -> AbstractContextManager[Connection]:
    """Return a connection in which each statement commits by itself."""
    return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement over a connection of its own and return its rows."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def schema(url: str) -> dict[str, list[str]]:
    """Return what is reflected of each table, without the order of its columns."""
    kinds = ("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints")
    tables: dict[str, list[str]] = {}
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for kind in kinds:
            for (_, table), items in getattr(inspect(connection), f"get_multi_{kind}")().items():
                texts = [str(item) for item in (items if isinstance(items, list) else [items])]
                tables.setdefault(table, []).extend(sorted(re.sub(" at 0x[0-9a-f]+", "", text) for text in texts))
    return tables
