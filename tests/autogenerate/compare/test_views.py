"""A class that is mapped to a view. C8."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table
from support.lab import Lab


def models(*names: str, schema: str | None = None) -> MetaData:
    """Return models with tables of these names."""
    metadata = MetaData()
    for name in names:
        of = schema if name.startswith("v_") else None
        Table(name, metadata, Column("id", Integer, primary_key=True), Column("title", String(20)), schema=of)
    return metadata


def test_a_view_is_no_table(lab: Lab) -> None:
    """Nothing is created, check is quiet, and what is a table is created beside it; nor is anything dropped later."""
    lab.change(models("book"))
    lab.write(
        "r9",
        lab.head(),
        "op.execute('CREATE VIEW v_book AS SELECT id, title FROM book')",
        "op.execute('DROP VIEW v_book')",
    )
    lab.upgrade()
    assert lab.differences(models("book", "v_book")) == ""
    text = lab.change(models("book", "v_book", "author"))
    assert "'author'" in text
    assert "v_book" not in text
    lab.downgrade()
    lab.upgrade()
    assert lab.differences(models("book", "author")) == ""
    lab.downgrade("base")
    lab.upgrade()


@pytest.mark.parametrize("schema", [None, "crm"])
@pytest.mark.parametrize(
    ("create", "drop"),
    [
        ("CREATE MATERIALIZED VIEW {} AS SELECT 1 AS id", "DROP MATERIALIZED VIEW {}"),
        ("CREATE VIEW {} AS SELECT 1 AS id", "DROP VIEW {}"),
    ],
)
def test_of_other_kinds_and_schemas(lab_postgresql: Lab, schema: str | None, create: str, drop: str) -> None:
    """On PostgreSQL, also a materialized view, and in a schema of its own."""
    lab_postgresql.rows("CREATE SCHEMA crm")
    name = f"{schema}.v_one" if schema else "v_one"
    lab_postgresql.write("r1", None, f"op.execute('{create.format(name)}')", f"op.execute('{drop.format(name)}')")
    lab_postgresql.upgrade()
    assert lab_postgresql.differences(models("v_one", schema=schema)) == ""
    lab_postgresql.rows(drop.format(name))
    assert "add_table" in lab_postgresql.differences(models("v_one", schema=schema))


def test_a_foreign_table(lab_postgresql: Lab) -> None:
    """Of another server."""
    lab_postgresql.rows("CREATE EXTENSION file_fdw")
    lab_postgresql.rows("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
    lab_postgresql.rows("CREATE FOREIGN TABLE v_far (id integer) SERVER files OPTIONS (filename '/dev/null')")
    lab_postgresql.write("r1", None, "pass")
    lab_postgresql.upgrade()
    assert lab_postgresql.differences(models("v_far")) == ""
