"""Rule: a column that is dropped, or gets another type, does so before the labels of its enum type change.

And comes back after it. Its rows may have a label that is removed, and its default may be one.
"""

from __future__ import annotations

from alembic.operations.ops import (
    AlterColumnOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    DropTableOp,
    MigrateOperation,
    ModifyTableOps,
)
from sqlalchemy import ForeignKeyConstraint

from ...sqltext import full_name
from ..draft import Draft
from ..enum_types import enums_by_name, sql_name
from ..operations import ChangePrimaryKeyOp, EnumTypeOp, constraint_of
from .kept_values import recreated

_DROPS = (DropConstraintOp, DropIndexOp, DropColumnOp)

TableKey = tuple[str | None, str]


def enum_columns(draft: Draft) -> None:
    """Move what drops the columns of an enum type, or gives them another one, before the change of the type."""
    for enum in [op for op in draft.upgrade.ops if isinstance(op, EnumTypeOp)]:
        if enum.labels_before and enum.labels_after:
            _let_columns_leave(draft, enum)
            tables, columns = _dropped(draft)
            gone = [each for each in enum.columns if each.place[:2] in tables or each.place in columns]
            if gone:
                enum.columns = [each for each in enum.columns if each not in gone]
                altered = {each.place[:2] for each in gone} - tables
                first = _taken_out(draft, tables & {each.place[:2] for each in gone}, altered)
                place = next(number for number, op in enumerate(draft.upgrade.ops) if op is enum)
                draft.upgrade.ops[place:place] = first


def _let_columns_leave(draft: Draft, enum: EnumTypeOp) -> None:
    """Give columns their other type before a label is removed: but not one that changes in this revision, too."""
    if not enum.removed_labels:
        return
    name = sql_name(enum.type, draft.dialect)
    changing = {sql_name(op.type, draft.dialect) for op in draft.upgrade.ops if isinstance(op, EnumTypeOp)}

    def leaves(op: MigrateOperation) -> bool:
        if not isinstance(op, AlterColumnOp) or op.modify_type is None:
            return False
        before, after = (enums_by_name([each], draft.dialect).keys() for each in (op.existing_type, op.modify_type))
        return name in before and not after & changing

    moved, places = [], set()
    for table in [op for op in draft.upgrade.ops if isinstance(op, ModifyTableOps)]:
        if leaving := [op for op in table.ops if leaves(op)]:
            table.ops = [op for op in table.ops if op not in leaving]
            moved.append(ModifyTableOps(table.table_name, leaving, schema=table.schema))
            places |= {(table.schema, table.table_name, getattr(op, "column_name", "")) for op in leaving}
    enum.columns = [each for each in enum.columns if each.place not in places]
    place = next(number for number, op in enumerate(draft.upgrade.ops) if op is enum)
    draft.upgrade.ops[place:place] = moved
    draft.upgrade.ops[:] = [op for op in draft.upgrade.ops if getattr(op, "ops", True)]


def _dropped(draft: Draft) -> tuple[set[TableKey], set[tuple[str | None, str, str]]]:
    """Return the tables and the columns that are dropped, where that can come first."""
    tables: set[TableKey] = set()
    columns: set[tuple[str | None, str, str]] = set()
    for op in draft.upgrade.ops:
        if isinstance(op, DropTableOp):
            tables.add((op.schema, op.table_name))
        elif isinstance(op, ModifyTableOps):
            changes_key = any(isinstance(each, ChangePrimaryKeyOp) for each in op.ops)
            if not changes_key and not recreated(op):
                drops = (each for each in op.ops if isinstance(each, DropColumnOp))
                columns |= {(op.schema, op.table_name, each.column_name) for each in drops}
    return tables, columns


def _taken_out(draft: Draft, tables: set[TableKey], altered: set[TableKey]) -> list[MigrateOperation]:
    """Take out of the upgrade what drops tables, the foreign keys to them, and all that others of these tables lose."""
    names = {full_name(name, schema) for schema, name in tables}
    changes: list[MigrateOperation] = []
    for op in draft.upgrade.ops:
        if isinstance(op, ModifyTableOps):
            is_altered = (op.schema, op.table_name) in altered | tables
            moved = [each for each in op.ops if isinstance(each, _DROPS) and (is_altered or _refers(each, names))]
            if moved:
                op.ops = [each for each in op.ops if each not in moved]
                changes.append(ModifyTableOps(op.table_name, moved, schema=op.schema))
    drops: list[MigrateOperation] = [
        op for op in draft.upgrade.ops if isinstance(op, DropTableOp) and (op.schema, op.table_name) in tables
    ]
    draft.upgrade.ops[:] = [op for op in draft.upgrade.ops if op not in drops and getattr(op, "ops", True)]
    return [*changes, *drops]


def _refers(op: MigrateOperation, tables: set[str]) -> bool:
    """Tell whether an operation drops a foreign key to one of these tables."""
    key = constraint_of(op) if isinstance(op, DropConstraintOp) else None
    return isinstance(key, ForeignKeyConstraint) and key.elements[0].target_fullname.rpartition(".")[0] in tables
