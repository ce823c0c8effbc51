"""PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from ..sqltext import quote_literal
from . import base, postgresql_catalogue
from .driver_options import DriverOptions, Spelling, words

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_SSL = {"true": "require", "1": "require", "false": "disable", "0": "disable"}  # true: as libpq reads it in a URI
_OF_ASYNCPG = words(
    "command_timeout statement_cache_size max_cached_statement_lifetime max_cacheable_statement_size "
    "prepared_statement_cache_size prepared_statement_name_func async_fallback"
)
_LIBPQ = {"ssl": Spelling("sslmode", _SSL), "timeout": Spelling("connect_timeout")}
_PSYCOPG = DriverOptions(_LIBPQ, left_out=_OF_ASYNCPG, refused=words("server_settings"))
_PSYCOPG2 = DriverOptions(_LIBPQ, _OF_ASYNCPG | {"prepare_threshold", "autocommit"}, _PSYCOPG.refused)
_ASYNCPG = DriverOptions(
    names={"sslmode": Spelling("ssl"), "ssl": Spelling("ssl", _SSL)},
    # asyncpg's time-out is a number, and from a URL it gets a text.
    left_out=words(
        "timeout connect_timeout application_name fallback_application_name client_encoding keepalives keepalives_idle "
        "keepalives_interval keepalives_count tcp_user_timeout sslcompression sslsni gssencmode load_balance_hosts "
        "autocommit prepare_threshold async_fallback"
    ),
    refused=words(
        "options channel_binding sslrootcert sslcert sslkey sslpassword sslcrl sslcrldir sslcertmode sslnegotiation "
        "ssl_min_protocol_version ssl_max_protocol_version require_auth requirepeer hostaddr server_settings "
        "statement_cache_size max_cached_statement_lifetime max_cacheable_statement_size prepared_statement_name_func"
    ),
)
_LOCK = int.from_bytes(b"alembic", "big")  # any constant will do: advisory locks belong to one database
_CLAIMS = int.from_bytes(b"prf!", "big") & 0x7FFFFFFF  # a space of locks of its own, for databases in use

# Of the locks that migrations hold in a database, pg_locks has the keys in two halves.
_HELD = (
    "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND mode = 'ExclusiveLock' "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND "
)
# The first number of a key of two, for a migration that has one schema to itself. The second is a hash of its name.
_SCHEMA_LOCK = int.from_bytes(b"alem", "big")


class PostgreSQL(base.Dialect):
    """PostgreSQL, with psycopg, psycopg2 or asyncpg."""

    name = "postgresql"
    drivers: Mapping[str, str] = {"psycopg": "psycopg", "psycopg2": "psycopg2"}
    async_drivers: Mapping[str, str] = {"psycopg": "psycopg", "asyncpg": "asyncpg"}
    driver_options: Mapping[str, DriverOptions] = {
        "psycopg": _PSYCOPG,
        "psycopg_async": _PSYCOPG,
        "psycopg2": _PSYCOPG2,
        "asyncpg": _ASYNCPG,
    }
    port = "5432"
    locked = frozenset({"55P03"})
    forbidden = frozenset({"42501"})
    identity = (
        "(SELECT concat(oid, ' of the server started ', pg_postmaster_start_time()) FROM pg_database "
        "WHERE datname = current_database())"
    )
    is_migrating = f"{_HELD} objsubid = 1 AND classid = {_LOCK >> 32} AND objid = {_LOCK & 0xFFFFFFFF}"
    table_names = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    # Connections, deadlocks, resources, waiting for a lock, the operator (time-out, shutdown), a read-only standby.
    unavailable = frozenset({"08", "40", "53", "55P03", "57", "25006"})

    def configure_options(self) -> dict[str, Any]:
        """Let each revision be a transaction: a failure undoes that revision, and autocommit_block() works."""
        return {"transaction_per_migration": True}

    @contextmanager
    def exclusive(self, connection: Connection, timeouts: base.Timeouts) -> Iterator[None]:
        """Hold an advisory lock, and limit the wait of each transaction for a table."""
        _refuse_pooler(connection)

        lock = _lock_of(connection.info.get(base.ONE_SCHEMA))

        def acquire() -> bool:
            locked = connection.exec_driver_sql(lock.acquire).scalar_one()
            connection.commit()  # an open transaction would hold up a CREATE INDEX CONCURRENTLY
            return bool(locked)

        base.wait(acquire, connection, timeouts.migrator)
        milliseconds = max(1, round(timeouts.lock * 1000))  # 0 would be no limit

        def begin(_: Connection) -> None:
            # Not in autocommit_block(): CREATE INDEX CONCURRENTLY holds nobody up, and would leave an invalid index.
            if not base.is_autocommit(connection):
                base.send(connection, f"SET LOCAL lock_timeout = {milliseconds}")

        with base.listening(connection, begin=begin):
            try:
                yield
            finally:
                from sqlalchemy.exc import DBAPIError

                with suppress(DBAPIError):  # a lost connection has lost its lock as well
                    connection.rollback()
                    connection.exec_driver_sql(lock.release)
                    connection.commit()

    def catalogue(self, connection: Connection) -> Iterator[base.Item]:
        """Yield tables, columns, defaults, constraints, indexes, triggers, and enum types under ""."""
        yield from map(tuple, connection.exec_driver_sql(postgresql_catalogue.of_tables().replace("%", "%%")))

    def beside_tables(self, connection: Connection) -> Iterator[base.Item]:
        """Yield them in one query."""
        yield from map(tuple, connection.exec_driver_sql(postgresql_catalogue.beside_tables().replace("%", "%%")))

    def comments(self, connection: Connection) -> Iterator[base.Item]:
        """Yield the comments on tables and columns."""
        yield from map(tuple, connection.exec_driver_sql(_COMMENTS))

    def create_database(self, connection: Connection, name: str) -> None:
        """Create it so that nobody who commits there waits for the disk: it is dropped soon."""
        from sqlalchemy.exc import DBAPIError

        super().create_database(connection, name)
        with suppress(DBAPIError):  # what only speaks like PostgreSQL may not know it
            connection.exec_driver_sql(f"ALTER DATABASE {name} SET synchronous_commit = off")

    def copy_database(self, connection: Connection, name: str, template: str) -> bool:
        """Create a database as a copy of another one, to which nobody is connected."""
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return True

    def lacks_database(self, url: URL, error: BaseException, engine: Callable[..., Engine]) -> bool:
        """Ask the server, as psycopg does not tell the SQLSTATE of a connection that was refused."""
        from sqlalchemy import String, column, select, table
        from sqlalchemy.exc import SQLAlchemyError

        if getattr(getattr(error, "orig", error), "sqlstate", None) == "3D000":
            return True
        if url.get_driver_name() not in self.drivers:
            return False
        options = self.connect_timeouts(url.get_driver_name(), base.CONNECT_TIMEOUT)
        name = column("datname", String())
        try:
            with engine(url.set(database="postgres"), connect_args=options).connect() as connection:
                databases = select(name).select_from(table("pg_database", name)).where(name == url.database)
                return connection.execute(databases).first() is None
        except SQLAlchemyError:
            return False

    def create_command(self, url: URL) -> str:
        """Return PostgreSQL's own; it asks for the password."""
        options = {"-h": url.host, "-p": url.port, "-U": url.username}
        return base.shell_command("createdb", options, str(url.database))

    def claim_database(self, connection: Connection, name: str) -> None:
        """Hold an advisory lock, on a connection that may be idle for as long as it likes."""
        connection.exec_driver_sql(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
        )
        connection.exec_driver_sql(f"SELECT pg_advisory_lock({_CLAIMS}, hashtext('{name}'))")

    def abandoned_databases(self, connection: Connection, prefix: str) -> list[str]:
        """Return those without an advisory lock, in whichever database it is held, and without a connection."""
        return list(connection.exec_driver_sql(_ABANDONED.format(prefix=prefix, claims=_CLAIMS)).scalars())

    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop it, even if somebody is connected to it."""
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def connect_timeouts(self, driver: str, seconds: int) -> dict[str, Any]:
        """Return libpq's option, which psycopg and psycopg2 have, or that of asyncpg."""
        if driver == "asyncpg":
            return {"timeout": seconds}
        return {"connect_timeout": seconds} if driver in self.drivers else {}

    def read_only_engine(self, url: URL) -> Engine:
        """Return an engine whose transactions are READ ONLY."""
        options = self.connect_timeouts(url.get_dialect()().driver, base.CONNECT_TIMEOUT)
        engine = base.plain_engine(url, connect_args=options)
        return engine.execution_options(postgresql_readonly=True)


class _Lock(NamedTuple):
    """A lock of a session, by the statements that take it, if it is free, and give it back."""

    acquire: str
    release: str


def _lock_of(schema: str | None) -> _Lock:
    """Return the lock for a whole database, or for one of its schemas.

    Who migrates one schema shares the database with others of that kind, and with nobody who migrates all of it.
    """
    if schema is None:
        return _Lock(f"SELECT pg_try_advisory_lock({_LOCK})", f"SELECT pg_advisory_unlock({_LOCK})")
    key = f"{_SCHEMA_LOCK}, hashtext({quote_literal(schema)})".replace("%", "%%")
    return _Lock(
        f"SELECT CASE WHEN NOT pg_try_advisory_lock_shared({_LOCK}) THEN false WHEN pg_try_advisory_lock({key}) THEN "
        f"true ELSE NOT pg_advisory_unlock_shared({_LOCK}) END",
        f"SELECT pg_advisory_unlock({key}), pg_advisory_unlock_shared({_LOCK})",
    )


def schemas(version_table: str) -> str:
    """Return a query for schemas: name, whether it has this table, whether it is being migrated, identity."""
    return (
        f"SELECT nspname, c.oid IS NOT NULL, ({_HELD} objsubid = 2 AND classid = {_SCHEMA_LOCK} "
        f"AND objid = hashtext(nspname)::bigint & 4294967295), {PostgreSQL.identity} FROM pg_namespace n "
        f"LEFT JOIN pg_class c ON relnamespace = n.oid AND relname = {quote_literal(version_table)} "
        "AND relkind IN ('r', 'p')"
    )


def closed_schemas(version_table: str) -> str:
    """Return a query for the schemas of the search_path that have this table, and that the user may not look into."""
    return (
        "SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace AND relkind IN ('r', 'p') "
        f"WHERE relname = {quote_literal(version_table)} AND NOT has_schema_privilege(n.oid, 'USAGE') "
        "AND quote_ident(nspname) = ANY (regexp_split_to_array(replace(current_setting('search_path'), '\"$user\"', "
        "quote_ident(current_user)), ', *'))"
    )


def _refuse_pooler(connection: Connection) -> None:
    """Raise CommandError where a connection pooler answers: through one, a session's lock may not hold.

    psycopg and psycopg2 know the process that they have connected to; asyncpg's facade does not tell.
    """
    from alembic.util import CommandError

    from ..url import masked

    backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    info = getattr(connection.connection.driver_connection, "info", None)
    if getattr(info, "backend_pid", backend) != backend:
        raise CommandError(
            f"A connection pooler such as PgBouncer answers at {masked(connection.engine.url)}, and through one a "
            "migration lock may not hold: give this command the server's own address in the URL."
        )


_ABANDONED = """
SELECT datname::text FROM pg_database d WHERE starts_with(datname::text, '{prefix}')
    AND NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND classid = {claims}
        AND objid = hashtext(d.datname::text)::oid)
    AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)
"""

_COMMENTS = """
SELECT c.oid::regclass::text, COALESCE('comment on ' || attname, 'comment'), description FROM pg_description d
    JOIN pg_class c ON c.oid = objoid AND classoid = 'pg_class'::regclass AND relkind IN ('r', 'p')
    LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = objsubid AND objsubid > 0
    WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
"""
