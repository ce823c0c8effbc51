"""Rule: an index that PostgreSQL makes or drops CONCURRENTLY is outside of the revision's transaction."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import (
    CreateIndexOp,
    CreateTableOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from alembic.util import CommandError

from ...sqltext import full_name
from ..draft import Draft
from ..operations import AutocommitOp

_OPTION = "postgresql_concurrently"


def concurrent_indexes(draft: Draft) -> None:
    """Write such indexes into a block of their own, before all else: a failure then leaves nothing half done.

    In a new table nobody waits, and the index is made with it. Raises CommandError where the revision changes the table
    of a new index as well: then the index would have to come last, and its failure would leave the rest behind.
    """
    if draft.kind == "postgresql":
        for operations in (draft.upgrade, draft.downgrade):
            _take_out(operations, is_upgrade=operations is draft.upgrade)


def _take_out(operations: OpContainer, is_upgrade: bool) -> None:
    new = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, CreateTableOp)}
    containers = [operations, *(op for op in operations.ops if isinstance(op, ModifyTableOps))]
    found: dict[str, CreateIndexOp | DropIndexOp] = {}
    for container in containers:
        for op in container.ops:
            if isinstance(op, (CreateIndexOp, DropIndexOp)) and op.kw.get(_OPTION):
                if (op.schema, op.table_name) in new:
                    op.kw = {name: value for name, value in op.kw.items() if name != _OPTION}
                else:
                    found[str(op.index_name)] = op
    taken = list(found.values())
    for container in containers:
        container.ops[:] = [op for op in container.ops if op not in taken and not _is_dropped_before(op, found)]
    operations.ops[:] = [op for op in operations.ops if getattr(op, "ops", True)]
    if is_upgrade:
        _require_unchanged(operations, [op for op in found.values() if isinstance(op, CreateIndexOp)])
    if found:
        operations.ops.insert(0, AutocommitOp([step for op in found.values() for step in _steps(op)]))


def _is_dropped_before(op: MigrateOperation, found: dict[str, CreateIndexOp | DropIndexOp]) -> bool:
    """Tell whether an operation drops an index that is made again outside of the transaction, and dropped there."""
    return isinstance(op, DropIndexOp) and isinstance(found.get(str(op.index_name)), CreateIndexOp)


def _steps(op: CreateIndexOp | DropIndexOp) -> list[MigrateOperation]:
    """Return what makes or drops an index, also where a failure has left an invalid one behind."""
    options: dict[str, Any] = {"schema": op.schema, "if_exists": True, _OPTION: True}
    drop = DropIndexOp(str(op.index_name), table_name=op.table_name, **options)
    return [drop, op] if isinstance(op, CreateIndexOp) else [drop]


def _require_unchanged(operations: OpContainer, creates: list[CreateIndexOp]) -> None:
    """Raise CommandError where a revision changes a table whose new index it makes."""
    changed = {
        full_name(str(name), getattr(op, "schema", None))
        for op in operations.ops
        for name in (getattr(op, "table_name", None), getattr(op, "new_table_name", None))
        if name is not None
    }
    for op in creates:
        table = full_name(str(op.table_name), op.schema)
        if table in changed:
            raise CommandError(
                f"The index {op.index_name} on {table} is made CONCURRENTLY, which no transaction can hold, and this "
                f"revision changes {table} as well. Leave the index out of the model until that is written and "
                f"upgraded, or take {_OPTION} out of it. Nothing was written."
            )
