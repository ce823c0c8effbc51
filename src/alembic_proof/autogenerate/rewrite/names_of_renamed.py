"""Rule: what PostgreSQL has named after a table or a column is renamed with it: sequences, and constraints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations.ops import DropColumnOp, DropConstraintOp, ModifyTableOps
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft, each_operation
from ..operations import ChangePrimaryKeyOp, NumberingOp, RenameInPlaceOp
from ..sql import column_names, stored_name, usual_name
from .renamed_names import old_columns, old_tables
from .sequences import owned_sequences, usual_sequence

ColumnKey = tuple[str | None, str, str]  # the schema, the table, its own name


def names_of_renamed(draft: Draft) -> None:
    """Let what PostgreSQL has named after a table or a column follow it: sequences, and what the models do not name."""
    if draft.kind != "postgresql":
        return
    tables, columns = old_tables(draft.upgrade.ops), old_columns(draft.upgrade.ops)
    if not tables and not columns:
        return
    renamed = []
    dropped, ceasing = _without_sequence(draft)
    first = []
    for (schema, table, column), name in sorted(owned_sequences(draft).items(), key=str):
        if (schema, table, column) in ceasing:
            continue
        old_table = tables.get((schema, table), table)
        old = usual_sequence(old_table, columns.get((schema, table, column), column))
        if name != old or old == (new := usual_sequence(table, column)):
            continue
        if (schema, table, column) in dropped:  # for the downgrade, which may make it by its new name
            first.append(RenameInPlaceOp("SEQUENCE IF EXISTS", table, schema, name, new))
        else:
            renamed.append(RenameInPlaceOp("SEQUENCE", table, schema, name, new))
    for (schema, table), old_table in tables.items():
        renamed += _constraints_named_after(draft, schema, table, old_table)
    draft.upgrade.ops[:] = [*first, *draft.upgrade.ops, *renamed]


def _without_sequence(draft: Draft) -> tuple[set[ColumnKey], set[ColumnKey]]:
    """Return the columns that the upgrade drops, and those that cease to count: their sequences go."""
    ops = list(each_operation(draft.upgrade))
    dropped = {(op.schema, op.table_name, op.column_name) for op in ops if isinstance(op, DropColumnOp)}
    numberings = [op for op in ops if isinstance(op, NumberingOp) and op.new is None]
    return dropped, {(op.at.schema, op.at.table, op.at.column) for op in numberings}


def _constraints_named_after(draft: Draft, schema: str | None, table: str, old_table: str) -> Iterator[RenameInPlaceOp]:
    """Yield the new names of the constraints that begin with the old name of a table, and have none in the models."""
    name = full_name(table, schema)
    reflected, model = reflected_tables(draft.context).get(name), draft.tables[name]
    if reflected is None:
        return
    named: set[Any] = {stored_name(constraint, draft.dialect) for constraint in model.constraints}
    changes = [op for ops in draft.upgrade.ops if isinstance(ops, ModifyTableOps) for op in ops.ops]
    named |= {op.constraint_name for op in changes if isinstance(op, DropConstraintOp)}
    named |= {str(op.old.name) for op in changes if isinstance(op, ChangePrimaryKeyOp)}
    # After a rename, it is reflected twice.
    constraints: dict[str, Any] = {str(each.name): each for each in reflected.constraints if each.name is not None}
    for old, constraint in sorted(constraints.items()):
        kind = _usual_kind(constraint)
        if old in named or kind is None:
            continue
        for columns in ([], column_names(constraint)) if not isinstance(constraint, CheckConstraint) else ():
            if old == usual_name(old_table, "_".join(columns), kind):
                yield RenameInPlaceOp("CONSTRAINT", table, schema, old, usual_name(table, "_".join(columns), kind))
                break
        else:
            rest = old.removeprefix(f"{old_table}_")
            if isinstance(constraint, CheckConstraint) and rest != old and rest.endswith("check"):
                yield RenameInPlaceOp("CONSTRAINT", table, schema, old, f"{table}_{rest}"[:63])


def _usual_kind(constraint: Any) -> str | None:
    kinds = {
        PrimaryKeyConstraint: "pkey",
        UniqueConstraint: "key",
        ForeignKeyConstraint: "fkey",
        CheckConstraint: "check",
    }
    return next((kind for class_, kind in kinds.items() if isinstance(constraint, class_)), None)
