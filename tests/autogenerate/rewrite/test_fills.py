"""Which value existing rows get, as code for the revision."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from unittest.mock import Mock

import pytest
import sqlalchemy as sa
from alembic.operations.ops import AddColumnOp, AlterColumnOp, DowngradeOps, UpgradeOps
from alembic.util import CommandError
from sqlalchemy.dialects import mysql, postgresql, sqlite

from alembic_proof.autogenerate.draft import Draft
from alembic_proof.autogenerate.rewrite.fills import downgrade_value, upgrade_value
from alembic_proof.prompts import Answers, Nobody

DIALECTS: dict[str, Callable[[], Any]] = {
    "sqlite": sqlite.dialect,
    "postgresql": postgresql.dialect,
    "mysql": mysql.dialect,
}


class Colour(enum.Enum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


class Secret(sa.TypeDecorator[Any]):
    """A type whose values nobody can type."""

    impl = sa.String
    cache_ok = True
    python_type = object


def draft(dialect: str, *items: Any, given: tuple[str, ...] = ()) -> Draft:
    """Return a draft about the table "t" with a column, and what is on it."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *items)
    context = Mock(dialect=DIALECTS[dialect](), opts={"target_metadata": metadata})
    return Draft(context, Answers(given, Nobody()), UpgradeOps([]), DowngradeOps([]))


def column(type_: Any, **options: Any) -> sa.Column[Any]:
    """Return a column that is NOT NULL."""
    return sa.Column("c", type_, nullable=False, **options)


@pytest.mark.parametrize(
    ("type_", "default", "expected"),
    [
        (sa.Boolean(), True, "sa.true()"),
        (sa.Integer(), 3, "sa.literal_column('3')"),
        (sa.Numeric(10, 2), Decimal("2.50"), "sa.literal_column('2.50')"),
        (sa.String(9), "it's 100%", 'sa.literal("it\'s 100%")'),
        (sa.Date(), date(2026, 1, 5), "sa.literal_column(\"'2026-01-05'\")"),
        (sa.Enum(Colour), Colour.BLUE, "sa.literal_column(\"'BLUE'\")"),
        (sa.JSON(), sa.text("'{}'"), "sa.literal_column(\"'{}'\")"),
        (sa.DateTime(), sa.func.now(), "sa.literal_column('CURRENT_TIMESTAMP')"),
    ],
)
def test_the_default_of_a_model(type_: Any, default: Any, expected: str) -> None:
    """A constant, or an SQL expression."""
    op = AddColumnOp("t", column(type_, default=default))
    assert upgrade_value(draft("sqlite", op.column), op) == expected


@pytest.mark.parametrize(
    ("type_", "answer", "expected"),
    [
        (sa.Boolean(), "False", "sa.false()"),
        (sa.Integer(), "-12", "sa.literal_column('-12')"),
        (sa.Float(), "1.5", "sa.literal_column('1.5')"),
        (sa.String(9), "a=b", "sa.literal('a=b')"),
        (sa.Time(), "12:30", "sa.literal_column(\"'12:30:00'\")"),
        (sa.DateTime(), "2026-01-05T03:04:05", "sa.literal_column(\"'2026-01-05 03:04:05'\")"),
        (sa.Enum("new", "used"), "used", "sa.literal_column(\"'used'\")"),
        (
            sa.Uuid(),
            "6e8b3b1c-0000-4000-8000-000000000001",
            "sa.literal_column(\"'6e8b3b1c-0000-4000-8000-000000000001'\")",
        ),
        (sa.LargeBinary(), "b'ab'", "sa.literal_column(\"'\\\\x6162'\")"),
        (sa.JSON(), '{"a": 1}', "sa.literal_column('\\'{\"a\": 1}\\'')"),
        (sa.ARRAY(sa.Integer), "[]", "sa.literal_column(\"'{}'\")"),
        (sa.ARRAY(sa.Integer), "[1, 2]", "sa.literal_column('ARRAY[1, 2]')"),
        (sa.Interval(), "60", "sa.literal_column('make_interval(secs=>60.0)')"),
        (Secret(), "x", "sa.literal('x')"),
    ],
)
def test_an_answer(type_: Any, answer: str, expected: str) -> None:
    """Of the type's own Python type."""
    op = AddColumnOp("t", column(type_))
    assert upgrade_value(draft("postgresql", op.column, given=(f"fill=t.c={answer}",)), op) == expected


@pytest.mark.parametrize(
    ("type_", "answer", "message"),
    [
        (sa.Integer(), "many", "'many' is no value for t.c, a column of Integer()"),
        (sa.Boolean(), "perhaps", "'perhaps' is no value for t.c"),
        (sa.Enum("new", "used"), "old", "'old' is no value for t.c"),
        (sa.Date(), "yesterday", "'yesterday' is no value for t.c"),
        (sa.DateTime(timezone=True), "2026-01-05T03:04:05+09:00", "has an offset, which sqlite does not keep"),
    ],
)
def test_a_wrong_answer(type_: Any, answer: str, message: str) -> None:
    """Is refused."""
    op = AddColumnOp("t", column(type_))
    with pytest.raises(CommandError, match=message.replace("(", r"\(").replace(")", r"\)")):
        upgrade_value(draft("sqlite", op.column, given=(f"fill=t.c={answer}",)), op)


@pytest.mark.parametrize(
    "column",
    [
        sa.Column("c", sa.Integer),
        sa.Column("c", sa.Integer, server_default="1", nullable=False),
        sa.Column("c", sa.Integer, sa.Computed("id * 2"), nullable=False),
        sa.Column("c", sa.Integer, sa.Identity(), nullable=False),
    ],
)
def test_what_needs_no_value(column: sa.Column[Any]) -> None:
    """The database fills it itself."""
    op = AddColumnOp("t", column)
    about = draft("sqlite", column)
    assert (upgrade_value(about, op), downgrade_value(about, op)) == (None, None)


def test_a_server_default_fills_an_existing_column() -> None:
    """Which the database would not do when it becomes NOT NULL."""
    op = AlterColumnOp("t", "c", existing_type=sa.Integer(), modify_nullable=False)
    assert upgrade_value(draft("sqlite", column(sa.Integer, server_default="5")), op) == "sa.literal_column(\"'5'\")"


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (sa.Integer(), "sa.literal_column('0')"),
        (sa.Boolean(), "sa.false()"),
        (sa.String(9), "sa.literal('')"),
        (sa.Date(), "sa.literal_column(\"'1970-01-01'\")"),
        (sa.Enum("new", "used"), "sa.literal_column(\"'new'\")"),
        (sa.JSON(), "sa.literal_column(\"'{}'\")"),
        (sa.Uuid(), "sa.literal_column(\"'00000000-0000-0000-0000-000000000000'\")"),
        (sa.Interval(), "sa.literal_column('make_interval(secs=>0.0)')"),
    ],
)
def test_a_downgrade_has_a_neutral_value(type_: Any, expected: str) -> None:
    """Which no CHECK, UNIQUE or key refuses."""
    op = AddColumnOp("t", column(type_))
    assert downgrade_value(draft("postgresql", op.column), op) == expected
    unique = AddColumnOp("t", column(type_, unique=True))
    assert downgrade_value(draft("postgresql", unique.column), unique) == ""


@pytest.mark.parametrize(
    ("item", "is_filled"),
    [
        (sa.UniqueConstraint("c"), False),
        (sa.UniqueConstraint("id", "c"), True),
        (sa.Index("i", "c", unique=True), False),
        (sa.Index("i", "id", "c", unique=True), True),
        (sa.Index("i", "c"), True),
        (sa.CheckConstraint("c > 5"), False),
        (sa.CheckConstraint("id > 5"), True),
        (sa.ForeignKeyConstraint(["c"], ["t.id"]), False),
    ],
)
def test_what_a_neutral_value_may_fill(item: Any, is_filled: bool) -> None:
    """Not what a CHECK, a UNIQUE or a key may refuse; with other columns, a UNIQUE may hold."""
    op = AddColumnOp("t", column(sa.Integer()))
    about = draft("sqlite", op.column, item)
    assert (downgrade_value(about, op) != "") is is_filled
