"""The indexes with expressions that SQLite loses where a table is rebuilt are created again."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, func, text
from support.lab import Lab

INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql > ''"


def models(length: int) -> MetaData:
    """Return a table with an index of an expression."""
    metadata = MetaData()
    columns = (Column("id", Integer, primary_key=True), Column("name", String(length)))
    Table("thing", metadata, *columns, Index("lowered", func.lower(text("name"))))
    return metadata


def test_after_a_rebuild(lab_sqlite: Lab) -> None:
    """Up, and down."""
    lab_sqlite.change(models(20))
    assert "CREATE INDEX IF NOT EXISTS lowered" in lab_sqlite.change(models(30))
    assert lab_sqlite.rows(INDEXES) == [("lowered",)]
    lab_sqlite.downgrade()
    assert lab_sqlite.rows(INDEXES) == [("lowered",)]
