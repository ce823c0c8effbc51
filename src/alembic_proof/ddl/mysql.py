"""Corrections for MariaDB and MySQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..sqltext import single_percents

if TYPE_CHECKING:
    from alembic.ddl.mysql import MySQLImpl as Base
else:
    Base = object


class MySQLCorrections(Base):
    """Mixed into the Impl classes of MySQL and of MariaDB."""

    def render_ddl_sql_expr(self, *arguments: Any, **options: Any) -> str:
        """Return an expression as a revision writes it."""
        return single_percents(super().render_ddl_sql_expr(*arguments, **options), self.dialect)
