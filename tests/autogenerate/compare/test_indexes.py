"""The expressions and predicates of indexes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, func
from sqlalchemy import text as sql
from support.lab import Lab

SQL = {
    "sqlite": "SELECT sql FROM sqlite_master WHERE name IN ('small', 'lowered') ORDER BY name",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE indexname IN ('small', 'lowered') ORDER BY indexname",
}


def models(*parts: str, function: str = "lower", limit: int = 9, name: str = "name") -> MetaData:
    """Return a table with an index of an expression, and one with a predicate, if they are named."""
    metadata = MetaData()
    predicate = sql(f"size < {limit}")
    indexes = {
        "small": Index("small", "size", sqlite_where=predicate, postgresql_where=predicate),
        "lowered": Index("lowered", getattr(func, function)(sql(name))),
    }
    columns: list[Column[Any]] = [
        Column("id", Integer, primary_key=True),
        Column(name, String(20)),
        Column("size", Integer),
    ]
    Table("thing", metadata, *columns, *(indexes[part] for part in parts))
    return metadata


def indexes(lab: Lab) -> list[str]:
    """Return the indexes, as the database has them."""
    return [definition for (definition,) in lab.rows(SQL[lab.engine.dialect.name])]


BOTH = pytest.mark.parametrize("lab", ["sqlite", "postgresql"], indirect=True)  # MariaDB has no such indexes


@BOTH
def test_both_change_under_their_names(lab: Lab) -> None:
    """Up, and down again."""
    lab.change(models("small", "lowered"))
    before = indexes(lab)
    lab.change(models("small", "lowered", function="upper", limit=8))
    lowered, small = indexes(lab)
    assert "upper(" in lowered
    assert "< 8" in small
    lab.downgrade()
    assert indexes(lab) == before


@BOTH
def test_they_are_removed(lab: Lab) -> None:
    """And come back."""
    lab.change(models("small", "lowered"))
    before = indexes(lab)
    lab.change(models())
    assert indexes(lab) == []
    lab.downgrade()
    assert indexes(lab) == before


@BOTH
def test_they_follow_a_rename(lab: Lab) -> None:
    """Of the column that they are about: what the database has renamed itself is no difference."""
    lab.change(models("small", "lowered"))
    text = lab.change(models("small", "lowered", name="title"), "rename=thing.name:title")
    assert "title" in indexes(lab)[0]
    assert "INDEX small" not in text
