"""Rule: a column of MariaDB or MySQL that changes is AUTO_INCREMENT where it is to be, in each direction."""

from __future__ import annotations

from alembic.operations.ops import AlterColumnOp, ModifyTableOps
from alembic.util import CommandError
from sqlalchemy import Integer, Table

from ... import upstream
from ...sqltext import full_name
from ..compare.auto_increment import counts
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..operations import ChangePrimaryKeyOp, CountingColumnOp
from .stored_values import count, stored_column


def auto_increments(draft: Draft) -> None:
    """Say of each column that changes whether it counts then: Alembic says in both directions what the model does.

    Raises CommandError where a column that begins to count has a 0, to which the database would give another number.
    """
    if draft.kind != "mysql":
        return
    for table in draft.upgrade.ops:
        for op in table.ops if isinstance(table, ModifyTableOps) else []:
            if isinstance(op, CountingColumnOp) and op.kw["autoincrement"]:
                _require_no_zero(draft, op)
    reflected, models = (
        {name: _counters(table) for name, table in tables.items()}
        for tables in (reflected_tables(draft.context), draft.tables)
    )
    for operations, before, after in ((draft.upgrade, reflected, models), (draft.downgrade, models, reflected)):
        for table in operations.ops:
            if isinstance(table, ModifyTableOps):
                name = full_name(table.table_name, table.schema)
                _say(table, before.get(name, set()), after.get(name, set()))


def _counters(table: Table) -> set[str]:
    """Return the names of the columns that count, of a model or as reflected."""
    return {column.name for column in table.columns if column.autoincrement is True or counts(column)}


def _say(table: ModifyTableOps, before: set[str], after: set[str]) -> None:
    """Correct the changes of columns: before the primary key changes, they count as they did; that does the rest."""
    keys = [at for at, op in enumerate(table.ops) if isinstance(op, ChangePrimaryKeyOp)]
    for at, op in enumerate(table.ops):
        if not isinstance(op, AlterColumnOp):
            continue
        counting = before if keys and at < keys[0] else after
        if op.column_name in counting and _can_count(op):
            op.kw["autoincrement"] = True
        elif op.kw.get("autoincrement"):
            op.kw["autoincrement"] = False


def _can_count(op: AlterColumnOp) -> bool:
    """Tell whether a column has a type of which it may be AUTO_INCREMENT after a change."""
    type_ = op.existing_type if op.modify_type is None else op.modify_type
    return type_ is None or upstream.type_affinity(type_) is Integer


def _require_no_zero(draft: Draft, op: CountingColumnOp) -> None:
    found = count(draft, op, stored_column(draft, op) == 0)
    if found and found.number:
        name = f"{full_name(op.table_name, op.schema)}.{op.column_name}"
        raise CommandError(
            f"{name} becomes AUTO_INCREMENT, and the database would give another number to a row with 0. "
            f"{found.told('row has it', 'rows have it')}. Change that number first. Nothing was written."
        )
