"""What renamed tables and columns are called in the database, as the operations of a revision say it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from alembic.operations.ops import MigrateOperation

from ..operations import RenameColumnOp, RenameTableBothWaysOp

Key = TypeVar("Key")


def old_tables(operations: Iterable[MigrateOperation]) -> dict[tuple[str | None, str], str]:
    """Return the names that renamed tables have in the database, by their schemas and new names."""
    ops = [op for op in operations if isinstance(op, RenameTableBothWaysOp)]
    return _composed((((op.schema, op.table_name), (op.schema, op.new_table_name)) for op in ops), lambda key: key[1])


def old_columns(operations: Iterable[MigrateOperation]) -> dict[tuple[str | None, str, str], str]:
    """Return the names that renamed columns have in the database, by their schemas, tables and new names."""
    ops = [op for op in operations if isinstance(op, RenameColumnOp)]
    steps = (
        ((op.schema, op.table_name, op.column_name), (op.schema, op.table_name, str(op.modify_name))) for op in ops
    )
    return _composed(steps, lambda key: key[2])


def _composed(steps: Iterable[tuple[Key, Key]], name: Callable[[Key], str]) -> dict[Key, str]:
    found: dict[Key, str] = {}
    for old, new in steps:
        found[new] = found.pop(old, name(old))
    return found
