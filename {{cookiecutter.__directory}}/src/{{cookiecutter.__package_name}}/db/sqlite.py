"""What Alembic loses, or fails at, when it rebuilds a table of SQLite to alter it."""

from typing import Any

from alembic.ddl.sqlite import SQLiteImpl
from sqlalchemy import Column, Date, DateTime, Table, Time, func, literal


class Impl(SQLiteImpl):
    """Alembic takes this for its own: it looks implementations up by their dialect."""

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
        """Do not copy what SQLite computes by itself."""
        for column in table.columns:
            if column.computed is not None:
                batch_impl.column_transfers.get(column.name, {}).pop("expr", None)
