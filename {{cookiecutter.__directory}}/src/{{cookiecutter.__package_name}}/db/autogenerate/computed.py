"""Columns that are computed otherwise now: Alembic sees it, warns, and writes nothing."""

from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddColumnOp, DropColumnOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Column, Table
from sqlalchemy.schema import CreateColumn

from .draft import sql_of
from .stored import Question, compare

PLUGIN = "computed_columns"


def compare_computed(
    autogen_context: AutogenContext,
    operations: ModifyTableOps,
    schema: str | None,
    name: str,
    inspected: Table | None,
    model: Table | None,
) -> PriorityDispatchResult:
    """Make anew the columns that are computed otherwise: they have no data of their own.

    (MariaDB and MySQL write every expression in their own way, and do not say how.)
    """
    dialect = autogen_context.dialect
    if inspected is not None and model is not None and dialect.name in ("sqlite", "postgresql"):
        for column in [one for one in model.columns if one.computed is not None]:
            old = inspected.columns.get(column.name)
            if old is not None and old.computed is not None:
                gone = DropColumnOp.from_column_and_tablename(schema, name, old)
                anew = AddColumnOp.from_column_and_tablename(schema, name, column)
                compare(autogen_context, operations, _question(dialect, inspected, old, column), [gone, anew])
    return PriorityDispatchResult.CONTINUE


Plugin(PLUGIN).add_autogenerate_comparator(compare_computed, "table", PLUGIN, priority=DispatchPriority.LAST)


def _question(dialect: Any, table: Table, old: Column[Any], new: Column[Any]) -> Question:
    before, after = (sql_of(getattr(column.computed, "sqltext", None), dialect) for column in (old, new))
    _, _, generated = sql_of(CreateColumn(new), dialect).partition(" GENERATED ")
    type_ = dialect.type_compiler_instance.process(new.type)
    query = (
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum "
        "WHERE adrelid = to_regclass($1) AND attname = 'computed'"
    )
    made = f"ADD computed {type_} GENERATED {generated}"
    return Question(table, before, after, lambda copy: f"ALTER TABLE {copy} {made}", query)
