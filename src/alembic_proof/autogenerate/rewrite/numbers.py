"""Rule: PostgreSQL's columns begin to count, and cease to; serial ones become identities, and back."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, count

from alembic.operations.ops import AlterColumnOp, MigrateOperation, ModifyTableOps
from sqlalchemy import DefaultClause, Identity, inspect

from ...sqltext import full_name
from ..compare.reflected import reflected_tables
from ..draft import Draft
from ..numbering import NumberedColumn, numbering_of_model, numbering_of_reflected
from ..operations import NumberingOp
from .sequences import owned_sequences, usual_sequence


def numbers(draft: Draft) -> None:
    """Replace the changes of server defaults that are about identities: Alembic's do not run.

    A column ceases to count before all else, and begins after it: of its type then, and with no other default.
    """
    if draft.kind == "postgresql":
        for table in draft.upgrade.ops:
            if isinstance(table, ModifyTableOps):
                table.ops = [step for op in table.ops for step in _steps(draft, op)]
                table.ops.sort(key=_place)


def _place(op: MigrateOperation) -> int:
    if not isinstance(op, NumberingOp) or (op.old is not None and op.new is not None):
        return 1
    return 0 if op.new is None else 2


def _steps(draft: Draft, op: MigrateOperation) -> list[MigrateOperation]:
    """Return an operation, or what it does apart from the numbers of a column, and those."""
    if isinstance(op, NumberingOp):
        op.at = replace(op.at, sequence=_sequence(draft, op.at.schema, op.at.table, op.at.column))
        return [op]
    if not isinstance(op, AlterColumnOp) or op.modify_server_default is False:
        return [op]
    before, after = op.existing_server_default, op.modify_server_default
    if not any(isinstance(default, Identity) for default in (before, after)):
        return [op]
    table = full_name(op.table_name, op.schema)
    old = reflected_tables(draft.context)[table].columns[op.column_name]
    new = next(column for column in draft.tables[table].columns if column.name == op.column_name)
    if old.nullable is not new.nullable:  # of which Alembic says nothing where there is, or was, an identity
        op.modify_nullable = new.nullable
    numbering = numbering_of_model(new)
    type_ = op.modify_type if op.modify_type is not None and numbering is not None else old.type
    sequence = _sequence(draft, op.schema, op.table_name, op.column_name)
    at = NumberedColumn(op.table_name, op.schema, op.column_name, type_, sequence)
    if isinstance(before, DefaultClause):
        op.modify_server_default = None
    elif isinstance(after, DefaultClause):
        op.existing_server_default = None
    else:
        op.existing_server_default = op.modify_server_default = False
    changes: list[MigrateOperation] = [op] if op.has_changes() else []
    return [*changes, NumberingOp(at, numbering_of_reflected(old), numbering)]


def _sequence(draft: Draft, schema: str | None, table: str, column: str) -> str:
    """Return the name of the sequence that a column has, or will have: as PostgreSQL chooses one that is free."""
    owned = owned_sequences(draft)
    if (schema, table, column) in owned:
        return owned[schema, table, column]
    name = usual_sequence(table, column)
    if draft.context.connection is None:
        return name
    taken = {*inspect(draft.context.connection).get_sequence_names(schema)} - {*owned.values()}
    numbered = (f"{name}{number}" for number in count(1))
    return next(each for each in chain([name], numbered) if each not in taken)
