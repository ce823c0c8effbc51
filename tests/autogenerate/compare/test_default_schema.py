"""Models that name PostgreSQL's default schema."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    Enum,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)
from support.lab import Lab
from support.models import CONVENTION


def models(*labels: str, convention: bool, more: bool = False) -> MetaData:
    """Return two tables or three, all in the schema public."""
    options: dict[str, Any] = {"naming_convention": CONVENTION} if convention else {}
    metadata = MetaData(schema="public", **options)
    Table("author", metadata, Column("id", Integer, primary_key=True))
    Table(
        "book",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("author_id", ForeignKey("public.author.id")),
        Column("state", Enum(*labels, name="state")),
        Column("states", ARRAY(Enum("old", name="states"))),
        Index("ix_state", "state"),
        UniqueConstraint("state", name="uq_state"),
        CheckConstraint("id > 0", name="positive"),
    )
    if more:
        kind: Column[Any] = Column("kind", Enum("x", name="kind"))
        Table("page", metadata, Column("id", ForeignKey("public.book.id", name="fk_page"), primary_key=True), kind)
    return metadata


@pytest.mark.parametrize("convention", [False, True])
def test_it_is_the_default_schema_all_the_same(lab_postgresql: Lab, convention: bool) -> None:
    """Foreign keys and enum types too: check is quiet, and labels, tables and types come and go."""
    lab_postgresql.change(models("new", "old", convention=convention))
    lab_postgresql.change(models("new", "old", "sold", convention=convention))
    lab_postgresql.change(models("new", "old", "sold", convention=convention, more=True))
    lab_postgresql.change(models("new", "sold", convention=convention), "allow-drop")
    lab_postgresql.downgrade("base")
    assert lab_postgresql.rows("SELECT typname FROM pg_type WHERE typtype = 'e'") == []
    lab_postgresql.upgrade()
    assert lab_postgresql.differences() == ""
