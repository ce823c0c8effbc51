"""Corrections for SQLite, where a table is rebuilt to alter it: Alembic's batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Date, DateTime, Table, TextClause, Time, func, literal, text

from ..sqltext import escape_colons

if TYPE_CHECKING:
    from alembic.ddl.sqlite import SQLiteImpl as Base
else:
    Base = object


class SQLiteCorrections(Base):
    """Mixed into the Impl class of SQLite."""

    def cast_for_batch_migrate(self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: Any) -> None:
        """Convert the values of a column to its new type.

        SQLite stores dates and times as text, and takes their types for numbers: cast to one, '2026-01-05' is 2026.
        """
        if not isinstance(new_type, (Date, DateTime, Time)):
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)
        elif isinstance(existing.type, DateTime) and not isinstance(new_type, DateTime):
            start_and_length = (1, 10) if isinstance(new_type, Date) else (12, 15)
            existing_transfer["expr"] = func.substr(existing_transfer["expr"], *start_and_length)
        elif isinstance(existing.type, Date) and isinstance(new_type, DateTime):
            existing_transfer["expr"] = existing_transfer["expr"].concat(literal(" 00:00:00.000000"))

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Do not copy what SQLite computes, and take nothing in a default or CHECK for a bound parameter."""
        for column in table.columns:
            if column.computed is not None:
                batch_impl.column_transfers.get(column.name, {}).pop("expr", None)
        for column in batch_impl.new_table.columns:
            if isinstance(default := getattr(column.server_default, "arg", None), TextClause):
                column.server_default.arg = text(escape_colons(default.text))
        for constraint in batch_impl.new_table.constraints:
            if isinstance(sql := getattr(constraint, "sqltext", None), TextClause):
                constraint.sqltext = text(escape_colons(sql.text))
