"""Which tables of a database are the project's own."""

from __future__ import annotations

from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, Table
from support.lab import Lab

from alembic_proof.autogenerate.ownership import include_name, include_object, tables_of_revisions


@pytest.fixture
def script(lab_sqlite: Lab) -> ScriptDirectory:
    """Revisions that create two tables, and give one another name."""
    lab_sqlite.write("a1", None, "op.create_table('old', sa.Column('id', sa.Integer))")
    lab_sqlite.write("a2", "a1", "op.rename_table('old', 'new')\nop.create_table('t', sa.Column('id'), schema='crm')")
    return ScriptDirectory.from_config(lab_sqlite.config())


def test_tables_of_revisions(script: ScriptDirectory) -> None:
    """By schema and name; also those that have another name now."""
    assert tables_of_revisions(script) == {(None, "old"), (None, "new"), ("crm", "t")}


@pytest.mark.parametrize(
    ("schema", "name", "type_", "reflected", "compare_to", "expected"),
    [
        (None, "new", "table", True, None, True),
        ("crm", "t", "table", True, None, True),
        (None, "t", "table", True, None, False),
        (None, "somebody_elses", "table", True, None, False),
        (None, "somebody_elses", "table", True, object(), True),
        (None, "somebody_elses", "table", False, None, True),
        (None, "somebody_elses", "column", True, None, True),
    ],
)
def test_include_object(
    script: ScriptDirectory, schema: Any, name: str, type_: str, reflected: bool, compare_to: Any, expected: bool
) -> None:
    """A table that is in the database, but in no model, must be of a revision."""
    table = Table(name, MetaData(), schema=schema)
    assert include_object(script)(table, name, type_, reflected, compare_to) is expected


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        (None, "schema", True),
        ("ops", "schema", True),
        ("crm", "schema", True),
        ("legacy", "schema", False),
        ("x", "table", True),
    ],
)
def test_include_name(script: ScriptDirectory, name: str | None, type_: str, expected: bool) -> None:
    """A schema must have a table of a model or of a revision."""
    metadata = MetaData()
    Table("deal", metadata, Column("id", Integer), schema="ops")
    assert include_name(script, [metadata])(name, type_, {}) is expected
