"""Without a naming convention, what a revision adds can be dropped by its downgrade."""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, Table, UniqueConstraint, inspect
from support.lab import Lab

LONG = "a_name_that_is_as_long_as_a_name_may_be_on_most_databases_62_"


def models(*of_thing: str) -> MetaData:
    """Return tables whose constraints have no names."""
    metadata = MetaData()
    Table("other", metadata, Column("id", Integer, primary_key=True), Column("x", Integer, unique=True))
    ondelete = "CASCADE" if "cascade" in of_thing else None
    thing = Table(
        "thing",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", Integer, *([ForeignKey("other.id", ondelete=ondelete)] if "key" in of_thing else [])),
        Column(LONG, Integer, unique="unique" in of_thing),
    )
    if "both" in of_thing:
        thing.append_constraint(UniqueConstraint("a", LONG))
    if "index" in of_thing:
        Index("ix_thing_a", thing.c.a, unique=True)
    if "unique a" in of_thing:
        thing.append_constraint(UniqueConstraint("a"))
    if "check" in of_thing:
        thing.append_constraint(CheckConstraint("a > 0"))
    if "circle" in of_thing:
        Table("left", metadata, Column("id", Integer, ForeignKey("right.id"), primary_key=True))
        Table("right", metadata, Column("id", Integer, ForeignKey("left.id"), primary_key=True))
    return metadata


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([], ["unique"]),
        ([], ["key", "both", "check"]),
        (["key"], ["key", "cascade"]),
        (["key"], []),
        (["index"], ["key", "unique a"]),
        (["key", "both"], []),
        ([], ["circle"]),
    ],
)
def test_up_down_and_up(lab: Lab, old: list[str], new: list[str]) -> None:
    """The schema is each time what it was, and alembic check is quiet."""
    lab.change(models(*old))
    before = found(lab)
    text = lab.change(models(*new))
    if new == ["circle"] and lab.engine.dialect.name != "sqlite":  # what refers to another table is not numbered
        assert "sa.Column('id', sa.Integer(), autoincrement=False, nullable=False)" in text
    after = found(lab)
    lab.downgrade()
    assert found(lab) == before
    lab.upgrade()
    assert found(lab) == after
    assert not lab.differences()


def found(lab: Lab) -> list[object]:
    """Return the constraints and indexes of the tables, without their names."""
    inspector = inspect(lab.engine)
    return [
        sorted(
            (
                *(("unique", *each["column_names"]) for each in inspector.get_unique_constraints(table)),
                *(("index", each["unique"], *each["column_names"]) for each in inspector.get_indexes(table)),
                *((*each["constrained_columns"], str(each["options"])) for each in inspector.get_foreign_keys(table)),
            ),
            key=str,
        )
        for table in sorted(inspector.get_table_names())
    ]


def test_postgresql_names_them_as_it_would_itself(lab_postgresql: Lab) -> None:
    """So that they follow a rename like those of a new table."""
    lab_postgresql.change(models())
    text = lab_postgresql.change(models("key", "unique a"))
    assert "op.create_foreign_key(op.f('thing_a_fkey')" in text
    assert "op.create_unique_constraint(op.f('thing_a_key')" in text
