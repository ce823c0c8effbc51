"""Rule: a column that is no longer computed keeps its values; one that is dropped and added keeps what is on it."""

from __future__ import annotations

from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    AlterColumnOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import Column, Table, UniqueConstraint

from ...ddl.losses import loss, shortened_to
from ...ddl.types import database_type, kind_of
from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..operations import UncomputeOp
from ..sql import column_names


def kept_values(draft: Draft) -> None:
    """Let values stay that were computed, and make again what goes with a column that is dropped and added."""
    reflected, models = reflected_tables(draft.context), draft.tables
    for operations, before, after in ((draft.upgrade, reflected, models), (draft.downgrade, models, reflected)):
        for table in operations.ops:
            if isinstance(table, ModifyTableOps):
                name = full_name(table.table_name, table.schema)
                for drop, add in recreated(table):
                    _rewrite(draft, table, drop, add, before.get(name), after.get(name))


def recreated(table: ModifyTableOps) -> list[tuple[DropColumnOp, AddColumnOp]]:
    """Return the columns that are dropped and added under one name: they are computed, were, or will be."""
    added = {op.column.name: op for op in table.ops if isinstance(op, AddColumnOp)}
    drops = [op for op in table.ops if isinstance(op, DropColumnOp)]
    return [(op, added[op.column_name]) for op in drops if op.column_name in added]


def keeps_values(draft: Draft, old: Column[Any], new: Column[Any]) -> bool:
    """Tell whether a column that is no longer computed can keep its values: not where its type is quite another."""
    if old.computed is None or new.computed is not None or new.identity is not None:
        return False
    if not draft.context.impl.compare_type(old, new):
        return True
    kinds = {kind_of(database_type(column.type, draft.dialect)) for column in (old, new)}
    change = AlterColumnOp("", new.name, existing_type=old.type, modify_type=new.type)
    is_same = len(kinds) == 1 and not kinds & {"enum", "array"}
    return is_same and loss(change, draft.dialect) is None and shortened_to(change, draft.dialect) is None


def _rewrite(
    draft: Draft, table: ModifyTableOps, drop: DropColumnOp, add: AddColumnOp, before: Table | None, after: Table | None
) -> None:
    old, new = drop.to_column(), add.column
    is_kept = keeps_values(draft, old, new)
    is_in_place = is_kept and _is_in_place(draft, old)
    if is_kept:
        rest = [op for op in table.ops if op not in (drop, add)]
        # First, as what it was computed from may be dropped.
        table.ops = [*_steps(draft, table, old, new, is_in_place), *rest]
    # Elsewhere, dependents.py does it.
    if draft.kind == "sqlite" and not is_in_place and before is not None and after is not None:
        table.ops += _on_column(table, before, after, new.name)


def _is_in_place(draft: Draft, old: Column[Any]) -> bool:
    """Tell whether the database can make a plain column of a computed one: it must be stored, but on SQLite."""
    if draft.kind == "sqlite":  # which rebuilds the table
        return True
    persisted = getattr(old.computed, "persisted", None)
    if draft.kind == "mysql":
        return bool(persisted)
    version = getattr(draft.dialect, "server_version_info", None) or (0,)
    return version >= (13,) and (persisted if persisted is not None else version < (18,))


def _steps(
    draft: Draft, table: ModifyTableOps, old: Column[Any], new: Column[Any], is_in_place: bool
) -> list[MigrateOperation]:
    """Return what makes a plain column of a computed one, and what else changes of it."""
    type_ = new.type if draft.context.impl.compare_type(old, new) else None
    is_altered = is_in_place and draft.kind != "postgresql"  # the ALTER of the column does it
    kept: dict[str, Any] = {"existing_server_default": old.server_default if draft.kind == "sqlite" else False}
    if is_altered and draft.kind == "mysql":
        type_ = new.type  # MODIFY says the whole definition, in which there is no expression
    default = new.server_default
    change = AlterColumnOp(
        table.table_name,
        new.name,
        schema=table.schema,
        existing_type=old.type,
        existing_nullable=old.nullable,
        existing_comment=old.comment,
        modify_type=type_,
        modify_nullable=new.nullable if new.nullable != old.nullable else None,
        modify_comment=new.comment if new.comment != old.comment else False,
        modify_server_default=default if default is not None or draft.kind == "sqlite" else False,
        **kept,
    )
    steps: list[MigrateOperation] = [change] if change.has_changes() else []
    return steps if is_altered else [UncomputeOp(table.table_name, table.schema, new, is_in_place), *steps]


def _on_column(table: ModifyTableOps, before: Table, after: Table, column: str) -> list[MigrateOperation]:
    """Return what makes again the indexes and UNIQUEs that are dropped with a column, and that are to be the same."""
    changed = {op.index_name for op in table.ops if isinstance(op, (CreateIndexOp, DropIndexOp))}
    ops: list[MigrateOperation] = []
    # By names and by columns: a comparison gives a reflected table some of them twice.
    old_indexes, new_indexes = ({index.name: index for index in each.indexes} for each in (before, after))
    for name, index in new_indexes.items():
        if column in index.columns and name in old_indexes and name not in changed:
            ops += [DropIndexOp.from_index(old_indexes[name]), CreateIndexOp.from_index(index)]
    old_uniques, new_uniques = _uniques(before), _uniques(after)
    dropped = {op.constraint_name for op in table.ops if isinstance(op, DropConstraintOp)}
    for columns, unique in new_uniques.items():
        if column in columns and columns in old_uniques and old_uniques[columns].name not in dropped:
            ops += [DropConstraintOp.from_constraint(old_uniques[columns]), AddConstraintOp.from_constraint(unique)]
    return ops


def _uniques(table: Table) -> dict[tuple[str, ...], UniqueConstraint]:
    """Return the UNIQUEs of a table, by their columns."""
    uniques = (constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint))
    return {tuple(column_names(unique)): unique for unique in uniques}
