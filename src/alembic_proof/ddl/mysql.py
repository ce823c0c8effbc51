"""Corrections for MariaDB and MySQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, Constraint, Dialect, Inspector, Table, text

from ..sqltext import escape_colons, quote_literal, single_percents
from . import mysql_types
from .limits import LimitCorrections
from .offline import OfflineValues
from .quiet_indexes import QuietIndexes
from .rendering import RenderingCorrections

if TYPE_CHECKING:
    from alembic.ddl.mysql import MySQLImpl as Base
else:
    Base = object

_DEFAULTS = """
SELECT table_name, column_name, column_default, extra FROM information_schema.columns
WHERE table_schema = COALESCE(:schema, DATABASE()) AND (column_default IS NOT NULL OR extra LIKE '%update%')
"""
# In an inspector's cache, where a rename is planned: what returns the names of a table and its column before it.
OLD_NAMES = "alembic_proof_old_names"
_CACHED = "alembic_proof_defaults"  # in the inspector's cache, by schema
_MOMENT = re.compile(r"CURRENT_TIMESTAMP(\(\d*\))?|b'[01]*'", re.IGNORECASE)


class MySQLCorrections(OfflineValues, LimitCorrections, QuietIndexes, RenderingCorrections, Base):
    """Mixed into the Impl classes of MySQL and of MariaDB."""

    def compare_type(self, inspector_column: Column[Any], metadata_column: Column[Any]) -> bool:
        """Tell whether two columns have different types."""
        columns = (mysql_types.with_newer_names(each, self.dialect) for each in (inspector_column, metadata_column))
        reflected, model = columns
        model = mysql_types.with_size(model, reflected, self.dialect)
        return super().compare_type(reflected, model) or mysql_types.differs(reflected, model, self.dialect)

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        """Drop a constraint; a CHECK, in a script, in words that both take: the URL mysql:// may be MariaDB's."""
        if self.as_sql and isinstance(const, CheckConstraint) and not getattr(self.dialect, "is_mariadb", False):
            preparer: Any = self.dialect.identifier_preparer
            table, name = preparer.format_table(const.table), preparer.format_constraint(const)
            sql = single_percents(f"ALTER TABLE {table} DROP CONSTRAINT {name}", self.dialect)
            self.execute(escape_colons(sql))
        else:
            super().drop_constraint(const, **kw)

    def autogen_column_reflect(self, inspector: Inspector, table: Table, column_info: Any) -> None:
        """Give a reflected column the default that it has: SQLAlchemy loses b'0', and cuts (rand() * 10) off."""
        super().autogen_column_reflect(inspector, table, column_info)  # type: ignore[no-untyped-call]
        if not column_info.get("computed"):
            old_names = inspector.info_cache.get(OLD_NAMES)
            names = (table.name, column_info["name"])
            names = names if old_names is None else old_names(table.schema, *names)
            column_info["default"] = _defaults(inspector, table.schema).get(names)


def _defaults(inspector: Inspector, schema: str | None) -> dict[tuple[str, str], str]:
    """Return the defaults in a schema as SQL, by table and column, in one statement for all tables."""
    cache = inspector.info_cache.setdefault(_CACHED, {})
    if schema not in cache:
        bind: Any = inspector.bind
        rows = bind.execute(text(_DEFAULTS), {"schema": schema}).all()
        found = {(table, column): _default(bind.dialect, default, extra) for table, column, default, extra in rows}
        cache[schema] = {names: default for names, default in found.items() if default is not None}
    defaults: dict[tuple[str, str], str] = cache[schema]
    return defaults


def _default(dialect: Dialect, default: str | None, extra: str) -> str | None:
    """Return a default as SQL: MySQL has literals without their quotes, and what follows ON UPDATE is beside it."""
    is_mariadb: bool = getattr(dialect, "is_mariadb", False)
    if default is not None and not is_mariadb:
        if "DEFAULT_GENERATED" in extra:
            default = default.replace("\\'", "'")
        elif not _MOMENT.fullmatch(default):
            default = quote_literal(default.replace("\\", "\\\\"))
    on_update = re.search(r"on update .*", extra, re.IGNORECASE)
    if on_update:
        return f"{default or 'NULL'} {on_update[0]}"
    return None if default == "NULL" else default
