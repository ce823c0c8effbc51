"""Whether PostgreSQL takes two expressions for the same."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from sqlalchemy import Column, Connection, Date, Integer, MetaData, NullPool, Numeric, String, Table, create_engine
from sqlalchemy.types import NullType

from alembic_proof.autogenerate.compare import stored_expressions
from alembic_proof.autogenerate.compare.stored_expressions import Expression, different_expressions

TABLE = Table(
    "thing",
    MetaData(),
    Column("a", Integer),
    Column("b", Integer),
    Column("c", Integer),
    Column("s", String(20)),
    Column("n", Numeric(10, 2)),
    Column("d", Date),
    Column("100%", String),
    Column("unknown", NullType),
)
PAIRS = [  # as PostgreSQL stores it, as the models have it, and whether that is the same
    (
        "(s)::text = ANY ((ARRAY['new'::character varying, 'used'::character varying])::text[])",
        "s IN ('new', 'used')",
        True,
    ),
    (
        "(s)::text = ANY ((ARRAY['new'::character varying, 'used'::character varying])::text[])",
        "s IN ('new', 'old')",
        False,
    ),
    ("((a > 0) OR (b > 0)) AND (c > 0)", "(a > 0 OR b > 0) AND c > 0", True),
    ("((a > 0) OR (b > 0)) AND (c > 0)", "a > 0 OR (b > 0 AND c > 0)", False),
    ("(s)::text = 'a b'::text", "s = 'a b'", True),
    ("(s)::text = 'a b'::text", "s = 'ab'", False),
    ("(s)::text ~~ 'a%'::text", "s LIKE 'a%'", True),
    ("(s)::text <> 'a:b'::text", "s <> 'a:b'", True),
    ("((a >= 1) AND (a <= 2))", "a BETWEEN 1 AND 2", True),
    ("((n IS NULL) OR (n > (0)::numeric))", "n IS NULL OR n > 0", True),
    ("d > '2020-01-01'::date", "d > '2020-01-01'", True),
    ("d > '2020-01-01'::date", "d >= '2020-01-01'", False),
    ("lower((s)::text)", "lower(s)", True),
    ("(a + b) * 2", "a + (b * 2)", False),
    ("CAST((a + b) AS NUMERIC(10, 2))", "CAST(a + b AS NUMERIC(10, 2))", True),
    ("(\"100%\")::text <> ''::text", "\"100%\" NOT IN ('')", True),
    ("missing > 0", "(missing > 0)", True),  # it cannot tell: the texts decide
    ("missing > 0", "missing > 1", False),
]


@pytest.fixture
def connection(postgresql: str) -> Iterator[Connection]:
    """A connection to PostgreSQL."""
    with create_engine(postgresql, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.mark.parametrize("may_create_functions", [True, False])
def test_pairs(connection: Connection, may_create_functions: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once; or one by one, where the user may not create temporary functions. Nothing is left behind."""
    if not may_create_functions:
        monkeypatch.setattr(stored_expressions, "_FUNCTION", "SELECT 1 / 0")
    expressions = [Expression(TABLE, stored, model) for stored, model, _ in PAIRS]
    context = Mock(connection=connection, dialect=connection.dialect)
    different = different_expressions(context, expressions)
    assert [each not in different for each in expressions] == [same for *_, same in PAIRS]
    assert connection.exec_driver_sql("SELECT count(*) FROM pg_proc WHERE proname LIKE 'alembic_proof%%'").scalar() == 0


def test_nothing_to_ask() -> None:
    """Then the database is not needed."""
    assert different_expressions(Mock(connection=None), []) == set()
