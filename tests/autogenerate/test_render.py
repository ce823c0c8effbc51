"""How operations, types and server defaults are written into a revision."""

from __future__ import annotations

import enum
import sys
from datetime import date, datetime
from decimal import Decimal
from types import ModuleType
from typing import Any
from unittest.mock import Mock
from uuid import UUID

import pytest
from alembic.autogenerate.render import render_op
from alembic.operations.ops import AlterColumnOp, CreateCheckConstraintOp
from alembic.util import CommandError
from sqlalchemy import (
    ARRAY,
    JSON,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    DefaultClause,
    Enum,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    func,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import DOMAIN, ENUM, JSONB
from sqlalchemy.types import UserDefinedType
from support.lab import Lab
from support.models import CONVENTION, dialect_of

from alembic_proof import upstream
from alembic_proof.autogenerate import operations, render
from alembic_proof.autogenerate.render import execute, render_item, update


class Money(TypeDecorator[Any]):
    """An amount in a currency."""

    impl = Numeric(12, 2)
    cache_ok = True

    def __init__(self, currency: str) -> None:
        super().__init__()
        self.currency = currency


class Code(TypeDecorator[str]):
    """Without arguments of its own."""

    impl = String
    cache_ok = True


class Raw(UserDefinedType[Any]):
    """Known to the database only."""

    cache_ok = True

    def __init__(self, size: int) -> None:
        self.size = size

    def get_col_spec(self, **kw: Any) -> str:
        """Return the SQL."""
        return f"VARCHAR({self.size})"


class Lost(TypeDecorator[str]):
    """Does not keep its argument."""

    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str) -> None:
        super().__init__()
        self.factor = len(unit)


class Kept(TypeDecorator[str]):
    """Keeps its arguments, one of which only a keyword can give, in its own way."""

    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str, *, exact: bool = False) -> None:
        super().__init__()
        self._unit, self.exact = unit, exact


class Told(Kept):
    """Tells it."""

    def __repr__(self) -> str:
        return f"Told({self._unit!r})"


HERE = __name__


def context(dialect: str) -> Any:
    """Return what render_item() gets."""
    return Mock(dialect=dialect_of(dialect), imports=set())


@pytest.mark.parametrize(
    ("default", "expected"),
    [
        (func.now(), "sa.func.now()"),
        (func.current_timestamp(), False),
        (text("a > ' :y'"), "sa.text(\"a > ' \\\\:y'\")"),
        ("it's", '"it\'s"'),
        ("'", '"\'"'),
    ],
)
def test_server_defaults(default: Any, expected: Any) -> None:
    """Alembic writes now() in the words of the database, and cuts off quotes."""
    assert render_item("server_default", DefaultClause(default), context("sqlite")) == expected


@pytest.mark.parametrize(
    ("dialect", "version", "persisted", "expected"),
    [
        ("postgresql", (15, 4), None, ", persisted=True"),
        ("postgresql", (18, 0), None, ""),
        ("postgresql", None, None, ""),
        ("postgresql", (18, 0), True, ", persisted=True"),
        ("postgresql", (18, 0), False, ", persisted=False"),
        ("sqlite", (3, 40), None, ""),
        ("mysql", (10, 11), True, ", persisted=True"),
    ],
)
def test_computed(dialect: str, version: Any, persisted: bool | None, expected: str) -> None:
    """Where PostgreSQL can only store the values, the revision says so: offline, nobody knows the version."""
    about = context(dialect)
    about.dialect.server_version_info = version
    about.migration_context.impl.render_ddl_sql_expr = str
    code = render_item("server_default", Computed("a + 1", persisted=persisted), about)
    assert code == f"sa.Computed('a + 1'{expected})"


def test_options_that_say_nothing(lab_postgresql: Lab) -> None:
    """SQLAlchemy reads them of each index and UNIQUE; they are not written."""
    lab = lab_postgresql
    models = MetaData()
    columns = [Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer, Computed("a + 1"))]
    Table("t", models, *columns, UniqueConstraint("a"), Index("i", "a", postgresql_where=text("a > 1")))
    assert "sa.Computed('a + 1', persisted=True)" in lab.change(models)
    assert "GENERATED ALWAYS AS (a + 1) STORED" in lab.sql()
    other = MetaData()
    Table("u", other, Column("id", Integer, primary_key=True))
    written = lab.change(other, "allow-drop=t")
    assert "UniqueConstraint('a', name=op.f('t_a_key'))" in written
    assert "postgresql_include" not in written
    lab.downgrade()


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (String(9), False),
        (Money("USD"), f"{HERE}.Money('USD')"),
        (Code(12), f"{HERE}.Code(length=12)"),
        (Raw(33), f"{HERE}.Raw(33)"),
        (Told("kg"), f"{HERE}.Told('kg')"),
        (Told("kg", exact=True), f"{HERE}.Told('kg', exact=True)"),
        (Kept("kg", exact=True), f"{HERE}.Kept('kg', exact=True)"),
        (Enum("a", "b", name="kind"), False),
    ],
)
def test_types(type_: Any, expected: Any) -> None:
    """Those of a project's own, with their arguments and their import."""
    about = context("sqlite")
    assert render_item("type", type_, about) == expected
    assert about.imports == ({f"import {HERE}"} if expected else set())


def test_other_items_are_alembics() -> None:
    """Nothing else is rendered by us."""
    assert render_item("column", Column("a", Integer), context("sqlite")) is False


def test_the_arguments_of_a_type_are_not_lost() -> None:
    """A sentence says what the type has to do for it."""
    with pytest.raises(CommandError, match=r"Lost does not keep its argument unit, so no revision can create an equal"):
        render_item("type", Lost("kg"), context("sqlite"))


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (Enum("a", "it's", name="kind"), "{Enum}('a', \"it's\", name='kind', create_type=False)"),
        (ARRAY(Enum("a", name="kind")), "sa.ARRAY({Enum}('a', name='kind', create_type=False))"),
        (Enum("a", name="kind", schema="crm"), "{Enum}('a', name='kind', schema='crm', create_type=False)"),
        (JSONB(), False),
    ],
)
def test_types_on_postgresql(type_: Any, expected: Any) -> None:
    """Statements of the revision itself create and drop an enum's type."""
    enum_ = "sa.Enum" if upstream.enums_have_create_type() else "postgresql.ENUM"
    code = expected and expected.replace("{Enum}", enum_)
    assert render_item("type", type_, context("postgresql")) == code


def test_a_domain_that_alembic_does_not_write() -> None:
    """As in 1.18: what statements of the revision create is named, with the type below it."""
    postgresql = context("postgresql")
    postgresql.migration_context.impl.render_type = lambda *_: False
    domain = DOMAIN("code", String(9), schema="crm", check="VALUE <> ''")
    code = "postgresql.DOMAIN('code', sa.String(length=9), schema='crm', create_type=False)"
    assert render_item("type", domain, postgresql) == code
    assert render_item("type", ARRAY(DOMAIN("code", Raw(3))), postgresql) == (
        f"sa.ARRAY(postgresql.DOMAIN('code', {HERE}.Raw(3), create_type=False))"
    )
    assert postgresql.imports == {"from sqlalchemy.dialects import postgresql", f"import {HERE}"}


def test_jsonb_elsewhere() -> None:
    """Alembic writes JSONB(astext_type=Text())."""
    about = context("sqlite")
    assert render_item("type", JSONB(), about) is False
    assert about.imports == {"from sqlalchemy import Text"}


TABLE = Table("t", MetaData(), Column("a", Integer), Column("B", Integer))
OLD, NEW = (
    Table("t", MetaData(), *(Column(name, Integer) for name in ("a", "B")), PrimaryKeyConstraint(*names, name=name))
    for names, name in ((["a"], "older"), (["a", "B"], "newer"))
)
CHANGE_KEY = operations.ChangePrimaryKeyOp(OLD.primary_key, NEW.primary_key)


@pytest.mark.parametrize(
    ("op", "dialect", "expected"),
    [
        (operations.RenameTableBothWaysOp("a", "b"), "sqlite", ["op.rename_table('a', 'b')"]),
        (operations.RenameTableBothWaysOp("a", "b", schema="s"), "sqlite", ["op.rename_table('a', 'b', schema='s')"]),
        (operations.IndexSqlOp("i", "CREATE INDEX i ON t (a)"), "sqlite", ["op.execute('CREATE INDEX i ON t (a)')"]),
        (operations.IndexSqlOp("I", "", drop=True, schema="s"), "postgresql", ["op.execute('DROP INDEX s.\"I\"')"]),
        (operations.EnsureExistsOp("SCHEMA", "s"), "postgresql", ["op.execute('CREATE SCHEMA IF NOT EXISTS s')"]),
        (
            operations.EnsureExistsOp("SCHEMA", "s").reverse(),
            "postgresql",
            ["# The schema s is kept: it may have existed before, and others may use it."],
        ),
        (
            operations.FillRowsOp("t", None, {"a": "", "b": "sa.true()"}, {}),
            "sqlite",
            [
                "# This fails while a row of t has no a: fill it first.",
                "op.execute(\n    sa.update(sa.table('t', sa.column('b')))\n    .where(sa.column('b').is_(None))\n"
                "    .values({'b': sa.true()})\n)",
            ],
        ),
        (
            operations.EnumTypeOp(ENUM(name="kind"), [" :b", "c"], [" :b"]),
            "postgresql",
            [
                "# This fails while a row has 'c': change such rows first.",
                "op.execute('ALTER TYPE kind RENAME TO kind_before')",
                "op.execute(\"CREATE TYPE kind AS ENUM (' \\\\:b')\")",
                "op.execute('DROP TYPE kind_before')",
            ],
        ),
        (
            operations.CastColumnOp("t", "a", existing_type=String(9), modify_type=Integer()),
            "postgresql",
            [
                "# Not all of a text is kept: leading zeros, or a time zone, are gone.",
                "op.alter_column('t', 'a',\n           existing_type=sa.String(length=9),\n"
                "           type_=sa.Integer(),\n           postgresql_using='a::INTEGER')",
            ],
        ),
        (
            operations.CastColumnOp("t", "a", existing_type=Integer(), modify_type=String(9)),
            "postgresql",
            [
                "op.alter_column('t', 'a',\n           existing_type=sa.Integer(),\n"
                "           type_=sa.String(length=9))"
            ],
        ),
        (
            CHANGE_KEY,
            "mysql",
            ["op.execute('ALTER TABLE t MODIFY a INTEGER NOT NULL, DROP PRIMARY KEY, ADD PRIMARY KEY (a, `B`)')"],
        ),
        (
            CHANGE_KEY,
            "postgresql",
            ["op.drop_constraint('older', 't', type_='primary')", "op.create_primary_key('newer', 't', ['a', 'B'])"],
        ),
        (
            operations.ChangePrimaryKeyOp(OLD.primary_key, PrimaryKeyConstraint(OLD.c.a, name="New")),
            "postgresql",
            ["op.execute('ALTER TABLE t RENAME CONSTRAINT older TO \"New\"')"],
        ),
        (
            operations.DestructiveOp(AlterColumnOp("t", "a", modify_nullable=True)),
            "sqlite",
            ["op.alter_column('t', 'a',\n           nullable=True)  # destroys data"],
        ),
    ],
)
def test_operations(op: Any, dialect: str, expected: list[str]) -> None:
    """The code of each."""
    opts = {"sqlalchemy_module_prefix": "sa.", "alembic_module_prefix": "op.", "user_module_prefix": None}
    about = Mock(dialect=dialect_of(dialect), imports=set(), opts=opts, _has_batch=False)
    about.migration_context.impl.render_type.return_value = False
    assert render_op(about, op) == expected


def test_a_check_that_alembic_does_not_write() -> None:
    """In 1.18: with its options."""
    about = context("postgresql")
    about._has_batch, about.opts = False, {"alembic_module_prefix": "op."}
    about.migration_context.impl.render_ddl_sql_expr = str
    table = Table("t", MetaData(), Column("a", Integer))
    op: Any = CreateCheckConstraintOp.from_constraint(
        CheckConstraint(text("a > 0"), name="ck", table=table, postgresql_not_valid=True)
    )
    assert render._add_check(about, op) == "op.create_check_constraint('ck', 't', 'a > 0', postgresql_not_valid=True)"


def test_update() -> None:
    """Of SQLAlchemy's, as a revision serves several databases."""
    values = {"c": "sa.true()", "d": "sa.null()"}
    assert update(operations.FillRowsOp("t", "s", values, {}), values, ".is_(None)") == (
        "op.execute(\n    sa.update(sa.table('t', sa.column('c'), sa.column('d'), schema='s'))\n"
        "    .where(sa.column('c').is_(None))\n"
        "    .values({'c': sa.true(), 'd': sa.null()})\n)"
    )


def test_execute() -> None:
    """Nothing in it is a parameter."""
    assert execute("SELECT ':a' || b::text") == "op.execute(\"SELECT '\\\\:a' || b::text\")"


class Colour(enum.Enum):
    """Two of them."""

    RED = "red"
    BLUE = "blue"


def one_of_everything() -> MetaData:
    """Return a table with many types and defaults."""
    metadata = MetaData(naming_convention=CONVENTION)
    columns: list[Column[Any]] = [
        Column("id", Uuid, primary_key=True),
        Column("size", Integer, server_default=text("1"), comment="크기", nullable=False),
        Column("label", String(20), server_default="it's", nullable=False),
        Column("empty", String(20), server_default="", nullable=False),
        Column("price", Numeric(10, 2), server_default="2.50", nullable=False),
        Column("born", Date, default=date(2026, 1, 5)),
        Column("made_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
        Column("seen_at", DateTime, server_default=func.current_timestamp()),
        Column("colour", Enum(Colour, native_enum=False, length=20), server_default="RED", nullable=False),
        Column("data", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        Column("plain", JSON()),
        Column("blob", LargeBinary),
        Column("twice", Integer, Computed("size * 2")),
        Column("money", Money("USD"), nullable=False),
        Column("code", Code(12), nullable=False),
        Column("raw", Raw(33), nullable=False),
    ]
    check = CheckConstraint("size > 0 AND size < 100", name="size_in_range")
    Table("thing", metadata, *columns, check, Index(None, "label", "size"), comment="모든 것")
    return metadata


def test_one_of_everything(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It runs, and is quiet afterwards; down, and up again."""
    module = ModuleType("types_of_the_project")
    for class_ in (Money, Code, Raw):
        monkeypatch.setattr(class_, "__module__", module.__name__)
        setattr(module, class_.__name__, class_)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    written = lab.change(one_of_everything())
    for code in ("Money('USD')", "Code(length=12)", "Raw(33)"):
        assert f"types_of_the_project.{code}" in written
    assert written.count("import types_of_the_project") == 1
    lab.downgrade("base")
    lab.upgrade()
    assert lab.differences() == ""


SIGNS = "50% :off 'x'"


def test_signs_that_mean_something_to_drivers(lab: Lab) -> None:
    """Percent signs, colons and quotes stay what they are: in CHECKs, defaults, labels, names, and what rows get."""

    def models(*more: Column[Any], length: int = 20) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        columns: list[Column[Any]] = [
            Column("id", Integer, primary_key=True),
            Column("name", String(length), server_default=SIGNS, nullable=False),
            Column("size", Integer, nullable=False),
            Column("third", Integer, Computed("size % 3")),
        ]
        Table("thing", metadata, *columns, *more, CheckConstraint("name <> '100%'", name="named"))
        return metadata

    lab.change(models())
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 5)")
    before = lab.schema()
    assert lab.rows("SELECT name, third FROM thing") == [(SIGNS, 2)]
    kind: Column[Any] = Column("kind", Enum("a%b", "c:d", name="ki%nd"), default="a%b", nullable=False)
    half: Column[Any] = Column("half", String(20), default=SIGNS, server_default=text("'7%'"), nullable=False)
    lab.change(models(kind, half, length=30))
    assert lab.rows("SELECT name, third, kind, half FROM thing") == [(SIGNS, 2, "a%b", "7%")]
    lab.downgrade()
    assert lab.schema() == before


def test_comments(lab: Lab) -> None:
    """Of tables and columns, with any signs; SQLite has none. Up, and down."""

    def models(*comments: str | None) -> MetaData:
        metadata = MetaData()
        Table("thing", metadata, Column("id", Integer, primary_key=True, comment=comments[0]), comment=comments[1])
        return metadata

    def comments() -> tuple[Any, Any]:
        inspector = inspect(lab.engine)
        return inspector.get_columns("thing")[0].get("comment"), inspector.get_table_comment("thing")["text"]

    lab.change(models("물건", None))
    if "sqlite" in lab.url:
        return
    lab.change(models("it's 100%", "it's 100% : 물건들"))
    assert comments() == ("it's 100%", "it's 100% : 물건들")
    lab.downgrade()
    assert comments() == ("물건", None)


@pytest.mark.parametrize("value", [Decimal("2.50"), UUID(int=1), datetime(2026, 1, 5)])
def test_python_values_are_no_server_defaults(value: Any) -> None:
    """Alembic refuses them, and so do we not render them."""
    assert render_item("server_default", Mock(arg=value), context("sqlite")) is False
