"""How PostgreSQL converts the values of a column to another type."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    Numeric,
    String,
    Text,
    Uuid,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects.postgresql import INTERVAL, JSONB
from support.models import dialect_of

from alembic_proof.autogenerate.conversions import conversion, converts_both_ways

DIALECT = dialect_of("postgresql")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Integer(), BigInteger()),
        (Integer(), Numeric(10, 2)),
        (Float(), Integer()),  # A3
        (Double(), Numeric(10, 2)),
        (mysql.DOUBLE(), BigInteger()),
        (ARRAY(Integer), ARRAY(BigInteger)),
        (ARRAY(String(9)), ARRAY(Text)),
        (Interval(), INTERVAL(precision=3)),
        (String(9), Text()),
        (Date(), DateTime()),
        (JSON(), JSONB()),
    ],
)
def test_by_itself(old: Any, new: Any) -> None:
    """Both ways."""
    assert converts_both_ways(old, new, DIALECT)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (Integer(), String(9), None),
        (String(9), Integer(), "a::INTEGER"),
        (Integer(), Boolean(), "a <> 0"),
        (Float(), Boolean(), "a <> 0"),
        (Boolean(), Integer(), "a::INTEGER"),
        (Boolean(), BigInteger(), "a::INTEGER::BIGINT"),
        (Boolean(), Float(), "a::INTEGER::FLOAT"),
        (Numeric(), Interval(), "make_interval(secs => a)"),
        (Interval(), Numeric(), "extract(epoch FROM a)::NUMERIC"),
        (Uuid(), String(40), None),
        (String(40), Uuid(), "a::UUID"),
        (Text(), JSONB(), "a::JSONB"),
        (JSON(), Text(), None),
        (JSON(), Integer(), "a::text::INTEGER"),
        (Enum("x", name="e"), Enum("x", name="f"), "a::text::f"),
        (ARRAY(String), JSONB(), "to_jsonb(a)"),  # C19
        (ARRAY(String), JSON(), "to_json(a)"),
        (ARRAY(String), ARRAY(Integer), "a::INTEGER[]"),
        (ARRAY(Enum("x", name="e")), ARRAY(String), None),
        (Enum("x", name="e"), String(9), None),
        (String(9), Enum("x", name="e"), "a::e"),
        (Integer(), ARRAY(Integer), "CASE WHEN a IS NOT NULL THEN ARRAY[a]::INTEGER[] END"),
        (ARRAY(Integer), Integer(), "a[1]::INTEGER"),
        (DateTime(), DateTime(timezone=True), "a::timestamp AT TIME ZONE 'UTC'"),
        (DateTime(timezone=True), DateTime(), "(a AT TIME ZONE 'UTC')::TIMESTAMP WITHOUT TIME ZONE"),
        (Date(), DateTime(timezone=True), "a::timestamp AT TIME ZONE 'UTC'"),
    ],
)
def test_using(old: Any, new: Any, expected: str | None) -> None:
    """What follows USING; nothing where it converts in this direction by itself."""
    assert not converts_both_ways(old, new, DIALECT)
    assert conversion("a", old, new, DIALECT) == expected


def test_a_name_is_quoted() -> None:
    """Where it must be."""
    assert conversion("Size", String(9), Integer(), DIALECT) == '"Size"::INTEGER'
