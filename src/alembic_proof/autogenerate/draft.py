"""A revision that autogenerate proposes, which the rules then change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DowngradeOps,
    MigrateOperation,
    ModifyTableOps,
    OpContainer,
    UpgradeOps,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Dialect, Table

from ..prompts import Answers
from ..sqltext import full_name
from .operations import DropCreatedIndexOp, DropCreatedTableOp


@dataclass
class Draft:
    """What the revision will do in both directions, and what the rules need to know to change it."""

    context: MigrationContext
    answers: Answers
    upgrade: UpgradeOps
    downgrade: DowngradeOps

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self.context.dialect

    @property
    def kind(self) -> str:
        """The kind of database: sqlite, postgresql, or mysql for MariaDB and MySQL."""
        return "mysql" if self.dialect.name == "mariadb" else self.dialect.name

    @cached_property
    def tables(self) -> dict[str, Table]:
        """The tables of the models, by their full names."""
        return model_tables(self.context)

    def column(self, op: AlterColumnOp | AddColumnOp) -> Column[Any]:
        """Return the column of the models that an operation is about."""
        name = op.column.name if isinstance(op, AddColumnOp) else op.column_name
        return column_named(self.tables[full_name(op.table_name, op.schema)], name)

    def reverse_upgrade(self) -> None:
        """Let the downgrade undo the upgrade.

        What cannot be reversed, such as SQL that a project's own hook has added, stays in the direction in which it is:
        in the downgrade before or after all else.
        """
        own = [_cannot_be_reversed(op) for op in self.downgrade.ops]
        begin = own.index(False) if False in own else 0
        last = [op for op, is_own in zip(self.downgrade.ops[begin:], own[begin:], strict=True) if is_own]
        reversals = (_reversed(op) for op in reversed(self.upgrade.ops))
        self.downgrade.ops = [*self.downgrade.ops[:begin], *filter(None, reversals), *last]


def _cannot_be_reversed(op: MigrateOperation) -> bool:
    return type(op).reverse is MigrateOperation.reverse


def _reversed(op: MigrateOperation) -> MigrateOperation | None:
    """Return the operation that undoes another one, as far as it can be undone, or None."""
    if isinstance(op, ModifyTableOps):
        steps = [*filter(None, map(_reversed, reversed(op.ops)))]
        return ModifyTableOps(op.table_name, steps, schema=op.schema) if steps else None
    if type(op) is CreateTableOp:
        return DropCreatedTableOp(op)
    if type(op) is CreateIndexOp:
        return DropCreatedIndexOp(op)
    with suppress(NotImplementedError, ValueError):  # ValueError: a drop by name, of something that nobody knows
        return op.reverse()
    return None


Rule = Callable[[Draft], None]


def model_tables(context: MigrationContext) -> dict[str, Table]:
    """Return the tables of the models, by their full names."""
    metadata = context.opts["target_metadata"]
    several = metadata if isinstance(metadata, (list, tuple)) else [metadata]
    tables = [table for each in several for table in each.tables.values()]
    return {full_name(table.name, reflected_schema(table, context.dialect)): table for table in tables}


def column_named(table: Table, name: str) -> Column[Any]:
    """Return a column by its name in the database: ``table.columns`` has it under its ``key=``.

    Raises KeyError if there is none.
    """
    for column in table.columns:
        if column.name == name:
            return column
    raise KeyError(name)


def reflected_schema(table: Table, dialect: Dialect) -> str | None:
    """Return the schema of a table as reflection and operations have it: None for the default schema."""
    return None if table.schema == dialect.default_schema_name else table.schema


def each_operation(operations: OpContainer) -> Iterator[MigrateOperation]:
    """Yield the operations, and those on a table one by one."""
    for op in operations.ops:
        yield from op.ops if isinstance(op, ModifyTableOps) else [op]
