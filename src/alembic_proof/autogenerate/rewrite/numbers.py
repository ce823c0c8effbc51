"""Rule: PostgreSQL's serial columns become identities, and back; the next number is what it was."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import Identity, Integer

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..numbering import NumberedColumn, numbering_of_model, numbering_of_reflected
from ..operations import ChangePrimaryKeyOp, NumberingOp
from .sequences import owned_sequences, usual_sequence


def numbers(draft: Draft) -> None:
    """Replace the changes of server defaults that are about identities: Alembic's do not run."""
    if draft.kind == "postgresql":
        for table in draft.upgrade.ops:
            if isinstance(table, ModifyTableOps):
                table.ops = [step for op in table.ops for step in _steps(draft, op)]
                table.ops += [step for op in table.ops for step in _of_new_key(draft, op)]


def _of_new_key(draft: Draft, op: MigrateOperation) -> Iterator[NumberingOp]:
    """Yield what lets the column of a new primary key count, as it does in a new table."""
    if not isinstance(op, ChangePrimaryKeyOp):
        return
    table = full_name(op.table_name, op.schema)
    new = draft.tables[table].autoincrement_column
    old = None if new is None else reflected_tables(draft.context)[table].columns.get(new.name)
    if new is None or old is None or old.server_default is not None or numbering_of_model(new) is None:
        return
    if numbering_of_reflected(old) is None and isinstance(new.type, Integer):
        at = NumberedColumn(op.table_name, op.schema, new.name, new.type, usual_sequence(op.table_name, new.name))
        yield NumberingOp(at, None, numbering_of_model(new))


def _steps(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation, or what it does apart from the numbers of a column, and those."""
    if not isinstance(op, AlterColumnOp) or op.modify_server_default is False:
        return [op]
    if not any(isinstance(default, Identity) for default in (op.existing_server_default, op.modify_server_default)):
        return [op]
    table = full_name(op.table_name, op.schema)
    old = reflected_tables(draft.context)[table].columns[op.column_name]
    new = next(column for column in draft.tables[table].columns if column.name == op.column_name)
    sequence = owned_sequences(draft).get((op.schema, op.table_name, op.column_name))
    at = NumberedColumn(
        op.table_name,
        op.schema,
        op.column_name,
        old.type if op.modify_type is None else op.modify_type,
        sequence or usual_sequence(op.table_name, op.column_name),
    )
    numbering = NumberingOp(at, numbering_of_reflected(old), numbering_of_model(new))
    op.existing_server_default = op.modify_server_default = False
    return [op, numbering] if op.has_changes() else [numbering]
