"""How a migration connects: one migrator at a time, and transactions that are whole or were never there."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from alembic import context
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from .. import settings
from . import impls as impls  # so that they take the place of Alembic's own
from . import resume

log = logging.getLogger("alembic.connection")

# Seconds that a statement may wait for a table that is in use: everybody who needs that table waits behind it.
LOCK_TIMEOUT = 5
# Seconds to wait for another process that is migrating the same database.
MIGRATOR_TIMEOUT = 60

_POSTGRESQL_LOCK = int.from_bytes(b"alembic", "big")  # any constant will do: these locks belong to one database
_MYSQL_LOCK = "CONCAT('alembic-', MD5(DATABASE()))"  # these to the server, with names of up to 64 characters

# How the drivers say that a lock was not to be had, and that something is forbidden: PostgreSQL's SQLSTATE, MariaDB's
# error number, SQLite's words.
_LOCKED = {"55P03", 1205, "database is locked"}
_FORBIDDEN = {"42501", 1044, 1142, "attempt to write a readonly database"}


def url() -> URL:
    """Return the URL of the database to migrate, and log it with the password masked.

    Raises CommandError, which the alembic command prints as one line, when the URL is missing, unusable or in memory.
    """
    with _sentences():
        database = settings.database_url()
    if database.get_backend_name() == "sqlite" and settings.in_memory(database):
        raise CommandError(
            "DATABASE_URL names an SQLite database in memory, which is gone when the migration ends: "
            "name a file, as in sqlite:///app.db."
        )
    log.info("Database: %s", settings.masked(database))
    return database


def dialect_options(dialect: str) -> dict[str, Any]:
    """Return the arguments of ``context.configure()`` that depend on the dialect, given its name."""
    if dialect == "sqlite":
        # It alters a table by rebuilding it: a batch. It has one writer at a time, so a whole upgrade is one
        # transaction: a failure, or a kill, undoes all of it.
        return {"render_as_batch": True, "transactional_ddl": True}
    # Each revision is a transaction: a failure undoes that revision, and autocommit_block() works.
    return {"transaction_per_migration": True, "on_version_apply": resume.forget}


@contextmanager
def connect(config: Config) -> Iterator[Connection]:
    """Connect one alembic command to its database; upgrade, downgrade and stamp have it to themselves.

    A connection or an engine in ``config.attributes["connection"]`` is used instead of DATABASE_URL. Whoever hands
    over a connection with a transaction begun keeps what belongs to it: locking, committing, closing.
    Raises CommandError when the database cannot be reached, another migration or a table's user does not finish in
    time, or something the migration did was not committed.
    """
    given = config.attributes.get("connection")
    if given is not None:
        log.info("Database, as handed in: %s", settings.masked(given.engine.url))
    if isinstance(given, Connection):
        with _sentences(), _prepared(given):
            yield given
        return
    engine = given if isinstance(given, Engine) else create_engine(url(), poolclass=NullPool)
    try:
        connection = engine.connect()
    except (DBAPIError, TypeError) as error:  # TypeError: an option that the driver does not know
        raise CommandError(
            f"Cannot connect to {settings.masked(engine.url)}: {getattr(error, 'orig', error)}"
        ) from None
    with connection, _sentences(), _prepared(connection):
        yield connection


def moves() -> bool:
    """Tell whether the command moves the database to another revision, unlike current, check or revision."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


@contextmanager
def _prepared(connection: Connection) -> Iterator[None]:
    if not moves():  # nobody need wait
        yield
        return
    if connection.in_transaction():  # somebody else's
        if connection.dialect.name == "sqlite" and connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
            raise CommandError(
                "With foreign keys enforced, rebuilding a table deletes the rows that refer to it, and they cannot be "
                "switched off in a transaction: hand over the connection before you begin one."
            )
        yield
        return
    with _EXCLUSIVE[connection.dialect.name](connection):
        if connection.in_transaction():  # Alembic would take it for the caller's, and commit nothing
            raise CommandError("A transaction was left open before the migration: commit what db/connection.py did.")
        yield
        _require_committed(connection)


@contextmanager
def _sentences() -> Iterator[None]:
    """Turn the errors that people can do something about into CommandError, which alembic prints as one line."""
    try:
        yield
    except settings.SettingsError as error:
        raise CommandError(str(error)) from None
    except CommandError as error:
        if not str(error).startswith("Target database is not up to date"):
            raise
        there, newest = context.get_context().get_current_heads(), context.script.get_heads()
        at, head = (", ".join(revisions) or "none" for revisions in (there, newest))
        raise CommandError(
            f"Target database is not up to date: it is at revision {at}, and the newest is {head}. Run alembic upgrade "
            "head first, then this command again."
        ) from None
    except DBAPIError as error:
        code = {getattr(error.orig, "sqlstate", None), *(error.orig.args[:1] if error.orig else ())}
        if code & _LOCKED:
            raise CommandError(
                f"Gave up waiting for a table in use, so that its other users need not wait: {error.statement} "
                "(run the command again when the table is quiet, or set MIGRATION_LOCK_TIMEOUT to more seconds)"
            ) from None
        if code & _FORBIDDEN:
            raise CommandError(
                f"The user in DATABASE_URL may not do this: {error.statement} (the database says: {error.orig}; "
                "migrate as a user who may change the schema)"
            ) from None
        raise


def _require_committed(connection: Connection) -> None:
    """Compare the revision that the migration believes in with the one that the next connection will see."""
    migration = context.get_context()
    believed = migration.get_current_heads()
    connection.rollback()
    committed = migration.get_current_heads()
    connection.rollback()
    if believed != committed:
        raise CommandError(
            f"The migration reached {', '.join(believed) or 'base'} but did not commit it, the database is at "
            f"{', '.join(committed) or 'base'}: a revision commits or begins a transaction by itself; "
            "use op.get_context().autocommit_block() for statements that must run outside of one."
        )


def _wait(acquire: Callable[[], bool], connection: Connection) -> None:
    """Call acquire until it returns True. Polling, as waiting inside the database deadlocks with some DDL."""
    patience = settings.seconds("MIGRATION_TIMEOUT", MIGRATOR_TIMEOUT)
    deadline = time.monotonic() + patience
    announced = False
    while not acquire():
        if time.monotonic() > deadline:
            raise CommandError(
                f"Another process has been migrating {settings.masked(connection.engine.url)} for more than "
                f"{patience:g} seconds: look whether it still works, then run the command again (MIGRATION_TIMEOUT "
                "sets the seconds)."
            )
        if not announced:
            log.info("Another process is migrating this database: waiting for it, at most %g seconds.", patience)
            announced = True
        time.sleep(0.1)


@contextmanager
def _postgresql(connection: Connection) -> Iterator[None]:
    backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    info = getattr(connection.connection.driver_connection, "info", None)
    if getattr(info, "backend_pid", backend) != backend:
        raise CommandError(
            f"A connection pooler such as PgBouncer answers at {settings.masked(connection.engine.url)}, and "
            "through one a migration lock may not hold: give this command the server's own address in DATABASE_URL."
        )

    def acquire() -> bool:
        locked = connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_POSTGRESQL_LOCK})").scalar_one()
        connection.commit()  # an open transaction would hold up a CREATE INDEX CONCURRENTLY
        return bool(locked)

    _wait(acquire, connection)
    timeout = max(1, round(_lock_timeout() * 1000))  # 0 would be no limit

    def begin(_: Connection) -> None:
        # Not in autocommit_block(): CREATE INDEX CONCURRENTLY holds nobody up, and would leave an invalid index behind.
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.connection.cursor().execute(f"SET LOCAL lock_timeout = {timeout}")

    with _listening(connection, begin=begin):
        try:
            yield
        finally:
            with suppress(DBAPIError):  # a lost connection has lost its lock as well
                connection.rollback()
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_POSTGRESQL_LOCK})")
                connection.commit()


@contextmanager
def _mysql(connection: Connection) -> Iterator[None]:
    def acquire() -> bool:
        locked = connection.exec_driver_sql(f"SELECT GET_LOCK({_MYSQL_LOCK}, 0)").scalar_one()
        connection.commit()
        return bool(locked)

    _wait(acquire, connection)
    timeouts = ("lock_wait_timeout", "innodb_lock_wait_timeout")
    before = connection.exec_driver_sql(f"SELECT {', '.join(f'@@{name}' for name in timeouts)}").one()

    def set_timeouts(*seconds: int) -> None:
        for name, value in zip(timeouts, seconds, strict=True):
            connection.exec_driver_sql(f"SET SESSION {name} = {value}")
        connection.commit()

    set_timeouts(*[max(1, round(_lock_timeout()))] * 2)
    try:
        with resume.resumable(connection):
            yield
    finally:
        with suppress(DBAPIError):
            connection.rollback()
            set_timeouts(*before)
            connection.exec_driver_sql(f"SELECT RELEASE_LOCK({_MYSQL_LOCK})")
            connection.commit()


@contextmanager
def _sqlite(connection: Connection) -> Iterator[None]:
    driver: Any = connection.connection.driver_connection

    def pragma(name: str) -> Any:
        return driver.execute(f"PRAGMA {name}").fetchone()[0]

    isolation_level, foreign_keys, patience = driver.isolation_level, pragma("foreign_keys"), pragma("busy_timeout")
    timeout = round(_lock_timeout() * 1000)
    driver.isolation_level = None  # the driver begins no transactions of its own, DDL is then part of ours
    # A rebuilt table is dropped on the way: with foreign keys enforced, its children's rows would go with it.
    driver.execute("PRAGMA foreign_keys=OFF")
    dangling: set[Any] = set()

    def find_dangling() -> set[Any]:
        try:
            return set(driver.execute("PRAGMA foreign_key_check").fetchall())
        except driver.OperationalError as error:
            log.warning("Foreign keys cannot be checked: %s", error)  # a foreign key to what is not unique
            return set()

    def acquire() -> bool:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except driver.OperationalError as error:
            if "locked" not in str(error):
                raise
            return False
        return True

    def begin(_: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            pragma("busy_timeout=0")
            _wait(acquire, connection)
            pragma(f"busy_timeout={timeout}")
            dangling.update(find_dangling())

    def check(_: Connection) -> None:
        new = Counter((row[0], row[2]) for row in find_dangling() - dangling)
        for (table, parent), rows in new.items():
            raise CommandError(
                f"After this migration {rows} rows of {table} would refer to missing rows of {parent}; "
                "nothing was changed. Mend the revision: keep the rows they refer to, or delete or update them first."
            )

    try:
        with _listening(connection, begin=begin, commit=check):
            yield
    finally:
        connection.rollback()
        pragma(f"busy_timeout={patience}")
        driver.execute(f"PRAGMA foreign_keys={foreign_keys}")
        driver.isolation_level = isolation_level


@contextmanager
def _listening(connection: Connection, **listeners: Callable[[Connection], None]) -> Iterator[None]:
    for name, listener in listeners.items():
        event.listen(connection, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners.items():
            event.remove(connection, name, listener)


def _lock_timeout() -> float:
    return settings.seconds("MIGRATION_LOCK_TIMEOUT", LOCK_TIMEOUT)


_EXCLUSIVE = {"postgresql": _postgresql, "mysql": _mysql, "mariadb": _mysql, "sqlite": _sqlite}
