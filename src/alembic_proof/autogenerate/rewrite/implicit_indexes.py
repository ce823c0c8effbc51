"""Rule: the index that MariaDB and MySQL create for a foreign key is dropped with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

from alembic.operations.ops import (
    CreateForeignKeyOp,
    CreateIndexOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
)
from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..indexes import plain_columns
from ..operations import constraint_of
from ..sql import column_names, stored_name


def implicit_indexes(draft: Draft) -> None:
    """Add the DROP INDEX after each DROP CONSTRAINT of a foreign key for which the database created an index."""
    if draft.kind != "mysql":
        return
    dropped: dict[Key, CreateIndexOp] = {}

    def after(op: MigrateOperation) -> list[MigrateOperation]:
        if not _drops_key(op) or (index := _reflected(draft, op)) is None:
            return [op]
        if index.name != op.constraint_name:  # in a downgrade, the key would get one of its own name
            dropped[_key(op)] = CreateIndexOp.from_index(index)
        return [op, DropIndexOp(str(index.name), table_name=op.table_name, schema=op.schema)]

    def before_and_after(op: MigrateOperation) -> list[MigrateOperation]:
        if isinstance(op, CreateForeignKeyOp) and (index := dropped.get(_key(op))):
            return [index, op]
        if not _drops_key(op) or (name := _created_by_upgrade(draft, op)) is None:
            return [op]
        return [op, DropIndexOp(name, table_name=op.table_name, schema=op.schema)]

    _replace(draft.upgrade, after)
    _replace(draft.downgrade, before_and_after)


Key = tuple[str | None, str, str]  # of a foreign key: its schema, its table, its name


def _replace(operations: OpContainer, steps: Callable[[MigrateOperation], list[MigrateOperation]]) -> None:
    for container in (operations, *(op for op in operations.ops if isinstance(op, ModifyTableOps))):
        container.ops = [step for op in container.ops for step in steps(op)]


def _drops_key(op: MigrateOperation) -> TypeGuard[DropConstraintOp]:
    return isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey"


def _key(op: DropConstraintOp | CreateForeignKeyOp) -> Key:
    if isinstance(op, CreateForeignKeyOp):
        return op.kw.get("source_schema"), op.source_table, str(op.constraint_name)
    return op.schema, op.table_name, str(op.constraint_name)


def _reflected(draft: Draft, op: DropConstraintOp) -> Index | None:
    """Return the index that the database created for a foreign key: it has its name, or that of its first column.

    One of the latter kind may be the models' own, or serve another foreign key.
    """
    table_name = full_name(op.table_name, op.schema)
    table = reflected_tables(draft.context).get(table_name)
    if table is None:
        return None
    indexes = {str(index.name): index for index in table.indexes}
    keys = {str(key.name): column_names(key) for key in table.foreign_key_constraints}
    columns = keys.pop(str(op.constraint_name), [])
    if str(op.constraint_name) in indexes or not columns:
        return indexes.get(str(op.constraint_name))
    index = indexes.get(columns[0])
    model = draft.tables.get(table_name)
    if index is None or [column.name for column in index.columns] != columns or index.unique:
        return None
    is_of_model = model is not None and any(each.name == index.name for each in model.indexes)
    serves_another = any(other == columns[: len(other)] for other in keys.values())
    return None if is_of_model or serves_another else index


def _created_by_upgrade(draft: Draft, op: DropConstraintOp) -> str | None:
    """Return the index that the database creates for a foreign key: none of the models begins with its columns."""
    table, key = draft.tables[full_name(op.table_name, op.schema)], constraint_of(op)
    if not isinstance(key, ForeignKeyConstraint):
        return None
    uniques = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    indexed = [column_names(each) for each in (table.primary_key, *uniques)]
    indexed += [[*plain_columns(index, draft.dialect)] for index in table.indexes]
    columns = column_names(key)
    is_served = any(names[: len(columns)] == columns for names in indexed)
    return None if is_served else stored_name(key, draft.dialect)
