"""SQL in revisions: what Alembic writes of an expression, on every database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..sqltext import escape_colons, single_percents

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl as Base
else:
    Base = object


class RenderingCorrections(Base):
    """Mixed into the Impl class of each database."""

    def render_ddl_sql_expr(self, expr: Any, is_server_default: bool = False, is_index: bool = False, **kw: Any) -> str:
        """Return an expression as a revision writes it: with single percent signs, and nothing that is a parameter.

        That of an index is written into literal_column(), which knows no parameters, all others into text().
        """
        sql = super().render_ddl_sql_expr(expr, is_server_default=is_server_default, is_index=is_index, **kw)
        sql = single_percents(sql, self.dialect)
        return sql if is_index else escape_colons(sql)
