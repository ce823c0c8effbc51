"""Empty databases that are made for a while, and engines that only read."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from .. import dialects
from ..errors import UndeterminedError, first_line

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Dialect, Engine

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
def scratch_database(owner: str = "", copy_of: str = "") -> Iterator[str]:
    """Create a database, yield its URL, and drop it afterwards.

    It is on the server that SCRATCH_VARIABLE names, else a temporary SQLite file.

    :param owner: whom it is for: the name carries it, and the time. What an earlier run for the same owner has left
        on the server is dropped first; never the database of a run that is alive.
    :param copy_of: the URL of a scratch database to which nobody is connected: this one begins as its copy. Without
        it, and where the server cannot copy, the database is empty.
    :raises UndeterminedError: when that server cannot be used.
    """
    if SCRATCH_VARIABLE not in os.environ:
        with scratch_file(copy_of) as url:
            yield url
        return
    try:
        server = _server()
        dialect = dialects.get(server.get_backend_name())
        connection = engine(server, isolation_level="AUTOCOMMIT").connect()
    except Exception as error:
        raise UndeterminedError(f"{SCRATCH_VARIABLE} cannot be used: {first_line(error)}") from None
    name = f"{_prefix(owner)}{time.strftime('%Y%m%d_%H%M%S')}_{uuid.uuid4().hex[:8]}"
    with connection:
        if owner:
            _drop_abandoned(connection, dialect, _prefix(owner))
        dialect.claim_database(connection, name)  # before it exists: see _drop_abandoned()
        try:
            if not copy_of or not dialect.copy_database(connection, name, str(_database(copy_of))):
                dialect.create_database(connection, name)
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            dialect.drop_database(connection, name)


def _prefix(owner: str) -> str:
    """Return how the names of an owner's databases begin; with the rest, they have at most 63 characters."""
    return "_".join(("scratch", *re.findall("[a-z0-9]+", owner.lower()[:24]), ""))


def _drop_abandoned(connection: Connection, dialect: dialects.Dialect, prefix: str) -> None:
    """Drop what runs that were killed have left. A run claims the name of its database before it creates it."""
    from sqlalchemy.exc import DBAPIError

    for name in dialect.abandoned_databases(connection, prefix):
        if re.fullmatch(r"\d{8}_\d{6}_[0-9a-f]{8}", name.removeprefix(prefix)):
            with contextlib.suppress(DBAPIError):  # another run drops it at this moment, or it belongs to somebody else
                connection.exec_driver_sql(f"DROP DATABASE {name}")


def _database(url: str) -> str | None:
    from sqlalchemy import make_url

    return make_url(url).database


@contextlib.contextmanager
def scratch_file(copy_of: str = "") -> Iterator[str]:
    """Yield the URL of an SQLite database in a temporary directory, empty or a copy, and remove it afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "scratch.db")
        if copy_of:
            shutil.copy(str(_database(copy_of)), path)
        yield f"sqlite:///{path.as_posix()}"


def _server() -> URL:
    from ..url import parse

    if scratch_server() == "sqlite":
        raise UndeterminedError("it names no server; without it SQLite is used")
    return parse(os.environ[SCRATCH_VARIABLE], source=f"{SCRATCH_VARIABLE} in the environment", root=None)
