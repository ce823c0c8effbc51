"""Corrections for PostgreSQL."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, BIGINT, INTEGER, SMALLINT, Column, Inspector, String, Table, text
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM

from .. import upstream
from ..sqltext import escape_colons, single_percents
from .limits import LimitCorrections
from .mysql import OLD_NAMES
from .offline import OfflineValues
from .rendering import RenderingCorrections
from .types import database_type

if TYPE_CHECKING:
    from alembic.ddl.postgresql import PostgresqlImpl as Base
else:
    Base = object


_OWNED_SEQUENCES = """
SELECT format('nextval(%L::regclass)', s.oid::regclass), attname, format_type(seqtypid, NULL) FROM pg_class s
    JOIN pg_sequence ON seqrelid = s.oid
    JOIN pg_depend ON objid = s.oid AND classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE s.relkind = 'S' AND deptype = 'a'
"""
_CACHED = "alembic_proof_sequences"  # in the inspector's cache
SEQUENCE_TYPE = "alembic_proof.sequence_type"  # in the info of a reflected column that counts by a sequence of its own
_OF_COLUMNS = """
SELECT CASE WHEN nspname = current_schema() THEN NULL ELSE nspname END, relname, attname, {} FROM pg_attribute
    JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid
"""
_OF_DOMAINS = _OF_COLUMNS.format("atthasdef, attnotnull") + "WHERE typtype = 'd'"
_COLLATIONS = (
    _OF_COLUMNS.format("collname") + "JOIN pg_collation l ON l.oid = attcollation WHERE attcollation <> typcollation"
)


class PostgreSQLCorrections(OfflineValues, upstream.CompiledElements, LimitCorrections, RenderingCorrections, Base):
    """Mixed into the Impl class of PostgreSQL."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # Alembic cannot compare such an index; compare/indexes.py does.
        warnings.filterwarnings("ignore", "(?s).*detected to include an operator clause")
        # SQLAlchemy's own of a CHECK that is NOT VALID, which compare/postgresql_details.py reads.
        warnings.filterwarnings("ignore", "Can't validate argument 'dialect_options'")

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Take the nextval() of a column's own sequence for no default: it is SERIAL. And leave the default and
        the NOT NULL of a domain to the domain, and read the collation, where SQLAlchemy does not.

        Alembic does the same for a serial, with a query, and a line in the log, for each such column.
        """
        default, name = str(column_info.get("default") or ""), _column(inspector, table, column_info["name"])
        if default.startswith("nextval(") and isinstance(column_info["type"], (INTEGER, BIGINT, SMALLINT)):
            owner, sequence_type = owned_sequences(inspector).get(default, ("", ""))
            if owner == name[2]:
                del column_info["default"]
                column_info["info"] = {SEQUENCE_TYPE: sequence_type}
        if isinstance(column_info["type"], DOMAIN):
            has_default, is_not_null = _of_columns(inspector, _OF_DOMAINS)[name]
            column_info |= {"nullable": not is_not_null} | ({} if has_default else {"default": None})
        if isinstance(column_info["type"], String) and not upstream.reflects_collations():
            (collation,) = _of_columns(inspector, _COLLATIONS).get(name, (None,))
            column_info["type"].collation = collation

    def alter_column(self, *arguments: Any, **options: Any) -> None:
        """Alter a column; a script has the USING with single percent signs, as no driver reads it.

        What autogenerate writes of AUTO_INCREMENT for MariaDB and MySQL says nothing here: Alembic would warn of it.
        """
        options = {name: value for name, value in options.items() if not name.endswith("autoincrement")}
        if self.as_sql and options.get("postgresql_using"):
            options["postgresql_using"] = options["postgresql_using"].replace("%%", "%")
        super().alter_column(*arguments, **options)

    def compiled(self, sql: str) -> str:
        """Return the SQL of an index's expression as it is to be compared."""
        return single_percents(sql, self.dialect)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether the types differ: Alembic takes TEXT[] for TEXT, and the name of the default schema for another.

        MetaData(schema="public") gives that name to each enum type.
        """
        old, new = inspector_column.type, database_type(metadata_column.type, self.dialect)
        if isinstance(old, ARRAY) != isinstance(new, ARRAY):
            return True
        items = (type_.item_type if isinstance(type_, ARRAY) else type_ for type_ in (old, new))
        one, other = (database_type(item, self.dialect) for item in items)
        if isinstance(one, ENUM) and isinstance(other, ENUM) and other.schema == self.dialect.default_schema_name:
            return (one.schema, one.name) != (None, other.name)
        return super().compare_type(inspector_column, metadata_column)


def _column(inspector: Inspector, table: Table, name: str) -> tuple[str | None, str, str]:
    """Return the schema and the names that a column has in the database, where a rename is planned."""
    old_names = inspector.info_cache.get(OLD_NAMES)
    names = (table.name, name) if old_names is None else old_names(table.schema, table.name, name)
    return (table.schema, *names)


def _of_columns(inspector: Inspector, query: str) -> dict[tuple[str | None, str, str], tuple[Any, ...]]:
    """Return what a query tells of columns: one statement for all of them."""
    cache: dict[Any, Any] = inspector.info_cache
    if query not in cache:
        bind: Any = inspector.bind
        cache[query] = {tuple(row[:3]): tuple(row[3:]) for row in bind.execute(text(query)).all()}
    columns: dict[tuple[str | None, str, str], tuple[Any, ...]] = cache[query]
    return columns


def owned_sequences(inspector: Inspector) -> dict[str, tuple[str, str]]:
    """Return the columns that have sequences of their own, and the types of those, by what their defaults are then.

    It is one statement.
    """
    cache = inspector.info_cache
    if _CACHED not in cache:
        bind: Any = inspector.bind
        rows = bind.execute(text(escape_colons(_OWNED_SEQUENCES))).all()
        cache[_CACHED] = {default: (column, type_) for default, column, type_ in rows}
    columns: dict[str, tuple[str, str]] = cache[_CACHED]
    return columns
