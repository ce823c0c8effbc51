"""Columns that are computed otherwise now: Alembic sees it, warns, and writes nothing."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddColumnOp, DropColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Computed, Table
from sqlalchemy.schema import CreateColumn

from .draft import sql_of
from .stored import same

PLUGIN = "computed_columns"


def compare_computed(
    autogen_context: AutogenContext,
    operations: ModifyTableOps,
    schema: str | None,
    name: str,
    inspected: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Make anew the columns that are computed otherwise: they have no data of their own."""
    if inspected is not None and model is not None:
        for column in [one for one in model.columns if one.computed is not None]:
            old = inspected.columns.get(column.name)
            if old is not None and old.computed is not None and not _same(autogen_context, old, column, inspected):
                operations.ops.append(DropColumnOp.from_column_and_tablename(schema, name, old))
                operations.ops.append(AddColumnOp.from_column_and_tablename(schema, name, column))
    return PriorityDispatchResult.CONTINUE


Plugin(PLUGIN).add_autogenerate_comparator(compare_computed, "table", PLUGIN, priority=DispatchPriority.LAST)


def _same(autogen_context: AutogenContext, old: Column[Any], new: Column[Any], table: Table) -> bool:
    dialect = autogen_context.dialect
    before, after = (sql_of(computed.sqltext, dialect) for computed in (_computed(old), _computed(new)))
    query = (
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum "
        "WHERE adrelid = to_regclass(:table) AND attname = 'computed'"
    )

    def made(copy: str) -> str:
        definition = sql_of(CreateColumn(new), dialect).partition(" GENERATED ")
        type_ = dialect.type_compiler_instance.process(new.type)
        return f"ALTER TABLE {copy} ADD computed {type_} GENERATED {definition[2]}"

    if dialect.name in ("mysql", "mariadb"):  # which write the expression in their own way, and do not say how
        return True
    return same(autogen_context, before, after, table, made, query)


def _computed(column: Column[Any]) -> Computed:
    assert column.computed is not None
    return column.computed
