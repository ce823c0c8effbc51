"""Corrections for PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, BIGINT, INTEGER, SMALLINT, Column, Inspector, Table, text

from ..sqltext import escape_colons, single_percents
from ..upstream import CompiledElements
from .offline import OfflineValues
from .rendering import RenderingCorrections
from .types import database_type

if TYPE_CHECKING:
    from alembic.ddl.postgresql import PostgresqlImpl as Base
else:
    Base = object


_OWNED_SEQUENCES = """
SELECT format('nextval(%L::regclass)', s.oid::regclass), attname FROM pg_class s
    JOIN pg_depend ON objid = s.oid AND classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
    JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE s.relkind = 'S' AND deptype = 'a'
"""
_CACHED = "alembic_proof_sequences"  # in the inspector's cache


class PostgreSQLCorrections(OfflineValues, CompiledElements, RenderingCorrections, Base):
    """Mixed into the Impl class of PostgreSQL."""

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Take the nextval() of a column's own sequence for no default: it is SERIAL.

        Alembic does the same with a query, and a line in the log, for each such column.
        """
        default = str(column_info.get("default") or "")
        is_counting = default.startswith("nextval(") and isinstance(column_info["type"], (INTEGER, BIGINT, SMALLINT))
        if is_counting and _owned_sequences(inspector).get(default) == column_info["name"]:
            del column_info["default"]

    def compiled(self, sql: str) -> str:
        """Return the SQL of an index's expression as it is to be compared."""
        return single_percents(sql, self.dialect)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether the types differ: Alembic takes TEXT[] for TEXT."""
        was_array = isinstance(inspector_column.type, ARRAY)
        if was_array != isinstance(database_type(metadata_column.type, self.dialect), ARRAY):
            return True
        return super().compare_type(inspector_column, metadata_column)


def _owned_sequences(inspector: Inspector) -> dict[str, str]:
    """Return the columns that have sequences of their own, by what their defaults are then; in one statement."""
    cache = inspector.info_cache
    if _CACHED not in cache:
        bind: Any = inspector.bind
        rows = bind.execute(text(escape_colons(_OWNED_SEQUENCES))).all()
        cache[_CACHED] = {row[0]: row[1] for row in rows}
    columns: dict[str, str] = cache[_CACHED]
    return columns
