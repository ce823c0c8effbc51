"""Rule: a label of an enum that is removed and one that is added may be the same: its rows keep it."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import DefaultClause, Enum

from ...sqltext import full_name
from ..compare.server_defaults import plain_default
from ..draft import Draft
from ..enum_types import enums_by_name, sql_name
from ..name_steps import in_sequence
from ..operations import EnumTypeOp, RenameLabelInRowsOp, altered
from .candidates import Candidate, Removal, name_likeness, renamed
from .said_renames import require_free

_REMOVED = Removal("no-rename", "it was removed: the upgrade fails while a row has it")


def enum_labels(draft: Draft) -> None:
    """Rename the labels that somebody says were renamed. Where nobody says, the question is left open."""
    for op in draft.upgrade.ops:
        if isinstance(op, EnumTypeOp) and op.labels_before and op.labels_after:
            name = full_name(str(op.type.name), op.type.schema)
            op.renamed = _renamed_labels(draft, name, op.labels_before, op.labels_after)
            _remove_same_defaults(draft, op)
        elif isinstance(op, ModifyTableOps) and draft.kind == "mysql":
            op.ops = [step for inner in op.ops for step in _steps_on_mysql(draft, inner)]


def _renamed_labels(draft: Draft, name: str, before: list[str], after: list[str]) -> dict[str, str]:
    """Return the new labels by the old ones; the name is that of the type or column."""
    candidates = [
        Candidate(
            f"{name}.{old}",
            f"{name}.{new}",
            (position == after.index(new)) + name_likeness(old, new) + 0.1,
            old,
            new,
        )
        for position, old in enumerate(before)
        for new in after
        if old not in after and new not in before
    ]
    said = _said_labels(draft, name, before, after)
    candidates = [each for each in candidates if each.removed not in said and each.added not in said.values()]
    return said | {candidate.removed: candidate.added for candidate in renamed(draft.answers, candidates, _REMOVED)}


def _said_labels(draft: Draft, name: str, before: list[str], after: list[str]) -> dict[str, str]:
    """Return the labels that take a name which there was, or give up one which there still is: chains and circles.

    Raises CommandError where two would have one name.
    """
    said = {}
    for value, old, new in draft.answers.renames():
        old_label, new_label = old.removeprefix(f"{name}."), new.removeprefix(f"{name}.")
        is_one = old == f"{name}.{old_label}" and old_label in before and new_label in after
        if is_one and (new_label in before or old_label in after):
            said[old_label] = new_label
            draft.answers.use("rename", value)
    require_free(said, before, f"{name}.")
    return said


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
    """Return an operation, or the steps in which the rows of a column get the new names of their labels."""
    if not (isinstance(op, AlterColumnOp) and isinstance(op.existing_type, Enum) and isinstance(op.modify_type, Enum)):
        return [op]
    name = f"{full_name(op.table_name, op.schema)}.{op.column_name}"
    before, after = op.existing_type.enums, op.modify_type.enums
    new_labels = _renamed_labels(draft, name, before, after)
    if not new_labels:
        return [op]
    steps = in_sequence(new_labels, {*before, *after})
    every = dict.fromkeys([*before, *after, *(new for _, new in steps)])
    both = Enum(*every)
    widen = altered(
        op, AlterColumnOp, modify_type=both, modify_nullable=None, modify_server_default=False, modify_comment=False
    )
    in_rows = [RenameLabelInRowsOp(op.table_name, op.schema, op.column_name, old, new) for old, new in steps]
    return [widen, *in_rows, altered(op, AlterColumnOp, existing_type=both)]
