"""UNIQUE constraints without a name on SQLite, where only the models have dropped them: Alembic compares names."""

from __future__ import annotations

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateUniqueConstraintOp, DropConstraintOp, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import Table, UniqueConstraint

from ..sql import column_names
from . import add_table_comparison


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_unnamed_uniques)


def compare_unnamed_uniques(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Drop those for whose columns the model has none: a unique index takes its place, as on other databases.

    So does one with a name that Alembic adds.
    """
    if autogen_context.dialect.name != "sqlite":
        return
    added = {op.constraint_name for op in operations.ops if isinstance(op, CreateUniqueConstraintOp)} - {None}
    uniques = [each for each in model.constraints if isinstance(each, UniqueConstraint)]
    wanted = [set(column_names(each)) for each in uniques if each.name not in added]
    for each in reflected.constraints:
        if isinstance(each, UniqueConstraint) and each.name is None and set(column_names(each)) not in wanted:
            wanted.append(set(column_names(each)))  # SQLAlchemy may have it twice
            operations.ops.append(DropConstraintOp.from_constraint(each))
