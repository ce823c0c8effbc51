"""Expressions of all tables, which the database is asked about at once, when everything has been compared.

The other comparisons hand over what they find: the text in the database, that of the models, and what is to be done if
they differ. Whether they do is said by ``autogenerate/expressions``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, ModifyTableOps, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Table

from ... import dialects
from ..expressions import Expression, different
from ..notes import say

# Adds to the operations on a table what replaces something in it; and returns what is to follow those on all tables.
Replacement = Callable[[ModifyTableOps], "MigrateOperation | None"]
# Says, once it is known which expressions differ, what replaces something; or None.
Decision = Callable[[set[Expression]], "Replacement | None"]


@dataclass
class _Undecided:
    """Expressions of a table that are still to be asked about, and what is decided by the answer."""

    table: Table
    expressions: list[Expression]
    decide: Decision


_undecided: WeakKeyDictionary[AutogenContext, list[_Undecided]] = WeakKeyDictionary()


def setup(plugin: Plugin) -> None:
    """Register what asks, when all tables have been compared."""
    for dialect in dialects.KNOWN:  # by their names, as those that are registered for all run after all others
        plugin.add_autogenerate_comparator(
            ask_about_all, "schema", plugin.name, qualifier=dialect, priority=DispatchPriority.LAST
        )


def compare_expression(autogen_context: AutogenContext, expression: Expression, replace: Replacement) -> None:
    """Let an expression be replaced, if the database takes it for another than that of the models."""
    if expression.reflected != expression.model:
        compare_expressions(
            autogen_context,
            expression.table,
            [expression],
            lambda differing: replace if expression in differing else None,
        )


def compare_expressions(
    autogen_context: AutogenContext, table: Table, expressions: list[Expression], decide: Decision
) -> None:
    """Let something be decided when it is known which expressions of a table the database takes for others."""
    _undecided.setdefault(autogen_context, []).append(_Undecided(table, expressions, decide))


def ask_about_all(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Ask about the expressions of all tables at once, and add the operations that replace what differs."""
    undecided = _undecided.pop(autogen_context, [])
    if not undecided:
        return PriorityDispatchResult.CONTINUE
    connection: Any = autogen_context.connection
    expressions = [expression for each in undecided for expression in each.expressions]
    differing, unknown = different(connection, expressions)
    if unknown:
        say(
            autogen_context.migration_context,
            "The database could not be asked whether these are as in the models, and they count as the same: "
            f"{', '.join(unknown)}. It is asked by CREATE TEMPORARY TABLE: may its user do that?",
        )
    for each in undecided:
        replace = each.decide(differing)
        if replace is not None:
            operations = _operations_on(upgrade_ops, each.table)
            after = replace(operations)
            if operations.ops and not any(op is operations for op in upgrade_ops.ops):
                upgrade_ops.ops.append(operations)
            upgrade_ops.ops += [] if after is None else [after]
    return PriorityDispatchResult.CONTINUE


def _operations_on(upgrade_ops: UpgradeOps, table: Table) -> ModifyTableOps:
    """Return the operations on a reflected table; new ones, where nothing else changes in it."""
    for op in upgrade_ops.ops:
        if isinstance(op, ModifyTableOps) and (op.schema, op.table_name) == (table.schema, table.name):
            return op
    return ModifyTableOps(table.name, [], schema=table.schema)
