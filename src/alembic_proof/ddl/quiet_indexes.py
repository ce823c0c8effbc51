"""Indexes of expressions, of which Alembic warns at each comparison that it only guesses: here they are compared."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl as Base
else:
    Base = object

_LOG = logging.getLogger("alembic.ddl.impl")


class QuietIndexes(Base):
    """Mixed into the Impl classes of those databases of which Alembic guesses."""

    def compare_indexes(self, *indexes: Any, **options: Any) -> Any:
        """Return what Alembic says of two indexes, without its warning: autogenerate/compare takes it back or not."""
        before, _LOG.disabled = _LOG.disabled, True
        try:
            return super().compare_indexes(*indexes, **options)
        finally:
            _LOG.disabled = before
