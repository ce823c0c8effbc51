"""SQLite."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..sqltext import one_line
from . import base
from .sqlite_reflection import correct_reflection
from .sqlite_tables import Piece, TableSql, tokens_of, unquoted

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

_OBJECTS = "SELECT name, tbl_name, type, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%%'"

_VIEWS_AND_TRIGGERS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"
# For no row, so that nothing happens. EXPLAIN does not do: SQLite 3.40 crashes where it explains one for a second time.
_EVENTS = {
    "INSERT": "INSERT INTO {table} ({column}) SELECT {column} FROM {table} WHERE 0",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE 0",
    "DELETE": "DELETE FROM {table} WHERE 0",
}


class SQLite(base.Dialect):
    """SQLite, with Python's own driver or aiosqlite."""

    name = "sqlite"
    drivers: Mapping[str, str] = {"pysqlite": "sqlite3"}
    async_drivers: Mapping[str, str] = {"aiosqlite": "aiosqlite"}  # it takes the same options
    locked = frozenset({"database is locked"})  # the text: Python 3.10 does not tell the name of an error
    forbidden = frozenset({"attempt to write a readonly database"})
    unavailable = frozenset({"database is locked", "unable to open database file", "database or disk is full"})

    table_names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"

    def configure_options(self) -> dict[str, Any]:
        """Let a whole command be one transaction, and rebuild a table to alter it.

        It has one writer at a time: a failure, or a kill, undoes all of the command.
        """
        return {"render_as_batch": True, "transactional_ddl": True}

    def check_borrowed(self, connection: Connection) -> None:
        """Refuse a transaction in which foreign keys are enforced: they cannot be switched off there."""
        from alembic.util import CommandError

        if connection.exec_driver_sql("PRAGMA foreign_keys").scalar():
            raise CommandError(
                "With foreign keys enforced, rebuilding a table deletes the rows that refer to it, and they cannot be "
                "switched off in a transaction: hand over the connection before you begin one."
            )

    @contextmanager
    def exclusive(self, connection: Connection, timeouts: base.Timeouts) -> Iterator[None]:
        """Begin each transaction as the only writer, with foreign keys off; check them before it commits."""
        facade: Any = connection.connection.dbapi_connection  # synchronous for aiosqlite, too

        def pragma(name: str) -> Any:
            return base.send(connection, f"PRAGMA {name}")[0][0]

        isolation_level, foreign_keys, patience = facade.isolation_level, pragma("foreign_keys"), pragma("busy_timeout")
        milliseconds = round(timeouts.lock * 1000)
        facade.isolation_level = None  # the driver begins no transactions of its own, DDL is then part of ours
        # A rebuilt table is dropped on the way: with foreign keys enforced, its children's rows would go with it.
        base.send(connection, "PRAGMA foreign_keys=OFF")
        dangling: set[Any] = set()
        usable: set[str] = set()
        failed = connection.dialect.loaded_dbapi.OperationalError

        def find_dangling() -> set[Any]:
            try:
                return set(base.send(connection, "PRAGMA foreign_key_check"))
            except failed as error:
                base.log.warning("Foreign keys cannot be checked: %s", error)  # a foreign key to what is not unique
                return set()

        def find_broken() -> dict[str, str]:
            return broken(lambda sql: base.send(connection, sql), connection.dialect.loaded_dbapi.Error)

        def acquire() -> bool:
            try:
                base.send(connection, "BEGIN IMMEDIATE")
            except failed as error:
                if "locked" not in str(error):  # Python 3.10 does not tell the name of an error
                    raise
                return False
            return True

        def begin(_: Connection) -> None:
            if not base.is_autocommit(connection):
                pragma("busy_timeout=0")
                base.wait(acquire, connection, timeouts.migrator)
                pragma(f"busy_timeout={milliseconds}")
                dangling.update(find_dangling())
                usable.update(name for name, error in find_broken().items() if not error)

        def check(_: Connection) -> None:
            _require_no_new(find_dangling() - dangling)
            _require_usable({name: error for name, error in find_broken().items() if error and name in usable})

        try:
            with base.listening(connection, begin=begin, commit=check):
                yield
        finally:
            connection.rollback()
            pragma(f"busy_timeout={patience}")
            base.send(connection, f"PRAGMA foreign_keys={foreign_keys}")
            facade.isolation_level = isolation_level

    def catalogue(self, connection: Connection) -> Iterator[base.Item]:
        """Yield what SQLite tells of its tables, and the SQL of indexes and triggers."""
        from sqlalchemy import inspect

        correct_reflection(connection.dialect)
        warnings.filterwarnings("ignore", "(?s).*reflection of.*expression-based.*index")  # its SQL is read below
        inspector = inspect(connection)
        objects = connection.exec_driver_sql(_OBJECTS).fetchall()
        statements = {name.lower(): sql for name, _, kind, sql in objects if kind == "table"}
        for name, table, kind, sql in objects:
            if kind in ("index", "trigger"):
                yield table, f"{kind} {name}", one_line(sql)
            elif kind == "table":
                yield name, "", ""
                yield from _items(inspector, name, sql, statements)

    def beside_tables(self, connection: Connection) -> Iterator[base.Item]:
        """Yield the SQL of views."""
        for name, _, kind, sql in connection.exec_driver_sql(_OBJECTS):
            if kind == "view":
                yield "", f"view {name}", one_line(sql)

    def create_database(self, connection: Connection, name: str) -> None:
        """Do nothing: a database is a file."""

    def drop_database(self, connection: Connection, name: str) -> None:
        """Do nothing: a database is a file."""

    def read_only_engine(self, url: URL) -> Engine:
        """Return an engine that opens the file for reading only."""
        path = Path(url.database or "").absolute()
        query = {"mode": "ro", "uri": "true"}
        with path.open("rb") as file:
            in_wal = file.read(20)[18:] == b"\2\2"
        if in_wal and not Path(f"{path}-wal").exists():  # nobody has it open, and even a reader would leave files there
            query["immutable"] = "1"
        return base.plain_engine(url.set(drivername="sqlite", database=path.as_uri(), query=query))


def broken(send: Callable[[str], Sequence[Any]], error_class: type[Exception]) -> dict[str, str]:
    """Return what is wrong with each view and trigger: nothing, where SQLite can use it for no row."""
    errors = {}
    for kind, name, table, sql in send(_VIEWS_AND_TRIGGERS):
        error = ""
        try:
            columns = send(f"PRAGMA table_info({_quoted(table)})")
            send(_use(kind, table, sql, columns))
        except error_class as reason:
            error = str(reason)
        errors[f"the {kind} {name}"] = error
    return errors


def _require_no_new(dangling: set[Any]) -> None:
    """Raise CommandError where rows refer to missing ones."""
    from alembic.util import CommandError

    for (table, parent), rows in Counter((row[0], row[2]) for row in dangling).items():
        raise CommandError(
            f"After this migration {rows} rows of {table} would refer to missing rows of {parent}; nothing was "
            "changed. Mend the revision: keep the rows they refer to, or delete or update them first."
        )


def _require_usable(broken: dict[str, str]) -> None:
    """Raise CommandError where a migration breaks views or triggers."""
    from alembic.util import CommandError

    if broken:
        reasons = ", ".join(sorted(set(broken.values())))
        raise CommandError(
            f"After this migration {' and '.join(broken)} would not work any more: {reasons}; nothing was changed. Let "
            "the revision drop it first (op.execute), and create it anew, as it shall be, at the end."
        )


def _use(kind: str, table: str, sql: str, columns: Sequence[Any]) -> str:
    """Return a statement that needs a view, or sets off a trigger."""
    if kind == "view":
        return f"SELECT * FROM {_quoted(table)} WHERE 0"
    words = list(tokens_of(sql))
    at = next(at for at, word in enumerate(words) if at > 1 and word.keyword in _EVENTS)
    column = words[at + 2].text if words[at + 1].keyword == "OF" else _quoted(columns[0][1])
    return _EVENTS[words[at].keyword].format(table=_quoted(table), column=column)


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


# What was read of tables in this process, by what says all of it: one schema is often read several times.
_read: dict[Any, list[base.Item]] = {}


def _items(inspector: Any, table: str, sql: str, statements: Mapping[str, str]) -> list[base.Item]:
    """Return what SQLite tells of a table; from memory, where it has told so of one with the same parts.

    A foreign key that names no columns leads to the primary key of the other table: that one's parts count too.
    """
    parsed = _parsed(sql)
    if parsed is None:
        return [*_columns(inspector, table, None), *_constraints(inspector, table, None), *_module(table, sql)]
    referred = sorted({clause.referred for _, clause in parsed.clauses if clause.referred})
    key = (table, _parts(sql), *(_parts(statements.get(name, "")) for name in referred))
    if key not in _read:
        _read[key] = [
            *_columns(inspector, table, parsed),
            *_options(table, parsed),
            *_constraints(inspector, table, parsed),
        ]
    return _read[key]


def _module(table: str, sql: str) -> Iterator[base.Item]:
    """Yield what a virtual table is made by: its module, and the options of it."""
    if found := re.match(r"CREATE VIRTUAL TABLE .*? USING (.*)", one_line(sql), re.IGNORECASE):
        yield table, "module", found[1]


@cache
def _parts(sql: str) -> tuple[str, ...]:
    """Return the columns and constraints of a table, in an order that does not depend on who wrote it."""
    parsed = _parsed(sql)
    if parsed is None:
        return (sql,)
    pieces = (*parsed.columns.values(), *parsed.constraints)
    return (parsed.tail, *sorted(sql[piece.start : piece.end].strip() for piece in pieces))


def _columns(inspector: Any, table: str, parsed: TableSql | None) -> Iterator[base.Item]:
    for column in inspector.get_columns(table):
        null = "" if column["nullable"] else " NOT NULL"
        piece = None if parsed is None else parsed.columns.get(column["name"].lower())
        computed = f" GENERATED {_expression(column['computed'], parsed, piece)}" if column.get("computed") else ""
        computed += " STORED" if computed and column["computed"]["persisted"] else ""
        collation = None if piece is None else piece.clause("COLLATE")
        collate = "" if collation is None else f" COLLATE {unquoted(collation.tokens[-1].text)}"
        yield table, f"column {column['name']}", f"{column['type']}{null}{computed}{collate}"
        if column["default"] is not None:
            yield table, f"default of {column['name']}", _as_stored(column["default"], str(column["type"]))


def _as_stored(default: str, type_: str) -> str:
    """Return a default as the column stores it: a number in quotes becomes one where the type asks for numbers.

    What a type asks for, SQLite takes from its name (section 3.1 of its page about data types).
    """
    name = type_.upper()
    if "INT" not in name and re.search("CHAR|CLOB|TEXT|BLOB", name):
        return default
    logical = {"TRUE": "1", "FALSE": "0"}.get(default.upper())
    number = re.fullmatch(r"'\s*([+-]?\d+(?:\.\d+)?)\s*'", default)
    return logical or (number[1] if number else default)


def _expression(reflected: Any, parsed: TableSql | None, piece: Piece | None) -> str:
    """Return what a column is computed from: SQLAlchemy takes what follows it on its line for a part of it."""
    clause = None if piece is None else piece.clause("AS")
    if parsed is None or clause is None or not clause.expression:
        return str(reflected["sqltext"])
    return parsed.expression(clause)


def _options(table: str, parsed: TableSql | None) -> Iterator[base.Item]:
    for option in [] if parsed is None else [*parsed.options, *(["AUTOINCREMENT"] if parsed.counts else [])]:
        yield table, f"option {option}", option


@cache
def _parsed(sql: str) -> TableSql | None:
    """Return a table taken apart; None for a virtual table, or where SQLite's own words are not understood."""
    try:
        return TableSql.parse(sql)
    except ValueError:
        return None


def _constraints(inspector: Any, table: str, parsed: TableSql | None) -> Iterator[base.Item]:
    key = inspector.get_pk_constraint(table)
    texts = []
    if columns := key["constrained_columns"]:
        texts.append((key["name"], f"PRIMARY KEY ({_listed(columns)}){_more(parsed, 'PRIMARY', columns)}"))
    for foreign in inspector.get_foreign_keys(table):
        columns, referred = foreign["constrained_columns"], _listed(foreign["referred_columns"])
        text = f"FOREIGN KEY ({_listed(columns)}) REFERENCES {foreign['referred_table']} ({referred})"
        kinds = ("REFERENCES", "FOREIGN")  # at its column, or of the table
        texts.append((foreign["name"], text + "".join(_more(parsed, kind, columns) for kind in kinds)))
    for unique in inspector.get_unique_constraints(table):
        columns = unique["column_names"]
        texts.append((unique["name"], f"UNIQUE ({_listed(columns)}){_more(parsed, 'UNIQUE', columns)}"))
    for check in inspector.get_check_constraints(table):
        texts.append((check["name"], f"CHECK ({one_line(check['sqltext'])})"))
    for name, text in texts:
        yield table, f"constraint {name or text}", text


_MORE = re.compile(
    r"ON (?:DELETE|UPDATE) (?:SET NULL|SET DEFAULT|CASCADE|RESTRICT)|ON CONFLICT (?!ABORT)\w+|"
    r"(?<!NOT )DEFERRABLE(?: INITIALLY DEFERRED)?"
)  # what else a constraint says that is not so by default


def _more(parsed: TableSql | None, kind: str, columns: list[str]) -> str:
    """Return what the statement of a table says of a constraint of these columns; SQLAlchemy reads a part of it."""
    wanted = [column.lower() for column in columns]
    for piece, clause in [] if parsed is None else parsed.clauses:
        own = clause.columns or ((piece.name.text,) if piece.name else ())
        if clause.kind == kind and [unquoted(name).lower() for name in own] == wanted:
            words = " ".join(token.keyword for token in clause.tokens)
            return "".join(f" {found}" for found in sorted(_MORE.findall(words)))
    return ""


def _listed(names: list[str]) -> str:
    return ", ".join(names)
