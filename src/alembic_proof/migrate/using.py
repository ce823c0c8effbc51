"""What an expression of a revision's own does to the values of a column that gets another type (PostgreSQL)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from alembic.operations.ops import AlterColumnOp
from sqlalchemy import ColumnElement, Dialect, Text, cast, literal_column

from ..ddl.types import database_type, kind_of
from ..sqltext import lexed

# Functions, and words before a parenthesis, that lose nothing but what the types say.
_KEEPING = re.compile(
    "to_jsonb?|jsonb?_(populate_record|build_object|typeof)|make_interval|extract|cast|and|or|in|not|numeric|decimal|"
    "(var)?char|varying|character|time(stamp)?|bit"
)


def cuts(op: AlterColumnOp, dialect: Dialect) -> bool:
    """Tell whether an expression may give values that differ by more than the new type.

    A text may be cut to its length even by a cast, where PostgreSQL would refuse it otherwise. Of a CASE, see maps().
    """
    using = op.kw.get("postgresql_using")
    if dialect.name != "postgresql" or not using:
        return False
    tokens = lexed(using, dialect.name)
    called = {
        before.text.lower()
        for before, after in pairwise(tokens)
        if after.text == "(" and before.kind in ("word", "name")
    }
    if maps(op, dialect):
        return False
    types = (op.existing_type, op.modify_type)
    is_text = all(type_ is not None and kind_of(database_type(type_, dialect)) == "text" for type_ in types)
    return not all(map(_KEEPING.fullmatch, called)) or (
        is_text and bool(re.search(r"(?i)\b(varchar|char|varying|character)\b", using))
    )


def maps(op: AlterColumnOp, dialect: Dialect) -> bool:
    """Tell whether an expression says for each value which one it becomes: that is meant, if it is not NULL."""
    using = op.kw.get("postgresql_using") or ""
    return dialect.name == "postgresql" and any(each.text.lower() == "case" for each in lexed(using, dialect.name))


def becomes_null(op: AlterColumnOp) -> ColumnElement[bool]:
    """Return the condition under which an expression has no value for one."""
    return _expression(op).is_(None)


def changed(value: ColumnElement[Any], op: AlterColumnOp) -> ColumnElement[bool]:
    """Return the condition under which a value is another one after its expression, and back in the old type."""
    old: Any = op.existing_type
    return cast(cast(_expression(op), old), Text).is_distinct_from(cast(value, Text))


def _expression(op: AlterColumnOp) -> ColumnElement[Any]:
    return literal_column(f"({op.kw['postgresql_using']})")
