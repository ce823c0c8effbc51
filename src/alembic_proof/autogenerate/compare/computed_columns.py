"""Columns that are computed from another expression: Alembic sees it, warns, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AddConstraintOp,
    CreateIndexOp,
    DropColumnOp,
    DropConstraintOp,
    DropIndexOp,
    MigrateOperation,
    ModifyTableOps,
)
from alembic.runtime.plugins import Plugin
from sqlalchemy import Column, Dialect, Table, UniqueConstraint

from ..sql import column_names, sql_of
from . import add_table_comparison
from .stored_expressions import Expression, compare_expression


def setup(plugin: Plugin) -> None:
    """Register the comparison; MariaDB and MySQL rewrite every expression."""
    add_table_comparison(plugin, compare_computed_columns, ("sqlite", "postgresql"))


def compare_computed_columns(
    autogen_context: AutogenContext, operations: ModifyTableOps, reflected: Table, model: Table
) -> None:
    """Drop and add the columns that are computed from another expression: they have no data of their own."""
    for column in model.columns:
        old = None if column.computed is None else reflected.columns.get(column.name)
        if old is not None and old.computed is not None:
            expression = _expression(autogen_context.dialect, reflected, old, column)
            if not expression.reflected:  # SQLAlchemy cannot read it, as from NUMERIC(10, 2) on SQLite
                continue
            replacement = partial(_replacement, operations, reflected, model, old, column)
            compare_expression(autogen_context, operations, expression, replacement)


def _expression(dialect: Dialect, table: Table, old: Column[Any], new: Column[Any]) -> Expression:
    """Return both expressions; on PostgreSQL, which stores them so, as values of the column's type."""
    texts = [sql_of(getattr(column.computed, "sqltext", None), dialect) for column in (old, new)]
    if dialect.name == "postgresql":
        type_ = dialect.type_compiler_instance.process(new.type)
        texts = [f"CAST({text} AS {type_})" for text in texts]
    return Expression(table, *texts)


def _replacement(
    operations: ModifyTableOps, reflected: Table, model: Table, old: Column[Any], new: Column[Any]
) -> list[MigrateOperation]:
    schema, name = operations.schema, operations.table_name
    return [
        DropColumnOp.from_column_and_tablename(schema, name, old),
        AddColumnOp.from_column_and_tablename(schema, name, new),
        *_on_column(reflected, model, new.name),
    ]


def _on_column(reflected: Table, model: Table, column: str) -> Iterator[MigrateOperation]:
    """Yield what recreates the indexes and UNIQUEs that are dropped with a column, and that Alembic finds unchanged."""
    indexes = {index.name: index for index in reflected.indexes}
    for index in model.indexes:
        if column in index.columns and index.name in indexes:
            yield DropIndexOp.from_index(indexes[index.name])
            yield CreateIndexOp.from_index(index)
    uniques = {tuple(column_names(unique)): unique for unique in _uniques(reflected)}
    for unique in _uniques(model):
        existing = uniques.get(tuple(column_names(unique)))
        if column in unique.columns and existing is not None:
            yield DropConstraintOp.from_constraint(existing)
            yield AddConstraintOp.from_constraint(unique)


def _uniques(table: Table) -> list[UniqueConstraint]:
    return [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
