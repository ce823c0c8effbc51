"""Expressions that PostgreSQL writes otherwise than the models: it is asked how, by a table that lives for a moment."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError


@dataclass(frozen=True, eq=False)
class Question:
    """Is an expression of the models the one that a table has in the database?

    Made returns the DDL that gives it to a copy of the table, by the copy's name; the query reads it from there.
    """

    table: Table
    old: str
    new: str
    made: Callable[[str], str]
    query: str


def compare(
    autogen_context: AutogenContext, operations: ModifyTableOps, question: Question, anew: list[MigrateOperation]
) -> None:
    """Add what makes an expression of a table anew, if it differs; on PostgreSQL that is told when all are compared."""
    if _bare(question.old) == _bare(question.new):
        return
    if autogen_context.dialect.name == "postgresql":
        _open(autogen_context).append((question, operations, anew))
    else:
        operations.ops += anew


def settle(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Ask PostgreSQL about the expressions of all tables at once."""
    asked = _open(autogen_context)
    different = differing(autogen_context, [question for question, *_ in asked])
    for question, operations, anew in asked:
        if question in different:
            operations.ops += anew
            if not any(operations is op for op in upgrade_ops.ops):  # nothing else changes in its table
                upgrade_ops.ops.append(operations)
    asked.clear()
    return PriorityDispatchResult.CONTINUE


PLUGIN = "stored_expressions"
Plugin(PLUGIN).add_autogenerate_comparator(
    settle, "schema", PLUGIN, qualifier="postgresql", priority=DispatchPriority.LAST
)

_Open = tuple[Question, ModifyTableOps, list[MigrateOperation]]


def _open(autogen_context: AutogenContext) -> list[_Open]:
    """Return what is still to be asked in this comparison."""
    questions: list[_Open] = vars(autogen_context).setdefault("open_questions", [])
    return questions


def differing(autogen_context: AutogenContext, questions: list[Question]) -> list[Question]:
    """Return the questions whose answer is no; PostgreSQL is asked once, however many there are."""
    unlike = [one for one in questions if _bare(one.old) != _bare(one.new)]
    if not unlike:
        return []
    connection: Any = autogen_context.connection
    quote: Any = autogen_context.dialect.identifier_preparer
    asked = []
    for one in unlike:
        copy = f"pg_temp.{quote.quote(one.table.name)}"
        asked.append([f"CREATE TABLE {copy} (LIKE {quote.format_table(one.table)})", one.made(copy), one.query, copy])
    with suppress(DBAPIError), connection.begin_nested() as savepoint:
        connection.exec_driver_sql(_FUNCTION)
        stored = connection.scalars(text(_ASK), {"asked": json.dumps(asked)}).all()
        savepoint.rollback()
        return [one for one, there in zip(unlike, stored, strict=True) if _bare(str(there)) != _bare(one.old)]
    return unlike


# An error undoes what the block did, but not what its variables have got: so it ends with one in any case.
_FUNCTION = """
CREATE FUNCTION pg_temp.alembic_stored(copied text, made text, query text, copy text) RETURNS text AS $$
DECLARE
    stored text;
BEGIN
    EXECUTE copied;
    EXECUTE made;
    EXECUTE query INTO stored USING copy;
    RAISE EXCEPTION 'undone';
EXCEPTION WHEN OTHERS THEN
    RETURN stored;
END $$ LANGUAGE plpgsql
"""
_ASK = """
SELECT pg_temp.alembic_stored(one ->> 0, one ->> 1, one ->> 2, one ->> 3)
FROM json_array_elements(CAST(:asked AS json)) WITH ORDINALITY AS asked (one, place) ORDER BY place
"""


def _bare(expression: str) -> str:
    return re.sub(r"""::[a-z ]+(\(\d+\))?|[\s()"`]""", "", expression)
