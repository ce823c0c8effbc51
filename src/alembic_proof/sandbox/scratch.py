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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakSet

from .. import dialects
from ..dialects.base import CONNECT_TIMEOUT
from ..dotenv_file import NoReaderError, read
from ..errors import UndeterminedError, first_line

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Dialect, Engine

# The variable with the URL of a database on a server where databases of our own may be created.
SCRATCH_VARIABLE = "TEST_DATABASE_URL"
_FILES = "sqlite://"  # as its value, says that SQLite files will do, as without it

_direct: WeakSet[Dialect] = WeakSet()
_hasty: set[str] = set()  # the paths of scratch databases of SQLite


@dataclass(frozen=True)
class Server:
    """Where scratch databases are made: on the server of a URL; without one, in SQLite files."""

    text: str | None = None  # the URL, as it is written
    source: str = ""  # where
    project: Path | None = None  # the directory of the project, where there is one

    @classmethod
    def named(cls, project: Path | None = None) -> Server:
        """Return the one that SCRATCH_VARIABLE names: in the environment, else in the file .env of a project.

        Raises SettingsError for a file in which it cannot be read.
        """
        text, source = os.environ.get(SCRATCH_VARIABLE), "the environment"
        if text is None and project is not None:
            source = str(project / ".env")
            with contextlib.suppress(NoReaderError):
                text = read(SCRATCH_VARIABLE, project / ".env")
        return cls(None if text == _FILES else text, source, project)

    @property
    def kind(self) -> str:
        """The dialect of the server; an empty string where there is none."""
        return canonical((self.text or "").partition(":")[0].partition("+")[0])

    def url(self) -> URL:
        """Return the URL. Raises SettingsError or UndeterminedError where it is of no use."""
        from ..url import parse

        if self.kind == "sqlite":
            raise UndeterminedError(f"it names no server; without it, or with {_FILES}, SQLite is used")
        return parse(self.text or "", source=f"{SCRATCH_VARIABLE} in {self.source}", root=None)

    def connect(self) -> Connection:
        """Return a connection in which each statement commits by itself. Raises UndeterminedError."""
        from ..connecting import why_not
        from ..url import masked

        url = None
        try:
            url = self.url()
            options = dialects.get(url.get_backend_name()).connect_timeouts(url.get_driver_name(), CONNECT_TIMEOUT)
            options.pop("read_timeout", None)  # to create a database may take its time
            return engine(url, isolation_level="AUTOCOMMIT", connect_args=options).connect()
        except Exception as error:
            reason = first_line(error)
            if url is not None:
                reason = f"no connection to {masked(url)}: {why_not(url, error, self.project, engine)}"
        raise UndeterminedError(f"{SCRATCH_VARIABLE} in {self.source} cannot be used: {reason}")


def engine(url: URL | str | Engine, **options: Any) -> Engine:
    """Return an engine that keeps no connection, and whose connections no Sandbox redirects.

    The options are those of ``create_engine()``. An engine is returned as it is.
    """
    if not isinstance(url, str) and hasattr(url, "connect"):
        return cast("Engine", url)
    from sqlalchemy import create_engine, event
    from sqlalchemy.pool import NullPool

    made = create_engine(url, poolclass=NullPool, **options)
    if made.url.database in _hasty:
        event.listen(made, "connect", lambda connection, _: let_go_of_the_disk(connection))
    return _made_direct(made)


def let_go_of_the_disk(connection: Any) -> None:
    """Let SQLite wait for no disk: a scratch database need not survive a power cut. Given the driver's connection."""
    connection.execute("PRAGMA synchronous=OFF")


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
    return url.get_backend_name() != "sqlite" or os.path.exists(url.database or "")


def canonical(dialect: str) -> str:
    """Return one name for a dialect that has several: "mysql" for "mariadb"."""
    return {"postgres": "postgresql", "mariadb": "mysql"}.get(dialect, dialect)


@contextlib.contextmanager
def scratch_database(owner: str = "", server: Server | None = None, copy_of: str = "") -> Iterator[str]:
    """Create a database, yield its URL, and drop it afterwards.

    :param owner: whom it is for: the name carries it, and the time. What an earlier run for the same owner has left
        on the server is dropped first; never the database of a run that is alive.
    :param server: where; without one, the one that SCRATCH_VARIABLE names in the environment.
    :param copy_of: the URL of a scratch database to which nobody is connected: this one begins as its copy. Without
        it, and where the server cannot copy, the database is empty.
    :raises UndeterminedError: when that server cannot be used.
    """
    server = server or Server.named()
    if server.text is None:
        with scratch_file(copy_of) as url:
            yield url
        return
    connection, url_of_server = server.connect(), server.url()
    dialect = dialects.get(url_of_server.get_backend_name())
    name = f"{_prefix(owner)}{time.strftime('%Y%m%d_%H%M%S')}_{uuid.uuid4().hex[:8]}"
    with connection:
        if owner:
            _drop_abandoned(connection, dialect, _prefix(owner))
        dialect.claim_database(connection, name)  # before it exists: see _drop_abandoned()
        try:
            if not copy_of or not dialect.copy_database(connection, name, str(_database(copy_of))):
                _create(connection, dialect, name)
            yield url_of_server.set(database=name).render_as_string(hide_password=False)
        finally:
            dialect.drop_database(connection, name)


def _create(connection: Connection, dialect: dialects.Dialect, name: str) -> None:
    """Create a database. Raises UndeterminedError where it cannot be done."""
    try:
        dialect.create_database(connection, name)
    except Exception as error:
        raise UndeterminedError(f"A scratch database cannot be created: {first_line(error)}") from None


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
        _hasty.add(path.as_posix())
        try:
            yield f"sqlite:///{path.as_posix()}"
        finally:
            _hasty.discard(path.as_posix())
