"""Whether a database takes two expressions for the same: what it has stored, and what the models say.

Each database that keeps an expression in its own words is asked how it would write both, for any number of them at
once: nothing is executed, changed or committed. Where the texts are the same token by token, nothing needs to be asked.
SQLite keeps the text as it was: there the tokens decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from sqlalchemy import Connection, Float, Integer, Numeric, Table, Uuid

from ...sqltext import full_name, same_sql, tokens
from . import mysql, postgresql
from .question import Question

__all__ = ["Expression", "different", "literal_value"]

Kind = Literal["default", "check", "computed", "index"]


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression that a reflected table has, and the one that its model has: in SQL.

    The name is that of the column, the constraint or the index. The type is that of the values, of a default or of a
    computed column.
    """

    table: Table
    name: str
    kind: Kind
    reflected: str
    model: str
    type: Any = None

    @property
    def full_name(self) -> str:
        """The name with that of the table."""
        return f"{full_name(self.table.name, self.table.schema)}.{self.name}"


_ASK: dict[str, Callable[[Connection, list[Question]], list[bool | None]]] = {
    "postgresql": postgresql.ask,
    "mysql": mysql.ask,
    "mariadb": mysql.ask,
}


def different(connection: Connection, expressions: Iterable[Expression]) -> tuple[set[Expression], list[str]]:
    """Return the expressions that the database does not take for the same, and the names of the unknown ones.

    Where it cannot tell, their tokens decide for a literal, and on PostgreSQL, without the casts that it adds.
    """
    dialect = connection.dialect
    doubtful = [each for each in expressions if not _is_alike(each, dialect.name)]
    ask = _ASK.get(dialect.name)
    if ask is None or not doubtful:
        return set(doubtful), []
    questions = [Question(each.table, each.kind, each.reflected, each.model, each.type) for each in doubtful]
    found, unknown = set(), []
    for each, same in zip(doubtful, ask(connection, questions), strict=True):
        if same is None and dialect.name == "postgresql":
            same = same_sql(each.reflected, each.model, dialect.name, casts=False)
        if same is None and not _is_literal(each, dialect.name):
            unknown.append(each.full_name)
        elif not same:
            found.add(each)
    return found, unknown


def _is_alike(expression: Expression, dialect: str) -> bool:
    if same_sql(expression.reflected, expression.model, dialect):
        return True
    return expression.kind == "default" and _is_same_value(expression, dialect)


def _is_same_value(expression: Expression, dialect: str) -> bool:
    """Tell whether two defaults are the same literal for a column of their type."""
    old, new = (literal_value(text, dialect) for text in (expression.reflected, expression.model))
    if old is None or new is None:
        return False
    if isinstance(expression.type, Uuid):
        return old.replace("-", "").lower() == new.replace("-", "").lower()
    return isinstance(expression.type, (Integer, Numeric, Float)) and _number(old) == _number(new) is not None


def _is_literal(expression: Expression, dialect: str) -> bool:
    texts = (expression.reflected, expression.model)
    return expression.kind == "default" and all(literal_value(text, dialect) is not None for text in texts)


def literal_value(sql: str, dialect: str) -> str | None:
    """Return the value of a literal, a string or a number, whatever its casts; None for another expression."""
    found = tokens(sql, dialect, casts=False)
    if len(found) == 1 and found[0].startswith("'"):
        return found[0][1:]
    text = "".join(found)
    return text if _number(text) is not None else None


def _number(text: str) -> Decimal | None:
    with suppress(InvalidOperation):
        number = Decimal(text)
        return number if number.is_finite() else None
    return None
