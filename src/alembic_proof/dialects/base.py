"""What the library must know of a database, and how it waits for a lock there."""

from __future__ import annotations

import logging
import shlex
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .driver_options import DriverOptions

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

log = logging.getLogger("alembic.connection")

CONNECT_TIMEOUT = 5  # seconds for a server to answer whoever only wants to look

# Under this key of ``Connection.info`` is the one schema that a migration of a PostgreSQL database is about.
ONE_SCHEMA = "alembic_proof.schema"

Item = tuple[str, str, str]  # of a schema: the table or "", an item such as "column name", its text


@dataclass(frozen=True)
class Timeouts:
    """How long a migration waits, in seconds."""

    migrator: float  # for another process that is migrating the same database
    lock: float  # for a table in use, while everybody who needs it waits behind the migration


class Dialect(ABC):
    """A database."""

    name: str  # as SQLAlchemy has it
    aliases: tuple[str, ...] = ()  # other names of SQLAlchemy's for databases that are treated alike
    drivers: Mapping[str, str]  # its synchronous drivers, the preferred one first: the name in a URL, and the module
    async_drivers: Mapping[str, str]  # its asynchronous drivers, likewise
    driver_options: Mapping[str, DriverOptions] = {}  # by driver: what it makes of options that were for another one
    port: str = ""  # on which its server listens, if nothing else is said
    transactional_ddl = True  # whether it can take back an ALTER; where it cannot, a journal is kept
    locked: frozenset[Any]  # how drivers say that a lock was not to be had: SQLSTATE, error number, or the text
    forbidden: frozenset[Any]  # and that the user may not do something
    unavailable: frozenset[Any]  # and that the same statement may succeed later; two letters: a class of SQLSTATEs
    refused: frozenset[Any] = frozenset()  # and that a constraint refuses a row, where it is no IntegrityError

    # What is asked of a database that nobody changes, in SQL: an expression that is the same whatever address leads to
    # it; a query for whether a migration has it; one for how many notes an interrupted migration has left there; and
    # one for the names of its tables.
    identity = "NULL"
    is_migrating = ""
    interrupted = ""
    table_names: str

    @abstractmethod
    def configure_options(self) -> dict[str, Any]:
        """Return the arguments of ``context.configure()`` that depend on the database."""

    @abstractmethod
    def exclusive(self, connection: Connection, timeouts: Timeouts) -> AbstractContextManager[None]:
        """Let one migration at a time have the database, on a connection without a transaction.

        Raises CommandError when another migration does not finish in time.
        """

    def check_borrowed(self, connection: Connection) -> None:  # noqa: B027
        """Raise CommandError where a migration cannot run in the transaction that its caller has begun."""

    @abstractmethod
    def catalogue(self, connection: Connection) -> Iterator[Item]:
        """Yield the schema, as the database's own catalogue has it."""

    @abstractmethod
    def beside_tables(self, connection: Connection) -> Iterator[Item]:
        """Yield what is no table and no part of one: views, functions and the like, as the catalogue has them."""

    def everything(self, connection: Connection) -> Iterator[Item]:
        """Yield both, so that two databases can be compared."""
        yield from self.catalogue(connection)
        yield from self.beside_tables(connection)

    def comments(self, connection: Connection) -> Iterator[Item]:
        """Yield the comments on tables and columns: apart, because Alembic compares them itself."""
        return iter(())

    def create_database(self, connection: Connection, name: str) -> None:
        """Create an empty database on a server, over a connection in AUTOCOMMIT mode."""
        connection.exec_driver_sql(f"CREATE DATABASE {name}")

    def copy_database(self, connection: Connection, name: str, template: str) -> bool:
        """Create a database as a copy of another one, to which nobody is connected. Return False if it cannot."""
        return False

    def lacks_database(self, url: URL, error: BaseException, engine: Callable[..., Engine]) -> bool:
        """Tell whether a server that refused a connection has no such database; False where that is not known.

        ``engine`` makes an engine of a URL, and of options for ``create_engine()``.
        """
        return False

    def create_command(self, url: URL) -> str:
        """Return the command that creates the database of a URL, for a shell."""
        return ""

    def claim_database(self, connection: Connection, name: str) -> None:  # noqa: B027
        """Let everybody see that a database is in use, for as long as this connection is open. It need not exist."""

    def abandoned_databases(self, connection: Connection, prefix: str) -> list[str]:
        """Return the databases whose names begin so, and which no open connection claims."""
        return []

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop it, even if somebody is connected to it."""
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name}")

    def connect_timeouts(self, driver: str, seconds: int) -> dict[str, Any]:
        """Return the options with which a driver gives up a server that does not answer within these seconds.

        Some drivers wait for minutes, or for ever. There are none for a driver that is not known.
        """
        return {}

    @abstractmethod
    def read_only_engine(self, url: URL) -> Engine:
        """Return an engine that can only read, and keeps no connection."""


def wait(acquire: Callable[[], bool], connection: Connection, seconds: float) -> None:
    """Call acquire until it returns True. It polls, because waiting inside the database deadlocks with some DDL.

    Raises CommandError after these seconds.
    """
    from alembic.util import CommandError

    from ..url import masked

    deadline = time.monotonic() + seconds
    announced = False
    while not acquire():
        if time.monotonic() > deadline:
            raise CommandError(
                f"Another process has been migrating {masked(connection.engine.url)} for more than {seconds:g} "
                "seconds: look whether it still works, then run the command again (MIGRATION_TIMEOUT sets the seconds)."
            )
        if not announced:
            log.info("Another process is migrating this database: waiting for it, at most %g seconds.", seconds)
            announced = True
        time.sleep(0.1)


def shell_command(program: str, options: Mapping[str, str | int | None], *arguments: str) -> str:
    """Return a command as a person types it, without the options that have no value."""
    given = [part for name, value in options.items() if value for part in (name, str(value))]
    return shlex.join([program, *given, *arguments])


@contextmanager
def listening(connection: Connection, **listeners: Callable[..., None]) -> Iterator[None]:
    """Have functions called at the events of a connection, meanwhile."""
    from sqlalchemy import event

    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)


def is_autocommit(connection: Connection) -> bool:
    """Tell whether each statement commits by itself, as in Alembic's ``autocommit_block()``."""
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def send(connection: Connection, statement: str) -> list[Any]:
    """Execute a statement through the driver, so that no transaction of SQLAlchemy's begins; return its rows.

    Through a cursor, which SQLAlchemy offers for asynchronous drivers too.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()


def plain_engine(url: URL, **options: Any) -> Engine:
    """Return an engine that keeps no connection."""
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    return create_engine(url, poolclass=NullPool, **options)
