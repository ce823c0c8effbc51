"""The order of the operations: what refers to something comes after it, and goes before it."""

from itertools import groupby
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    CreateForeignKeyOp,
    CreateIndexOp,
    CreateTableOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import ForeignKeyConstraint

from .draft import Draft, full_name

_ON_TABLES = (CreateTableOp, DropTableOp, ModifyTableOps, CreateIndexOp, DropIndexOp)


def arrange(draft: Draft) -> None:
    """Order the operations of both directions, and leave out the DROP INDEX of tables that are dropped."""
    for operations in (draft.upgrade, draft.downgrade):
        _without_redundant_drops(operations)
        for op in operations.ops:
            if isinstance(op, ModifyTableOps):
                op.ops.sort(key=_rank)
        runs = groupby(operations.ops, key=lambda op: isinstance(op, _ON_TABLES))
        operations.ops = [
            step
            for on_tables, run in runs
            for step in (_in_order([*run], keys=draft.dialect != "sqlite") if on_tables else run)
        ]


def _rank(op: MigrateOperation) -> int:
    """Return when an operation on a table is due: a computed column goes before, and comes after, its sources."""
    if isinstance(op, (DropConstraintOp, DropIndexOp)):
        return 0 if _is_foreign_key(op) else 1
    if isinstance(op, (AddConstraintOp, CreateIndexOp)):
        return 6 if _is_foreign_key(op) else 5
    if isinstance(op, DropColumnOp) and op.to_column().computed is not None:
        return 2
    return 4 if isinstance(op, AddColumnOp) and op.column.computed is not None else 3


def _is_foreign_key(op: Any) -> bool:
    return isinstance(op, CreateForeignKeyOp) or getattr(op, "constraint_type", None) == "foreignkey"


def _without_redundant_drops(operations: OpContainer) -> None:
    dropped = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, DropTableOp)}

    def redundant(op: MigrateOperation) -> bool:
        return isinstance(op, DropIndexOp) and (op.schema, op.table_name) in dropped

    for op in operations.ops:
        if isinstance(op, ModifyTableOps):
            op.ops = [inner for inner in op.ops if not redundant(inner)]
    operations.ops = [op for op in operations.ops if not redundant(op) and getattr(op, "ops", True)]


def _in_order(ops: list[MigrateOperation], keys: bool) -> list[MigrateOperation]:
    """Return new tables, then the changes, then the drops; foreign keys go first and come last where they must.

    Without keys, they stay where they are: SQLite looks at them when the migration ends.
    """
    creates = {_name(op): op for op in ops if isinstance(op, CreateTableOp)}
    drops = {_name(op): op for op in ops if isinstance(op, DropTableOp)}
    undone = {name: op.reverse() for name, op in drops.items()}
    coming, going = _referring_first(creates)[::-1], _referring_first(undone)
    changes = [op for op in ops if not isinstance(op, (CreateTableOp, DropTableOp))]
    first: list[MigrateOperation] = []
    last: list[MigrateOperation] = []
    if keys:
        changed = {_name(op) for op in changes if isinstance(op, ModifyTableOps) and any(map(_concerns_keys, op.ops))}
        for place, name in enumerate(going):
            first += [DropConstraintOp.from_constraint(key) for key in _keys_to(name, undone, going[place + 1 :])]
        for place, name in enumerate(coming):
            last += _take_out(creates[name], {*coming[place + 1 :], *changed})
        for op in changes:
            if isinstance(op, ModifyTableOps):
                gone, come = _set_apart(op, (changed | drops.keys()) - {_name(op)})
                first, last = first + gone, last + come
    middle = [creates[name] for name in coming] + [op for op in changes if getattr(op, "ops", True)]
    return [*first, *middle, *(drops[name] for name in going), *last]


def _keys_to(name: str, tables: dict[str, CreateTableOp], others: list[str]) -> list[ForeignKeyConstraint]:
    return [key for other in others for key in _foreign_keys(tables[other]) if _to(key) == name]


def _take_out(create: CreateTableOp, unready: set[str]) -> list[MigrateOperation]:
    """Take the foreign keys to tables that are not ready out of a new table; return what adds them later."""
    late = [key for key in _foreign_keys(create) if _to(key) in unready]
    create.columns = [item for item in create.columns if all(item is not key for key in late)]
    return [CreateForeignKeyOp.from_constraint(key) for key in late]


def _set_apart(table: ModifyTableOps, others: set[str]) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Take the foreign keys to other tables that change out of what is done to a table; return those gone and come."""
    keys: list[Any] = [op for op in table.ops if _is_foreign_key(op)]
    apart = [op for op in keys if _to(op.to_constraint()) in others]
    table.ops = [op for op in table.ops if op not in apart]
    gone: list[MigrateOperation] = [op for op in apart if isinstance(op, DropConstraintOp)]
    return gone, [op for op in apart if op not in gone]


def _concerns_keys(op: MigrateOperation) -> bool:
    """Tell whether an operation on a table may be about columns that foreign keys of others refer to."""
    return not _is_foreign_key(op) and not (isinstance(op, CreateIndexOp) and not op.unique)


def _referring_first(tables: dict[str, CreateTableOp]) -> list[str]:
    """Return the tables' names, each before those that it refers to, as far as they do not refer to each other."""
    left = {name: {_to(key) for key in _foreign_keys(op)} - {name} for name, op in tables.items()}
    ordered = []
    while left:
        free = (name for name in left if not any(name in referred for referred in left.values()))
        ordered.append(next(free, next(iter(left))))
        del left[ordered[-1]]
    return ordered


def _name(op: CreateTableOp | DropTableOp | ModifyTableOps) -> str:
    return full_name(op.table_name, op.schema)


def _foreign_keys(op: CreateTableOp) -> list[ForeignKeyConstraint]:
    return [item for item in op.columns if isinstance(item, ForeignKeyConstraint)]


def _to(key: Any) -> str:
    """Return the name of the table that a foreign key refers to."""
    return str(key.elements[0].target_fullname.rpartition(".")[0])
