"""Scratch databases, and how everything in this process is led to them instead of to real ones."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import Elsewhere, Unknown, first_line


class Scratch:
    """Databases made for one examination. Whatever this process connects to, it reaches one of them instead."""

    def __init__(self) -> None:
        self.wanted: dict[str, tuple[Any, Any, Any]] = {}  # the places that were asked for, and how
        self.revision = ""  # the one whose upgrade() is running
        self._standins: dict[str, str] = {}  # by place, the URL of the scratch database that stands in for it
        self._connections: dict[int, tuple[Any, str, str]] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Scratch:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        from sqlalchemy.pool import Pool

        for target, name, listener in ((Engine, "do_connect", self._connect), (Pool, "connect", self._connected)):
            event.listen(target, name, listener)
            self._stack.callback(event.remove, target, name, listener)
        self._stack.callback(os.chdir, os.getcwd())
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.close()

    def directory(self) -> str:
        """Make a temporary directory and return its path."""
        return self._stack.enter_context(tempfile.TemporaryDirectory())

    def database(self, like: str = "") -> str:
        """Make an empty database, of the same kind as the one that a URL names, and return its URL."""
        if like.startswith("sqlite"):
            return f"sqlite:///{Path(self.directory(), 'scratch.db').as_posix()}"
        return self._stack.enter_context(scratch_database())

    def name_in_environment(self) -> None:
        """Let DATABASE_URL name a new scratch database."""
        self.main = self.database()
        self._stack.enter_context(environment(DATABASE_URL=self.main))
        self._standins[self.place(self.main)] = self.main

    def place(self, url: Any) -> str:
        """Return where a URL leads to."""
        from sqlalchemy.engine import make_url

        url = make_url(url)
        dialect = url.get_dialect()()
        return place_of(dialect, *dialect.create_connect_args(url))

    def behind(self, connection: Any) -> tuple[str, str]:
        """Return the URL of the scratch database that a connection leads to, and the place it was meant to lead to."""
        _, url, place = self._connections[id(connection.connection.dbapi_connection)]
        return url, place

    @contextlib.contextmanager
    def standing_in(self, place: str, url: str) -> Iterator[None]:
        """Let another scratch database stand in for a place."""
        before, self._standins[place] = self._standins[place], url
        try:
            yield
        finally:
            self._standins[place] = before

    def _connect(self, dialect: Any, _: Any, arguments: Any, parameters: Any) -> Any:
        """Connect as is asked to a database of the doctor's own, and to a scratch database for any other."""
        from sqlalchemy.engine import make_url

        url = place = ""
        if not getattr(dialect, "of_the_doctor", False):
            place = place_of(dialect, arguments, parameters)
            if self.revision:
                raise Elsewhere(f"{self.revision} opens a connection of its own, to {place}")
            self.wanted.setdefault(place, (dialect, list(arguments), dict(parameters)))
            url = self._standin(dialect, place)
            there = {name: value for name, value in parameters.items() if name not in _PLACE}
            arguments, parameters = dialect.create_connect_args(make_url(url).set(drivername=dialect.name))
            parameters = {**there, **parameters}
        connection = dialect.connect(*arguments, **parameters)
        if url and dialect.driver == "pysqlite":
            connection.execute("PRAGMA synchronous=OFF")  # what is thrown away need not survive a power cut
        self._connections[id(connection)] = (connection, url, place)  # kept, so that no other gets its id
        return connection

    def _connected(self, connection: Any, _: Any) -> None:
        if id(connection) not in self._connections:
            raise Elsewhere("whatever a creator function connects to")

    def _standin(self, dialect: Any, place: str) -> str:
        if place not in self._standins:
            named = os.environ.get("TEST_DATABASE_URL", "").partition(":")[0].partition("+")[0]
            kinds = [{"postgres": "postgresql", "mariadb": "mysql"}.get(name, name) for name in (named, dialect.name)]
            if kinds[0] != kinds[1] != "sqlite":
                raise Elsewhere(place)
            self._standins[place] = self.database(like=dialect.name)
        return self._standins[place]


URL_PARTS = {"username": ("user", "username"), "password": ("password", "passwd"), "host": ("host", "unix_socket"),
              "port": ("port",), "database": ("dbname", "database", "db")}  # fmt: skip


_PLACE = {*(key for keys in URL_PARTS.values() for key in keys), "hostaddr", "service", "passfile",
          # how a connection to it is secured, which the scratch server may not offer
          "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslnegotiation", "channel_binding", "gssencmode",
          "target_session_attrs", "ssl", "direct_tls", "ssl_ca", "ssl_cert", "ssl_key", "ssl_disabled", "ssl_mode",
          "ssl_verify_cert", "ssl_verify_identity"}  # fmt: skip
_PORTS = {"postgresql": "5432", "mysql": "3306", "mariadb": "3306"}


def place_of(dialect: Any, arguments: Any, parameters: Any) -> str:
    """Return which database such arguments lead to, in one spelling and without secrets."""
    if dialect.name == "sqlite":
        path = re.sub(r"^file:(//)?|\?.*$", "", str(arguments[0] if arguments else parameters.get("database", "")))
        return f"sqlite: {path if path in ('', ':memory:') else os.path.abspath(path)}"

    def get(*names: str) -> str:
        return next((str(parameters[name]) for name in names if parameters.get(name)), "")

    host = get("unix_socket", "host", "hostaddr", "service")
    host = "127.0.0.1" if host in ("", "localhost", "::1") else host
    port = get("port") or _PORTS.get(dialect.name, "")
    return f"{dialect.name}: {get('dbname', 'database', 'db')} at {host}:{port}"


@contextlib.contextmanager
def scratch_database() -> Iterator[str]:
    """Make an empty database and yield its URL; it is gone afterwards.

    A new database on the server that TEST_DATABASE_URL names, else a temporary SQLite file. Raises Unknown when that
    server cannot be used.
    """
    if "TEST_DATABASE_URL" not in os.environ:
        with tempfile.TemporaryDirectory() as directory:
            yield f"sqlite:///{Path(directory, 'scratch.db').as_posix()}"
        return
    try:
        server = _server()
        if server.get_backend_name() == "sqlite":
            raise Unknown("it names no server, and without it SQLite is used anyway")
        connection = engine(server, isolation_level="AUTOCOMMIT").connect()
    except Exception as error:
        raise Unknown(f"TEST_DATABASE_URL cannot be used: {first_line(error)}") from None
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    force = " WITH (FORCE)" if server.get_backend_name() == "postgresql" else ""
    with connection:
        try:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}{force}")


def _server() -> Any:
    """Return the URL of the test server, with the driver that the settings of this package choose, if it has any."""
    package = Path(__file__).resolve().parents[2]
    if (package / "settings.py").is_file():
        with contextlib.suppress(ImportError), settings_of(package) as settings:
            return settings.database_url("TEST_DATABASE_URL")
    from sqlalchemy.engine import make_url

    return make_url(os.environ["TEST_DATABASE_URL"])


@contextlib.contextmanager
def settings_of(package: Path) -> Iterator[Any]:
    """Import a package's settings, and leave no trace: whether env.py can import the package is still to be seen."""
    path, modules = list(sys.path), set(sys.modules)
    sys.path.append(str(package.parent))
    try:
        yield importlib.import_module(f"{package.name}.settings")
    finally:
        sys.path[:] = path
        for name in [name for name in set(sys.modules) - modules if name.partition(".")[0] == package.name]:
            del sys.modules[name]


def engine(url: Any, **options: Any) -> Any:
    """Return an engine for a URL that keeps no connection and is led nowhere else; an engine is returned as it is."""
    if hasattr(url, "connect"):
        return url
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    made: Any = create_engine(url, poolclass=NullPool, **options)
    made.dialect.of_the_doctor = True
    return made


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
