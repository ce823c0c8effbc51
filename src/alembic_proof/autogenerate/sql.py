"""What SQLAlchemy compiles, as SQL for a revision or for a comparison."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Constraint, Dialect, Index, TextClause, text
from sqlalchemy.schema import ColumnCollectionConstraint
from sqlalchemy.sql.elements import conv

from ..sqltext import escape_colons, single_percents


def sql_of(element: Any, dialect: Dialect) -> str:
    """Return an element as SQL for a revision, with its values in it."""
    if isinstance(element, TextClause):
        return element.text.replace("\\:", ":")
    options = {"literal_binds": True, "include_table": False}
    return single_percents(str(element.compile(dialect=dialect, compile_kwargs=options)), dialect)


def quoted_name(name: str, dialect: Dialect, schema: str | None = None) -> str:
    """Return a name as SQL for a revision, with its schema: quoted where it must be, with single percent signs."""
    preparer: Any = dialect.identifier_preparer
    start = f"{preparer.quote_schema(schema)}." if schema else ""
    return single_percents(f"{start}{preparer.quote(name)}", dialect)


def as_text(element: Any, dialect: Dialect) -> TextClause:
    """Return an element as text() of its SQL, which belongs to no table."""
    return text(escape_colons(sql_of(element, dialect)))


def column_names(constraint: ColumnCollectionConstraint) -> list[str]:
    """Return the names of a constraint's columns, in its order."""
    return [column.name for column in constraint.columns]


def stored_name(constraint: Constraint | Index, dialect: Dialect) -> str | None:
    """Return the name that a constraint or an index has in the database; None if it has none.

    It is completed by the naming convention, and not too long.
    """
    limit = dialect.max_constraint_name_length or dialect.max_identifier_length
    name: str | None = constraint.name if isinstance(constraint.name, str) else None
    if not isinstance(name, conv) or len(name.encode()) > limit:  # conv: the convention is applied, which takes time
        preparer: Any = dialect.identifier_preparer
        formatted = None if constraint.name is None else preparer.format_constraint(constraint)
        name = None if formatted is None else single_percents(preparer.unformat_identifiers(formatted)[0], dialect)
    if name is not None and dialect.name == "postgresql":  # it counts bytes
        name = name.encode()[:limit].decode(errors="ignore")
    return name


def usual_name(table: str, column: str, kind: str, limit: int = 63) -> str:
    """Return the name that PostgreSQL makes of a table, a column and a kind: the longer part is cut off first."""
    room = limit - len(kind) - 1 - bool(column)
    first, second = len(table.encode()), len(column.encode())
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    parts = (table.encode()[:first].decode(errors="ignore"), column.encode()[:second].decode(errors="ignore"), kind)
    return "_".join(part for part in parts if part)
