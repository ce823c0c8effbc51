"""Corrections for PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Column

from ..sqltext import single_percents
from ..upstream import CompiledElements
from .types import database_type

if TYPE_CHECKING:
    from alembic.ddl.postgresql import PostgresqlImpl as Base
else:
    Base = object


class PostgreSQLCorrections(CompiledElements, Base):
    """Mixed into the Impl class of PostgreSQL."""

    def render_ddl_sql_expr(self, *arguments: Any, **options: Any) -> str:
        """Return an expression as a revision writes it."""
        return single_percents(super().render_ddl_sql_expr(*arguments, **options), self.dialect)

    def compiled(self, sql: str) -> str:
        """Return the SQL of an index's expression as it is to be compared."""
        return single_percents(sql, self.dialect)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether the types differ: Alembic takes TEXT[] for TEXT."""
        was_array = isinstance(inspector_column.type, ARRAY)
        if was_array != isinstance(database_type(metadata_column.type, self.dialect), ARRAY):
            return True
        return super().compare_type(inspector_column, metadata_column)
