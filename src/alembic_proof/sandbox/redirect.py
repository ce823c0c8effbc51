"""A sandbox: while it is open, every connection that this process opens leads to a scratch database.

SQLAlchemy sends the event ``do_connect`` before it connects. A listener of the class Engine gets it for every engine,
also for those that are created later and for asynchronous ones, and may return a connection of its own.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from typing import Any, NamedTuple

from .. import dialects
from ..errors import NoScratchDatabaseError
from .process import environment
from .scratch import (
    SCRATCH_VARIABLE,
    Server,
    canonical,
    is_direct,
    let_go_of_the_disk,
    scratch_database,
    scratch_file,
)

# In ``Connection.info`` of a connection that this process has opened: a Target, or None for a direct one.
_TARGET = "alembic_proof.sandbox"


class Target(NamedTuple):
    """Where a connection leads: the URL of a scratch database, and the place that it stands in for."""

    url: str
    place: str


class Request(NamedTuple):
    """How a connection was asked for: the dialect, and the arguments for the driver's connect()."""

    dialect: Any
    arguments: list[Any]
    parameters: dict[str, Any]


class Sandbox:
    """A context manager. Its scratch databases are dropped when it is closed.

    A place is a database in one spelling, without secrets: ``postgresql: shop at 127.0.0.1:5432``.
    """

    def __init__(self, owner: str = "") -> None:
        self._owner = owner  # whose name the scratch databases carry
        self.server: Server | None = None  # where they are made; None for the one that the environment names
        self.requests: dict[str, Request] = {}  # by place, the first connection that was asked for
        self._scratch: dict[str, str] = {}  # by place, the URL of the scratch database that stands in for it
        self._forbidden = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Sandbox:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        for target, name, listener in ((Engine, "do_connect", self._connect), (Pool, "connect", self._connected)):
            event.listen(target, name, listener)
            self._stack.callback(event.remove, target, name, listener)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def directory(self) -> str:
        """Make a temporary directory, which is removed when the sandbox is closed, and return its path."""
        return self._stack.enter_context(tempfile.TemporaryDirectory())

    def database(self, dialect: str = "") -> str:
        """Create an empty database and return its URL: SQLite where that dialect is asked for, else as configured."""
        return self._stack.enter_context(
            scratch_file() if dialect == "sqlite" else scratch_database(self._owner, self.server)
        )

    def name_in_environment(self, variable: str) -> str:
        """Let an environment variable name a new scratch database, and return the place of that database."""
        url = self.database()
        self._stack.enter_context(environment(**{variable: url}))
        place = self.place(url)
        self._scratch[place] = url
        return place

    def place(self, url: Any) -> str:
        """Return the place that a URL leads to."""
        from sqlalchemy.engine import make_url

        url = make_url(url)
        dialect = url.get_dialect()()
        return place_of(dialect, *dialect.create_connect_args(url))

    def target(self, connection: Any) -> Target:
        """Return where a connection of SQLAlchemy, opened in this sandbox, leads. Raises KeyError for any other one."""
        target: Target | None = connection.info[_TARGET]
        if target is None:
            raise KeyError("the connection is a direct one")
        return target

    @contextlib.contextmanager
    def standing_in(self, place: str, url: str) -> Iterator[None]:
        """Let another scratch database stand in for a place."""
        before, self._scratch[place] = self._scratch[place], url
        try:
            yield
        finally:
            self._scratch[place] = before

    @contextlib.contextmanager
    def forbidding(self, who: str) -> Iterator[None]:
        """Open no connection that would be redirected: raise NoScratchDatabaseError, naming who asked for it."""
        before, self._forbidden = self._forbidden, who
        try:
            yield
        finally:
            self._forbidden = before

    def _connect(self, dialect: Any, record: Any, arguments: Any, parameters: Any) -> Any:
        """Connect to a scratch database in place of any other, and tell the connection's record which one it is."""
        from sqlalchemy.engine import make_url

        if is_direct(dialect):
            record.info[_TARGET] = None
            return None  # SQLAlchemy connects as it was asked to
        place = place_of(dialect, arguments, parameters)
        if self._forbidden:
            raise NoScratchDatabaseError(f"{self._forbidden} opens a connection of its own, to {place}")
        self.requests.setdefault(place, Request(dialect, list(arguments), dict(parameters)))
        url = self._scratch_for(dialect, place)
        options = {name: value for name, value in parameters.items() if name not in _PLACE}
        arguments, parameters = dialect.create_connect_args(make_url(url).set(drivername=dialect.name))
        connection = dialect.connect(*arguments, **{**options, **parameters})
        if dialect.driver == "pysqlite":
            let_go_of_the_disk(connection)
        record.info[_TARGET] = Target(url, place)
        return connection

    def _connected(self, _: Any, record: Any) -> None:
        if _TARGET not in record.info:  # create_engine(creator=...): SQLAlchemy sends no do_connect for it
            raise NoScratchDatabaseError("whatever a creator function connects to")

    def _scratch_for(self, dialect: Any, place: str) -> str:
        if place not in self._scratch:
            kind = canonical(dialect.name)
            server = self.server or Server.named()
            if kind not in ("sqlite", server.kind):
                elsewhere = f" ({SCRATCH_VARIABLE} leads to {server.kind})" if server.kind in dialects.KNOWN else ""
                raise NoScratchDatabaseError(f"{place}{elsewhere}")
            self._scratch[place] = self.database(kind)
        return self._scratch[place]


# What the parameters of a driver's connect() mean, each under any of its names.
URL_PARTS = {
    "username": ("user", "username"),
    "password": ("password", "passwd"),
    "host": ("host", "unix_socket"),
    "port": ("port",),
    "database": ("dbname", "database", "db"),
}
# Parameters that are about the place, or how a connection to it is secured, which the scratch server may not offer.
_PLACE = {
    *(name for names in URL_PARTS.values() for name in names),
    *("hostaddr", "service", "passfile"),
    *("sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding", "gssencmode"),
    *("target_session_attrs", "ssl", "direct_tls", "ssl_ca", "ssl_cert", "ssl_key", "ssl_disabled", "ssl_mode"),
    *("ssl_verify_cert", "ssl_verify_identity"),
}
_PORTS = {"postgresql": "5432", "mysql": "3306", "mariadb": "3306"}


def place_of(dialect: Any, arguments: Any, parameters: Any) -> str:
    """Return the database that the arguments of a driver's connect() lead to: one spelling, without secrets."""
    if dialect.name == "sqlite":
        written = str(arguments[0] if arguments else parameters.get("database", ""))
        path = ":memory:" if re.search(r"[?&]mode=memory\b", written) else re.sub(r"^file:(//)?|\?.*$", "", written)
        return f"sqlite: {path if path in ('', ':memory:') else os.path.abspath(path)}"

    def get(*names: str) -> str:
        return next((str(parameters[name]) for name in names if parameters.get(name)), "")

    host = get("unix_socket", "host", "hostaddr", "service")
    host = "127.0.0.1" if host in ("", "localhost", "::1") else host
    port = get("port") or _PORTS.get(dialect.name, "")
    return f"{dialect.name}: {get(*URL_PARTS['database'])} at {host}:{port}"


def explain(error: NoScratchDatabaseError) -> str:
    """Return a sentence with what to do about a connection for which there is no scratch database."""
    return f"it connects to {error}: set {SCRATCH_VARIABLE} to a database on such a server"
