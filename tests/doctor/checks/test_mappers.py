"""Checks of the models as the application uses them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy.orm import clear_mappers
from support.plain import plain_project
from support.reports import outcomes

from alembic_proof.doctor.findings import Severity

MODELS = """\
from sqlalchemy import Column, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import declarative_base, relationship

Base = declarative_base()


class Owner(Base):
    __tablename__ = "owners"
    id = Column(Integer, primary_key=True)
    n = Column(Integer)
    __table_args__ = (Index("ix_n", "n"), UniqueConstraint("n", name="uq_n"))


class Dog(Base):
    __tablename__ = "dogs"
    id = Column(Integer, primary_key=True)
    n = Column(ForeignKey("owners.id"))
    owner = relationship("Owner")
    __table_args__ = (
        UniqueConstraint("n", name="uq_dogs"),
        Index("ix_dogs", "n"),
    )
"""
KEYS = "keys-lead-to-tables"
GIVEN = "target_metadata="
UNIQUE, COMPLETE = "names-are-unique", "mappers-are-complete"
OTHER = (
    "from {0} import Base, Column, Integer\nclass Cat(Base):\n    __tablename__ = 'cats'\n    id = Column(Integer)\n"
)


@pytest.mark.parametrize(
    ("old", "new", "check", "line", "words"),
    [
        ('"ix_dogs"', '"ix_n"', UNIQUE, 21, "name it for its table: ix_dogs_n"),
        ('"uq_dogs"', '"uq_n"', UNIQUE, 0, ""),  # on SQLite the table has it alone
        ('"owners.id"', '"owners.id"', UNIQUE, 0, ""),
        ('"owners.id"', '"owners.id"', COMPLETE, 0, ""),
        ('"owners.id"', '"owners.id"', KEYS, 0, ""),
        ('"owners.id"', '"owner.id"', KEYS, 17, "did you mean owners.id?"),
        ('"owners.id"', '"owners.number"', KEYS, 17, "name one of its columns: id, n"),
        ('relationship("Owner")', 'relationship("Ownr")', COMPLETE, 18, "did you mean Owner?"),
        (
            'relationship("Owner")',
            'relationship("Cat")',
            COMPLETE,
            18,
            "import {0}_cats wherever the models are imported",
        ),
        ('relationship("Owner")', 'relationship("Zebra")', COMPLETE, 18, "write Zebra as the class is called"),
        ('"Owner")', '"Owner", back_populates="dogs")', COMPLETE, 7, "add dogs, or correct the back_populates"),
    ],
)
def test_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, check: str, line: int, words: str
) -> None:
    """Each fault at its line."""
    name = f"dogs_{abs(hash((old, new, check)))}"  # modules stay loaded
    monkeypatch.syspath_prepend(tmp_path)
    assert old in MODELS
    files = {f"{name}.py": MODELS.replace(old, new), f"{name}_cats.py": OTHER.format(name)}
    imported = f"import {name}\nimport sqlalchemy as sa"
    edits = [
        ("import sqlalchemy as sa", imported),
        ("target_metadata=target_metadata", f"target_metadata={name}.Base.metadata"),
    ]
    try:
        outcome = outcomes(plain_project(tmp_path, *edits, files=files), check)[check]
    finally:
        clear_mappers()  # else one that is not complete fails in other tests
        monkeypatch.delitem(sys.modules, name)
    wanted = Severity.NOTE if "Cat" in new else Severity.PROBLEM  # the application may import more than env.py
    assert outcome.severity is (wanted if line else Severity.OK), outcome
    if line:
        assert outcome.findings[0].where == f"{name}.py:{line}"
        assert words.format(name) in outcome.findings[0].fix


def test_a_key_to_a_table_of_another_metadata(tmp_path: Path) -> None:
    """That env.py hands over beside it."""
    table = 'sa.Table("b", other, sa.Column("id", sa.ForeignKey("a.id"), primary_key=True))'
    more = f"other = sa.MetaData()\n{table}\ndef run_migrations_offline"
    edits = [("def run_migrations_offline", more), (f"{GIVEN}target_metadata", f"{GIVEN}[target_metadata, other]")]
    project = plain_project(tmp_path, *edits)
    assert outcomes(project, KEYS)[KEYS].severity is Severity.OK
