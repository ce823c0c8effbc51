"""PostgreSQL's domains: created and dropped with the columns that use them, and what they say."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ...sqltext import escape_colons
from ..domain_types import Definition, definition, domains_by_name
from ..draft import each_operation
from ..notes import say
from ..operations import DomainOp
from .enums import types_removed
from .type_users import without_users

_DEFINITIONS = """
SELECT t.oid::regtype::text, format_type(typbasetype, typtypmod),
    CASE WHEN typcollation <> (SELECT typcollation FROM pg_type WHERE oid = t.typbasetype)
        THEN typcollation::regcollation::text ELSE '' END,
    coalesce(pg_get_expr(typdefaultbin, 0), ''), typnotnull,
    ARRAY(SELECT ARRAY[quote_ident(conname), pg_get_constraintdef(c.oid)] FROM pg_constraint c
          WHERE contypid = t.oid AND contype = 'c' ORDER BY conname)
FROM pg_type t WHERE typtype = 'd'
"""
_OURS = "AND typnamespace = pg_my_temp_schema()"


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    plugin.add_autogenerate_comparator(
        compare_domains, "schema", plugin.name, qualifier="postgresql", priority=DispatchPriority.LAST
    )


def compare_domains(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Add what the domains need before and after the operations on tables."""
    dialect = autogen_context.dialect
    columns = [column for table in autogen_context.sorted_tables for column in table.columns]
    wanted = domains_by_name((column.type for column in columns), dialect)
    unused = domains_by_name((type_ for op in each_operation(upgrade_ops) for type_ in types_removed(op)), dialect)
    if not wanted and not unused:
        return PriorityDispatchResult.CONTINUE
    connection: Any = autogen_context.connection
    existing = _definitions(connection)
    first: list[MigrateOperation] = []
    for name, domain in wanted.items():
        if not domain.create_type:
            continue
        new = definition(domain, dialect)
        if name not in existing:
            first.append(DomainOp(name, domain.schema, None, new))
        elif (stored := _stored(connection, str(domain.name), new)) is None:
            say(
                autogen_context.migration_context,
                f"The database could not be asked whether the domain {name} is as in the models, and it counts as the "
                "same. It is asked by CREATE DOMAIN pg_temp...: may its user do that?",
            )
        elif stored != existing[name]:
            first.append(DomainOp(name, domain.schema, existing[name], stored))
    upgrade_ops.ops[:0] = first
    unwanted = [name for name in unused if name in existing and name not in wanted]
    dropped = without_users(autogen_context, upgrade_ops, unwanted)
    upgrade_ops.ops += [DomainOp(name, unused[name].schema, existing[name], None) for name in dropped]
    return PriorityDispatchResult.CONTINUE


def _definitions(connection: Connection, which: str = "") -> dict[str, Definition]:
    """Return what the domains are, in PostgreSQL's own words, by their names in SQL."""
    rows = connection.execute(text(escape_colons(_DEFINITIONS + which))).all()
    return {
        name: Definition(type_, collation, default, not_null, tuple((check, sql) for check, sql in checks))
        for name, type_, collation, default, not_null, checks in rows
    }


def _stored(connection: Connection, name: str, wanted: Definition) -> Definition | None:
    """Return what a domain would be in PostgreSQL's words: one is made, and taken back. None where none can be."""
    preparer: Any = connection.dialect.identifier_preparer
    with suppress(DBAPIError), connection.begin_nested() as savepoint:
        sql = wanted.create(f"pg_temp.{preparer.quote(name)}")
        connection.execute(text(escape_colons(sql)))
        (stored,) = _definitions(connection, _OURS).values()
        savepoint.rollback()
        return stored
    return None
