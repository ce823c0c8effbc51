"""PostgreSQL's enum types: created and dropped with the tables that use them, and their labels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    DropColumnOp,
    DropTableOp,
    MigrateOperation,
    UpgradeOps,
)
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import ARRAY
from sqlalchemy.dialects.postgresql import ENUM

from ...sqltext import single_percents
from ..draft import each_operation
from ..enum_types import EnumColumn, enums_by_name, sql_name
from ..operations import EnumTypeOp
from .type_users import without_users


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    plugin.add_autogenerate_comparator(
        compare_enums, "schema", plugin.name, qualifier="postgresql", priority=DispatchPriority.LAST
    )


def compare_enums(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add what the enum types need before and after the operations on tables."""
    dialect = autogen_context.dialect
    columns = [column for table in autogen_context.sorted_tables for column in table.columns]
    wanted = enums_by_name((column.type for column in columns), dialect)
    unused = enums_by_name((type_ for op in each_operation(upgrade_ops) for type_ in types_removed(op)), dialect)
    if not wanted and not unused:
        return PriorityDispatchResult.CONTINUE
    inspector: Any = autogen_context.inspector
    existing = {sql_name(_reflected(enum), dialect): enum["labels"] for enum in inspector.get_enums("*")}
    used = enums_by_name((type_ for op in each_operation(upgrade_ops) for type_ in _types_given_values(op)), dialect)
    first: list[MigrateOperation] = []
    for name, type_ in wanted.items():
        if name not in existing and type_.create_type:
            first.append(EnumTypeOp(type_, [], type_.enums))
        elif existing.get(name, type_.enums) != type_.enums:
            its_columns = [column for schema in schemas for column in _columns_of(inspector, schema, name)]
            first.append(EnumTypeOp(type_, existing[name], type_.enums, its_columns, name in used))
    upgrade_ops.ops[:0] = first
    unwanted = [name for name in unused if name in existing and name not in wanted]
    dropped = without_users(autogen_context, upgrade_ops, unwanted)
    upgrade_ops.ops += [EnumTypeOp(unused[name], existing[name], []) for name in dropped]
    return PriorityDispatchResult.CONTINUE


def _reflected(enum: dict[str, Any]) -> ENUM:
    """Return the type of a reflected enum: it needs no schema if it is found without one."""
    return ENUM(name=enum["name"], schema=None if enum["visible"] else enum["schema"])


def types_removed(op: MigrateOperation) -> list[Any]:
    """Return the types of the columns that an operation drops, or gives another type."""
    if isinstance(op, DropTableOp):
        return [column.type for column in op.to_table().columns]
    if isinstance(op, DropColumnOp):
        return [op.to_column().type]
    return [op.existing_type] if isinstance(op, AlterColumnOp) and op.modify_type is not None else []


def _types_given_values(op: MigrateOperation) -> list[Any]:
    """Return the types of the columns to which an operation may give a value."""
    return [op.column.type] if isinstance(op, AddColumnOp) else [getattr(op, "existing_type", None)]


def _columns_of(inspector: Any, schema: str | None, name: str) -> Iterator[EnumColumn]:
    """Yield the columns in the database that are of a type, by its name in SQL."""
    preparer = inspector.dialect.identifier_preparer
    prefix = preparer.quote_schema(schema) + "." if schema else ""
    for (_, table), columns in inspector.get_multi_columns(schema=schema).items():
        for column in columns:
            if name in enums_by_name([column["type"]], inspector.dialect):
                array = "[]" if isinstance(column["type"], ARRAY) else ""
                default = column["default"] or ""
                its_table = single_percents(prefix + preparer.quote(table), inspector.dialect)
                its_column = single_percents(preparer.quote(column["name"]), inspector.dialect)
                place = (schema, table, column["name"])
                yield EnumColumn(its_table, its_column, default, array, place, column["nullable"])
