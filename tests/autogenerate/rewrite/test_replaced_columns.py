"""On SQLite, all columns of a table can be replaced: its rows stay, in both directions."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Computed, Integer, MetaData, String, Table
from support.lab import Lab

Columns = list[Column[Any]]


def models(columns: Columns) -> MetaData:
    """Return a table of some columns."""
    metadata = MetaData(naming_convention={"pk": "pk_%(table_name)s"})
    Table("a", metadata, *columns)
    return metadata


def key(name: str) -> Column[Any]:
    """Return a primary key, by which SQLite counts."""
    return Column(name, Integer, primary_key=True)


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("old", "new", "answers", "rows"),
    [
        ([key("x")], [key("id")], ["fill=a.id=sql:x + 1"], [(1,), (2,)]),
        (
            [key("x")],
            [key("w"), Column("v", String(5), Computed("w || 'a'"))],
            ["fill=a.w=sql:x + 1"],
            [(1,), (2,)],
        ),
        ([Column("x", Integer)], [key("id")], ["fill=a.id=sql:x + 1"], [(None,), (None,)]),
        ([Column("x", Integer)], [Column("z", Integer, server_default="5", nullable=False)], [], [(None,), (None,)]),
    ],
    ids=["key", "key and computed", "a key is new", "no key"],
)
def test_all_columns_are_replaced(lab: Lab, old: Columns, new: Columns, answers: list[str], rows: list[Any]) -> None:
    lab.change(models(old))
    before = lab.schema()
    lab.rows("INSERT INTO a (x) VALUES (7), (8)")
    lab.change(models(new), "allow-drop=a.x", *answers)
    assert lab.rows("SELECT count(*) FROM a") == [(2,)]
    lab.downgrade()
    assert lab.rows("SELECT x FROM a ORDER BY x") == rows
    assert lab.schema() == before
