"""How MariaDB and MySQL write two expressions: they rewrite each one that they store.

They are asked by a temporary table, in which both are a default, a CHECK or a computed column: SHOW CREATE TABLE then
says how they are written. That changes nothing that anybody else sees, and commits nothing. Tried with MariaDB 10.11;
for MySQL 8 it follows the manual: https://dev.mysql.com/doc/refman/8.0/en/create-temporary-table.html
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from ...sqltext import all_tokens, plain, single_percents
from .question import Question, columns_sql, type_sql

log = logging.getLogger("alembic.autogenerate.expressions")

_TABLE = "alembic_proof_expressions"
# The server answered that the user may not, or not now: in a transaction that only reads, or with GTIDs. Nothing else
# says anything about an expression.
_MAY_NOT = frozenset({1044, 1045, 1142, 1227, 1290, 1787, 1792, 1836})
_PLAIN = re.compile(
    r"\s*(['(\"]|[\w.+-]+\s*$|(now|current_timestamp|localtime(stamp)?)\b\s*(\(\s*\d*\s*\))?\s*$)", re.I
)


class _MayNotError(Exception):
    """The user may not create a temporary table."""


def ask(connection: Connection, questions: list[Question]) -> list[bool | None]:
    """Return for each question whether the server takes both expressions for the same; None where it cannot tell.

    It takes three statements for any number of tables, as long as columns of one name have one type.
    """
    distinct = list(dict.fromkeys(_signature(question, connection.dialect) for question in questions))
    answers: dict[_Signature, bool | None] = {}
    with suppress(_MayNotError):
        for group in _groups(distinct):
            answers.update(_ask_group(connection, group))
    return [answers.get(_signature(question, connection.dialect)) for question in questions]


class _Signature(tuple[str, str, str, str, tuple[tuple[str, str], ...]]):
    """What a question comes to: its kind, both texts, the type of the value, and the columns that it names."""

    __slots__ = ()


def _signature(question: Question, dialect: Dialect) -> _Signature:
    words = {*all_tokens(question.reflected, "mysql"), *all_tokens(question.model, "mysql")}
    columns: list[tuple[str, str]] = []
    if question.kind != "default":
        every = columns_sql(question.table, dialect)
        columns = [(name, type_) for name, type_ in every.items() if name.lower() in words]
    type_ = type_sql(question.type, dialect) or "TEXT"
    return _Signature((question.kind, question.reflected, question.model, type_, tuple(columns)))


def _groups(signatures: list[_Signature]) -> Iterator[list[_Signature]]:
    """Yield signatures that fit into one table: there, a column has one type."""
    left = signatures
    while left:
        columns: dict[str, str] = {}
        group: list[_Signature] = []
        rest: list[_Signature] = []
        for each in left:
            fits = all(columns.get(name.lower(), type_) == type_ for name, type_ in each[4])
            (group if fits else rest).append(each)
            if fits:
                columns.update({name.lower(): type_ for name, type_ in each[4]})
        yield group
        left = rest


def _ask_group(connection: Connection, group: list[_Signature]) -> dict[_Signature, bool | None]:
    """Return the answers about several; by halves where the table cannot be made, as one of them cannot."""
    items = _definitions(connection, group)
    if items is not None:
        return {each: items[f"old_{number}"] == items[f"new_{number}"] for number, each in enumerate(group)}
    if len(group) > 1:
        middle = len(group) // 2
        return _ask_group(connection, group[:middle]) | _ask_group(connection, group[middle:])
    is_one_possible = any(_definitions(connection, group, (side,)) is not None for side in ("old", "new"))
    return {group[0]: False if is_one_possible else None}  # then the other one is another, or none


def _definitions(
    connection: Connection, group: list[_Signature], sides: tuple[str, ...] = ("old", "new")
) -> dict[str, list[str]] | None:
    """Return how the server writes expressions, by their names here; None where it cannot make a table with them."""
    dialect = connection.dialect
    quote: Any = dialect.identifier_preparer.quote
    names = {
        name.lower(): f"{single_percents(quote(name), dialect)} {type_}" for each in group for name, type_ in each[4]
    }
    columns, checks = ["alembic_proof INTEGER", *names.values()], []
    for number, (kind, old, new, type_, _) in enumerate(group):
        texts = {"old": old, "new": new}
        for name, sql in [(f"{side}_{number}", texts[side]) for side in sides]:
            if kind == "check":
                checks.append(f"CONSTRAINT alembic_proof_{name} CHECK ({sql})")
            elif kind == "computed":
                columns.append(f"alembic_proof_{name} {type_} GENERATED ALWAYS AS ({sql})")
            else:
                columns.append(f"alembic_proof_{name} {type_} NULL DEFAULT {_default(sql)}")
    create = f"CREATE TEMPORARY TABLE {_TABLE} ({', '.join([*columns, *checks])})"
    try:
        connection.exec_driver_sql(_percents(create, connection.dialect))
        (_, shown) = connection.exec_driver_sql(f"SHOW CREATE TABLE {_TABLE}").one()
    except DBAPIError as error:
        log.debug("%s", error)
        if _MAY_NOT.intersection(getattr(error.orig, "args", ())[:1]):
            raise _MayNotError from None
        return None
    finally:  # also where it failed: MariaDB keeps a table in whose CHECK a value does not fit (error 1292)
        with suppress(DBAPIError):
            connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {_TABLE}")
    return _items(shown)


def _default(sql: str) -> str:
    """Return an expression as it may follow DEFAULT."""
    is_plain = _PLAIN.match(sql) or re.search(r"\bON\s+UPDATE\b", sql, re.IGNORECASE)
    return sql if is_plain else f"({sql})"


def _percents(sql: str, dialect: Dialect) -> str:
    """Return SQL for a driver: it gets an empty list of parameters, so that a percent sign has to be doubled."""
    return sql.replace("%", "%%") if dialect.paramstyle in ("format", "pyformat") else sql


def _items(shown: str) -> dict[str, list[str]]:
    """Return the definitions of our own columns and constraints in what SHOW CREATE TABLE says."""
    found = all_tokens(shown, "mysql")
    items: list[list[str]] = [[]]
    depth = 1
    for token in found[found.index("(") + 1 :]:
        depth += (token == "(") - (token == ")")
        if not depth:
            break
        if token == "," and depth == 1:
            items.append([])
        else:
            items[-1].append(token)
    named = (item[1:] if item[0] == "constraint" else item for item in items)
    prefix = "alembic_proof_"
    return {name.removeprefix(prefix): plain(rest) for name, *rest in named if name.startswith(prefix)}
