"""Computed columns are dropped and added, with what is on them, when their expression changes."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from sqlalchemy import Column, Computed, Integer, MetaData, Numeric, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION


def models(twice: str, fifth: str) -> MetaData:
    """Return a table with two computed columns, one with an index and one with a UNIQUE."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", Integer, nullable=False),
        Column("twice", Integer, Computed(twice, persisted=True), index=True),
        Column("fifth", Integer, Computed(fifth, persisted=True), unique=True),
    )
    return metadata


def test_two_at_once(lab: Lab) -> None:
    """Neither is taken for a rename of the other; an index and a UNIQUE are created again; up and down."""
    lab.change(models("size * 2", "size * 5"))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    before = lab.schema()
    lab.change(models("size * 3", "size * 6"))
    assert lab.rows("SELECT twice, fifth FROM thing") == [(21, 42)]
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO thing (id, size) VALUES (2, 7)")
    lab.downgrade()
    assert {name: sorted(items) for name, items in lab.schema().items()} == {
        name: sorted(items) for name, items in before.items()
    }


def test_of_a_type_with_a_comma(lab: Lab) -> None:
    """SQLAlchemy does not read its expression on SQLite; on PostgreSQL it is compared as a value of that type."""
    metadata = MetaData()
    total = Column("total", Numeric(12, 3), Computed("price * 2", persisted=True))
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("price", Numeric(10, 2)), total)
    lab.change(metadata)


@pytest.mark.parametrize(
    ("expression", "same"),
    [
        ("(size + 1)  *  2", True),
        ("((size + 1) * 2)", True),
        ("2 * (size + 1)", False),
        ("size + (1 * 2)", False),
        ("(size + 1) * 2 + 0", False),
    ],
)
def test_another_expression(lab: Lab, expression: str, same: bool) -> None:
    """B1, B3: the database is asked whether it is one."""
    lab.change(models("(size + 1) * 2", "size % 5"))
    assert (lab.differences(models(expression, "size % 5")) == "") == same


def plain_or_computed(computed: Computed | None, **index: Any) -> MetaData:
    """Return a table with a column that may be computed."""
    metadata = MetaData(naming_convention=CONVENTION)
    column: Column[Any] = Column("twice", Integer, *([computed] if computed is not None else []), **index)
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("size", Integer), column)
    return metadata


@pytest.mark.parametrize("index", [{}, {"index": True}, {"unique": True}])
def test_a_column_becomes_computed_and_back(lab: Lab, index: dict[str, bool]) -> None:
    """B8: after the question of losing its values; as it was computed, there is none."""
    plain, computed = (plain_or_computed(each, **index) for each in (None, Computed("size * 2", persisted=True)))
    lab.change(plain)
    lab.rows("INSERT INTO thing (id, size, twice) VALUES (1, 7, 5)")
    assert "thing.twice" in lab.refused(computed)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "Computed default")  # Alembic's
        lab.change(computed, "allow-drop=thing.twice")
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(None,)]
    lab.upgrade()
    lab.change(plain_or_computed(None, **index))
    lab.rows("UPDATE thing SET twice = 3")
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]


@pytest.mark.parametrize("lab", ["sqlite", "mysql"], indirect=True)
def test_whether_it_is_stored(lab: Lab) -> None:
    """B8: that changes as well, and without a question; PostgreSQL 15 stores all of them."""
    lab.change(plain_or_computed(Computed("size * 2")))
    assert lab.differences(plain_or_computed(Computed("size * 2", persisted=False))) == ""
    lab.change(plain_or_computed(Computed("size * 2", persisted=True)))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
    lab.downgrade()
    assert lab.rows("SELECT twice FROM thing") == [(14,)]
