"""PostgreSQL's serial columns: that a column counts, by a sequence of its own, is no default that Alembic compares."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, DefaultClause, FetchedValue, Identity, Sequence, Table

from ...ddl.postgresql import SEQUENCE_TYPE, owned_sequences
from ...ddl.types import database_type, kind_of
from ...sqltext import same_sql
from ..numbering import (
    SERIAL,
    NumberedColumn,
    ends_at,
    numbering_of_model,
    numbering_of_reflected,
    sequence_type,
)
from ..operations import NumberingOp, SequenceTypeOp
from ..sql import sql_of, usual_name
from . import add_table_comparison


def setup(plugin: Plugin) -> None:
    """Register the comparisons."""
    add_table_comparison(plugin, compare_serials, ("postgresql",))
    plugin.add_autogenerate_comparator(
        _skip_own_sequence, "column", "server_default", qualifier="postgresql", priority=DispatchPriority.FIRST
    )


def compare_serials(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Let a column begin to count, as in a new table, or cease to: its sequence then goes. Or let it count further.

    What becomes an identity, or was one, is a difference of server defaults: see identities.py.
    """
    if model.dialect_options["postgresql"]["inherits"]:  # its parent counts
        return
    for column in model.columns:
        old = reflected.columns.get(column.name)
        if old is None or _says_something_else(column) or _is_own_sequence(autogen_context, column):
            continue
        before, after = numbering_of_reflected(old), numbering_of_model(column)
        type_ = database_type(column.type if after else old.type, autogen_context.dialect)
        if kind_of(type_) != "integer" or {before, after} - {SERIAL, None} or (before is None and _counts_already(old)):
            continue
        sequence = usual_name(reflected.name, column.name, "seq")  # if it has none: see rewrite/numbers.py
        at = NumberedColumn(reflected.name, reflected.schema, column.name, type_, sequence)
        change: NumberingOp | None = None if before == after else NumberingOp(at, before, after)
        if before == after == SERIAL:
            size, needed = str(old.info.get(SEQUENCE_TYPE)), sequence_type(type_, autogen_context.dialect)
            change = SequenceTypeOp(at, size, needed) if ends_at(size) < ends_at(needed) else None
        if change and autogen_context.run_object_filters(column, column.name, "column", False, old):
            operations.ops.append(change)


def _counts_already(column: Column[Any]) -> bool:
    """Tell whether a column has the numbers of a sequence that it does not own."""
    return isinstance(column.server_default, DefaultClause) and "nextval(" in str(column.server_default.arg)


def _says_something_else(column: Column[Any]) -> bool:
    """Tell whether a model uses a sequence by its name, leaves it open what the default is, or has it computed."""
    default = column.server_default
    is_open = isinstance(default, FetchedValue) and not isinstance(default, (DefaultClause, Identity))
    return is_open or isinstance(column.default, Sequence)


def _skip_own_sequence(
    autogen_context: AutogenContext,
    change: AlterColumnOp,
    schema: str | None,
    table: str,
    name: str,
    reflected: Column[Any],
    model: Column[Any],
) -> PriorityDispatchResult:
    is_same = numbering_of_reflected(reflected) == SERIAL and _is_own_sequence(autogen_context, model)
    return PriorityDispatchResult.STOP if is_same else PriorityDispatchResult.CONTINUE


def _is_own_sequence(autogen_context: AutogenContext, column: Column[Any]) -> bool:
    """Tell whether the default of a column is the next number of a sequence that a column of its name owns."""
    default = column.server_default
    if not isinstance(default, DefaultClause) or isinstance(default.arg, str):
        return False
    sql = sql_of(default.arg, autogen_context.dialect)
    owned = owned_sequences(autogen_context.inspector) if "nextval" in sql.lower() else {}
    return any(name == column.name and same_sql(sql, each, casts=False) for each, (name, _) in owned.items())
