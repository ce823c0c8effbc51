"""What a type is on a database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Float, Integer, Numeric, String, TypeDecorator
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import UserDefinedType

from alembic_proof.ddl.types import database_type, kind_of, python_type


class Price(TypeDecorator[Any]):
    """A type of a project's own."""

    impl = Numeric(12, 2)
    cache_ok = True


class Twice(TypeDecorator[Any]):
    """One around another."""

    impl = Price
    cache_ok = True


@pytest.mark.parametrize(
    ("type_", "dialect", "expected"),
    [
        (Integer(), sqlite, Integer),
        (Price(), sqlite, Numeric),
        (Twice(), postgresql, Numeric),
        (JSON().with_variant(JSONB(), "postgresql"), postgresql, JSONB),
        (JSON().with_variant(JSONB(), "postgresql"), sqlite, JSON),
        (String(9).with_variant(Price(), "mysql"), mysql, Numeric),
    ],
)
def test_database_type(type_: Any, dialect: Any, expected: type) -> None:
    """Without variants, and without what a TypeDecorator adds."""
    found = database_type(type_, dialect.dialect())
    assert isinstance(found, expected)
    assert not isinstance(found, TypeDecorator)


class Unknown(UserDefinedType[Any]):
    """Of which nobody knows what its values are: up to SQLAlchemy 2.0 most types of a dialect say so."""

    @property
    def python_type(self) -> Any:
        """Raise what SQLAlchemy does."""
        raise NotImplementedError


@pytest.mark.parametrize(
    ("type_", "expected"), [(Integer(), int), (Unknown(), object), (postgresql.DOMAIN("d", Integer()), object)]
)
def test_python_type(type_: Any, expected: type) -> None:
    """That of the values, or object."""
    assert python_type(type_) is expected
    assert kind_of(Unknown()) == "other"


class PsycopgFloat(Numeric[Any]):
    """What SQLAlchemy 2.0 makes of a Float for psycopg."""

    __visit_name__ = "float"


@pytest.mark.parametrize(
    ("type_", "expected"),
    [(PsycopgFloat(), "float"), (Float(), "float"), (Numeric(), "numeric"), (mysql.SET("a"), "set")],
)
def test_kind_of(type_: Any, expected: str) -> None:
    """By the class, or by its name."""
    assert kind_of(type_) == expected
