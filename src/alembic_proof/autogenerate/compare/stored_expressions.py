"""Whether PostgreSQL takes two expressions for the same: it rewrites each one that it stores, and nobody else can tell.

It is asked for the plan of a query with both of them, in which it writes them in one way. The query is never executed,
and reads from no table, so nothing is locked and no right is needed. The expressions of all tables are asked about at
once, when they have all been compared.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection, Dialect, Table, text
from sqlalchemy.exc import CompileError, DBAPIError

from ...sqltext import bare_expression, escape_colons, single_percents

Replacement = Callable[[], list[MigrateOperation]]


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression that a reflected table has, and the one that its model has: in SQL, of one type."""

    table: Table
    reflected: str
    model: str

    @property
    def is_written_alike(self) -> bool:
        """Whether the two texts are the same, apart from spaces, parentheses, quotes and casts."""
        return bare_expression(self.reflected) == bare_expression(self.model)


@dataclass
class _Undecided:
    """An expression that is still to be asked about, and how it is replaced if it differs."""

    expression: Expression
    operations: ModifyTableOps
    replacement: Replacement


_undecided: WeakKeyDictionary[AutogenContext, list[_Undecided]] = WeakKeyDictionary()


def setup(plugin: Plugin) -> None:
    """Register what asks PostgreSQL, when all tables have been compared."""
    plugin.add_autogenerate_comparator(
        ask_about_all, "schema", plugin.name, qualifier="postgresql", priority=DispatchPriority.LAST
    )


def compare_expression(
    autogen_context: AutogenContext, operations: ModifyTableOps, expression: Expression, replacement: Replacement
) -> None:
    """Add the operations that replace an expression, if it differs; on PostgreSQL, ask_about_all() does."""
    if autogen_context.dialect.name == "postgresql":
        if expression.reflected != expression.model:
            undecided = _undecided.setdefault(autogen_context, [])
            undecided.append(_Undecided(expression, operations, replacement))
    elif not expression.is_written_alike:
        operations.ops += replacement()


def ask_about_all(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Ask PostgreSQL about the expressions of all tables at once, and add the operations that replace what differs."""
    undecided = _undecided.pop(autogen_context, [])
    different = different_expressions(autogen_context, [each.expression for each in undecided])
    for each in undecided:
        if each.expression in different:
            each.operations.ops += each.replacement()
            if not any(each.operations is op for op in upgrade_ops.ops):  # nothing else changes in its table
                upgrade_ops.ops.append(each.operations)
    return PriorityDispatchResult.CONTINUE


def different_expressions(autogen_context: AutogenContext, expressions: list[Expression]) -> set[Expression]:
    """Return the expressions that PostgreSQL does not take for the same.

    Where it cannot tell, as for one with an enum's label that does not exist yet, their texts decide.
    """
    if not expressions:
        return set()
    connection: Any = autogen_context.connection
    columns = {table: _columns(table, connection.dialect) for table in {each.table for each in expressions}}
    questions = [[each.reflected, each.model, columns[each.table]] for each in expressions]
    try:
        with connection.begin_nested() as savepoint:
            answers = _ask(connection, questions)
            savepoint.rollback()
    except DBAPIError:  # the user may not create temporary functions
        answers = [_ask_about_one(connection, *question) for question in questions]
    pairs = zip(expressions, answers, strict=True)
    return {each for each, same in pairs if not (each.is_written_alike if same is None else same)}


def _columns(table: Table, dialect: Dialect) -> str:
    """Return the columns of a table as the definition of a record; without those whose types nobody knows."""
    columns = []
    for column in table.columns:
        with suppress(CompileError):
            type_ = dialect.type_compiler_instance.process(column.type)
            columns.append(f"{dialect.identifier_preparer.quote(column.name)} {type_}")
    return single_percents(", ".join(columns), dialect)


_EXPLAIN = "EXPLAIN (VERBOSE, COSTS OFF, FORMAT JSON) SELECT ({}), ({}) FROM json_to_record(NULL) AS record ({})"

_FUNCTION = f"""
CREATE FUNCTION pg_temp.alembic_proof_same(reflected text, model text, columns text) RETURNS boolean AS $body$
DECLARE
    plan json;
BEGIN
    EXECUTE format($${_EXPLAIN.replace("{}", "%s")}$$, reflected, model, columns) INTO plan;
    RETURN plan #>> '{{0,Plan,Output,0}}' = plan #>> '{{0,Plan,Output,1}}';
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END $body$ LANGUAGE plpgsql
"""
_QUERY = """
SELECT pg_temp.alembic_proof_same(question ->> 0, question ->> 1, question ->> 2)
FROM json_array_elements(CAST(:questions AS json)) WITH ORDINALITY AS questions (question, number) ORDER BY number
"""


def _ask(connection: Connection, questions: list[list[str]]) -> list[bool | None]:
    """Return PostgreSQL's answers to all questions, in two statements."""
    connection.execute(text(escape_colons(_FUNCTION)))
    return list(connection.scalars(text(_QUERY), {"questions": json.dumps(questions)}).all())


def _ask_about_one(connection: Connection, reflected: str, model: str, columns: str) -> bool | None:
    with suppress(DBAPIError), connection.begin_nested():
        plan = connection.scalar(text(escape_colons(_EXPLAIN.format(reflected, model, columns))))
        old, new = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Output"]
        return bool(old == new)
    return None
