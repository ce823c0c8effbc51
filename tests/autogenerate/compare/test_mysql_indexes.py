"""Indexes of MariaDB and MySQL: prefixes, kinds and order are compared, and kept by a downgrade."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, text
from support.lab import Lab

INDEXES: dict[str, tuple[list[Any], dict[str, Any]]] = {
    "plain": (["name"], {}),
    "prefix": (["name"], {"mysql_length": 20, "mariadb_length": 20}),
    "longer prefix": (["name"], {"mysql_length": 30, "mariadb_length": 30}),
    "prefix of one": (["body", "name"], {"mysql_length": {"body": 9}, "mariadb_length": {"body": 9}}),
    "fulltext": (["name"], {"mysql_prefix": "FULLTEXT", "mariadb_prefix": "FULLTEXT"}),
    "descending": ([text("name DESC"), "size"], {}),
    "other order": ([text("`name` ASC"), text("size DESC")], {}),
    "descending prefix": ([text("body(7) DESC")], {}),
    "whole of a long one": (["body"], {}),
}


def models(index: str, name: str = "name") -> MetaData:
    """Return a table with an index."""
    metadata = MetaData()
    columns: list[Any] = [Column(name, String(100)), Column("body", Text), Column("size", Integer)]
    elements, options = INDEXES[index]
    elements = [name if element == "name" else element for element in elements]
    Table("thing", metadata, Column("id", Integer, primary_key=True), *columns, Index("ix", *elements, **options))
    return metadata


def definition(lab: Lab) -> str:
    """Return the line about the index in SHOW CREATE TABLE."""
    ((_, sql),) = lab.rows("SHOW CREATE TABLE thing")
    (line,) = (line for line in str(sql).splitlines() if "KEY `ix`" in line)
    return line.strip().rstrip(",")


def test_each_change_is_seen(lab_mysql: Lab) -> None:
    """Quiet after it, and there again after the downgrade and the upgrade."""
    names = [*INDEXES, "plain"]
    lab_mysql.change(models(names[0]))
    for before, after in pairwise(names):
        there = definition(lab_mysql)
        text_of = lab_mysql.change(models(after))
        assert text_of.count("op.create_index(") == 2, (before, after)
        changed = definition(lab_mysql)
        assert changed != there
        lab_mysql.downgrade()
        assert definition(lab_mysql) == there
        lab_mysql.upgrade()
        assert definition(lab_mysql) == changed


@pytest.mark.parametrize("index", ["prefix", "fulltext"])
def test_it_follows_a_column(lab_mysql: Lab, index: str) -> None:
    """That has another name; nothing is made anew."""
    lab_mysql.change(models(index))
    text_of = lab_mysql.change(models(index, "title"), "rename=thing.name:title")
    assert "index" not in text_of
    assert "`title`" in definition(lab_mysql)


def test_a_removed_table_comes_back_with_it(lab_mysql: Lab) -> None:
    """With its order and its prefixes."""
    lab, models, others = lab_mysql, MetaData(), MetaData()
    for metadata in (models, others):
        Table("stays", metadata, Column("id", Integer, primary_key=True))
    table = Table(
        "t", models, Column("id", Integer, primary_key=True), Column("a", String(20)), Column("b", String(20))
    )
    Index("ix_a", table.c.a.desc(), table.c.b)
    Index("ix_b", table.c.b, mysql_length={"b": 5})
    lab.change(models)
    before = lab.schema()
    lab.change(others, "allow-drop")
    lab.downgrade()
    assert lab.schema() == before
    lab.upgrade()
