"""MariaDB and MySQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import md5
from typing import TYPE_CHECKING, Any

from . import base
from .driver_options import DriverOptions, words

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_OF_ASYNCHRONOUS = words("echo stmt_cache_size minsize maxsize pool_recycle auth_plugin async_fallback")
_OF_SYNCHRONOUS = words("write_timeout collation bind_address compress auth_plugin defer_connect async_fallback")
_SYNCHRONOUS = DriverOptions(left_out=_OF_ASYNCHRONOUS, refused=words("ssl"))
# An encrypted connection is asked for by an object, in connect_args; asyncmy takes some of its parts.
_ASYNCMY = DriverOptions(
    left_out=_OF_SYNCHRONOUS | words("echo minsize maxsize pool_recycle"),
    refused=words("ssl ssl_mode ssl_disabled ssl_verify_cert ssl_verify_identity ssl_key_password"),
)
_AIOMYSQL = DriverOptions(
    left_out=(_OF_SYNCHRONOUS - {"auth_plugin"}) | words("read_timeout max_allowed_packet stmt_cache_size"),
    refused=_ASYNCMY.refused | words("ssl_ca ssl_cert ssl_key ssl_capath ssl_cipher ssl_check_hostname"),
)
_LOCK = "CONCAT('alembic-', MD5(DATABASE()))"  # such locks belong to the server, with names of up to 64 characters
_TIMEOUTS = ("lock_wait_timeout", "innodb_lock_wait_timeout")
_STRICT = {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES"}  # either refuses what does not fit, where it would be cut


class MySQL(base.Dialect):
    """MariaDB and MySQL, with PyMySQL, mysqlclient or asyncmy."""

    name = "mysql"
    aliases = ("mariadb",)
    drivers: Mapping[str, str] = {"pymysql": "pymysql", "mysqldb": "MySQLdb"}
    async_drivers: Mapping[str, str] = {"asyncmy": "asyncmy", "aiomysql": "aiomysql"}
    driver_options: Mapping[str, DriverOptions] = {
        "pymysql": _SYNCHRONOUS,
        "mysqldb": _SYNCHRONOUS,
        "asyncmy": _ASYNCMY,
        "aiomysql": _AIOMYSQL,
    }
    port = "3306"
    transactional_ddl = False
    locked = frozenset({1205})
    forbidden = frozenset({1044, 1142})
    is_migrating = f"SELECT IS_USED_LOCK({_LOCK}) IS NOT NULL"
    interrupted = (
        "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() "
        "AND table_name = 'alembic_unfinished'"
    )
    table_names = "SHOW TABLES"
    # Too many connections; shutdown, read only; waiting for a lock, deadlock, time-out; killed; not there, gone, lost.
    unavailable = frozenset({1040, 1203, 1053, 1290, 1836, 1205, 1213, 1969, 3024, 1317, 1927, 2002, 2003, 2006, 2013})
    refused = frozenset({4025, 3819})  # a CHECK of MariaDB's, of MySQL's

    def configure_options(self) -> dict[str, Any]:
        """Let each revision be a transaction, as far as these databases have one."""
        return {"transaction_per_migration": True}

    @contextmanager
    def exclusive(self, connection: Connection, timeouts: base.Timeouts) -> Iterator[None]:
        """Hold a named lock, limit the session's wait for a table and for a row, and let it be strict."""

        def acquire() -> bool:
            locked = connection.exec_driver_sql(f"SELECT GET_LOCK({_LOCK}, 0)").scalar_one()
            connection.commit()
            return bool(locked)

        base.wait(acquire, connection, timeouts.migrator)
        names = (*_TIMEOUTS, "sql_mode")
        before = connection.exec_driver_sql(f"SELECT {', '.join(f'@@{name}' for name in names)}").one()
        modes = set(filter(None, before[-1].split(",")))
        mode = before[-1] if modes & _STRICT else ",".join(sorted(modes | {"STRICT_TRANS_TABLES"}))
        limit = max(1, round(timeouts.lock))
        _set(connection, dict(zip(names, (limit, limit, mode), strict=True)))
        try:
            yield
        finally:
            from sqlalchemy.exc import DBAPIError

            with suppress(DBAPIError):
                connection.rollback()
                _set(connection, dict(zip(names, before, strict=True)))
                connection.exec_driver_sql(f"SELECT RELEASE_LOCK({_LOCK})")
                connection.commit()

    def catalogue(self, connection: Connection) -> Iterator[base.Item]:
        """Yield tables, columns and defaults; constraints and indexes from SHOW CREATE TABLE."""
        yield from map(tuple, connection.exec_driver_sql(_CATALOGUE.format(usual="@@collation_database")))
        yield from self._keys(connection)

    def _keys(self, connection: Connection) -> Iterator[base.Item]:
        from sqlalchemy import inspect

        for table in inspect(connection).get_table_names():
            show = f"SHOW CREATE TABLE {connection.dialect.identifier_preparer.quote_identifier(table)}"
            statement = connection.exec_driver_sql(show).one()[1]
            if partitions := _PARTITIONS.search(statement):
                yield table, "partitions", " ".join(partitions[1].split())
            for line in statement.splitlines()[1:-1]:
                if check := _CHECK.match(line):
                    yield table, f"check of {check[1]}", check[2]
                if key := _KEY.match(line):
                    kind, name = "index" if "KEY" in key[1] else "constraint", key[2] or "PRIMARY"
                    yield table, f"{kind} {name}", line.strip().rstrip(",").replace(f"`{key[2]}` ", "", 1)

    def everything(self, connection: Connection) -> Iterator[base.Item]:
        """Yield each collation, also the usual one of a database: another database may have another one."""
        yield from map(tuple, connection.exec_driver_sql(_CATALOGUE.format(usual="''")))
        yield from self._keys(connection)
        yield from self.beside_tables(connection)

    def beside_tables(self, connection: Connection) -> Iterator[base.Item]:
        """Yield views, routines, triggers, events, options of tables, sequences; the database's name is left out."""
        from sqlalchemy import inspect

        yield from map(tuple, connection.exec_driver_sql(_BESIDE_TABLES))
        for name in inspect(connection).get_sequence_names() if connection.dialect.supports_sequences else ():
            show = f"SHOW CREATE SEQUENCE {connection.dialect.identifier_preparer.quote_identifier(name)}"
            yield "", f"sequence {name}", connection.exec_driver_sql(show).one()[1]

    def comments(self, connection: Connection) -> Iterator[base.Item]:
        """Yield the comments on tables and columns."""
        yield from map(tuple, connection.exec_driver_sql(_COMMENTS))

    def lacks_database(self, url: URL, error: BaseException, engine: Callable[..., Engine]) -> bool:
        """Tell it by the error number."""
        return getattr(error, "orig", error).args[:1] == (1049,)

    def create_command(self, url: URL) -> str:
        """Return that of MariaDB's client, which MySQL's is called mysql; it asks for the password, if there is one."""
        options = {"-h": url.host, "-P": url.port, "-u": url.username}
        password = ["-p"] if url.password else []
        return base.shell_command("mariadb", options, *password, "-e", f"CREATE DATABASE `{url.database}`")

    def claim_database(self, connection: Connection, name: str) -> None:
        """Hold a named lock, on a connection that may be idle for a week."""
        connection.exec_driver_sql("SET SESSION wait_timeout = 604800")
        connection.exec_driver_sql(f"SELECT GET_LOCK('{_claim(name)}', 0)")

    def abandoned_databases(self, connection: Connection, prefix: str) -> list[str]:
        """Return those without a named lock, which belongs to the server, and without a connection."""
        query = (
            f"SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, {len(prefix)}) = '{prefix}'"
        )
        used = set(connection.exec_driver_sql("SELECT db FROM information_schema.processlist").scalars())
        names = set(connection.exec_driver_sql(query).scalars()) - used
        return [name for name in sorted(names) if self._is_unclaimed(connection, name)]

    def _is_unclaimed(self, connection: Connection, name: str) -> bool:
        return connection.exec_driver_sql(f"SELECT IS_FREE_LOCK('{_claim(name)}')").scalar() == 1

    def connect_timeouts(self, driver: str, seconds: int) -> dict[str, Any]:
        """Return the drivers' option for the connection, and for the server's greeting, which that does not cover."""
        return {"connect_timeout": seconds, "read_timeout": seconds} if driver in (*self.drivers, "asyncmy") else {}

    def read_only_engine(self, url: URL) -> Engine:
        """Return an engine whose sessions are READ ONLY."""
        options: dict[str, Any] = {}
        if url.get_dialect()().driver in self.drivers:
            options = {
                "connect_timeout": base.CONNECT_TIMEOUT,
                "init_command": "SET SESSION TRANSACTION READ ONLY",
            }
        return base.plain_engine(url, connect_args=options)


def _claim(database: str) -> str:
    """Return the name of the lock that says that a database is in use: names have up to 64 characters."""
    return f"alembic-proof-{md5(database.encode(), usedforsecurity=False).hexdigest()}"


def _set(connection: Connection, values: Mapping[str, int | str]) -> None:
    """Set variables of the session."""
    settings = ", ".join(f"{name} = {value!r}" for name, value in values.items())
    connection.exec_driver_sql(f"SET SESSION {settings}")
    connection.commit()


_KEY = re.compile(r"\s+((?:PRIMARY |UNIQUE |FULLTEXT |SPATIAL )?KEY|CONSTRAINT|PERIOD FOR)\s+(?:`([^`]*)`)?")
# MariaDB keeps the CHECK of a column with the column; what is in quotes before it, as a comment, is none. A quote that
# is doubled in it counts as two texts: in one of many, each would be tried in both ways.
_CHECK = re.compile(r"\s+`((?:``|[^`])+)`(?:'(?:\\.|[^'\\])*'|[^'])*? CHECK (\(.*\)),?$")
_PARTITIONS = re.compile(r"^(?:/\*!\d+)?\s*(PARTITION BY .*)", re.MULTILINE | re.DOTALL)

_IN_TABLES = """table_schema = DATABASE() AND table_name NOT IN (SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type IN ('VIEW', 'SEQUENCE'))"""
_CATALOGUE = """
SELECT table_name, CONCAT('column ', column_name), CONCAT_WS(' ', column_type, IF(is_nullable = 'NO', 'NOT NULL', NULL),
    NULLIF(collation_name, {usual}), NULLIF(extra, ''), generation_expression)
    FROM information_schema.columns WHERE _IN_TABLES
UNION ALL SELECT table_name, CONCAT('default of ', column_name), column_default FROM information_schema.columns
    WHERE _IN_TABLES AND column_default IS NOT NULL AND column_default <> 'NULL'
""".replace("_IN_TABLES", _IN_TABLES)

_BESIDE_TABLES = """
SELECT '', CONCAT('view ', table_name), CONCAT_WS(' ', IF(view_definition = '', '_NOT_SHOWN', REPLACE(view_definition,
    CONCAT('`', REPLACE(DATABASE(), '`', '``'), '`.'), '')),
    NULLIF(CONCAT('SQL SECURITY ', security_type), 'SQL SECURITY DEFINER'),
    NULLIF(CONCAT('WITH ', check_option, ' CHECK OPTION'), 'WITH NONE CHECK OPTION'))
    FROM information_schema.views WHERE table_schema = DATABASE()
UNION ALL SELECT '', CONCAT('event ', event_name), CONCAT_WS(' ', event_type, interval_value, interval_field, status,
    NULLIF(on_completion, 'NOT PRESERVE'), event_definition)
    FROM information_schema.events WHERE event_schema = DATABASE()
UNION ALL SELECT table_name, 'storage', CONCAT_WS(' ', engine, table_collation, NULLIF(create_options, ''),
    NULLIF(table_type, 'BASE TABLE')) FROM information_schema.tables WHERE _IN_TABLES
UNION ALL SELECT '', CONCAT(LOWER(routine_type), ' ', routine_name), CONCAT_WS(' ', CONCAT('(', (SELECT GROUP_CONCAT(
    CONCAT_WS(' ', parameter_mode, parameter_name, dtd_identifier) ORDER BY ordinal_position SEPARATOR ', ') FROM
    information_schema.parameters p WHERE p.specific_schema = routine_schema AND p.specific_name = r.specific_name AND
    p.routine_type = r.routine_type AND ordinal_position > 0), ')'), dtd_identifier, IF(is_deterministic = 'YES',
    'DETERMINISTIC', NULL), sql_data_access, security_type, COALESCE(routine_definition, '_NOT_SHOWN'))
    FROM information_schema.routines r WHERE routine_schema = DATABASE()
UNION ALL SELECT event_object_table, CONCAT('trigger ', trigger_name), CONCAT_WS(' ', action_timing, event_manipulation,
    NULLIF(action_order, 1), action_statement) FROM information_schema.triggers WHERE trigger_schema = DATABASE()
""".replace("_IN_TABLES", _IN_TABLES).replace("_NOT_SHOWN", "(not shown to this user, who lacks the privilege)")

_COMMENTS = """
SELECT table_name, CONCAT('comment on ', column_name), column_comment FROM information_schema.columns
    WHERE table_schema = DATABASE() AND column_comment <> ''
UNION ALL SELECT table_name, 'comment', table_comment FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_comment <> '' AND table_type = 'BASE TABLE'
"""
