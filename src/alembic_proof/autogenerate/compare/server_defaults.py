"""Server defaults: what Alembic's own comparison of them gets wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, DefaultClause, Dialect, Identity, literal

from ... import upstream
from ...sqltext import quote_literal, tokens
from ..expressions import Expression
from ..sql import sql_of
from .stored_expressions import compare_expression


def setup(plugin: Plugin) -> None:
    """Register the comparison, before Alembic's own."""
    plugin.add_autogenerate_comparator(
        compare_server_default, "column", "server_default", priority=DispatchPriority.FIRST
    )


def compare_server_default(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    reflected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    """Let two defaults be compared as expressions, which executes neither; leave what is not there to Alembic.

    Alembic evaluates them on PostgreSQL, which uses up the numbers of a sequence, and compares letters elsewhere.
    """
    before, after = reflected.server_default, model.server_default
    if before is None and after is None:
        return PriorityDispatchResult.CONTINUE
    dialect = autogen_context.dialect
    if reflected.computed is not None or model.computed is not None:  # see computed_columns.py
        return PriorityDispatchResult.STOP
    if isinstance(after, Identity) and not dialect.supports_identity_columns:
        if model is upstream.autoincrement_column(model.table):  # as Alembic does, where it has no server default
            change.kw["autoincrement"] = True
        return PriorityDispatchResult.STOP
    if all(default is None or _is_null(default, dialect) for default in (before, after)):
        return PriorityDispatchResult.STOP
    if not (isinstance(before, DefaultClause) and isinstance(after, DefaultClause)):
        return PriorityDispatchResult.CONTINUE
    change.existing_server_default = before
    old, new = (_sql(default, dialect) for default in (before, after))
    expression = Expression(reflected.table, name, "default", old, new, model.type)
    compare_expression(autogen_context, expression, partial(_replace, change, after))
    return PriorityDispatchResult.STOP


def _replace(change: AlterColumnOp, default: DefaultClause, operations: ModifyTableOps) -> None:
    """Let the change of a column be one of its default too."""
    change.modify_server_default = default
    if not any(op is change for op in operations.ops):  # nothing else of the column changes
        operations.ops.append(change)


def _is_null(default: Any, dialect: Dialect) -> bool:
    """Tell whether a default is NULL, which is none."""
    if not isinstance(default, DefaultClause):
        return False
    return tokens(_sql(default, dialect), dialect.name, casts=False) == ["null"]


def _sql(default: DefaultClause, dialect: Dialect) -> str:
    """Return a default as SQL."""
    return sql_of(literal(default.arg) if isinstance(default.arg, str) else default.arg, dialect)


def plain_default(default: DefaultClause, dialect: Dialect) -> str:
    """Return a default as SQL, that of a string without its casts."""
    text = _sql(default, dialect)
    found = tokens(text, dialect.name, casts=False)
    return quote_literal(found[0][1:]) if len(found) == 1 and found[0].startswith("'") else text
