"""What would be written is tried before there is a file. C17."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from alembic.autogenerate.render import renderers
from alembic.operations.ops import MigrateOperation
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from support.lab import Lab
from support.models import CONVENTION


class Money(TypeDecorator[Any]):
    """Keeps one argument, and loses the other."""

    impl = String(9)
    cache_ok = True

    def __init__(self, currency: str, *, exact: bool = False) -> None:
        super().__init__()
        self.currency, self.exact = currency, exact


class Lost(TypeDecorator[Any]):
    """Keeps nothing."""

    impl = String(9)
    cache_ok = True

    def __init__(self, unit: str) -> None:
        super().__init__()


@pytest.fixture(autouse=True)
def types(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the project, with its types."""
    module = ModuleType("types_of_a_project")
    for class_ in (Money, Lost):
        monkeypatch.setattr(class_, "__module__", module.__name__)
        setattr(module, class_.__name__, class_)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def models(*columns: Column[Any]) -> MetaData:
    """Return models with one table."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("book", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_keyword_only_arguments_and_variants(lab: Lab) -> None:
    """They are written, in a new table, an added column, and where the type changes."""
    lab.change(models(Column("price", Money("KRW", exact=True))))
    money = Money("KRW", exact=True).with_variant(Money("USD"), "postgresql").with_variant(String(9), "mysql")
    text = lab.change(models(Column("price", Money("KRW", exact=True)), Column("cost", money)))
    code = "types_of_a_project.Money('KRW', exact=True).with_variant(sa.String(length=9), 'mysql')"
    assert f"{code}.with_variant(types_of_a_project.Money('USD'), 'postgresql')" in text
    lab.downgrade("base")
    lab.upgrade()
    assert lab.differences() == ""


def local() -> Any:
    """Return a type whose class no revision can import."""

    class Local(TypeDecorator[Any]):
        impl = String(9)
        cache_ok = True

    return Local()


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    ("type_", "reason"),
    [
        (local(), "is defined inside of a function: define it at the top of a module"),
        (Lost("kg"), "The type types_of_a_project.Lost does not keep its argument unit, so no revision can create"),
    ],
)
def test_what_cannot_be_written(lab_sqlite: Lab, is_new: bool, type_: Any, reason: str) -> None:
    """The sentence names table and column; there is no file, and other commands go on."""
    if not is_new:
        lab_sqlite.change(models())
    said = lab_sqlite.refused(models(Column("title", String(9)), Column("price", type_)))
    assert "book.price" in said
    assert "book.title" not in said
    assert reason in said
    assert said.endswith("Nothing was written.")
    lab_sqlite.change(models(Column("title", String(9))))


def test_code_that_does_not_compile(lab_sqlite: Lab) -> None:
    """Of one column among others."""

    def render_item(type_: str, item: Any, _: Any) -> Any:
        return "sa.String(<9>)" if isinstance(item, Money) else False

    said = lab_sqlite.refused(
        models(Column("title", String(9)), Column("price", Money("KRW"))), render_item=render_item
    )
    assert said.startswith("What would be written about book.price is no code that runs: SyntaxError")


@pytest.mark.parametrize(
    ("template", "is_written"),
    [("from alembic import op\nimport sqlalchemy as sa\n", False), (None, True)],
)
def test_the_template_has_to_write_the_imports(lab_sqlite: Lab, template: str | None, is_written: bool) -> None:
    """Else the revision would not find a name."""
    mako = lab_sqlite.directory / "migrations/script.py.mako"
    if template:
        mako.write_text(template, encoding="utf-8")
    price = models(Column("price", Money("KRW")))
    if is_written:
        lab_sqlite.change(price)
        return
    said = lab_sqlite.refused(price)
    assert "NameError: name 'types_of_a_project' is not defined" in said
    assert "let script.py.mako import what the code needs" in said


def test_a_name_that_only_the_template_imports(lab_sqlite: Lab) -> None:
    """A project's own render_item may rely on it."""
    mako = lab_sqlite.directory / "migrations/script.py.mako"
    text = mako.read_text("utf-8")

    def render_item(type_: str, item: Any, _: Any) -> Any:
        return "mine.Money('KRW')" if isinstance(item, Money) else False

    price = models(Column("price", Money("KRW")))
    assert "NameError: name 'mine' is not defined" in lab_sqlite.refused(price, render_item=render_item)
    mako.write_text(text.replace("from alembic import op", "from alembic import op\nimport types_of_a_project as mine"))
    assert "mine.Money('KRW')" in lab_sqlite.change(price, render_item=render_item)


def test_another_type_than_is_meant(lab_sqlite: Lab) -> None:
    """A hook that renders something else."""

    def render_item(type_: str, item: Any, _: Any) -> Any:
        return "sa.Integer()" if isinstance(item, Money) else False

    said = lab_sqlite.refused(models(Column("price", Money("KRW"))), render_item=render_item)
    assert said.startswith("book.price has the type Money(")
    assert "VARCHAR(9), but what would be written of it makes INTEGER" in said


class OwnOp(MigrateOperation):
    """An operation of a project's own."""

    def __init__(self, code: str) -> None:
        self.code = code


@renderers.dispatch_for(OwnOp)
def _own(_: Any, op: OwnOp) -> str:
    return op.code


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("open('/nowhere').read()", None),  # that is not run to find out
        ("op.execute('SELECT 1')", None),
        ("nowhere.call()", "NameError: name 'nowhere' is not defined"),
        ("op.execute('x'", "SyntaxError"),
        ("op.drop_table()", "TypeError"),
    ],
)
def test_code_of_a_hook(lab_sqlite: Lab, code: str, reason: str | None) -> None:
    """It compiles and finds its names; it is run against a recorder only where that is safe."""

    def hook(_: Any, __: Any, directives: Any) -> None:
        directives[0].upgrade_ops.ops.append(OwnOp(code))

    if reason is None:
        assert code in lab_sqlite.revision(models(), process_revision_directives=hook)
    else:
        assert reason in lab_sqlite.refused(models(), process_revision_directives=hook)


def test_ruff_has_nothing_to_say(lab: Lab, tmp_path: Path) -> None:
    """Of what autogenerate adds: with ruff's own rules, and no import that nothing uses but those of the template."""

    def library(length: int, *labels: str, more: bool = False) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        Table("author", metadata, Column("id", Integer, primary_key=True), Column("name", String(length)))
        columns: list[Column[Any]] = [
            Column("id", Integer, primary_key=True),
            Column("author_id", ForeignKey("author.id"), index=True),
            Column("kind", Enum(*labels, name="kind"), nullable=False, server_default=labels[0]),
            Column("data", JSON().with_variant(JSONB(), "postgresql")),
            Column("price", Money("KRW", exact=True)),
            Column("twice", Integer, Computed("id * 2")),
        ]
        columns += [Column("isbn", String(13), nullable=False, default="x")] if more else []
        book = Table("book", metadata, *columns, CheckConstraint("author_id > 0", name="positive"))
        Index("ix_both", book.c.price, book.c.author_id)
        if more:
            Table(
                "extra",
                metadata,
                Column("id", Integer, primary_key=True),
                Column("at", String(40), server_default=func.now()),
            )
        return metadata

    lab.change(library(9, "a", "b"))
    lab.change(library(20, "a", "b", "c"))
    lab.change(library(20, "a", "b", "c", more=True), "fill=book.isbn=x", "no-rename")
    lab.change(library(20, "a", "b", "c"), "allow-drop", "no-rename")
    rules = ["--isolated", "--select", "E,F,W", "--ignore", "E501,W291,W293"]  # Alembic's own lines are long
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *rules, str(lab.versions)], capture_output=True, text=True, check=False
    )
    lines = [line for line in checked.stdout.splitlines() if line.startswith(("F", "E", "W"))]
    assert not [line for line in lines if not line.startswith("Found") and "F401" not in line], checked.stdout
    assert "types_of_a_project` imported but unused" not in checked.stdout
    assert "postgresql` imported but unused" not in checked.stdout
