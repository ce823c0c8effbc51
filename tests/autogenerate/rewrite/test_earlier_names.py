"""A naming convention that comes later than the tables: what older revisions have to name is said."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table
from support.lab import Lab

from alembic_proof.autogenerate.rewrite.earlier_names import _says

CONVENTION = {
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
CHOSEN = {
    "postgresql": ["c_p_id_fkey", "c_p_id_key", "c_pkey", "p_pkey"],
    "mysql": ["c_ibfk_1", "p_id"],
}


def models(convention: Any = None) -> MetaData:
    """Return two tables, one of which refers to the other."""
    metadata = MetaData(naming_convention=convention)
    Table("p", metadata, Column("id", Integer, primary_key=True))
    Table(
        "c",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("p_id", Integer, ForeignKey("p.id"), unique=True),
    )
    return metadata


@pytest.fixture(params=CHOSEN)
def lab(request: pytest.FixtureRequest) -> Lab:
    """On databases that choose names; SQLite chooses none."""
    made: Lab = request.getfixturevalue(f"lab_{request.param}")
    return made


def test_a_convention_that_comes_later(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """What it says helps: with the names in the first revision, a new database reaches the head."""
    lab.change(models())
    (first,) = lab.versions.glob("*.py")
    lab.change(models(CONVENTION))
    (said,) = [message for message in caplog.messages if message.startswith("No revision names")]
    names = said.partition("No revision names ")[2].partition(":")[0].split(", ")
    assert names == CHOSEN["mysql" if "c_ibfk_1" in names else "postgresql"]
    unnamed = {
        "sa.ForeignKeyConstraint(['p_id'], ['p.id'], )": ["c_p_id_fkey", "c_ibfk_1"],
        "sa.UniqueConstraint('p_id')": ["c_p_id_key", "p_id"],
    }
    text = first.read_text("utf-8")
    for code, chosen in unnamed.items():
        (name,) = [each for each in chosen if each in names]
        text = text.replace(code, f"{code[:-1].rstrip(', ')}, name=op.f({name!r}))")
    for table in ("c", "p") if "c_pkey" in names else ():
        before, made, after = text.partition(f"op.create_table('{table}'")
        text = before + made + after.replace("sa.PrimaryKeyConstraint('id')", named(table), 1)
    lab.downgrade("base")
    first.write_text(text, "utf-8")
    lab.upgrade()
    assert lab.differences() == ""


def named(table: str) -> str:
    """Return the key of a table, with the name that PostgreSQL chose."""
    return f"sa.PrimaryKeyConstraint('id', name=op.f('{table}_pkey'))"


def test_without_a_convention_or_with_one_from_the_first_day(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said where a new database gets the same names."""
    lab.change(models())
    without = models()
    without.remove(without.tables["c"])
    Table("c", without, Column("id", Integer, primary_key=True), Column("p_id", Integer, unique=True))
    lab.change(without)
    lab.downgrade("base")
    lab.upgrade()
    assert "No revision names" not in caplog.text


SAID = [
    ("op.create_unique_constraint(op.f('uq_x'), 't', ['x'])", "uq_x", False, True),
    ("op.execute('ALTER INDEX ix RENAME TO own')", "own", False, True),
    ("sa.UniqueConstraint('x_id')", "x_id", True, False),
    ("sa.UniqueConstraint('x_id', name='x_id')", "x_id", True, True),
    ("op.execute('ALTER TABLE t RENAME INDEX a TO x_id')", "x_id", True, True),
    ("sa.Column('uq_xy')", "uq_x", False, False),
]


@pytest.mark.parametrize(("text", "name", "is_column", "expected"), SAID)
def test_which_names_a_revision_says(text: str, name: str, is_column: bool, expected: bool) -> None:
    """A name that a column has too stands for the column, but where it is said to be another's."""
    assert _says(text, name, is_column) is expected
