"""Short connections that only look: through the driver, because SQLAlchemy asks each new database several things."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import URL
from sqlalchemy.engine import Dialect

from .. import dialects
from ..dialects.base import CONNECT_TIMEOUT
from ..sandbox import exists, read_only_engine
from ..sandbox.redirect import place_of
from ..sandbox.scratch import canonical
from ..sqltext import single_percents

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Looker:
    """A connection to one database."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self._connection = connection
        self.dialect = dialect
        self.errors: type[Exception] = dialect.loaded_dbapi.Error

    def ask(self, sql: str) -> list[Sequence[Any]]:
        """Return the rows of a query."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def run(self, sql: str) -> None:
        """Carry out a statement; it commits by itself."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(sql)
        finally:
            cursor.close()

    def quoted(self, name: str) -> str:
        """Return a name as it is written in SQL."""
        return single_percents(self.dialect.identifier_preparer.quote(name), self.dialect)


@contextmanager
def looking(url: URL) -> Iterator[Looker]:
    """Connect to a database, each statement a transaction of its own; a server gets 5 seconds to answer.

    Raises FileNotFoundError for an SQLite file that does not exist, and whatever the driver raises.
    """
    if not exists(url):
        raise FileNotFoundError(f"there is no file {url.database}")
    dialect = dialect_of(url.drivername)
    if url.get_backend_name() == "sqlite":
        connection: Any = read_only_engine(url).raw_connection()
    else:
        connection = _connected(dialect, url)
    try:
        yield Looker(connection, dialect)
    finally:
        connection.close()


def in_threads(ask: Callable[[Item], Answer], items: Collection[Item], threads: int) -> Iterator[Answer]:
    """Yield what a function returns for each item, in their order.

    Whoever is interrupted goes on at once, and does not wait for servers that do not answer.
    """
    pool = ThreadPoolExecutor(max(1, min(threads, len(items))))
    try:
        yield from pool.map(ask, items)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _connected(dialect: Dialect, url: URL) -> Any:
    arguments, options = dialect.create_connect_args(url)
    limits = dialects.get(url.get_backend_name()).connect_timeouts(dialect.driver, CONNECT_TIMEOUT)
    connection: Any = dialect.connect(*arguments, **{**limits, **options})
    dialect.set_isolation_level(connection, "AUTOCOMMIT")
    return connection


@cache
def dialect_of(drivername: str) -> Dialect:
    """Return SQLAlchemy's dialect for a driver; it is shared, also by threads."""
    kind: Any = URL.create(drivername).get_dialect()
    dialect: Dialect = kind(dbapi=kind.import_dbapi())
    return dialect


def place(url: URL) -> str:
    """Return the database that a URL leads to, the same for two spellings of it, without secrets."""
    dialect = dialect_of(url.drivername)
    found = place_of(dialect, *dialect.create_connect_args(url))
    if dialect.name == "sqlite":
        return f"sqlite: {os.path.realpath(found.removeprefix('sqlite: '))}"
    found = found.replace(f"{dialect.name}: ", f"{canonical(dialect.name)}: ", 1)
    return found.replace(f" at {url.host}:", f" at {_resolved(url.host)}:") if url.host else found


@cache
def _resolved(host: str) -> str:
    try:
        return str(socket.getaddrinfo(host, None)[0][4][0])
    except OSError:  # the connection will say what is wrong with it
        return host
