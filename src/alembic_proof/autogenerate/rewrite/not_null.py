"""Rule: a column becomes NOT NULL in steps where the table has rows: added as nullable, filled, then NOT NULL."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    DropColumnOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)

from ..draft import Draft
from ..operations import ChangePrimaryKeyOp, FillRowsOp, altered
from .fills import downgrade_value, upgrade_value

# These may depend on the values with which a column is filled.
_AFTER_FILLING = (AddConstraintOp, CreateIndexOp, ChangePrimaryKeyOp, DropColumnOp)

ValueOf = Callable[[MigrateOperation], "str | None"]


def not_null(draft: Draft) -> None:
    """Write, for every column that becomes NOT NULL without a server default, the steps in which rows survive it.

    Existing rows get the model's default; where that is no plain value, what ``-x fill=table.column=value`` says, or
    the answer to a question. Raises CommandError where there is none of them and nobody can be asked. In the
    downgrade, where the former values are lost or never existed, rows get a 0, an empty string, or the like.
    """
    _split_all(draft.upgrade, lambda op: upgrade_value(draft, op))
    _split_all(draft.downgrade, lambda op: downgrade_value(draft, op))


def _split_all(operations: OpContainer, value_of: ValueOf) -> None:
    steps: list[MigrateOperation] = []
    for op in operations.ops:
        steps.extend(_split(op, value_of) if isinstance(op, ModifyTableOps) else [op])
    operations.ops = steps


def _split(table: ModifyTableOps, value_of: ValueOf) -> list[MigrateOperation]:
    """Return the operations on a table, split where rows must be filled: an UPDATE cannot be in a batch."""
    before: list[MigrateOperation] = []
    fills: list[MigrateOperation] = []
    after: list[MigrateOperation] = []
    for op in table.ops:
        value = value_of(op)
        if isinstance(op, (AddColumnOp, AlterColumnOp)) and value is not None:
            nullable, set_not_null = _two_steps(op)
            before += [nullable] if nullable else []
            fills.append(FillRowsOp(table.table_name, table.schema, set_not_null.column_name, value))
            after.append(set_not_null)
        else:
            (after if fills and isinstance(op, _AFTER_FILLING) else before).append(op)
    parts = [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (before, after) if ops]
    return [*parts[:1], *fills, *parts[1:]] if before else [*fills, *parts]


def _two_steps(op: AddColumnOp | AlterColumnOp) -> tuple[MigrateOperation | None, AlterColumnOp]:
    """Return what an operation does without NOT NULL, if that is anything, and NOT NULL by itself."""
    kept: dict[str, Any] = {"schema": op.schema, "modify_nullable": False}
    if isinstance(op, AddColumnOp):
        column = copy(op.column)  # the column itself is the model's
        column.nullable = True
        nullable = AddColumnOp(op.table_name, column, schema=op.schema)
        kept |= {"existing_type": column.type, "existing_comment": column.comment}
        return nullable, AlterColumnOp(op.table_name, column.name, **kept)
    rest = altered(op, type(op), modify_nullable=None, existing_nullable=True)
    kept |= {
        "existing_type": op.existing_type if op.modify_type is None else op.modify_type,
        "existing_comment": op.existing_comment if op.modify_comment is False else op.modify_comment,
        "existing_server_default": (
            op.existing_server_default if op.modify_server_default is False else op.modify_server_default
        ),
    }
    return rest if rest.has_changes() else None, AlterColumnOp(op.table_name, op.column_name, **kept)
