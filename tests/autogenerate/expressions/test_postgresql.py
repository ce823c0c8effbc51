"""Whether PostgreSQL takes two expressions for the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Integer,
    MetaData,
    NullPool,
    Numeric,
    String,
    Table,
    create_engine,
)
from sqlalchemy.dialects.postgresql import ENUM
from sqlalchemy.types import NullType

from alembic_proof.autogenerate.expressions import Expression, different, postgresql

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
PAIRS: list[
    tuple[Any, Any, str, str, bool]
] = [  # kind, type, as PostgreSQL stores it, as the models have it, and whether that is the same
    (
        "check",
        None,
        "(s)::text = ANY ((ARRAY['new'::character varying, 'used'::character varying])::text[])",
        "s IN ('new', 'used')",
        True,
    ),
    (
        "check",
        None,
        "(s)::text = ANY ((ARRAY['new'::character varying, 'used'::character varying])::text[])",
        "s IN ('new', 'old')",
        False,
    ),
    ("check", None, "((a > 0) OR (b > 0)) AND (c > 0)", "(a > 0 OR b > 0) AND c > 0", True),
    ("check", None, "((a > 0) OR (b > 0)) AND (c > 0)", "a > 0 OR (b > 0 AND c > 0)", False),
    ("check", None, "(s)::text = 'a b'::text", "s = 'a b'", True),
    ("check", None, "(s)::text = 'a b'::text", "s = 'ab'", False),
    ("check", None, "(s)::text ~~ 'a%'::text", "s LIKE 'a%'", True),
    ("check", None, "(s)::text <> 'a:b'::text", "s <> 'a:b'", True),
    ("check", None, "((a >= 1) AND (a <= 2))", "a BETWEEN 1 AND 2", True),
    ("check", None, "((n IS NULL) OR (n > (0)::numeric))", "n IS NULL OR n > 0", True),
    ("check", None, "d > '2020-01-01'::date", "d > '2020-01-01'", True),
    ("check", None, "d > '2020-01-01'::date", "d >= '2020-01-01'", False),
    ("check", None, "lower((s)::text)", "lower(s)", True),
    ("check", None, "(a + b) * 2", "a + (b * 2)", False),
    ("computed", Numeric(10, 2), "(a + b)", "a + b", True),
    ("check", None, "(\"100%\")::text <> ''::text", "\"100%\" NOT IN ('')", True),
    ("check", None, "missing > 0", "(missing > 0)", True),  # it cannot tell: the texts decide
    ("check", None, "missing > 0", "missing > 1", False),
    ("check", None, "a > 0", "missing > 0", False),
    ("check", None, "a > 0", "thing.a > 0", True),
    ("default", String(20), "'a'::character varying", "'a'", True),
    ("default", String(20), "'it''s'::character varying", "'it''s'", True),
    ("default", String(20), "md5((random())::text)", "md5(random()::text)", True),
    ("default", String(20), "md5((random())::text)", "md5(now()::text)", False),
    ("default", DateTime(), "now()", "CURRENT_TIMESTAMP", True),
    ("default", DateTime(), "now()", "clock_timestamp()", False),
    ("default", String(20), "'now()'::text", "'CURRENT_TIMESTAMP'", False),
    ("default", JSON(), "'{}'::json", "'{}'", True),
    ("default", JSON(), "'{}'::json", "'[]'", False),
    ("default", ARRAY(Integer), "'{1,2}'::integer[]", "'{1, 2}'", True),
    ("default", ARRAY(Integer), "'{1,2}'::integer[]", "'{2, 1}'", False),
    ("default", Numeric(10, 2), "2.5", "'2.50'", True),
    ("default", Boolean(), "true", "'t'", True),
    ("default", ENUM("a", "b", name="nowhere"), "'a'::nowhere", "'a'", True),
    ("default", ENUM("a", "b", name="nowhere"), "'a'::nowhere", "'b'", False),
]


@pytest.fixture
def connection(postgresql: str) -> Iterator[Connection]:
    """A connection to PostgreSQL."""
    with create_engine(postgresql, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.mark.parametrize("has_blocks", [True, False])
def test_pairs(connection: Connection, has_blocks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """All at once; or one by one, where the user may not run PL/pgSQL. Nothing is left behind."""
    if not has_blocks:
        monkeypatch.setattr(postgresql, "_BLOCK", "SELECT 1 / 0")
    expressions = [Expression(TABLE, "x", kind, stored, model, type_) for kind, type_, stored, model, _ in PAIRS]
    differing, unknown = different(connection, expressions)
    assert [each not in differing for each in expressions] == [same for *_, same in PAIRS]
    assert unknown == []
    assert connection.exec_driver_sql("SELECT current_setting('alembic_proof.answers', true)").scalar() in (None, "")


def test_nothing_is_executed(connection: Connection) -> None:
    """A9: no number of a sequence is used up."""
    connection.exec_driver_sql("CREATE TEMPORARY SEQUENCE counting")
    default = Expression(TABLE, "x", "default", "nextval('counting'::regclass)", "nextval('counting')", Integer())
    changed = Expression(TABLE, "x", "default", "nextval('counting'::regclass)", "nextval('counting') + 1", Integer())
    assert different(connection, [default, changed]) == ({changed}, [])
    assert connection.exec_driver_sql("SELECT nextval('counting')").scalar() == 1


def test_nothing_to_ask(connection: Connection) -> None:
    """Then the database is not asked."""
    connection.close()
    assert different(connection, [Expression(TABLE, "x", "check", "(a > 0)", "a>0")]) == (set(), [])


def test_without_any_right(connection: Connection) -> None:
    """B6: no right is needed, not even that to make temporary tables or functions."""
    database = connection.engine.url.database
    role = f"reader_{database}"
    statements = [f"CREATE ROLE {role} LOGIN", f"REVOKE TEMP ON DATABASE {database} FROM PUBLIC"]
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()
    check = Expression(TABLE, "ck", "check", "((a >= 1) AND (a <= 2))", "a BETWEEN 1 AND 2")
    try:
        with create_engine(connection.engine.url.set(username=role), poolclass=NullPool).connect() as restricted:
            assert different(restricted, [check]) == (set(), [])
    finally:
        connection.exec_driver_sql(f"DROP ROLE {role}")
        connection.commit()
