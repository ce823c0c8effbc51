"""CHECKs that have changed under the same name: Alembic compares the names only."""

from copy import copy
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AddColumnOp, AddConstraintOp, AlterColumnOp, DropConstraintOp, ModifyTableOps
from sqlalchemy import CheckConstraint, Table
from sqlalchemy.schema import AddConstraint

from .comparing import compare_tables
from .draft import Draft, each, sql_of
from .keys import stored_name
from .stored import Question, compare

PLUGIN = "check_texts"


def compare_checks(autogen_context: AutogenContext, operations: ModifyTableOps, inspected: Table, model: Table) -> None:
    """Make anew the CHECKs with another text. (MariaDB rewrites every text, and does not say how.)"""
    there = {one.name: one for one in inspected.constraints if isinstance(one, CheckConstraint) and one.name}
    for wanted in [one for one in model.constraints if isinstance(one, CheckConstraint)]:
        found = there.get(stored_name(autogen_context, wanted)) if wanted.name else None
        if found is not None:
            anew = [DropConstraintOp.from_constraint(found), AddConstraintOp.from_constraint(wanted)]
            compare(autogen_context, operations, _question(autogen_context.dialect, inspected, found, wanted), anew)


compare_tables(PLUGIN, compare_checks, "sqlite", "postgresql")


def once(draft: Draft) -> None:
    """Let no type bring its CHECK with it into a table that is there: it comes, and goes, by its name."""
    for op in each(draft.upgrade):
        if isinstance(op, AddColumnOp):
            op.column = copy(op.column)  # the column itself is the model's
            op.column.type = _without_check(op.column.type)
        elif isinstance(op, AlterColumnOp):
            op.existing_type, op.modify_type = _without_check(op.existing_type), _without_check(op.modify_type)


def _without_check(type_: Any) -> Any:
    if not getattr(type_, "create_constraint", False):
        return type_
    plain = copy(type_)
    plain.create_constraint = False
    return plain


def _question(dialect: Any, table: Table, found: CheckConstraint, wanted: CheckConstraint) -> Question:
    def made(copy: str) -> str:
        add = AddConstraint(wanted, isolate_from_table=False)  # else a table would be made without it from now on
        return f"ALTER TABLE {copy} ADD {sql_of(add, dialect).partition(' ADD ')[2]}"

    query = "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = to_regclass($1) AND contype = 'c'"
    old, new = sql_of(found.sqltext, dialect), sql_of(wanted.sqltext, dialect)
    return Question(table, old, new, made, query)
