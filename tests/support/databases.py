"""Empty databases on the servers that are named, and what is in a database."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, inspect, make_url

# The servers to test on are named by these variables; without them the tests that need them are skipped.
SERVERS = {"postgresql": "TEST_POSTGRESQL_URL", "mysql": "TEST_MYSQL_URL"}
DATABASES = ["sqlite", *SERVERS]


@contextmanager
def make_database(kind: str, directory: Path) -> Iterator[str]:
    """Make an empty database of a kind and yield its URL; skip the test if its server is not named."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    if kind == "sqlite":
        yield f"sqlite:///{(directory / name).as_posix()}.db"
        return
    if SERVERS[kind] not in os.environ:
        pytest.skip(f"needs a {kind} server: set {SERVERS[kind]} to the URL of a database on it (see CONTRIBUTING.md)")
    server = make_url(os.environ[SERVERS[kind]])
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}" + (" WITH (FORCE)" if kind == "postgresql" else ""))


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
