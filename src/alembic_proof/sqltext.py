"""SQL as text: names, literals, percent signs and colons; and whether two pieces of SQL are the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Dialect


def full_name(table: str, schema: str | None) -> str:
    """Return the name of a table with its schema, if it has one."""
    return f"{schema}.{table}" if schema else table


def quote_literal(value: Any) -> str:
    """Return a value as a string literal of SQL."""
    return "'{}'".format(str(value).replace("'", "''"))


def single_percents(sql: str, dialect: Dialect) -> str:
    """Return compiled SQL as a revision writes it: for some drivers, SQLAlchemy has doubled its percent signs."""
    return sql.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else sql


def escape_colons(sql: str) -> str:
    """Return SQL for op.execute() or sa.text(), which then take nothing in it for a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)


def one_line(sql: str) -> str:
    """Return SQL on one line, without double quotes."""
    return re.sub(r"\s+", " ", sql.replace('"', "")).strip()


def same_but_spacing(sql: str, other: str) -> bool:
    """Tell whether two pieces of SQL differ in spaces and quotes of names only."""
    return _unquoted(sql) == _unquoted(other)


def _unquoted(sql: str) -> str:
    return re.sub(r'[\s"`]', "", sql)


def bare_expression(sql: str) -> str:
    """Return an expression without casts, parentheses, spaces and quotes of names, to be compared."""
    return re.sub(r"""::[a-z ]+(\(\d+\))?|[\s()"`]""", "", sql)


_CASTS = re.compile(r"::(\"[^\"]+\"|[a-z_]+( varying| precision| with(out)? time zone)?)(\(\d+(,\d+)?\))?(\[\])?")


def bare_definition(sql: str) -> str:
    """Return the definition of a constraint or an index without what makes no difference, to be compared.

    That is casts, the name and schema of an index, spaces, and parentheses around a name or the whole.
    """
    text = re.sub(r"^(CREATE (UNIQUE )?INDEX) \S+ ON [^\s(]+", r"\1", _CASTS.sub("", sql))
    text = re.sub(r"\s", "", re.sub(r"\((\w+)\)", r"\1", text))
    return text[1:-1] if re.fullmatch(r"\([^()]*\)", text) else text
