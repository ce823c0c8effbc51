"""The tables that were reflected, kept for the rules."""

from __future__ import annotations

import gc

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table
from support.lab import Lab


def models(*columns: str) -> MetaData:
    """Return a table of numbers."""
    metadata = MetaData()
    Table("t", metadata, *(Column(name, Integer, primary_key=name == "id") for name in columns))
    return metadata


def test_they_are_let_go_with_the_context(lab_sqlite: Lab) -> None:
    """A process that autogenerates many revisions does not grow."""

    def contexts() -> int:
        gc.collect()
        return sum(isinstance(each, MigrationContext) for each in gc.get_objects())

    lab_sqlite.change(models("id"))
    before = contexts()
    for number in range(5):
        lab_sqlite.change(models("id", *(f"n{each}" for each in range(number + 1))))
    assert contexts() <= before
