"""What uses a type of PostgreSQL besides the columns that a revision drops or changes: then it stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import AlterColumnOp, DropColumnOp, DropTableOp, UpgradeOps
from sqlalchemy import text

from ...sqltext import full_name
from ..draft import each_operation
from ..notes import say
from ..renamed_inspector import RenamedInspector

_QUERY = text("""
WITH t AS (SELECT name, y.oid, y.typarray FROM unnest(CAST(:names AS text[])) AS name
    JOIN pg_type y ON y.oid = to_regtype(name))
SELECT name, CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, relname, attname, '' FROM t
    JOIN pg_attribute ON atttypid IN (t.oid, typarray) AND NOT attisdropped JOIN pg_class c ON c.oid = attrelid
    JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'f', 'c', 'v', 'm')
UNION ALL SELECT name, '', '', '', 'the function ' || CAST(CAST(objid AS regprocedure) AS text) FROM t
    JOIN pg_depend ON refclassid = CAST('pg_type' AS regclass) AND refobjid IN (t.oid, typarray)
    AND classid = CAST('pg_proc' AS regclass)
UNION ALL SELECT name, '', '', '', 'the domain ' || CAST(CAST(d.oid AS regtype) AS text) FROM t
    JOIN pg_type d ON d.typbasetype IN (t.oid, t.typarray)
""")


def without_users(autogen_context: AutogenContext, upgrade_ops: UpgradeOps, names: Collection[str]) -> list[str]:
    """Return those types, by their names in SQL, that nothing uses after the upgrade; of the others it is said."""
    if not names:
        return []
    connection: Any = autogen_context.connection
    gone = set(going(autogen_context, upgrade_ops))
    users: dict[str, list[str]] = defaultdict(list)
    for name, schema, table, column, other in connection.execute(_QUERY, {"names": list(names)}):
        if other or not {(schema, table, column), (schema, table, None)} & gone:
            users[name].append(other or f"{full_name(table, schema)}.{column}")
    for name, found in users.items():
        told = f"{', '.join(sorted(found)[:3])} {'uses' if len(found) == 1 else 'use'} it"
        say(autogen_context.migration_context, f"The type {name} stays, though no model has it any more: {told}.")
    return [name for name in names if name not in users]


def going(autogen_context: AutogenContext, upgrade_ops: UpgradeOps) -> Iterator[tuple[str | None, str, str | None]]:
    """Yield the columns that go or get another type, and the tables that go, by their names in the database."""
    inspector: Any = autogen_context.inspector
    new_names = inspector.new_names if isinstance(inspector, RenamedInspector) else None
    if new_names is not None:
        yield from new_names.going
    for op in each_operation(upgrade_ops):
        if not isinstance(op, (DropTableOp, DropColumnOp, AlterColumnOp)):
            continue
        column = None if isinstance(op, DropTableOp) else op.column_name
        table = op.table_name
        if new_names is not None:
            column = column and new_names.old_column(op.schema, table, column)
            table = new_names.old_table(op.schema, table)
        if not isinstance(op, AlterColumnOp) or op.modify_type is not None:
            yield None if op.schema == autogen_context.dialect.default_schema_name else op.schema, table, column
