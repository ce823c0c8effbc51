"""Values that Alembic and SQLAlchemy cannot write into the SQL of ``upgrade --sql``, or write as something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Dialect, Enum, LargeBinary, String
from sqlalchemy.dialects import mysql, postgresql

if TYPE_CHECKING:
    from alembic.ddl.impl import DefaultImpl as Base
else:
    Base = object

# Alembic prints four spaces for a tab, also for one in a value: on its way, it is this sign of no alphabet.
_TAB = "\uf009"


class OfflineValues(Base):
    """Mixed into all Impl classes: where statements are printed, bytes, JSON and tabs are what they are."""

    def __init__(self, dialect: Dialect, connection: Any, as_sql: bool, *arguments: Any, **options: Any) -> None:
        super().__init__(dialect, connection, as_sql, *arguments, **options)
        if as_sql:
            own: Any = dialect.colspecs
            kinds = {String: _Text, LargeBinary: _Bytes, JSON: _Json, postgresql.JSON: _Json, postgresql.JSONB: _Json}
            added: Any = {kind: type(kind.__name__, (mixin, own.get(kind, kind)), {}) for kind, mixin in kinds.items()}
            # An Enum and a SET are Strings, but are not to be made one.
            dialect.colspecs = {**own, **added, **{kind: own.get(kind, kind) for kind in (Enum, mysql.SET)}}

    def execute(self, sql: Any, execution_options: Any = None) -> None:
        """Execute or print a statement."""
        super().execute(sql.replace("\t", _TAB) if self.as_sql and isinstance(sql, str) else sql, execution_options)

    def static_output(self, text: str) -> None:
        """Print a statement."""
        super().static_output(text.replace(_TAB, "\t"))


class _Text:
    """A string."""

    def literal_processor(self, dialect: Dialect) -> Callable[[str], str]:
        """Return what writes a string with its tabs."""
        quoted: Any = super().literal_processor(dialect)  # type: ignore[misc]
        return lambda value: str(quoted(value)).replace("\t", _TAB)


class _Bytes:
    """SQLAlchemy would write a text, which SQLite keeps as one, and only what is UTF-8."""

    def literal_processor(self, dialect: Dialect) -> Callable[[bytes], str]:
        """Return what writes bytes in hexadecimal."""
        template = "'\\x{}'" if dialect.name == "postgresql" else "X'{}'"
        return lambda value: template.format(value.hex())


class _Json:
    """SQLAlchemy has no literal for it."""

    def literal_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """Return what writes JSON as a text, as SQLAlchemy would send it."""
        text: Any = String()
        quoted = text.literal_processor(dialect)  # the compiler itself doubles MariaDB's backslashes
        return lambda value: str(quoted(json.dumps(value)))
