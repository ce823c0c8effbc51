"""Sequences that models name, on PostgreSQL and MariaDB: whether they are there, and their options.

Alembic compares none: what it writes counts in another way, while the application asks for the one that a model names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.plugins import Plugin
from alembic.util import DispatchPriority, PriorityDispatchResult
from sqlalchemy import BigInteger, Column, Connection, Integer, Sequence, SmallInteger, inspect, text

from ... import upstream
from ...sqltext import escape_colons, full_name
from ..draft import model_tables
from ..notes import say
from ..numbering import sequence_options
from ..operations import ChangeSequenceOp, SequenceOp
from .reflected import reflected_tables

Key = tuple[str | None, str]  # a schema, None for the default one, and a name

_OF_POSTGRESQL = """
SELECT nullif(nspname, current_schema()) AS schema, relname AS name, seqtypid::regtype::text AS data_type,
    seqstart AS start, seqincrement AS increment, seqmin AS minvalue, seqmax AS maxvalue, seqcache AS cache,
    seqcycle AS cycle, EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = seqrelid
        AND deptype IN ('a', 'i', 'e')) AS is_owned
FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid JOIN pg_namespace n ON n.oid = relnamespace
"""
_OF_MARIADB = "SELECT start_value, increment, minimum_value, maximum_value, cache_size, cycle_option FROM"
_TYPES = {"smallint": SmallInteger(), "integer": Integer(), "bigint": BigInteger()}


def setup(plugin: Plugin) -> None:
    """Register the comparison."""
    for dialect in ("postgresql", "mysql", "mariadb"):
        plugin.add_autogenerate_comparator(
            compare_sequences, "schema", plugin.name, qualifier=dialect, priority=DispatchPriority.LAST
        )


def compare_sequences(
    autogen_context: AutogenContext, upgrade_ops: UpgradeOps, schemas: set[str | None]
) -> PriorityDispatchResult:
    """Create, before all else, the sequences that are not there, and give others the options of the models."""
    dialect = autogen_context.dialect
    default = {dialect.default_schema_name: None}
    wanted = {
        (default.get(sequence.schema, sequence.schema), str(sequence.name)): sequence
        for sequence in _of_models(autogen_context)
    }
    if not wanted:
        return PriorityDispatchResult.CONTINUE
    existing = _existing(autogen_context.connection, wanted)
    first: list[MigrateOperation] = []
    for key, sequence in wanted.items():
        if key not in existing:
            numbered = _columns_there(autogen_context, sequence)
            first.append(SequenceOp(sequence, numbered=numbered))
            others = {other for other, sequence in existing.items() if sequence is not None} - wanted.keys()
            _say_where_it_begins(autogen_context, key, numbered, others)
            continue
        old = existing[key]
        if old is not None and sequence_options(old, dialect) != sequence_options(sequence, dialect):
            first.append(ChangeSequenceOp(old, sequence))
    upgrade_ops.ops[:0] = first
    return PriorityDispatchResult.CONTINUE


def is_made(sequence: Sequence, dialect: Any) -> bool:
    """Tell whether ``create_all()`` makes a sequence: PostgreSQL needs none that is optional."""
    return bool(dialect.supports_sequences) and not (dialect.sequences_optional and sequence.optional)


def _of_models(autogen_context: AutogenContext) -> Iterator[Sequence]:
    """Yield the sequences that the models name; not those of tables that the project leaves out."""
    for sequence in upstream.sequences(autogen_context.metadata):
        table = sequence.column.table if sequence.column is not None else None
        is_left_out = table is not None and not autogen_context.run_object_filters(
            table, table.name, "table", False, None
        )
        if is_made(sequence, autogen_context.dialect) and not is_left_out:
            yield sequence


def _existing(connection: Any, wanted: dict[Key, Sequence]) -> dict[Key, Sequence | None]:
    """Return the sequences of the database, with the options of those that are wanted; None for that of a column."""
    if connection.dialect.name == "postgresql":
        return dict(_of_postgresql(connection))
    found: dict[Key, Sequence | None] = {}
    for schema in {schema for schema, _ in wanted}:
        for name in inspect(connection).get_sequence_names(schema):
            is_wanted = (schema, name) in wanted
            found[schema, name] = _of_mariadb(connection, schema, name) if is_wanted else Sequence(name)
    return found


def _of_postgresql(connection: Connection) -> Iterator[tuple[Key, Sequence | None]]:
    for row in connection.execute(text(escape_colons(_OF_POSTGRESQL))).mappings():
        values = dict(row)
        key = values.pop("schema"), values.pop("name")
        values["data_type"] = _TYPES[values["data_type"]]
        is_owned = values.pop("is_owned")
        yield key, None if is_owned else Sequence(key[1], schema=key[0], **values)


def _of_mariadb(connection: Connection, schema: str | None, name: str) -> Sequence:
    preparer: Any = connection.dialect.identifier_preparer
    quoted = full_name(preparer.quote(name), schema and preparer.quote_schema(schema))
    start, increment, least, greatest, cache, cycle = connection.exec_driver_sql(f"{_OF_MARIADB} {quoted}").one()
    bounds = {"minvalue": least, "maxvalue": greatest}
    return Sequence(name, start, increment, schema=schema, cache=cache, cycle=bool(cycle), **bounds)


def _columns_there(autogen_context: AutogenContext, sequence: Sequence) -> list[Column[Any]]:
    """Return the columns that are there already, perhaps with values, and will get the numbers of a new sequence."""
    found = []
    context = autogen_context.migration_context
    for name, table in model_tables(context).items():
        reflected = reflected_tables(context).get(name)
        for column in table.columns:
            default = column.default
            is_its = isinstance(default, Sequence) and (default.schema, default.name) == (
                sequence.schema,
                sequence.name,
            )
            if is_its and reflected is not None and column.name in reflected.columns:
                found.append(column)
    return found


def _say_where_it_begins(autogen_context: AutogenContext, new: Key, numbered: list[Column[Any]], others: Any) -> None:
    """Say that a new sequence begins anew, where the column has numbers, or another sequence may have become it."""
    context = autogen_context.migration_context
    if autogen_context.dialect.name != "postgresql":  # where it goes on after them
        for column in numbered:
            say(
                context,
                f"The sequence {new[1]} begins anew, and {column.table.name}.{column.name} may have numbers already: "
                f"add op.execute('ALTER SEQUENCE {new[1]} RESTART ...') with the next number.",
            )
    left = sorted(name for schema, name in others if schema == new[0])
    if left:
        say(
            context,
            f"The sequence {new[1]} is new. No model names {', '.join(left[:5])}, which stays in the database: if it "
            "has got another name, rename it in the revision, in place of CREATE SEQUENCE.",
        )
