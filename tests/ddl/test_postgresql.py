"""Corrections for PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, BigInteger, Column, Index, Integer, MetaData, String, Table, Text, func, literal, text
from support.lab import Lab
from support.models import dialect_of

from alembic_proof import ddl, upstream


@pytest.fixture
def impl() -> Any:
    """The Impl that Alembic uses."""
    ddl.install()
    class_: Any = upstream.registered_impl("postgresql")
    return class_(dialect_of("postgresql", paramstyle="pyformat"), None, False, None, None, {})


@pytest.mark.parametrize(("expression", "expected"), [(text("a % 2"), "a % 2"), (literal("100%"), "'100%'")])
def test_percent_signs_are_single(impl: Any, expression: Any, expected: str) -> None:
    """SQLAlchemy doubles them for psycopg."""
    assert impl.render_ddl_sql_expr(expression) == expected


def test_percent_signs_in_an_index(impl: Any) -> None:
    """It is not taken for another one."""
    model = Table("t", MetaData(), Column("a", String))
    reflected = Table("t", MetaData(), Column("a", String))
    wanted, existing = (Index("i", func.replace(table.c.a, text("'%'"), text("''"))) for table in (model, reflected))
    assert impl.compare_indexes(wanted, existing).is_equal
    assert impl._compile_element(func.concat(literal("100%"))) == "concat('100%')"


@pytest.mark.parametrize(
    ("reflected", "model", "differs"),
    [
        (Text(), Text(), False),
        (ARRAY(Text), ARRAY(Text), False),
        (ARRAY(Text), Text(), True),
        (Text(), ARRAY(Text), True),
        (Text().with_variant(ARRAY(Text), "postgresql"), Text(), False),
        (ARRAY(Text), Text().with_variant(ARRAY(Text), "postgresql"), False),
        (Integer(), Text(), True),
    ],
)
def test_compare_type(impl: Any, reflected: Any, model: Any, differs: bool) -> None:
    """Alembic takes TEXT[] for TEXT."""
    assert impl.compare_type(Column("a", reflected), Column("a", model)) is differs


@pytest.mark.filterwarnings("error")
def test_the_type_of_a_key(lab_postgresql: Lab) -> None:
    """Alembic writes autoincrement=True, and warns of it at each upgrade."""

    def models(type_: Any) -> MetaData:
        metadata = MetaData()
        Table("t", metadata, Column("id", type_, primary_key=True))
        return metadata

    lab_postgresql.change(models(Integer))
    assert "autoincrement=True" in lab_postgresql.change(models(BigInteger))
    lab_postgresql.downgrade()
