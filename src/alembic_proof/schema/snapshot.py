"""A schema, read from a database's own catalogue."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from .. import dialects
from ..errors import UndeterminedError
from ..sandbox import engine

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine

# By table, its columns, defaults, constraints and indexes: an item such as "column name", and the text that the
# database keeps of it. What belongs to no table, such as a type, is under "".
Schema = dict[str, dict[str, str]]

# The table in which the library notes what an unfinished migration has done: alembic_proof.migrate.journal.TABLE.
JOURNAL = "alembic_unfinished"


def own_tables(version_table: str) -> set[str]:
    """Return the tables that Alembic and this library keep in a database, by the name of the version table."""
    return {version_table, "alembic_version", JOURNAL}


def read(source: URL | str | Engine, default: str | None = None, comments: bool = False) -> Schema:
    """Read the schema of a database, given its URL or an engine; on request with the comments.

    The default is a schema whose name is left out too: where env.py has chosen one by PostgreSQL's search_path.
    Raises UndeterminedError for a database whose catalogue this library does not read.
    """
    prefixes = {"public.", f"{default or 'public'}."}

    def plain(part: Any) -> str:
        return reduce(lambda text, prefix: text.replace(prefix, ""), prefixes, str(part or ""))

    schema: Schema = {}
    with engine(source).connect() as connection:
        name = connection.dialect.name
        if name not in dialects.KNOWN:
            raise UndeterminedError(f"the schema of a {name} database cannot be read: only {', '.join(dialects.KNOWN)}")
        dialect = dialects.get(name)
        for row in dialect.catalogue(connection):
            table, item, text = map(plain, row)
            items = schema.setdefault(table, {})
            if item:
                items[item] = text
        for table, item, text in dialect.comments(connection) if comments else ():
            schema.setdefault(plain(table), {})[item] = text
    return schema
