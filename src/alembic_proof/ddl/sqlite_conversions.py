"""How the values of a column of SQLite become those of another type, where a CAST would destroy them.

A CAST takes the number at the beginning of a text: of '2026-01-05' that is 2026, of 'true' 0.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Dialect, LargeBinary, String, case, cast, func, literal, type_coerce

from .types import NUMBERS, database_type, kind_of

# As PostgreSQL reads them. In which order they are tried does not matter.
TRUE, FALSE = ("true", "t", "yes", "y", "on"), ("false", "f", "no", "n", "off")
_TEXTS = ("date", "datetime", "time", "interval", "json", "uuid")  # what SQLite stores as text, besides texts
MOMENT = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9][ T][0-9]*"
_DATE, _TIME = (1, 10), (12, 15)  # where they are in the text of a moment, and how long


def converted(value: ColumnElement[Any], old: Any, new: Any, dialect: Dialect) -> ColumnElement[Any] | None:
    """Return a value as it is to be in a column of another type, or None where Alembic's own conversion is right."""
    before, after = (kind_of(database_type(type_, dialect)) for type_ in (old, new))
    text: ColumnElement[Any] = type_coerce(value, String)
    if before in (*_TEXTS, "other") and (after in NUMBERS or after == "boolean"):
        return value  # SQLite keeps in any column what is no number
    if before == "binary" and (after in NUMBERS or after == "boolean"):
        return case((cast(cast(value, new), String) == cast(value, String), cast(value, new)), else_=value)
    if after == "binary" and before != "binary":
        return cast(value, LargeBinary)  # to SQLite, a BINARY(16) is a number
    if before == "text" and after == "boolean":
        word = func.lower(func.trim(text))
        return case((word.in_(TRUE), 1), (word.in_(FALSE), 0), else_=cast(value, new))
    if before == "text" and after == "uuid":
        return case((func.length(text) == 36, func.lower(func.replace(text, "-", ""))), else_=value)
    if before == "text" and after in ("date", "time"):
        part = func.substr(text, *(_DATE if after == "date" else _TIME))
        return case((text.bool_op("GLOB")(MOMENT), part), else_=value)
    if before == "datetime" and after in ("date", "time"):
        return func.substr(text, *(_DATE if after == "date" else _TIME))
    if before == "date" and after == "datetime":
        return text.concat(literal(" 00:00:00.000000"))
    return value if after in ("date", "datetime", "time", "binary", "other") else None
