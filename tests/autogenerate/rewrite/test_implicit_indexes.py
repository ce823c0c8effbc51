"""The index that MariaDB and MySQL create for a foreign key is dropped with it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, inspect
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


def unnamed(*, key: bool, index: bool = False) -> MetaData:
    """Return two tables without a naming convention."""
    metadata = MetaData()
    Table("author", metadata, Column("id", Integer, primary_key=True))
    references: list[Any] = [ForeignKey("author.id")] if key else []
    book = Table("book", metadata, Column("id", Integer, primary_key=True), Column("author_id", Integer, *references))
    if index:
        Index("author_id", book.c.author_id)
    return metadata


@pytest.mark.parametrize("index", [False, True])
def test_it_has_the_name_of_the_column(lab_mysql: Lab, index: bool) -> None:
    """As in a new table whose foreign key has no name; an index of the models that is called so stays."""
    lab_mysql.change(unnamed(key=True, index=index))
    text = lab_mysql.change(unnamed(key=False, index=index))
    for _ in range(2):  # the upgrade runs again after the downgrade
        assert len(inspect(lab_mysql.engine).get_indexes("book")) == index
        lab_mysql.downgrade()
        assert [each["name"] for each in inspect(lab_mysql.engine).get_indexes("book")] == ["author_id"]
        lab_mysql.upgrade()
    assert ("drop_index" in text) is not index


def test_a_name_that_is_cut_off(lab_mysql: Lab) -> None:
    """The index of a foreign key has the name that the database keeps."""

    def named(key: bool) -> MetaData:
        metadata = MetaData(naming_convention=CONVENTION)
        name = "a_column_with_a_name_that_is_rather_long_for_a_column"
        Table("author", metadata, Column("id", Integer, primary_key=True))
        references: list[Any] = [ForeignKey("author.id")] if key else []
        Table("book", metadata, Column("id", Integer, primary_key=True), Column(name, Integer, *references))
        return metadata

    lab_mysql.change(named(False))
    before = lab_mysql.schema()
    lab_mysql.change(named(True))
    lab_mysql.downgrade()
    assert lab_mysql.schema() == before
