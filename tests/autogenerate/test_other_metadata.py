"""Models that autogenerate has imported, and does not see: B7."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from alembic.util import CommandError
from support.lab import making_lab

HEAD = """\
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

class Base(DeclarativeBase):
    pass

class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
Make = Callable[[str], Any]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A function that makes a package of models, from the code after that of Base and Book, and imports it."""

    def make(code: str) -> Any:
        package = tmp_path / "shop_of_b7"
        package.mkdir()
        (package / "__init__.py").write_text(HEAD + dedent(code), encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, package.name, raising=False)
        __import__(package.name)
        imported = sys.modules.pop(package.name)
        monkeypatch.setitem(sys.modules, package.name, imported)
        return imported

    return make


def lab_of(tmp_path: Path, off: str = "") -> Any:
    """Return a laboratory with that package in its settings."""
    return making_lab("sqlite", tmp_path, f'models = ["shop_of_b7"]\n{off}')


ANOTHER = """
class Other(DeclarativeBase):
    pass

class Hero(Other):
    __tablename__ = "hero"
    id: Mapped[int] = mapped_column(primary_key=True)
"""


@pytest.mark.parametrize(
    ("code", "name", "base"),
    [
        (ANOTHER, "Hero", "Other"),
        ("hero = Table('hero', MetaData(), Column('id', Integer))", "hero", "it"),
        ("class Mixin: x = 1\n" + ANOTHER.replace("Hero(Other)", "Hero(Mixin, Other)"), "Hero", "Other"),
    ],
)
def test_another_metadata(tmp_path: Path, module: Make, code: str, name: str, base: str) -> None:
    """It stops, for revision and check, and names the class and how to join."""
    models = module(code)
    with lab_of(tmp_path) as lab:
        said = lab.refused(models.Base.metadata)
        assert said.startswith(f"shop_of_b7.{name}, with the table hero, has another MetaData than target_metadata")
        assert f"Let {base} have the same (metadata = Base.metadata in the class)" in said
        assert said.endswith("Nothing was written.")
        assert lab.differences() == said


@pytest.mark.parametrize(
    "code",
    [
        "",
        "class Empty(DeclarativeBase): pass\nEMPTY = MetaData()",
        "class Abstract(DeclarativeBase):\n    __abstract__ = True",
        "class Joined(DeclarativeBase):\n    metadata = Base.metadata\n"
        + ANOTHER.partition("pass")[2].replace("(Other)", "(Joined)"),
        "Base.metadata.info['x'] = 1\ncopied = Table('hero', MetaData(), Column('id', Integer))\n"
        "copied.to_metadata(Base.metadata)",
        "bound = Table('hero', MetaData(info={'bind_key': 'far'}), Column('id', Integer))",
        "from autogenerate_of_a_library import TABLE, Model",
    ],
)
def test_no_false_alarm(tmp_path: Path, module: Make, code: str) -> None:
    """Mixins, abstract and empty bases, joined ones, copies, other databases, and what a library has."""
    (tmp_path / "autogenerate_of_a_library.py").write_text(
        HEAD + "\nTABLE = Table('theirs', MetaData(), Column('id', Integer))\nclass Model(Base):\n"
        "    __tablename__ = 'model'\n    id: Mapped[int] = mapped_column(primary_key=True)\n"
    )
    models = module(code)
    with lab_of(tmp_path) as lab:
        lab.change(models.Base.metadata)


def test_several_handed_over(tmp_path: Path, module: Make) -> None:
    """A list of metadata has both."""
    models = module(ANOTHER)
    with lab_of(tmp_path) as lab:
        both: Any = [models.Base.metadata, models.Other.metadata]
        assert "'hero'" in lab.change(both)


def test_it_is_meant(tmp_path: Path, module: Make) -> None:
    """As with several databases."""
    models = module(ANOTHER)
    with lab_of(tmp_path, 'off = ["other_metadata"]') as lab:
        assert "'hero'" not in lab.change(models.Base.metadata)


def test_other_commands_go_on(tmp_path: Path, module: Make) -> None:
    """An upgrade compares nothing."""
    models = module(ANOTHER)
    with lab_of(tmp_path) as lab:
        lab.write("r1", None, "pass")
        lab.models = models.Base.metadata
        lab.upgrade()
        with pytest.raises(CommandError):
            lab.revision(models.Base.metadata)
