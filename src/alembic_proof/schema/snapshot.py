"""A schema, read from a database's own catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .. import dialects
from ..dialects import base
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

    The default is the schema whose name is left out: where env.py has chosen one by PostgreSQL's search_path.
    Raises UndeterminedError for a database whose catalogue this library does not read.
    """
    with engine(source).connect() as connection:
        dialect = _known(connection)
        if default and connection.dialect.name == "postgresql":
            path = connection.dialect.identifier_preparer.quote_schema(default)
            connection.exec_driver_sql(f"SET LOCAL search_path TO {path}, public")
        remarks = dialect.comments(connection) if comments else ()
        return gather((*dialect.catalogue(connection), *remarks))


def catalogue(source: URL | str | Engine) -> tuple[base.Item, ...]:
    """Return all that the catalogue of a database has, for gather(): tables, and what lies beside them."""
    with engine(source).connect() as connection:
        return tuple(_known(connection).everything(connection))


def _known(connection: Connection) -> dialects.Dialect:
    name = connection.dialect.name
    if name not in dialects.KNOWN:
        raise UndeterminedError(f"the schema of a {name} database cannot be read: only {', '.join(dialects.KNOWN)}")
    return dialects.get(name)


def gather(rows: Iterable[Sequence[Any]]) -> Schema:
    """Return the schema that the rows of a catalogue are: for each item its table, its name and its text."""
    schema: Schema = {}
    for row in rows:
        table, item, text = (str(part or "") for part in row)
        items = schema.setdefault(table, {})
        if item:
            items[item] = text
    return schema
