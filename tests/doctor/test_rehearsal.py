"""Which tables a rehearsed first revision needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations.ops import CreateIndexOp, CreateTableOp, ExecuteSQLOp, ModifyTableOps
from sqlalchemy.dialects import postgresql

from alembic_proof.doctor.rehearsal import one_of_each_kind


class Money(sa.TypeDecorator[Any]):
    """A type of the project's own."""

    impl = sa.Numeric
    cache_ok = True


Parts = Callable[[], list[Any]]
# What the second of two tables has besides, and whether that is written in another way than anything of the first.
SECOND: list[tuple[Parts, bool]] = [
    (lambda: [], False),
    (lambda: [sa.Column("name", sa.String(50))], False),
    (lambda: [sa.Column("other", sa.String(7)), sa.Column("more", sa.String(8))], False),
    (lambda: [sa.Column("name", sa.String)], True),
    (lambda: [sa.Column("price", sa.Numeric)], True),
    (lambda: [sa.Column("price", Money)], True),
    (lambda: [sa.Column("at", sa.DateTime)], True),
    (lambda: [sa.Column("names", postgresql.ARRAY(sa.String))], True),
    (lambda: [sa.Column("name", sa.String(50), server_default="x")], True),
    (lambda: [sa.Column("name", sa.String(50), server_default=sa.text("1"))], True),
    (lambda: [sa.Column("name", sa.String(50), nullable=False)], True),
    (lambda: [sa.Column("twice", sa.Integer, sa.Computed("id * 2"))], True),
    (lambda: [sa.CheckConstraint("id > 0")], True),
    (lambda: [sa.Index("ix", "id")], True),
    (lambda: [sa.ForeignKeyConstraint(["id"], ["a.id"])], True),
]


def created(name: str, *parts: Any, **options: Any) -> list[Any]:
    """Return what autogenerate proposes for a table."""
    column = sa.Column("id", sa.Integer, primary_key=True)
    table = sa.Table(name, sa.MetaData(), column, sa.Column("word", sa.String(9)), *parts, **options)
    return [CreateTableOp.from_table(table), *map(CreateIndexOp.from_index, table.indexes)]


@pytest.mark.parametrize(("parts", "kept"), SECOND)
def test_one_of_each_kind(parts: Parts, kept: bool) -> None:
    """A table that has nothing new is left out, and with it its indexes."""
    operations = [*created("a"), *created("b", *parts())]
    chosen = one_of_each_kind(operations)
    assert chosen == (operations if kept else operations[:1])


def test_a_switch_of_a_type_counts() -> None:
    """It is written."""
    operations = [*created("a", sa.Column("at", sa.DateTime)), *created("b", sa.Column("at", sa.DateTime(True)))]
    assert one_of_each_kind(operations) == operations


@pytest.mark.parametrize("options", [{"comment": "x"}, {"sqlite_strict": True}, {"schema": "s"}])
def test_an_option_of_a_table_counts(options: dict[str, Any]) -> None:
    """So does a schema."""
    operations = [*created("a"), *created("b", **options)]
    assert one_of_each_kind(operations) == operations


def test_what_belongs_to_no_table_is_kept() -> None:
    """In its order; what is altered of a table goes with the table."""
    index = ModifyTableOps("b", [CreateIndexOp("ix", "b", ["id"])])
    first, second, sql = created("a"), created("b"), ExecuteSQLOp("SELECT 1")
    assert one_of_each_kind([*first, sql, *second, sql]) == [*first, sql, sql]
    assert one_of_each_kind([*first, *second, sql, index]) == [*first, *second, sql, index]


def test_a_thousand_like_tables_are_one() -> None:
    """Whatever they are called."""
    operations = [operation for n in range(1000) for operation in created(f"t{n}", sa.Index(f"ix{n}", "word"))]
    assert one_of_each_kind(operations) == operations[:2]
