"""CHECK constraints: by their names and by their texts.

Alembic compares their names only, and only in some releases: there is no ``checkconstraint_byname`` in 1.18.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateCheckConstraintOp, DropConstraintOp, MigrateOperation, ModifyTableOps
from alembic.runtime.plugins import Plugin
from sqlalchemy import CheckConstraint, Dialect, Table

from ... import upstream
from ..expressions import Expression
from ..sql import sql_of, stored_name
from . import add_table_comparison
from .stored_expressions import compare_expression


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    add_table_comparison(plugin, compare_check_constraints)


def compare_check_constraints(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Add what makes the named CHECKs of a table those of its model."""
    dialect = autogen_context.dialect
    existing = _reflected_checks(autogen_context, reflected)
    wanted, unnamed = _model_checks(model, dialect)
    # Where the models leave a name to the database, a name that they do not know may be the one that it has chosen.
    for name in () if unnamed else sorted(existing.keys() - wanted.keys()):
        if autogen_context.run_object_filters(existing[name], name, "check_constraint", True, None):
            operations.ops.append(DropConstraintOp.from_constraint(existing[name]))
    for name in sorted(wanted.keys()):
        old, new = existing.get(name), wanted[name]
        if not autogen_context.run_object_filters(new, name, "check_constraint", False, old):
            continue
        if old is None:
            operations.ops.append(_addition(operations, new))
        else:
            texts = (sql_of(check.sqltext, dialect) for check in (old, new))
            compare_expression(
                autogen_context, Expression(reflected, name, "check", *texts), partial(_replace, old, new)
            )


def _reflected_checks(autogen_context: AutogenContext, table: Table) -> dict[str, CheckConstraint]:
    """Return the CHECKs that have a name in the database, by it."""
    parents: Any = {"table_name": table.name, "schema_name": table.schema}
    kind: Any = "check_constraint"  # which Alembic's type hints do not know before 1.19
    return {
        str(check.name): check
        for check in table.constraints
        if isinstance(check, CheckConstraint)
        and check.name is not None
        and autogen_context.run_name_filters(str(check.name), kind, parents)
    }


def _model_checks(table: Table, dialect: Dialect) -> tuple[dict[str, CheckConstraint], bool]:
    """Return the CHECKs of a model that have a name in this database, by it; and whether it has others.

    Those of types and columns are among them.
    """
    constraints = [*table.constraints, *(check for column in table.columns for check in column.constraints)]
    checks = [check for check in constraints if isinstance(check, CheckConstraint)]
    names = {check: stored_name(check, dialect) for check in checks if upstream.is_created(check, dialect)}
    return {name: check for check, name in names.items() if name is not None}, None in names.values()


def _replace(old: CheckConstraint, new: CheckConstraint, operations: ModifyTableOps) -> None:
    operations.ops += [DropConstraintOp.from_constraint(old), _addition(operations, new)]


def _addition(operations: ModifyTableOps, check: CheckConstraint) -> MigrateOperation:
    """Return what adds a CHECK, which may be one of a column."""
    name, table, schema = check.name, operations.table_name, operations.schema
    return CreateCheckConstraintOp(name, table, check.sqltext, schema=schema, **check.dialect_kwargs)
