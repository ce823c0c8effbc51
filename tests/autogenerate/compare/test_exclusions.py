"""EXCLUDE constraints of PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, text
from sqlalchemy.dialects.postgresql import INT4RANGE, ExcludeConstraint
from support.lab import Lab


@pytest.mark.parametrize(
    ("elements", "options"),
    [
        ([("room", "&&")], {}),
        ([("room", "&&")], {"where": text("id > 5 AND (id < 9)")}),
        ([("room", "&&"), (text("int4range(id, id + 1)"), "=")], {"deferrable": True, "initially": "DEFERRED"}),
    ],
)
def test_a_removed_table_comes_back_with_it(lab_postgresql: Lab, elements: list[Any], options: dict[str, Any]) -> None:
    """With its operators, its predicate, and when it is checked."""
    lab, models, others = lab_postgresql, MetaData(), MetaData()
    columns: list[Column[Any]] = [Column("id", Integer, primary_key=True), Column("room", INT4RANGE)]
    for metadata in (models, others):
        Table("stays", metadata, Column("id", Integer, primary_key=True))
    Table("Booking 1", models, *columns, ExcludeConstraint(*elements, name="no_two", **options))
    lab.change(models)
    before = lab.schema()
    lab.change(others, "allow-drop")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()


def test_beside_a_table_that_is_renamed(lab_postgresql: Lab) -> None:
    """It is asked for by the name that it has in the database, in whatever schema."""
    lab, models, others = lab_postgresql, MetaData(), MetaData()
    number: list[Column[Any]] = [Column("id", Integer, primary_key=True)]
    Table("old", models, Column("id", Integer, primary_key=True))
    Table("new", others, Column("id", Integer, primary_key=True))
    room = ExcludeConstraint(("room", "&&"), name="no_two")
    Table("Booking 1", models, *number, Column("room", INT4RANGE), room, schema="Sales Dept")
    lab.change(models)
    before = lab.schema()
    lab.change(others, "allow-drop", "rename=old:new")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
