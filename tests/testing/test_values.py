"""Values of a type: the first is ordinary and another for each row, and CHECKs lead to more."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from alembic_proof.testing.values import values

# A type, and the first value of the first row.
FIRST: list[tuple[Any, Any]] = [
    (sa.Integer(), 1),
    (sa.BigInteger(), 1),
    (sa.String(4), '흰" 1'),
    (sa.Text(), 'it\'s "흰" 1'),
    (sa.Boolean(), True),
    (mysql.TINYINT(1), True),
    (sa.Numeric(5, 2), Decimal("1.01")),
    (sa.Numeric(2, 2), Decimal("0.01")),
    (sa.Float(), 2.0),
    (sa.Date(), date(2024, 1, 2)),
    (sa.Time(), time(1)),
    (sa.DateTime(), datetime(2024, 1, 2, 1)),
    (sa.DateTime(timezone=True), datetime(2024, 1, 2, 1, tzinfo=timezone.utc)),
    (sa.Interval(), timedelta(days=1)),
    (sa.Uuid(), uuid.UUID(int=1)),
    (sa.Enum("a", "b", name="e"), "b"),
    (sa.LargeBinary(), b"\xc3\xbf1"),
    (mysql.VARBINARY(2), b"\xc3\xbf"),
    (postgresql.BYTEA(), b"\xc3\xbf1"),
    (sa.JSON(), {"n": 1, "text": 'it\'s "흰" '}),
    (postgresql.ARRAY(sa.Integer()), [1]),
    (postgresql.DOMAIN("d", sa.Integer()), 1),
    (postgresql.INT4RANGE(), "[1,2)"),
    (postgresql.TSTZRANGE(), "[2024-01-02,2024-01-03)"),
    (postgresql.INT4MULTIRANGE(), "{[1,2)}"),
    (postgresql.BIT(3), "001"),
    (postgresql.INET(), "192.0.2.1"),
    (mysql.BIT(4), b"\x01"),
    (mysql.YEAR(), 2001),
    (mysql.SET("x", "y"), {"y"}),
]


@pytest.mark.parametrize(("kind", "value"), FIRST, ids=lambda each: repr(each)[:40])
def test_the_first_value(kind: Any, value: Any) -> None:
    """It is ordinary."""
    assert next(values(kind, 1)) == value


@pytest.mark.parametrize(
    "kind", [sa.Integer(), sa.Text(), sa.Uuid(), sa.DateTime(), sa.Numeric(9, 2), sa.LargeBinary()]
)
def test_rows_differ(kind: Any) -> None:
    """The first value is another one for each row."""
    assert len({next(values(kind, n)) for n in range(1, 20)}) == 19


# A type, a CHECK, and a value that satisfies it.
CHECKED: list[tuple[Any, str, Any]] = [
    (sa.Integer(), "n >= 1000", 1000),
    (sa.Integer(), "n > 1000", 1001),
    (sa.Integer(), "n < -5", -6),
    (sa.Numeric(9, 2), "price >= 100.5", Decimal("100.5")),
    (sa.String(20), "word IN ('new', 'old')", "new"),
    (sa.String(20), "mail LIKE '%@%'", "a@b.kr"),
    (sa.String(20), "code ~ '^[A-Z]{3}$'", "BBB"),
    (sa.String(20), "length(code) = 6", "111111"),
]


@pytest.mark.parametrize(("kind", "check", "value"), CHECKED, ids=lambda each: repr(each)[:40])
def test_what_a_check_wants(kind: Any, check: str, value: Any) -> None:
    """It is among the first fifty values."""
    assert value in list(islice(values(kind, 1, check), 50))


def test_texts_use_the_width_of_a_column() -> None:
    """Every third is as long as the column, in letters of several bytes; none is longer."""
    assert next(values(sa.String(8), 2)) == "2 가가가가가가"
    assert all(len(value) <= 8 for n in range(1, 4) for value in values(sa.String(8), n, "length(x) = 30"))


def test_a_reference_looks_like_a_key() -> None:
    """Of one of the three rows that a table has."""
    assert [next(values(sa.Integer(), n, is_reference=True)) for n in range(1, 6)] == [1, 2, 3, 1, 2]
