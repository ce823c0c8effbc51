"""The CHECK of a type is written once, by its name."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, String, Table
from sqlalchemy.exc import DBAPIError
from support.lab import Lab
from support.models import CONVENTION, column


def models(*labels: str, length: int = 3) -> MetaData:
    """Return a table, with a column of a type with a CHECK if there are labels."""
    metadata = MetaData(naming_convention=CONVENTION)
    type_ = Enum(*labels, name="kinds", native_enum=False, create_constraint=True, length=length)
    columns = [column("kind", type_)] if labels else []
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def test_it_follows_the_labels(lab: Lab) -> None:
    """It is added once with a new column, and lets a new label, and a longer one, pass."""
    lab.change(models())
    lab.rows("INSERT INTO thing (id) VALUES (1)")
    assert lab.change(models("A", "B")).count("create_check_constraint") == 1
    before = lab.schema()
    lab.change(models("A", "B", "CCCCC", length=5))
    lab.rows("UPDATE thing SET kind = 'CCCCC'")
    with pytest.raises(DBAPIError):
        lab.rows("UPDATE thing SET kind = 'D'")
    lab.rows("UPDATE thing SET kind = 'B'")
    lab.downgrade()
    assert "postgresql" in lab.url or lab.schema() == before  # which writes the same CHECK in many ways
    with pytest.raises(DBAPIError):
        lab.rows("UPDATE thing SET kind = 'CCCCC'")


def test_a_label_goes_beside_a_new_key(lab: Lab) -> None:
    """The column that numbers the rows comes with the key, after what is done to the rows."""

    def models(is_new: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        labels = ["red", "blue", *([] if is_new else ["odd"])]
        colour = Enum(*labels, name="colour", native_enum=False, length=20, create_constraint=True)
        columns: list[Column[Any]] = [Column("id", String(20), primary_key=not is_new, nullable=False)]
        columns.append(Column("x", colour))
        if is_new:
            columns.append(Column("number", Integer, primary_key=True))
        Table("paint", metadata, *columns)
        return metadata

    lab.change(models(is_new=False))
    lab.rows("INSERT INTO paint (id, x) VALUES ('a', 'red')")
    lab.change(models(is_new=True))
    assert lab.rows("SELECT id, x, number FROM paint") == [("a", "red", 1)]
    lab.downgrade()
    lab.upgrade()
    assert lab.differences() == ""
