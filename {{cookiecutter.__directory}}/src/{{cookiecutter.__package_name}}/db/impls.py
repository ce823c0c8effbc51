"""What Alembic loses, doubles or does not see, put right where it looks up what is special about a database."""

import re
from typing import Any

from alembic.ddl.mysql import MariaDBImpl, MySQLImpl
from alembic.ddl.postgresql import PostgresqlImpl
from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import (
    ARRAY,
    Column,
    Date,
    DateTime,
    Dialect,
    Table,
    TextClause,
    Time,
    TypeDecorator,
    func,
    literal,
    text,
)

# Alembic takes each of these classes for its own, by its __dialect__.


def single_percents(sql: str, dialect: Dialect) -> str:
    """Return compiled SQL as a revision writes it: for some drivers, SQLAlchemy has doubled its percent signs."""
    return sql.replace("%%", "%") if dialect.paramstyle in ("format", "pyformat") else sql


def in_text(sql: str) -> str:
    """Return SQL for op.execute() or sa.text(), which then take nothing in it for a parameter."""
    return re.sub(r"(?<![:\w\\]):(?=\w)", r"\\:", sql)


def impl_of(type_: Any, dialect: Any) -> Any:
    """Return what a type is on a database: without variants, and without what a TypeDecorator adds."""
    impl = type_.dialect_impl(dialect)
    return impl_of(impl.impl_instance, dialect) if isinstance(impl, TypeDecorator) else impl


class MySQL(MySQLImpl):
    """MySQL's."""

    __dialect__ = "mysql"

    def render_ddl_sql_expr(self, *arguments: Any, **options: Any) -> str:
        """Return an expression as a revision writes it."""
        return single_percents(super().render_ddl_sql_expr(*arguments, **options), self.dialect)


class MariaDB(MySQL, MariaDBImpl):
    """MariaDB's."""

    __dialect__ = "mariadb"


class PostgreSQL(PostgresqlImpl):
    """PostgreSQL's."""

    __dialect__ = "postgresql"

    def render_ddl_sql_expr(self, *arguments: Any, **options: Any) -> str:
        """Return an expression as a revision writes it."""
        return single_percents(super().render_ddl_sql_expr(*arguments, **options), self.dialect)

    def _compile_element(self, element: Any) -> str:
        return single_percents(super()._compile_element(element), self.dialect)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether the types differ: Alembic takes TEXT[] for TEXT."""
        arrays = {isinstance(impl_of(one.type, self.dialect), ARRAY) for one in (inspector_column, metadata_column)}
        return len(arrays) == 2 or super().compare_type(inspector_column, metadata_column)


class SQLite(SQLiteImpl):
    """SQLite's, where a table is rebuilt to alter it."""

    __dialect__ = "sqlite"

    def cast_for_batch_migrate(self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: Any) -> None:
        """Convert the values of a column to its new type.

        SQLite stores dates and times as text, and takes their types for numbers: cast to one, '2026-01-05' is 2026.
        """
        if not isinstance(new_type, (Date, DateTime, Time)):
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)
        elif isinstance(existing.type, DateTime) and not isinstance(new_type, DateTime):
            place = (1, 10) if isinstance(new_type, Date) else (12, 15)
            existing_transfer["expr"] = func.substr(existing_transfer["expr"], *place)
        elif isinstance(existing.type, Date) and isinstance(new_type, DateTime):
            existing_transfer["expr"] = existing_transfer["expr"].concat(literal(" 00:00:00.000000"))

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Do not copy what SQLite computes by itself, nor take what is in defaults and CHECKs for parameters."""
        for column in table.columns:
            if column.computed is not None:
                batch_impl.column_transfers.get(column.name, {}).pop("expr", None)
        for column in batch_impl.new_table.columns:
            if isinstance(arg := getattr(column.server_default, "arg", None), TextClause):
                column.server_default.arg = text(in_text(arg.text))
        for constraint in batch_impl.new_table.constraints:
            if isinstance(sql := getattr(constraint, "sqltext", None), TextClause):
                constraint.sqltext = text(in_text(sql.text))
