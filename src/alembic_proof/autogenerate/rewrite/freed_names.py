"""Rule: on PostgreSQL, a name that something else gets is given up first: by what is renamed in a chain or a circle."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations.ops import (
    CreateIndexOp,
    CreateTableOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)

from ..draft import Draft, each_operation
from ..operations import ChangePrimaryKeyOp, RenameColumnOp, RenameInPlaceOp, RenameTableBothWaysOp
from ..sql import column_names, stored_name
from .sequences import usual_sequence


def freed_names(draft: Draft) -> None:
    """Give what is renamed another name for a moment, where its name is another's afterwards.

    Constraints that have an index, indexes and sequences of a schema share their names, whichever table they are of.
    """
    if draft.kind == "postgresql":
        for operations in (draft.upgrade, draft.downgrade):
            _free(draft, operations)


def _free(draft: Draft, operations: OpContainer) -> None:
    if not any(isinstance(op, (RenameTableBothWaysOp, RenameColumnOp)) for op in operations.ops):
        return
    _as_renames(draft, operations)
    renames = [op for op in each_operation(operations) if isinstance(op, RenameInPlaceOp)]
    taken = {(op.schema, op.new) for op in renames} | set(_names(draft, operations, CreateTableOp))
    first: list[MigrateOperation] = []
    for op in renames:
        if (op.schema, op.old) in taken:
            moment = f"{op.old[:50]}_before"
            first.append(RenameInPlaceOp(op.kind, op.table_name, op.schema, op.old, moment))
            op.old = moment
    begin = _after_renamed_tables(operations)
    operations.ops[begin:begin] = first
    given_up = set(_names(draft, operations, DropTableOp))
    _move_after_drops(operations, [op for op in renames if (op.schema, op.new) in given_up])


def _after_renamed_tables(operations: OpContainer) -> int:
    """Return where the tables that begin with another name have it: some are dropped before, for their names."""
    dropped = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, DropTableOp)}
    begin = 0
    for place, op in enumerate(operations.ops, 1):
        if isinstance(op, RenameTableBothWaysOp):
            begin = place
        elif (getattr(op, "schema", None), getattr(op, "table_name", None)) not in dropped:
            break
    return begin


def _move_after_drops(operations: OpContainer, renames: list[RenameInPlaceOp]) -> None:
    """Let things get the names of dropped tables after those are dropped."""
    if not renames:
        return
    for container in (operations, *(op for op in operations.ops if isinstance(op, ModifyTableOps))):
        container.ops = [op for op in container.ops if op not in renames]
    operations.ops = [op for op in operations.ops if getattr(op, "ops", True)]
    new_names = {(op.schema, op.new_table_name) for op in operations.ops if isinstance(op, RenameTableBothWaysOp)}
    end = max(place for place, op in enumerate(operations.ops, 1) if isinstance(op, DropTableOp))
    after = max(end, _after_renamed_tables(operations))
    operations.ops[after:after] = [op for op in renames if (op.schema, op.table_name) in new_names]
    operations.ops[end:end] = [op for op in renames if (op.schema, op.table_name) not in new_names]


def _as_renames(draft: Draft, operations: OpContainer) -> None:
    """Let primary keys that have only another name be renamed like everything else."""
    for table in operations.ops:
        if not isinstance(table, ModifyTableOps):
            continue
        for place, op in enumerate(table.ops):
            if isinstance(op, ChangePrimaryKeyOp) and column_names(op.old) == column_names(op.new):
                old, new = (stored_name(key, draft.dialect) for key in (op.old, op.new))
                if old and new:
                    table.ops[place] = RenameInPlaceOp("CONSTRAINT", op.table_name, op.schema, old, new)


def _names(
    draft: Draft, operations: OpContainer, kind: type[CreateTableOp] | type[DropTableOp]
) -> Iterator[tuple[str | None, str]]:
    """Yield the names that tables need which are created, or dropped, and those of new indexes."""
    for op in each_operation(operations):
        if isinstance(op, kind):
            table = op.to_table()
            for constraint in table.constraints:
                if name := stored_name(constraint, draft.dialect):
                    yield op.schema, name
            for column in table.columns:
                yield op.schema, usual_sequence(table.name, column.name)
        elif isinstance(op, CreateIndexOp) and kind is CreateTableOp:
            yield op.schema, str(op.index_name)
