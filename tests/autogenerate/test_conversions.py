"""How PostgreSQL converts the values of a column to another type."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, JSON, BigInteger, Boolean, Date, DateTime, Enum, Integer, Numeric, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from support.models import dialect_of

from alembic_proof.autogenerate.conversions import conversion, converts_both_ways

DIALECT = dialect_of("postgresql")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Integer(), BigInteger()),
        (Integer(), Numeric(10, 2)),
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
        (Integer(), Boolean(), "a::BOOLEAN"),
        (Boolean(), Integer(), "a::INTEGER"),
        (Numeric(), Boolean(), "a::text::BOOLEAN"),
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
