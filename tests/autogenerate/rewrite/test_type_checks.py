"""The CHECK of a type is written once, by its name."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Enum, Integer, MetaData, Table
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
