"""Which tables of a database are the project's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, NullPool, Table, create_engine
from support.lab import Lab, making_lab
from support.models import dialect_of

from alembic_proof.autogenerate.ownership import include_name, include_object, tables_of_revisions


@pytest.fixture
def script(lab_sqlite: Lab) -> ScriptDirectory:
    """Revisions that create two tables, and give one another name."""
    lab_sqlite.write("a1", None, "op.create_table('old', sa.Column('id', sa.Integer))")
    lab_sqlite.write("a2", "a1", "op.rename_table('old', 'new')\nop.create_table('t', sa.Column('id'), schema='crm')")
    return ScriptDirectory.from_config(lab_sqlite.config())


def test_tables_of_revisions(script: ScriptDirectory) -> None:
    """By schema and name; also those that have another name now."""
    assert tables_of_revisions(script, dialect_of("postgresql")) == {(None, "old"), (None, "new"), ("crm", "t")}


def test_tables_that_sql_renames(lab_sqlite: Lab) -> None:
    """They stay those of the revisions, also in another schema; other SQL makes no table one of them."""
    statements = ["ALTER TABLE a RENAME TO b", 'ALTER TABLE b SET SCHEMA "S"', "CREATE TABLE c (id INT)"]
    lab_sqlite.write("a1", None, "\n".join(f"op.execute({each!r})" for each in statements))
    script = ScriptDirectory.from_config(lab_sqlite.config())
    assert tables_of_revisions(script, dialect_of("postgresql")) == {(None, "b"), ("S", "b")}


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
    assert include_object(script, dialect_of("postgresql"))(table, name, type_, reflected, compare_to) is expected


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
    assert include_name(script, dialect_of("postgresql"), [metadata])(name, type_, {}) is expected


BOOK = "sa.Column('id', sa.Integer(), primary_key=True)"


@pytest.mark.parametrize("schema", [None, "library", "public"])
def test_a_schema_of_the_search_path_is_the_default_one(tmp_path: Path, schema: str | None) -> None:
    """Its tables belong to the project, whether models and revisions name it or not: B5."""
    with making_lab("postgresql", tmp_path) as lab:
        lab.rows("CREATE SCHEMA library")
        url = lab.engine.url.update_query_dict({"options": "-csearch_path=library,public"})
        lab.engine.dispose()
        lab.engine, lab.url = create_engine(url, poolclass=NullPool), url.render_as_string(hide_password=False)
        lab.rows("CREATE TABLE somebody_elses (id integer)")
        lab.change(books(schema, "book", "author"))
        lab.write("r9", lab.head(), f"NAME = 'library'\nop.create_table('shelf', {BOOK}, schema=NAME)")
        lab.upgrade()
        written = lab.change(books(schema, "author"), "allow-drop", "no-rename")
        assert written.count("op.drop_table(") == 2
        assert "'shelf'" in written
        lab.downgrade()
        lab.upgrade()
        assert lab.differences(books(schema, "author")) == ""
        lab.downgrade("base")


def books(schema: str | None, *names: str) -> MetaData:
    """Return models with these tables."""
    metadata = MetaData(schema=schema)
    for name in names:
        Table(name, metadata, Column("id", Integer, primary_key=True))
    return metadata
