"""What a type is on a database."""

from __future__ import annotations

import re
from copy import copy
from datetime import timedelta
from typing import Any

import sqlalchemy
from sqlalchemy import Dialect, TypeDecorator
from sqlalchemy.dialects.postgresql import DOMAIN

from .. import upstream

# The order counts: an Enum is a String, and up to SQLAlchemy 2.0 a Float is a Numeric.
_KINDS: tuple[tuple[type, str], ...] = (
    (sqlalchemy.ARRAY, "array"),
    (sqlalchemy.Enum, "enum"),
    (sqlalchemy.Boolean, "boolean"),
    (sqlalchemy.Integer, "integer"),
    (sqlalchemy.Float, "float"),
    (sqlalchemy.Numeric, "numeric"),
    (sqlalchemy.String, "text"),
    (sqlalchemy.DateTime, "datetime"),
    (sqlalchemy.Date, "date"),
    (sqlalchemy.Time, "time"),
    (sqlalchemy.Interval, "interval"),
    (sqlalchemy.Uuid, "uuid"),
    (sqlalchemy.JSON, "json"),
    (sqlalchemy.LargeBinary, "binary"),
)
# A SET of MySQL is a String with a length, and psycopg's Float is no Float up to SQLAlchemy 2.0.
_BY_NAME = {"SET": "set", "float": "float"}
NUMBERS = frozenset({"integer", "float", "numeric"})


def database_type(type_: Any, dialect: Dialect) -> Any:
    """Return what a type is on a database: without variants, and without what a TypeDecorator adds.

    It has the limits that a database gives it where the models say none.
    """
    given = upstream.variants(type_).get(dialect.name, type_)
    if isinstance(given, DOMAIN):  # of which releases of SQLAlchemy 2.0 lose the CHECK and the default, or fail
        return given
    impl = type_.dialect_impl(dialect)
    if isinstance(impl, TypeDecorator):
        return database_type(impl.impl_instance, dialect)
    if dialect.name == "sqlite":
        return impl
    if isinstance(type_, sqlalchemy.CHAR) and impl.length is None:
        return _copied(impl, length=1)
    precision = getattr(type_, "precision", None)
    if precision is not None and getattr(impl, "precision", None) is None:  # which some drivers' times lose
        return _copied(impl, precision=precision)
    if getattr(impl, "scale", 0) is None and kind_of(impl) == "numeric":
        if impl.precision is not None:
            return _copied(impl, scale=0)
        if dialect.name in ("mysql", "mariadb"):
            return _copied(impl, precision=10, scale=0)
    return impl


def _copied(type_: Any, **limits: int) -> Any:
    """Return a copy of a type with limits."""
    copied = copy(type_)
    vars(copied).update(limits)
    return copied


def kind_of(type_: Any) -> str:
    """Return what kind of type a database's own type is, or "other"; the one place that asks for SQLAlchemy's classes.

    Their hierarchy is not the same in each release, and a dialect's own types are in it by chance: PostgreSQL's
    INTERVAL is no ``Interval``, and MySQL's LONGBLOB no LargeBinary. Those are told by their values in Python.
    """
    if named := _BY_NAME.get(getattr(type_, "__visit_name__", "")):
        return named
    found = next((kind for class_, kind in _KINDS if isinstance(type_, class_)), None)
    return found or {bytes: "binary", timedelta: "interval"}.get(python_type(type_), "other")


def python_type(type_: Any) -> Any:
    """Return of which type the values are in Python; ``object``, as from SQLAlchemy 2.1 on, if it is not known."""
    try:
        return type_.python_type
    except NotImplementedError:
        return object


def stored_kind(type_: Any) -> str:
    """Return the kind of a database's own type, and "text" for an enum whose labels are stored as texts."""
    return "text" if isinstance(type_, sqlalchemy.Enum) and not type_.native_enum else kind_of(type_)


def integer_range(type_: Any, dialect: Dialect) -> tuple[int, int]:
    """Return the least and the greatest value of a database's own integer type."""
    sizes = {"TINYINT": 1, "MEDIUMINT": 3}
    name = str(getattr(type_, "__visit_name__", ""))
    if dialect.name == "sqlite" or isinstance(type_, sqlalchemy.BigInteger):
        bits = 64
    elif isinstance(type_, sqlalchemy.SmallInteger):
        bits = 16
    else:
        bits = 8 * sizes.get(name, 4)
    return (0, 2**bits - 1) if getattr(type_, "unsigned", False) else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def float_bytes(type_: Any, dialect: Dialect) -> int | None:
    """Return how many bytes a floating-point number of a type has on a database, 4 or 8; None for another type.

    It goes by the SQL: what SQLAlchemy takes for a database's own type of a REAL is a FLOAT.
    """
    name, _, digits = type_.compile(dialect=dialect).partition("(")
    if not re.fullmatch(r"(FLOAT|REAL|DOUBLE)( PRECISION)?( UNSIGNED)?( ZEROFILL)?", name.strip()):
        return None
    if dialect.name == "sqlite":
        return 8
    if name == "FLOAT" and digits and "," not in digits:
        return 4 if int(digits.partition(")")[0]) <= 24 else 8  # of 24 and 53 binary digits
    return 4 if name.startswith("REAL" if dialect.name == "postgresql" else "FLOAT") else 8
