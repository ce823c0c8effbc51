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
        ([UniqueConstraint("a", "b", name="uq")], True),
        ([Index("ix", "b", "a", unique=True)], True),
        ([Index("ix", "b", "a")], True),
        ([], True),
        ([UniqueConstraint("a")], True),
    ],
)
def test_is_dropped_where_the_models_have_none(lab_sqlite: Lab, wanted: list[Any], is_dropped: bool) -> None:
    """Whatever the order of its columns; one with a name, or a unique index, takes the place of that without."""
    lab_sqlite.change(models(UniqueConstraint("a", "b")))
    differences = lab_sqlite.differences(models(*wanted))
    assert differences.count("remove_constraint") == is_dropped


@pytest.mark.parametrize("after", ["uq", None])
def test_it_gets_or_loses_a_name(lab_sqlite: Lab, after: str | None) -> None:
    """There is one of them then, up, down and up; a name that the models give up stays, as it does no harm."""

    def uniques() -> int:
        ((sql,),) = lab_sqlite.rows("SELECT sql FROM sqlite_master WHERE name = 'thing'")
        return str(sql).count("UNIQUE")

    lab_sqlite.change(models(UniqueConstraint("a", "b", name=None if after else "uq")))
    if after is None:
        assert lab_sqlite.differences(models(UniqueConstraint("a", "b"))) == ""
        return
    lab_sqlite.change(models(UniqueConstraint("a", "b", name=after)))
    assert uniques() == 1
    lab_sqlite.downgrade()
    assert uniques() == 1
    lab_sqlite.upgrade()
    assert uniques() == 1
    lab_sqlite.change(models())
    assert uniques() == 0
