"""JSON columns stay JSON columns. C2."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import JSON, Column, Integer, MetaData, String, Table
from sqlalchemy.dialects import mysql
from support.lab import Lab
from support.models import CONVENTION


def models(*columns: Column[Any], table: str | None = "t") -> MetaData:
    """Return a table with columns."""
    metadata = MetaData(naming_convention=CONVENTION)
    Table("other", metadata, Column("id", Integer, primary_key=True))
    if table:
        Table(table, metadata, Column("id", Integer, primary_key=True), *columns)
    return metadata


def definition(lab: Lab) -> str:
    """Return the CHECK of the column, if the database has one."""
    ((_, sql),) = lab.rows("SHOW CREATE TABLE t")
    return next((line.partition("CHECK")[2] for line in sql.splitlines() if "json_valid" in line), "")


@pytest.mark.parametrize(
    ("after", "answers"),
    [
        ((Column("x", JSON, nullable=False),), ["fill=t.x={}"]),
        ((Column("y", JSON),), ["rename=t.x:y"]),
        ((Column("y", JSON, nullable=False),), ["rename=t.x:y", "fill=t.y={}"]),
        ((Column("x", JSON, comment="new"),), []),
        ((Column("x", JSON, server_default="{}"),), []),
        ((Column("x", String(500)),), []),
        ((), ["allow-drop=t.x"]),
    ],
)
def test_it_stays_one(lab_mysql: Lab, after: tuple[Any, ...], answers: list[str]) -> None:
    """C2: up, and down."""
    lab_mysql.change(models(Column("x", JSON)))
    lab_mysql.rows("INSERT INTO t (x) VALUES ('{\"a\": 1}')")
    before = definition(lab_mysql)
    lab_mysql.change(models(*after), *answers)
    if after and isinstance(after[0].type, JSON):
        assert definition(lab_mysql).replace(f"`{after[0].name}`", "`x`") == before
    lab_mysql.downgrade()
    assert definition(lab_mysql) == before


def test_it_stays_one_in_a_table_that_swaps_its_name(lab_mysql: Lab) -> None:
    """And is renamed itself."""

    def tables(one: str, other: str, name: str) -> MetaData:
        metadata = MetaData()
        Table(one, metadata, Column("id", Integer, primary_key=True), Column(name, JSON))
        Table(other, metadata, Column("id", Integer, primary_key=True))
        return metadata

    lab_mysql.change(tables("t", "other", "x"))
    before = definition(lab_mysql)
    lab_mysql.change(tables("other", "t", "y"), "rename=t:other", "rename=other:t", "rename=other.x:y")
    ((_, sql),) = lab_mysql.rows("SHOW CREATE TABLE other")
    assert "json_valid(`y`)" in sql
    lab_mysql.downgrade()
    assert definition(lab_mysql) == before


def test_it_comes_back_with_its_table(lab_mysql: Lab) -> None:
    """When the drop of the table is undone."""
    lab_mysql.change(models(Column("x", JSON)))
    before = definition(lab_mysql)
    lab_mysql.change(models(table=None), "allow-drop=t")
    lab_mysql.downgrade()
    assert definition(lab_mysql) == before


@pytest.mark.parametrize("other", [Integer, mysql.LONGTEXT])
def test_it_stays_one_beside_a_column_that_swaps_its_name(lab_mysql: Lab, other: Any) -> None:
    """The name for a moment is followed, and a LONGTEXT beside it becomes no JSON."""

    def columns(json: str, plain: str) -> MetaData:
        return models(Column(json, JSON), Column(plain, other))

    lab_mysql.change(columns("x", "y"))
    before = definition(lab_mysql)
    assert lab_mysql.rows("SHOW CREATE TABLE t")[0][1].count("json_valid") == 1
    lab_mysql.change(columns("y", "x"), "rename=t.x:y", "rename=t.y:x")
    sql = lab_mysql.rows("SHOW CREATE TABLE t")[0][1]
    assert "json_valid(`y`)" in sql
    assert sql.count("json_valid") == 1
    lab_mysql.downgrade()
    assert definition(lab_mysql) == before
    assert lab_mysql.rows("SHOW CREATE TABLE t")[0][1].count("json_valid") == 1
