"""Columns that leave an enum type of PostgreSQL before its labels change."""

from __future__ import annotations

from sqlalchemy import ARRAY, Column, Enum, Index, Integer, MetaData, Numeric, String, Table
from support.lab import Lab


def test_a_column_becomes_a_text_as_a_label_goes(lab_postgresql: Lab) -> None:
    """Rows, and a default, may have the label: the column is none of that type when it goes, and when it comes back."""

    def models(is_text: bool) -> MetaData:
        metadata = MetaData()
        mood = Enum("red", "blue", *([] if is_text else ["50%"]), name="mood")
        columns: list[Column[str]] = [Column("x", mood, nullable=False, server_default="50%")]
        if is_text:
            columns = [Column("x", String(20), nullable=False)]
        Table("paint", metadata, Column("id", Integer, primary_key=True), Column("all", ARRAY(mood)), *columns)
        return metadata

    lab = lab_postgresql
    lab.change(models(is_text=False))
    before = lab.schema()
    lab.rows("INSERT INTO paint (id) VALUES (1)")
    lab.change(models(is_text=True))
    assert lab.rows("SELECT x FROM paint") == [("50%",)]
    lab.downgrade()
    assert lab.schema() == before
    assert lab.rows("SELECT x FROM paint") == [("50%",)]
    lab.upgrade()
    assert lab.differences() == ""


def test_a_table_goes_with_its_indexes(lab_postgresql: Lab) -> None:
    """They come back after it."""

    def models(*labels: str) -> MetaData:
        metadata = MetaData()
        mood = Enum(*labels, name="mood")
        Table("other", metadata, Column("id", Integer, primary_key=True), Column("x", mood, server_default="a"))
        if len(labels) == 3:
            table = Table("paint", metadata, Column("all", ARRAY(mood)), Column("n", Numeric(14, 4)))
            Index("ix_n", table.c.n.desc().nulls_last(), unique=True)
        return metadata

    lab = lab_postgresql
    lab.change(models("a", "b", "c"))
    before = lab.schema()
    lab.change(models("a", "b"), "allow-drop")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
    assert lab.differences() == ""
