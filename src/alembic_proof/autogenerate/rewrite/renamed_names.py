"""Names before and after renames, in which one may take the name that another has given up: chains and circles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from alembic.operations.ops import MigrateOperation

from ..operations import RenameColumnOp, RenameTableBothWaysOp

Key = TypeVar("Key")


def in_sequence(renames: dict[str, str], taken: Collection[str]) -> list[tuple[str, str]]:
    """Return the steps in which things get their new names, by the old ones, so that no two have one name at a time.

    Those that go round in a circle need one more name for a moment, which is none of those that are taken.
    """
    left, steps = dict(renames), []
    while left:
        old = next((old for old, new in left.items() if new not in left), None)
        if old is None:
            old = next(iter(left))
            moment = f"{old[:50]}_before"
            while moment in taken or moment in left:
                moment += "_"
            left[moment] = left.pop(old)
            steps.append((old, moment))
        else:
            steps.append((old, left.pop(old)))
    return steps


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
