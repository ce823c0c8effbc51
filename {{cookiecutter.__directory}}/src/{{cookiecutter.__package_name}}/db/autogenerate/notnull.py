"""How a column becomes NOT NULL where the table has rows: added as nullable, filled, and then set NOT NULL."""

from collections.abc import Callable
from copy import copy
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import renderers
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

from .draft import Draft, update
from .fills import new_value, stand_in
from .keys import ChangePrimaryKeyOp


class FillOp(MigrateOperation):
    """Gives the rows that have no value in a column one: an expression, as code; or nothing, where none would do."""

    def __init__(self, table: str, schema: str | None, column: str, value: str) -> None:
        self.table, self.schema, self.column, self.value = table, schema, column, value


@renderers.dispatch_for(FillOp)
def render_fill(autogen_context: AutogenContext, op: FillOp) -> str:
    """Return the code of an UPDATE, or why there is none."""
    if not op.value:
        return f"# This fails while a row of {op.table} has no {op.column}: fill it first."
    return update(op.table, op.schema, op.column, ".is_(None)", op.value)


def in_steps(draft: Draft) -> None:
    """Put, for every column that becomes NOT NULL without a server default, the steps in which rows survive it.

    The rows get the model's default; where that is no plain value, what ``-x fill=table.column=value`` says, or the
    answer to a question. Raises CommandError where there is none of them and nobody to ask. In the downgrade, where
    what the rows had is gone or was never there, they get a 0, an empty string, or the like.
    """
    _split_all(draft.upgrade, lambda op: new_value(draft, op))
    _split_all(draft.downgrade, lambda op: stand_in(draft, op))


def _split_all(operations: OpContainer, value: Callable[[MigrateOperation], str | None]) -> None:
    steps: list[MigrateOperation] = []
    for op in operations.ops:
        steps.extend(_split(op, value) if isinstance(op, ModifyTableOps) else [op])
    operations.ops = steps


def _split(table: ModifyTableOps, value: Callable[[MigrateOperation], str | None]) -> list[MigrateOperation]:
    """Return what is done to a table, cut where rows must be filled: an UPDATE cannot stand in a batch."""
    before: list[MigrateOperation] = []
    fills: list[MigrateOperation] = []
    after: list[MigrateOperation] = []
    for op in table.ops:
        code = value(op)
        if isinstance(op, (AddColumnOp, AlterColumnOp)) and code is not None:
            nullable, not_null = _two_steps(op)
            before += [nullable] if nullable else []
            fills.append(FillOp(table.table_name, table.schema, not_null.column_name, code))
            after.append(not_null)
        else:  # a constraint may be about what is filled
            (after if fills and isinstance(op, _LATE) else before).append(op)
    parts = [ModifyTableOps(table.table_name, ops, schema=table.schema) for ops in (before, after) if ops]
    return [*parts[:1], *fills, *parts[1:]] if before else [*fills, *parts]


_LATE = (AddConstraintOp, CreateIndexOp, ChangePrimaryKeyOp, DropColumnOp)


def _two_steps(op: AddColumnOp | AlterColumnOp) -> tuple[MigrateOperation | None, AlterColumnOp]:
    """Return what an operation does without NOT NULL, if it is anything, and NOT NULL by itself."""
    kept: dict[str, Any] = {"schema": op.schema, "modify_nullable": False}
    if isinstance(op, AddColumnOp):
        column = copy(op.column)  # the column itself is the model's
        column.nullable = True
        nullable = AddColumnOp(op.table_name, column, schema=op.schema)
        kept |= {"existing_type": column.type, "existing_comment": column.comment}
        return nullable, AlterColumnOp(op.table_name, column.name, **kept)
    rest = copy(op)
    rest.modify_nullable, rest.existing_nullable = None, True
    kept |= {
        "existing_type": op.existing_type if op.modify_type is None else op.modify_type,
        "existing_comment": op.existing_comment if op.modify_comment is False else op.modify_comment,
        "existing_server_default": (
            op.existing_server_default if op.modify_server_default is False else op.modify_server_default
        ),
    }
    return rest if rest.has_changes() else None, AlterColumnOp(op.table_name, op.column_name, **kept)
