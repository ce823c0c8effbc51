"""Rule: what a batch adds or drops on SQLite has a name there, also where the models leave it to the database."""

from __future__ import annotations

from alembic.operations.ops import AddConstraintOp, DropConstraintOp, MigrateOperation

from ..draft import Draft, each_operation
from ..operations import CONVENTION, AutoincrementOp, ChangePrimaryKeyOp, TemporaryName, constraint_of
from .constraint_names import given_name


def sqlite_names(draft: Draft) -> None:
    """Give names, after the same pattern, to keys and UNIQUE constraints that have none.

    Alembic's batch takes none without. One that is in the database without a name is dropped by the name that a naming
    convention in the revision gives to it.
    """
    if draft.kind == "sqlite":
        for op in each_operation(draft.upgrade):
            _give_name(op, in_database=True)
        for op in each_operation(draft.downgrade):
            _give_name(op, in_database=_has_counted(draft, op))


def _has_counted(draft: Draft, op: MigrateOperation) -> bool:
    """Tell whether a downgrade takes AUTOINCREMENT from a key, which has no name then."""
    ended = (each for each in draft.downgrade.ops if isinstance(each, AutoincrementOp) and not each.counts)
    return isinstance(op, ChangePrimaryKeyOp) and any(each.table == op.table_name for each in ended)


def _give_name(op: MigrateOperation, in_database: bool) -> None:
    """Give an operation the names it lacks; what an upgrade drops is in the database without one."""
    if isinstance(op, ChangePrimaryKeyOp):
        key_name = CONVENTION["pk"] % {"table_name": op.table_name}
        op.old_name = None if op.old.name else TemporaryName(key_name) if in_database else key_name
        op.new_name = None if op.new.name else key_name
    if not isinstance(op, (AddConstraintOp, DropConstraintOp)) or getattr(op, "constraint_name", None) is not None:
        return
    constraint = constraint_of(op)
    name = None if constraint is None else given_name(constraint)
    if name is not None:
        is_dropped = isinstance(op, DropConstraintOp) and in_database
        op.constraint_name = TemporaryName(name) if is_dropped else name  # type: ignore[union-attr]
