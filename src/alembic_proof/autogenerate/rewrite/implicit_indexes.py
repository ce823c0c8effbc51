"""Rule: the index that MariaDB and MySQL create for a foreign key is dropped with it."""

from __future__ import annotations

from collections.abc import Callable

from alembic.operations.ops import DropConstraintOp, DropIndexOp, MigrateOperation, ModifyTableOps
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..operations import constraint_of
from ..sql import column_names

HasIndex = Callable[[Draft, DropConstraintOp], bool]


def implicit_indexes(draft: Draft) -> None:
    """Add the DROP INDEX after each DROP CONSTRAINT of a foreign key for which the database created an index."""
    if draft.kind == "mysql":
        for operations, has_index in ((draft.upgrade, _is_reflected), (draft.downgrade, _is_created_by_upgrade)):
            for container in (operations, *(op for op in operations.ops if isinstance(op, ModifyTableOps))):
                container.ops = [step for op in container.ops for step in (op, *_index_of(draft, op, has_index))]


def _index_of(draft: Draft, op: MigrateOperation, has_index: HasIndex) -> list[MigrateOperation]:
    if isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey" and has_index(draft, op):
        return [DropIndexOp(str(op.constraint_name), table_name=op.table_name, schema=op.schema)]
    return []


def _is_reflected(draft: Draft, op: DropConstraintOp) -> bool:
    """Tell whether the database has an index with the name of a foreign key."""
    table = reflected_tables(draft.context).get(full_name(op.table_name, op.schema))
    return table is not None and any(index.name == op.constraint_name for index in table.indexes)


def _is_created_by_upgrade(draft: Draft, op: DropConstraintOp) -> bool:
    """Tell whether the database creates an index for a foreign key: none of the models begins with its columns."""
    table, key = draft.tables[full_name(op.table_name, op.schema)], constraint_of(op)
    uniques = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    indexed = [column_names(each) for each in (table.primary_key, *uniques)]
    indexed += [[column.name for column in index.columns] for index in table.indexes]
    columns = column_names(key) if isinstance(key, ForeignKeyConstraint) else []
    return not any(names[: len(columns)] == columns for names in indexed)
