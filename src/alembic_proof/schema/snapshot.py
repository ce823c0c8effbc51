"""A schema, read from a database's own catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from .. import dialects
from ..errors import UndeterminedError
from ..sandbox import engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

# By table, its columns, defaults, constraints and indexes: an item such as "column name", and the text that the
# database keeps of it. What belongs to no table, such as a type, is under "".
Schema = dict[str, dict[str, str]]

# The table in which the library notes what an unfinished migration has done: alembic_proof.migrate.journal.TABLE.
JOURNAL = "alembic_unfinished"


def own_tables(version_table: str) -> set[str]:
    """Return the tables that Alembic and this library keep in a database, by the name of the version table."""
    return {version_table, "alembic_version", JOURNAL}


def statements(connection: Connection) -> frozenset[tuple[str, ...]]:
    """Return the statements with which SQLite keeps a schema: all of it. For another database, nothing."""
    if connection.dialect.name != "sqlite":
        return frozenset()
    rows = connection.exec_driver_sql("SELECT type, name, tbl_name, sql FROM sqlite_master")
    return frozenset(tuple(map(str, row)) for row in rows)


def read(source: URL | str | Engine, default: str | None = None, comments: bool = False) -> Schema:
    """Read the schema of a database, given its URL or an engine; on request with the comments.

    The default is a schema whose name is left out too: where env.py has chosen one by PostgreSQL's search_path.
    Raises UndeterminedError for a database whose catalogue this library does not read.
    """
    with engine(source).connect() as connection:
        name = connection.dialect.name
        if name not in dialects.KNOWN:
            raise UndeterminedError(f"the schema of a {name} database cannot be read: only {', '.join(dialects.KNOWN)}")
        dialect = dialects.get(name)
        schema = gather(dialect.catalogue(connection), default)
        for table, item, text in dialect.comments(connection) if comments else ():
            schema.setdefault(_plain(table, default), {})[item] = text
    return schema


def gather(rows: Iterable[Sequence[Any]], default: str | None = None) -> Schema:
    """Return the schema that the rows of a catalogue are: for each item its table, its name and its text."""
    schema: Schema = {}
    for row in rows:
        table, item, text = (_plain(part, default) for part in row)
        items = schema.setdefault(table, {})
        if item:
            items[item] = text
    return schema


def _plain(part: Any, default: str | None) -> str:
    """Return a text of a catalogue without the names of the schemas that can be left out."""
    prefixes = {"public.", f"{default or 'public'}."}
    return reduce(lambda text, prefix: text.replace(prefix, ""), prefixes, str(part or ""))
