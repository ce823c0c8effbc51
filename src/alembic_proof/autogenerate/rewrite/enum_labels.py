"""Rule: a label of an enum that is removed may have another name now, or its rows get another label."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import ARRAY, DefaultClause, Enum

from ...ddl.types import database_type
from ...sqltext import full_name
from ..compare.server_defaults import plain_default
from ..draft import Draft
from ..enum_types import enum_of, enums_by_name, sql_name
from ..operations import EnumTypeOp, MoveLabelsOp, altered
from .labels_in_texts import labels_in_texts
from .moved_labels import Labels, moves
from .renamed_literals import remove_same_texts
from .stored_values import Found, rows_with_label


def enum_labels(draft: Draft) -> None:
    """Give rows the new names of labels, or other labels, as somebody says. Else the question is left open."""
    for op in draft.upgrade.ops:
        if isinstance(op, EnumTypeOp) and op.labels_before and op.labels_after:
            _change_type(draft, op)
        elif isinstance(op, ModifyTableOps) and draft.kind == "mysql":
            op.ops = [step for inner in op.ops for step in _steps_on_mysql(draft, inner)]
        elif isinstance(op, ModifyTableOps) and draft.kind == "postgresql":
            op.ops = [step for inner in op.ops for step in _steps_to_another_type(draft, inner)]
    labels_in_texts(draft)


def _change_type(draft: Draft, enum: EnumTypeOp) -> None:
    """Say of PostgreSQL's type what becomes of its labels."""

    def rows_with(label: str) -> list[tuple[str, Found]]:
        found = []
        for column in enum.columns:
            schema, table, name = column.place
            place = AlterColumnOp(table, name, schema=schema)
            if rows := rows_with_label(draft, place, label, is_array=bool(column.array)):
                found.append((f"{full_name(table, schema)}.{name}", rows))
        return found

    name = full_name(str(enum.type.name), enum.type.schema)
    is_nullable = all(column.is_nullable for column in enum.columns)
    moved = moves(draft, Labels(name, enum.labels_before, enum.labels_after, rows_with, is_nullable))
    enum.renamed, enum.replaced = moved.renamed, moved.replaced
    _remove_same_defaults(draft, enum)
    remove_same_texts(draft, enum)


def _remove_same_defaults(draft: Draft, enum: EnumTypeOp) -> None:
    """Remove the change of a default from a label to its new name, as PostgreSQL's own defaults follow a rename."""
    if not enum.renamed:
        return
    for table in draft.upgrade.ops:
        if isinstance(table, ModifyTableOps):
            for op in table.ops:
                if isinstance(op, AlterColumnOp) and _is_same_default(draft, enum, op):
                    op.modify_server_default = False
            table.ops = [op for op in table.ops if not isinstance(op, AlterColumnOp) or op.has_changes()]


def _is_same_default(draft: Draft, enum: EnumTypeOp, op: AlterColumnOp) -> bool:
    """Tell whether an operation changes the default of a column of an enum type to the new name of its label."""
    before, after = op.existing_server_default, op.modify_server_default
    return (
        sql_name(enum.type, draft.dialect) in enums_by_name([op.existing_type], draft.dialect)
        and isinstance(before, DefaultClause)
        and isinstance(after, DefaultClause)
        and enum.renamed_in(plain_default(before, draft.dialect)) == plain_default(after, draft.dialect)
    )


def _steps_on_mysql(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation, or the steps in which the rows of a column get other labels."""
    if not isinstance(op, AlterColumnOp) or op.modify_type is None:
        return [op]
    old, new = op.existing_type, database_type(op.modify_type, draft.dialect)
    if not (isinstance(old, Enum) and isinstance(new, Enum) and new.native_enum):
        return [op]
    name = f"{full_name(op.table_name, op.schema)}.{op.column_name}"

    def rows_with(label: str) -> list[tuple[str, Found]]:
        rows = rows_with_label(draft, op, label)
        return [(name, rows)] if rows else []

    is_nullable = bool(op.existing_nullable) and op.modify_nullable is not False
    moved = moves(draft, Labels(name, old.enums, new.enums, rows_with, is_nullable))
    in_rows = MoveLabelsOp(op.table_name, op.schema, op.column_name, moved.renamed, moved.replaced, moved.removed)
    if not moved.renamed and not moved.replaced:
        return [in_rows, op] if moved.removed else [op]
    # It takes two labels that differ in nothing but the case of letters for one, and the rows follow.
    every = {label.lower(): label for label in (*new.enums, *old.enums)}
    both = Enum(*(every[key] for key in dict.fromkeys(label.lower() for label in (*old.enums, *new.enums))))
    widen = altered(
        op, AlterColumnOp, modify_type=both, modify_nullable=None, modify_server_default=False, modify_comment=False
    )
    return [widen, in_rows, altered(op, AlterColumnOp, existing_type=both)]


def _steps_to_another_type(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation that gives a column of PostgreSQL another enum type, with what becomes of its labels.

    The cast gives rows their new labels: see casts.py.
    """
    if not isinstance(op, AlterColumnOp) or op.modify_type is None:
        return [op]
    types = (op.existing_type, op.modify_type)
    old, new = (enum_of(type_, draft.dialect) for type_ in types)
    before, after = (isinstance(database_type(type_, draft.dialect), ARRAY) for type_ in types)
    if old is None or new is None or before != after:
        return [op]
    if sql_name(old, draft.dialect) == sql_name(new, draft.dialect):
        return [op]
    name = f"{full_name(op.table_name, op.schema)}.{op.column_name}"

    def rows_with(label: str) -> list[tuple[str, Found]]:
        rows = rows_with_label(draft, op, label, is_array=before)
        return [(name, rows)] if rows else []

    is_nullable = before or (bool(op.existing_nullable) and op.modify_nullable is not False)
    moved = moves(draft, Labels(name, old.enums, new.enums, rows_with, is_nullable))
    op.kw |= {"renamed_labels": moved.renamed, "replaced_labels": moved.replaced}
    note = MoveLabelsOp(op.table_name, op.schema, op.column_name, {}, {}, moved.removed)
    return [note, op] if moved.removed else [op]
