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
from support.lab import Lab
from support.models import CONVENTION

from alembic_proof.autogenerate.draft import Draft
from alembic_proof.autogenerate.rewrite.fills import downgrade_value, upgrade_value
from alembic_proof.autogenerate.rewrite.values import NO_VALUE, Fill
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


class Rank(enum.IntEnum):
    """Numbers with names."""

    FIRST, SECOND = 1, 2


class YesNo(sa.TypeDecorator[bool]):
    """A bool that is stored as a word."""

    impl = sa.String(3)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Return the word."""
        return "yes" if value else "no"

    @property
    def python_type(self) -> type:
        """Return what the model has."""
        return bool


class Secret(sa.TypeDecorator[Any]):
    """A type whose values nobody can type."""

    impl = sa.String
    cache_ok = True
    python_type = object

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Code it."""
        return f"{value}, coded"


def draft(dialect: str, *items: Any, given: tuple[str, ...] = ()) -> Draft:
    """Return a draft about the table "t" with a column, and what is on it."""
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("id", sa.Integer, primary_key=True), *items)
    context = Mock(dialect=DIALECTS[dialect](), opts={"target_metadata": metadata}, connection=None)
    return Draft(context, Answers(given, Nobody()), UpgradeOps([]), DowngradeOps([]))


def code(fill: Fill | None) -> str | None:
    """Return the code of what rows get."""
    return None if fill is None else fill.code


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
        (sa.JSON(), {"a": [1]}, "sa.literal_column('\\'{\"a\": [1]}\\'')"),  # C20
        (sa.JSON(), "text", "sa.literal_column('\\'\"text\"\\'')"),
        (sa.JSON(), True, "sa.literal_column(\"'true'\")"),
        (sa.LargeBinary(), b"\x00\xff", "sa.literal_column(\"X'00ff'\")"),
        (sa.String(9), Colour.BLUE, "sa.literal('blue')"),
        (sa.Integer(), Rank.SECOND, "sa.literal_column('2')"),
        (sa.Numeric(30, 2), Decimal("1E+20"), "sa.literal_column('100000000000000000000')"),
        (YesNo(), True, "sa.literal('yes')"),
        (Secret(), "x", "sa.literal('x, coded')"),
        (sa.JSON(), sa.text("'{}'"), "sa.literal_column(\"'{}'\")"),
        (sa.DateTime(), sa.func.now(), "sa.literal_column('CURRENT_TIMESTAMP')"),
    ],
)
def test_the_default_of_a_model(type_: Any, default: Any, expected: str) -> None:
    """A constant, or an SQL expression."""
    op = AddColumnOp("t", column(type_, default=default))
    assert code(upgrade_value(draft("sqlite", op.column), op)) == expected


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
        (sa.ARRAY(sa.Enum("a", "b", name="k")), '["a"]', "sa.literal_column(\"ARRAY['a']::k[]\")"),
        (sa.Interval(), "60", "sa.literal_column('make_interval(secs=>60.0)')"),
        (Secret(), "x", "sa.literal('x')"),
    ],
)
def test_an_answer(type_: Any, answer: str, expected: str) -> None:
    """Of the type's own Python type."""
    op = AddColumnOp("t", column(type_))
    assert code(upgrade_value(draft("postgresql", op.column, given=(f"fill=t.c={answer}",)), op)) == expected


@pytest.mark.parametrize(
    ("type_", "answer", "message"),
    [
        (sa.Integer(), "many", "'many' is no value for t.c, a column of Integer(). Nothing"),
        (sa.Boolean(), "perhaps", "'perhaps' is no value for t.c"),
        (sa.Enum("new", "used"), "old", "'old' is no value for t.c"),
        (sa.Date(), "yesterday", "'yesterday' is no value for t.c"),
        (sa.DateTime(timezone=True), "2026-01-05T03:04:05+09:00", "has an offset, which mysql does not keep"),
        (sa.String(2), "abc", "'abc' is no value for t.c, a column of String(length=2): it is 3 long. Nothing"),
        (sa.LargeBinary(1), "b'ab'", "it is 2 long"),
        (sa.SmallInteger(), "32768", "it is not from -32768 to 32767"),
        (sa.Integer(), "-2147483649", "it is not from -2147483648 to 2147483647"),
        (mysql.TINYINT(unsigned=True), "256", "it is not from 0 to 255"),
        (sa.Numeric(4, 2), "100", "it has more than 2 digits before the point"),
        (sa.Numeric(4, 2), "1.005", "it has more than 2 decimal places"),
        (sa.Numeric(), "NaN", "it is no number"),
        (sa.Float(), "inf", "it is no number"),
        (YesNo(), "maybe", "'maybe' is no value for t.c"),
        (sa.String(9), "VALUE", "VALUE in -x fill=t.c=VALUE stands for what existing rows get. Nothing was written."),
        (sa.String(9), "sql:EXPRESSION", "sql:EXPRESSION in -x fill=t.c=sql:EXPRESSION stands for what"),
    ],
)
def test_a_wrong_answer(type_: Any, answer: str, message: str) -> None:
    """Is refused: before the database would refuse it, or change it."""
    op = AddColumnOp("t", column(type_))
    with pytest.raises(CommandError) as error:
        upgrade_value(draft("mysql", op.column, given=(f"fill=t.c={answer}",)), op)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("type_", "default", "message"),
    [
        (sa.String(2), "abc", "'abc' is no value for t.c, a column of String(length=2): it is 3 long"),
        (sa.Enum(Colour), "green", "'green' is no value for t.c, a column of Enum('RED', 'BLUE', name='colour')"),
        (sa.JSON(), {1, 2}, "Object of type set is not JSON serializable"),
    ],
)
def test_a_wrong_default(type_: Any, default: Any, message: str) -> None:
    """Of a model: the rows cannot have it."""
    op = AddColumnOp("t", column(type_, default=default))
    with pytest.raises(CommandError) as error:
        upgrade_value(draft("mysql", op.column), op)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("dialect", "default", "expected"),
    [
        ("mysql", "CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
        ("mysql", "now(6) on  update now( 6 )", "now(6)"),
        ("mysql", "' ON UPDATE x'", "' ON UPDATE x'"),
        ("postgresql", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP"),
    ],
)
def test_what_is_no_expression_in_a_default(dialect: str, default: str, expected: str) -> None:  # A5
    """Rows get what is one."""
    op = AlterColumnOp("t", "c", existing_type=sa.DateTime(), modify_nullable=False)
    about = draft(dialect, column(sa.DateTime, server_default=sa.text(default)))
    assert code(upgrade_value(about, op)) == f"sa.literal_column({expected!r})"


@pytest.mark.parametrize(
    "item", [sa.UniqueConstraint("c"), sa.Index("i", "c", unique=True), sa.PrimaryKeyConstraint("c")]
)
def test_one_value_cannot_serve(item: Any) -> None:  # D5
    """Where a column is UNIQUE by itself, an expression can, and it is asked for."""
    op = AddColumnOp("t", column(sa.Integer(), default=5))
    op.column.primary_key = isinstance(item, sa.PrimaryKeyConstraint)
    metadata = sa.MetaData()
    items = [sa.Column("other", sa.Integer), *([] if op.column.primary_key else [item])]
    sa.Table("t", metadata, op.column, *items)

    def about(*given: str) -> Draft:
        context = Mock(dialect=DIALECTS["postgresql"](), opts={"target_metadata": metadata}, connection=None)
        return Draft(context, Answers(given, Nobody()), UpgradeOps([]), DowngradeOps([]))

    asked = about()
    assert upgrade_value(asked, op) == NO_VALUE
    assert [question.told() for question in asked.answers.open] == [
        "t.c becomes NOT NULL, and its default is one value, but it is UNIQUE. Which expression gives each row its own "
        "value (sql: and SQL)?\n    -x fill=t.c=sql:EXPRESSION"
    ]
    with pytest.raises(CommandError, match=r"t.c is UNIQUE: '7' for all rows cannot be right"):
        upgrade_value(about("fill=t.c=7"), op)
    assert upgrade_value(about("fill=t.c=sql: other + 1 "), op) == Fill("sa.literal_column('other + 1')")


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
    assert (
        code(upgrade_value(draft("sqlite", column(sa.Integer, server_default="5")), op)) == "sa.literal_column(\"'5'\")"
    )


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
        (postgresql.INT4RANGE(), "sa.literal_column(\"'empty'\")"),
        (postgresql.INET(), "sa.literal_column(\"'0.0.0.0'\")"),
        (postgresql.MONEY(), "sa.literal_column('0')"),
    ],
)
def test_a_downgrade_has_a_neutral_value(type_: Any, expected: str) -> None:
    """Which no CHECK, UNIQUE or key refuses."""
    op = AddColumnOp("t", column(type_))
    assert code(downgrade_value(draft("postgresql", op.column), op)) == expected
    unique = AddColumnOp("t", column(type_, unique=True))
    assert downgrade_value(draft("postgresql", unique.column), unique) == NO_VALUE


@pytest.mark.parametrize(
    ("item", "is_filled"),
    [
        (sa.UniqueConstraint("c"), False),
        (sa.UniqueConstraint("id", "c"), True),
        (sa.Index("i", "c", unique=True), False),
        (sa.Index("i", "id", "c", unique=True), True),
        (sa.Index("i", sa.text("id DESC"), "c", unique=True), True),
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
    assert (downgrade_value(about, op) != NO_VALUE) is is_filled


def test_a_table_without_rowids_numbers_no_rows(lab_sqlite: Lab) -> None:
    """SQLite has no numbers for them: a new key is asked for. Up, and down."""

    def models(*columns: sa.Column[Any]) -> sa.MetaData:
        metadata = sa.MetaData(naming_convention=CONVENTION)
        sa.Table("t", metadata, *columns, sqlite_with_rowid=False)
        return metadata

    def numbered() -> sa.MetaData:
        code = sa.Column("code", sa.String(20), nullable=False, unique=True)
        return models(sa.Column("id", sa.Integer, primary_key=True), code)

    lab_sqlite.change(models(sa.Column("code", sa.String(20), primary_key=True)))
    lab_sqlite.rows("INSERT INTO t VALUES ('a'), ('b')")
    assert "fill=t.id=sql:EXPRESSION" in lab_sqlite.refused(numbered())
    lab_sqlite.change(numbered(), "fill=t.id=sql:unicode(code)")
    assert lab_sqlite.rows("SELECT code, id FROM t") == [("a", 97), ("b", 98)]
    lab_sqlite.downgrade()
    assert lab_sqlite.rows("SELECT code FROM t") == [("a",), ("b",)]
