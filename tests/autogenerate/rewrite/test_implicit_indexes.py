"""The index that MariaDB and MySQL create for a foreign key is dropped with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, Table, UniqueConstraint, inspect
from support.lab import Lab
from support.models import CONVENTION


def models(*, key: bool, index: bool = False, unique: bool = False) -> MetaData:
    """Return two tables; one refers to the other, with an index of its own or not."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("author", metadata, Column("id", Integer, primary_key=True))
    references: list[Any] = [ForeignKey("author.id")] if key else []
    column: Column[Any] = Column("author_id", Integer, *references, index=index)
    Table(
        "book", metadata, Column("id", Integer, primary_key=True), column, *([UniqueConstraint("author_id")] * unique)
    )
    return metadata


@pytest.mark.parametrize(("index", "unique"), [(False, False), (True, False), (False, True)])
def test_it_is_dropped_in_both_directions(lab_mysql: Lab, index: bool, unique: bool) -> None:
    """Where the models have none that serves the key."""
    lab_mysql.change(models(key=False, index=index, unique=unique))
    before = lab_mysql.schema()
    lab_mysql.change(models(key=True, index=index, unique=unique))
    lab_mysql.change(models(key=False, index=index, unique=unique))
    assert lab_mysql.schema() == before
    lab_mysql.downgrade("-2")
    assert lab_mysql.schema() == before
    assert len(inspect(lab_mysql.engine).get_indexes("book")) == index + unique
