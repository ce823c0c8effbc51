"""Rule: a sequence that a model names is created before the first table whose column takes its numbers from it."""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations.ops import CreateTableOp
from sqlalchemy import Column, Sequence, inspect

from ..draft import Draft
from ..operations import SequenceOp


def named_sequences(draft: Draft) -> None:
    """Create, on PostgreSQL, the sequences of new tables that are not there yet; their columns are no serial ones then.

    Alembic passes over ``Sequence(...)`` of a column. What it writes counts by a sequence of the database's own name,
    while the application asks for the one that the model names.
    """
    if draft.kind != "postgresql":
        return
    created: dict[tuple[str | None, str], SequenceOp] = {}
    for op in draft.upgrade.ops:
        for column, sequence in _numbered(op) if isinstance(op, CreateTableOp) else ():
            column.autoincrement = False  # as create_all() makes it: without a default in the database
            key = (sequence.schema, sequence.name)
            if key not in created and not _exists(draft, sequence):
                created[key] = SequenceOp(sequence)
    draft.upgrade.ops[:0] = list(created.values())


def _numbered(op: CreateTableOp) -> Iterator[tuple[Column[object], Sequence]]:
    """Yield the columns of a new table that have a sequence, with it; an optional one is for other databases."""
    for column in op.columns:
        if isinstance(column, Column) and isinstance(column.default, Sequence) and not column.default.optional:
            yield column, column.default


def _exists(draft: Draft, sequence: Sequence) -> bool:
    """Tell whether the database has a sequence."""
    connection = draft.context.connection
    return connection is not None and inspect(connection).has_sequence(sequence.name, sequence.schema)
