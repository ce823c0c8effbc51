"""Tables, built in a scratch database as their models describe them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..sandbox import engine

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect, Table


def buildable(dialect: str, tables: Iterable[Table]) -> list[Table]:
    """Return those tables that a scratch database can hold.

    On PostgreSQL these are all. Elsewhere a schema is another database, and a real one.
    """
    return [table for table in tables if dialect == "postgresql" or not table.schema]


def table_names(connection: Connection, models: Iterable[Table]) -> set[str]:
    """Return the names of the tables in a database: those in the default schema, and in the schemas of the models."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    names = set(inspector.get_table_names())
    schemas = {table.schema for table in buildable(connection.dialect.name, models)}
    for schema in schemas - {None, inspector.default_schema_name}:
        names.update(f"{schema}.{name}" for name in inspector.get_table_names(schema))
    return names


def without_views(connection: Connection, tables: list[Table]) -> list[Table]:
    """Return those tables that are no views in a database: a class may be mapped to one."""
    from sqlalchemy import inspect

    inspector = inspect(connection)
    views: dict[str | None, set[str]] = {}
    for schema in {table.schema for table in tables}:
        views[schema] = set(inspector.get_view_names(schema))
        with contextlib.suppress(AttributeError, NotImplementedError):  # SQLAlchemy 1.4 counts them among the views
            views[schema] |= set(inspector.get_materialized_view_names(schema))
    return [table for table in tables if table.name not in views[table.schema]]


def model_names(dialect: Dialect, models: Iterable[Table]) -> set[str]:
    """Return the names that the models' tables have in a database, in full where they are not in its default schema."""
    default = f"{dialect.default_schema_name}."
    return {table.fullname.removeprefix(default) for table in models}


def prepare(connection: Connection, source: str, tables: Iterable[Table]) -> None:
    """Copy into a PostgreSQL database what models only refer to: extensions, functions, sequences, types of their own.

    The source is the URL of a database in which revisions have created them.
    """
    if connection.dialect.name != "postgresql":
        return
    from sqlalchemy import Enum

    with engine(source).connect() as other:
        rows = [row for query in _PREREQUISITES for row in other.exec_driver_sql(query.replace("%", "%%"))]
    for schema, statement in rows:
        _create_schema(connection, schema)
        with contextlib.suppress(Exception), connection.begin_nested():  # what is missing then, building will report
            connection.exec_driver_sql(statement.replace("%", "%%"))
    for type_ in [column.type for table in tables for column in table.columns]:
        item: Any = getattr(type_, "item_type", type_)
        impl: Any = item.dialect_impl(connection.dialect) if isinstance(item, Enum) else None
        if impl is not None and impl.native_enum and not getattr(impl, "create_type", True):
            if item.schema:
                _create_schema(connection, item.schema)
            impl.create(connection, checkfirst=True)
    for index in [index for table in tables for index in table.indexes]:
        index.dialect_options["postgresql"]["concurrently"] = False  # impossible in a transaction, no difference after


def _create_schema(connection: Connection, schema: str) -> None:
    """Create a schema unless there is one: SQLAlchemy 1.4 has no construct for that."""
    connection.exec_driver_sql(
        f"CREATE SCHEMA IF NOT EXISTS {connection.dialect.identifier_preparer.quote_schema(schema)}".replace("%", "%%")
    )


_NO_EXTENSIONS = (
    "NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = {}.oid AND d.deptype IN ('e', 'a', 'i')) AND "
    "{}::regnamespace::text !~ '^(pg_|information_schema)'"
)
# Each returns schemas, and statements that create something in them.
_PREREQUISITES = (
    "SELECT extnamespace::regnamespace::text, format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %s CASCADE', extname, "
    "extnamespace::regnamespace) FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY oid",
    "SELECT relnamespace::regnamespace::text, format('CREATE SEQUENCE IF NOT EXISTS %s', c.oid::regclass) "
    f"FROM pg_class c WHERE relkind = 'S' AND {_NO_EXTENSIONS.format('c', 'relnamespace')}",
    "SELECT pronamespace::regnamespace::text, pg_get_functiondef(p.oid) "
    f"FROM pg_proc p WHERE prokind = 'f' AND {_NO_EXTENSIONS.format('p', 'pronamespace')} ORDER BY p.oid",
)


def build(connection: Connection, tables: list[Table]) -> None:
    """Create tables as their models describe them, also those in a cycle of foreign keys."""
    from sqlalchemy.schema import AddConstraint, sort_tables_and_constraints

    for schema in sorted({table.schema for table in tables if table.schema}):
        _create_schema(connection, schema)
    pairs: list[Any] = list(sort_tables_and_constraints(tables))  # type: ignore[no-untyped-call]
    later = [constraint for table, constraints in pairs if table is None for constraint in constraints]
    for constraint in later:
        constraint.use_alter = True
    for table, _ in pairs:
        if table is not None:
            table.create(connection, checkfirst=connection.dialect.name == "postgresql")  # there, for its types
    for constraint in later if connection.dialect.supports_alter else ():
        connection.execute(AddConstraint(constraint))
