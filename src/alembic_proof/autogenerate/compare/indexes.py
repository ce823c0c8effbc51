"""What Alembic does not compare of an index: its predicate (WHERE), and on SQLite its expressions."""

from __future__ import annotations

import re
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import CreateIndexOp, DropTableOp, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Index, text

from ...sqltext import same_but_spacing
from ..draft import each_operation, reflected_schema
from ..indexes import create_index_sql, has_expression, predicate
from ..operations import IndexSqlOp
from ..renamed_inspector import RenamedInspector
from .stored_expressions import Expression, different_expressions

_EXPRESSION = re.compile(r"\([^)]*\(")


def setup(plugin: Plugin) -> None:
    """Register the comparisons; MariaDB and MySQL have no predicates, and Alembic compares their expressions."""
    for dialect, compare in {"sqlite": compare_on_sqlite, "postgresql": compare_on_postgresql}.items():
        plugin.add_autogenerate_comparator(
            compare, "schema", plugin.name, qualifier=dialect, priority=DispatchPriority.LAST
        )


def compare_on_sqlite(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any) -> PriorityDispatchResult:
    """Add what creates and drops indexes; drops come first, as a table that is rebuilt loses its indexes."""
    dialect = autogen_context.dialect
    existing = _indexes_of_sqlite(autogen_context)
    tables = {table.name: table for table in autogen_context.sorted_tables}
    wanted = {str(index.name): index for table in tables.values() for index in table.indexes}
    owned = {*tables, *(op.table_name for op in upgrade_ops.ops if isinstance(op, DropTableOp))}
    dropped = set()
    for name, (table, sql) in existing.items():
        index = wanted.get(name)
        if index is None:
            is_dropped = table in owned and _EXPRESSION.search(sql) is not None
        else:
            is_compared = has_expression(index) or predicate(index, "sqlite") is not None
            is_dropped = is_compared and not same_but_spacing(sql, create_index_sql(index, dialect))
        if is_dropped:
            upgrade_ops.ops.insert(0, IndexSqlOp(name, sql, drop=True))
            dropped.add(name)
    for name, index in wanted.items():
        if name in dropped or (name not in existing and has_expression(index)):
            upgrade_ops.ops.append(IndexSqlOp(name, create_index_sql(index, dialect)))
    return PriorityDispatchResult.CONTINUE


def _indexes_of_sqlite(autogen_context: AutogenContext) -> dict[str, tuple[str, str]]:
    """Return the table and the SQL of each index in the database, in the names that renames will give them."""
    connection: Any = autogen_context.connection
    query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql > ''"
    indexes = {name: (table, sql) for name, table, sql in connection.execute(text(query))}
    inspector: Any = autogen_context.inspector
    if not isinstance(inspector, RenamedInspector):
        return indexes
    new_names = inspector.new_names
    for name, (table, sql) in indexes.items():
        key = new_names.table(None, table)
        names = {**new_names.columns.get(key, {}), table: key[1]}
        indexes[name] = (key[1], new_names.in_sql(names, sql))
    return indexes


def compare_on_postgresql(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: Any
) -> PriorityDispatchResult:
    """Add what recreates the indexes that have another predicate."""
    dialect = autogen_context.dialect
    compared = [
        (table, index)
        for table in autogen_context.sorted_tables
        for index in table.indexes
        if predicate(index, "postgresql") is not None
    ]
    created = {op.index_name for op in each_operation(upgrade_ops) if isinstance(op, CreateIndexOp)}
    predicates = _predicates_of_postgresql(autogen_context, {reflected_schema(table, dialect) for table, _ in compared})
    expressions: list[tuple[Index, Expression]] = []
    for table, index in compared:
        old = predicates.get((reflected_schema(table, dialect), table.name, index.name))
        if old and index.name not in created:
            _, _, new = create_index_sql(index, dialect).partition(" WHERE ")
            expressions.append((index, Expression(table, old, new)))
    different = different_expressions(autogen_context, [expression for _, expression in expressions])
    for index, expression in expressions:
        if expression in different:
            name, sql, schema = str(index.name), create_index_sql(index, dialect), expression.table.schema
            create, where, _ = sql.partition(" WHERE ")
            old_sql = f"{create}{where}{expression.reflected}"
            upgrade_ops.ops.append(IndexSqlOp(name, old_sql, drop=True, schema=schema))
            upgrade_ops.ops.append(IndexSqlOp(name, sql, schema=schema))
    return PriorityDispatchResult.CONTINUE


def _predicates_of_postgresql(
    autogen_context: AutogenContext, schemas: set[str | None]
) -> dict[tuple[str | None, str, str | None], str]:
    """Return the predicates of the indexes in schemas, by schema, table and index."""
    inspector: Any = autogen_context.inspector
    return {
        (*key, index["name"]): index["dialect_options"]["postgresql_where"]
        for schema in schemas
        for key, indexes in inspector.get_multi_indexes(schema=schema).items()
        for index in indexes
        if "postgresql_where" in index.get("dialect_options", {})
    }
