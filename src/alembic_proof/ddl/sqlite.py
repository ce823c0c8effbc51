"""Corrections for SQLite, where a table is rebuilt to alter it: Alembic's batch."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Inspector, Table, TextClause, text

from ..dialects.sqlite_reflection import correct_reflection
from ..dialects.sqlite_tables import TableSql
from ..sqltext import escape_colons
from .limits import LimitCorrections
from .mysql import OLD_NAMES
from .offline import OfflineValues
from .quiet_indexes import QuietIndexes
from .rendering import RenderingCorrections
from .sqlite_conversions import converted
from .sqlite_rebuild import Rebuild, plan

if TYPE_CHECKING:
    from alembic.ddl.sqlite import SQLiteImpl as Base
else:
    Base = object

# In an inspector's cache, where a rename is planned: what returns SQL of a table in the names after it.
IN_NEW_NAMES = "alembic_proof_in_new_names"
_CACHED = "alembic_proof_tables"  # in the inspector's cache, by name


class SQLiteCorrections(OfflineValues, LimitCorrections, QuietIndexes, RenderingCorrections, Base):
    """Mixed into the Impl class of SQLite."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        correct_reflection(self.dialect)
        # Alembic would leave them out; here they are kept.
        warnings.filterwarnings("ignore", "Unnamed CHECK constraint on reflected table")
        # Nobody reads them from the catalogue; their texts are compared instead, and kept.
        warnings.filterwarnings("ignore", "(?s).*(skipping|reflection of).*expression-based.*index")
        self._rebuilds: dict[str, Rebuild] = {}  # of tables on their way, by their temporary names

    def requires_recreate_in_batch(self, batch_op: Any) -> bool:
        """Tell whether a table must be rebuilt: not where columns only get other names, which SQLite can change."""
        rest = [op for op in batch_op.batch if not _only_renames(op)]
        names = [arguments[1] for name, arguments, _ in batch_op.batch if name == "alter_column"]
        if not rest and not {options["name"] for _, _, options in batch_op.batch} & set(names):
            return False
        return super().requires_recreate_in_batch(batch_op)

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns have different types: not where the table has the very type, by its name."""
        if not super().compare_type(inspector_column, metadata_column):
            return False
        declared = getattr(inspector_column.type, "declared", None)
        return declared is None or bool(declared != metadata_column.type.compile(dialect=self.dialect).upper())

    def cast_for_batch_migrate(self, existing: Column[Any], existing_transfer: dict[str, Any], new_type: Any) -> None:
        """Convert the values of a column to its new type."""
        value = converted(existing_transfer["expr"], existing.type, new_type, self.dialect)
        if value is None:
            super().cast_for_batch_migrate(existing, existing_transfer, new_type)
        else:
            existing_transfer["expr"] = value

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Give a computed column its expression: SQLAlchemy takes what follows it on its line for a part of it."""
        super().autogen_column_reflect(inspector, table, column_info)
        if column_info.get("computed") and table.schema is None:
            expression = _expression(inspector, table.name, column_info["name"])
            if expression:
                column_info["computed"] = {**column_info["computed"], "sqltext": expression}

    def prep_table_for_batch(self, batch_impl: Any, table: Table) -> None:
        """Plan how the table is rebuilt; do not copy what SQLite computes, but what it no longer computes."""
        for column in batch_impl.new_table.columns:
            if column.computed is not None and column.server_default is not column.computed:
                column.computed = None
        rebuild = None
        if batch_impl.reflected and self.connection is not None:
            rebuild = plan(self.connection, batch_impl, table)
        if rebuild is None:
            _escape_colons(batch_impl.new_table)
        self._rebuilds[batch_impl.temp_table_name] = rebuild or Rebuild()
        computed = {key for key, column in batch_impl.columns.items() if column.computed is not None}
        for column in table.columns:
            if column.computed is not None and column.key in computed:
                batch_impl.column_transfers.get(column.key, {}).pop("expr", None)

    def create_table(self, table: Table, **options: Any) -> None:
        """Create a table; one that is rebuilt from what the database has of it."""
        rebuild = self._rebuilds.get(table.name)
        if rebuild is None or not rebuild.create or self.connection is None:
            super().create_table(table, **options)
            return
        self.connection.exec_driver_sql(rebuild.create)
        for index in table.indexes:
            self.create_index(index)

    def rename_table(self, old_table_name: str, new_table_name: Any, schema: Any = None) -> None:
        """Rename a table. Where a new one takes the place of the old, others have the right name already.

        SQLite would look into the views, and not find the table that has just been dropped.
        """
        rebuild = self._rebuilds.pop(old_table_name, None)
        if rebuild is None or self.connection is None:
            super().rename_table(old_table_name, new_table_name, schema)
            return
        before = self.connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar()
        self.connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
        try:
            super().rename_table(old_table_name, new_table_name, schema)
        finally:
            self.connection.exec_driver_sql(f"PRAGMA legacy_alter_table={before}")
        rebuild.finish(self.connection, self.create_index)


def _expression(inspector: Inspector, table: str, column: str) -> str | None:
    """Return what a column is computed from, in the names that a planned rename gives; None if it is not known."""
    cache: dict[Any, Any] = inspector.info_cache
    old_names, in_new_names = cache.get(OLD_NAMES), cache.get(IN_NEW_NAMES)
    old_table, old_column = (table, column) if old_names is None else old_names(None, table, column)
    statements = cache.setdefault(_CACHED, {})
    if old_table not in statements:
        bind: Any = inspector.bind
        query = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(:name)")
        try:
            statements[old_table] = TableSql.parse(bind.execute(query, {"name": old_table}).scalar() or "")
        except ValueError:
            statements[old_table] = None
    piece = statements[old_table] and statements[old_table].columns.get(old_column.lower())
    clause = piece and piece.clause("AS")
    if not clause or not clause.expression:
        return None
    sql = statements[old_table].expression(clause)
    return str(sql if in_new_names is None else in_new_names(None, table, sql))


def _only_renames(op: tuple[str, Any, dict[str, Any]]) -> bool:
    """Tell whether an operation of a batch gives a column another name, and nothing else."""
    name, _, options = op
    return (
        name == "alter_column"
        and options.get("name") is not None
        and options.get("nullable") is None
        and options.get("type_") is None
        and options.get("server_default", False) is False
        and options.get("comment", False) is False
        and options.get("autoincrement") is None
    )


def _escape_colons(table: Table) -> None:
    """Let nothing in a default or CHECK be taken for a bound parameter."""
    for column in table.columns:
        if isinstance(default := getattr(column.server_default, "arg", None), TextClause):
            column.server_default.arg = text(escape_colons(default.text))  # type: ignore[union-attr]
    for constraint in table.constraints:
        if isinstance(sql := getattr(constraint, "sqltext", None), TextClause):
            constraint.sqltext = text(escape_colons(sql.text))  # type: ignore[attr-defined]
