"""UNIQUE constraints that have no name on SQLite."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, Table, UniqueConstraint
from support.lab import Lab


def models(*items: Any) -> MetaData:
    """Return a table with two columns, and what is given."""
    metadata = MetaData()
    columns = (Column("id", Integer, primary_key=True), Column("a", Integer), Column("b", Integer))
    Table("thing", metadata, *columns, *items)
    return metadata


@pytest.mark.parametrize(
    ("wanted", "is_dropped"),
    [
        ([UniqueConstraint("a", "b")], False),
        ([UniqueConstraint("b", "a")], False),
        ([UniqueConstraint("a", "b", name="uq")], False),
        ([Index("ix", "b", "a", unique=True)], False),
        ([Index("ix", "b", "a")], True),
        ([], True),
        ([UniqueConstraint("a")], True),
    ],
)
def test_is_dropped_where_nothing_else_is_unique(lab_sqlite: Lab, wanted: list[Any], is_dropped: bool) -> None:
    """Whatever its name or the order of its columns."""
    lab_sqlite.change(models(UniqueConstraint("a", "b")))
    differences = lab_sqlite.differences(models(*wanted))
    assert differences.count("remove_constraint") == is_dropped
