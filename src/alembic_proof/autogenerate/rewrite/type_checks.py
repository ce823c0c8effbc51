"""Rule: the CHECK of a type, such as Boolean or Enum, is written once, by its name."""

from __future__ import annotations

from copy import copy
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp, CreateTableOp
from sqlalchemy import CheckConstraint, Column, Dialect

from ... import upstream
from ..draft import Draft, each_operation
from ..sql import as_text


def type_checks(draft: Draft) -> None:
    """Let no type create its CHECK in an existing table: it is added, and dropped, as a constraint of its own.

    The CHECK of a column becomes one of its new table: Alembic would leave it out.
    """
    for op in each_operation(draft.upgrade):
        if isinstance(op, AddColumnOp):
            op.column = copy(op.column)  # the column itself is the model's
            op.column.type = _without_check(op.column.type)
        elif isinstance(op, CreateTableOp):
            op.columns = [*op.columns, *(check for column in op.columns for check in _checks_of(column, draft.dialect))]
        elif isinstance(op, AlterColumnOp):
            op.existing_type, op.modify_type = _without_check(op.existing_type), _without_check(op.modify_type)


def _checks_of(column: Any, dialect: Dialect) -> list[CheckConstraint]:
    """Return the CHECKs of a column, as of its table."""
    constraints = column.constraints if isinstance(column, Column) else ()
    checks = [
        check for check in constraints if isinstance(check, CheckConstraint) and not upstream.is_type_bound(check)
    ]
    return [CheckConstraint(as_text(check.sqltext, dialect), name=check.name) for check in checks]


def _without_check(type_: Any) -> Any:
    if not getattr(type_, "create_constraint", False):
        return type_
    plain = copy(type_)
    plain.create_constraint = False
    return plain
