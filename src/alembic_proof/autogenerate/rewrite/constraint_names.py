"""Rule: what a revision adds has a name that it can be dropped by, also where the models leave it to the database."""

from __future__ import annotations

from typing import Any, TypeGuard

from alembic.operations.ops import (
    AddConstraintOp,
    CreateForeignKeyOp,
    CreateTableOp,
    DropConstraintOp,
    MigrateOperation,
)
from sqlalchemy import Constraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.sql.elements import conv

from ..draft import Draft, each_operation
from ..operations import CONVENTION, constraint_of, take_keys_out
from ..sql import column_names, usual_name


def constraint_names(draft: Draft) -> None:
    """Give names to foreign keys and UNIQUE constraints that have none: a downgrade drops them by their names.

    PostgreSQL's are those that it would choose itself. See sqlite_names.py for SQLite.
    """
    if draft.kind == "sqlite":
        return
    _take_keys_out(draft)
    for operations in (draft.upgrade, draft.downgrade):
        for op in each_operation(operations):
            if isinstance(op, (AddConstraintOp, DropConstraintOp)) and getattr(op, "constraint_name", None) is None:
                constraint = constraint_of(op)
                name = None if constraint is None else _name(draft, constraint)
                if name is not None:
                    op.constraint_name = conv(name)  # type: ignore[union-attr]  # SQLAlchemy cuts it off where it must


def _take_keys_out(draft: Draft) -> None:
    """Take out of new tables the foreign keys without a name that the downgrade drops first: in a circle of tables."""
    dropped = [_columns(op.to_constraint()) for op in each_operation(draft.downgrade) if _drops_unnamed_key(op)]
    for create in [op for op in draft.upgrade.ops if isinstance(op, CreateTableOp)] if dropped else []:
        keys = [item for item in create.columns if isinstance(item, ForeignKeyConstraint) and item.name is None]
        keys = [key for key in keys if _columns(key) in dropped]
        take_keys_out(create, keys)
        draft.upgrade.ops += [CreateForeignKeyOp.from_constraint(key) for key in keys]


def _drops_unnamed_key(op: MigrateOperation) -> TypeGuard[DropConstraintOp]:
    is_drop = isinstance(op, DropConstraintOp) and op.constraint_type == "foreignkey" and op.constraint_name is None
    return is_drop and isinstance(constraint_of(op), ForeignKeyConstraint)  # type: ignore[arg-type]


def _columns(key: Any) -> tuple[str | None, str, tuple[str, ...]]:
    return key.table.schema, key.table.name, tuple(column_names(key))


def _name(draft: Draft, constraint: Constraint) -> str | None:
    if draft.kind == "postgresql" and isinstance(constraint, (UniqueConstraint, ForeignKeyConstraint)):
        kind = "key" if isinstance(constraint, UniqueConstraint) else "fkey"
        return usual_name(constraint.table.name, "_".join(column_names(constraint)), kind)
    return given_name(constraint)


def given_name(constraint: Constraint) -> str | None:
    """Return the name that CONVENTION gives to a foreign key or a UNIQUE constraint; None for anything else."""
    if isinstance(constraint, UniqueConstraint):
        names = {"column_0_N_name": "_".join(column_names(constraint))}
        return CONVENTION["uq"] % {"table_name": constraint.table.name, **names}
    if isinstance(constraint, ForeignKeyConstraint):
        names = {"column_0_N_name": "_".join(constraint.column_keys)}
        referred = constraint.elements[0].target_fullname.split(".")[-2]
        return CONVENTION["fk"] % {"table_name": constraint.table.name, "referred_table_name": referred, **names}
    return None
