"""Indexes that PostgreSQL makes CONCURRENTLY (C10)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, text
from support.lab import Lab


def models(*columns: str, concurrently: bool = True, extra: bool = False, **options: Any) -> MetaData:
    """Return a table with an index of columns, if there are any."""
    metadata = MetaData()
    more: list[Column[Any]] = [Column("more", Integer)] if extra else []
    table = Table("thing", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)), *more)
    if columns:
        elements = [table.c.get(name, text(name)) for name in columns]
        Index("ix_name", *elements, postgresql_concurrently=concurrently, _table=table, **options)
    return metadata


def indexes(lab: Lab) -> list[str]:
    """Return what the database has."""
    query = "SELECT indexdef FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass AND indisvalid"
    return [definition for (definition,) in lab.rows(f"{query} WHERE indexname = 'ix_name'")]


def test_in_a_new_table(lab_postgresql: Lab) -> None:
    """Without it: nobody waits for a new table."""
    text = lab_postgresql.change(models("name"))
    assert "concurrently" not in text
    assert len(indexes(lab_postgresql)) == 1
    lab_postgresql.downgrade()
    lab_postgresql.upgrade()


@pytest.mark.parametrize("columns", [["name"], ["lower(name)"]])
def test_on_an_existing_table(lab_postgresql: Lab, columns: list[str]) -> None:
    """In a block of its own; up, down and up again, also where a failure has left an index behind."""
    lab = lab_postgresql
    lab.change(models())
    revision = lab.revision(models(*columns))
    assert revision.count("with op.get_context().autocommit_block():") == 2
    lab.rows("CREATE INDEX ix_name ON thing (id)")
    lab.upgrade()
    assert lab.differences() == ""
    assert "id" not in indexes(lab)[0]
    lab.downgrade()
    assert indexes(lab) == []
    lab.upgrade()
    assert len(indexes(lab)) == 1
    assert "CREATE INDEX CONCURRENTLY ix_name" in lab.sql()


def test_it_changes(lab_postgresql: Lab) -> None:
    """The old one is dropped before; the downgrade makes it again."""
    lab = lab_postgresql
    lab.change(models("name"))
    before = indexes(lab)
    lab.change(models("name", unique=True))
    assert "UNIQUE" in indexes(lab)[0]
    lab.downgrade()
    assert indexes(lab) == before
    lab.upgrade()
    lab.change(models("name", "id", postgresql_where=text("id > 5")))
    assert "WHERE" in indexes(lab)[0]
    lab.downgrade()
    assert "UNIQUE" in indexes(lab)[0]


def test_it_is_removed(lab_postgresql: Lab) -> None:
    """As any index; the database does not tell how it was made."""
    lab_postgresql.change(models("name"))
    lab_postgresql.change(models())
    assert indexes(lab_postgresql) == []
    lab_postgresql.downgrade()
    assert len(indexes(lab_postgresql)) == 1


def test_beside_a_change_of_its_table(lab_postgresql: Lab) -> None:
    """It is said, before anything is written."""
    lab_postgresql.change(models())
    message = lab_postgresql.refused(models("name", extra=True))
    assert message.startswith("The index ix_name on thing is made CONCURRENTLY, which no transaction can hold, and")
    lab_postgresql.change(models(extra=True))
    lab_postgresql.change(models("name", extra=True))


@pytest.mark.parametrize("lab", ["sqlite", "mysql"], indirect=True)
def test_elsewhere(lab: Lab) -> None:
    """Other databases do not know it."""
    lab.change(models())
    assert "autocommit" not in lab.change(models("name"))
