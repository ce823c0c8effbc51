"""Columns that are computed otherwise now: Alembic sees it, warns, and writes nothing."""

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column, Table, UniqueConstraint
from sqlalchemy.schema import CreateColumn

from .comparing import compare_tables
from .draft import sql_of
from .stored import Question, compare

PLUGIN = "computed_columns"


def compare_computed(
    autogen_context: AutogenContext, operations: ModifyTableOps, inspected: Table, model: Table
) -> None:
    """Make anew the columns that are computed otherwise: they have no data of their own.

    (MariaDB and MySQL write every expression in their own way, and do not say how.)
    """
    for column in [one for one in model.columns if one.computed is not None]:
        old = inspected.columns.get(column.name)
        if old is not None and old.computed is not None:
            schema, name = operations.schema, operations.table_name
            gone = DropColumnOp.from_column_and_tablename(schema, name, old)
            come = AddColumnOp.from_column_and_tablename(schema, name, column)
            anew = [gone, come, *_bound(inspected, model, column.name)]
            compare(autogen_context, operations, _question(autogen_context.dialect, inspected, old, column), anew)


compare_tables(PLUGIN, compare_computed, "sqlite", "postgresql")


def _bound(inspected: Table, model: Table, column: str) -> Iterator[MigrateOperation]:
    """Yield what makes the indexes and uniques anew that go with a column, and that Alembic finds unchanged."""
    indexes = {index.name: index for index in inspected.indexes}
    for index in [one for one in model.indexes if column in one.columns and one.name in indexes]:
        yield from (DropIndexOp.from_index(indexes[index.name]), CreateIndexOp.from_index(index))
    uniques = {tuple(one.columns.keys()): one for one in inspected.constraints if isinstance(one, UniqueConstraint)}
    for unique in [one for one in model.constraints if isinstance(one, UniqueConstraint) and column in one.columns]:
        if there := uniques.get(tuple(unique.columns.keys())):
            yield from (DropConstraintOp.from_constraint(there), AddConstraintOp.from_constraint(unique))


def _question(dialect: Any, table: Table, old: Column[Any], new: Column[Any]) -> Question:
    before, after = (sql_of(getattr(column.computed, "sqltext", None), dialect) for column in (old, new))
    query = (
        "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum "
        "WHERE adrelid = to_regclass($1) AND attname = 'computed'"
    )

    def made(copy: str) -> str:
        _, _, generated = sql_of(CreateColumn(new), dialect).partition(" GENERATED ")
        type_ = dialect.type_compiler_instance.process(new.type)
        return f"ALTER TABLE {copy} ADD computed {type_} GENERATED {generated}"

    return Question(table, before, after, made, query)
