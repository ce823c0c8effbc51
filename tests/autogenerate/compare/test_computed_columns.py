"""Computed columns are dropped and added, with what is on them, when their expression changes."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Computed, Integer, MetaData, Numeric, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION


def models(double: str, fifth: str) -> MetaData:
    """Return a table with two computed columns, one with an index and one with a UNIQUE."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("size", Integer, nullable=False),
        Column("double", Integer, Computed(double, persisted=True), index=True),
        Column("fifth", Integer, Computed(fifth, persisted=True), unique=True),
    )
    return metadata


@pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)
def test_two_at_once(lab: Lab) -> None:
    """Neither is taken for a rename of the other; an index and a UNIQUE are created again; up and down."""
    lab.change(models("size * 2", "size * 5"))
    lab.rows("INSERT INTO thing (id, size) VALUES (1, 7)")
    before = lab.schema()
    lab.change(models("size * 3", "size * 6"))
    assert lab.rows("SELECT double, fifth FROM thing") == [(21, 42)]
    with pytest.raises(DBAPIError):
        lab.rows("INSERT INTO thing (id, size) VALUES (2, 7)")
    lab.downgrade()
    assert {name: sorted(items) for name, items in lab.schema().items()} == {
        name: sorted(items) for name, items in before.items()
    }


@pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)
def test_of_a_type_with_a_comma(lab: Lab) -> None:
    """SQLAlchemy does not read its expression on SQLite; on PostgreSQL it is compared as a value of that type."""
    metadata = MetaData()
    total = Column("total", Numeric(12, 3), Computed("price * 2", persisted=True))
    Table("thing", metadata, Column("id", Integer, primary_key=True), Column("price", Numeric(10, 2)), total)
    lab.change(metadata)


@pytest.mark.parametrize(
    ("expression", "same"),
    [("size  *  2", True), ("(size * 2)", True), ("2 * size", False), ("size * 2 + 0", False)],
)
def test_another_expression(lab_postgresql: Lab, expression: str, same: bool) -> None:
    """PostgreSQL is asked whether it is one."""
    lab_postgresql.change(models("size * 2", "size * 5"))
    assert (lab_postgresql.differences(models(expression, "size * 5")) == "") == same
