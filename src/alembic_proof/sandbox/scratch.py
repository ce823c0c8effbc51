"""Empty databases that are made for a while, and engines that only read."""

from __future__ import annotations

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from .. import dialects
from ..errors import UndeterminedError, first_line

if TYPE_CHECKING:
    from sqlalchemy import URL, Dialect, Engine

# The environment variable with the URL of a database on a server where databases of our own may be created.
SCRATCH_VARIABLE = "TEST_DATABASE_URL"

_direct: WeakSet[Dialect] = WeakSet()


def engine(url: URL | str | Engine, **options: Any) -> Engine:
    """Return an engine that keeps no connection, and whose connections no Sandbox redirects.

    The options are those of ``create_engine()``. An engine is returned as it is.
    """
    if not isinstance(url, str) and hasattr(url, "connect"):
        return cast("Engine", url)
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return _made_direct(create_engine(url, poolclass=NullPool, **options))


def read_only_engine(url: URL) -> Engine:
    """Return an engine that can only read, and whose connections no Sandbox redirects."""
    return _made_direct(dialects.get(url.get_backend_name()).read_only_engine(url))


def _made_direct(engine: Engine) -> Engine:
    _direct.add(engine.dialect)
    return engine


def is_direct(dialect: Dialect) -> bool:
    """Tell whether the connections of an engine with this dialect are not to be redirected."""
    return dialect in _direct


def exists(url: URL) -> bool:
    """Tell whether there may be a database to connect to; SQLite would create a file that is missing."""
    return url.get_backend_name() != "sqlite" or os.path.isfile(url.database or "")


def scratch_server() -> str:
    """Return which kind of server SCRATCH_VARIABLE names: the name of a dialect; an empty string if it is not set."""
    name = os.environ.get(SCRATCH_VARIABLE, "").partition(":")[0].partition("+")[0]
    return canonical(name)


def canonical(dialect: str) -> str:
    """Return one name for a dialect that has several: "mysql" for "mariadb"."""
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(dialect, dialect)


@contextlib.contextmanager
def scratch_database() -> Iterator[str]:
    """Create an empty database, yield its URL, and drop it afterwards.

    It is on the server that SCRATCH_VARIABLE names, else a temporary SQLite file.
    Raises UndeterminedError when that server cannot be used.
    """
    if SCRATCH_VARIABLE not in os.environ:
        with scratch_file() as url:
            yield url
        return
    try:
        server = _server()
        dialect = dialects.get(server.get_backend_name())
        connection = engine(server, isolation_level="AUTOCOMMIT").connect()
    except Exception as error:
        raise UndeterminedError(f"{SCRATCH_VARIABLE} cannot be used: {first_line(error)}") from None
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with connection:
        try:
            dialect.create_database(connection, name)
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            dialect.drop_database(connection, name)


@contextlib.contextmanager
def scratch_file() -> Iterator[str]:
    """Yield the URL of an empty SQLite database in a temporary directory, and remove it afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        yield f"sqlite:///{Path(directory, 'scratch.db').as_posix()}"


def _server() -> URL:
    from ..url import parse

    if scratch_server() == "sqlite":
        raise UndeterminedError("it names no server; without it SQLite is used")
    return parse(os.environ[SCRATCH_VARIABLE], source=f"{SCRATCH_VARIABLE} in the environment", root=None)
