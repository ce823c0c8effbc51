"""Rule: what refers to something is created after it, and dropped before it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import chain, groupby
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
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

from ...sqltext import full_name
from ..draft import Draft, each_operation
from ..operations import (
    ChangePrimaryKeyOp,
    NumberingOp,
    RenameTableBothWaysOp,
    UncomputeOp,
    constraint_of,
    take_keys_out,
)
from ..sql import column_names
from .freed_names import gained_by

_ON_TABLES = (CreateTableOp, DropTableOp, ModifyTableOps, CreateIndexOp, DropIndexOp)


def ordering(draft: Draft) -> None:
    """Order the operations of both directions, and remove the DROP INDEX of tables that are dropped."""
    for operations in (draft.upgrade, draft.downgrade):
        _remove_redundant_drops(draft, operations)
        for op in operations.ops:
            if isinstance(op, ModifyTableOps):
                op.ops.sort(key=rank)
                _change_key_first(op)
        ordered: list[MigrateOperation] = []
        for are_on_tables, run in groupby(operations.ops, key=lambda op: isinstance(op, _ON_TABLES)):
            ops = list(run)
            # SQLite looks at foreign keys when the migration ends: there they stay where they are.
            ordered += _in_order(ops, move_keys=draft.kind != "sqlite") if are_on_tables else ops
        operations.ops = ordered


def rank(op: MigrateOperation) -> int:
    """Return the place of an operation on a table: a computed column is dropped before its sources, and added after."""
    if isinstance(op, (DropConstraintOp, DropIndexOp)):
        return 0 if _is_foreign_key(op) else 1
    if isinstance(op, (AddConstraintOp, CreateIndexOp)):
        return 6 if _is_foreign_key(op) else 5
    if isinstance(op, UncomputeOp) or (isinstance(op, DropColumnOp) and op.to_column().computed is not None):
        return 2
    return 4 if isinstance(op, AddColumnOp) and op.column.computed is not None else 3


def _change_key_first(table: ModifyTableOps) -> None:
    """Let the columns that leave a key, are dropped, allow NULL or begin to count change after it; all others before.

    What leaves it may get a type that MariaDB and MySQL take in no key, as TEXT. What comes into it comes just before:
    SQLite numbers the rows when it rebuilds the table with its new key, and what is done to rows ends a rebuild.
    """
    keys = [op for op in table.ops if isinstance(op, ChangePrimaryKeyOp)]
    if not keys:
        return
    leaving = {name for key in keys for name in {*column_names(key.old)} - {*column_names(key.new)}}
    coming = {name for key in keys for name in column_names(key.new)}
    altered = [op for op in table.ops if isinstance(op, AlterColumnOp)]
    later = leaving | {op.column_name for op in altered if op.modify_nullable is True}  # with all that is done to them

    def is_after(op: MigrateOperation) -> bool:
        is_altered = isinstance(op, AlterColumnOp) and op.column_name in later
        counts = isinstance(op, NumberingOp) and op.old is None  # by a sequence whose name the dropped column may have
        return isinstance(op, DropColumnOp) or is_altered or counts

    middle = [op for op in table.ops if rank(op) == 3 and op not in keys]
    before = [op for op in middle if not is_after(op)]
    before.sort(key=lambda op: isinstance(op, AddColumnOp) and op.column.name in coming)
    parts = before, keys, [op for op in middle if is_after(op)]
    begin, end = ([op for op in table.ops if holds(rank(op))] for holds in ((3).__gt__, (3).__lt__))
    table.ops = [*begin, *chain(*parts), *end]


def _is_foreign_key(op: Any) -> bool:
    return isinstance(op, CreateForeignKeyOp) or getattr(op, "constraint_type", None) == "foreignkey"


def _remove_redundant_drops(draft: Draft, operations: OpContainer) -> None:
    """Remove the DROP INDEX of tables that are dropped, unless something else gets its name; and what is then empty."""
    dropped = {(op.schema, op.table_name) for op in operations.ops if isinstance(op, DropTableOp)}
    needed: set[Any] = set()
    if dropped:
        needed.update(name for op in each_operation(operations) for name in gained_by(draft, op))

    def is_redundant(op: MigrateOperation) -> bool:
        if not isinstance(op, DropIndexOp) or (op.schema, op.table_name) not in dropped:
            return False
        return (op.schema, op.index_name) not in needed

    for op in operations.ops:
        if isinstance(op, RenameTableBothWaysOp):  # what follows is about a table that has got the name
            dropped.discard((op.schema, op.new_table_name))
        elif isinstance(op, ModifyTableOps):
            op.ops = [inner for inner in op.ops if not is_redundant(inner)]
    operations.ops = [op for op in operations.ops if not is_redundant(op) and getattr(op, "ops", True)]


def _in_order(ops: list[MigrateOperation], move_keys: bool) -> list[MigrateOperation]:
    """Return new tables, then the changes, then the drops; foreign keys are dropped first and added last if needed."""
    created = {_name(op): op for op in ops if isinstance(op, CreateTableOp)}
    dropped = {_name(op): op for op in ops if isinstance(op, DropTableOp)}
    recreated = {name: op.reverse() for name, op in dropped.items()}
    create_order, drop_order = _referring_first(created)[::-1], _referring_first(recreated)
    changes = [op for op in ops if not isinstance(op, (CreateTableOp, DropTableOp))]
    first: list[MigrateOperation] = []
    last: list[MigrateOperation] = []
    if move_keys:
        changed = {_name(op) for op in changes if isinstance(op, ModifyTableOps) and any(map(_may_bear_keys, op.ops))}
        first += _keys_to_dropped_tables(recreated, drop_order)
        last += _keys_to_unready_tables(created, create_order, changed)
        for op in changes:
            if isinstance(op, ModifyTableOps):
                drops, adds = _take_keys_out(op, (changed | dropped.keys()) - {_name(op)})
                first, last = first + drops, last + adds
    creates = [created[name] for name in create_order]
    drops_last = [dropped[name] for name in drop_order]
    return [*first, *creates, *(op for op in changes if getattr(op, "ops", True)), *drops_last, *last]


def _keys_to_dropped_tables(tables: dict[str, CreateTableOp], order: list[str]) -> list[MigrateOperation]:
    """Return the drops of the foreign keys to tables that are dropped earlier than their own tables."""
    position = {name: number for number, name in enumerate(order)}
    keys = [
        (position[target], key)
        for name in order
        for key in _foreign_keys(tables[name])
        if (target := _target(key)) in position and position[target] < position[name]
    ]
    return [DropConstraintOp.from_constraint(key) for _, key in sorted(keys, key=lambda pair: pair[0])]


def _keys_to_unready_tables(
    tables: dict[str, CreateTableOp], order: list[str], changed: set[str]
) -> list[MigrateOperation]:
    """Take out of new tables the foreign keys to tables that are created later, or changed; return what adds them."""
    position = {name: number for number, name in enumerate(order)}
    adds: list[MigrateOperation] = []
    for name in order:
        create = tables[name]
        keys = [
            key
            for key in _foreign_keys(create)
            if key.use_alter or _target(key) in changed or position.get(_target(key), -1) > position[name]
        ]
        if keys:
            take_keys_out(create, keys)
            adds += [CreateForeignKeyOp.from_constraint(key) for key in keys]
    return adds


def _take_keys_out(table: ModifyTableOps, others: set[str]) -> tuple[list[MigrateOperation], list[MigrateOperation]]:
    """Take the foreign keys to other tables that change out of those on a table; return the drops and the additions."""
    keys: list[Any] = [op for op in table.ops if _is_foreign_key(op)]
    moved = [op for op in keys if (key := constraint_of(op)) is not None and _target(key) in others]
    table.ops = [op for op in table.ops if op not in moved]
    drops = [op for op in moved if isinstance(op, DropConstraintOp)]
    return [*drops], [op for op in moved if op not in drops]


def _may_bear_keys(op: MigrateOperation) -> bool:
    """Tell whether an operation on a table may be about columns to which foreign keys of others refer."""
    return not _is_foreign_key(op) and not (isinstance(op, CreateIndexOp) and not op.unique)


def _referring_first(tables: dict[str, CreateTableOp]) -> list[str]:
    """Return the names of tables, each before those to which it refers, as far as they do not refer to each other.

    Of several that may be next, the first one is; in a circle, the first one that is left.
    """
    names = list(tables)
    number = {name: place for place, name in enumerate(names)}
    targets = {name: {*_targets(tables[name])} & tables.keys() - {name} for name in names}
    referring = Counter(target for its_targets in targets.values() for target in its_targets)
    free = [number[name] for name in names if not referring[name]]
    left = dict.fromkeys(names)
    ordered = []
    while left:
        name = names[heapq.heappop(free)] if free else next(iter(left))
        if name not in left:
            continue
        ordered.append(name)
        del left[name]
        for target in targets[name]:
            referring[target] -= 1
            if not referring[target]:
                heapq.heappush(free, number[target])
    return ordered


def _name(op: CreateTableOp | DropTableOp | ModifyTableOps) -> str:
    return full_name(op.table_name, op.schema)


def _foreign_keys(op: CreateTableOp) -> list[ForeignKeyConstraint]:
    return [item for item in op.columns if isinstance(item, ForeignKeyConstraint)]


def _targets(op: CreateTableOp) -> Iterator[str]:
    """Yield the names of the tables to which a table refers, and of those from which it inherits."""
    yield from map(_target, _foreign_keys(op))
    parents = op.kw.get("postgresql_inherits") or ()
    for parent in [parents] if isinstance(parents, str) else parents:
        yield from (parent, full_name(parent, op.schema))


def _target(key: Any) -> str:
    """Return the name of the table to which a foreign key refers."""
    return str(key.elements[0].target_fullname.rpartition(".")[0])
