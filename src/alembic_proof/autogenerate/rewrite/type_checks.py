"""Rule: the CHECK of a type, such as Boolean or Enum, is written once, by its name."""

from __future__ import annotations

from copy import copy
from typing import Any

from alembic.operations.ops import AddColumnOp, AlterColumnOp

from ..draft import Draft, each_operation


def type_checks(draft: Draft) -> None:
    """Let no type create its CHECK in an existing table: it is added, and dropped, as a constraint of its own."""
    for op in each_operation(draft.upgrade):
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
